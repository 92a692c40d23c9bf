package policy

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
)

// values are what the criteria are asked with, beside their examples.
func values() map[string][]string {
	return map[string][]string{
		"severity":           {"[low, unknown]", "[critical]", "[negligible, medium]"},
		"fixable":            {"false"},
		"kev":                {"false"},
		"fixAvailableFor":    {"1h", "14d"},
		"fixedBy":            {"{notIn: ['3.*']}", "['*-r0', '1.2']"},
		"epss":               {"0", "1", "0.5"},
		"cvss":               {"0", "10", "5"},
		"nvdCvss":            {"4.0"},
		"publishedFor":       {"1h", "400d"},
		"vulnerability":      {"['CVE-2024-*', 'GHSA-**']", "{notIn: [CVE-2024-1]}"},
		"package":            {"['pkg:apk/alpine/openssl@3.*']", "{notIn: ['pkg:golang/**']}"},
		"status":             {"[affected]"},
		"component":          {"['pkg:apk/alpine/openssl']", "{notIn: ['pkg:apk/**', 'pkg:deb/debian/lvm2@2.03.*']}"},
		"license":            {"[MIT]", "{notIn: [MIT, Apache-2.0]}", "['GPL-*']"},
		"setuid":             {"any", "[/usr/bin/*]"},
		"unowned":            {"any", "{notIn: ['**']}"},
		"registry":           {"{notIn: [registry.example]}", "['*']"},
		"os":                 {"{notIn: ['debian:12']}", "[none]", "['alpine:**']"},
		"user":               {"{notIn: ['1000']}", "['**']"},
		"incomplete":         {"[files]", "['packages/apk']", "[advisories, secret]"},
		"label":              {"['**=debug']", "[stage]", "{notIn: [stage]}"},
		"missingLabel":       {"[stage, 'tier=**']"},
		"env":                {"{notIn: ['PATH=**']}"},
		"exposedPort":        {"['*/udp']"},
		"instruction":        {"['curl .*\\| *sh', 'USER root']", `["\\bRUN\\b"]`},
		"imageAge":           {"1h", "365d"},
		"imageSize":          {"1KB", "1GiB"},
		"layers":             {"1", "3"},
		"notSignedBy":        {"[a, b]", "{anyOf: [a, b, c], atLeast: 2}", "{anyOf: [c]}"},
		"missingAttestation": {"{type: 'https://cyclonedx.org/*'}", "{type: 'https://slsa.dev/**', by: [a, c]}"},
		"notBuiltBy":         {"{builder: ['https://ci.example/*']}", "{source: ['https://git.example/**'], ref: [refs/heads/main]}", "{builder: ['**'], ref: ['refs/**'], by: [a, b]}", "{level: 3}", "{level: 1, ref: ['refs/**']}"},
		"verdictMissing":     {"{}", "{by: [a]}", "{maxAge: 24h}", "{by: [a, b], maxAge: 30d}"},
	}
}

// Each criterion answers as its CEL does, of whatever image, whatever is known of it.
func TestCriteriaAreTheirCEL(t *testing.T) {
	e, err := newEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range allCriteria() {
		if c.from != "" && c.arrived == nil {
			continue // an input that comes later has no CEL
		}
		for _, value := range append(values()[c.name], c.example) {
			t.Run(c.name+" "+value, func(t *testing.T) {
				r := policyOf(t, "defaults: {unknownSeverity: medium}", rulesOf(c.name+": "+value))[0].rules[0]
				x, issues, err := e.compile(r.tests[0].cel)
				if err != nil || issues != nil {
					t.Fatalf("%s: %v %v", r.tests[0].cel, err, issues)
				}
				compareWithCEL(t, &r, x)
			})
		}
	}
}

func compareWithCEL(t *testing.T, r *rule, x *expression) {
	random := rand.New(rand.NewPCG(1, 2))
	seen := map[answer]int{}
	for range 400 {
		in := randomInput(random)
		s := newSubject(in, now())
		s.applyVEX(&in, nil, false)
		d := defaults{unknownSeverity: []advisory.Severity{0, advisory.Medium}[random.IntN(2)]}
		v := &view{waiving: newWaiving(&in, s, false), policy: &Policy{}, findings: map[*finding.Finding]*waived{}}
		for _, row := range s.rowsOf(r.about) {
			q := &question{s: s, view: v, defaults: &d, finding: row.finding, pkg: row.pkg, file: row.file}
			want := r.tests[0].ask(q)
			got, lacks, err := x.ask(&activation{e: x.environment, q: q}, &evaluation{})
			if err != nil || got != want {
				t.Fatalf("%s\nis %d, the criterion %d (lacks %v, %v) of\n%+v %+v %+v\n%+v", x.text, got, want, lacks, err, row.finding, row.pkg, row.file, s.image)
			}
			seen[got]++
		}
	}
	if seen[yes]+seen[no] == 0 {
		t.Error("nothing was decided: the images lack what the criterion reads")
	}
}

func one[T any](random *rand.Rand, values ...T) T { return values[random.IntN(len(values))] }

