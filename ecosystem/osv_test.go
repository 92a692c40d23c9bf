package ecosystem

import (
	"strings"
	"testing"
)

func TestBase(t *testing.T) {
	for ecosystem, want := range map[string]string{
		"Debian": "Debian", "Debian:12": "Debian", "Ubuntu:22.04:LTS": "Ubuntu", "Ubuntu:Pro:16.04:LTS": "Ubuntu",
		"Alpine:v3.20": "Alpine", "crates.io": "crates.io", "": "",
		"Red Hat:enterprise_linux:9::appstream": "Red Hat",
	} {
		if got := Base(ecosystem); got != want {
			t.Errorf("Base(%q) = %q, want %q", ecosystem, got, want)
		}
	}
}

func TestOrderingOf(t *testing.T) {
	for ecosystem, want := range map[string]Ordering{
		"Debian:12": Deb, "Ubuntu:Pro:16.04:LTS": Deb, "Echo": Deb, "Echo:PyPI": PyPI,
		"Alpine:v3.20": APK, "Wolfi": APK, "CleanStart": APK, "BellSoft Hardened Containers:23": APK,
		"Red Hat:enterprise_linux:9::baseos": RPM, "SUSE:Linux Enterprise Server 15 SP5-LTSS": RPM, "Azure Linux:3": RPM, "Fedora:40": RPM,
		"Arch Linux": ALPM, "Packagist:https://packages.drupal.org/8": Packagist, "Maven:https://maven.google.com": Maven,
		"Bitnami": Bitnami, "Julia": Julia, "Pub": Pub, "GHC": Semver, "Hackage": Hackage, "Bioconductor": CRAN,
		"Root:Alpine:3.18": APK, "Root:Debian:12": Deb, "Root:PyPI": PyPI, "Root:npm": Semver, "Root": Unordered, "Root:": Unordered,
		"TuxCare:Red Hat": RPM, "TuxCare:Alpine:v3.16": APK, "TuxCare:TuxCare:Red Hat": Unordered, "TuxCare:Root:npm": Unordered, "TuxCare": Unordered,
		"Docker Hardened Images:Alpine:3.23": APK, "Docker Hardened Images:Debian:trixie": Deb, "Docker Hardened Images": Unordered,
		"debian": Unordered, "": Unordered, "Debianish": Unordered,
	} {
		if got := OrderingOf(ecosystem); got != want {
			t.Errorf("OrderingOf(%q) = %s, want %s", ecosystem, got, want)
		}
		if why := WhyUnordered(ecosystem); (why == "") != (want != Unordered) {
			t.Errorf("WhyUnordered(%q) = %q, and the ordering is %s", ecosystem, why, want)
		}
	}
}

// schemaEcosystems are the names of the OSV schema of 2026-07 ("ecosystemName" in
// validation/schema.json, and GIT, which stands beside them).
func schemaEcosystems() []string {
	return []string{"AlmaLinux", "Alpaquita", "Alpine", "Android", "Azure Linux", "BellSoft Hardened Containers", "Bioconductor",
		"Bitnami", "Chainguard", "CleanStart", "ConanCenter", "CRAN", "crates.io", "Debian", "Docker Hardened Images", "Echo", "FreeBSD",
		"GHC", "GIT", "GitHub Actions", "Go", "Hackage", "Hex", "Julia", "Kubernetes", "Linux", "Mageia", "Maven", "MinimOS", "npm",
		"NuGet", "opam", "openEuler", "openSUSE", "OSS-Fuzz", "Packagist", "Photon OS", "Pub", "PyPI", "Red Hat", "Rocky Linux", "Root",
		"RubyGems", "SUSE", "SwiftURL", "TuxCare", "Ubuntu", "vcpkg", "VSCode", "Wolfi"}
}

