package db

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/ecosystem"
)

// answer is what a look-up finds in one record.
type answer struct {
	Record Record
	Match  Match
}

// ask returns all that is not "not affected".
func ask(t testing.TB, d *DB, ecosystemName, name, version string) []answer {
	t.Helper()
	cursor, err := d.Lookup(ecosystemName, name)
	if err != nil {
		t.Fatal(err)
	}
	key, _ := ecosystem.OrderingOf(ecosystemName).AppendKey(nil, version) // refused versions have none
	var answers []answer
	for cursor.Next() {
		match := cursor.Match(key, version)
		if match.State == NotAffected {
			continue
		}
		record, err := cursor.Record()
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer{record, match})
	}
	if err := cursor.Err(); err != nil {
		t.Fatal(err)
	}
	return answers
}

func TestMatch(t *testing.T) {
	d := sample().open(t)
	unimportant := []advisory.Rating{{Source: "debian/urgency", Severity: advisory.Negligible}}
	for _, test := range []struct {
		name                         string
		ecosystem, package_, version string
		want                         map[string]Match
	}{
		{"before the fix", "Alpine:v3.20", "openssl", "3.3.2-r0",
			map[string]Match{"ALPINE-CVE-2024-0001": {State: Affected, Range: ">=0,<3.3.3-r0", Fixed: "3.3.3-r0"}}},
		{"the fix", "Alpine:v3.20", "openssl", "3.3.3-r0", nil},
		{"events in no order", "Alpine:v3.19", "openssl", "3.1.0-r0",
			map[string]Match{"ALPINE-CVE-2024-0001": {State: Affected, Range: ">=3.1.0-r0,<3.1.8-r0", Fixed: "3.1.8-r0"}}},
		{"before it was introduced", "Alpine:v3.19", "openssl", "3.0.9-r0", nil},
		{"another release", "Alpine:v3.18", "openssl", "3.1.0-r0", nil},
		{"another package", "Alpine:v3.20", "openss", "3.1.0-r0", nil},
		{"fixed in 0 is never affected", "Alpine:v3.20", "db", "5.3.28-r4", nil},
		{"no fix", "Debian:12", "openssl", "3.0.15-1~deb12u1",
			map[string]Match{"DEBIAN-CVE-2024-0001": {State: Affected, Range: ">=0", Ratings: unimportant}}},
		{"end of life", "Debian:10", "openssl", "1.1.1n-0+deb10u3",
			map[string]Match{"DEBIAN-CVE-2024-0001": {State: Affected, Range: ">=0", WontFix: true}}},
		{"the last affected", "Go", "example.com/m", "v1.2.0", map[string]Match{
			"GO-2024-0001":        {State: Affected, Range: ">=1.0.0,<=1.2.0", LastAffected: true},
			"GHSA-aaaa-bbbb-cccc": {State: Affected, Range: ">=0"}}},
		{"between two intervals", "Go", "example.com/m", "v1.2.1",
			map[string]Match{"GHSA-aaaa-bbbb-cccc": {State: Affected, Range: ">=0"}}},
		{"listed", "Go", "example.com/m", "v0.9.0", map[string]Match{
			"GO-2024-0001":        {State: Affected, Range: "=v0.9.0", LastAffected: true},
			"GHSA-aaaa-bbbb-cccc": {State: Affected, Range: ">=0"}}},
		{"a version that its ecosystem refuses", "Go", "example.com/m", "(devel)", map[string]Match{
			"GO-2024-0001":        {State: Undecided, Range: ">=2.0.0,<2.1.0"},
			"GHSA-aaaa-bbbb-cccc": {State: Affected, Range: ">=0"}}},
		{"listed, where versions have no order", "OSS-Fuzz", "libpng", "1.1",
			map[string]Match{"OSV-2024-1": {State: Affected, Range: "=1.1", Fixed: "1.2"}}},
		{"not listed, where versions have no order", "OSS-Fuzz", "libpng", "1.1.1",
			map[string]Match{"OSV-2024-1": {State: Undecided, Range: ">=1.0,<1.2"}}},
		{"the only fix, where versions have no order", "OSS-Fuzz", "libpng", "1.2", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := map[string]Match{}
			for _, a := range ask(t, d, test.ecosystem, test.package_, test.version) {
				got[a.Record.ID] = a.Match
			}
			if test.want == nil {
				test.want = map[string]Match{}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestWhatAffectsNothingIsKept: that a record names a package says something, whatever it says.
func TestWhatAffectsNothingIsKept(t *testing.T) {
	d := sample().open(t)
	for _, test := range []struct {
		ecosystem, package_ string
		want                map[string]bool // by record: it affects nothing
	}{
		{"Alpine:v3.20", "db", map[string]bool{"ALPINE-CVE-2016-0682": true}},
		{"Alpine:v3.20", "openssl", map[string]bool{"ALPINE-CVE-2024-0001": false}},
		{"OSS-Fuzz", "libpng", map[string]bool{"OSV-2024-1": false}},
	} {
		t.Run(test.package_, func(t *testing.T) {
			cursor, err := d.Lookup(test.ecosystem, test.package_)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			for cursor.Next() {
				record, err := cursor.Record()
				if err != nil {
					t.Fatal(err)
				}
				got[record.ID] = cursor.AffectsNone()
			}
			if diff := cmp.Diff(test.want, got); diff != "" || cursor.Err() != nil {
				t.Errorf("%v (-want +got)\n%s", cursor.Err(), diff)
			}
		})
	}
}

func TestRecord(t *testing.T) {
	d := sample().open(t)
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	critical := advisory.Rating{Source: "ALPINE-CVE-2024-0001", Score: 9.8, Severity: advisory.Critical,
		Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
	for _, test := range []struct {
		name                         string
		ecosystem, package_, version string
		want                         []Record
	}{
		{"the CVE from the id, CVSS", "Alpine:v3.20", "openssl", "1", []Record{
			{Shard: "osv/Alpine", ID: "ALPINE-CVE-2024-0001", CVEs: []string{"CVE-2024-0001"}, Ratings: []advisory.Rating{critical}}}},
		{"an erratum for several CVEs", "Debian:12", "openjdk-11", "1", []Record{
			{Shard: "osv/Debian", ID: "DSA-5000-1", CVEs: []string{"CVE-2021-35550", "CVE-2021-35556"},
				Published: day(2021, 11, 1), Erratum: true}}},
		{"aliases, withdrawn, a word", "Go", "example.com/m", "2.0.0", []Record{
			{Shard: "osv/Go", ID: "GHSA-aaaa-bbbb-cccc", CVEs: []string{"CVE-2024-0001"}, Withdrawn: day(2024, 3, 1),
				Ratings: []advisory.Rating{{Source: "ghsa/severity", Severity: advisory.Medium}}},
			{Shard: "osv/Go", ID: "GO-2024-0001", CVEs: []string{"CVE-2024-0001"}, Aliases: []string{"GHSA-aaaa-bbbb-cccc"}}}},
		{"a vector that cannot be scored", "OSS-Fuzz", "libpng", "1.0", []Record{
			{Shard: "osv/OSS-Fuzz", ID: "OSV-2024-1", CVEs: []string{"CVE-2024-0002"},
				Ratings: []advisory.Rating{{Source: "OSV-2024-1", Vector: "CVSS:3.1/AV:X"}}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []Record
			for _, a := range ask(t, d, test.ecosystem, test.package_, test.version) {
				got = append(got, a.Record)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestCovers(t *testing.T) {
	d := sample().open(t)
	for name, want := range map[string]bool{
		"Alpine:v3.20": true, "Alpine:v3.21": false, "Alpine": false, "Debian:12": true, "Debian:13": false,
		"Go": true, "npm": false, "": false,
	} {
		if got := d.Covers(name); got != want {
			t.Errorf("Covers(%q) = %v", name, got)
		}
	}
}

func TestAboutOneCVE(t *testing.T) {
	d := sample().open(t)
	ratings, err := d.RatingsOf("CVE-2024-0001")
	if err != nil {
		t.Fatal(err)
	}
	want := []advisory.Rating{{Source: "ALPINE-CVE-2024-0001", Score: 9.8, Severity: advisory.Critical,
		Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}} // the withdrawn GHSA's word does not count
	if diff := cmp.Diff(want, ratings); diff != "" {
		t.Errorf("ratings (-want +got)\n%s", diff)
	}
	for cve, want := range map[string]*advisory.EPSS{
		"CVE-1999-0001": {CVE: "CVE-1999-0001", Score: 0.03351, Percentile: 0.8765},
		"CVE-2024-0001": {CVE: "CVE-2024-0001", Score: 1, Percentile: 1},
		"CVE-2024-0002": {CVE: "CVE-2024-0002", Score: 0.00001, Percentile: 0},
		"CVE-2024-0003": nil, "CVE-2023-0001": nil, "CVE-2025-0001": nil, "GHSA-aaaa-bbbb-cccc": nil, "": nil,
	} {
		got, ok, err := d.EPSS(cve)
		if err != nil || ok != (want != nil) || ok && got != *want {
			t.Errorf("EPSS(%q) = %v, %v, %v", cve, got, ok, err)
		}
	}
	entry, ok, err := d.KEV("CVE-2024-0001")
	if err != nil || !ok || !entry.DateAdded.Equal(time.Date(2024, 2, 3, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("KEV = %v, %v, %v", entry, ok, err)
	}
	if _, ok, err := d.KEV("CVE-2024-0002"); ok || err != nil {
		t.Errorf("KEV of a CVE that is not there = %v, %v", ok, err)
	}
}

func TestSources(t *testing.T) {
	file, _ := sample().build(t, Options{AsOf: testDay(), Sources: map[string]SourceInfo{
		"osv/Alpine": {AsOf: time.Date(2025, 2, 16, 0, 0, 0, 0, time.UTC), Licence: "CC-BY-SA-4.0", Attribution: "Alpine Linux"}}})
	d := openTest(t, file)
	var got []string
	for _, s := range d.Sources() {
		if s.Digest.IsZero() || s.Size == 0 {
			t.Errorf("%s: no digest or size", s.Name)
		}
		got = append(got, s.Name+" "+s.AsOf.Format(time.DateOnly)+" "+s.Newest.Format(time.RFC3339)+" "+s.Licence+" "+s.Version)
		if want := map[string]int{"osv/Go": 1}[s.Name]; s.FutureDated != want {
			t.Errorf("%s has %d records of the future, want %d", s.Name, s.FutureDated, want)
		}
	}
	want := []string{
		"epss 2026-11-22 2026-08-16T00:00:00Z  v2026.06.15",
		"kev 2026-11-22 2026-08-07T16:45:47Z  2026.08.07",
		"osv/Alpine 2025-02-16 2024-02-01T00:00:00Z CC-BY-SA-4.0 ",
		"osv/Debian 2026-11-22 2024-03-01T00:00:00Z  ",
		"osv/Go 2026-11-22 2024-02-01T00:00:00Z  ",
		"osv/OSS-Fuzz 2026-11-22 2024-02-01T00:00:00Z  ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A look-up that finds nothing to report must not make garbage: images have thousands of packages.
func TestMatchDoesNotAllocateOnAMiss(t *testing.T) {
	d := sample().open(t)
	key, err := ecosystem.APK.AppendKey(nil, "3.3.9-r0")
	if err != nil {
		t.Fatal(err)
	}
	cursor, err := d.Lookup("Alpine:v3.20", "openssl")
	if err != nil {
		t.Fatal(err)
	}
	if !cursor.Next() {
		t.Fatal("no entry")
	}
	other := append([]byte{}, key...)
	other[len(other)-1]++
	if n := testing.AllocsPerRun(100, func() {
		for _, k := range [][]byte{key, other} {
			if m := cursor.Match(k, "3.3.9-r0"); m.State != NotAffected {
				t.Fatal(m)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
