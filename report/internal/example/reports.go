package example

import (
	"fmt"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/verdict"
)

// Denied is an ordinary image with problems of every kind, checked against a policy.
func Denied() *report.Report {
	t := target("registry.example/shop/app:1.4.2")
	libssl, openssl := deb("libssl3", "3.0.11-1~deb12u2", "openssl", "3.0.11-1~deb12u2"), deb("openssl", "3.0.11-1~deb12u2", "openssl", "3.0.11-1~deb12u2")
	dmsetup := deb("dmsetup", "2:1.02.185-2", "lvm2", "2.03.16-2")
	libc, zlib := deb("libc6", "2.36-9+deb12u4", "glibc", "2.36-9+deb12u4"), deb("zlib1g", "1:1.2.13.dfsg-1", "zlib", "1:1.2.13.dfsg-1")
	webp := deb("libwebp7", "1.2.4-0.2", "libwebp", "1.2.4-0.2")
	stdlib := module("stdlib", "1.21.3", "usr/local/bin/server", "usr/local/bin/migrate")
	crypto := module("golang.org/x/crypto", "v0.14.0", "usr/local/bin/server")
	r := &report.Report{
		Schema: report.Schema, EvaluatedAt: evaluatedAt(), Target: t,
		Distro:   &inventory.Distro{ID: "debian", VersionID: "12", Codename: "bookworm", Name: "Debian GNU/Linux 12 (bookworm)", EOL: "2028-06-30"},
		Packages: []inventory.Package{libssl, openssl, dmsetup, libc, zlib, webp, stdlib, crypto},
		Manifest: inventory.ManifestRef{Digest: digest("files"), Files: 1204},
		Files: inventory.FileFacts{
			Setuid:  []inventory.File{{Path: "usr/bin/passwd", Mode: 0o4755, Layer: digest("diff 0")}, {Path: "usr/bin/su", Mode: 0o4755, Layer: digest("diff 0")}},
			Unowned: []inventory.File{{Path: "usr/local/bin/entrypoint.sh", Mode: 0o755, Layer: digest("diff 2")}}, UnownedCount: 1,
		},
		Coverage: coverage(inventory.Gap{Dimension: "packages/pypi", Code: "no-extractor", Path: "usr/lib/python3/dist-packages/pip-23.0.1.dist-info/METADATA", Why: "12 files of Python packages, which cannot be read yet"}),
		Database: database(), Engine: engine(),
	}
	for _, p := range []inventory.Package{libssl, openssl} {
		r.Findings = append(r.Findings,
			vulnerability("CVE-2024-5535", p, advisory.Critical, 0.043, "3.0.15-1~deb12u1"),
			vulnerability("CVE-2023-5678", p, advisory.Medium, 0.012, "3.0.13-1~deb12u1"),
			vulnerability("CVE-2024-0727", p, advisory.Medium, 0.0031, "3.0.13-1~deb12u1"),
			vulnerability("CVE-2024-2511", p, advisory.Low, 0.0004, "3.0.14-1~deb12u1"),
			vulnerability("CVE-2025-27587", p, advisory.Low, 0.0002))
	}
	exploited := vulnerability("CVE-2023-4863", webp, advisory.High, 0.9412, "1.2.4-0.2+deb12u1")
	exploited.KEV = true
	unwilling := vulnerability("CVE-2023-45853", zlib, advisory.Critical, 0.0177)
	unwilling.FixState = finding.WontFix
	waived := vulnerability("CVE-2025-4802", libc, advisory.High, 0.0009, "2.36-9+deb12u11")
	waived.Status = finding.Waived
	r.Findings = append(r.Findings, exploited, unwilling, waived,
		vulnerability("CVE-2019-1010023", libc, advisory.Negligible, 0.0033),
		vulnerability("CVE-2026-31337", dmsetup, advisory.SeverityUnknown, -1),
		vulnerability("CVE-2023-39326", stdlib, advisory.Medium, 0.0007, "1.20.12", "1.21.5"),
		vulnerability("CVE-2023-45288", stdlib, advisory.High, 0.6654, "1.21.9"),
		vulnerability("CVE-2023-48795", crypto, advisory.Medium, 0.5518, "0.17.0"),
		userRoot())
	r.Suppressed = []finding.Suppressed{
		{Key: "vulnerability|CVE-2020-0001|" + libc.PURL, ID: "CVE-2020-0001", Package: libc.PURL, Reason: finding.Withdrawn},
	}
	r.Verdict = denial(t)
	return sorted(r)
}

