package ecosystem

import "strings"

// The key of a NuGet version is its four numbers and then a tag for each label of its pre-release,
// followed by the label (learn.microsoft.com/nuget/concepts/package-versioning; NuGet.Versioning,
// VersionComparer). Missing numbers are zero, labels are compared without regard to case, and the
// metadata after a plus does not count.
const (
	nugetEnd = iota + 1
	// A label is a number if .NET reads it as a 32-bit one: -5 is, 20240101120000 is not.
	nugetNegative
	nugetNumber
	nugetWord
	nugetRelease
)

// nugetWordEnd ends a word in a key; it is before every character.
const nugetWordEnd = 0x00

// nugetNumbers is how many numbers a version has at most.
const nugetNumbers = 4

// maxInt32 is the biggest 32-bit number. The most negative one is not read as a number here; no
// label is that.
const maxInt32 = "2147483647"

// appendNuGetKey returns the key, or why there is none.
func appendNuGetKey(dst []byte, version string) (key []byte, reason string) {
	s, metadata, hasMetadata := strings.Cut(strings.TrimSpace(version), "+")
	s, labels, hasLabels := strings.Cut(s, "-")
	key = dst
	for i := range nugetNumbers {
		digits, after := cutDigits(s)
		if i > 0 {
			digits = ""
			if s != "" && s[0] == '.' {
				digits, after = cutDigits(s[1:])
			}
			if digits == "" {
				key = appendNumber(key, "")
				continue
			}
		}
		if digits == "" || !isInt32(digits) {
			return dst, "it does not start with one to four numbers of 32 bits"
		}
		key, s = appendNumber(key, digits), after
	}
	if s != "" {
		return dst, "it does not start with one to four numbers of 32 bits"
	}
	if hasMetadata && !isIdentifiers(metadata) || hasLabels && !isIdentifiers(labels) {
		return dst, "its pre-release or metadata is not made of letters, digits and hyphens between dots"
	}
	if !hasLabels {
		return append(key, nugetRelease), ""
	}
	for label := range strings.SplitSeq(labels, ".") {
		key = appendNuGetLabel(key, label)
	}
	return append(key, nugetEnd), ""
}

func appendNuGetLabel(dst []byte, label string) []byte {
	digits, rest := cutDigits(strings.TrimPrefix(label, "-"))
	switch {
	case digits == "" || rest != "" || !isInt32(digits):
		return append(appendLower(append(dst, nugetWord), label), nugetWordEnd)
	case label[0] != '-' || isZero(digits):
		return appendNumber(append(dst, nugetNumber), digits)
	}
	// The more negative, the earlier: the number's key upside down.
	dst = append(dst, nugetNegative)
	at := len(dst)
	dst = appendNumber(dst, digits)
	for i := at; i < len(dst); i++ {
		dst[i] = ^dst[i]
	}
	return dst
}

// isInt32 tells whether digits are a number of 32 bits with a sign.
func isInt32(digits string) bool {
	digits = strings.TrimLeft(digits, "0")
	return len(digits) < len(maxInt32) || len(digits) == len(maxInt32) && digits <= maxInt32
}

// isIdentifiers tells whether s is made of letters, digits and hyphens between dots.
func isIdentifiers(s string) bool {
	for identifier := range strings.SplitSeq(s, ".") {
		if identifier == "" || !isWord(identifier, "-") {
			return false
		}
	}
	return true
}
