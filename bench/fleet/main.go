// Command fleet writes many realistic reports, to measure what reads fleets of them:
//
//	go run ./bench/fleet --out /tmp/fleet --reports 10000
//	time plimsoll policy preview --policy new.yaml --against /tmp/fleet --format json --output /dev/null
//
// Each is of a Debian image of 200 packages with 100 to 300 findings, with the verdict of the
// starter policy. The same numbers give the same files.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/json"
)

func main() {
	log.SetFlags(0)
	out := flag.String("out", "", "folder to write to")
	reports := flag.Int("reports", 10_000, "how many")
	flag.Parse()
	if *out == "" {
		log.Fatal("fleet wants --out: a folder to write to")
	}
	var size int64
	for i := range *reports {
		n, err := write(*out, i)
		if err != nil {
			log.Fatalf("writing report %d: %v", i, err)
		}
		size += n
	}
	log.Printf("%d reports, %d MB", *reports, size/1e6)
}

func write(out string, number int) (int64, error) {
	r := one(number)
	path := filepath.Join(out, fmt.Sprintf("team-%02d", number%40), fmt.Sprintf("app-%05d.json", number))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return 0, err
	}
	var b bytes.Buffer
	if err := (json.Sink{}).Write(&b, r); err != nil {
		return 0, err
	}
	return int64(b.Len()), os.WriteFile(path, b.Bytes(), 0o644)
}

// one makes a report.
func one(number int) *report.Report {
	random := rand.New(rand.NewPCG(uint64(number), 1))
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	r := &report.Report{
		Schema: report.Schema, EvaluatedAt: now, Target: target(number, random),
		Distro: &inventory.Distro{ID: "debian", VersionID: "12", Codename: "bookworm", Name: "Debian GNU/Linux 12 (bookworm)", EOL: "2028-06-30"},
		Database: &report.Database{Digest: image.DigestOf([]byte("database")), Sources: []report.Source{
			{Name: "osv/Debian", Records: 40_643, AsOf: now.Add(-6 * time.Hour), Newest: now.Add(-7 * time.Hour)},
			{Name: "epss", Records: 290_000, AsOf: now.Add(-6 * time.Hour)}, {Name: "kev", Records: 1_400, AsOf: now.Add(-6 * time.Hour)}}},
		Engine: report.Engine{Name: "plimsoll", Version: "0.1.0"},
	}
	for dimension, state := range map[string]inventory.State{"packages/deb": inventory.Full, "advisories/Debian:12": inventory.Full,
		"files": inventory.Full, "config": inventory.Full, "secret": inventory.NotRun, "license": inventory.NotRun} {
		r.Coverage.Set(dimension, state)
	}
	for i := range 200 {
		r.Packages = append(r.Packages, installed(i, r.Target.Layers, random))
	}
	for range 100 + random.IntN(201) {
		r.Findings = append(r.Findings, found(&r.Packages[random.IntN(len(r.Packages))], random))
	}
	slices.SortFunc(r.Packages, inventory.ComparePackages)
	slices.SortFunc(r.Findings, finding.Compare)
	r.Findings = slices.CompactFunc(r.Findings, func(a, b finding.Finding) bool { return a.Key == b.Key })
	decide(r)
	return r
}

// decide adds the verdict of the starter policy.
func decide(r *report.Report) {
	in := policy.Input{
		Facts:    inventory.Facts{Target: r.Target, Distro: r.Distro, Packages: r.Packages},
		Findings: r.Findings, Coverage: r.Coverage, Policies: policy.Starter(), Repository: r.Target.Repository,
		Engine: "plimsoll 0.1.0", Now: r.EvaluatedAt,
	}
	for _, s := range r.Database.Sources {
		in.Database.Sources = append(in.Database.Sources, policy.Source{Name: s.Name, AsOf: s.AsOf})
	}
	decided := policy.Evaluate(in)
	r.Findings, r.Verdict = decided.Findings, &decided.Verdict
}

