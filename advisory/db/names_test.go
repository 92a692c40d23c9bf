package db

import (
	"fmt"
	"slices"
	"testing"
)

// listing makes a record that lists one range for a package.
func listing(id, ecosystemName, name, fixed string) string {
	return fmt.Sprintf(`{"id":%q,"modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":%q,"name":%q},
		"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":%q}]}]}]}`, id, ecosystemName, name, fixed)
}

func idsOf(answers []answer) []string {
	var ids []string
	for _, a := range answers {
		ids = append(ids, fmt.Sprint(a.Record.ID, " ", a.Match.State))
	}
	return ids
}

// Case 28: names are folded when the database is built and when it is asked.
func TestNamesAreFoundHoweverTheyAreSpelled(t *testing.T) {
	d := bucket{records: map[string][]string{
		"NuGet": {listing("GHSA-1", "NuGet", "Microsoft.NETCore.App", "8.0.1"), listing("GHSA-2", "NuGet", "Microsoft.NetCore.App", "8.0.2")},
		"PyPI":  {listing("GHSA-3", "PyPI", "zope-interface", "6.1")},
		"npm":   {listing("GHSA-4", "npm", "vvvebJs", "1.0.1"), listing("GHSA-5", "npm", "vvvebjs", "1.0.1")},
	}}.open(t)
	for _, test := range []struct {
		ecosystem, name, version string
		want                     []string
	}{
		{"NuGet", "microsoft.netcore.app", "8.0.0", []string{"GHSA-1 1", "GHSA-2 1"}},
		{"NuGet", "Microsoft.NETCore.App", "8.0.1", []string{"GHSA-2 1"}},
		{"PyPI", "Zope.Interface", "6.0", []string{"GHSA-3 1"}},
		{"npm", "vvvebJs", "1.0.0", []string{"GHSA-4 1"}},
		{"npm", "VvvebJs", "1.0.0", nil},
	} {
		if got := idsOf(ask(t, d, test.ecosystem, test.name, test.version)); !slices.Equal(got, test.want) {
			t.Errorf("%s %s %s: got %v, want %v", test.ecosystem, test.name, test.version, got, test.want)
		}
	}
}

// Where the suffix names an ecosystem each release has the order of its own, and the same version
// of the same package may stand in several.
func TestReleasesMayHaveOrderingsOfTheirOwn(t *testing.T) {
	d := bucket{records: map[string][]string{"Root": {
		listing("ROOT-1", "Root:Alpine:3.18", "openssl", "1.0.0-r10071"),
		listing("ROOT-2", "Root:Debian:12", "openssl", "1.0.0-r10071"),
		listing("ROOT-3", "Root:PyPI", "OpenSSL", "1.0.0+root.io.2"),
		listing("ROOT-4", "Root", "openssl", "1.0.0"),
	}}}.open(t)
	for _, test := range []struct {
		ecosystem, name, version string
		want                     []string
	}{
		{"Root:Alpine:3.18", "openssl", "1.0.0-r9", []string{"ROOT-1 1"}},
		{"Root:Alpine:3.18", "openssl", "1.0.0-r10071", nil},
		{"Root:Debian:12", "openssl", "1.0.0-r9", []string{"ROOT-2 1"}},
		{"Root:Debian:12", "openssl", "1.0.0+a", []string{}},
		{"Root:PyPI", "openssl", "1.0.0+root.io.1", []string{"ROOT-3 1"}},
		{"Root:PyPI", "openssl", "1.0.0+root.io.10", nil},
		{"Root", "openssl", "0.9", []string{"ROOT-4 2"}},
	} {
		if got := idsOf(ask(t, d, test.ecosystem, test.name, test.version)); !slices.Equal(got, test.want) {
			t.Errorf("%s %s %s: got %v, want %v", test.ecosystem, test.name, test.version, got, test.want)
		}
	}
}
