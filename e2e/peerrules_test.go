package e2e

import (
	"slices"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/finding"
)

// difference is a fact that one of two tools states about an image, and the other does not.
type difference struct {
	fact
	ours           bool // plimsoll states it; else the peer does
	places         []place
	plimsoll, peer side
}

// everywhere tells whether something holds of every place at which the fact was found.
func (d difference) everywhere(holds func(place) bool) bool {
	return len(d.places) > 0 && !slices.ContainsFunc(d.places, func(p place) bool { return !holds(p) })
}

// gap tells whether plimsoll itself says of a place that something is not known.
func (d difference) gap(code string, p place) bool {
	for _, g := range d.plimsoll.report.Coverage.Gaps {
		if g.Code == code && (g.Path == p.path || p.inside && strings.HasPrefix(g.Path, p.path+"!/")) {
			return true
		}
	}
	return false
}

// rule explains a class of differences. Who is right stands in docs/accuracy.md, under its name.
type rule struct {
	name  string
	peers []string
	ours  bool // of what plimsoll alone states; else of what the peer alone does
	holds func(*testing.T, difference) bool
}

// rules lists them; the first that holds explains. debian are Debian's records.
func rules(debian map[[2]string][]*rawRecord) []rule {
	named := namedBy(debian)
	scanner, both := []string{"osv-scanner"}, []string{"syft", "osv-scanner"}
	return []rule{
		{"jar named by a guess", both, true, func(_ *testing.T, d difference) bool {
			return d.kind == "maven" && d.record == "" && d.everywhere(func(p place) bool {
				return p.guessed && slices.Contains(d.peer.at(p), true)
			})
		}},
		{"jar named by a guess of theirs", both, false, func(_ *testing.T, d difference) bool {
			return d.kind == "maven" && d.record == "" && d.everywhere(func(p place) bool {
				return p.guessed && slices.Contains(d.plimsoll.at(p), true)
			})
		}},
		{"jar whose pom names it", []string{"syft"}, false, func(_ *testing.T, d difference) bool {
			return d.kind == "maven" && d.everywhere(func(p place) bool {
				return p.guessed && slices.Contains(d.plimsoll.at(p), false)
			})
		}},
		{"jar that says nothing", []string{"syft"}, false, func(_ *testing.T, d difference) bool {
			return d.kind == "maven" && d.everywhere(func(p place) bool {
				return d.gap("unidentified-jar", p) && len(d.plimsoll.at(p)) == 0
			})
		}},
		{"jar called unknown", scanner, false, func(_ *testing.T, d difference) bool {
			return d.name == "unknown:unknown" && d.everywhere(func(p place) bool {
				return d.gap("unidentified-jar", p) || slices.Contains(d.plimsoll.at(p), true)
			})
		}},
		{"Go program without modules", scanner, true, func(_ *testing.T, d difference) bool {
			return d.kind == "golang" && d.version == "" && d.everywhere(func(p place) bool { return d.gap("no-module-list", p) })
		}},
		{"package.json not read", scanner, true, func(_ *testing.T, d difference) bool {
			return d.kind == "npm" && d.record == "" && d.everywhere(func(p place) bool {
				return strings.HasSuffix(p.path, "/package.json") && !strings.HasPrefix(p.path, "app/node_modules/")
			})
		}},
		{"gemspec not read", scanner, true, func(_ *testing.T, d difference) bool {
			return d.kind == "gem" && d.record == "" && d.everywhere(func(p place) bool { return strings.HasSuffix(p.path, ".gemspec") })
		}},
		{"kernel headers left out", scanner, true, func(_ *testing.T, d difference) bool {
			return d.kind == "deb" && d.name == "linux-libc-dev"
		}},
		{"record of a package that only one lists", scanner, true, func(_ *testing.T, d difference) bool {
			_, listed := d.peer.facts[d.ofPackage()]
			return d.record != "" && !listed
		}},
		{"owned by the distribution, whose records name it", scanner, false, func(_ *testing.T, d difference) bool {
			cve, source := d.suppressed()
			return cve != "" && named[[2]string{source, cve}]
		}},
		{"source's name with the binary's version: missed", scanner, true, pairsNameWithBinary(debian)},
		{"source's name with the binary's version: false", scanner, false, pairsNameWithBinary(debian)},
	}
}

// namedBy tells of which CVEs a distribution's records say anything about a source package, of
// whatever release.
func namedBy(records map[[2]string][]*rawRecord) map[[2]string]bool {
	named := map[[2]string]bool{}
	for key, list := range records {
		for _, r := range list {
			for _, cve := range r.cves() {
				named[[2]string{key[1], cve}] = true
			}
		}
	}
	return named
}

// suppressed returns the row that plimsoll suppressed because the distribution's package brought
// what the fact speaks of, and that package's source.
func (d difference) suppressed() (id, source string) {
	packages := d.plimsoll.report.Packages
	for _, s := range d.plimsoll.report.Suppressed {
		if s.Reason != finding.OwnedByDistro || !slices.Contains(d.peer.names[d.record], s.ID) {
			continue
		}
		for _, p := range packages {
			if p.PURL != s.Package || p.OwnedBy == "" || p.Type != d.kind || p.Name != d.name || strings.TrimPrefix(p.Version, "v") != d.version {
				continue
			}
			for _, owner := range packages {
				if owner.PURL == p.OwnedBy {
					return s.ID, owner.Source.Name
				}
			}
		}
	}
	return "", ""
}

// pairsNameWithBinary: the slow matcher gives plimsoll's answer for the source's version, and
// osv-scanner's for the binary's.
func pairsNameWithBinary(debian map[[2]string][]*rawRecord) func(*testing.T, difference) bool {
	return func(t *testing.T, d difference) bool {
		t.Helper()
		if d.kind != "deb" || d.record == "" {
			return false
		}
		release := "Debian:" + d.plimsoll.report.Distro.VersionID
		for _, p := range d.plimsoll.report.Packages {
			if p.Type != "deb" || p.Name != d.name || p.Version != d.version || p.Source.Version == p.Version {
				continue
			}
			for _, record := range debian[[2]string{release, p.Source.Name}] {
				if record.ID != d.record {
					continue
				}
				bySource, err := record.affects(release, p.Source.Name, p.Source.Version)
				if err != nil {
					t.Fatal(err)
				}
				byBinary, err := record.affects(release, p.Source.Name, p.Version)
				if err != nil {
					t.Fatal(err)
				}
				return bySource == d.ours && byBinary != d.ours
			}
		}
		return false
	}
}
