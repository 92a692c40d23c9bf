// Package example holds made-up reports that the tests of every output format share, so that
// the formats can be compared with each other. It is for tests only. Names and versions are
// those of real packages; severities, scores and dates are chosen to show every case.
package example

import (
	"fmt"
	"slices"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/verdict"
)

// All returns every example by name.
func All() map[string]*report.Report {
	return map[string]*report.Report{
		"denied": Denied(), "allowed": Allowed(), "unknown": Unknown(), "many": Many(),
		"hostile": Hostile(), "empty": Empty(), "replay": Replay(),
	}
}

func evaluatedAt() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

func digest(of string) image.Digest { return image.DigestOf([]byte(of)) }

func engine() report.Engine { return report.Engine{Name: "plimsoll", Version: "0.1.0"} }

func source(name string, records int, asOf string) report.Source {
	day, err := time.Parse(time.DateOnly, asOf)
	if err != nil { // a typing error in this file
		panic(err)
	}
	return report.Source{Name: name, Records: records, AsOf: day, Newest: day.Add(-5 * time.Hour)}
}

func database() *report.Database {
	return &report.Database{Digest: digest("database"), Sources: []report.Source{
		source("epss", 312456, "2026-11-21"), source("kev", 1432, "2026-11-21"),
		source("osv/Alpine", 4120, "2026-11-20"), source("osv/Debian", 40643, "2026-11-20"), source("osv/Go", 4388, "2026-11-20"),
	}}
}

func target(reference string) inventory.Target {
	layers := []inventory.TargetLayer{
		{Digest: digest("layer 0"), DiffID: digest("diff 0"), Size: 29_124_181, Unpacked: 77_824_000, CreatedBy: "/bin/sh -c #(nop) ADD file:3a1c in / "},
		{Digest: digest("layer 1"), DiffID: digest("diff 1"), Size: 18_400_912, Unpacked: 51_200_512, CreatedBy: "RUN apt-get update && apt-get install -y openssl <mirror> # buildkit"},
		{Digest: digest("layer 2"), DiffID: digest("diff 2"), Size: 812_002, Unpacked: 2_048_000, CreatedBy: "COPY server /usr/local/bin/server # buildkit"},
	}
	return inventory.Target{
		Reference: reference, Repository: "registry.example/shop/app",
		ImageID: digest("configuration"), Digest: digest("manifest"), IndexDigest: digest("index"), Platform: "linux/amd64",
		Config: inventory.TargetConfig{
			Env:        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "API_TOKEN=<redacted>"},
			Entrypoint: []string{"/usr/local/bin/server"}, Cmd: []string{"--listen", ":8080"}, ExposedPorts: []string{"8080/tcp"},
			Labels: map[string]string{"org.opencontainers.image.source": "https://git.example/shop/app"}, Created: "2026-11-01T08:00:00Z",
		},
		Layers:       layers,
		Instructions: []string{"ADD file:3a1c in /", `CMD ["bash"]`, "RUN apt-get update && apt-get install -y openssl <mirror>", "COPY server /usr/local/bin/server", `ENTRYPOINT ["/usr/local/bin/server"]`},
		Base:         &inventory.Base{Name: "docker.io/library/debian:12", Digest: digest("debian")},
	}
}

func deb(name, version, source, sourceVersion string) inventory.Package {
	return inventory.Package{
		PURL: fmt.Sprintf("pkg:deb/debian/%s@%s?arch=amd64&distro=debian-12", name, version), Type: "deb", Name: name, Version: version, Arch: "amd64",
		Source:    &inventory.Source{Name: source, Version: sourceVersion},
		Locations: []inventory.Location{{Path: "var/lib/dpkg/status", Layer: digest("diff 1")}},
	}
}

func module(path, version string, files ...string) inventory.Package {
	p := inventory.Package{PURL: "pkg:golang/" + path + "@" + version, Type: "golang", Name: path, Version: version}
	for _, f := range files {
		p.Locations = append(p.Locations, inventory.Location{Path: f, Layer: digest("diff 2")})
	}
	return p
}

// vulnerability is a row whose remaining fields the caller fills in.
func vulnerability(id string, p inventory.Package, severity advisory.Severity, epss float64, fixedIn ...string) finding.Finding {
	f := finding.Finding{
		Key: finding.VulnerabilityKey(id, p.PURL), Kind: finding.Vulnerability, ID: id,
		Advisories: []string{"DEBIAN-" + id}, Package: p.PURL,
		Severity: severity, SeveritySource: "debian/urgency",
		Ratings: []advisory.Rating{
			{Source: "NVD-" + id, Score: 8.1, Vector: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", Severity: advisory.High},
			{Source: "debian/urgency", Severity: severity},
		},
		FixedIn: fixedIn, FixState: finding.NotFixed, Published: "2026-03-01T12:00:00Z", Status: finding.Affected,
		Proof:     &finding.Proof{Source: "osv/Debian", Record: "DEBIAN-" + id, Name: p.Name, Range: ">=0", Compared: p.Version},
		Locations: p.Locations,
	}
	if severity == advisory.SeverityUnknown {
		f.SeveritySource, f.Ratings = "", nil
	}
	if epss >= 0 {
		f.EPSS = &epss
	}
	if len(fixedIn) > 0 {
		f.FixState, f.FixKnownSince = finding.FixAvailable, "2026-03-02T12:00:00Z"
		f.Proof.Range = ">=0,<" + fixedIn[0]
	}
	return f
}

func userRoot() finding.Finding {
	return finding.Finding{Key: finding.ConfigKey("user-root"), Kind: finding.Config, ID: "user-root", Severity: advisory.Medium, Title: "the container runs as root"}
}

func coverage(gaps ...inventory.Gap) inventory.Coverage {
	c := inventory.Coverage{}
	for _, name := range []string{"packages/deb", "packages/apk", "packages/golang", "files", "config", "advisories/Debian:12", "advisories/Go"} {
		c.Set(name, inventory.Full)
	}
	c.Set("secret", inventory.NotRun)
	c.Set("license", inventory.NotRun)
	for _, g := range gaps {
		c.AddGap(g, inventory.Unknown)
	}
	return c
}

// sorted puts the lists in the order in which producers hand them over.
func sorted(r *report.Report) *report.Report {
	slices.SortFunc(r.Packages, inventory.ComparePackages)
	slices.SortFunc(r.Findings, finding.Compare)
	slices.SortFunc(r.Suppressed, finding.CompareSuppressed)
	return r
}

func inputs(t inventory.Target) verdict.Inputs {
	return verdict.Inputs{
		Subject: verdict.Subject{Repository: t.Repository, ImageID: t.ImageID, Digest: t.Digest, Platform: t.Platform},
		Facts:   digest("facts"), Findings: digest("findings"), Database: digest("database"), Policy: digest("policy"), Engine: "plimsoll 0.1.0",
	}
}
