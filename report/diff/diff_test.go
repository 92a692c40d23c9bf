package diff

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/internal/example"
)

// pkg is a package of type deb, whose source has the same version; at a path it is a Go module.
func pkg(name, version, source, path string) inventory.Package {
	if path != "" {
		return inventory.Package{PURL: "pkg:golang/" + name + "@" + version, Type: "golang", Name: name, Version: version, Locations: []inventory.Location{{Path: path}}}
	}
	return inventory.Package{PURL: "pkg:deb/debian/" + name + "@" + version + "?distro=debian-12", Type: "deb", Name: name, Version: version,
		Source: &inventory.Source{Name: source, Version: version}, Locations: []inventory.Location{{Path: "var/lib/dpkg/status"}}}
}

// seen is a report of packages, with a coverage that has no gap, and a finding CVE-1 in each
// package that is named as affected.
func seen(packages []inventory.Package, affected ...string) *report.Report {
	r := &report.Report{Packages: packages}
	for _, dimension := range []string{"packages/deb", "packages/golang", "advisories/Debian:12", "advisories/Go", "config", "files"} {
		r.Coverage.Set(dimension, inventory.Full)
	}
	for _, p := range packages {
		if slices.Contains(affected, p.Name) {
			source := "osv/Debian"
			if p.Type == "golang" {
				source = "osv/Go"
			}
			name, _ := nameAndVersion(&p)
			r.Findings = append(r.Findings, finding.Finding{Key: finding.VulnerabilityKey("CVE-1", p.PURL), Kind: finding.Vulnerability, ID: "CVE-1", Package: p.PURL,
				Severity: advisory.High, Status: finding.Affected, FixedIn: []string{"9"}, Proof: &finding.Proof{Source: source, Name: name}})
		}
	}
	return r
}

func list(packages ...inventory.Package) []inventory.Package { return packages }

func without(r *report.Report, dimension string, state inventory.State, why string) *report.Report {
	r.Coverage.AddGap(inventory.Gap{Dimension: dimension, Code: "x", Why: why}, state)
	return r
}

