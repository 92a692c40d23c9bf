package ecosystem

import "testing"

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
