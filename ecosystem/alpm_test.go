package ecosystem

import "testing"

// Every line was asked of libalpm 13 (alpm_pkg_vercmp), pacman 6.0.
func TestALPMOrder(t *testing.T) {
	check(t, ALPM, []comparison{
		{"numbers by value", "1.9-1", "<", "1.10-1"},
		{"leading zeros do not count", "1.01-1", "=", "1.1-1"},
		{"vercmp(8): 1.0a", "1.0a-1", "<", "1.0b-1"},
		{"vercmp(8): 1.0b", "1.0b-1", "<", "1.0beta-1"},
		{"vercmp(8): 1.0beta", "1.0beta-1", "<", "1.0p-1"},
		{"vercmp(8): 1.0p", "1.0p-1", "<", "1.0pre-1"},
		{"vercmp(8): 1.0pre", "1.0pre-1", "<", "1.0rc-1"},
		{"vercmp(8): 1.0rc", "1.0rc-1", "<", "1.0-1"},
		{"vercmp(8): 1.0", "1.0-1", "<", "1.0.a-1"},
		{"vercmp(8): 1.0.a", "1.0.a-1", "<", "1.0.1-1"},
		{"vercmp(8): 1", "1-1", "<", "1.0-1"},
		{"vercmp(8): 1.1.1", "1.1-1", "<", "1.1.1-1"},
		{"a number run on after letters is after the end", "1.0rc-1", "<", "1.0rc1-1"},
		{"letters are before numbers", "1.a-1", "<", "1.0-1"},
		{"which character separates does not count", "1.0-1", "=", "1_0-1"},
		{"a tilde and a caret are separators too", "1.0~1-1", "=", "1.0^1-1"},
		{"how many separate does", "1.9-1", "<", "1..a-1"},
		{"an epoch beats everything after it", "9.9-9", "<", "1:0.1-1"},
		{"no epoch is epoch 0", "1.0-1", "=", "0:1.0-1"},
		{"releases by value", "1.0-9", "<", "1.0-10"},
		{"a release with a point", "1.0-1", "<", "1.0-1.1"},
		{"git revisions by their count", "r1523.a1b2c3d-1", "<", "r1600.0a1b2c3-1"},
	})
}

func TestALPMRefuses(t *testing.T) {
	checkRefused(t, ALPM, map[string]string{
		"nothing": "", "no release, which is no order": "1.0", "an empty release": "1.0-", "an empty version": "-1", "nothing after the epoch": "1:-1",
		"a separator at the end": "1.0.-1", "a release that ends in one": "1.0-1.", "a blank": "1 0-1", "not ASCII": "1.é-1",
	})
}
