package ecosystem

import "strings"

// Release is what a distribution says of itself in its os-release file (os-release(5)).
type Release struct {
	ID, VersionID string
	Name          string   // PRETTY_NAME
	CPE           string   // CPE_NAME
	Variant       string   // VARIANT_ID
	IDLike        []string // not followed: see FromDistro
}

// FromDistro returns the OSV ecosystems whose advisories speak of a release's packages, best first;
// none if there is none. Where a distribution comes in parts (Red Hat's repositories, SUSE's
// modules) the release alone does not tell which of them a package is from, so all are named.
//
// It answers only for releases that OSV's sources speak of by that name. Rolling and unreleased
// ones (sid, edge, CentOS Stream) have none, and derivatives do not share their parent's: they
// rebuild packages, with other versions and fixes. The exception is CentOS Linux, whose packages
// were Red Hat's, rebuilt with the same versions.
//
// OSV has no ecosystem for Amazon Linux, Oracle Linux, Fedora and Arch Linux. They are named
// here as OSV would: "Amazon Linux:2023", "Oracle Linux:9", "Fedora:40", "Arch Linux".
func FromDistro(r Release) []string {
	if names := rolling(r.ID); names != nil {
		return names
	}
	major, rest, hasMinor := strings.Cut(r.VersionID, ".")
	if !isReleaseNumber(major) || hasMinor && !isReleaseVersion(rest) {
		return nil
	}
	switch r.ID {
	case "alpine", "alpaquita", "bellsoft-hardened-containers", "debian", "mageia", "photon", "ubuntu":
		return one(community(r.ID, major, rest))
	case "rhel", "centos":
		return redHat(r, major, rest)
	case "sles", "sles_sap", "sled", "sle_hpc", "sle-micro", "sl-micro", "suse-microos":
		return suse(r.ID, r.VersionID, major, rest)
	case "opensuse-leap":
		return []string{"openSUSE:Leap " + r.VersionID, "openSUSE:Leap " + r.VersionID + " NonFree"}
	case "opensuse-leap-micro":
		return []string{"openSUSE:Leap Micro " + r.VersionID}
	case "openEuler":
		return one(openEuler(r))
	}
	return one(rebuilt(r, major))
}

// rolling returns the ecosystem of a distribution that has releases of no number.
func rolling(id string) []string {
	switch id {
	case "arch":
		return []string{"Arch Linux"}
	case "chainguard":
		return []string{"Chainguard"}
	case "cleanstart", "clnstrt":
		return []string{"CleanStart"}
	case "echo":
		return []string{"Echo"}
	case "minimos":
		return []string{"MinimOS"}
	case "opensuse-tumbleweed":
		return []string{"openSUSE:Tumbleweed"}
	case "wolfi":
		return []string{"Wolfi"}
	}
	return nil
}

// community returns the ecosystem of a release that is named by one or two numbers.
func community(id, major, rest string) string {
	minor, _, hasPatch := strings.Cut(rest, ".")
	switch {
	case id == "debian":
		return "Debian:" + major // point releases (12.5) change no name: the advisories are the major release's
	case id == "mageia":
		return "Mageia:" + major
	case id == "alpaquita":
		return "Alpaquita:" + major
	case id == "bellsoft-hardened-containers":
		return "BellSoft Hardened Containers:" + major
	case id == "alpine" && minor != "":
		return "Alpine:v" + major + "." + minor
	case id == "photon" && minor != "":
		return "Photon OS:" + major + "." + minor
	case id == "ubuntu" && len(major) == 2 && len(minor) == 2 && !hasPatch:
		// Every second April's release has long-term support (ubuntu.com/about/release-cycle).
		if minor == "04" && (major[1]-'0')%2 == 0 {
			return "Ubuntu:" + major + "." + minor + ":LTS"
		}
		return "Ubuntu:" + major + "." + minor
	}
	return ""
}

// rebuilt returns the ecosystem of a release that is named by its major version alone.
func rebuilt(r Release, major string) string {
	switch r.ID {
	case "almalinux":
		return "AlmaLinux:" + major
	case "rocky":
		return "Rocky Linux:" + major
	case "azurelinux", "mariner":
		return "Azure Linux:" + major // CBL-Mariner became Azure Linux with 3.0
	case "ol":
		return "Oracle Linux:" + major
	case "amzn":
		if major == "2018" {
			major = "1" // the last of them called itself 2018.03
		}
		return "Amazon Linux:" + major
	case "fedora":
		if r.Variant != "eln" { // Fedora's preview of the next RHEL
			return "Fedora:" + major
		}
	}
	return ""
}

// openEuler returns the ecosystem of openEuler 24.03 (LTS-SP1): openEuler:24.03-LTS-SP1. The
// service pack stands in PRETTY_NAME alone.
func openEuler(r Release) string {
	_, pack, found := strings.Cut(r.Name, r.VersionID)
	pack = strings.ReplaceAll(strings.Trim(pack, " ()"), " ", "-")
	digits, rest := cutDigits(strings.TrimPrefix(pack, "LTS-SP"))
	switch {
	case !found || pack == "":
		return "openEuler:" + r.VersionID
	case pack == "LTS", strings.HasPrefix(pack, "LTS-SP") && digits != "" && rest == "":
		return "openEuler:" + r.VersionID + "-" + pack
	}
	return ""
}

// one returns a list of a name, nil if it is empty.
func one(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

// isReleaseVersion tells whether s is numbers of at most four digits between dots.
func isReleaseVersion(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if !isReleaseNumber(part) {
			return false
		}
	}
	return true
}

// isReleaseNumber tells whether s is a number of at most four digits.
func isReleaseNumber(s string) bool {
	digits, rest := cutDigits(s)
	return digits != "" && rest == "" && len(s) <= 4
}