// randomInput is an image of which anything may be missing.
func randomInput(random *rand.Rand) Input {
	moment := func() string {
		return one(random, "", now().Add(-time.Duration(random.IntN(1000))*time.Hour).Format(time.RFC3339), "2026-11-15T10:00:00Z")
	}
	number := func() *float64 { n := float64(random.IntN(11)) / 10; return one(random, nil, &n) }
	in := image1()
	target := &in.Facts.Target
	in.Repository = one(random, "", "registry.example/team/app", "nginx", "docker.io/library/debug/x")
	in.Tag = one(random, "", "latest", "1.2")
	in.ScannedAt = one(random, time.Time{}, now().Add(-100*time.Hour))
	target.Platform = one(random, "", "linux/amd64", "linux/riscv64")
	target.ImageID = one(random, image.Digest{}, target.ImageID)
	target.Instructions = one(random, nil, []string{"FROM scratch", "RUN curl https://x.example | sh"}, []string{"USER root", "ADD https://x.example/a /a"})
	target.Base = one(random, nil, &inventory.Base{Name: "registry.example/base/debian:12"}, &inventory.Base{Name: "debian:12"})
	target.Config = inventory.TargetConfig{
		User: one(random, "", "root", "0:0", "1000", "app:app"), Created: one(random, moment(), "1970-01-01T00:00:00Z"),
		Env:          one(random, nil, []string{"PATH=/bin", "DEBUG=1"}, []string{"PATH=/bin"}),
		ExposedPorts: one(random, nil, []string{"22/tcp"}, []string{"53/udp"}),
		Labels:       one(random, nil, map[string]string{"stage": "debug"}, map[string]string{"stage": "", "tier": "a/b"}),
	}
	target.Layers = one(random, nil, []inventory.TargetLayer{{Unpacked: 5000}}, []inventory.TargetLayer{{Unpacked: 1 << 30}, {Unpacked: 1}, {Unpacked: 0}}, []inventory.TargetLayer{{Unpacked: 1 << 30}, {}, {Unpacked: 3}})
	in.Facts.Distro = one(random, nil, &inventory.Distro{ID: "debian", VersionID: "12", EOL: "2026-11-21"}, &inventory.Distro{ID: "alpine", VersionID: "3.20.1"}, &inventory.Distro{ID: "arch", EOL: "2027-01-01"})
	in.Facts.Files = inventory.FileFacts{
		Setuid:  one(random, nil, []inventory.File{{Path: "usr/bin/passwd", Mode: 0o4755}, {Path: "opt/x", Mode: 0o2755}}),
		Unowned: one(random, nil, []inventory.File{{Path: "app/run", Mode: 0o755}, {Path: "tmp/x", Mode: 0o755}}),
	}
	for i := range in.Facts.Packages {
		in.Facts.Packages[i].Licenses = one(random, nil, []string{"MIT"}, []string{"MIT OR GPL-3.0-only"}, []string{"GPL-2.0-only WITH Classpath-exception-2.0", "MIT"}, []string{"(MIT AND AGPL-3.0-only) OR Apache-2.0"}, []string{"some words ("})
	}
	in.Coverage = inventory.Coverage{}
	for _, d := range []string{"packages/apk", "advisories/Alpine:v3.20", "files", "secret", "config"} {
		if state := one(random, "", inventory.Full, inventory.Full, inventory.Partial, inventory.NotRun); state != "" {
			in.Coverage.Set(d, state)
		}
	}
	if random.IntN(4) == 0 {
		withoutKEV(&in)
	}
	in.Database.Sources[0].AsOf = one(random, time.Time{}, now().Add(-72*time.Hour), now().Add(-time.Hour), now().Add(48*time.Hour))
	for i := range 4 {
		f := vulnerability(fmt.Sprintf("CVE-2024-%d", i), one(random, libssl, module, epoch, "no purl"), one(random, advisory.SeverityUnknown, advisory.Critical, advisory.Medium, advisory.Negligible))
		f.FixState = one(random, "", finding.FixAvailable, finding.NotFixed, finding.FixUnknown, finding.WontFix)
		f.FixedIn = one(random, nil, []string{"3.0.1"}, []string{"1.2", "3.3.3-r0"})
		f.FixKnownSince, f.Published, f.KEV, f.EPSS = moment(), moment(), random.IntN(2) == 0, number()
		f.Aliases = one(random, nil, []string{"GHSA-a-b-c"})
		if score := number(); score != nil {
			f.Ratings = []advisory.Rating{{Source: one(random, "nvd", "ghsa"), Vector: "CVSS:3.1/x", Score: *score * 10}}
		}
		in.Findings = append(in.Findings, f)
		if random.IntN(3) == 0 {
			in.VEX = append(in.VEX, advisory.VEXStatement{Document: "d", Vulnerabilities: []string{f.ID}, Status: advisory.VEXUnderInvestigation, Products: []advisory.VEXProduct{{PURLs: []string{f.Package}}}})
		}
	}
	in.Findings = append(in.Findings, runsAsRoot())
	in.Pinned = random.IntN(2) == 0
	in.Evidence = randomEvidence(random)
	return in
}