func denial(t inventory.Target) *verdict.Verdict {
	return &verdict.Verdict{
		Outcome: map[verdict.Stage]verdict.Outcome{verdict.Build: verdict.Warn, verdict.Ship: verdict.Warn, verdict.Admit: verdict.Deny, verdict.Run: verdict.Warn},
		Rules: []verdict.Rule{
			{Policy: "baseline", ID: "known-exploited", Result: verdict.Fail, Offenders: []string{"vulnerability|CVE-2023-4863|pkg:deb/debian/libwebp7@1.2.4-0.2?arch=amd64&distro=debian-12"},
				Message: "CVE-2023-4863 in libwebp 1.2.4-0.2 is known to be exploited", Fix: "upgrade libwebp7 to 1.2.4-0.2+deb12u1 (clears 1 finding)"},
			{Policy: "baseline", ID: "critical-with-fix", Result: verdict.Fail, Offenders: []string{"vulnerability|CVE-2024-5535|pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12"},
				Message: "2 critical findings have a fix, the worst is CVE-2024-5535 in openssl 3.0.11-1~deb12u2", Fix: "upgrade libssl3 and openssl to 3.0.15-1~deb12u1 (clears 8 findings)"},
			{Policy: "baseline", ID: "no-old-python", Result: verdict.Unknown, Message: "no offender was found, but Python packages were not understood"},
			{Policy: "baseline", ID: "not-root", Result: verdict.Fail, Offenders: []string{"config|user-root"}, Message: "the image runs as root", Fix: "set USER to a user other than root in the Dockerfile"},
			{Policy: "baseline", ID: "small-surface", Result: verdict.Pass, Message: "8 packages"},
			{Policy: "baseline", ID: "no-telnet", Result: verdict.Pass, Message: "no offender was found"},
		},
		Inputs: inputs(t), EvaluatedAt: "2026-11-22T10:00:00Z", ValidUntil: "2026-11-23T10:00:00Z",
	}
}

// Allowed is an image without a known vulnerability, all of which was understood.
func Allowed() *report.Report {
	t := target("registry.example/shop/app:1.4.3")
	t.Config.User = "10001:10001"
	r := &report.Report{
		Schema: report.Schema, EvaluatedAt: evaluatedAt(), Target: t,
		Distro:   &inventory.Distro{ID: "alpine", VersionID: "3.20.3", Name: "Alpine Linux v3.20"},
		Packages: alpinePackages(14), Manifest: inventory.ManifestRef{Digest: digest("files"), Files: 24},
		Coverage: inventory.Coverage{}, Database: database(), Engine: engine(),
	}
	for _, name := range []string{"packages/deb", "packages/apk", "packages/golang", "files", "config", "advisories/Alpine:v3.20"} {
		r.Coverage.Set(name, inventory.Full)
	}
	r.Coverage.Set("secret", inventory.NotRun)
	r.Evidence = attested()
	r.Verdict = &verdict.Verdict{
		Outcome: map[verdict.Stage]verdict.Outcome{verdict.Build: verdict.Allow, verdict.Ship: verdict.Allow, verdict.Admit: verdict.Allow, verdict.Run: verdict.Allow},
		Rules: []verdict.Rule{
			{Policy: "baseline", ID: "known-exploited", Result: verdict.Pass, Message: "no offender was found"},
			{Policy: "baseline", ID: "critical-with-fix", Result: verdict.Pass, Message: "no offender was found"},
			{Policy: "baseline", ID: "not-root", Result: verdict.Pass, Message: "no offender was found"},
		},
		Inputs: inputs(t), EvaluatedAt: "2026-11-22T10:00:00Z",
	}
	return sorted(r)
}

