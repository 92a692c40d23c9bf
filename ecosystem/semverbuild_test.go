package ecosystem

import "testing"

// dart-lang/pub_semver, lib/src/version.dart.
func TestPubOrder(t *testing.T) {
	check(t, Pub, []comparison{
		{"numbers by value", "1.9.0", "<", "1.10.0"},
		{"a pre-release is before the release", "1.0.0-dev.1", "<", "1.0.0"},
		{"numbers are before words", "1.0.0-1", "<", "1.0.0-a"},
		{"fewer identifiers are before more", "1.0.0-a", "<", "1.0.0-a.1"},
		{"a build is after none", "0.1.14", "<", "0.1.14+1"},
		{"builds by value", "0.11.3+9", "<", "0.11.3+12"},
		{"builds: numbers are before words", "1.0.0+9", "<", "1.0.0+a"},
		{"builds: fewer identifiers are before more", "1.0.0+1", "<", "1.0.0+1.hotfix"},
		{"builds: and before the next version", "0.11.3+17", "<", "0.11.4-dev"},
		{"builds of a pre-release", "1.0.0-a+1", "<", "1.0.0-a+2"},
		{"a pre-release is before a release whatever its build", "1.0.0-a+9", "<", "1.0.0"},
		{"leading zeros do not count", "01.02.03", "=", "1.2.3"},
	})
}

func TestPubRefuses(t *testing.T) {
	checkRefused(t, Pub, map[string]string{
		"nothing": "", "two numbers": "1.0", "four numbers": "1.0.0.0", "a leading v": "v1.0.0", "an empty pre-release": "1.0.0-",
		"an empty build": "1.0.0+", "an empty identifier": "1.0.0-a..b", "an odd character": "1.0.0-a_b", "no hyphen": "1.0.0rc1",
		"a negative number, to Dart": "1.0.0-a.-5", "a hexadecimal number, to Dart": "1.0.0+0x1F",
	})
}

// JuliaLang/julia, base/version.jl.
func TestJuliaOrder(t *testing.T) {
	check(t, Julia, []comparison{
		{"numbers by value", "1.9.0", "<", "1.10.0"},
		{"missing numbers are 0", "1.2", "=", "1.2.0"},
		{"a leading v does not count", "v1.2.3", "=", "1.2.3"},
		{"a pre-release is before the release", "1.0.0-rc1", "<", "1.0.0"},
		{"its hyphen may be missing", "1.0.0rc1", "=", "1.0.0-rc1"},
		{"and missing numbers too", "1.0rc1", "=", "1.0.0-rc1"},
		{"numbers are before words", "1.0.0-1", "<", "1.0.0-a"},
		{"a hyphen alone is before all pre-releases", "1.0.0-", "<", "1.0.0-0"},
		{"and after the version before", "0.99.0+", "<", "1.0.0-"},
		{"JLL packages: a build is after none", "3.0.15", "<", "3.0.15+0"},
		{"JLL packages: builds by value", "3.0.15+9", "<", "3.0.15+10"},
		{"JLL packages: builds are before the next version", "3.0.15+10", "<", "3.0.16-rc1"},
		{"a plus alone is after all builds", "1.0.0+z", "<", "1.0.0+"},
		{"builds of a pre-release", "1.0.0-rc1+1", "<", "1.0.0-rc1+2"},
	})
}

func TestJuliaRefuses(t *testing.T) {
	checkRefused(t, Julia, map[string]string{
		"nothing": "", "v alone": "v", "four numbers": "1.0.0.0", "a word": "nightly", "an underscore": "1.0.0_1", "an empty identifier": "1.0.0-a..b",
		"a hyphen and a plus": "1.0.0-+1", "a dot at the end": "1.", "not ASCII": "1.0.0-é",
	})
}

// bitnami/go-version, README and pkg/version/version_test.go.
func TestBitnamiOrder(t *testing.T) {
	check(t, Bitnami, []comparison{
		{"numbers by value", "1.9.0", "<", "1.10.0"},
		{"a revision is after none", "1.2.3", "<", "1.2.3-1"},
		{"even revision 0", "11.4.12", "<", "11.4.12-0"},
		{"revisions by value", "1.0.0-9", "<", "1.0.0-10"},
		{"revisions are before the next version", "1.2.3-99", "<", "1.2.4"},
		{"fewer identifiers are before more", "9.0.35-3", "<", "9.0.35-3.57.3"},
		{"numbers are before words", "2.4.46-10", "<", "2.4.46-10.el8"},
		{"what looks like a pre-release is a revision", "2.6.0", "<", "2.6.0-rc1"},
		{"metadata does not count", "1.2.0-1+metadata", "=", "1.2.0-1"},
		{"missing numbers are 0", "1.2", "=", "1.2.0"},
	})
}

func TestBitnamiRefuses(t *testing.T) {
	checkRefused(t, Bitnami, map[string]string{
		"nothing": "", "a leading v": "v1.2.3", "four numbers": "1.2.3.4", "a nightly build": "nightly.2026-03-10.0", "an empty revision": "1.0.0-",
		"an odd character": "1.0.0-a_b", "no hyphen": "1.0.0rc1",
	})
}
