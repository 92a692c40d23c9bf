package ecosystem

import "strings"

// Base returns an OSV ecosystem's name without its release: Debian for Debian:12, Ubuntu for
// Ubuntu:22.04:LTS.
func Base(ecosystem string) string {
	base, _, _ := strings.Cut(ecosystem, ":")
	return base
}

// OrderingOf returns how an OSV ecosystem, with or without a release, orders its versions;
// Unordered if nobody says how (see WhyUnordered) or the package does not know the name.
func OrderingOf(ecosystem string) Ordering {
	ordering, _ := orderingOf(ecosystem)
	return ordering
}

// WhyUnordered returns why an ecosystem's versions have no order; empty if they have one.
func WhyUnordered(ecosystem string) string {
	_, reason := orderingOf(ecosystem)
	return reason
}

// HasManyOrderings tells whether the releases of an ecosystem, given by its base name, are ordered
// in different ways: their suffix names another ecosystem, as in Root:Alpine:3.18 and Root:npm.
func HasManyOrderings(base string) bool {
	switch base {
	case "Docker Hardened Images", "Echo", "Root", "TuxCare":
		return true
	}
	return false
}

// orderingOf is the table of all ecosystems: those of the OSV schema (ossf.github.io/osv-schema,
// "Defined ecosystems", 1.7.5) and the few that FromDistro adds. What kind of packages a
// distribution has is what OSV's own service says (google/osv.dev, osv/ecosystems), and for
// CleanStart, osv-scalibr's extractors.
func orderingOf(ecosystem string) (_ Ordering, reason string) {
	base, suffix, _ := strings.Cut(ecosystem, ":")
	switch base {
	case "Debian", "Ubuntu":
		return Deb, ""
	case "Alpaquita", "Alpine", "BellSoft Hardened Containers", "Chainguard", "CleanStart", "MinimOS", "Wolfi":
		return APK, ""
	case "AlmaLinux", "Azure Linux", "Mageia", "openEuler", "openSUSE", "Photon OS", "Red Hat", "Rocky Linux", "SUSE":
		return RPM, ""
	case "Amazon Linux", "Fedora", "Oracle Linux":
		return RPM, "" // names of ours: FromDistro
	case "Arch Linux":
		return ALPM, "" // a name of ours: FromDistro
	case "FreeBSD":
		return FreeBSD, ""
	case "crates.io", "Go", "Hex", "npm", "SwiftURL", "VSCode":
		return Semver, ""
	case "GHC", "Kubernetes":
		return Semver, "" // 9.10.1-rc1; Kubernetes' components are Go modules
	case "GitHub Actions":
		return Semver, "" // tags; those that are no semantic version (main, a commit) are refused
	case "Bioconductor", "CRAN":
		return CRAN, ""
	case "Bitnami":
		return Bitnami, ""
	case "ConanCenter":
		return Conan, ""
	case "Hackage":
		return Hackage, ""
	case "Julia":
		return Julia, ""
	case "Maven":
		return Maven, ""
	case "NuGet":
		return NuGet, ""
	case "opam":
		return Opam, ""
	case "Packagist":
		return Packagist, ""
	case "Pub":
		return Pub, ""
	case "PyPI":
		return PyPI, ""
	case "RubyGems":
		return RubyGems, ""
	case "Docker Hardened Images", "Echo", "Root", "TuxCare":
		return orderingBySuffix(base, suffix)
	case "Android":
		return Unordered, "its versions are releases and patch levels of many kinds, such as 12L:2022-06-05 and SoCVersion"
	case "GIT":
		return Unordered, "its versions are commits, which a repository orders and not their names"
	case "Linux":
		return Unordered, "its stable branches live side by side, so one number after another says nothing of a fix"
	case "OSS-Fuzz":
		return Unordered, "its versions are tags of any form, one for each project"
	case "vcpkg":
		return Unordered, "each port chooses one of four schemes, and versions of different schemes are never compared"
	}
	return Unordered, "the ecosystem is not known"
}

// orderingBySuffix returns the ordering of the ecosystem that a suffix names. Echo without one is
// Debian's.
func orderingBySuffix(base, suffix string) (_ Ordering, reason string) {
	named := Base(suffix)
	switch {
	case named == "" && base == "Echo":
		return Deb, ""
	case named == "":
		return Unordered, "its versions are those of the ecosystem that the suffix names, and there is none"
	case HasManyOrderings(named):
		return Unordered, "its suffix names an ecosystem that needs a suffix"
	}
	return orderingOf(suffix)
}
