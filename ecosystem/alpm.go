package ecosystem

import "strings"

// The key of an Arch Linux version is the epoch's number and the keys of the version and of the
// release (vercmp(8); pacman, lib/libalpm/version.c, alpm_pkg_vercmp).
//
// Arch's comparison comes from an old rpm, and differs from today's: tildes and carets separate
// like anything else, letters run on after a number are before the end, and how many characters
// separate two parts counts. So 1.0rc < 1.0 < 1.0.a < 1.0.1 < 1.0..a.
const (
	alpmLettersRunOn = iota + 1
	alpmEnd
	alpmNumberRunOn
	// alpmSeparated is followed by how many characters separate, in two bytes, and by one of
	// the first two.
	alpmSeparated
)

const (
	alpmLetters = iota + 1
	alpmNumber
)

// alpmLettersEnd ends letters in a key; it is before every letter.
const alpmLettersEnd = 0x00

// appendALPMKey returns the key, or why there is none.
//
// vercmp takes versions without a release, and then does not look at the other's: 1.0-1 and 1.0-2
// are both equal to 1.0, and not to each other. That is no order. Every package has a release
// (PKGBUILD(5), pkgrel), as has every version of Arch's advisories, so one without is refused.
// With a separator at the end of a part 1.0. < 1.0.1 < 1.0..a < 1.0. would hold, so that is
// refused as well.
func appendALPMKey(dst []byte, version string) (key []byte, reason string) {
	if !isPrintableASCII(version) {
		return dst, "it holds a character that is not printable ASCII"
	}
	epoch, rest, hasEpoch := strings.Cut(version, ":")
	if digits, more := cutDigits(epoch); !hasEpoch || more != "" {
		epoch, rest = "", version
	} else {
		epoch = digits
	}
	i := strings.LastIndexByte(rest, '-')
	if i < 0 {
		return dst, "it has no release"
	}
	version, release := rest[:i], rest[i+1:]
	if !endsInWord(version) || !endsInWord(release) {
		return dst, "its version or its release is empty or ends in a separator"
	}
	return appendALPMPart(appendALPMPart(appendNumber(dst, epoch), version), release), ""
}

func endsInWord(s string) bool {
	return s != "" && (isLetter(s[len(s)-1]) || isDigit(s[len(s)-1]))
}

// appendALPMPart appends the key of a version or a release.
func appendALPMPart(dst []byte, part string) []byte {
	for part != "" {
		separators := 0
		for !isLetter(part[separators]) && !isDigit(part[separators]) {
			separators++
		}
		part = part[separators:]
		kind, runOn := byte(alpmLetters), byte(alpmLettersRunOn)
		if isDigit(part[0]) {
			kind, runOn = alpmNumber, alpmNumberRunOn
		}
		if separators == 0 {
			dst = append(dst, runOn)
		} else {
			dst = append(dst, alpmSeparated, byte(separators>>8), byte(separators), kind)
		}
		if kind == alpmNumber {
			var digits string
			digits, part = cutDigits(part)
			dst = appendNumber(dst, digits)
			continue
		}
		i := 1
		for i < len(part) && isLetter(part[i]) {
			i++
		}
		dst = append(append(dst, part[:i]...), alpmLettersEnd)
		part = part[i:]
	}
	return append(dst, alpmEnd)
}
