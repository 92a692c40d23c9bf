package vuln

import (
	"slices"
	"testing"

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

// TestCase09OwnedByTheDistribution: of what Debian's package brought, a vulnerability that Debian's
// records of that package name is left to them; the others are findings. So is all of what pip put
// beside it, what a package from elsewhere brought (case 10), and what a Go program holds.
func TestCase09OwnedByTheDistribution(t *testing.T) {
	names := func(names ...string) object { return object{"aliases": names} }
	ofDebian := func(id, release, source, fixed string, more ...object) object {
		return record(id, affected("Debian:"+release, source, fixed), more...)
	}
	urllib3, elsewhere := deb("python3-urllib3", "1-1", "python-urllib3", "1-1"), deb("vendor-agent", "5", "vendor-agent", "5")
	for _, test := range []struct {
		name   string
		debian []object // records, beside one of another vulnerability
		owner  string
		want   []string // what is left, of two vulnerabilities
	}{
		{"nothing of it is named", nil, urllib3.PURL, []string{"CVE-2026-1001", "CVE-2026-1002", "PYSEC-2026-3"}},
		{"mended", []object{ofDebian("DEBIAN-CVE-2026-1001", "12", "python-urllib3", "0.9", object{"upstream": []string{"CVE-2026-1001"}})},
			urllib3.PURL, []string{"CVE-2026-1002", "PYSEC-2026-3"}},
		{"not mended", []object{ofDebian("DEBIAN-CVE-2026-1001", "12", "python-urllib3", "", object{"upstream": []string{"CVE-2026-1001"}})},
			urllib3.PURL, []string{"CVE-2026-1002", "PYSEC-2026-3"}},
		{"never affected", []object{ofDebian("DEBIAN-CVE-2026-1001", "12", "python-urllib3", "0", object{"upstream": []string{"CVE-2026-1001"}})},
			urllib3.PURL, []string{"CVE-2026-1002", "PYSEC-2026-3"}},
		{"an erratum of several", []object{ofDebian("DSA-1-1", "12", "python-urllib3", "0.9", object{"upstream": []string{"CVE-2026-1001", "CVE-2026-1002"}})},
			urllib3.PURL, []string{"PYSEC-2026-3"}},
		{"by a name that is no CVE", []object{ofDebian("DSA-1-1", "12", "python-urllib3", "0.9", names("GHSA-3"))},
			urllib3.PURL, []string{"CVE-2026-1001", "CVE-2026-1002"}},
		{"by the record's own id", []object{ofDebian("GHSA-3", "12", "python-urllib3", "0.9")},
			urllib3.PURL, []string{"CVE-2026-1001", "CVE-2026-1002"}},
		{"the name of a record that speaks of two is neither's", []object{ofDebian("DSA-1-1", "12", "python-urllib3", "0.9", names("PYSEC-2026-1"))},
			urllib3.PURL, []string{"CVE-2026-1001", "CVE-2026-1002", "PYSEC-2026-3"}},
		{"withdrawn", []object{ofDebian("DEBIAN-CVE-2026-1001", "12", "python-urllib3", "0.9", names("CVE-2026-1001"), object{"withdrawn": "2026-01-02T00:00:00Z"})},
			urllib3.PURL, []string{"CVE-2026-1001", "CVE-2026-1002", "PYSEC-2026-3"}},
		{"of another release", []object{ofDebian("DEBIAN-CVE-2026-1001", "11", "python-urllib3", "0.9", names("CVE-2026-1001"))},
			urllib3.PURL, []string{"CVE-2026-1001", "CVE-2026-1002", "PYSEC-2026-3"}},
		{"of another source", []object{ofDebian("DEBIAN-CVE-2026-1001", "12", "python-pip", "0.9", names("CVE-2026-1001"))},
			urllib3.PURL, []string{"CVE-2026-1001", "CVE-2026-1002", "PYSEC-2026-3"}},
		{"case 10: brought by a package from elsewhere", []object{ofDebian("DEBIAN-CVE-2026-1001", "12", "python-urllib3", "0.9", names("CVE-2026-1001"))},
			elsewhere.PURL, []string{"CVE-2026-1001", "CVE-2026-1002", "PYSEC-2026-3"}},
		{"brought by none", []object{ofDebian("DEBIAN-CVE-2026-1001", "12", "python-urllib3", "0.9", names("CVE-2026-1001"))},
			"", []string{"CVE-2026-1001", "CVE-2026-1002", "PYSEC-2026-3"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			database := compile(t, map[string][]object{
				"PyPI": {record("PYSEC-2026-1", affected("PyPI", "urllib3", "2"), names("CVE-2026-1001", "CVE-2026-1002")),
					record("PYSEC-2026-3", affected("PyPI", "urllib3", "2"), names("GHSA-3"))},
				"Debian": append(test.debian, ofDebian("DEBIAN-CVE-2025-1001", "12", "python-urllib3", "0.9", names("CVE-2025-1001"))),
			})
			python := inventory.Package{PURL: "pkg:pypi/urllib3@1", Type: "pypi", Name: "urllib3", Version: "1", OwnedBy: test.owner}
			result := match(t, debian(urllib3, elsewhere, python), database)
			var got []string
			for _, f := range result.Findings {
				if f.Package == python.PURL {
					got = append(got, f.ID)
				}
			}
			expect(t, got, test.want...)
			left := []string{"CVE-2026-1001", "CVE-2026-1002", "PYSEC-2026-3"}
			left = slices.DeleteFunc(left, func(id string) bool { return slices.Contains(test.want, id) })
			var suppressed []string
			for _, s := range result.Suppressed {
				if s.Reason == finding.OwnedByDistro && s.Package == python.PURL {
					suppressed = append(suppressed, s.ID)
				}
			}
			expect(t, append([]string{}, suppressed...), left...)
		})
	}
}

// TestCase09CompiledModulesKeepTheirRows: what was compiled into a Go or Rust program is for no
// distribution to say, whatever it names.
func TestCase09CompiledModulesKeepTheirRows(t *testing.T) {
	database := compile(t, map[string][]object{
		"Go":     {record("GO-2026-1", affected("Go", "example.com/m", "2.0.0"), object{"aliases": []string{"CVE-2026-1001"}})},
		"Debian": {record("DEBIAN-CVE-2026-1001", affected("Debian:12", "tool", "0.9"), object{"upstream": []string{"CVE-2026-1001"}})},
	})
	tool, m := deb("tool", "1-1", "tool", "1-1"), module("example.com/m", "v1.0.0")
	m.OwnedBy = tool.PURL
	expect(t, keys(match(t, debian(tool, m), database).Findings), "CVE-2026-1001 pkg:golang/example.com/m@v1.0.0")
}

// TestCase09OwnedByAModule: the records of another module stream are no answer (hard case 5).
func TestCase09OwnedByAModule(t *testing.T) {
	erratum := func(id, stream string) object {
		return record(id, affected("AlmaLinux:8", "nodejs", "1:1.module_el8"), object{"summary": "Important: nodejs:" + stream + " security update", "related": []string{"CVE-2026-" + id[len(id)-4:]}})
	}
	database := compile(t, map[string][]object{
		"npm": {record("GHSA-1", affected("npm", "a", "2"), object{"aliases": []string{"CVE-2026-1018"}}),
			record("GHSA-2", affected("npm", "a", "2"), object{"aliases": []string{"CVE-2026-1020"}})},
		"AlmaLinux": {erratum("ALSA-2026:1018", "18"), erratum("ALSA-2026:1020", "20")},
	})
	const modular, plain = "1:18.14.0-1.module_el8.7.0+9+d", "1:18.14.0-1.el8"
	for _, test := range []struct {
		name, version, module string
		want                  []string
	}{
		{"of stream 18", modular, "nodejs:18", []string{"CVE-2026-1020"}},
		{"of a stream that it does not name", modular, "", nil},
		{"of no module", plain, "", []string{"CVE-2026-1018", "CVE-2026-1020"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			owner := rpm("nodejs", test.version, "nodejs", test.version)
			owner.Module = test.module
			part := inventory.Package{PURL: "pkg:npm/a@1", Type: "npm", Name: "a", Version: "1", OwnedBy: owner.PURL}
			result := match(t, inventory.Facts{Distro: &inventory.Distro{ID: "almalinux", VersionID: "8.9"}, Packages: []inventory.Package{owner, part}}, database)
			var got []string
			for _, f := range result.Findings {
				got = append(got, f.ID)
			}
			expect(t, got, test.want...)
		})
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
