package vuln

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
)

// TestCase05ModuleStreams: advisories of one module stream say nothing of another's packages,
// nor of those of no module.
func TestCase05ModuleStreams(t *testing.T) {
	fix := func(id, summary, fixed string) object {
		return record(id, affected("AlmaLinux:8", "nodejs", fixed), object{"summary": summary, "related": []string{"CVE-2026-" + id[len(id)-4:]}})
	}
	database := compile(t, map[string][]object{"AlmaLinux": {
		fix("ALSA-2026:1018", "Important: nodejs:18 security update", "1:18.20.0-1.module_el8.9.0+1+a"),
		fix("ALSA-2026:1020", "Important: nodejs:20 security update", "1:20.12.0-1.module_el8.9.0+2+b"),
		fix("ALSA-2026:1021", "nodejs bug fix update", "1:20.13.0-1.module_el8.9.0+3+c"),
		fix("ALSA-2026:1022", "Important: nodejs security update", "1:20.14.0-1.el8"),
	}})
	const modular, plain = "1:18.14.0-1.module_el8.7.0+9+d", "1:18.14.0-1.el8"
	for _, test := range []struct {
		name, version, module string
		want                  []string
	}{
		{"a package of stream 18", modular, "nodejs:18", []string{"CVE-2026-1018", "CVE-2026-1021"}},
		{"a package of stream 20", modular, "nodejs:20", []string{"CVE-2026-1020", "CVE-2026-1021"}},
		{"a package that does not name its stream", modular, "", []string{"CVE-2026-1018", "CVE-2026-1020", "CVE-2026-1021"}},
		{"a package of no module", plain, "", []string{"CVE-2026-1022"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := rpm("nodejs", test.version, "nodejs", test.version)
			p.Module = test.module
			result := match(t, inventory.Facts{Distro: &inventory.Distro{ID: "almalinux", VersionID: "8.9"}, Packages: []inventory.Package{p}}, database)
			var got []string
			for _, f := range result.Findings {
				got = append(got, f.ID)
			}
			expect(t, got, test.want...)
		})
	}
}

// TestCase09OwnedByTheDistribution: what Debian's package brought is matched by Debian's
// advisories; what pip put beside it, and what a package from elsewhere brought (case 10), by
// PyPI's.
func TestCase09OwnedByTheDistribution(t *testing.T) {
	database := compile(t, map[string][]object{
		"PyPI":   {record("PYSEC-2026-1", affected("PyPI", "urllib3", "2"), object{"aliases": []string{"CVE-2026-1001"}})},
		"npm":    {record("GHSA-1", affected("npm", "a", "2"), object{"aliases": []string{"CVE-2026-1002"}})},
		"Go":     {record("GO-2026-3", affected("Go", "example.com/m", "2.0.0"), object{"aliases": []string{"CVE-2026-1003"}})},
		"Debian": {record("DEBIAN-CVE-2025-1001", affected("Debian:12", "python-urllib3", "0.9"), object{"upstream": []string{"CVE-2025-1001"}})},
	})
	owned := func(p inventory.Package, owner string) inventory.Package {
		p.OwnedBy = owner
		return p
	}
	python := inventory.Package{PURL: "pkg:pypi/urllib3@1", Type: "pypi", Name: "urllib3", Version: "1"}
	node := inventory.Package{PURL: "pkg:npm/a@1", Type: "npm", Name: "a", Version: "1"}
	urllib3, elsewhere := deb("python3-urllib3", "1-1", "python-urllib3", "1-1"), deb("vendor-agent", "5", "vendor-agent", "5")
	result := match(t, debian(urllib3, elsewhere, python, owned(python, urllib3.PURL), owned(node, elsewhere.PURL),
		owned(module("example.com/m", "v1.0.0"), urllib3.PURL)), database)
	expect(t, keys(result.Findings), "CVE-2026-1001 pkg:pypi/urllib3@1", "CVE-2026-1002 pkg:npm/a@1", "CVE-2026-1003 pkg:golang/example.com/m@v1.0.0")
	want := []finding.Suppressed{{Key: finding.VulnerabilityKey("CVE-2026-1001", "pkg:pypi/urllib3@1"), ID: "CVE-2026-1001",
		Package: "pkg:pypi/urllib3@1", Reason: finding.OwnedByDistro}}
	if diff := cmp.Diff(want, result.Suppressed); diff != "" {
		t.Error(diff)
	}
}

// TestCase29ProgramsWithoutAPackage: Bitnami's advisories speak of what it packages; of any other
// program nothing is known, and that is said.
func TestCase29ProgramsWithoutAPackage(t *testing.T) {
	entry := affected("Bitnami", "nginx", "1.25.4")
	entry["ranges"].([]object)[0]["type"] = "SEMVER"
	database := compile(t, map[string][]object{"Bitnami": {record("BIT-nginx-2026-1", entry, object{"aliases": []string{"CVE-2026-1001"}})}})
	program := func(name, version string) inventory.Package {
		return inventory.Package{PURL: "pkg:generic/" + name + "@" + version, Type: "generic", Name: name, Version: version, Confidence: inventory.Low}
	}
	result := match(t, inventory.Facts{Packages: []inventory.Package{program("nginx", "1.25.3"), program("unheard-of", "1")}}, database)
	expect(t, keys(result.Findings), "CVE-2026-1001 pkg:generic/nginx@1.25.3")
	if state := result.Coverage.State("advisories/Bitnami"); state != inventory.Full {
		t.Errorf("advisories/Bitnami: %s, want full", state)
	}
	if state := result.Coverage.State("advisories/generic"); state != inventory.Unknown || len(result.Coverage.Gaps) != 1 {
		t.Errorf("advisories/generic: %s, gaps %v, want unknown and one gap", state, result.Coverage.Gaps)
	}
}
