package ecosystem

import "strings"

// The key of a semantic version is its three numbers, and then a tag for each identifier of its
// pre-release, followed by the identifier (semver.org 2.0.0, section 11). Fewer identifiers are
// before more, numbers before words, and any pre-release before the release itself.
const (
	semverEnd = iota + 1
	semverNumber
	semverWord
	semverRelease
)

// semverWordEnd ends a word in a key; it is before every character.
const semverWordEnd = 0x00

// appendSemverKey returns the key, or why there is none.
//
// It takes more than the specification: a leading "v" (Go modules) or "go" (Go releases); fewer
// than three numbers, the others being zero (OSV's Go records hold 1.21 and 2.1-beta.5); and
// leading zeros, which change nothing. Build metadata is not looked at (section 10), and Go's
// +incompatible is nothing else.
func appendSemverKey(dst []byte, version string) (key []byte, reason string) {
	rest, goRelease := strings.CutPrefix(version, "go")
	if goRelease {
		rest = cutGoExtras(rest)
	} else {
		rest = strings.TrimPrefix(version, "v")
	}
	rest, _, _ = strings.Cut(rest, "+")
	key, rest, ok := appendSemverNumbers(dst, rest)
	switch {
	case !ok:
		return dst, "it is not MAJOR.MINOR.PATCH"
	case rest == "":
		return append(key, semverRelease), ""
	case goRelease:
		key, ok = appendGoPrerelease(key, rest)
	case rest[0] == '-':
		key, ok = appendPrerelease(key, rest[1:])
	default:
		return dst, "it is not MAJOR.MINOR.PATCH"
	}
	if !ok {
		return dst, "its pre-release is not made of letters, digits and hyphens between dots"
	}
	return append(key, semverEnd), ""
}

// appendSemverNumbers appends one to three numbers, and zeros for those that are missing.
func appendSemverNumbers(dst []byte, s string) (key []byte, rest string, ok bool) {
	for i := range 3 {
		if i > 0 {
			after, found := strings.CutPrefix(s, ".")
			if !found {
				dst = appendNumber(dst, "")
				continue
			}
			s = after
		}
		digits, after := cutDigits(s)
		if digits == "" {
			return dst, s, false
		}
		dst, s = appendNumber(dst, digits), after
	}
	return dst, s, true
}

// appendPrerelease appends identifiers that stand between dots.
func appendPrerelease(dst []byte, s string) (key []byte, ok bool) {
	for more := true; more; {
		var identifier string
		identifier, s, more = strings.Cut(s, ".")
		digits, after := cutDigits(identifier)
		switch {
		case identifier == "":
			return dst, false
		case after == "":
			dst = appendNumber(append(dst, semverNumber), digits)
			continue
		}
		for i := range len(after) {
			if c := after[i]; !isLetter(c) && !isDigit(c) && c != '-' {
				return dst, false
			}
		}
		dst = append(append(append(dst, semverWord), identifier...), semverWordEnd)
	}
	return dst, true
}

// cutGoExtras drops what a toolchain's version may carry after the release that it was built
// from: experiments (go1.22.3 X:boringcrypto) and a vendor's mark (go1.22.3-bigcorp), see the
// documentation of package go/version.
func cutGoExtras(s string) string {
	if i := strings.IndexAny(s, " -"); i >= 0 {
		return s[:i]
	}
	return s
}

// appendGoPrerelease appends the end of a Go release such as go1.22rc1. Advisories about the
// standard library write it as 1.22.0-rc.1 (go.dev/security/vuln/database).
func appendGoPrerelease(dst []byte, s string) (key []byte, ok bool) {
	i := 0
	for i < len(s) && isLower(s[i]) {
		i++
	}
	word := s[:i]
	digits, after := cutDigits(s[i:])
	if word == "" || digits == "" || after != "" {
		return dst, false
	}
	dst = append(append(append(dst, semverWord), word...), semverWordEnd)
	return appendNumber(append(dst, semverNumber), digits), true
}
