package vuln

import (
	"archive/zip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/advisory/db"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
)

// object is a JSON object.
type object = map[string]any

// affected is an entry of a record: a range from 0 to fixed (open if empty).
func affected(ecosystem, name, fixed string, more ...object) object {
	events := []object{{"introduced": "0"}}
	if fixed != "" {
		events = append(events, object{"fixed": fixed})
	}
	entry := object{"package": object{"ecosystem": ecosystem, "name": name},
		"ranges": []object{{"type": "ECOSYSTEM", "events": events}}}
	if ecosystem == "Go" {
		entry["ranges"].([]object)[0]["type"] = "SEMVER"
	}
	for _, m := range more {
		for key, value := range m {
			entry[key] = value
		}
	}
	return entry
}

func record(id string, entry object, more ...object) object {
	r := object{"id": id, "modified": "2026-01-02T00:00:00Z", "published": "2026-01-01T00:00:00Z", "affected": []object{entry}}
	for _, m := range more {
		for key, value := range m {
			r[key] = value
		}
	}
	return r
}

// compile builds a database of the records given, by ecosystem.
func compile(t *testing.T, records map[string][]object) *db.DB {
	t.Helper()
	dir := t.TempDir()
	var ecosystems []string
	for name, list := range records {
		ecosystems = append(ecosystems, name)
		if err := os.MkdirAll(filepath.Join(dir, "osv", name), 0o755); err != nil {
			t.Fatal(err)
		}
		file, err := os.Create(filepath.Join(dir, "osv", name, "all.zip"))
		if err != nil {
			t.Fatal(err)
		}
		archive := zip.NewWriter(file)
		for _, r := range list {
			w, err := archive.Create(r["id"].(string) + ".json")
			if err != nil {
				t.Fatal(err)
			}
			if err := json.NewEncoder(w).Encode(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := archive.Close(); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "osv", "ecosystems.txt"), strings.Join(ecosystems, "\n")+"\n")
	path := filepath.Join(dir, "test.db")
	if _, err := db.Build(t.Context(), dir, path, db.Options{AsOf: time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	database, err := db.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { database.Close() })
	return database
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func debian(packages ...inventory.Package) inventory.Facts {
	return inventory.Facts{Distro: &inventory.Distro{ID: "debian", VersionID: "12"}, Packages: packages}
}

func deb(name, version, source, sourceVersion string) inventory.Package {
	return inventory.Package{PURL: "pkg:deb/debian/" + name + "@" + version, Type: "deb", Name: name, Version: version,
		Source: &inventory.Source{Name: source, Version: sourceVersion}}
}

func module(name, version string) inventory.Package {
	return inventory.Package{PURL: "pkg:golang/" + name + "@" + version, Type: "golang", Name: name, Version: version}
}

func match(t *testing.T, facts inventory.Facts, database *db.DB) Result {
	t.Helper()
	result, err := Match(t.Context(), facts, database)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func keys(findings []finding.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, f.ID+" "+f.Package)
	}
	return list
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCase01SourceNameWithSourceVersion(t *testing.T) {
	// dmsetup 2:1.02.185-2 is built from lvm2 2.03.16-2. Compared by the binary's version it
	// would look newer than any lvm2.
	database := compile(t, map[string][]object{"Debian": {
		record("DEBIAN-CVE-2026-1001", affected("Debian:12", "lvm2", "2.03.17-1"), object{"upstream": []string{"CVE-2026-1001"}})}})
	result := match(t, debian(deb("dmsetup", "2:1.02.185-2", "lvm2", "2.03.16-2")), database)
	expect(t, keys(result.Findings), "CVE-2026-1001 pkg:deb/debian/dmsetup@2:1.02.185-2")
	want := &finding.Proof{Source: "osv/Debian", Record: "DEBIAN-CVE-2026-1001", Name: "lvm2", Range: ">=0,<2.03.17-1", Compared: "2.03.16-2"}
	if diff := cmp.Diff(want, result.Findings[0].Proof); diff != "" {
		t.Error(diff)
	}
	fixed := match(t, debian(deb("dmsetup", "2:1.02.185-2", "lvm2", "2.03.17-1")), database)
	expect(t, keys(fixed.Findings))
}

func TestCase12VersionlessModuleIsUnknown(t *testing.T) {
	// A main module without a version is never compared as the lowest, and never a pass.
	database := compile(t, map[string][]object{"Go": {record("GO-2026-1", affected("Go", "example.test/app", "1.2.0"))}})
	result := match(t, inventory.Facts{Packages: []inventory.Package{module("example.test/app", ""), module("example.test/other", "")}}, database)
	expect(t, keys(result.Findings))
	if got := result.Coverage.State("advisories/Go"); got != inventory.Partial {
		t.Errorf("coverage is %s, want partial", got)
	}
	if gaps := result.Coverage.Gaps; len(gaps) != 1 || gaps[0].Code != "unorderable-version" {
		t.Errorf("gaps are %+v, want one: nothing is known about the other module", gaps)
	}
}

func TestARecordThatAffectsNothingLeavesNothingUnknown(t *testing.T) {
	database := compile(t, map[string][]object{"Go": {record("GO-2026-1", affected("Go", "example.test/app", "0"))}})
	result := match(t, inventory.Facts{Packages: []inventory.Package{module("example.test/app", ""), module("example.test/app", "x")}}, database)
	expect(t, keys(result.Findings))
	if gaps := result.Coverage.Gaps; len(gaps) > 0 {
		t.Errorf("gaps are %+v, want none", gaps)
	}
}

func TestCase15KernelHeadersAreSuppressed(t *testing.T) {
	database := compile(t, map[string][]object{"Debian": {
		record("DEBIAN-CVE-2026-1001", affected("Debian:12", "linux", ""), object{"upstream": []string{"CVE-2026-1001"}})}})
	result := match(t, debian(deb("linux-libc-dev", "6.1.1-1", "linux", "6.1.1-1"), deb("linux-image-amd64", "6.1.1-1", "linux", "6.1.1-1")), database)
	expect(t, keys(result.Findings), "CVE-2026-1001 pkg:deb/debian/linux-image-amd64@6.1.1-1")
	want := []finding.Suppressed{{Key: "vulnerability|CVE-2026-1001|pkg:deb/debian/linux-libc-dev@6.1.1-1", ID: "CVE-2026-1001",
		Package: "pkg:deb/debian/linux-libc-dev@6.1.1-1", Reason: finding.KernelHeaders}}
	if diff := cmp.Diff(want, result.Suppressed); diff != "" {
		t.Error(diff)
	}
}

func TestCase18WithdrawnNeverMatches(t *testing.T) {
	withdrawn := object{"withdrawn": "2026-01-02T00:00:00Z"}
	database := compile(t, map[string][]object{"Go": {
		record("GO-2026-1", affected("Go", "example.test/a", "1.2.0"), object{"aliases": []string{"CVE-2026-1001"}}, withdrawn),
		record("GO-2026-2", affected("Go", "example.test/a", "1.2.0"), object{"aliases": []string{"CVE-2026-1002"}}, withdrawn),
		record("GHSA-2", affected("Go", "example.test/a", "1.2.0"), object{"aliases": []string{"CVE-2026-1002"}})}})
	result := match(t, inventory.Facts{Packages: []inventory.Package{module("example.test/a", "v1.0.0")}}, database)
	expect(t, keys(result.Findings), "CVE-2026-1002 pkg:golang/example.test/a@v1.0.0")
	expect(t, result.Findings[0].Advisories, "GHSA-2")
	if len(result.Suppressed) != 1 || result.Suppressed[0].ID != "CVE-2026-1001" || result.Suppressed[0].Reason != finding.Withdrawn {
		t.Errorf("suppressed is %+v, want CVE-2026-1001 as withdrawn", result.Suppressed)
	}
}

func TestCase22AliasesAreOneRow(t *testing.T) {
	entry := affected("Go", "example.test/a", "1.2.0")
	database := compile(t, map[string][]object{"Go": {
		record("GO-2026-1", entry, object{"aliases": []string{"GHSA-1", "CVE-2026-1001"}}),
		record("GHSA-1", entry, object{"aliases": []string{"CVE-2026-1001"}}),
		record("GHSA-nameless", entry, object{"aliases": []string{"GO-2026-2"}}),
		record("GO-2026-2", entry, object{"aliases": []string{"GHSA-nameless"}}),
		record("PLAIN-1", affected("Go", "example.test/a", "1.3.0"), object{"aliases": []string{"GHSA-1"}})}})
	result := match(t, inventory.Facts{Packages: []inventory.Package{module("example.test/a", "v1.0.0")}}, database)
	expect(t, keys(result.Findings), "CVE-2026-1001 pkg:golang/example.test/a@v1.0.0", "GHSA-nameless pkg:golang/example.test/a@v1.0.0")
	expect(t, result.Findings[0].Advisories, "GHSA-1", "GO-2026-1", "PLAIN-1")
	expect(t, result.Findings[0].FixedIn, "1.2.0", "1.3.0")
	expect(t, result.Findings[1].Advisories, "GHSA-nameless", "GO-2026-2")
}

func TestErratumGivesARowForEachCVEAndDatesTheFix(t *testing.T) {
	database := compile(t, map[string][]object{"Debian": {
		record("DSA-1-1", affected("Debian:12", "a", "2-1"), object{"upstream": []string{"CVE-2026-1001", "DEBIAN-CVE-2026-1001", "CVE-2026-1002"}, "published": "2026-03-01T00:00:00Z"}),
		record("DEBIAN-CVE-2026-1001", affected("Debian:12", "a", "2-1"), object{"upstream": []string{"CVE-2026-1001"}})}})
	result := match(t, debian(deb("a", "1-1", "a", "1-1")), database)
	expect(t, keys(result.Findings), "CVE-2026-1001 pkg:deb/debian/a@1-1", "CVE-2026-1002 pkg:deb/debian/a@1-1")
	f := result.Findings[0]
	expect(t, f.Advisories, "DEBIAN-CVE-2026-1001", "DSA-1-1")
	if f.FixKnownSince != "2026-03-01T00:00:00Z" || f.Published != "2026-01-01T00:00:00Z" {
		t.Errorf("fix known since %s, published %s", f.FixKnownSince, f.Published)
	}
}

func TestCase23Severity(t *testing.T) {
	cvss := func(vector string) object {
		return object{"severity": []object{{"type": "CVSS_V3", "score": vector}}}
	}
	const critical, low = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"
	urgency := object{"ecosystem_specific": object{"urgency": "unimportant"}}
	database := compile(t, map[string][]object{
		"Debian": {
			record("DEBIAN-CVE-2026-1001", affected("Debian:12", "a", "", urgency), object{"upstream": []string{"CVE-2026-1001"}}, cvss(critical)),
			record("DEBIAN-CVE-2026-1002", affected("Debian:12", "a", ""), object{"upstream": []string{"CVE-2026-1002"}}, cvss(critical)),
			record("DEBIAN-CVE-2026-1003", affected("Debian:12", "a", ""), object{"upstream": []string{"CVE-2026-1003"}}),
			record("DEBIAN-CVE-2026-1004", affected("Debian:12", "a", ""), object{"upstream": []string{"CVE-2026-1004"}}),
		},
		"Go": {record("GHSA-3", affected("Go", "elsewhere", ""), object{"aliases": []string{"CVE-2026-1003"}}, cvss(low))},
	})
	result := match(t, debian(deb("a", "1-1", "a", "1-1")), database)
	want := []struct {
		severity advisory.Severity
		source   string
	}{{advisory.Negligible, "debian/urgency"}, {advisory.Critical, "DEBIAN-CVE-2026-1002"}, {advisory.Low, "GHSA-3"}, {advisory.SeverityUnknown, ""}}
	for i, f := range result.Findings {
		if f.Severity != want[i].severity || f.SeveritySource != want[i].source {
			t.Errorf("%s is %s by %q, want %s by %q", f.ID, f.Severity, f.SeveritySource, want[i].severity, want[i].source)
		}
	}
	if len(result.Findings) != len(want) {
		t.Errorf("%d findings, want %d", len(result.Findings), len(want))
	}
}

func TestCase30ReleaseWithoutAdvisoriesIsUnknown(t *testing.T) {
	database := compile(t, map[string][]object{"Debian": {record("DEBIAN-CVE-2026-1001", affected("Debian:12", "a", ""))}})
	for name, distro := range map[string]*inventory.Distro{
		"no os-release":           nil,
		"a rolling release":       {ID: "debian"},
		"a release not covered":   {ID: "debian", VersionID: "99"},
		"a derived distribution":  {ID: "kali", IDLike: []string{"debian"}, VersionID: "12"},
		"another package manager": {ID: "alpine", VersionID: "3.20.3"},
	} {
		t.Run(name, func(t *testing.T) {
			facts := debian(deb("a", "1-1", "a", "1-1"))
			facts.Distro = distro
			result := match(t, facts, database)
			expect(t, keys(result.Findings))
			if result.Coverage.Complete("advisories/") || len(result.Coverage.Gaps) != 1 || result.Coverage.Gaps[0].Code != "no-advisories-for-release" {
				t.Errorf("coverage is %+v, want one gap", result.Coverage)
			}
		})
	}
}

func TestUnorderableVersionIsUnknown(t *testing.T) {
	database := compile(t, map[string][]object{"Debian": {record("DEBIAN-CVE-2026-1001", affected("Debian:12", "a", "2-1"))}})
	result := match(t, debian(deb("a", "x:1", "a", "x:1")), database)
	if got := result.Coverage.State("advisories/Debian:12"); got != inventory.Partial {
		t.Errorf("coverage is %s, want partial", got)
	}
}

func TestLastAffectedSaysNothingAboutTheFix(t *testing.T) {
	entry := object{"package": object{"ecosystem": "Go", "name": "example.test/a"},
		"ranges": []object{{"type": "SEMVER", "events": []object{{"introduced": "0"}, {"last_affected": "1.4.0"}}}}}
	database := compile(t, map[string][]object{"Go": {record("GO-2026-1", entry)}})
	result := match(t, inventory.Facts{Packages: []inventory.Package{module("example.test/a", "v1.4.0")}}, database)
	if len(result.Findings) != 1 || result.Findings[0].FixState != finding.FixUnknown {
		t.Errorf("got %+v, want one finding with an unknown fix", result.Findings)
	}
	later := match(t, inventory.Facts{Packages: []inventory.Package{module("example.test/a", "v1.4.1")}}, database)
	expect(t, keys(later.Findings))
}

func rpm(name, version, source, sourceVersion string) inventory.Package {
	return inventory.Package{PURL: "pkg:rpm/rhel/" + name + "@" + version, Type: "rpm", Name: name, Version: version,
		Source: &inventory.Source{Name: source, Version: sourceVersion}}
}

func TestARecordOfSeveralRepositoriesCountsOnce(t *testing.T) {
	// Red Hat writes an erratum for each repository, with the binary packages' names.
	database := compile(t, map[string][]object{"Red Hat": {
		record("RHSA-2026:1", affected("Red Hat:enterprise_linux:9::baseos", "openssl-libs", "1:3.0.7-27.el9"), object{"related": []string{"CVE-2026-1001"}}),
		record("RHSA-2026:2", affected("Red Hat:enterprise_linux:9::appstream", "openssl-libs", "1:3.0.7-28.el9"), object{"related": []string{"CVE-2026-1002"}}),
		record("RHSA-2026:3", affected("Red Hat:rhel_eus:9.2::baseos", "openssl-libs", "1:3.0.7-18.el9_2"), object{"related": []string{"CVE-2026-1003"}})}})
	facts := inventory.Facts{Distro: &inventory.Distro{ID: "rhel", VersionID: "9.4", CPE: "cpe:/o:redhat:enterprise_linux:9::baseos"},
		Packages: []inventory.Package{rpm("openssl-libs", "1:3.0.7-25.el9", "openssl", "1:3.0.7-25.el9")}}
	result := match(t, facts, database)
	expect(t, keys(result.Findings), "CVE-2026-1001 pkg:rpm/rhel/openssl-libs@1:3.0.7-25.el9", "CVE-2026-1002 pkg:rpm/rhel/openssl-libs@1:3.0.7-25.el9")
	if got := result.Coverage.State("advisories/Red Hat:enterprise_linux:9"); got != inventory.Full {
		t.Errorf("coverage is %s, want full: some of the repositories are covered", got)
	}
	if len(result.Coverage.Gaps) != 0 {
		t.Errorf("gaps are %+v, want none for the repositories that have no advisory", result.Coverage.Gaps)
	}

	facts.Distro.CPE = "cpe:/o:redhat:rhel_eus:9.2::baseos"
	stream := match(t, facts, database)
	expect(t, keys(stream.Findings)) // 25.el9 is after 18.el9_2: only the stream's own fixes are compared
}

func TestRPMsAreLookedUpByBinaryAndSourceName(t *testing.T) {
	// SUSE writes of source packages, here with the modules that hold them.
	one := object{"related": []string{"CVE-2026-1001"}}
	database := compile(t, map[string][]object{"SUSE": {
		record("SUSE-SU-2026:1", affected("SUSE:Linux Enterprise Module for Basesystem 15 SP5", "krb5", "1.20.1-150500.3.9.1"), one),
		record("SUSE-SU-2026:2", affected("SUSE:Linux Enterprise Server 15 SP5-LTSS", "krb5", "1.20.1-150500.3.12.1"), one)}})
	facts := inventory.Facts{Distro: &inventory.Distro{ID: "sles", VersionID: "15.5"},
		Packages: []inventory.Package{rpm("libkrb5-3", "1.20.1-150500.3.6.1", "krb5", "1.20.1-150500.3.6.1")}}
	result := match(t, facts, database)
	expect(t, keys(result.Findings), "CVE-2026-1001 pkg:rpm/rhel/libkrb5-3@1.20.1-150500.3.6.1")
	expect(t, result.Findings[0].Advisories, "SUSE-SU-2026:1", "SUSE-SU-2026:2")
	expect(t, result.Findings[0].FixedIn, "1.20.1-150500.3.9.1", "1.20.1-150500.3.12.1")
	if got := result.Findings[0].Proof.Name; got != "krb5" {
		t.Errorf("the proof names %s, want the source package", got)
	}
}

func TestLanguagePackagesAreLookedUpByTheirPURL(t *testing.T) {
	database := compile(t, map[string][]object{
		"PyPI": {record("PYSEC-2026-1", affected("PyPI", "zope-interface", "6.1"), object{"aliases": []string{"CVE-2026-1001"}})},
		"npm":  {record("GHSA-1", affected("npm", "@babel/traverse", "7.23.2"), object{"aliases": []string{"CVE-2026-1002"}})}})
	result := match(t, inventory.Facts{Packages: []inventory.Package{
		{PURL: "pkg:pypi/zope-interface@6.0", Type: "pypi", Name: "Zope.Interface", Version: "6.0"},
		{PURL: "pkg:npm/%40babel/traverse@7.23.0", Type: "npm", Name: "@babel/traverse", Version: "7.23.0"},
		{PURL: "pkg:cpan/Moose@2.2", Type: "cpan", Name: "Moose", Version: "2.2"},
	}}, database)
	expect(t, keys(result.Findings), "CVE-2026-1001 pkg:pypi/zope-interface@6.0", "CVE-2026-1002 pkg:npm/%40babel/traverse@7.23.0")
	if gaps := result.Coverage.Gaps; len(gaps) != 1 || gaps[0].Dimension != "advisories/cpan" {
		t.Errorf("gaps are %+v, want one for the type that OSV does not know", gaps)
	}
}
