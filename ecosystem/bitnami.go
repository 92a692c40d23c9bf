package ecosystem

import "strings"

// appendBitnamiKey returns the key of a Bitnami version, or why there is none: that of a semantic
// version whose pre-release is a revision, so it is after the version without (bitnami/go-version,
// README, "Version revision"). 1.2.3-4 is the fourth rebuild of 1.2.3.
func appendBitnamiKey(dst []byte, version string) (key []byte, reason string) {
	s, _, _ := strings.Cut(version, "+")
	s, revision, hasRevision := strings.Cut(s, "-")
	key, rest, ok := appendSemverNumbers(dst, s)
	if !ok || rest != "" {
		return dst, "it is not MAJOR.MINOR.PATCH"
	}
	if key, ok = appendIdentifiers(key, revision, hasRevision, semverEnd); !ok {
		return dst, "its revision is not made of letters, digits and hyphens between dots"
	}
	return key, ""
}
