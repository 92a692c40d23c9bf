package ecosystem

import "strings"

// The key of an rpm version is the epoch's number, the key of the version, and the key of the
// release if it has one (rpm, rpmio/rpmver.cc, rpmverParse and rpmverCmp; rpm-version(7)).
//
// rpmvercmp reads letters, numbers, tildes and carets; everything else only separates. Where two
// versions differ in kind, the kind decides, in the order of the tags: a tilde is before the end,
// a caret and what follows it after the end, letters before numbers. So 1~rc1 < 1 < 1^git1 < 1a <
// 1.1.
const (
	rpmTilde = iota + 1
	rpmEnd
	rpmCaret
	rpmLetters
	rpmNumber
)

// rpmLettersEnd ends letters in a key; it is before every letter.
const rpmLettersEnd = 0x00

// A version without a release is before the same with any.
const (
	rpmNoRelease = iota
	rpmRelease
)

// appendRPMKey returns the key, or why there is none. No epoch is epoch 0: a package's own
// database says nothing of it where an advisory writes 0.
func appendRPMKey(dst []byte, version string) (key []byte, reason string) {
	if !isPrintableASCII(version) {
		return dst, "it holds a character that is not printable ASCII"
	}
	epoch, rest, hasEpoch := strings.Cut(version, ":")
	if digits, more := cutDigits(epoch); !hasEpoch || more != "" {
		epoch, rest = "", version // rpm takes the colon for a separator
	} else {
		epoch = digits
	}
	release, hasRelease := "", false
	if i := strings.LastIndexByte(rest, '-'); i >= 0 {
		rest, release, hasRelease = rest[:i], rest[i+1:], true
	}
	if rest == "" {
		return dst, "it is empty"
	}
	key = appendRPMPart(appendNumber(dst, epoch), rest)
	if !hasRelease {
		return append(key, rpmNoRelease), ""
	}
	return appendRPMPart(append(key, rpmRelease), release), ""
}

// appendRPMPart appends the key of a version or a release.
func appendRPMPart(dst []byte, part string) []byte {
	for part != "" {
		switch c := part[0]; {
		case isDigit(c):
			var digits string
			digits, part = cutDigits(part)
			dst = appendNumber(append(dst, rpmNumber), digits)
			continue
		case isLetter(c):
			i := 1
			for i < len(part) && isLetter(part[i]) {
				i++
			}
			dst = append(append(append(dst, rpmLetters), part[:i]...), rpmLettersEnd)
			part = part[i:]
			continue
		case c == '~':
			dst = append(dst, rpmTilde)
		case c == '^':
			dst = append(dst, rpmCaret)
		}
		part = part[1:]
	}
	return append(dst, rpmEnd)
}
