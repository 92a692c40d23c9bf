package ecosystem

import "testing"

// The rules are those of apk-package(5) and of src/version.c in apk-tools 3.
func TestAPKOrder(t *testing.T) {
	check(t, APK, []comparison{
		{"numbers by value, not by text", "3.9.5-r0", "<", "3.10.0-r0"},
		{"the first number always is by value", "9", "<", "010"},
		{"leading zeros of the first number do not count", "013-r0", "=", "13-r0"},
		{"more numbers are after fewer", "1.0", "<", "1.0.0"},
		{"numbers of any length", "1.99999999999999999999", "<", "1.100000000000000000000"},

		{"a later number with a leading zero is text", "1.010", "<", "1.09"},
		{"apk-tools test: 8.2.0015 < 8.2.002", "8.2.0015", "<", "8.2.002"},
		{"text that is longer is after", "1.0", "<", "1.00"},
		{"text is before a value", "1.09", "<", "1.1"},
		{"a zero alone is text too", "1.0", "<", "1.1"},

		{"a letter is after none", "1.1.1", "<", "1.1.1a"},
		{"letters in their order", "1.1.1a", "<", "1.1.1w"},
		{"a further number is after a letter", "1.1z", "<", "1.1.0"},

		{"alpha < beta", "1_alpha", "<", "1_beta"},
		{"beta < pre", "1_beta", "<", "1_pre"},
		{"pre < rc", "1_pre", "<", "1_rc"},
		{"rc < none", "1_rc", "<", "1"},
		{"none < cvs", "1", "<", "1_cvs"},
		{"cvs < svn", "1_cvs", "<", "1_svn"},
		{"svn < git", "1_svn", "<", "1_git"},
		{"git < hg", "1_git", "<", "1_hg"},
		{"hg < p", "1_hg", "<", "1_p"},
		{"p < letter", "1_p9", "<", "1a"},
		{"a release candidate with a revision is before the release", "1.0_rc1-r5", "<", "1.0-r0"},
		{"suffix numbers by value", "9.6_p9-r0", "<", "9.6_p10-r0"},
		{"a number is after none, even 0", "1_rc", "<", "1_rc0"},
		{"leading zeros of a suffix number do not count", "1_p01", "=", "1_p1"},
		{"apk-tools test: 0.1.0_alpha_pre2 < 0.1.0_alpha", "0.1.0_alpha_pre2", "<", "0.1.0_alpha"},
		{"a second suffix after a release's", "1_alpha", "<", "1_alpha_p1"},
		{"a number is before a second suffix", "1_alpha1", "<", "1_alpha_p1"},
		{"dates", "1.0.0_pre20191002222144-r0", "<", "1.0.0_pre20210530193627-r0"},

		{"revisions by value", "1.36.1-r9", "<", "1.36.1-r29"},
		{"no revision is before revision 0", "1.0", "<", "1.0-r0"},
		{"leading zeros of a revision do not count", "1.0-r01", "=", "1.0-r1"},
		{"commit hashes are text", "1.0~abc", "<", "1.0~abd"},
		{"a commit hash is after none", "1.0-r9", "<", "1.0~abc-r0"},
		{"a commit hash goes before the revision", "1.0~abc-r9", "<", "1.0~abd-r0"},

		{"apk-tools 2: a number after the letter", "6.6.2p1-r0", "<", "6.6.2p2-r0"},
		{"apk-tools 2: it is by value", "1.8.9p9-r0", "<", "1.8.9p10-r0"},
		{"apk-tools 2: and after the letter alone", "1.8p-r3", "<", "1.8p1-r0"},
		{"apk-tools 2: and after any suffix", "6.6.2_p9-r0", "<", "6.6.2p1-r0"},
		{"apk-tools 2: a dot before the letter", "10.2.24-r9", "<", "10.2.24.r0"},
		{"apk-tools 2: that is before a number", "10.2.24.r0", "<", "10.2.24.1"},
	})
}

func TestAPKRefuses(t *testing.T) {
	checkRefused(t, APK, map[string]string{
		"nothing":                   "",
		"no number first":           "a1",
		"a leading v":               "v1.0",
		"a dot at the end":          "1.",
		"two dots":                  "1..2",
		"two letters":               "1.0bc",
		"a number after the letter": "1a.2",
		"a capital":                 "1.0A",
		"an unknown suffix":         "23_foo",
		"an empty suffix":           "1_",
		"a suffix run on":           "1_preview",
		"revision without number":   "1-r",
		"two revisions":             "1-r1-r2",
		"a Debian revision":         "1.0-1",
		"suffix after the revision": "1-r1_p1",
		"hash without digits":       "1~",
		"hash of capitals":          "1~ABC",
		"a blank":                   "1.0 ",
		"an epoch":                  "1:1.0",
	})
}
