package ecosystem

import "strings"

// The key of a gem's version is a tag for each of its segments, with the segment's value (rubygems,
// lib/rubygems/version.rb, canonical_segments and <=>).
//
// A version is cut at dots and where digits and letters meet. Segments are compared in turn; a
// missing one is zero; letters are before numbers: 1.a < 1 = 1.0 < 1.1. So a run of zeros says
// nothing by itself: letters after it come before the version's end, the nearer the earlier, and a
// number comes after the end, the nearer the later. A tag says what follows and how many zeros
// stand before it.
const (
	gemLetters  = 0x01 // and up, one more for each zero before
	gemEnd      = 0x80
	gemNumber   = 0xff // and down, one less for each zero before
	maxGemZeros = 0x70 // in a row; none is known with more than four
)

// gemLettersEnd ends letters in a key; it is before every letter.
const gemLettersEnd = 0x00

// appendRubyGemsKey returns the key, or why there is none.
//
// To RubyGems a hyphen is ".pre.". Bundler writes a gem's platform after a hyphen too (nokogiri
// 1.16.0-x86_64-linux), which is no part of the version; a known platform does not count here.
func appendRubyGemsKey(dst []byte, version string) (key []byte, reason string) {
	version = strings.Trim(version, " \t\n\r\v\f")
	numbers, rest, hasHyphen := strings.Cut(version, "-")
	if hasHyphen && isGemPlatform(rest) {
		rest, hasHyphen = "", false
	}
	digits, after := cutDigits(numbers)
	if digits == "" || after != "" && after[0] != '.' || !isIdentifiers(numbers) || hasHyphen && !isIdentifiers(rest) {
		return dst, "it is not a number followed by letters and digits between dots"
	}
	run := gemRun{}
	key = run.appendSegments(dst, numbers)
	for hasHyphen {
		var part string
		part, rest, hasHyphen = strings.Cut(rest, "-")
		key = run.appendSegments(run.appendSegments(key, "pre"), part)
	}
	if run.tooLong {
		return dst, "it has too many zeros in a row"
	}
	return append(key, gemEnd), ""
}

// gemRun is what the segments so far say of the next.
type gemRun struct {
	zeros   int  // that end in a row here
	letters bool // have been seen; zeros before the first ones do not count
	tooLong bool // was a run of zeros
}

// appendSegments appends the segments of s.
func (r *gemRun) appendSegments(dst []byte, s string) []byte {
	for s != "" {
		var digits string
		switch digits, s = cutDigits(s); {
		case digits != "" && isZero(digits):
			r.zeros++
			continue
		case digits != "":
			r.tooLong = r.tooLong || r.zeros > maxGemZeros
			dst = appendNumber(append(dst, byte(gemNumber-r.zeros)), digits)
		case isLetter(s[0]):
			if !r.letters {
				r.zeros, r.letters = 0, true
			}
			r.tooLong = r.tooLong || r.zeros > maxGemZeros
			i := 1
			for i < len(s) && isLetter(s[i]) {
				i++
			}
			dst = append(append(append(dst, byte(gemLetters+r.zeros)), s[:i]...), gemLettersEnd)
			s = s[i:]
		default:
			s = s[1:] // a dot
			continue
		}
		r.zeros = 0
	}
	return dst
}

// isGemPlatform tells whether s is the name of a platform: a processor or a virtual machine, and
// what comes after it (rubygems, lib/rubygems/platform.rb).
func isGemPlatform(s string) bool {
	first, _, _ := strings.Cut(s, "-")
	switch first {
	case "java", "jruby", "dalvik", "ruby", "universal", "x86", "x64", "x86_64", "i386", "i486", "i586", "i686", "amd64", "arm", "arm64",
		"armv6", "armv7", "armv7l", "armv8", "aarch64", "powerpc", "powerpc64", "powerpc64le", "ppc", "ppc64", "ppc64le", "s390x", "riscv64",
		"sparc", "mips", "loongarch64", "wasm32", "mswin", "mswin32", "mswin64", "mingw", "mingw32", "linux", "darwin", "freebsd":
		return true
	}
	return false
}