// attested is a signature, provenance and a bill of materials.
func attested() *policy.Attestations {
	return &policy.Attestations{Gathered: true, Items: []policy.Attestation{
		{PredicateType: "https://sigstore.dev/cosign/sign/v1", Signers: []string{"ci-main"}, Layout: "sigstore-bundle-referrer", Digest: digest("signature")},
		{PredicateType: "https://slsa.dev/provenance/v1", Signers: []string{"builder", "ci-main"}, SignedAt: evaluatedAt().Add(-time.Hour), Layout: "sigstore-bundle-referrer", Digest: digest("provenance"),
			Builder: "https://ci.example/runner", BuildType: "https://ci.example/v1", SourceRepository: "https://git.example/shop/app", SourceRef: "refs/heads/main"},
		{PredicateType: "https://cyclonedx.org/bom", Signers: []string{"ci-main"}, StatedAt: evaluatedAt().Add(-time.Hour), Layout: "file", Digest: digest("bill"),
			SBOM: &policy.AttestedSBOM{Packages: 14, Complete: true}},
	}}
}

func alpinePackages(n int) []inventory.Package {
	packages := make([]inventory.Package, n)
	for i := range packages {
		name := fmt.Sprintf("package-%02d", i)
		packages[i] = inventory.Package{PURL: "pkg:apk/alpine/" + name + "@1.2.3-r0?arch=x86_64&distro=alpine-3.20.3", Type: "apk", Name: name, Version: "1.2.3-r0", Arch: "x86_64",
			Source: &inventory.Source{Name: name, Version: "1.2.3-r0"}, Licenses: []string{"MIT"},
			Locations: []inventory.Location{{Path: "lib/apk/db/installed", Layer: digest("diff 0")}}}
	}
	return packages
}

// Unknown is an image in which nothing wrong was found because little of it was understood.
func Unknown() *report.Report {
	t := target("oci:build/image")
	t.Repository, t.IndexDigest = "", digest("")
	r := &report.Report{
		Schema: report.Schema, EvaluatedAt: evaluatedAt(), Target: t,
		Distro:   &inventory.Distro{ID: "fedora", VersionID: "41"},
		Packages: []inventory.Package{module("stdlib", "1.26.1", "usr/bin/tool")},
		Manifest: inventory.ManifestRef{Digest: digest("files"), Files: 640},
		Coverage: coverage(
			inventory.Gap{Dimension: "packages/rpm", Code: "no-extractor", Path: "usr/lib/sysimage/rpm/rpmdb.sqlite"},
			inventory.Gap{Dimension: "packages/npm", Code: "no-extractor", Path: "app/package-lock.json", Why: "37 files such as app/package-lock.json, which cannot be read yet"}),
		Database: database(), Engine: engine(),
	}
	r.Coverage.AddGap(inventory.Gap{Dimension: "packages/golang", Code: "unreadable-file", Path: "usr/bin/truncated", Why: "unexpected end of file"}, inventory.Partial)
	for i := range 5 {
		r.Coverage.AddGap(inventory.Gap{Dimension: "packages/deb", Code: "malformed-entry", Path: fmt.Sprintf("var/lib/dpkg/status.d/broken-%d", i), Why: "an entry has no version"}, inventory.Partial)
	}
	r.Database.Sources = []report.Source{source("epss", 312456, "2026-11-21"), {Name: "kev", Records: 1432}, source("osv/Go", 4388, "2025-02-12")}
	return sorted(r)
}

