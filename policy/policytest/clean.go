package policytest

import (
	"time"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/policy"
)

// defaultTime is when a case without "at" is evaluated, if it begins with the clean image. All of
// that image's dates are relative to the time of the evaluation, so the day does not matter.
func defaultTime() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// Clean returns the built-in image: everything is known about it, and nothing is wrong with it.
func Clean(at time.Time) policy.Input {
	dpkg := []inventory.Location{{Path: "var/lib/dpkg/status"}}
	manifest := image.DigestOf([]byte("manifest of the clean image"))
	in := policy.Input{
		Facts: inventory.Facts{
			Target: inventory.Target{
				Reference: "registry.example/app:1.0@" + manifest.String(), Repository: "registry.example/app", Platform: "linux/amd64",
				ImageID: image.DigestOf([]byte("configuration of the clean image")), Digest: manifest,
				Config: inventory.TargetConfig{
					User: "65532", Env: []string{"PATH=/usr/bin:/bin"}, Entrypoint: []string{"/app"}, ExposedPorts: []string{"8080/tcp"}, Healthcheck: true,
					Labels:  map[string]string{"org.opencontainers.image.source": "https://git.example/app", "org.opencontainers.image.revision": "4a5e1e4baab8"},
					Created: at.Add(-24 * time.Hour).Format(time.RFC3339),
				},
				Layers: []inventory.TargetLayer{
					{DiffID: image.DigestOf([]byte("layer of the base")), Size: 30_000_000, Unpacked: 80_000_000},
					{DiffID: image.DigestOf([]byte("layer of the app")), Size: 5_000_000, Unpacked: 10_000_000},
				},
				Instructions: []string{"COPY app /app", "USER 65532", `ENTRYPOINT ["/app"]`},
				Base:         &inventory.Base{Name: "registry.example/base/debian:12"},
			},
			Distro: &inventory.Distro{ID: "debian", VersionID: "12", Name: "Debian GNU/Linux 12 (bookworm)", EOL: at.AddDate(1, 0, 0).Format(time.DateOnly)},
			Packages: []inventory.Package{
				{PURL: "pkg:deb/debian/openssl@3.0.17-1~deb12u2?arch=amd64&distro=debian-12", Type: "deb", Name: "openssl", Version: "3.0.17-1~deb12u2", Arch: "amd64",
					Source: &inventory.Source{Name: "openssl", Version: "3.0.17-1~deb12u2"}, Licenses: []string{"Apache-2.0"}, Locations: dpkg},
				{PURL: "pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1?arch=amd64&distro=debian-12", Type: "deb", Name: "zlib1g", Version: "1:1.2.13.dfsg-1", Arch: "amd64",
					Source: &inventory.Source{Name: "zlib", Version: "1:1.2.13.dfsg-1"}, Licenses: []string{"Zlib"}, Locations: dpkg},
			},
		},
		Findings: []finding.Finding{},
		Database: policy.Database{Digest: image.DigestOf([]byte("database of the clean image"))},
		Now:      at,
		Pinned:   true,
	}
	for _, name := range []string{"osv/Debian", "epss", "kev"} {
		in.Database.Sources = append(in.Database.Sources, policy.Source{Name: name, AsOf: at.Add(-time.Hour)})
	}
	for _, dimension := range []string{"packages/deb", "advisories/Debian:12", "files", "secret", "config", "license"} {
		in.Coverage.Set(dimension, inventory.Full)
	}
	return in
}
