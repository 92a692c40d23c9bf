package ecosystem

import "strings"

// The key of a Packagist version is a tag for each part of what Composer makes of it, numbers with
// their value (composer/semver, VersionParser::normalize, and PHP's version_compare, which compares
// the result).
//
//	[v]number[.number[.number[.number]]][-{alpha|beta|RC|patch}[number...]][-dev][+build]
//
// Missing numbers are zero, and of the build nothing is kept. Then dev is before alpha, alpha
// before beta, and so on in the order of the tags: 1.0-dev < 1.0-RC1 < 1.0 = 1.0.0.0 < 1.0-p1.
const (
	// packagistUnknown is what version_compare does not know. Nothing that Composer makes is
	// of this kind, but for "Stable" with a capital.
	packagistUnknown = iota + 1
	packagistDev
	packagistAlpha
	packagistBeta
	packagistRC
	packagistEnd
	packagistNumber
	packagistPatch
)

// packagistNumbers is how many numbers an ordinary version is padded to.
const packagistNumbers = 4

// packagistWildcard is what Composer writes for the x in 1.x-dev.
const packagistWildcard = "9999999"

// appendPackagistKey returns the key, or why there is none. Branches (dev-main) have no order.
func appendPackagistKey(dst []byte, version string) (key []byte, reason string) {
	version = strings.Trim(version, " \t\n\r\v\x00")
	switch {
	case !isPrintableASCII(version):
		return dst, "it holds a character that is not printable ASCII"
	case len(version) >= 4 && strings.EqualFold(version[:4], "dev-"), version == "master", version == "trunk", version == "default":
		return dst, "it is a branch"
	}
	if before, build, found := strings.Cut(version, "+"); found && before != "" && build != "" {
		version = before
	}
	if version != "" && version[0]|0x20 == 'v' {
		version = version[1:]
	}
	if key, ok := appendPackagistOrdinary(dst, version); ok {
		return key, ""
	}
	if key, ok := appendPackagistDate(dst, version); ok {
		return key, ""
	}
	if key, ok := appendPackagistBranch(dst, version); ok {
		return key, ""
	}
	return dst, "Composer does not know its form"
}

// appendPackagistOrdinary reads one to four numbers and what follows.
func appendPackagistOrdinary(dst []byte, s string) (key []byte, ok bool) {
	const longestMajor = 5 // six digits and more are a date
	for i := range packagistNumbers {
		digits, after := cutDigits(s)
		if i > 0 {
			if digits = ""; s != "" && s[0] == '.' {
				digits, after = cutDigits(s[1:])
			}
			if digits == "" {
				dst = appendNumber(append(dst, packagistNumber), "0")
				continue
			}
		} else if digits == "" || len(digits) > longestMajor {
			return dst, false
		}
		dst, s = appendNumber(append(dst, packagistNumber), digits), after
	}
	return appendPackagistStability(dst, s)
}

// appendPackagistDate reads a date: four digits, one to six times two digits, and one to three
// more, with separators or without. Each run of digits is one number: 20100102 is not
// 2010-01-02.
func appendPackagistDate(dst []byte, s string) (key []byte, ok bool) {
	const year, pair, pairs, rest = 4, 2, 6, 3
	start, at := s, countDigits(s, year)
	if at < year {
		return dst, false
	}
	found := 0
	for found < pairs {
		next := at + packagistDateSeparator(s[at:])
		if countDigits(s[next:], pair) < pair {
			break
		}
		at, found = next+pair, found+1
	}
	if found == 0 {
		return dst, false
	}
	last := at + packagistDateSeparator(s[at:])
	if n := countDigits(s[last:], rest); n > 0 {
		at = last + n
	}
	for date := start[:at]; date != ""; {
		var digits string
		digits, date = cutDigits(date)
		dst = appendNumber(append(dst, packagistNumber), digits)
		date = date[packagistDateSeparator(date):]
	}
	return appendPackagistStability(dst, s[at:])
}

// countDigits returns how many digits s starts with, at most limit.
func countDigits(s string, limit int) int {
	digits, _ := cutDigits(s)
	return min(len(digits), limit)
}

func packagistDateSeparator(s string) int {
	if s != "" && isOneOf(s[0], ".:-") {
		return 1
	}
	return 0
}

// appendPackagistStability reads what follows the numbers up to the end.
func appendPackagistStability(dst []byte, s string) (key []byte, ok bool) {
	if s != "" && isOneOf(s[0], "._-") {
		s = s[1:]
	}
	word, tag := packagistStability(s)
	s = s[len(word):]
	if tag == packagistUnknown && word == "stable" {
		return append(dst, packagistEnd), packagistEndsHere(s)
	}
	if tag != 0 {
		dst = append(dst, tag)
		for {
			digits, after := cutDigits(s[packagistSeparator(s):])
			if digits == "" {
				break
			}
			dst, s = appendNumber(append(dst, packagistNumber), digits), after
		}
	}
	if dev := s[packagistSeparator(s):]; strings.EqualFold(dev, "dev") {
		dst, s = append(dst, packagistDev), ""
	}
	return append(dst, packagistEnd), s == ""
}

// packagistEndsHere tells whether nothing but numbers and dev follows "stable", which drops them.
func packagistEndsHere(s string) bool {
	for {
		digits, after := cutDigits(s[packagistSeparator(s):])
		if digits == "" {
			break
		}
		s = after
	}
	return s == "" || strings.EqualFold(s[packagistSeparator(s):], "dev")
}

func packagistSeparator(s string) int {
	if s != "" && isOneOf(s[0], ".-") {
		return 1
	}
	return 0
}

// packagistStability returns the word that s starts with, empty if it is none that Composer
// knows.
func packagistStability(s string) (word string, tag byte) {
	for _, known := range [...]struct {
		name string
		tag  byte
	}{{"stable", packagistUnknown}, {"beta", packagistBeta}, {"b", packagistBeta}, {"rc", packagistRC}, {"alpha", packagistAlpha},
		{"a", packagistAlpha}, {"patch", packagistPatch}, {"pl", packagistPatch}, {"p", packagistPatch}} {
		if n := len(known.name); len(s) >= n && strings.EqualFold(s[:n], known.name) {
			return s[:n], known.tag
		}
	}
	return "", 0
}

// appendPackagistBranch reads a branch that is named after a version, such as 1.x-dev, which is
// after all versions that it will bring forth.
func appendPackagistBranch(dst []byte, s string) (key []byte, ok bool) {
	const suffix = "dev"
	if len(s) < len(suffix) || !strings.EqualFold(s[len(s)-len(suffix):], suffix) {
		return dst, false
	}
	if s = s[:len(s)-len(suffix)]; s != "" && isOneOf(s[len(s)-1], ".-") {
		s = s[:len(s)-1]
	}
	for i := range packagistNumbers {
		number := packagistWildcard
		if digits, after := cutDigits(s); i == 0 {
			if digits == "" {
				return dst, false
			}
			number, s = digits, after
		} else if len(s) > 1 && s[0] == '.' {
			if digits, after := cutDigits(s[1:]); digits != "" {
				number, s = digits, after
			} else if isOneOf(s[1], "xX*") {
				s = s[2:]
			}
		}
		dst = appendNumber(append(dst, packagistNumber), number)
	}
	return append(dst, packagistDev, packagistEnd), s == ""
}
