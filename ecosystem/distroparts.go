package ecosystem

import (
	"strconv"
	"strings"
)

// redHat returns the ecosystems of RHEL's repositories, or of CentOS Linux, which had the same.
// They are CPEs without "cpe:/o:redhat:" (OSV schema, "Red Hat"), and those that its data has. Layered
// products with builds of their own (fast datapath, OpenShift) are left out.
//
// An os-release that names an update stream (rhel_eus:9.2) is taken at its word: its fixes are
// built for that stream, and compare with no other's.
func redHat(r Release, major, minor string) []string {
	if r.ID == "centos" {
		if major != "7" && major != "8" || strings.Contains(r.Name, "Stream") {
			return nil
		}
		return redHatProduct("enterprise_linux:"+major, major)
	}
	if stream, ok := redHatStream(r.CPE); ok {
		return redHatProduct(stream, major)
	}
	if number, err := strconv.Atoi(major); err != nil || number < 10 {
		return redHatProduct("enterprise_linux:"+major, major)
	}
	// From 10 on each minor release has a name of its own, and an older one's erratum speaks of
	// packages that a newer one may still have.
	minor, _, _ = strings.Cut(minor, ".")
	names := []string{"Red Hat:enterprise_linux:" + major}
	newest, _ := strconv.Atoi(minor)
	const most = 10 // a major version has minor releases 0 to 10
	for i := min(newest, most); i >= 0; i-- {
		names = append(names, redHatProduct("enterprise_linux:"+major+"."+strconv.Itoa(i), major)...)
	}
	return names
}

// redHatStream returns the product and version of an update stream that a CPE names.
func redHatStream(cpe string) (stream string, ok bool) {
	rest, found := strings.CutPrefix(cpe, "cpe:/o:redhat:")
	product, rest, _ := strings.Cut(rest, ":")
	version, _, _ := strings.Cut(rest, ":")
	switch product {
	case "rhel_aus", "rhel_e4s", "rhel_eus", "rhel_tus":
		return product + ":" + version, found && isReleaseVersion(version)
	}
	return "", false
}

// redHatProduct returns a product and its repositories.
func redHatProduct(product, major string) []string {
	name := "Red Hat:" + product
	if major == "6" || major == "7" {
		names := []string{name}
		for _, repository := range []string{"server", "workstation", "client", "computenode"} {
			names = append(names, name+"::"+repository)
		}
		if strings.HasPrefix(product, "enterprise_linux:") {
			names = append(names, "Red Hat:rhel_els:"+major, "Red Hat:rhel_extras:"+major)
		}
		return names
	}
	names := []string{name}
	for _, repository := range []string{"baseos", "appstream", "crb", "supplementary", "highavailability", "resilientstorage",
		"nfv", "realtime", "sap", "sap_hana"} {
		names = append(names, name+"::"+repository)
	}
	return names
}

// suse returns the ecosystems of a product of SUSE and of its modules: PRETTY_NAME without SUSE
// (OSV schema, "SUSE"), and -LTSS for what comes after general support.
func suse(id, versionID, major, minor string) []string {
	switch {
	case id == "sl-micro":
		return []string{"SUSE:Linux Micro " + versionID}
	case id == "sle-micro" || id == "suse-microos":
		return []string{"SUSE:Linux Enterprise Micro " + versionID}
	}
	number, _ := strconv.Atoi(major)
	release := versionID // 16.0
	if number < 16 {
		if release = major; minor != "" && minor != "0" {
			release += " SP" + minor
		}
	}
	product := suseProduct(id) + release
	names := []string{product, product + "-LTSS"}
	switch {
	case id == "sle_hpc":
		names = append(names, product+"-ESPOS")
	case id == "sles" && number == 12:
		names = append(names, "SUSE:Linux Enterprise Server LTSS Extended Security "+release, "SUSE:Linux Enterprise Software Development Kit "+release)
	case id == "sles" && number == 11:
		names = append(names, product+" LTSS EXTREME CORE")
	}
	return appendSUSEModules(names, release, major, number)
}

func suseProduct(id string) string {
	switch id {
	case "sle_hpc":
		return "SUSE:Linux Enterprise High Performance Computing "
	case "sled":
		return "SUSE:Linux Enterprise Desktop "
	case "sles_sap":
		return "SUSE:Linux Enterprise Server for SAP Applications "
	}
	return "SUSE:Linux Enterprise Server "
}

// appendSUSEModules appends the modules and extensions of a release. Those of 12 had no service
// packs, and from 16 on there are none.
func appendSUSEModules(names []string, release, major string, number int) []string {
	modules := []string{"Advanced Systems Management", "Containers", "Legacy", "Public Cloud", "Web and Scripting"}
	switch number {
	case 12:
		for _, module := range modules {
			names = append(names, "SUSE:Linux Enterprise Module for "+module+" "+major)
		}
		return append(names, "SUSE:Linux Enterprise Workstation Extension "+release, "SUSE:Linux Enterprise High Availability Extension "+release)
	case 15:
		modules = []string{"Basesystem", "Server Applications", "Containers", "Desktop Applications", "Development Tools", "Legacy",
			"Python 3", "Web and Scripting", "Public Cloud", "HPC", "Confidential Computing Technical Preview", "Package Hub"}
		for _, module := range modules {
			names = append(names, "SUSE:Linux Enterprise Module for "+module+" "+release)
		}
		for _, extension := range []string{"Linux Enterprise Workstation Extension", "Linux Enterprise High Availability Extension",
			"Linux Enterprise Live Patching", "Package Hub", "Real Time Module"} {
			names = append(names, "SUSE:"+extension+" "+release)
		}
	}
	return names
}