func TestEveryEcosystemOfTheSchemaIsOrderedOrHasAReason(t *testing.T) {
	unknown := WhyUnordered("no such ecosystem")
	unordered := 0
	for _, name := range schemaEcosystems() {
		if HasManyOrderings(name) {
			if OrderingOf(name+":Debian:12") != Deb {
				t.Errorf("%s does not follow the ecosystem that its suffix names", name)
			}
			continue
		}
		if OrderingOf(name) != Unordered {
			continue
		}
		unordered++
		if reason := WhyUnordered(name); reason == unknown {
			t.Errorf("%s has no ordering and no reason for it", name)
		}
	}
	if unordered != 5 {
		t.Errorf("%d ecosystems are unordered, want Android, GIT, Linux, OSS-Fuzz and vcpkg", unordered)
	}
}

func TestFromDistro(t *testing.T) {
	cases := []struct{ name, id, versionID, want string }{
		{"Debian", "debian", "12", "Debian:12"},
		{"Debian point release", "debian", "12.5", "Debian:12"},
		{"Debian testing and sid have no VERSION_ID", "debian", "", ""},
		{"Debian codename", "debian", "bookworm", ""},
		{"Debian codename after a slash", "debian", "13/sid", ""},
		{"Debian odd point release", "debian", "12.x", ""},
		{"Alpine", "alpine", "3.20.3", "Alpine:v3.20"},
		{"Alpine without a patch number", "alpine", "3.9", "Alpine:v3.9"},
		{"Alpine edge", "alpine", "3.21_alpha20240807", ""},
		{"Alpine edge, with a patch number", "alpine", "3.23.0_alpha20250612", ""},
		{"Alpine release candidate", "alpine", "3.20.0_rc1", ""},
		{"Alpine major version alone", "alpine", "3", ""},
		{"Alpine with four numbers", "alpine", "3.20.3.1", ""},
		{"Ubuntu LTS", "ubuntu", "22.04", "Ubuntu:22.04:LTS"},
		{"Ubuntu LTS of 2008", "ubuntu", "08.04", "Ubuntu:08.04:LTS"},
		{"Ubuntu, odd year", "ubuntu", "23.04", "Ubuntu:23.04"},
		{"Ubuntu, October", "ubuntu", "24.10", "Ubuntu:24.10"},
		{"Ubuntu with three numbers", "ubuntu", "22.04.3", ""},
		{"Ubuntu without a month", "ubuntu", "22", ""},
		{"Ubuntu rolling", "ubuntu", "devel", ""},
		{"derivative of Debian", "raspbian", "12", ""},
		{"derivative of Ubuntu", "linuxmint", "21.3", ""},
		{"other spelling", "Debian", "12", ""},
		{"other distribution", "fedora", "40", ""},
		{"derivative of Alpine", "wolfi", "20230201", ""},
		{"nothing known", "", "", ""},
		{"hostile number", "debian", "99999999999999999999", ""},
		{"hostile text", "alpine", "3.20:LTS", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, ok := FromDistro(c.id, c.versionID)
			if got != c.want || ok != (c.want != "") {
				t.Errorf("FromDistro(%q, %q) = %q, %v; want %q", c.id, c.versionID, got, ok, c.want)
			}
		})
	}
}

// FuzzFromDistro: whatever os-release holds, an answer is the name of one of three ecosystems
// and a release of digits and dots, and has an ordering.
func FuzzFromDistro(f *testing.F) {
	for _, seed := range [][2]string{{"debian", "12.5"}, {"alpine", "3.20.3"}, {"ubuntu", "22.04"}, {"alpine", "3.21_alpha20240807"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, id, versionID string) {
		name, ok := FromDistro(id, versionID)
		if !ok {
			if name != "" {
				t.Fatalf("FromDistro(%q, %q) = %q, false", id, versionID, name)
			}
			return
		}
		_, release, _ := strings.Cut(name, ":")
		release = strings.TrimSuffix(strings.TrimPrefix(release, "v"), ":LTS")
		if OrderingOf(name) == Unordered || release == "" || strings.Trim(release, "0123456789.") != "" {
			t.Fatalf("FromDistro(%q, %q) = %q", id, versionID, name)
		}
	})
}
