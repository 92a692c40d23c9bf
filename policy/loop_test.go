package policy

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a loop goes over may be called as a variable is, and is not that variable.
func TestNamesOfLoopsAreNoVariables(t *testing.T) {
	e, err := newEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]struct {
		variables, dimensions []string
		about                 about
	}{
		`!findings.exists(f, f.kev)`:                                              {[]string{"findings"}, []string{"advisories/", "packages/"}, aboutFinding},
		`f.id != "" && findings.exists(f, f.kev)`:                                 {[]string{"f", "findings"}, []string{"advisories/", "packages/"}, aboutFinding},
		`f.kev && findings.exists(f, f.id == "a")`:                                {[]string{"f", "findings"}, []string{"advisories/", "packages/"}, aboutVulnerability},
		`f.names.exists(f, f == "a")`:                                             {[]string{"f"}, nil, aboutFinding},
		`["a"].all(packages, packages == "a")`:                                    {nil, nil, aboutFinding},
		`image.labels.exists(image, image == "a")`:                                {[]string{"image"}, []string{"config"}, aboutFinding},
		`packages.exists(p, p.licenses.exists(files, files == "MIT"))`:            {[]string{"packages"}, []string{"packages/"}, aboutFinding},
		`coverage.all(now, now != "") && now > timestamp("2026-01-01T00:00:00Z")`: {[]string{"coverage", "now"}, nil, aboutFinding},
	} {
		x, issues, err := e.compile(text)
		if issues != nil || err != nil {
			t.Fatalf("%s: %v %v", text, issues, err)
		}
		got := sortedSet(slices.Clone(x.variables))
		if diff := cmp.Diff(want.variables, got); diff != "" && len(got)+len(want.variables) > 0 {
			t.Errorf("%s: variables: -want +got:\n%s", text, diff)
		}
		if diff := cmp.Diff(want.dimensions, x.dimensions); diff != "" && len(x.dimensions)+len(want.dimensions) > 0 {
			t.Errorf("%s: dimensions: -want +got:\n%s", text, diff)
		}
		if x.about != want.about {
			t.Errorf("%s: asked of each %s, want %s", text, x.about, want.about)
		}
	}
}
