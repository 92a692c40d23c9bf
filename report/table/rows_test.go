package table

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
)

// affected is a finding in few words; fixes are none, or the versions that mend it.
func affected(id, purl string, s advisory.Severity, fixes ...string) finding.Finding {
	f := finding.Finding{Key: finding.VulnerabilityKey(id, purl), Kind: finding.Vulnerability, ID: id, Package: purl,
		Severity: s, FixState: finding.NotFixed, Status: finding.Affected, FixedIn: fixes}
	if len(fixes) > 0 {
		f.FixState = finding.FixAvailable
	}
	return f
}

func with(f finding.Finding, change func(*finding.Finding)) finding.Finding {
	change(&f)
	return f
}

func installed(kind, name, version, source, sourceVersion string, paths ...string) inventory.Package {
	p := inventory.Package{PURL: kind + ":" + name, Type: kind, Name: name, Version: version}
	if source != "" {
		p.Source = &inventory.Source{Name: source, Version: sourceVersion}
	}
	for _, path := range paths {
		p.Locations = append(p.Locations, inventory.Location{Path: path})
	}
	return p
}

func TestRows(t *testing.T) {
	libssl, openssl := installed("deb", "libssl3", "3.0.9-1", "openssl", "3.0.9-1"), installed("deb", "openssl", "3.0.9-1", "openssl", "3.0.9-1")
	dmsetup := installed("deb", "dmsetup", "2:1.02.185-2", "lvm2", "2.03.16-2")
	bash := installed("deb", "bash", "5.2-1", "bash", "5.2-1")
	zlib := installed("apk", "zlib", "1.2.11-r3", "zlib", "1.2.11-r3")
	stdlib := installed("golang", "stdlib", "1.21.3", "", "", "bin/b", "bin/a")
	rpm := installed("rpm", "curl", "8-1", "curl", "8-1")
	chance := func(p float64) func(*finding.Finding) { return func(f *finding.Finding) { f.EPSS = &p } }
	kev := func(f *finding.Finding) { f.KEV = true }
	status := func(s finding.Status) func(*finding.Finding) { return func(f *finding.Finding) { f.Status = s } }
	state := func(s finding.FixState) func(*finding.Finding) { return func(f *finding.Finding) { f.FixState = s } }
	const critical, high, medium, low, negligible, unknown = advisory.Critical, advisory.High, advisory.Medium, advisory.Low, advisory.Negligible, advisory.SeverityUnknown

	for name, test := range map[string]struct {
		findings []finding.Finding
		want     []string
	}{
		"binary packages of one source are one row": {
			[]finding.Finding{affected("C-1", libssl.PURL, high), affected("C-1", openssl.PURL, high)},
			[]string{"high openssl 3.0.9-1 not-fixed [] in libssl3,openssl: C-1"}},
		"a source of one binary package has that package's name": {
			[]finding.Finding{affected("C-1", libssl.PURL, high)},
			[]string{"high libssl3 3.0.9-1 not-fixed [] in : C-1"}},
		"unless the versions differ, since fixes speak of the source's": {
			[]finding.Finding{affected("C-1", dmsetup.PURL, high)},
			[]string{"high lvm2 2.03.16-2 not-fixed [] in dmsetup: C-1"}},
		"one upgrade to the highest of the fixes, by the packages' own order": {
			[]finding.Finding{affected("C-1", libssl.PURL, low, "3.0.9-9"), affected("C-2", libssl.PURL, high, "3.0.10-1"), affected("C-3", libssl.PURL, low, "3.0.10-1~rc1")},
			[]string{"high libssl3 3.0.9-1 fixed [3.0.10-1] in : C-2 C-1 C-3"}},
		"also in Alpine's": {
			[]finding.Finding{affected("C-1", zlib.PURL, low, "1.2.12_rc1-r0"), affected("C-2", zlib.PURL, low, "1.2.12-r0")},
			[]string{"low zlib 1.2.11-r3 fixed [1.2.12-r0] in : C-1 C-2"}},
		"also in Go's, and the last of several fixes satisfies every record": {
			[]finding.Finding{affected("C-1", stdlib.PURL, low, "1.21.9", "1.21.10"), affected("C-2", stdlib.PURL, low, "1.20.12")},
			[]string{"low stdlib 1.21.3 fixed [1.21.10] in bin/a,bin/b: C-1 C-2"}},
		"fixes whose order is not known are all named": {
			[]finding.Finding{affected("C-1", rpm.PURL, low, "9-1"), affected("C-2", rpm.PURL, low, "10-1")},
			[]string{"low curl 8-1 fixed [10-1 9-1] in : C-1 C-2"}},
		"what has a fix and what has none are two rows": {
			[]finding.Finding{affected("C-1", bash.PURL, high), affected("C-2", bash.PURL, high, "5.2-2"), with(affected("C-3", bash.PURL, low), state(finding.WontFix))},
			[]string{"high bash 5.2-1 fixed [5.2-2] in : C-2", "high bash 5.2-1 not-fixed [] in : C-1", "low bash 5.2-1 wont-fix [] in : C-3"}},
		"a fix that is not named is not known": {
			[]finding.Finding{with(affected("C-1", bash.PURL, low), state(finding.FixAvailable)), with(affected("C-2", bash.PURL, low), state(""))},
			[]string{"low bash 5.2-1 unknown [] in : C-1 C-2"}},
		"the worst first, unknown before medium": {
			[]finding.Finding{affected("C-1", bash.PURL, negligible), affected("C-2", libssl.PURL, critical), affected("C-3", zlib.PURL, unknown), affected("C-4", stdlib.PURL, medium), affected("C-5", dmsetup.PURL, high)},
			[]string{"critical libssl3 3.0.9-1 not-fixed [] in : C-2", "high lvm2 2.03.16-2 not-fixed [] in dmsetup: C-5", "unknown zlib 1.2.11-r3 not-fixed [] in : C-3",
				"medium stdlib 1.21.3 not-fixed [] in bin/a,bin/b: C-4", "negligible bash 5.2-1 not-fixed [] in : C-1"}},
		"what is exploited before all else": {
			[]finding.Finding{affected("C-1", bash.PURL, critical, "6"), with(affected("C-2", zlib.PURL, low), kev), affected("C-3", zlib.PURL, high)},
			[]string{"high zlib 1.2.11-r3 not-fixed [] in : KEV C-2 C-3", "critical bash 5.2-1 fixed [6] in : C-1"}},
		"between equals, what can be mended, then what is likely, then what is more": {
			[]finding.Finding{affected("C-1", bash.PURL, high), with(affected("C-2", zlib.PURL, high), chance(0.5)), affected("C-3", stdlib.PURL, high, "1.22"), affected("C-4", libssl.PURL, high), affected("C-5", libssl.PURL, low)},
			[]string{"high stdlib 1.21.3 fixed [1.22] in bin/a,bin/b: C-3", "high zlib 1.2.11-r3 not-fixed [] in : C-2", "high libssl3 3.0.9-1 not-fixed [] in : C-4 C-5", "high bash 5.2-1 not-fixed [] in : C-1"}},
		"what is closed comes last": {
			[]finding.Finding{with(affected("C-1", bash.PURL, critical), status(finding.Waived)), affected("C-2", bash.PURL, low), with(affected("C-3", zlib.PURL, low), status(finding.UnderInvestigation))},
			[]string{"low bash 5.2-1 not-fixed [] in : C-2", "low zlib 1.2.11-r3 not-fixed [] in : C-3", "closed critical bash 5.2-1 not-fixed [] in : C-1"}},
		"a package that the report does not list keeps its purl": {
			[]finding.Finding{affected("C-1", "pkg:deb/debian/gone@1", low)},
			[]string{"low pkg:deb/debian/gone@1  not-fixed [] in : C-1"}},
	} {
		r := &report.Report{Findings: test.findings, Packages: []inventory.Package{libssl, openssl, dmsetup, bash, zlib, stdlib, rpm}}
		if diff := cmp.Diff(test.want, inWords(rowsOf(r))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		slices.Reverse(r.Findings)
		slices.Reverse(r.Packages)
		if diff := cmp.Diff(test.want, inWords(rowsOf(r))); diff != "" {
			t.Errorf("%s, in reverse (-want +got):\n%s", name, diff)
		}
	}
}

func inWords(rows []row) []string {
	var words []string
	for _, r := range rows {
		closed := ""
		if r.closed {
			closed = "closed "
		}
		words = append(words, fmt.Sprintf("%s%s %s %s %s %v in %s: %s", closed, r.severity(), r.name, r.version, r.fix, r.fixes,
			strings.Join(r.where, ","), strings.Join(r.names(), " ")))
	}
	return words
}
