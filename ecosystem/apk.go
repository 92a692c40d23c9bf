package ecosystem

import "strings"

// The key of an Alpine version is a tag for each of its parts, followed by the part's value
// (apk-package(5); apk-tools, src/version.c, apk_version_compare).
//
//	number{.number}...{letter}{_suffix{number}}...{~hash}{-r number}
//
// apk walks both versions part by part. Where both have the same kind of part the values are
// compared; where they differ in kind, the kind decides, in the order of the tags below: a
// suffix for what comes before a release is before the version's end, all else after it. So
// 1_rc1 < 1 < 1-r0 < 1_p1 < 1a < 1.0.
const (
	apkSuffixAlpha = iota + 1
	apkSuffixBeta
	apkSuffixPre
	apkSuffixRC
	apkEnd
	apkRevision
	apkHash
	apkSuffixNumber
	apkSuffixCVS
	apkSuffixSVN
	apkSuffixGit
	apkSuffixHg
	apkSuffixP
	apkLetter
	// A number after a dot is compared as text if either has a leading zero, else by value. The
	// first number of a version always is compared by value, and has no tag.
	apkZeroLed
	apkNoNumber
	apkNumber
)

// apkTextEnd ends text in a key; it is before every character.
const apkTextEnd = 0x00

// appendAPKKey returns the key, or why there is none.
//
// It follows apk-tools 3 and takes two things more, which apk-tools 2 installed and which stand
// in Alpine's security database: a number straight after the letter (openssh 6.6.2p1-r0), and a
// dot before the letter (mariadb 10.2.24.r0). It orders them as apk-tools 2 did.
func appendAPKKey(dst []byte, version string) (key []byte, reason string) {
	digits, rest := cutDigits(version)
	if digits == "" {
		return dst, "it does not start with a number"
	}
	key = appendNumber(dst, digits)
	key, rest, reason = appendAPKNumbers(key, rest)
	for reason == "" && rest != "" && rest[0] == '_' {
		key, rest, reason = appendAPKSuffix(key, rest[1:])
	}
	if reason != "" {
		return dst, reason
	}
	if after, found := strings.CutPrefix(rest, "~"); found {
		var hash string
		if hash, rest = cutHexDigits(after); hash == "" {
			return dst, "its commit hash is empty"
		}
		key = append(append(append(key, apkHash), hash...), apkTextEnd)
	}
	if after, found := strings.CutPrefix(rest, "-r"); found {
		if digits, rest = cutDigits(after); digits == "" {
			return dst, "its revision is not a number"
		}
		key = appendNumber(append(key, apkRevision), digits)
	}
	if rest != "" {
		return dst, "it has a part that apk does not know"
	}
	return append(key, apkEnd), ""
}

// appendAPKNumbers appends the numbers after the first one, and the letter.
func appendAPKNumbers(dst []byte, s string) (key []byte, rest, reason string) {
	for s != "" {
		switch {
		case s[0] == '.':
			digits, after := cutDigits(s[1:])
			switch {
			case digits == "" && (after == "" || !isLower(after[0])):
				return dst, s, "it has a dot without a number"
			case digits == "":
				dst = append(dst, apkNoNumber)
			case digits[0] == '0':
				dst = append(append(append(dst, apkZeroLed), digits...), apkTextEnd)
			default:
				dst = appendNumber(append(dst, apkNumber), digits)
			}
			s = after
		case isLower(s[0]):
			dst = append(dst, apkLetter, s[0])
			digits, after := cutDigits(s[1:])
			if digits == "" {
				return dst, after, ""
			}
			dst = appendNumber(append(dst, apkNumber), digits)
			s = after
		default:
			return dst, s, ""
		}
	}
	return dst, s, ""
}

// appendAPKSuffix appends a suffix, given without its underscore, and its number.
func appendAPKSuffix(dst []byte, s string) (key []byte, rest, reason string) {
	i := 0
	for i < len(s) && isLower(s[i]) {
		i++
	}
	tag := apkSuffixTag(s[:i])
	if tag == 0 {
		return dst, s, "it has a suffix that apk does not know"
	}
	dst = append(dst, tag)
	digits, rest := cutDigits(s[i:])
	if digits != "" {
		dst = appendNumber(append(dst, apkSuffixNumber), digits)
	}
	return dst, rest, ""
}

func apkSuffixTag(suffix string) byte {
	switch suffix {
	case "alpha":
		return apkSuffixAlpha
	case "beta":
		return apkSuffixBeta
	case "pre":
		return apkSuffixPre
	case "rc":
		return apkSuffixRC
	case "cvs":
		return apkSuffixCVS
	case "svn":
		return apkSuffixSVN
	case "git":
		return apkSuffixGit
	case "hg":
		return apkSuffixHg
	case "p":
		return apkSuffixP
	}
	return 0
}

func cutHexDigits(s string) (hash, rest string) {
	i := 0
	for i < len(s) && (isDigit(s[i]) || 'a' <= s[i] && s[i] <= 'f') {
		i++
	}
	return s[:i], s[i:]
}
