package ecosystem

import "testing"

// Each case was put to dpkg --compare-versions (1.21.22), which agreed.
func TestDebOrder(t *testing.T) {
	check(t, Deb, []comparison{
		{"numbers by value, not by text", "1.9-1", "<", "1.10-1"},
		{"leading zeros do not count", "1.02.185-2", "=", "1.2.185-2"},
		{"numbers of any length", "99999999999999999999", "<", "100000000000000000000"},

		{"an epoch beats everything after it", "9:1", "<", "10:0"},
		{"no epoch is epoch 0", "1.0-1", "=", "0:1.0-1"},
		{"zeros before an epoch do not count", "1:1.0", "=", "001:1.0"},
		{"issue: binary dmsetup is after its source lvm2", "2.03.16-2", "<", "2:1.02.185-2"},
		{"a colon after the epoch is part of the version", "1:2:3", "<", "1:2:4"},

		{"a tilde is before the end", "1.0~rc1", "<", "1.0"},
		{"two tildes are before one", "1.0~~", "<", "1.0~"},
		{"deb-version(7): ~~", "~~", "<", "~~a"},
		{"deb-version(7): ~~a", "~~a", "<", "~"},
		{"deb-version(7): ~", "~", "<", "a"},
		{"a tilde in the revision", "1.0-1~bpo12+1", "<", "1.0-1"},
		{"a tilde after a number is before a letter", "1.0~a", "<", "1.0a"},

		{"the end is before letters", "1.0", "<", "1.0a"},
		{"letters are before other characters", "1.0a", "<", "1.0+a"},
		{"capitals are before small letters", "1.0Z", "<", "1.0a"},
		{"plus is before dot", "1.0+1", "<", "1.0.1"},
		{"plus is before hyphen", "1.0+1-1", "<", "1.0-1-1"},
		{"a longer run of characters is after", "1.0+", "<", "1.0++"},
		{"security update", "3.0.11-1~deb12u2", "<", "3.0.11-1"},
		{"stable update", "2.36-9+deb12u4", "<", "2.36-9+deb12u10"},
		{"binary rebuild", "1.2.3-4", "<", "1.2.3-4+b1"},
		{"Ubuntu's update is after Debian's revision", "1.2.3-4", "<", "1.2.3-4ubuntu0.1"},

		{"no number is the number 0", "1.a", "=", "1.a0"},
		{"a trailing dot is followed by 0", "1.", "=", "1.0"},
		{"and yet 1 is not 1.0", "1", "<", "1.0"},
		{"no revision is revision 0", "1.0", "=", "1.0-0"},
		{"no revision is before revision 0.1", "1.0", "<", "1.0-0.1"},
		{"revision 0~ is before no revision", "1.0-0~", "<", "1.0"},
		{"the last hyphen starts the revision", "1.0-1-1", "<", "1.0-1-2"},
		{"the upstream version goes before the revision", "1.0-9", "<", "1.0.1-1"},
		{"a longer upstream version is not mixed up with the revision", "1.0-a", "<", "1.0a-1"},

		{"blanks around it do not count", " 1.0\t", "=", "1.0"},
		{"dpkg only warns: no leading digit", "a1", "<", "b0"},
		{"dpkg only warns: odd characters", "1_0", "<", "1_1"},
	})
}

// What dpkg calls an error (lib/dpkg/parsehelp.c, parseversion).
func TestDebRefuses(t *testing.T) {
	checkRefused(t, Deb, map[string]string{
		"nothing":                "",
		"blanks":                 "  ",
		"empty epoch":            ":1",
		"epoch is a word":        "a:1",
		"epoch is negative":      "-1:1",
		"epoch beyond INT_MAX":   "2147483648:1",
		"nothing after epoch":    "1:",
		"empty upstream version": "-1",
		"empty revision":         "1.0-",
		"blank inside":           "1 0",
		"control character":      "1.0\x00",
		"not ASCII":              "1.0é",
	})
}
