package ecosystem

import (
	"strings"
	"testing"
	"time"
)

func TestEndOfSupport(t *testing.T) {
	for name, test := range map[string]struct {
		release Release
		want    string
	}{
		"Debian's long term support":            {Release{ID: "debian", VersionID: "11"}, "2026-08-31"},
		"a point release of Debian":             {Release{ID: "debian", VersionID: "12.4"}, "2028-06-30"},
		"sid has no release":                    {Release{ID: "debian"}, ""},
		"Ubuntu without Pro":                    {Release{ID: "ubuntu", VersionID: "18.04"}, "2023-05-31"},
		"a branch of Alpine":                    {Release{ID: "alpine", VersionID: "3.20.3"}, "2026-04-01"},
		"a branch that begins as another":       {Release{ID: "alpine", VersionID: "3.2.3"}, "2017-05-01"},
		"Alpine's edge":                         {Release{ID: "alpine", VersionID: "3.23_alpha20251016"}, ""},
		"a minor release of Red Hat":            {Release{ID: "rhel", VersionID: "9.4"}, "2032-05-31"},
		"CentOS Linux":                          {Release{ID: "centos", VersionID: "8", Name: "CentOS Linux 8"}, "2021-12-31"},
		"CentOS Stream":                         {Release{ID: "centos", VersionID: "8", Name: "CentOS Stream 8"}, "2024-05-31"},
		"Amazon Linux":                          {Release{ID: "amzn", VersionID: "2"}, "2026-06-30"},
		"a longer version that begins so":       {Release{ID: "amzn", VersionID: "2023"}, "2029-06-30"},
		"a service pack":                        {Release{ID: "sles", VersionID: "15.5"}, "2024-12-31"},
		"a service pack that is not listed":     {Release{ID: "sles", VersionID: "15.9"}, ""},
		"rolling":                               {Release{ID: "wolfi", VersionID: "20230201"}, ""},
		"a derivative does not share":           {Release{ID: "mydebian", VersionID: "12", IDLike: []string{"debian"}}, ""},
		"a release that holds a tab":            {Release{ID: "debian\t12", VersionID: "2028-06-30"}, ""},
		"nothing known":                         {Release{}, ""},
		"Mariner with and without its minor":    {Release{ID: "mariner", VersionID: "2"}, "2025-07-31"},
		"Photon, of which one release is known": {Release{ID: "photon", VersionID: "1.0"}, "2022-02-28"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := EndOfSupport(test.release); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestSupportTable: every line is a comment, or says three things; no release stands twice, and
// every distribution is preceded by a source.
func TestSupportTable(t *testing.T) {
	seen := map[string]bool{}
	source := ""
	for line := range strings.Lines(supportTable) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			source = ""
			continue
		}
		if strings.HasPrefix(line, "# ") {
			source += line
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			t.Errorf("line %q has %d fields, want 3", line, len(fields))
			continue
		}
		if _, err := time.Parse(time.DateOnly, fields[2]); err != nil {
			t.Errorf("line %q: %v", line, err)
		}
		if release := fields[0] + " " + fields[1]; seen[release] {
			t.Errorf("%s stands twice", release)
		} else {
			seen[release] = true
		}
		if !strings.Contains(source, "https://") {
			t.Errorf("line %q has no source above it", line)
		}
	}
	if len(seen) < 100 {
		t.Errorf("%d releases", len(seen))
	}
}
