package policy

import (
	"strings"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/verdict"
)

func statement(status advisory.VEXStatus, products ...advisory.VEXProduct) advisory.VEXStatement {
	return advisory.VEXStatement{Document: "https://vex.example/1", Author: "maker", Issued: now().Add(-time.Hour),
		Vulnerabilities: []string{"CVE-1"}, Status: status, Impact: "never called", Products: products}
}

func purlProduct(purl string, subcomponents ...string) advisory.VEXProduct {
	return advisory.VEXProduct{ID: purl, PURLs: []string{purl}, Subcomponents: subcomponents}
}

func TestVEXProducts(t *testing.T) {
	digest := image1().Facts.Target.Digest.String()
	other := "sha256:" + strings.Repeat("0", 64)
	oci := "pkg:oci/app@" + strings.ReplaceAll(digest, ":", "%3A")
	arch := libssl[:strings.Index(libssl, "?")]
	cases := []struct {
		name    string
		product advisory.VEXProduct
		why     string // why it is not about the finding; empty if it is
	}{
		{"the package", purlProduct(libssl), ""},
		{"the package without qualifiers", purlProduct(arch), ""},
		{"the package without version", purlProduct("pkg:apk/alpine/libssl3"), ""},
		{"its source", purlProduct("pkg:apk/alpine/openssl@3.3.2-r0"), ""},
		{"its source in another version", purlProduct("pkg:apk/alpine/openssl@3.3.1-r0"), "its product is pkg:apk/alpine/openssl@3.3.1-r0, and it was found in " + libssl},
		{"another distribution's package", purlProduct("pkg:apk/wolfi/libssl3"), "its product is pkg:apk/wolfi/libssl3, and it was found in " + libssl},
		{"another architecture", purlProduct(arch + "?arch=aarch64"), "its product is " + arch + "?arch=aarch64, and it was found in " + libssl},
		{"the image by purl and digest", purlProduct(oci), ""},
		{"the image, and a subcomponent", purlProduct(oci, "pkg:apk/alpine/libssl3"), ""},
		{"the image, and another subcomponent", purlProduct(oci, "pkg:apk/alpine/zlib"), "its subcomponents are pkg:apk/alpine/zlib, and it was found in " + libssl},
		{"another digest", purlProduct("pkg:oci/app@" + other), "its product is pkg:oci/app at the digest " + other + ", and this image has another"},
		{"another digest, and the right subcomponent", purlProduct("pkg:oci/app@"+other, libssl), "its product is pkg:oci/app at the digest " + other + ", and this image has another"},
		{"the image by its repository", purlProduct("pkg:oci/app?repository_url=registry.example%2Fteam%2Fapp"), ""},
		{"another repository", purlProduct("pkg:oci/app?repository_url=registry.example/team/other"), "its product is in registry.example/team/other, and this image is registry.example/team/app"},
		{"the name alone", purlProduct("pkg:oci/app"), "its product pkg:oci/app names neither a digest nor a repository_url"},
		{"the image for another architecture", purlProduct(oci + "?arch=arm64"), "its product is for the architecture arm64, and this image for linux/amd64"},
		{"the image by a tag that it has", purlProduct("pkg:docker/app@1.2?repository_url=registry.example/team/app"), ""},
		{"the image by another tag", purlProduct("pkg:docker/app@1.3?repository_url=registry.example/team/app"), "its product is the tag 1.3, and this image has 1.2"},
		{"a digest", advisory.VEXProduct{ID: "x", Digests: []string{digest}}, ""},
		{"a digest of another image", advisory.VEXProduct{ID: "x", Digests: []string{other}}, "its product is the digest " + other + ", and this image has another"},
		{"the repository's name", advisory.VEXProduct{ID: "registry.example/team/app"}, ""},
		{"name and digest", advisory.VEXProduct{ID: "registry.example/team/app@" + digest}, ""},
		{"another name and the digest", advisory.VEXProduct{ID: "registry.example/other@" + digest}, `its product "registry.example/other@` + digest + `" names neither this image nor a package`},
		{"anything else", advisory.VEXProduct{ID: "CSAFPID-1"}, `its product "CSAFPID-1" names neither this image nor a package`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := image1()
			in.Tag = "1.2"
			in.Facts.Packages[0].Arch = "x86_64"
			in.Findings = []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical)}
			in.Policies = policyOf(t, rulesOf("severity: [critical]"))
			in.VEX = []advisory.VEXStatement{statement(advisory.VEXNotAffected, c.product)}
			got := Evaluate(in)
			result, status, state := verdict.Pass, finding.NotAffected, verdict.Used
			if c.why != "" {
				result, status, state = verdict.Fail, finding.Affected, verdict.Unused
			}
			if got.Rules[0].Result != result || got.Findings[0].Status != status || got.VEX[0].State != state || got.VEX[0].Why != c.why {
				t.Errorf("%s, %s, %s\n got %s\nwant %s", got.Rules[0].Result, got.Findings[0].Status, got.VEX[0].State, got.VEX[0].Why, c.why)
			}
		})
	}
}

