package osv

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory"
)

func TestParse(t *testing.T) {
	const vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
	cvss := func(source string) advisory.Rating {
		return advisory.Rating{Source: source, Score: 9.8, Vector: vector, Severity: advisory.Critical}
	}
	day := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, test := range []struct {
		name, text string
		want       advisory.Advisory
	}{
		{"names and dates", `{"id":"X-1","modified":"2024-01-02T03:04:05Z","published":"2024-01-02T05:04:05+02:00","withdrawn":null,
			"aliases":["CVE-2024-0001"],"upstream":["U-1"],"related":["R-1"],"summary":"…","unknown":{"a":[1]}}`,
			advisory.Advisory{ID: "X-1", Modified: day, Published: day, Aliases: []string{"CVE-2024-0001"}, Upstream: []string{"U-1"}, Related: []string{"R-1"}}},
		{"GitHub", `{"id":"GHSA-1","modified":"2024-01-02T03:04:05Z","severity":[{"type":"CVSS_V3","score":"` + vector + `"}],
			"database_specific":{"severity":"MODERATE","cwe_ids":[]}}`,
			advisory.Advisory{ID: "GHSA-1", Modified: day, Ratings: []advisory.Rating{
				cvss("GHSA-1"), {Source: "ghsa/severity", Severity: advisory.Medium}}}},
		{"Bitnami", `{"id":"BIT-1","modified":"2024-01-02T03:04:05Z","database_specific":{"severity":"Critical"},
			"affected":[{"package":{"ecosystem":"Bitnami","name":"p"},"severity":[{"type":"CVSS_V3","score":"` + vector + `"}]}]}`,
			advisory.Advisory{ID: "BIT-1", Modified: day, Ratings: []advisory.Rating{{Source: "bitnami/severity", Severity: advisory.Critical}},
				Affected: []advisory.Affected{{Ecosystem: "Bitnami", Name: "p", Ratings: []advisory.Rating{cvss("BIT-1")}}}}},
		{"Ubuntu", `{"id":"UBUNTU-CVE-1","modified":"2024-01-02T03:04:05Z","severity":[{"type":"Ubuntu","score":"low"}],
			"affected":[{"package":{"ecosystem":"Ubuntu:22.04:LTS","name":"p"},"ecosystem_specific":{"ubuntu_priority":"negligible"}},
			            {"package":{"ecosystem":"Ubuntu:22.04:LTS","name":"q"},"ecosystem_specific":{"ubuntu_priority":"untriaged"}}]}`,
			advisory.Advisory{ID: "UBUNTU-CVE-1", Modified: day, Ratings: []advisory.Rating{{Source: "ubuntu/priority", Severity: advisory.Low}},
				Affected: []advisory.Affected{
					{Ecosystem: "Ubuntu:22.04:LTS", Name: "p", Ratings: []advisory.Rating{{Source: "ubuntu/priority", Severity: advisory.Negligible}}},
					{Ecosystem: "Ubuntu:22.04:LTS", Name: "q"}}}},
		{"Debian's urgencies", `{"id":"DEBIAN-CVE-1","modified":"2024-01-02T03:04:05Z","affected":[
			{"package":{"ecosystem":"Debian:12","name":"a"},"ecosystem_specific":{"urgency":"unimportant"}},
			{"package":{"ecosystem":"Debian:12","name":"b"},"ecosystem_specific":{"urgency":"not yet assigned"}},
			{"package":{"ecosystem":"Debian:12","name":"c"},"ecosystem_specific":{"urgency":"end-of-life"}}]}`,
			advisory.Advisory{ID: "DEBIAN-CVE-1", Modified: day, Affected: []advisory.Affected{
				{Ecosystem: "Debian:12", Name: "a", Ratings: []advisory.Rating{{Source: "debian/urgency", Severity: advisory.Negligible}}},
				{Ecosystem: "Debian:12", Name: "b"},
				{Ecosystem: "Debian:12", Name: "c", WontFix: true}}}},
		{"ranges", `{"id":"X-1","modified":"2024-01-02T03:04:05Z","affected":[{"package":{"ecosystem":"Go","name":"p"},"versions":["1"],"ranges":[
			{"type":"SEMVER","events":[{"fixed":"2"},{"introduced":"0"}]},
			{"type":"ECOSYSTEM","events":[{"introduced":"1","last_affected":"3"},{"limit":"*"},{"unknown":"9"}]},
			{"type":"GIT","repo":"https://example.com","events":[{"introduced":"abc"}]}]}]}`,
			advisory.Advisory{ID: "X-1", Modified: day, Affected: []advisory.Affected{{Ecosystem: "Go", Name: "p", Versions: []string{"1"}, Ranges: []advisory.Range{
				{Type: advisory.SemverRange, Events: []advisory.Event{{Kind: advisory.Fixed, Version: "2"}, {Kind: advisory.Introduced, Version: "0"}}},
				{Type: advisory.EcosystemRange, Events: []advisory.Event{{Kind: advisory.Introduced, Version: "1"}, {Kind: advisory.LastAffected, Version: "3"}, {Kind: advisory.Limit, Version: "*"}}},
				{Type: advisory.GitRange, Events: []advisory.Event{{Kind: advisory.Introduced, Version: "abc"}}}}}}}},
		{"commits alone", `{"id":"X-1","modified":"2024-01-02T03:04:05Z","affected":[{"ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]}]}`,
			advisory.Advisory{ID: "X-1", Modified: day}},
		{"what publishers add has any form", `{"id":"GHSA-1","modified":"2024-01-02T03:04:05Z","database_specific":[1],
			"affected":[{"package":{"ecosystem":"PyPI","name":"p"},"ecosystem_specific":{"severity":null,"urgency":7}}]}`,
			advisory.Advisory{ID: "GHSA-1", Modified: day, Affected: []advisory.Affected{{Ecosystem: "PyPI", Name: "p"}}}},
		{"a vector that cannot be scored, a severity of a type to come", `{"id":"X-1","modified":"2024-01-02T03:04:05Z",
			"severity":[{"type":"CVSS_V3","score":"high"},{"type":"CVSS_V9","score":"x"}]}`,
			advisory.Advisory{ID: "X-1", Modified: day, Ratings: []advisory.Rating{{Source: "X-1", Vector: "high"}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parse([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const head = `{"id":"X-1","modified":"2024-01-02T03:04:05Z",`
	for name, test := range map[string]struct{ text, message string }{
		"no JSON":             {"{", "decoding an OSV record"},
		"two values":          {head + `"a":1}{}`, "decoding an OSV record"},
		"no id":               {`{"modified":"2024-01-02T03:04:05Z"}`, `record id ""`},
		"an id in two lines":  {`{"id":"X\n1","modified":"2024-01-02T03:04:05Z"}`, "printable ASCII"},
		"a long id":           {`{"id":"` + strings.Repeat("X", 257) + `","modified":"2024-01-02T03:04:05Z"}`, "1 to 256"},
		"no date":             {`{"id":"X-1"}`, "record X-1 has no time of modification"},
		"a date of no form":   {`{"id":"X-1","modified":"yesterday"}`, `time "yesterday": want RFC 3339`},
		"half a package":      {head + `"affected":[{"package":{"name":"p"}}]}`, "record X-1, affected[0]: a package needs both"},
		"a range of no type":  {head + `"affected":[{"package":{"ecosystem":"Go","name":"p"},"ranges":[{"type":"DATE"}]}]}`, `affected[0]: ranges[0]: range type "DATE"`},
		"a version too long":  {head + `"affected":[{"package":{"ecosystem":"Go","name":"p"},"versions":["` + strings.Repeat("1", 4097) + `"]}]}`, "longer than 4096 bytes"},
		"an event of no form": {head + `"affected":[{"package":{"ecosystem":"Go","name":"p"},"ranges":[{"type":"SEMVER","events":[{"fixed":1}]}]}]}`, "decoding an OSV record"},
	} {
		_, err := Parse([]byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.message) {
			t.Errorf("%s: error %v, want %q", name, err, test.message)
		}
	}
}

// FuzzParse: whatever the text is, parsing it does not panic, and what is accepted has an id, a
// date and, for each affected package, an ecosystem and a name.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"id":"GHSA-1","modified":"2024-01-02T03:04:05Z","severity":[{"type":"CVSS_V4","score":"CVSS:4.0/AV:N"}],
		"affected":[{"package":{"ecosystem":"Go","name":"p"},"versions":["1"],"ecosystem_specific":{"urgency":"low"},
		"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2"}]}]}],"database_specific":{"severity":"LOW"}}`))
	f.Add([]byte(`{"id":"X","modified":"0001-01-01T00:00:00Z","affected":[null]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := Parse(text)
		if err != nil {
			return
		}
		if a.ID == "" || a.Modified.IsZero() {
			t.Errorf("accepted without an id or a date: %+v", a)
		}
		for _, one := range a.Affected {
			if one.Ecosystem == "" || one.Name == "" {
				t.Errorf("accepted without a package: %+v", one)
			}
		}
	})
}