// Many is an image with more findings than a screen holds, of long names and many packages.
func Many() *report.Report {
	r := Denied()
	r.Verdict = nil
	levels := []advisory.Severity{advisory.Low, advisory.Medium, advisory.High, advisory.Negligible, advisory.Medium}
	for i := range 60 {
		name := fmt.Sprintf("lib%s%d", []string{"avcodec", "x11-", "python3.11-minimal-", "gstreamer-plugins-bad1.0-"}[i%4], i)
		p := deb(name, fmt.Sprintf("1.%d.0-2+deb12u%d", i, i%3), name, fmt.Sprintf("1.%d.0-2+deb12u%d", i, i%3))
		r.Packages = append(r.Packages, p)
		for j := range 1 + i*7%11 {
			var fixed []string
			if i%3 != 0 {
				fixed = []string{fmt.Sprintf("1.%d.%d-2+deb12u%d", i, j+1, i%3)}
			}
			r.Findings = append(r.Findings, vulnerability(fmt.Sprintf("CVE-2025-%d", 10000+100*i+j), p, levels[(i+j)%5], float64(i*j%97)/1000, fixed...))
		}
	}
	return sorted(r)
}

// Hostile is an image whose maker tried to write to the reader's terminal and build log.
func Hostile() *report.Report {
	r := Allowed()
	r.Target.Reference = "oci:\x1b]0;owned\x07evil\n::error::denied"
	r.Distro.Name = "Alpine \u202egnihtyna\u202c 3.20 \u009b31m"
	r.Packages[0].Name, r.Packages[0].Source.Name = "a\x1b[2J\x1b[H", "::set-output name=x::##[command]y ##vso[task.complete]"
	r.Packages[1].Name, r.Packages[1].Source = "日本語のとても長いパッケージ名です日本語のとても長いパッケージ名です", nil
	r.Packages[1].Locations[0].Path = "app/\xff\xfe\u200b/é/z\u0301\u0301\u0301\u0301\u0301.jar"
	r.Packages[2].Version, r.Packages[2].Source.Version = "1.0\r\n::warning::x", "1.0\r\n::warning::x"
	long := make([]byte, 5000)
	for i := range long {
		long[i] = 'w'
	}
	r.Packages[3].Name, r.Packages[3].Source.Name = string(long), string(long)
	r.Findings = []finding.Finding{
		vulnerability("CVE-2026-1", r.Packages[0], advisory.High, 0.5, "1.3.0-r0"),
		vulnerability("CVE-2026-2", r.Packages[1], advisory.Medium, 0.05),
		vulnerability("CVE-2026-3", r.Packages[2], advisory.Low, 0.005, "1.3.0-r0"),
		vulnerability("CVE-2026-4", r.Packages[3], advisory.Low, 0.005, "1.3.0-r0"),
		{Key: finding.ConfigKey("user-root"), Kind: finding.Config, ID: "user-root", Severity: advisory.Medium, Title: "user \"\x1b[31mroot\x7f\""},
	}
	r.Coverage.AddGap(inventory.Gap{Dimension: "packages/\x1b[1m", Code: "##[group]", Path: "::add-mask::x", Why: "\u2066isolated\u2069 \U000e0041 tag"}, inventory.Partial)
	r.Evidence.Items[0].Signers, r.Evidence.Items[1].Builder = []string{"ci\x1b[1m\n::error::"}, "https://\u202eexample/\x07"
	r.Evidence.Incomplete = "not all could be read: \x1b[2J"
	r.Verdict.Rules[0].Result, r.Verdict.Rules[0].Message = verdict.Fail, "::stop-commands::x \x1b[0m"
	return sorted(r)
}

// Empty is an image in which there is nothing that was understood, such as one that holds a
// single static program.
func Empty() *report.Report {
	r := Allowed()
	r.Distro, r.Packages, r.Verdict = nil, nil, nil
	r.Evidence.Items = []policy.Attestation{}
	delete(r.Coverage.States, "advisories/Alpine:v3.20")
	return r
}

// Replay is a result for another time than that of the run.
func Replay() *report.Report {
	r := Allowed()
	r.Replay, r.Verdict, r.Evidence = true, nil, nil
	return r
}
