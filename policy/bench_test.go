package policy

import (
	"fmt"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/inventory"
)

// twenty is a policy of 20 rules, of which 5 are expressions.
func twenty() string {
	rules := []string{
		"deny: {kev: true}", "deny: {severity: [critical], fixable: true}", "deny: {severity: [critical], fixAvailableFor: 7d}",
		"deny: {severity: [high], fixAvailableFor: 30d, atLeast: 5}", "deny: {epss: 0.5}", "deny: {cvss: 9.5, fixable: true}",
		"deny: {publishedFor: 365d, severity: [high, critical]}", `deny: {package: ["pkg:golang/**"], severity: [critical]}`,
		"deny: {vulnerability: [CVE-2021-44228, CVE-2014-0160]}", `deny: {component: ["pkg:deb/debian/lib*-9"]}`, "deny: {license: ['AGPL-*']}",
		"deny: {config: [user-root]}", "deny: {endOfLife: true}", "deny: {tag: [latest]}", "deny: {layers: 100}",
		`where: f.epss > 0.5 && f.severity in ["high", "critical"]`, `where: f.cvss >= 9.0 && f.fixable`, `where: f.package.type == "golang" && f.severity == "critical"`,
		"expr: size(packages) < 5000", `expr: findings.filter(x, x.severity == "critical").size() < 100`,
	}
	var b strings.Builder
	b.WriteString("apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: twenty}\nrules:\n")
	for i, r := range rules {
		fmt.Fprintf(&b, "  - id: r%d\n    %s\n", i, r)
	}
	return b.String()
}

// A thousand findings in 300 packages.
func thousand() Input {
	in := image1()
	for i := range 300 {
		name := fmt.Sprintf("libexample%d", i)
		in.Facts.Packages = append(in.Facts.Packages, inventory.Package{
			PURL: "pkg:deb/debian/" + name + "@2.3.4-5?arch=amd64&distro=debian-12", Type: "deb", Name: name, Version: "2.3.4-5", Licenses: []string{"MIT OR Apache-2.0"},
			Source: &inventory.Source{Name: "example", Version: "2.3.4-5"},
		})
	}
	for i := range 1000 {
		epss := float64(i%40) / 100
		f := vulnerability(fmt.Sprintf("CVE-2024-%d", i), in.Facts.Packages[5+i%300].PURL, advisory.Severity(2+i%3), "2.3.4-6")
		f.EPSS, f.Published, f.FixKnownSince = &epss, "2026-10-01T00:00:00Z", "2026-11-20T00:00:00Z"
		f.Ratings = []advisory.Rating{{Source: "nvd", Vector: "CVSS:3.1/AV:N", Score: float64(i % 9)}}
		in.Findings = append(in.Findings, f)
	}
	return in
}

// BenchmarkEvaluate: 20 rules over 1,000 findings, all digests of the inputs included.
func BenchmarkEvaluate(b *testing.B) {
	in := thousand()
	policies, err := Parse("twenty.yaml", []byte(twenty()))
	if err != nil {
		b.Fatal(err)
	}
	in.Policies = policies
	b.ReportAllocs()
	for b.Loop() {
		Evaluate(in)
	}
}

// BenchmarkRules is the same without the digests.
func BenchmarkRules(b *testing.B) {
	in := thousand()
	policies, err := Parse("twenty.yaml", []byte(twenty()))
	if err != nil {
		b.Fatal(err)
	}
	in.Policies = policies
	b.ReportAllocs()
	for b.Loop() {
		s := newSubject(in, now())
		s.applyVEX(&in, nil, false)
		j := &judgement{s: s, waiving: newWaiving(&in, s, false)}
		j.verdict.Outcome = nil
		p := policies[0]
		v := j.waiving.under(&p)
		for i := range p.rules {
			a := asking{judgement: j, view: v, rule: &p.rules[i]}
			a.result()
		}
	}
}

// BenchmarkCompile: reading the 20 rules.
func BenchmarkCompile(b *testing.B) {
	text := []byte(twenty())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("twenty.yaml", text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWaivers: 100 waivers over 1,000 findings.
func BenchmarkWaivers(b *testing.B) {
	in := thousand()
	in.Policies = policyOf(b, byAppsec, rulesOf("severity: [critical]"))
	for i := range 100 {
		w := waiversOf(b, fmt.Sprintf("match: {vulnerabilities: [CVE-2024-%d]}", i))
		in.Waivers = append(in.Waivers, w...)
	}
	for b.Loop() {
		Evaluate(in)
	}
}
