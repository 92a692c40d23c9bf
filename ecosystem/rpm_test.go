package ecosystem

import "testing"

// Every line was asked of rpm 4.18 (rpm --eval '%{lua:print(rpm.ver("a") < rpm.ver("b"))}'). Those
// named after an issue are from rpm's own tests/rpmvercmp.at.
func TestRPMOrder(t *testing.T) {
	check(t, RPM, []comparison{
		{"numbers by value, not by text", "1.9-1", "<", "1.10-1"},
		{"leading zeros do not count", "10.0001", "=", "10.1"},
		{"numbers of any length", "20240101120000999999", "<", "100000000000000000000"},
		{"more parts are after fewer", "1.0", "<", "1.0.0"},
		{"separators do not count", "2_0", "=", "2.0"},
		{"not even how many there are", "2.0", "=", "2..0"},
		{"nor at the end", "2.0.", "=", "2.0"},
		{"nor any between letters and numbers", "2a", "=", "2.a"},

		{"letters are after the end", "1.0", "<", "1.0a"},
		{"letters are before numbers", "1.0a", "<", "1.0.1"},
		{"letters by text", "xyz10", "<", "xyz10.1"},
		{"capitals are before small letters", "1Z", "<", "1a"},
		{"a word that begins with another is after it", "1.rc", "<", "1.rca"},

		{"a tilde is before the end", "1.0~rc1", "<", "1.0"},
		{"two tildes are before one", "1.0~rc1~git123", "<", "1.0~rc1"},
		{"a tilde is before a release too", "1.0-1~bootstrap", "<", "1.0-1"},
		{"a caret is after the end", "1.0", "<", "1.0^"},
		{"a caret is before letters", "1.0^20160101", "<", "1.0a"},
		{"a caret is before numbers", "1.0^git1", "<", "1.0.1"},
		{"RhBug:178798: a caret after a tilde", "1.0~rc1^git1", "<", "1.0"},
		{"a tilde after a caret", "1.0^git1~pre", "<", "1.0^git1"},
		{"a caret ends a run of letters", "1.0^a", "<", "1.0^a1"},

		{"an epoch beats everything after it", "9.9-9", "<", "1:0.1-1"},
		{"case 8: no epoch is epoch 0", "1.0-1", "=", "0:1.0-1"},
		{"an empty epoch is epoch 0", ":1.0-1", "=", "1.0-1"},
		{"epochs by value", "9:1", "<", "10:0"},
		{"what is not a number is no epoch", "a:1", "=", "a.1"},

		{"the version goes before the release", "1.0-9", "<", "1.0.1-1"},
		{"releases by value", "1.0-9.el9", "<", "1.0-10.el9"},
		{"no release is before any", "1.0", "<", "1.0-0"},
		{"even before one with a tilde", "1.0", "<", "1.0-~1"},
		{"an empty release is a release", "1.0", "<", "1.0-"},
		{"the last hyphen starts the release", "1-0-9", "<", "1-1-1"},

		{"case 6: a minor stream's build", "3.0.7-18.el9_2", "<", "3.0.7-27.el9"},
		{"case 6: the stream alone", "1.0-1.el9", "<", "1.0-1.el9_2"},
		{"case 5: modules by their build", "1:20.9.0-1.module+el9.3.0+19518+63aad52d", "<", "1:20.11.1-1.module+el9.4.0+21731+46b5b8a7"},
		{"SUSE", "1.1.1l-150500.17.34.1", "<", "1.1.1l-150500.17.37.1"},
		{"Amazon", "2.34-52.amzn2023.0.3", "<", "2.34-52.amzn2023.0.10"},
		{"Azure Linux", "3.3.3-1.azl3", "<", "3.3.3-2.azl3"},
		{"letters of a commit are a part of their own", "1.0-1.git12ab", "<", "1.0-1.git12b"},
	})
}

func TestRPMRefuses(t *testing.T) {
	checkRefused(t, RPM, map[string]string{
		"nothing":              "",
		"nothing before it":    "-1",
		"nothing after epoch":  "1:",
		"an epoch and release": "1:-1",
		"a blank":              "1.0 1",
		"a control character":  "1.0\x00",
		"not ASCII":            "1.0é",
	})
}
