package policy

import (
	"fmt"
	"testing"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/inventory"
)

// An image with 1,000 packages and 3,000 findings, under the starter policy and a rule of 20
// package patterns.
func BenchmarkEvaluate(b *testing.B) {
	in := image1()
	patterns := ""
	for i := range 20 {
		patterns += fmt.Sprintf(`"pkg:deb/debian/lib*-%d", `, i)
	}
	in.Policies = append(Starter(), policyOf(b, rulesOf("package: ["+patterns+"]"))...)
	for i := range 1000 {
		name := fmt.Sprintf("libexample%d", i)
		purl := "pkg:deb/debian/" + name + "@2.3.4-5?arch=amd64&distro=debian-12"
		in.Facts.Packages = append(in.Facts.Packages, inventory.Package{
			PURL: purl, Type: "deb", Name: name, Version: "2.3.4-5", Source: &inventory.Source{Name: "example", Version: "2.3.4-5"},
		})
		for j := range 3 {
			in.Findings = append(in.Findings, vulnerability(fmt.Sprintf("CVE-2024-%d", i+j), purl, advisory.Severity(j+3), "2.3.4-6"))
		}
	}
	for b.Loop() {
		Evaluate(in)
	}
}
