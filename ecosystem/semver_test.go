package ecosystem

import "testing"

func TestSemverOrder(t *testing.T) {
	check(t, Semver, []comparison{
		{"section 11.2: major", "1.0.0", "<", "2.0.0"},
		{"section 11.2: minor", "2.0.0", "<", "2.1.0"},
		{"section 11.2: patch", "2.1.0", "<", "2.1.1"},
		{"section 11.2: by value", "1.9.0", "<", "1.10.0"},
		{"section 11.3: a pre-release is before the release", "1.0.0-alpha", "<", "1.0.0"},
		{"section 11.4: alpha < alpha.1", "1.0.0-alpha", "<", "1.0.0-alpha.1"},
		{"section 11.4: alpha.1 < alpha.beta", "1.0.0-alpha.1", "<", "1.0.0-alpha.beta"},
		{"section 11.4: alpha.beta < beta", "1.0.0-alpha.beta", "<", "1.0.0-beta"},
		{"section 11.4: beta < beta.2", "1.0.0-beta", "<", "1.0.0-beta.2"},
		{"section 11.4: beta.2 < beta.11", "1.0.0-beta.2", "<", "1.0.0-beta.11"},
		{"section 11.4: beta.11 < rc.1", "1.0.0-beta.11", "<", "1.0.0-rc.1"},
		{"section 11.4: rc.1 < release", "1.0.0-rc.1", "<", "1.0.0"},
		{"words are compared as ASCII", "1.0.0-RC", "<", "1.0.0-rc"},
		{"a word that begins with another is after it", "1.0.0-a.9", "<", "1.0.0-a-"},
		{"a word of digits and hyphens is a word", "1.0.0-99", "<", "1.0.0--1"},
		{"section 10: build metadata does not count", "1.0.0+a", "=", "1.0.0+b"},
		{"section 10: nor with a pre-release", "1.0.0-rc.1+a.-.b", "=", "1.0.0-rc.1"},
		{"numbers of any length", "1.0.99999999999999999999", "<", "1.0.100000000000000000000"},

		{"a leading v does not count", "v1.2.3", "=", "1.2.3"},
		{"missing numbers are 0", "1.22", "=", "1.22.0"},
		{"only a major version", "1", "=", "1.0.0"},
		{"OSV: missing number with a pre-release", "2.1-beta.5", "<", "2.1.0"},
		{"leading zeros do not count", "2018.08.18", "=", "2018.8.18"},

		{"Go: +incompatible does not count", "v2.8.3+incompatible", "=", "2.8.3"},
		{"Go: pseudo-versions by time", "v0.0.0-20190308221718-c2843e01d9a2", "<", "v0.0.0-20200810223949-acde59a7b7c4"},
		{"Go: a pseudo-version after a release is before the next", "v1.2.4-0.20200101000000-aaaaaaaaaaaa", "<", "v1.2.4"},
		{"Go: and after the release", "v1.2.3", "<", "v1.2.4-0.20200101000000-aaaaaaaaaaaa"},
		{"Go: a pseudo-version is before a pre-release of the same", "v1.2.4-0.20200101000000-aaaaaaaaaaaa", "<", "v1.2.4-rc.1"},

		{"Go release", "go1.22.3", "=", "1.22.3"},
		{"Go release without a patch number", "go1.20", "=", "1.20.0"},
		{"Go release candidate", "go1.22rc1", "=", "1.22.0-rc.1"},
		{"Go beta", "go1.18beta2", "=", "1.18.0-beta.2"},
		{"OSV: 1.21.0-0 is before everything of 1.21", "1.21.0-0", "<", "go1.21rc1"},
		{"Go release with experiments", "go1.22.3 X:boringcrypto", "=", "1.22.3"},
		{"Go release of a vendor", "go1.22.3-bigcorp", "=", "1.22.3"},
		{"Go release candidate of a vendor", "go1.22rc1-bigcorp", "=", "go1.22rc1"},
	})
}

func TestSemverRefuses(t *testing.T) {
	checkRefused(t, Semver, map[string]string{
		"nothing":                    "",
		"a word":                     "latest",
		"v alone":                    "v",
		"two v":                      "vv1.0.0",
		"a capital V":                "V1.0.0",
		"four numbers":               "1.2.3.4",
		"a dot at the end":           "1.2.",
		"two dots":                   "1..2",
		"no hyphen":                  "1.0.0rc1",
		"an empty pre-release":       "1.0.0-",
		"an empty identifier":        "1.0.0-a..b",
		"an identifier with a tilde": "1.0.0-a~b",
		"not ASCII":                  "1.0.0-é",
		"a range":                    ">=1.0.0",
		"Go's unbuilt main module":   "(devel)",
		"Go's development version":   "devel go1.23-0123456",
		"go alone":                   "go",
		"Go release with odd end":    "go1.22rc",
		"Go release with odd number": "go1.22rc1a",
	})
}
