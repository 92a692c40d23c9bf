package ecosystem

import "testing"

// Every line was asked of composer/semver 3.3 and PHP 8.2 (version_compare of what
// VersionParser::normalize returns).
func TestPackagistOrder(t *testing.T) {
	check(t, Packagist, []comparison{
		{"numbers by value", "1.9.0", "<", "1.10.0"},
		{"missing numbers are 0", "1.0", "=", "1.0.0.0"},
		{"a leading v does not count", "v1.2.3", "=", "1.2.3"},
		{"nor a capital one", "V1.2.3", "=", "1.2.3"},
		{"leading zeros do not count", "1.02", "=", "1.2"},
		{"blanks around it do not count", " 1.2 ", "=", "1.2"},

		{"dev < alpha", "1.0-dev", "<", "1.0-alpha"},
		{"alpha < beta", "1.0-alpha9", "<", "1.0-beta1"},
		{"beta < RC", "1.0-beta9", "<", "1.0-RC1"},
		{"RC < none", "1.0-RC9", "<", "1.0"},
		{"none < patch", "1.0", "<", "1.0-patch1"},
		{"patch < the next number", "1.0-p9", "<", "1.0.0.1"},
		{"stability numbers by value", "1.0-beta9", "<", "1.0-beta10"},
		{"no number is before 0", "1.0-beta", "<", "1.0-beta0"},
		{"more numbers are after fewer", "1.0-beta1", "<", "1.0-beta1.1"},
		{"dev of a stability is before it", "1.0-alpha1-dev", "<", "1.0-alpha1"},

		{"spelling: a", "1.0a1", "=", "1.0-alpha1"},
		{"spelling: b", "1.0_b.1", "=", "1.0-beta1"},
		{"spelling: rc", "1.0.0rc1", "=", "1.0-RC1"},
		{"spelling: a dot before the number", "1.0.0-RC.1", "=", "1.0-RC1"},
		{"spelling: p", "1.0-p1", "=", "1.0-patch1"},
		{"spelling: pl", "1.0pl1", "=", "1.0-patch1"},
		{"spelling: stable is nothing", "1.0-stable", "=", "1.0"},
		{"spelling: not even with a number", "1.0-stable2", "=", "1.0"},
		{"spelling: but with a capital it is unknown", "1.0-Stable", "<", "1.0-dev"},
		{"spelling: a separator at the end", "1.0-", "=", "1.0"},
		{"build metadata does not count", "1.0.0+bedrock-1.17.10", "=", "1.0"},
		{"nor with a stability", "1.0-beta1+x", "=", "1.0-beta1"},

		{"a branch is after its versions", "1.99", "<", "1.x-dev"},
		{"a branch of minor versions", "1.2.99", "<", "1.2.x-dev"},
		{"and before the next", "1.x-dev", "<", "2.0"},

		{"a date is not padded", "2010-01-02", "<", "2010.01.02"},
		{"a date of one piece is one number", "2010.12.31", "<", "20100102"},
		{"a date with a time", "2010-01-02-10-20-30.5", "<", "2010-01-02-10-20-31.5"},
		{"a date with a stability", "20100102-beta1", "<", "20100102"},
	})
}

func TestPackagistRefuses(t *testing.T) {
	checkRefused(t, Packagist, map[string]string{
		"nothing":                       "",
		"a branch":                      "dev-main",
		"a branch in capitals":          "DEV-main",
		"an old branch":                 "master",
		"a branch after its name":       "main-dev",
		"five numbers":                  "1.2.3.4.5",
		"a number alone after a hyphen": "1.0-1",
		"an unknown stability":          "6.0.0-GM",
		"a letter":                      "1.5.7c",
		"a number after dev":            "2.1.0-dev1",
		"an empty build":                "1.0+",
		"a constraint":                  "^1.0",
		"a blank":                       "1.0 as 2.0",
		"not ASCII":                     "1.0é",
	})
}