func TestVEXStatuses(t *testing.T) {
	about := purlProduct(libssl)
	later := func(s advisory.VEXStatement, d time.Duration) advisory.VEXStatement {
		s.Document, s.Issued = "https://vex.example/2", s.Issued.Add(d)
		return s
	}
	cases := []struct {
		name       string
		statements []advisory.VEXStatement
		result     verdict.Result
		status     finding.Status
	}{
		{"none", nil, verdict.Fail, finding.Affected},
		{"not affected", []advisory.VEXStatement{statement(advisory.VEXNotAffected, about)}, verdict.Pass, finding.NotAffected},
		{"fixed", []advisory.VEXStatement{statement(advisory.VEXFixed, about)}, verdict.Pass, finding.Fixed},
		{"affected", []advisory.VEXStatement{statement(advisory.VEXAffected, about)}, verdict.Fail, finding.Affected},
		{"under investigation", []advisory.VEXStatement{statement(advisory.VEXUnderInvestigation, about)}, verdict.Fail, finding.UnderInvestigation},
		{"a status that nobody knows", []advisory.VEXStatement{statement("harmless", about)}, verdict.Fail, "harmless"},
		{"the newer counts", []advisory.VEXStatement{statement(advisory.VEXNotAffected, about), later(statement(advisory.VEXAffected, about), time.Minute)}, verdict.Fail, finding.Affected},
		{"the newer counts, in any order", []advisory.VEXStatement{later(statement(advisory.VEXAffected, about), -time.Minute), statement(advisory.VEXNotAffected, about)}, verdict.Pass, finding.NotAffected},
		{"of equally old ones, what suppresses least", []advisory.VEXStatement{later(statement(advisory.VEXAffected, about), 0), statement(advisory.VEXNotAffected, about)}, verdict.Fail, finding.Affected},
		{"a newer one about something else", []advisory.VEXStatement{statement(advisory.VEXNotAffected, about), later(statement(advisory.VEXAffected, purlProduct("pkg:npm/x")), time.Minute)}, verdict.Pass, finding.NotAffected},
	}
	for _, c := range cases {
		in := image1()
		in.Findings = []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical)}
		in.Policies, in.VEX = policyOf(t, rulesOf("severity: [critical]")), c.statements
		if got := Evaluate(in); got.Rules[0].Result != c.result || got.Findings[0].Status != c.status {
			t.Errorf("%s: %s, %s; want %s, %s", c.name, got.Rules[0].Result, got.Findings[0].Status, c.result, c.status)
		}
	}
}

// Not affected is nothing to take on trust: without a reason it does not count.
func TestVEXWithoutAReason(t *testing.T) {
	in := image1()
	in.Findings = []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical)}
	in.Policies, in.VEX = policyOf(t, rulesOf("severity: [critical]")), []advisory.VEXStatement{statement(advisory.VEXNotAffected, purlProduct(libssl))}
	in.VEX[0].Impact = ""
	if got := Evaluate(in); got.VEX[0].State != verdict.Refused || got.Rules[0].Result != verdict.Fail {
		t.Errorf("%+v, %s", got.VEX[0], got.Rules[0].Result)
	}
	in.VEX[0].Justification = "component_not_present"
	if got := Evaluate(in); got.VEX[0].State != verdict.Used || got.Rules[0].Result != verdict.Pass {
		t.Errorf("with a reason: %+v, %s", got.VEX[0], got.Rules[0].Result)
	}
}

// A statement about a vulnerability that was not found says so.
func TestVEXAboutNothing(t *testing.T) {
	in := image1()
	in.Policies, in.VEX = policyOf(t, rulesOf("severity: [critical]")), []advisory.VEXStatement{statement(advisory.VEXNotAffected, purlProduct(libssl))}
	got := Evaluate(in).VEX[0]
	if got.State != verdict.Unused || got.Why != "nothing that was found is CVE-1" || got.ID != "https://vex.example/1#1" || got.Vulnerability != "CVE-1" {
		t.Errorf("%+v", got)
	}
}

// VEX and a waiver on one finding: what is not affected needs no waiver, and what is affected may
// still be waived.
func TestVEXAndWaivers(t *testing.T) {
	in := image1()
	in.Findings = []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical)}
	in.Policies, in.Waivers = policyOf(t, byAppsec, rulesOf("severity: [critical]")), waiversOf(t, "")
	in.VEX = []advisory.VEXStatement{statement(advisory.VEXNotAffected, purlProduct(libssl))}
	if got := Evaluate(in); got.Findings[0].Status != finding.NotAffected || got.Rules[0].Result != verdict.Pass {
		t.Errorf("not affected and waived: %s, %s", got.Findings[0].Status, got.Rules[0].Result)
	}
	in.VEX[0].Status = advisory.VEXAffected
	if got := Evaluate(in); got.Findings[0].Status != finding.Waived || got.Rules[0].Result != verdict.Waived {
		t.Errorf("affected and waived: %s, %s", got.Findings[0].Status, got.Rules[0].Result)
	}
	in.Findings[0].Kind, in.Findings[0].Key = finding.Config, checkKey
	if got := Evaluate(in); got.VEX[0].State != verdict.Unused {
		t.Error("VEX speaks of a finding that is no vulnerability")
	}
}
