package table

import (
	"strings"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/internal/example"
)

// TestWhatTheAbsenceOfFindingsMeans: only an image in which everything was understood is good
// news.
func TestWhatTheAbsenceOfFindingsMeans(t *testing.T) {
	packages := []inventory.Package{{PURL: "pkg:apk/alpine/a@1", Type: "apk", Name: "a", Version: "1"}}
	database := &report.Database{}
	states := func(pairs ...string) inventory.Coverage {
		c := inventory.Coverage{States: map[string]inventory.State{}}
		for i := 0; i < len(pairs); i += 2 {
			c.States[pairs[i]] = inventory.State(pairs[i+1])
		}
		return c
	}
	for name, test := range map[string]struct {
		report report.Report
		want   string
	}{
		"all understood": {
			report.Report{Packages: packages, Database: database, Coverage: states("packages/apk", "full", "advisories/Alpine:v3.20", "full", "secret", "not-run")},
			"No known vulnerabilities in 1 package; everything that was found was understood."},
		"all understood, but for a remark": {
			report.Report{Packages: packages, Database: database, Coverage: inventory.Coverage{
				States: states("packages/apk", "full", "advisories/Alpine:v3.20", "full").States,
				Gaps:   []inventory.Gap{{Dimension: "packages/apk", Code: "unversioned-package"}}}},
			"No known vulnerabilities in 1 package, as far as the remarks below allow to say."},
		"one kind of package not understood": {
			report.Report{Packages: packages, Database: database, Coverage: states("packages/apk", "full", "packages/pypi", "unknown", "advisories/Alpine:v3.20", "full")},
			"No known vulnerabilities were found in 1 package, but that is not all there is. Nothing can be said about: Python packages."},
		"no advisories for the release": {
			report.Report{Packages: packages, Database: database, Coverage: states("packages/apk", "full", "advisories/Alpine:v9.1", "unknown")},
			"No known vulnerabilities were found in 1 package, but that is not all there is. Nothing can be said about: advisories for Alpine:v9.1."},
		"understood in part": {
			report.Report{Packages: packages, Database: database, Coverage: states("packages/apk", "partial", "advisories/Alpine:v3.20", "full")},
			"No known vulnerabilities were found in 1 package, but that is not all there is. Only in part understood: Alpine packages."},
		"a state that this version does not know": {
			report.Report{Packages: packages, Database: database, Coverage: states("packages/apk", "fine", "advisories/Alpine:v3.20", "full")},
			"No known vulnerabilities were found in 1 package, but that is not all there is. Nothing can be said about: Alpine packages."},
		"no advisories were looked up": {
			report.Report{Packages: packages, Database: database, Coverage: states("packages/apk", "full")},
			"No known vulnerabilities were found in 1 package, but that is not all there is. Nothing can be said about: advisories for these packages."},
		"no coverage was recorded": {
			report.Report{Packages: packages, Database: database},
			"No known vulnerabilities were found in 1 package, but that is not all there is. Nothing can be said about: packages of any kind, advisories for these packages."},
		"no database": {
			report.Report{Packages: packages, Coverage: states("packages/apk", "full")},
			"Vulnerabilities were not looked for: nothing can be said about them."},
		"no package": {
			report.Report{Database: database, Coverage: states("packages/apk", "full"), Manifest: inventory.ManifestRef{Files: 1}},
			"No package was found, so nothing can be said about vulnerabilities of 1 executable file."},
	} {
		p := &page{Options: Options{Width: 160, Color: true}}
		p.findings(&test.report)
		got := strings.Join(strings.Fields(colors.ReplaceAllString(p.text.String(), "")), " ")
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if isGood := strings.Contains(p.text.String(), "\x1b["+string(good)+"m"); isGood != (name == "all understood") {
			t.Errorf("%s: shown as good: %v", name, isGood)
		}
	}
}

func TestTheAgeOfTheAdvisories(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		source report.Source
		want   string
	}{
		"of today":           {report.Source{AsOf: now}, ""},
		"seven days old":     {report.Source{AsOf: now.Add(-old)}, ""},
		"older":              {report.Source{AsOf: now.Add(-old - time.Second)}, "x is 7 days old: what was published since is not in this result"},
		"of any age":         {report.Source{}, "x may be of any age: what it lacks, this result lacks"},
		"from the future":    {report.Source{AsOf: now.Add(48 * time.Hour)}, "x is dated after this run: is a clock wrong?"},
		"records from there": {report.Source{AsOf: now, Newest: now.Add(48 * time.Hour)}, "x is dated after this run: is a clock wrong?"},
	} {
		test.source.Name = "x"
		if got := warningOf(test.source, now); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestOnlyTheSourcesThatMatterAreShown(t *testing.T) {
	r := example.Denied()
	for i := range r.Database.Sources {
		if r.Database.Sources[i].Name == "osv/Alpine" {
			r.Database.Sources[i].AsOf = time.Time{}
		}
	}
	if got := render(t, Options{}, r); strings.Contains(got, "Alpine") {
		t.Errorf("a Debian image's report speaks of Alpine:\n%s", got)
	}
}

func TestAllShowsEverything(t *testing.T) {
	r := example.Many()
	some, all := render(t, Options{}, r), render(t, Options{All: true}, r)
	if !strings.Contains(some, "… and 50 more rows: --all shows them") || strings.Contains(all, "--all") {
		t.Error("hidden rows are not announced, or announced where there are none")
	}
	words := strings.Join(strings.Fields(all), "")
	for _, f := range r.Findings {
		if !strings.Contains(words, f.ID) {
			t.Errorf("--all does not show %s", f.ID)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{percent(0), "<0.1 %"}, {percent(0.00099), "<0.1 %"}, {percent(0.001), "0.1 %"}, {percent(0.0449), "4.5 %"},
		{percent(0.1), "10 %"}, {percent(0.944), "94 %"}, {percent(1), "100 %"},
		{bytesOf(999), "999 B"}, {bytesOf(1500), "2 kB"}, {bytesOf(48_300_000), "48.3 MB"}, {bytesOf(12_900_000_000), "12.9 GB"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}
