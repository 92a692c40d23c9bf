package policy

import (
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
)

// What people are told: the message of a rule, and the smallest change that mends it.
func TestMessagesAndFixes(t *testing.T) {
	exploited := func(f *finding.Finding) { f.KEV = true }
	compared := func(version string) func(*finding.Finding) {
		return func(f *finding.Finding) { f.Proof = &finding.Proof{Compared: version} }
	}
	cases := []struct {
		name, rule   string
		findings     []finding.Finding
		change       func(*Input)
		message, fix string
	}{
		{
			name: "one offender", rule: "deny: {severity: [critical], fixable: true}",
			findings: []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical, "3.3.2-r1")},
			message:  "1 critical vulnerability with a fix: CVE-1 in libssl3 3.3.2-r0 (fixed in 3.3.2-r1)",
			fix:      "upgrade openssl (libssl3) to 3.3.2-r1: clears 1 finding",
		},
		{
			name: "one vulnerability in two packages of one source, and another that asks for more", rule: "deny: {severity: [critical], fixable: true}",
			findings: []finding.Finding{
				vulnerability("CVE-1", libssl, advisory.Critical, "3.3.2-r1"), vulnerability("CVE-1", crypto, advisory.Critical, "3.3.2-r1"),
				vulnerability("CVE-2", libssl, advisory.Critical, "3.3.2-r10"), vulnerability("CVE-2", crypto, advisory.Critical, "3.3.2-r10"),
			},
			message: "2 critical vulnerabilities with a fix in 2 packages; the worst is CVE-1 in libcrypto3 3.3.2-r0 (fixed in 3.3.2-r1)",
			fix:     "upgrade openssl (libcrypto3, libssl3) to 3.3.2-r10: clears 4 findings",
		},
		{
			name: "of several branches the first fix after what is installed", rule: "deny: {severity: [high, critical]}",
			findings: []finding.Finding{vulnerability("CVE-1", module, advisory.High, "0.38.0", "0.6.9", "0.23.1")},
			message:  "1 high or critical vulnerability: CVE-1 in golang.org/x/net v0.7.0 (fixed in 0.38.0, 0.6.9 or 0.23.1)",
			fix:      "upgrade golang.org/x/net to 0.23.1: clears 1 finding",
		},
		{
			name: "Go's standard library comes with Go", rule: "deny: {severity: [high]}",
			findings: []finding.Finding{vulnerability("CVE-1", stdlib, advisory.High, "1.22.5"), vulnerability("CVE-2", stdlib, advisory.High, "1.22.12")},
			message:  "2 high vulnerabilities; the worst is CVE-1 in stdlib 1.22.0 (fixed in 1.22.5)",
			fix:      "build with Go 1.22.12: clears 2 findings",
		},
		{
			name: "the source package's version is compared, not the binary's", rule: "deny: {severity: [high]}",
			findings: []finding.Finding{with(vulnerability("CVE-1", epoch, advisory.High, "2.03.16-3"), compared("2.03.16-2"))},
			message:  "1 high vulnerability: CVE-1 in dmsetup 2:1.02.185-2 (fixed in 2.03.16-3)",
			fix:      "upgrade lvm2 (dmsetup) to 2.03.16-3: clears 1 finding",
		},
		{
			name: "exploited before severe", rule: "deny: {severity: [critical, high]}",
			findings: []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical), with(vulnerability("CVE-2", crypto, advisory.High), exploited)},
			message:  "2 critical or high vulnerabilities in 2 packages; the worst is CVE-2 in libcrypto3 3.3.2-r0",
			fix:      "no fix is known for 2 findings in libcrypto3, libssl3: remove what nothing needs",
		},
		{
			name: "what clears most comes first, what cannot be fixed last", rule: "deny: {kev: true}",
			findings: []finding.Finding{
				with(vulnerability("CVE-1", module, advisory.High, "0.38.0"), exploited), with(vulnerability("CVE-2", libssl, advisory.Low), exploited),
				with(vulnerability("CVE-3", stdlib, advisory.High, "1.22.5"), exploited), with(vulnerability("CVE-4", stdlib, advisory.High, "1.22.5"), exploited),
			},
			message: "4 vulnerabilities known to be exploited in 3 packages; the worst is CVE-1 in golang.org/x/net v0.7.0 (fixed in 0.38.0)",
			fix:     "build with Go 1.22.5: clears 2 findings; upgrade golang.org/x/net to 0.38.0: clears 1 finding; no fix is known for 1 finding in libssl3: remove what nothing needs",
		},
		{
			name: "versions that nobody can order are all told", rule: "deny: {severity: [high]}",
			findings: []finding.Finding{vulnerability("CVE-1", "pkg:pypi/django@4.2", advisory.High, "4.2.16", "5.0.9")},
			message:  "1 high vulnerability: CVE-1 in pkg:pypi/django@4.2 (fixed in 4.2.16 or 5.0.9)",
			fix:      "upgrade django to a version with the fixes of 4.2.16 and 5.0.9: clears 1 finding",
		},
		{
			name: "root", rule: "deny: {config: [user-root]}",
			findings: []finding.Finding{runsAsRoot()},
			message:  "the image runs as root: its configuration sets no user",
			fix:      "set USER to a non-root user in the Dockerfile",
		},
		{
			name: "the rule's own words", rule: `deny: {severity: [critical]}, message: "{{.Count}} too many, {{ .Count }}!"`,
			findings: []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical, "3.3.2-r1"), vulnerability("CVE-1", crypto, advisory.Critical, "3.3.2-r1")},
			message:  "1 too many, 1!",
			fix:      "upgrade openssl (libcrypto3, libssl3) to 3.3.2-r1: clears 2 findings",
		},
		{
			name: "pass", rule: "deny: {severity: [critical, unknown], fixable: false, kev: false}",
			message: "no critical or unrated vulnerability without a fix not known to be exploited",
		},
		{
			name: "pass of a package rule says what was asked", rule: `deny: {package: ["pkg:deb/debian/telnet"]}`,
			message: "no vulnerability in the packages that the rule names",
		},
		{
			name: "pass of a configuration rule", rule: "deny: {config: [user-root]}",
			message: "no finding of user-root",
		},
		{
			name: "packages that were not understood", rule: "deny: {severity: [critical]}",
			change: func(in *Input) {
				in.Coverage.AddGap(inventory.Gap{Dimension: "packages/pypi", Code: "no-extractor", Path: "usr/lib/python3", Why: "12 packages found that cannot be read yet"}, inventory.Unknown)
				in.Coverage.Set("advisories/Alpine:v3.20", inventory.Unknown)
			},
			message: "no critical vulnerability was found, but advisories/Alpine:v3.20 is unknown; packages/pypi is unknown (usr/lib/python3: 12 packages found that cannot be read yet)",
			fix:     "use an advisory database that covers it: plimsoll db build; repair or remove what could not be read; coverage.gaps in the report lists it",
		},
		{
			name: "findings that cannot be decided", rule: "deny: {severity: [critical], fixable: true}",
			findings: []finding.Finding{
				vulnerability("CVE-1", libssl, advisory.SeverityUnknown, "4"), vulnerability("CVE-2", libssl, advisory.SeverityUnknown, "4"),
				with(vulnerability("CVE-3", libssl, advisory.Critical), func(f *finding.Finding) { f.FixState = finding.FixUnknown }),
			},
			message: "no critical vulnerability with a fix was found, but 2 findings have no known severity; 1 finding has no word on whether there is a fix",
			fix:     "set defaults.unknownSeverity in policy baseline",
		},
		{
			name: "not looked for", rule: "deny: {kev: true}",
			change: func(in *Input) {
				in.Coverage = inventory.Coverage{}
				in.Database = Database{}
			},
			message: "no vulnerability known to be exploited was found, but no advisories were looked up; the database does not hold what is known to be exploited; packages were not looked for",
			fix:     "scan for what the rule reads (--find); use an advisory database that covers it: plimsoll db build",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := image1()
			in.Findings, in.Policies = c.findings, policyOf(t, "rules: [{id: r, "+c.rule+"}]")
			if c.change != nil {
				c.change(&in)
			}
			got := Evaluate(in).Rules[0]
			if got.Message != c.message {
				t.Errorf("message\n got %s\nwant %s", got.Message, c.message)
			}
			if got.Fix != c.fix {
				t.Errorf("fix\n got %s\nwant %s", got.Fix, c.fix)
			}
		})
	}
}

// A rule may have thousands of offenders; what it says stays readable.
func TestMessagesAreBounded(t *testing.T) {
	in := image1()
	in.Policies = Starter()
	for _, purl := range []string{libssl, crypto, stdlib, module, epoch, "pkg:npm/a@1", "pkg:npm/b@1", "pkg:npm/c@1"} {
		for _, id := range strings.Fields("A B C D E F G H") {
			in.Findings = append(in.Findings, with(vulnerability(id, purl, advisory.Critical, "9"), func(f *finding.Finding) { f.KEV = true }))
		}
	}
	for _, r := range Evaluate(in).Rules {
		if len(r.Message) > 300 || len(r.Fix) > 500 {
			t.Errorf("%s: message of %d bytes, fix of %d:\n%s\n%s", r.ID, len(r.Message), len(r.Fix), r.Message, r.Fix)
		}
	}
}
