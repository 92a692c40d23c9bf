package ecosystem

import "testing"

// Cabal-syntax, Distribution.Types.Version; PVP (pvp.haskell.org), section "Version numbers".
func TestHackageOrder(t *testing.T) {
	check(t, Hackage, []comparison{
		{"numbers by value", "0.9", "<", "0.10"},
		{"more numbers are after fewer", "1.0", "<", "1.0.0"},
		{"even if they are zero", "1.0.0", "<", "1.0.0.0"},
		{"and before the next", "1.0.0.99", "<", "1.0.1"},
		{"leading zeros do not count", "1.02", "=", "1.2"},
		{"numbers of any length", "0.20240101120000", "<", "0.100000000000000000000"},
		{"as many as there are", "1.2.3.4.5.6.7.8", "<", "1.2.3.4.5.6.7.9"},
	})
}

func TestHackageRefuses(t *testing.T) {
	checkRefused(t, Hackage, map[string]string{
		"nothing": "", "a dot at the end": "1.", "a dot at the beginning": ".1", "two dots": "1..2", "a word": "head",
		"a tag, which Cabal dropped": "1.0-beta", "a hyphen": "1-2", "a leading v": "v1.0", "not ASCII": "1.é", "a sign": "-1",
	})
}

// R's package_version: help(numeric_version), and "Writing R Extensions", section 1.1.1.
func TestCRANOrder(t *testing.T) {
	check(t, CRAN, []comparison{
		{"numbers by value", "1.9", "<", "1.10"},
		{"a hyphen is a dot", "1.2-3", "=", "1.2.3"},
		{"more numbers are after fewer", "1.2-3", "<", "1.2-3.0"},
		{"leading zeros do not count", "2023.02-1", "=", "2023.2-1"},
		{"a development version", "1.0.0", "<", "1.0.0.9000"},
	})
}

func TestCRANRefuses(t *testing.T) {
	checkRefused(t, CRAN, map[string]string{
		"nothing": "", "a hyphen at the end": "1.0-", "two separators": "1.-2", "a word": "1.0-beta", "a plus": "1.0+1", "an underscore": "1_0",
	})
}
