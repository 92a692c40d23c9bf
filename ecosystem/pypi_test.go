package ecosystem

import "testing"

// Every line without "legacy" was asked of packaging 23.0 (packaging.version.Version).
func TestPyPIOrder(t *testing.T) {
	check(t, PyPI, []comparison{
		{"numbers by value", "1.9", "<", "1.10"},
		{"zeros at the end do not count", "1.0.0", "=", "1"},
		{"zeros before others do", "1.0.1", "<", "1.1"},
		{"leading zeros do not count", "2023.01.05", "=", "2023.1.5"},
		{"numbers of any length", "1.99999999999999999999", "<", "1.100000000000000000000"},
		{"an epoch beats everything after it", "2024.1", "<", "1!0.1"},
		{"epoch 0 is none", "0!1.0", "=", "1.0"},

		{"PEP 440 summary: dev before alpha", "1.0.dev456", "<", "1.0a1"},
		{"PEP 440 summary: alpha's dev before alpha", "1.0a2.dev456", "<", "1.0a2"},
		{"PEP 440 summary: dev alone before alpha's dev", "1.0.dev456", "<", "1.0a1.dev1"},
		{"PEP 440 summary: alpha before its post's dev", "1.0a12", "<", "1.0a12.post1.dev1"},
		{"PEP 440 summary: alpha before beta's dev", "1.0a12", "<", "1.0b1.dev456"},
		{"PEP 440 summary: beta before its post's dev", "1.0b2", "<", "1.0b2.post345.dev456"},
		{"PEP 440 summary: dev of a post before the post", "1.0b2.post345.dev456", "<", "1.0b2.post345"},
		{"PEP 440 summary: beta before candidate", "1.0b2.post345", "<", "1.0rc1.dev456"},
		{"PEP 440 summary: candidate before the release", "1.0rc1", "<", "1.0"},
		{"PEP 440 summary: the release before a local version", "1.0", "<", "1.0+abc.5"},
		{"PEP 440 summary: local versions", "1.0+abc.7", "<", "1.0+5"},
		{"PEP 440 summary: local before post's dev", "1.0+5", "<", "1.0.post456.dev34"},
		{"PEP 440 summary: post before the next release", "1.0.post456", "<", "1.0.15"},
		{"PEP 440 summary: and its dev", "1.0.post456", "<", "1.1.dev1"},

		{"spelling: alpha", "1.1alpha1", "=", "1.1a1"},
		{"spelling: beta", "1.1-BETA_2", "=", "1.1b2"},
		{"spelling: c", "1.1c3", "=", "1.1rc3"},
		{"spelling: pre", "1.1pre3", "=", "1.1rc3"},
		{"spelling: preview", "1.1.preview.3", "=", "1.1rc3"},
		{"spelling: no number", "1.2a", "=", "1.2a0"},
		{"spelling: a separator without a number", "1.2a-", "=", "1.2a0"},
		{"spelling: post without a number", "1.2.post", "=", "1.2.post0"},
		{"spelling: rev", "1.0-rev4", "=", "1.0.post4"},
		{"spelling: r", "1.0-r4", "=", "1.0.post4"},
		{"spelling: a hyphen is a post-release", "1.0-1", "=", "1.0.post1"},
		{"spelling: dev without a number", "1.2.dev", "=", "1.2.dev0"},
		{"spelling: dev without a dot", "1.2dev1", "=", "1.2.dev1"},
		{"spelling: a leading v", "V1.0", "=", "1.0"},
		{"spelling: blanks around it", " 1.0\n", "=", "1.0"},
		{"spelling: zeros in numbers", "1.0a01", "=", "1.0a1"},

		{"local: separators do not count", "1.0+ubuntu-1", "=", "1.0+ubuntu_1"},
		{"local: case does not count", "1.0+Ubuntu.1", "=", "1.0+ubuntu.1"},
		{"local: numbers by value", "1.0+9", "<", "1.0+10"},
		{"local: words are before numbers", "1.0+zzz", "<", "1.0+0"},
		{"local: fewer parts are before more", "1.0+a", "<", "1.0+a.0"},
		{"local: numbers with letters are words", "1.0+1a", "<", "1.0+0"},
		{"a build of torch", "2.1.0", "<", "2.1.0+cu118"},

		{"legacy is before all of PEP 440", "2004d", "<", "0.dev0"},
		{"legacy, by letter", "2004d", "<", "2004g"},
		{"legacy: setuptools 0.6: a word before the release", "1.0.beta-foo", "<", "1.0-foo"},
		{"legacy: numbers are padded", "9.x", "<", "10.x"},
		{"legacy: zeros before a word do not count", "1.0.0.x", "=", "1.x"},
		{"legacy: rc is c", "1.rc.x", "=", "1.c.x"},
		{"legacy: pre is c", "1.pre.x", "=", "1.c.x"},
		{"legacy: case does not count", "1.X", "=", "1.x"},
		{"legacy: dev is before letters", "1.dev.x", "<", "1.alpha.x"},
		{"legacy: a hyphen before an early word does not count", "1-alpha.x", "=", "1alpha.x"},
		{"legacy: a hyphen before a number is a patch", "1.x", "<", "1.x-1"},
		{"legacy: a number of nine digits is text", "123456789.x", "<", "12345679.x"},
	})
}

func TestPyPIRefuses(t *testing.T) {
	checkRefused(t, PyPI, map[string]string{
		"nothing": "", "blanks": " \t", "a blank inside": "1.0 1", "not ASCII": "1.0é", "a control character": "1.0\x01",
	})
}
