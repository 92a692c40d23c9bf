package ecosystem

import "strings"

// The key of a Conan version is that of its items without the zeros at their end, of its
// pre-release, and of its build, each made of items too (conan-io/conan,
// conan/internal/model/version.py). Fewer items are before more; a pre-release is before the
// release, a build after it.
const (
	conanNoBuild = iota + 1
	conanBuild
	conanRelease = 0xff // after every item of a pre-release
)

// The kinds of items. An item that starts with digits is a number, followed by what stands after
// the digits, which may be nothing.
const (
	conanEnd = iota + 1
	conanEarly
	conanNumber
	conanWord
)

// conanTextEnd ends text in a key; it is before every character.
const conanTextEnd = 0x00

// appendConanKey returns the key, or why there is none.
//
// Conan compares two numbers by value and everything else as text: 2 < 10, and 10 < 1k < 2, which
// is no order. Items such as 1k are ordered by their number first. That is Conan's answer too
// where all numbers have one digit (1.1.1k of OpenSSL, 9e of libjpeg).
func appendConanKey(dst []byte, version string) (key []byte, reason string) {
	if version == "" {
		return dst, "it is empty"
	}
	if !isPrintableASCII(version) {
		return dst, "it holds a character that is not printable ASCII"
	}
	build, hasBuild := "", false
	if i := strings.LastIndexByte(version, '+'); i >= 0 {
		version, build, hasBuild = version[:i], version[i+1:], true
	}
	version, prerelease, hasPrerelease := strings.Cut(version, "-")
	key, ok := appendConanItems(dst, version)
	if ok && hasPrerelease {
		key, ok = appendConanItems(key, prerelease)
	} else {
		key = append(key, conanRelease)
	}
	if ok && hasBuild {
		key, ok = appendConanItems(append(key, conanBuild), build)
	} else {
		key = append(key, conanNoBuild)
	}
	if !ok {
		return dst, "it has a number with a sign or an underscore, which only Python reads as one"
	}
	return key, ""
}

// appendConanItems appends items that stand between dots, but for the zeros at their end.
func appendConanItems(dst []byte, s string) (key []byte, ok bool) {
	end := len(dst)
	for item := range strings.SplitSeq(s, ".") {
		digits, rest := cutDigits(item)
		switch {
		case digits == "" || rest != "":
			if isPythonNumber(item) {
				return dst, false
			}
		case isZero(digits):
			dst = append(appendNumber(append(dst, conanNumber), digits), conanTextEnd)
			continue
		}
		dst = append(append(appendConanKind(dst, item, digits), rest...), conanTextEnd)
		end = len(dst)
	}
	return append(dst[:end], conanEnd), true
}

func appendConanKind(dst []byte, item, digits string) []byte {
	switch {
	case digits != "":
		return appendNumber(append(dst, conanNumber), digits)
	case item == "" || item[0] < '0':
		return append(dst, conanEarly)
	}
	return append(dst, conanWord)
}

// isPythonNumber tells whether an item is a number to Python's int, though it is not made of digits
// alone.
func isPythonNumber(item string) bool {
	unsigned := strings.TrimLeft(item, "+-")
	return len(item)-len(unsigned) <= 1 && strings.Trim(unsigned, "0123456789_") == "" && !strings.Contains(unsigned, "__") &&
		unsigned != "" && isDigit(unsigned[0]) && isDigit(unsigned[len(unsigned)-1])
}
