package ecosystem

import "strings"

// The key of a Python version is, for one that PEP 440 knows, its epoch, the numbers of its
// release without the zeros at their end, and then what it is of that release: a pre-release, a
// post-release, a development release, a local version (peps.python.org/pep-0440, "Summary of
// permitted suffixes and relative ordering"; packaging, version.py, _cmpkey).
//
//	[epoch!]number{.number}...[{a|b|rc}number][.post number][.dev number][+local]
//
// A development release of a release is before its pre-releases: 1.dev1 < 1a1.dev1 < 1a1 < 1 <
// 1.post1.dev1 < 1.post1.
const (
	pypiLegacy = iota + 1
	pypiVersion
)

// The numbers of the release, and the parts of the local version.
const (
	pypiEnd = iota + 1
	pypiWord
	pypiNumber
)

// What stands in the place of the pre-release.
const (
	pypiDevAlone = iota + 1
	pypiA
	pypiB
	pypiRC
	pypiNoPre
)

// What stands in the place of the post-release and of the development release. None is before
// any of the former, and after any of the latter.
const (
	pypiNone = iota + 1
	pypiSome
	pypiFinal
)

// pypiWordEnd ends text in a key; it is before every character.
const pypiWordEnd = 0x00

// appendPyPIKey returns the key, or why there is none. What PEP 440 does not know is ordered as
// setuptools did before it: before all that PEP 440 knows.
func appendPyPIKey(dst []byte, version string) (key []byte, reason string) {
	version = strings.Trim(version, " \t\n\r\v\f")
	if version == "" {
		return dst, "it is empty"
	}
	if !isPrintableASCII(version) {
		return dst, "it holds a character that is not printable ASCII"
	}
	if key, ok := appendPEP440(append(dst, pypiVersion), version); ok {
		return key, ""
	}
	return appendPyPILegacy(append(dst, pypiLegacy), version), ""
}

// appendPEP440 appends the key of a version that PEP 440 knows (appendix B).
func appendPEP440(dst []byte, s string) (key []byte, ok bool) {
	if s[0]|0x20 == 'v' {
		s = s[1:]
	}
	epoch, rest := cutDigits(s)
	if after, found := strings.CutPrefix(rest, "!"); found && epoch != "" {
		s = after
	} else {
		epoch = ""
	}
	dst, s, ok = appendPyPIRelease(appendNumber(dst, epoch), s)
	if !ok {
		return dst, false
	}
	pre, preNumber, s := cutPyPIPre(s)
	post, postNumber, s := cutPyPIPost(s)
	dev, devNumber, s := cutPyPIStage(s, "dev")
	switch {
	case pre != 0:
		dst = appendNumber(append(dst, pre), preNumber)
	case dev && !post:
		dst = append(dst, pypiDevAlone)
	default:
		dst = append(dst, pypiNoPre)
	}
	if post {
		dst = appendNumber(append(dst, pypiSome), postNumber)
	} else {
		dst = append(dst, pypiNone)
	}
	if dev {
		dst = appendNumber(append(dst, pypiSome), devNumber)
	} else {
		dst = append(dst, pypiFinal)
	}
	return appendPyPILocal(dst, s)
}

// appendPyPIRelease appends numbers that stand between dots, but for the zeros at their end.
func appendPyPIRelease(dst []byte, s string) (key []byte, rest string, ok bool) {
	end := len(dst)
	for {
		digits, after := cutDigits(s)
		if digits == "" {
			return dst, s, false
		}
		dst = appendNumber(append(dst, pypiNumber), digits)
		if strings.Trim(digits, "0") != "" {
			end = len(dst)
		}
		if len(after) < 2 || after[0] != '.' || !isDigit(after[1]) {
			return append(dst[:end], pypiEnd), after, true
		}
		s = after[1:]
	}
}

// cutPyPIPre cuts off a pre-release, 0 if there is none, and its number.
func cutPyPIPre(s string) (tag byte, digits, rest string) {
	for _, word := range [...]struct {
		name string
		tag  byte
	}{{"alpha", pypiA}, {"beta", pypiB}, {"preview", pypiRC}, {"pre", pypiRC}, {"rc", pypiRC}, {"a", pypiA}, {"b", pypiB}, {"c", pypiRC}} {
		if found, digits, rest := cutPyPIStage(s, word.name); found {
			return word.tag, digits, rest
		}
	}
	return 0, "", s
}

// cutPyPIPost cuts off a post-release, which may be a hyphen and a number: 1.0-1.
func cutPyPIPost(s string) (found bool, digits, rest string) {
	if after, hyphen := strings.CutPrefix(s, "-"); hyphen {
		if digits, rest := cutDigits(after); digits != "" {
			return true, digits, rest
		}
	}
	for _, name := range [...]string{"post", "rev", "r"} {
		if found, digits, rest := cutPyPIStage(s, name); found {
			return true, digits, rest
		}
	}
	return false, "", s
}

// cutPyPIStage cuts off a word and its number, with a separator before each or none, even if no
// number follows, which is zero.
func cutPyPIStage(s, name string) (found bool, digits, rest string) {
	after := strings.TrimPrefix(s, pypiSeparator(s))
	if len(after) < len(name) || !strings.EqualFold(after[:len(name)], name) {
		return false, "", s
	}
	after = after[len(name):]
	digits, rest = cutDigits(strings.TrimPrefix(after, pypiSeparator(after)))
	return true, digits, rest
}

func pypiSeparator(s string) string {
	if s != "" && isOneOf(s[0], "-_.") {
		return s[:1]
	}
	return ""
}

// appendPyPILocal appends the local version: words are before numbers, fewer parts before more.
func appendPyPILocal(dst []byte, s string) (key []byte, ok bool) {
	if s == "" {
		return append(dst, pypiEnd), true
	}
	if s[0] != '+' {
		return dst, false
	}
	for more := true; more; {
		s = s[1:]
		i := 0
		for i < len(s) && (isLetter(s[i]) || isDigit(s[i])) {
			i++
		}
		part := s[:i]
		s = s[i:]
		if more = s != ""; part == "" || more && !isOneOf(s[0], "-_.") {
			return dst, false
		}
		if digits, after := cutDigits(part); after == "" {
			dst = appendNumber(append(dst, pypiNumber), digits)
		} else {
			dst = append(appendLower(append(dst, pypiWord), part), pypiWordEnd)
		}
	}
	return append(dst, pypiEnd), true
}
