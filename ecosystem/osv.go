package ecosystem

import "strings"

// Base returns an OSV ecosystem's name without its release: Debian for Debian:12, Ubuntu for
// Ubuntu:22.04:LTS.
func Base(ecosystem string) string {
	base, _, _ := strings.Cut(ecosystem, ":")
	return base
}

// OrderingOf returns how an OSV ecosystem, with or without a release, orders its versions;
// Unordered if nobody says how, or the package does not know.
//
// The names are those of the OSV schema (ossf.github.io/osv-schema, "Defined ecosystems") and the
// few that FromDistro adds. Whose packages are of which kind is what OSV's own service says
// (google/osv.dev, osv/ecosystems/_ecosystems.py), but where the ecosystem's own tool says
// otherwise.
func OrderingOf(ecosystem string) Ordering {
	switch Base(ecosystem) {
	case "Debian", "Ubuntu":
		return Deb
	case "Alpine":
		return APK
	case "Go", "crates.io", "npm", "Hex", "SwiftURL":
		return Semver
	case "AlmaLinux", "Rocky Linux", "Red Hat", "SUSE", "openSUSE", "Mageia", "openEuler", "Azure Linux", "Photon OS",
		"Amazon Linux", "Oracle Linux", "Fedora":
		return RPM
	case "PyPI":
		return PyPI
	case "Packagist":
		return Packagist
	case "Hackage":
		return Hackage
	case "CRAN", "Bioconductor":
		return CRAN
	}
	return Unordered
}

// FromDistro returns the OSV ecosystem of a distribution's release, given ID and VERSION_ID of
// its os-release file (os-release(5)). It answers only for releases that OSV's sources speak of
// by that name. Rolling and unreleased ones (sid, edge) have none, and derivatives do not share
// their parent's: they rebuild packages, with other versions and fixes.
func FromDistro(id, versionID string) (osv string, ok bool) {
	major, rest, _ := strings.Cut(versionID, ".")
	if !isReleaseNumber(major) {
		return "", false
	}
	minor, patch, hasPatch := strings.Cut(rest, ".")
	switch id {
	case "debian":
		// Point releases (12.5) change no name: the advisories are the major release's.
		if rest != "" && !isReleaseNumber(rest) {
			return "", false
		}
		return "Debian:" + major, true
	case "alpine":
		// Snapshots of edge call themselves 3.21_alpha20240807.
		if !isReleaseNumber(minor) || hasPatch && !isReleaseNumber(patch) {
			return "", false
		}
		return "Alpine:v" + major + "." + minor, true
	case "ubuntu":
		if len(major) != 2 || len(minor) != 2 || hasPatch || !isReleaseNumber(minor) {
			return "", false
		}
		release := "Ubuntu:" + major + "." + minor
		// Every second April's release has long-term support (ubuntu.com/about/release-cycle).
		if minor == "04" && (major[1]-'0')%2 == 0 {
			release += ":LTS"
		}
		return release, true
	}
	return "", false
}

// isReleaseNumber tells whether s is a number of at most four digits.
func isReleaseNumber(s string) bool {
	digits, rest := cutDigits(s)
	return digits != "" && rest == "" && len(s) <= 4
}
