package ecosystem

import "strings"

// Dart and Julia follow Semantic Versioning, but to them the build after the plus counts: it is
// compared as a pre-release is, and none is before any. The key is a semantic version's, then that
// of the build (dart-lang/pub_semver, lib/src/version.dart, compareTo; JuliaLang/julia,
// base/version.jl, isless).

// appendPubKey returns the key, or why there is none. Three numbers are required.
//
// Dart also reads -5 and 0x1f as numbers where they stand alone between dots. Nobody writes such
// versions, and they are refused.
func appendPubKey(dst []byte, version string) (key []byte, reason string) {
	s, build, hasBuild := strings.Cut(version, "+")
	s, prerelease, hasPrerelease := strings.Cut(s, "-")
	key, rest, ok := appendSemverNumbers(dst, s)
	if !ok || rest != "" || strings.Count(s, ".") != 2 {
		return dst, "it is not MAJOR.MINOR.PATCH"
	}
	if isOddToDart(prerelease) || isOddToDart(build) {
		return dst, "it has an identifier that only Dart reads as a number"
	}
	if key, ok = appendIdentifiers(key, prerelease, hasPrerelease, semverRelease); !ok {
		return dst, "its pre-release is not made of letters, digits and hyphens between dots"
	}
	if key, ok = appendIdentifiers(key, build, hasBuild, semverEnd); !ok {
		return dst, "its build is not made of letters, digits and hyphens between dots"
	}
	return key, ""
}

// appendIdentifiers appends identifiers between dots and their end, or what stands for none.
func appendIdentifiers(dst []byte, s string, some bool, none byte) (key []byte, ok bool) {
	if !some {
		return append(dst, none), true
	}
	dst, ok = appendPrerelease(dst, s)
	return append(dst, semverEnd), ok
}

// isOddToDart tells whether one of the identifiers is a negative or a hexadecimal number.
func isOddToDart(identifiers string) bool {
	for identifier := range strings.SplitSeq(identifiers, ".") {
		unsigned, negative := strings.CutPrefix(identifier, "-")
		if digits, rest := cutDigits(unsigned); negative && digits != "" && rest == "" {
			return true
		}
		if len(unsigned) > 2 && unsigned[0] == '0' && unsigned[1]|0x20 == 'x' {
			if hexadecimal, rest := cutHexDigits(strings.ToLower(unsigned[2:])); hexadecimal != "" && rest == "" {
				return true
			}
		}
	}
	return false
}

// appendJuliaKey returns the key, or why there is none. A leading "v" and missing numbers are
// allowed, and a pre-release may follow without its hyphen: 1.0rc1. A hyphen alone, 1.0-, is
// before all pre-releases, and a plus alone, 1.0+, after all builds.
func appendJuliaKey(dst []byte, version string) (key []byte, reason string) {
	if version != "" && version[0]|0x20 == 'v' {
		version = version[1:]
	}
	key, s, ok := appendSemverNumbers(dst, version)
	if !ok {
		return dst, "it is not MAJOR.MINOR.PATCH"
	}
	s, build, hasBuild := strings.Cut(s, "+")
	prerelease, hasHyphen := strings.CutPrefix(s, "-")
	switch {
	case s == "-" && !hasBuild:
		return append(key, semverEnd, semverEnd), "" // no identifier is before any
	case s != "" && !hasHyphen && !isLetter(s[0]):
		return dst, "it is not MAJOR.MINOR.PATCH"
	}
	if key, ok = appendIdentifiers(key, prerelease, s != "", semverRelease); !ok {
		return dst, "its pre-release is not made of letters, digits and hyphens between dots"
	}
	if hasBuild && build == "" {
		return append(key, semverRelease), "" // after all identifiers
	}
	if key, ok = appendIdentifiers(key, build, hasBuild, semverEnd); !ok {
		return dst, "its build is not made of letters, digits and hyphens between dots"
	}
	return key, ""
}
