package ecosystem

import "strings"

// The key of a FreeBSD version is the epoch's number, then its components, then the revision's
// number (freebsd/pkg, libpkg/pkg_version.c, pkg_version_cmp; porter's handbook, "Naming and
// Versions").
//
//	version[_revision][,epoch]
//
// A component is a number, a letter and a number after it: 1.2a3 has two. A missing component is
// zero, so a run of zeros says nothing by itself (see RubyGems); a component without a number is
// before zero, a letter after none: 1.b1 < 1 = 1.0 < 1b < 1.1. Whole words count by their first
// letter, but "pl", "alpha", "beta", "pre" and "rc" start a component of their own: 1rc2 is 1.rc2.
// A plus starts the count anew, and is before what goes on.
const (
	freeBSDStar   = 0x01 // *, the least of all; and up, two more for each zero before
	freeBSDLetter = 0x02 // and up, two more for each zero before
	freeBSDEnd    = 0x80
	freeBSDNumber = 0xff // and down, one less for each zero before
)

const (
	maxFreeBSDZeros  = 0x3e // in a row
	maxFreeBSDPluses = 3    // what has fewer is filled up
)

// maxFreeBSDDigits always fit 64 bits; pkg takes longer numbers for equal.
const maxFreeBSDDigits = 18

// freeBSDComponent is one component. letter is 0 for none, and patch says which number comes after
// it.
type freeBSDComponent struct {
	number string // empty if it starts with a letter
	letter byte
	patch  string
	// patchless: a letter without a number is before the same with 0.
	patchless bool
}

// appendFreeBSDKey returns the key, or why there is none.
func appendFreeBSDKey(dst []byte, version string) (key []byte, reason string) {
	if !isPrintableASCII(version) {
		return dst, "it holds a character that is not printable ASCII"
	}
	version, epoch, revision, ok := cutFreeBSD(version)
	switch {
	case !ok:
		return dst, "its epoch or its revision is not a number"
	case version == "":
		return dst, "it is empty"
	case strings.ContainsAny(version, "-,_"):
		return dst, "it holds a hyphen, a second epoch or a second revision"
	case strings.Count(version, "+") > maxFreeBSDPluses:
		return dst, "it has too many pluses"
	}
	key, pluses := appendNumber(dst, epoch), 0
	for more := true; more || pluses <= maxFreeBSDPluses; pluses++ {
		var part string
		part, version, more = strings.Cut(version, "+")
		if key, reason = appendFreeBSDPart(key, part); reason != "" {
			return dst, reason
		}
	}
	return appendNumber(key, revision), ""
}

// cutFreeBSD cuts off epoch and revision, empty if there is none.
func cutFreeBSD(version string) (rest, epoch, revision string, ok bool) {
	ok = true
	if before, after, found := strings.Cut(version, ","); found {
		version, epoch = before, after
		ok = isFreeBSDNumber(epoch)
	}
	if before, after, found := strings.Cut(version, "_"); found {
		version, revision = before, after
		ok = ok && isFreeBSDNumber(revision)
	}
	return version, epoch, revision, ok
}

func isFreeBSDNumber(s string) bool {
	digits, rest := cutDigits(s)
	return digits != "" && rest == "" && len(digits) <= maxFreeBSDDigits
}

// appendFreeBSDPart appends components up to a plus or the end.
func appendFreeBSDPart(dst []byte, s string) (key []byte, reason string) {
	zeros := 0
	for s != "" {
		var c freeBSDComponent
		star := s[0] == '*'
		if star {
			s = ""
		} else if c, s = cutFreeBSDComponent(s); c.isZero() {
			zeros++
			continue
		}
		if zeros > maxFreeBSDZeros || len(c.number) > maxFreeBSDDigits || len(c.patch) > maxFreeBSDDigits {
			return dst, "it has too many zeros in a row or a number that is too long"
		}
		switch {
		case star:
			dst = append(dst, byte(freeBSDStar+2*zeros))
		case c.number == "":
			dst = c.appendLetter(append(dst, byte(freeBSDLetter+2*zeros)))
		default:
			dst = c.appendLetter(appendNumber(append(dst, byte(freeBSDNumber-zeros)), c.number))
		}
		zeros = 0
	}
	return append(dst, freeBSDEnd), ""
}

func (c freeBSDComponent) appendLetter(dst []byte) []byte {
	if dst = append(dst, c.letter); c.patchless {
		return append(dst, 0)
	}
	return appendNumber(append(dst, 1), c.patch)
}

func (c freeBSDComponent) isZero() bool {
	return c.number != "" && isZero(c.number) && c.letter == 0
}

// cutFreeBSDComponent cuts off a component and the separators after it.
func cutFreeBSDComponent(s string) (c freeBSDComponent, rest string) {
	c.number, s = cutDigits(s)
	if s != "" && isLetter(s[0]) {
		word := 1
		for word < len(s) && isLetter(s[word]) {
			word++
		}
		letter, stage := freeBSDStage(s[:word])
		if c.number != "" && stage {
			return c, s // it starts a component of its own
		}
		c.letter = letter
		c.patch, s = cutDigits(s[word:])
		c.patchless = c.patch == ""
	}
	i := 0
	for i < len(s) && !isDigit(s[i]) && !isLetter(s[i]) && s[i] != '*' {
		i++
	}
	return c, s[i:]
}

// freeBSDLetterA is what a counts as; no letter is 0.
const freeBSDLetterA = 1

// freeBSDStage returns the letter that a word counts as, and whether it is one of the special ones.
func freeBSDStage(word string) (letter byte, special bool) {
	for _, stage := range [...]struct {
		name   string
		letter byte
	}{{"pl", 0}, {"alpha", freeBSDLetterA}, {"beta", freeBSDLetterA + 'b' - 'a'}, {"pre", freeBSDLetterA + 'p' - 'a'}, {"rc", freeBSDLetterA + 'r' - 'a'}} {
		if strings.EqualFold(word, stage.name) {
			return stage.letter, true
		}
	}
	return word[0] | 0x20 - 'a' + 1, false
}
