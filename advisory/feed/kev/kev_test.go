package kev

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory"
)

func TestRead(t *testing.T) {
	got, err := Read(strings.NewReader(`{"title":"…","catalogVersion":"2026.08.07","dateReleased":"2026-08-07T16:45:47.0648Z","count":1,
		"vulnerabilities":[{"cveID":"CVE-2026-8037","vendorProject":"P","dateAdded":"2026-08-07","dueDate":"2026-08-28"}]}`), "kev.json")
	if err != nil {
		t.Fatal(err)
	}
	want := Catalogue{Version: "2026.08.07", Released: time.Date(2026, 8, 7, 16, 45, 47, 64_800_000, time.UTC),
		Entries: []advisory.KEV{{CVE: "CVE-2026-8037", DateAdded: time.Date(2026, 8, 7, 0, 0, 0, 0, time.UTC)}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, message string }{
		"no JSON":           {"<html>", "reading kev.json: decoding"},
		"another document":  {"{}", "no list of vulnerabilities"},
		"no CVE":            {`{"vulnerabilities":[{"cveID":"X"}]}`, `vulnerabilities[0]: "X" is no CVE id`},
		"a date of no form": {`{"vulnerabilities":[{"cveID":"CVE-2026-8037","dateAdded":"07.08.2026"}]}`, "want YYYY-MM-DD"},
		"a long version":    {`{"vulnerabilities":[],"catalogVersion":"` + strings.Repeat("1", 101) + `"}`, "longer than 100"},
	} {
		_, err := Read(strings.NewReader(test.text), "kev.json")
		if err == nil || !strings.Contains(err.Error(), test.message) {
			t.Errorf("%s: error %v, want %q", name, err, test.message)
		}
	}
}

// FuzzRead: whatever the text is, reading it does not panic, and every entry accepted has a CVE
// and a date.
func FuzzRead(f *testing.F) {
	f.Add(`{"catalogVersion":"1","dateReleased":"2026-08-07T16:45:47Z","vulnerabilities":[{"cveID":"CVE-2026-8037","dateAdded":"2026-08-07"}]}`)
	f.Add(`{"vulnerabilities":[null]}`)
	f.Fuzz(func(t *testing.T, text string) {
		catalogue, err := Read(strings.NewReader(text), "kev.json")
		if err != nil {
			return
		}
		for _, e := range catalogue.Entries {
			if _, ok := advisory.ParseCVE(e.CVE); !ok {
				t.Errorf("accepted %+v", e)
			}
		}
	})
}