// randomEvidence is evidence of which anything may be missing.
func randomEvidence(random *rand.Rand) Attestations {
	moment := func() time.Time {
		return one(random, time.Time{}, now().Add(-24*time.Hour), now().Add(-time.Duration(random.IntN(60))*time.Hour))
	}
	types := append(append(append(SignaturePredicates(), ProvenancePredicates()...), SBOMPredicates()...), VerdictPredicate(), VerdictPredicate())
	e := Attestations{Gathered: random.IntN(8) > 0, Incomplete: one(random, "", "", "an index was too large")}
	for range random.IntN(5) {
		a := Attestation{PredicateType: one(random, types...), Signers: one(random, nil, []string{"a"}, []string{"a", "b"}, []string{"c"}), SignedAt: moment(), StatedAt: moment()}
		a.BuildLevel = random.IntN(4)
		a.Builder, a.SourceRef = one(random, "", "https://ci.example/x", "https://laptop.example/x"), one(random, "", "refs/heads/main", "refs/tags/v1")
		a.SourceRepository = one(random, "", "https://git.example/team/app", "https://evil.example/app")
		a.SBOM = one(random, nil, &AttestedSBOM{Packages: 3, Complete: true}, &AttestedSBOM{Packages: 3})
		a.Verdict = one(random, nil, &AttestedVerdict{}, &AttestedVerdict{Result: "FAILED"}, &AttestedVerdict{Result: "PASSED"},
			&AttestedVerdict{Result: "PASSED", ValidUntil: now().Add(time.Hour)}, &AttestedVerdict{Result: "PASSED", ValidUntil: now()})
		e.Items = append(e.Items, a)
	}
	return e
}

// The table that the reference is made from is complete, and says each thing once.
func TestCriteriaAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range allCriteria() {
		if c.name == "" || c.about == "" || c.form == "" || c.reads == "" || c.example == "" {
			t.Errorf("criterion %q lacks words: %+v", c.name, c)
		}
		if seen[c.name] {
			t.Errorf("criterion %s stands twice", c.name)
		}
		seen[c.name] = true
		if _, err := Parse("p.yaml", []byte("apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: x}\n"+rulesOf(c.name+": "+c.example))); err != nil {
			t.Errorf("the example of %s is refused: %v", c.name, err)
		}
	}
	for name := range values() {
		if !seen[name] {
			t.Errorf("values are listed for %s, which is no criterion", name)
		}
	}
}

func TestLicenseExpressions(t *testing.T) {
	cases := []struct {
		licenses []string
		list     []glob
		needs    bool // no way to use it without a licence of the list
		usable   bool // a way to use it under licences of the list alone
	}{
		{[]string{"MIT"}, []glob{"MIT"}, true, true},
		{[]string{"MIT"}, []glob{"GPL-*"}, false, false},
		{[]string{"MIT OR GPL-3.0-only"}, []glob{"GPL-*"}, false, true},
		{[]string{"MIT AND GPL-3.0-only"}, []glob{"GPL-*"}, true, false},
		{[]string{"MIT", "GPL-3.0-only"}, []glob{"GPL-*"}, true, false},
		{[]string{"MIT OR Apache-2.0 AND GPL-3.0-only"}, []glob{"GPL-*"}, false, false},
		{[]string{"(MIT OR Apache-2.0) AND GPL-3.0-only"}, []glob{"GPL-*", "MIT"}, true, true},
		{[]string{"GPL-2.0-only WITH Classpath-exception-2.0"}, []glob{"GPL-2.0-only"}, false, false},
		{[]string{"GPL-2.0-only WITH Classpath-exception-2.0"}, []glob{"GPL-**"}, true, true},
		{[]string{"public domain"}, []glob{"public**"}, true, true},
		{[]string{"(MIT"}, []glob{"MIT"}, false, false},
		{[]string{strings.Repeat("(", 100) + "MIT" + strings.Repeat(")", 100)}, []glob{"MIT"}, false, false},
	}
	for _, c := range cases {
		if needs(c.licenses, c.list) != c.needs || usable(c.licenses, c.list) != c.usable {
			t.Errorf("%q under %v: needs %v, usable %v", c.licenses, c.list, needs(c.licenses, c.list), usable(c.licenses, c.list))
		}
	}
}

// FuzzLicenseExpression: whatever stands in a licence, it can be used under everything, cannot be
// used under nothing, and needs what it cannot be used without.
func FuzzLicenseExpression(f *testing.F) {
	for _, text := range []string{"MIT", "MIT OR (Apache-2.0 AND BSD-3-Clause)", "((", "WITH WITH", "OR", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, none := func(string) bool { return true }, func(string) bool { return false }
		if !usableUnder([]string{text}, all) || usableUnder([]string{text}, none) {
			t.Errorf("%q: under everything %v, under nothing %v", text, usableUnder([]string{text}, all), usableUnder([]string{text}, none))
		}
		odd := func(id string) bool { return len(id)%2 == 1 }
		if once := usableUnder([]string{text}, odd); once != usableUnder([]string{text, text}, odd) {
			t.Errorf("%q stated twice is another licence", text)
		}
	})
}
