package ecosystem

import (
	"strings"
	"testing"
)

// Every line but those about platforms was asked of RubyGems 3.3 (Gem::Version).
func TestRubyGemsOrder(t *testing.T) {
	check(t, RubyGems, []comparison{
		{"numbers by value", "1.9", "<", "1.10"},
		{"numbers of any length", "1.99999999999999999999", "<", "1.100000000000000000000"},
		{"zeros at the end do not count", "1", "=", "1.0.0"},
		{"zeros between numbers do", "1.0.1", "<", "1.1"},
		{"the more zeros, the nearer to the end", "1.0.0.1", "<", "1.0.1"},
		{"leading zeros do not count", "1.02", "=", "1.2"},
		{"blanks around it do not count", " 1.0\n", "=", "1.0"},

		{"letters are before the end", "1.0.a", "<", "1.0"},
		{"letters are before numbers", "1.a", "<", "1.0.1"},
		{"letters and digits are segments of their own", "1.0.rc1", "=", "1.0.rc.1"},
		{"numbers after letters by value", "1.0.rc9", "<", "1.0.rc10"},
		{"letters by text", "1.0.alpha", "<", "1.0.beta"},
		{"capitals are before small letters", "1.0.RC", "<", "1.0.alpha"},
		{"a word that begins with another is after it", "1.0.a", "<", "1.0.aa"},
		{"zeros before the first letters do not count", "1.0.0.a", "=", "1.a"},
		{"zeros after letters at the end neither", "1.a.0", "=", "1.a"},
		{"more letters are before the end", "1.a.b", "<", "1.a"},
		{"zeros between letters bring them nearer to the end", "1.a.b", "<", "1.a.0.b"},
		{"and never past it", "1.a.0.b", "<", "1.a"},
		{"a number after letters is after the end", "1.a", "<", "1.a.0.1"},

		{"a hyphen is .pre.", "1.0.0-beta.1", "=", "1.0.0.pre.beta.1"},
		{"and so before the release", "4.0.0-beta.2", "<", "4.0.0"},
		{"each hyphen is", "1.0-a-b", "=", "1.0.pre.a.pre.b"},
		{"a hyphen before a number too", "1.0-1", "<", "1.0"},

		{"Bundler: a platform does not count", "1.16.0-x86_64-linux", "=", "1.16.0"},
		{"Bundler: nor a virtual machine", "1.16.0-java", "=", "1.16.0"},
		{"Bundler: nor with a version of its own", "1.16.0-x64-mingw-ucrt", "=", "1.16.0"},
		{"Bundler: nor after a pre-release", "1.16.0.rc1-arm64-darwin", "=", "1.16.0.rc1"},
	})
}

func TestRubyGemsRefuses(t *testing.T) {
	checkRefused(t, RubyGems, map[string]string{
		"nothing": "", "a word": "latest", "a leading v": "v1.0", "letters run on after the first number": "1a", "a dot at the end": "1.",
		"two dots": "1..2", "an underscore": "1.0_1", "an unknown platform with one": "1.0-z80_64", "a plus": "1.0+1", "an empty suffix": "1.0-",
		"a blank inside": "1.0 a", "not ASCII": "1.é", "more zeros than anyone writes": "1.a" + strings.Repeat(".0", maxGemZeros+1) + ".1",
	})
}