func TestFindings(t *testing.T) {
	config := func(is bool) *report.Report {
		r := seen(nil)
		if is {
			r.Findings = []finding.Finding{{Key: "config|user-root", Kind: finding.Config, ID: "user-root", Severity: advisory.Medium, Status: finding.Affected}}
		}
		return r
	}
	waived := seen(list(pkg("curl", "1", "curl", "")), "curl")
	waived.Findings[0].Status = finding.Waived
	foreign := seen(nil)
	foreign.Coverage.States = map[string]inventory.State{"packages/other": inventory.Unknown, "packages/golang": inventory.Full, "advisories/Go": inventory.Full}
	for _, test := range []struct {
		name string
		a, b *report.Report
		want string // STATUS REASON: WHY, of each finding
	}{
		{"an upgrade fixes", seen(list(pkg("curl", "1", "curl", "")), "curl"), seen(list(pkg("curl", "2", "curl", ""))), "fixed upgraded: curl 1 → 2 fixes it"},
		{"an upgrade does not fix", seen(list(pkg("curl", "1", "curl", "")), "curl"), seen(list(pkg("curl", "2", "curl", "")), "curl"), "remaining upgraded: curl 1 → 2 does not fix it; fixed in 9"},
		{"nothing happened", seen(list(pkg("curl", "1", "curl", "")), "curl"), seen(list(pkg("curl", "1", "curl", "")), "curl"), "remaining unchanged: curl 1 is still there; fixed in 9"},
		{"a package is gone", seen(list(pkg("curl", "1", "curl", "")), "curl"), seen(nil), "fixed removed: curl 1 is gone"},
		{"a package came", seen(nil), seen(list(pkg("curl", "1", "curl", "")), "curl"), "new added: came with curl 1"},
		{"an upgrade brought it", seen(list(pkg("curl", "1", "curl", ""))), seen(list(pkg("curl", "2", "curl", "")), "curl"), "new upgraded: curl 1 → 2 brought it"},
		{"a downgrade brought it", seen(list(pkg("curl", "2", "curl", ""))), seen(list(pkg("curl", "1", "curl", "")), "curl"), "new downgraded: curl 2 → 1 brought it"},
		{"the same version, another release", seen(list(pkg("curl", "1", "curl", "")), "curl"), seen(list(pkg("curl", "1", "curl", ""))), "fixed unchanged: no longer reported for curl 1"},
		{"the same version, newly reported", seen(list(pkg("curl", "1", "curl", ""))), seen(list(pkg("curl", "1", "curl", "")), "curl"), "new unchanged: now reported for curl 1"},
		{"the source's name and version", seen(list(pkg("libssl3", "1", "openssl", "")), "libssl3"), seen(list(pkg("libssl3", "2", "openssl", ""))), "fixed upgraded: openssl 1 → 2 fixes it"},
		{"another binary of the source", seen(list(pkg("libssl1.1", "1", "openssl", ""))), seen(list(pkg("libssl3", "2", "openssl", "")), "libssl3"), "new upgraded: openssl 1 → 2 brought it"},
		{"another binary of the source fixes", seen(list(pkg("libssl1.1", "1", "openssl", "")), "libssl1.1"), seen(list(pkg("libssl3", "2", "openssl", ""))), "fixed upgraded: openssl 1 → 2 fixes it"},
		{"a version that cannot be ordered", seen(list(pkg("curl", "1", "curl", "")), "curl"), seen(list(pkg("curl", "a b", "curl", ""))), "fixed replaced: curl 1 → a b fixes it"},
		{"one of two programs", seen(list(pkg("x", "v1.0.0", "", "bin/a"), pkg("x", "v1.1.0", "", "bin/b")), "x"), seen(list(pkg("x", "v2.0.0", "", "bin/a"), pkg("x", "v1.1.0", "", "bin/b"))),
			"fixed upgraded: x v1.0.0 → v2.0.0 fixes it; fixed unchanged: no longer reported for x v1.1.0"},
		{"a program that takes another's version", seen(list(pkg("x", "v1.0.0", "", "bin/a"), pkg("x", "v2.0.0", "", "bin/b")), ""), seen(list(pkg("x", "v2.0.0", "", "bin/a"))), ""},
		{"the configuration mends", config(true), config(false), "fixed configured: the configuration of B mends it"},
		{"the configuration brings", config(false), config(true), "new configured: the configuration of B brings it"},
		{"the configuration stays", config(true), config(true), "remaining configured: the configuration of both has it"},
		{"waived", waived, seen(nil), ""},

		{"B was not looked at for the packages", seen(list(pkg("curl", "1", "curl", "")), "curl"), without(seen(nil), "packages/deb", inventory.Unknown, ""),
			"unclear not-seen: A has it with curl 1, and B was not looked at in full"},
		{"B was seen in part", seen(list(pkg("curl", "1", "curl", "")), "curl"), without(seen(nil), "packages/deb", inventory.Partial, ""),
			"unclear not-seen: A has it with curl 1, and B was not looked at in full"},
		{"B is a bill without the type", seen(list(pkg("curl", "1", "curl", "")), "curl"), foreign, "unclear not-seen: A has it with curl 1, and B was not looked at in full"},
		{"B is a bill with the type", seen(list(pkg("x", "v1.0.0", "", "bin/a")), "x"), foreign, "fixed removed: x v1.0.0 is gone"},
		{"A was not looked at", without(seen(nil), "packages/deb", inventory.Unknown, ""), seen(list(pkg("curl", "1", "curl", "")), "curl"),
			"unclear not-seen: B has it with curl 1, and A was not looked at in full"},
		{"no advisories for B's release", seen(list(pkg("curl", "1", "curl", "")), "curl"), without(seen(list(pkg("curl", "2", "curl", ""))), "advisories/Debian:12", inventory.Unknown, ""),
			"unclear not-seen: A has it with curl 1, and B was not looked at in full"},
		{"B's version cannot be compared", seen(list(pkg("curl", "1", "curl", "")), "curl"), without(seen(list(pkg("curl", "2", "curl", ""))), "advisories/Debian:12", inventory.Partial, "curl has version"),
			"unclear not-seen: A has it with curl 1, and B was not looked at in full"},
		{"another package cannot be compared", seen(list(pkg("curl", "1", "curl", "")), "curl"), without(seen(list(pkg("curl", "2", "curl", ""))), "advisories/Debian:12", inventory.Partial, "zlib has version"),
			"fixed upgraded: curl 1 → 2 fixes it"},
		{"B's configuration is not known", config(true), without(config(false), "config", inventory.Unknown, ""), "unclear not-seen: A has it with its configuration, and B was not looked at in full"},
	} {
		got := ""
		for i, f := range Of(test.a, test.b).Findings {
			if i > 0 {
				got += "; "
			}
			got += string(f.Status) + " " + string(f.Reason) + ": " + f.Why
		}
		if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

func TestPackages(t *testing.T) {
	arm := pkg("curl", "2", "curl", "")
	arm.PURL, arm.Arch = "pkg:deb/debian/curl@2?arch=arm64", "arm64"
	for _, test := range []struct {
		name string
		a, b []inventory.Package
		want []Package
	}{
		{"nothing", list(pkg("curl", "1", "curl", "")), list(pkg("curl", "1", "curl", "")), []Package{}},
		{"upgraded", list(pkg("curl", "1:1", "curl", "")), list(pkg("curl", "1:10", "curl", "")), []Package{{Upgraded, "deb", "curl", "curl", "1:1", "1:10"}}},
		{"downgraded", list(pkg("x", "v1.10.0", "", "a")), list(pkg("x", "v1.9.0", "", "a")), []Package{{Downgraded, "golang", "x", "", "v1.10.0", "v1.9.0"}}},
		{"added and removed", list(pkg("a", "1", "a", "")), list(pkg("b", "1", "b", "")), []Package{{Removed, "deb", "a", "a", "1", ""}, {Added, "deb", "b", "b", "", "1"}}},
		{"by place", list(pkg("x", "v1.0.0", "", "a"), pkg("x", "v1.1.0", "", "b")), list(pkg("x", "v1.2.0", "", "b"), pkg("x", "v1.3.0", "", "a")),
			[]Package{{Upgraded, "golang", "x", "", "v1.0.0", "v1.3.0"}, {Upgraded, "golang", "x", "", "v1.1.0", "v1.2.0"}}},
		{"two versions become one", list(pkg("x", "v1.0.0", "", "a"), pkg("x", "v1.1.0", "", "b")), list(pkg("x", "v1.2.0", "", "c")),
			[]Package{{Upgraded, "golang", "x", "", "v1.0.0", "v1.2.0"}, {Upgraded, "golang", "x", "", "v1.1.0", "v1.2.0"}}},
		{"one becomes what is there", list(pkg("x", "v1.0.0", "", "a"), pkg("x", "v1.1.0", "", "b")), list(pkg("x", "v1.1.0", "", "a"), pkg("x", "v1.1.0", "", "b")),
			[]Package{{Upgraded, "golang", "x", "", "v1.0.0", "v1.1.0"}}},
		{"a second program", list(pkg("x", "v1.0.0", "", "a")), list(pkg("x", "v1.0.0", "", "a"), pkg("x", "v1.1.0", "", "b")), []Package{{Added, "golang", "x", "", "", "v1.1.0"}}},
		{"another architecture", list(pkg("curl", "2", "curl", "")), list(arm), []Package{{Removed, "deb", "curl", "curl", "2", ""}, {Added, "deb", "curl", "curl", "", "2"}}},
	} {
		got := Of(&report.Report{Packages: test.a}, &report.Report{Packages: test.b}).Packages
		slices.SortFunc(got, func(x, y Package) int { return len(y.From) - len(x.From) })
		slices.SortFunc(test.want, func(x, y Package) int { return len(y.From) - len(x.From) })
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestSettings(t *testing.T) {
	a := inventory.TargetConfig{Env: []string{"PATH=/bin", "TOKEN=<redacted>", "OLD=1"}, Entrypoint: []string{"/bin/a"}, ExposedPorts: []string{"80/tcp", "443/tcp"},
		Labels: map[string]string{"version": "1"}}
	b := inventory.TargetConfig{User: "65532", Env: []string{"PATH=/usr/bin", "TOKEN=<redacted>", "NEW=1"}, Entrypoint: []string{"/bin/b", "-x"}, Cmd: []string{"serve"},
		ExposedPorts: []string{"443/tcp", "8080/tcp"}, Labels: map[string]string{"version": "2"}, Healthcheck: true}
	of := func(c inventory.TargetConfig) *report.Report {
		return &report.Report{Target: inventory.Target{Config: c}}
	}
	want := []Setting{
		{"user", "", Added, "", "65532"}, {"entrypoint", "", Replaced, "/bin/a", "/bin/b -x"}, {"cmd", "", Added, "", "serve"}, {"healthcheck", "", Added, "", "yes"},
		{"exposedPorts", "", Removed, "80/tcp", ""}, {"exposedPorts", "", Added, "", "8080/tcp"},
		{"env", "NEW", Added, "", ""}, {"env", "OLD", Removed, "", ""}, {"env", "PATH", Replaced, "", ""}, {"labels", "version", Replaced, "1", "2"},
	}
	if diff := cmp.Diff(want, Of(of(a), of(b)).Config); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	unknown := of(inventory.TargetConfig{})
	unknown.Coverage.Set("config", inventory.Unknown)
	if got := Of(of(a), unknown).Config; len(got) > 0 {
		t.Errorf("of a configuration that is not known: %v", got)
	}
}

func TestCoverageAndSight(t *testing.T) {
	of := func(states map[string]inventory.State, packages ...inventory.Package) *report.Report {
		return &report.Report{Packages: packages, Coverage: inventory.Coverage{States: states}}
	}
	type states = map[string]inventory.State
	full := states{"packages/deb": inventory.Full, "packages/npm": inventory.Full, "advisories/Debian:12": inventory.Full}
	for _, test := range []struct {
		name string
		a, b *report.Report
		want []Coverage
		lost bool
	}{
		{"both in full", of(full), of(full), []Coverage{}, false},
		{"another release", of(full), of(states{"packages/deb": inventory.Full, "packages/npm": inventory.Full, "advisories/Debian:13": inventory.Full}), []Coverage{}, false},
		{"a release without advisories", of(full), of(states{"packages/deb": inventory.Full, "packages/npm": inventory.Full, "advisories/Debian:14": inventory.Unknown}),
			[]Coverage{{"advisories/Debian:14", "", inventory.Unknown}}, true},
		{"neither for npm", of(states{"packages/npm": inventory.Unknown}), of(states{"packages/npm": inventory.Unknown}), []Coverage{{"packages/npm", inventory.Unknown, inventory.Unknown}}, false},
		{"A not for npm", of(states{"packages/npm": inventory.Unknown}), of(states{"packages/npm": inventory.Full}), []Coverage{{"packages/npm", inventory.Unknown, inventory.Full}}, false},
		{"B in part", of(full), of(states{"packages/deb": inventory.Partial, "packages/npm": inventory.Full, "advisories/Debian:12": inventory.Full}),
			[]Coverage{{"packages/deb", inventory.Full, inventory.Partial}}, true},
		{"B a bill without npm, of which A has none", of(full), of(states{"packages/deb": inventory.Full, "packages/other": inventory.Unknown, "advisories/Debian:12": inventory.Full}),
			[]Coverage{{"packages/other", inventory.Full, inventory.Unknown}}, true},
		{"B a bill without npm, of which A has some", of(full, inventory.Package{PURL: "pkg:npm/a@1", Type: "npm"}),
			of(states{"packages/deb": inventory.Full, "packages/other": inventory.Unknown, "advisories/Debian:12": inventory.Full}),
			[]Coverage{{"packages/npm", inventory.Full, ""}, {"packages/other", inventory.Full, inventory.Unknown}}, true},
		{"B a bill that is complete", of(full), of(states{"packages/deb": inventory.Full, "advisories/Debian:12": inventory.Full}), []Coverage{}, false},
		{"secrets were not asked for", of(states{"secret": inventory.NotRun}), of(states{"secret": inventory.NotRun}), []Coverage{}, false},
	} {
		d := Of(test.a, test.b)
		if diff := cmp.Diff(test.want, d.Coverage); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if d.LostSight() != test.lost {
			t.Errorf("%s: lost sight is %t", test.name, d.LostSight())
		}
	}
}

func TestLayers(t *testing.T) {
	of := func(names ...string) *report.Report {
		r := &report.Report{}
		for _, name := range names {
			r.Target.Layers = append(r.Target.Layers, inventory.TargetLayer{DiffID: image.DigestOf([]byte(name)), Size: 10})
		}
		return r
	}
	if d := Of(of("a", "b", "c"), of("a", "b", "d", "e")); *d.SharedLayers != 2 || d.A.Size != 30 || d.B.Layers != 4 {
		t.Errorf("%d shared, A has %d bytes, B %d layers", *d.SharedLayers, d.A.Size, d.B.Layers)
	}
	if d := Of(of("a"), of()); d.SharedLayers != nil {
		t.Error("layers are compared with none")
	}
}

// TestNothingChangesAgainstItself: no example differs from itself, and every finding is counted
// once, whichever way round.
func TestNothingChangesAgainstItself(t *testing.T) {
	for name, r := range example.All() {
		d := Of(r, r)
		if len(d.Packages) > 0 || len(d.Config) > 0 {
			t.Errorf("%s: packages %v, configuration %v", name, d.Packages, d.Config)
		}
		for _, f := range d.Findings {
			if f.Status != Remaining || f.Reason == Upgraded {
				t.Errorf("%s: %+v", name, f)
			}
		}
		for other, s := range example.All() {
			forth, back := Of(r, s), Of(s, r)
			if len(forth.Findings) != len(back.Findings) {
				t.Errorf("%s and %s: %d findings one way, %d the other", name, other, len(forth.Findings), len(back.Findings))
			}
		}
	}
}

func TestTheSameEveryTime(t *testing.T) {
	for name, pair := range example.Pairs() {
		want := Of(pair[0], pair[1])
		for range 20 {
			if diff := cmp.Diff(want, Of(pair[0], pair[1]), cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
				t.Fatalf("%s:\n%s", name, diff)
			}
		}
	}
}
