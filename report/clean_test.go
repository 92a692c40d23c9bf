package report

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"nothing":                    {"", ""},
		"an ordinary name":           {"libssl3 3.0.11-1~deb12u2", "libssl3 3.0.11-1~deb12u2"},
		"another script":             {"日本語 naïve Ελλάδα", "日本語 naïve Ελλάδα"},
		"a colour":                   {"\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		"a title for the window":     {"\x1b]0;x\x07", `\x1b]0;x\x07`},
		"C1, which is ESC [ to some": {"\u009b2J", `\u009b2J`},
		"new lines and tabs":         {"a\r\n\tb\x00", `a\x0d\x0a\x09b\x00`},
		"DEL":                        {"a\x7f", `a\x7f`},
		"bytes that are not UTF-8":   {"a\xff\xc3(", `a\xff\xc3(`},
		"a half of a surrogate pair": {"\xed\xa0\x80", `\xed\xa0\x80`},
		"the replacement character":  {"\ufffd", "\ufffd"},
		"bidi overrides":             {"\u202a\u202b\u202c\u202d\u202e", `\u202a\u202b\u202c\u202d\u202e`},
		"bidi isolates":              {"\u2066\u2067\u2068\u2069\u061c", `\u2066\u2067\u2068\u2069\u061c`},
		"what takes no room":         {"a\u200b\u200d\ufeff\u00ad", `a\u200b\u200d\ufeff\u00ad`},
		"other spaces":               {"a\u00a0b\u2028c\u3000d", `a\u00a0b\u2028c\u3000d`},
		"tags":                       {"\U000e0041", `\U000e0041`},
		"private use":                {"\ue000", `\ue000`},
		"a backslash is left alone":  {`C:\x1b`, `C:\x1b`},
		"marks on a letter":          {"e\u0301\u0302", "e\u0301\u0302"},
		"a mark on nothing":          {"\u0301e", `\u0301e`},
		"too many marks":             {"e\u0301\u0301\u0301\u0301\u0301e\u0301", "e\u0301\u0301\u0301" + `\u0301\u0301` + "e\u0301"},
		"a command of GitHub":        {"::error file=a::b", `\x3a:error file=a::b`},
		"the same behind spaces":     {"  ::error::b", `  \x3a:error::b`},
		"the same after a newline":   {"a\n::error::b", `a\x0a::error::b`},
		"colons inside":              {"Foo::Bar", "Foo::Bar"},
		"an old command of GitHub":   {"a ##[error]b", `a \x23#[error]b`},
		"a command of Azure":         {"##vso[task.setvariable]", `\x23#vso[task.setvariable]`},
		"a command of TeamCity":      {"##teamcity[x]", `\x23#teamcity[x]`},
		"several number signs":       {"###", `\x23\x23#`},
		"one number sign":            {"#1", "#1"},
	} {
		if got := Clean(test.in); got != test.want {
			t.Errorf("%s: Clean(%q) = %q, want %q", name, test.in, got, test.want)
		}
	}
}

func TestLine(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"colours of our own stay":    {"\x1b[1mbold\x1b[0m", "\x1b[1mbold\x1b[0m"},
		"two parts made a command":   {" " + "::" + "debug::x", ` \x3a:debug::x`},
		"two parts made a command 2": {"#" + "#[x]", `\x23#[x]`},
	} {
		if got := Line(test.in); got != test.want {
			t.Errorf("%s: Line(%q) = %q, want %q", name, test.in, got, test.want)
		}
	}
}

// FuzzClean: what is clean is printable UTF-8, stays as it is when cleaned again, is no command
// to a build system, and what was printable ASCII without such a command is not touched.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b[0m", "\xff", "::x", "  ::x", "##[x]", "e\u0301\u0301\u0301\u0301", "\u202e\U000e0041"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("Clean(%q) = %q is not printable", s, got)
		}
		if strings.HasPrefix(strings.TrimSpace(got), "::") || strings.Contains(got, "##") {
			t.Errorf("Clean(%q) = %q is a command", s, got)
		}
		if again := Clean(got); again != got {
			t.Errorf("Clean(%q) = %q, cleaned again %q", s, got, again)
		}
		if isPlain(s) && Line(s) == s && got != s {
			t.Errorf("Clean(%q) = %q", s, got)
		}
	})
}