func target(number int, random *rand.Rand) inventory.Target {
	name := fmt.Sprintf("registry.example/team-%02d/app-%05d", number%40, number)
	t := inventory.Target{
		Reference: name + ":1.2", Repository: name, ImageID: digest(random), Digest: digest(random), Platform: "linux/amd64",
		Config: inventory.TargetConfig{
			User: "65532", Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"},
			Entrypoint: []string{"/app/server"}, ExposedPorts: []string{"8080/tcp"}, Created: "2026-10-01T08:00:00Z",
			Labels: map[string]string{"org.opencontainers.image.source": "https://git.example/app", "org.opencontainers.image.version": "1.2"},
		},
	}
	if number%3 == 0 {
		t.Config.Labels["org.opencontainers.image.authors"] = fmt.Sprintf("team-%02d@example.com", number%40)
	}
	for range 8 {
		t.Layers = append(t.Layers, inventory.TargetLayer{Digest: digest(random), DiffID: digest(random), Size: 9_000_000, Unpacked: 30_000_000,
			CreatedBy: "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends ca-certificates # buildkit"})
	}
	return t
}

func digest(random *rand.Rand) image.Digest {
	return image.DigestOf(fmt.Appendf(nil, "%x", random.Uint64()))
}

func installed(i int, layers []inventory.TargetLayer, random *rand.Rand) inventory.Package {
	name, version := fmt.Sprintf("libexample%d", i), fmt.Sprintf("%d.%d.%d-%d+deb12u1", i%5, i%17, random.IntN(30), 1+i%3)
	layer := layers[random.IntN(len(layers))].DiffID
	return inventory.Package{
		PURL: "pkg:deb/debian/" + name + "@" + version + "?arch=amd64&distro=debian-12", Type: "deb", Name: name, Version: version, Arch: "amd64",
		Source:    &inventory.Source{Name: fmt.Sprintf("example%d", i/2), Version: version},
		Licenses:  []string{"GPL-2.0-or-later", "LGPL-2.1-or-later"},
		Locations: []inventory.Location{{Path: "var/lib/dpkg/info/" + name + ":amd64.list", Layer: layer}, {Path: "var/lib/dpkg/status", Layer: layer}},
	}
}

func found(p *inventory.Package, random *rand.Rand) finding.Finding {
	id := fmt.Sprintf("CVE-%d-%d", 2018+random.IntN(9), 1000+random.IntN(50_000))
	severity := []advisory.Severity{advisory.Negligible, advisory.Low, advisory.Low, advisory.Medium, advisory.Medium, advisory.Medium,
		advisory.High, advisory.High, advisory.SeverityUnknown, advisory.Critical}[random.IntN(10)]
	epss := float64(random.IntN(10_000)) / 100_000
	f := finding.Finding{
		Key: finding.VulnerabilityKey(id, p.PURL), Kind: finding.Vulnerability, ID: id,
		Advisories: []string{"DEBIAN-" + id}, Package: p.PURL, Severity: severity, SeveritySource: "osv/Debian", EPSS: &epss,
		Ratings: []advisory.Rating{
			{Source: "osv/Debian", Severity: severity},
			{Source: "nvd", Score: 7.5, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Severity: advisory.High},
		},
		FixState: finding.NotFixed, Published: "2024-05-02T10:15:00Z", Status: finding.Affected,
		Proof: &finding.Proof{Source: "osv/Debian", Record: "DEBIAN-" + id, Name: p.Source.Name, Range: ">=0,<9.9.9-1", Compared: p.Version},
	}
	if random.IntN(3) == 0 {
		f.FixState, f.FixedIn, f.FixKnownSince = finding.FixAvailable, []string{"9.9.9-1"}, "2026-06-01T00:00:00Z"
	}
	f.KEV = random.IntN(2000) == 0
	return f
}
