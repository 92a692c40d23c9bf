package ecosystem

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestFromDistro(t *testing.T) {
	cases := []struct {
		name string
		r    Release
		want string // the first; empty for none
	}{
		{"Debian", Release{ID: "debian", VersionID: "12"}, "Debian:12"},
		{"Debian point release", Release{ID: "debian", VersionID: "12.5"}, "Debian:12"},
		{"Debian testing and sid have no VERSION_ID", Release{ID: "debian"}, ""},
		{"Debian codename", Release{ID: "debian", VersionID: "bookworm"}, ""},
		{"Debian codename after a slash", Release{ID: "debian", VersionID: "13/sid"}, ""},
		{"Debian odd point release", Release{ID: "debian", VersionID: "12.x"}, ""},
		{"Alpine", Release{ID: "alpine", VersionID: "3.20.3"}, "Alpine:v3.20"},
		{"Alpine without a patch number", Release{ID: "alpine", VersionID: "3.9"}, "Alpine:v3.9"},
		{"Alpine edge", Release{ID: "alpine", VersionID: "3.21_alpha20240807"}, ""},
		{"Alpine edge, with a patch number", Release{ID: "alpine", VersionID: "3.23.0_alpha20250612"}, ""},
		{"Alpine release candidate", Release{ID: "alpine", VersionID: "3.20.0_rc1"}, ""},
		{"Alpine major version alone", Release{ID: "alpine", VersionID: "3"}, ""},
		{"Ubuntu LTS", Release{ID: "ubuntu", VersionID: "22.04"}, "Ubuntu:22.04:LTS"},
		{"Ubuntu LTS of 2008", Release{ID: "ubuntu", VersionID: "08.04"}, "Ubuntu:08.04:LTS"},
		{"Ubuntu, odd year", Release{ID: "ubuntu", VersionID: "23.04"}, "Ubuntu:23.04"},
		{"Ubuntu, October", Release{ID: "ubuntu", VersionID: "24.10"}, "Ubuntu:24.10"},
		{"Ubuntu with three numbers", Release{ID: "ubuntu", VersionID: "22.04.3"}, ""},
		{"Ubuntu without a month", Release{ID: "ubuntu", VersionID: "22"}, ""},
		{"Ubuntu rolling", Release{ID: "ubuntu", VersionID: "devel"}, ""},

		{"AlmaLinux", Release{ID: "almalinux", VersionID: "9.4"}, "AlmaLinux:9"},
		{"AlmaLinux Kitten is no release", Release{ID: "almalinux-kitten", VersionID: "10"}, ""},
		{"Rocky Linux", Release{ID: "rocky", VersionID: "8.10"}, "Rocky Linux:8"},
		{"RHEL", Release{ID: "rhel", VersionID: "9.4", CPE: "cpe:/o:redhat:enterprise_linux:9::baseos"}, "Red Hat:enterprise_linux:9"},
		{"RHEL 10", Release{ID: "rhel", VersionID: "10.1", CPE: "cpe:/o:redhat:enterprise_linux:10.1"}, "Red Hat:enterprise_linux:10"},
		{"RHEL's update stream", Release{ID: "rhel", VersionID: "9.2", CPE: "cpe:/o:redhat:rhel_eus:9.2::baseos"}, "Red Hat:rhel_eus:9.2"},
		{"CentOS 7", Release{ID: "centos", VersionID: "7", Name: "CentOS Linux 7 (Core)"}, "Red Hat:enterprise_linux:7"},
		{"CentOS 8", Release{ID: "centos", VersionID: "8", Name: "CentOS Linux 8"}, "Red Hat:enterprise_linux:8"},
		{"CentOS Stream 8", Release{ID: "centos", VersionID: "8", Name: "CentOS Stream 8"}, ""},
		{"CentOS Stream 9", Release{ID: "centos", VersionID: "9", Name: "CentOS Stream 9"}, ""},
		{"Oracle Linux", Release{ID: "ol", VersionID: "9.4"}, "Oracle Linux:9"},
		{"Amazon Linux 2023", Release{ID: "amzn", VersionID: "2023"}, "Amazon Linux:2023"},
		{"Amazon Linux 2", Release{ID: "amzn", VersionID: "2"}, "Amazon Linux:2"},
		{"Amazon Linux 1", Release{ID: "amzn", VersionID: "2018.03"}, "Amazon Linux:1"},
		{"Fedora", Release{ID: "fedora", VersionID: "40"}, "Fedora:40"},
		{"Fedora ELN", Release{ID: "fedora", VersionID: "41", Variant: "eln"}, ""},
		{"SLES", Release{ID: "sles", VersionID: "15.5"}, "SUSE:Linux Enterprise Server 15 SP5"},
		{"SLES without a service pack", Release{ID: "sles", VersionID: "15"}, "SUSE:Linux Enterprise Server 15"},
		{"SLES 16", Release{ID: "sles", VersionID: "16.0"}, "SUSE:Linux Enterprise Server 16.0"},
		{"SLES for SAP", Release{ID: "sles_sap", VersionID: "15.4"}, "SUSE:Linux Enterprise Server for SAP Applications 15 SP4"},
		{"SLE Micro", Release{ID: "sle-micro", VersionID: "5.5"}, "SUSE:Linux Enterprise Micro 5.5"},
		{"SL Micro", Release{ID: "sl-micro", VersionID: "6.1"}, "SUSE:Linux Micro 6.1"},
		{"openSUSE Leap", Release{ID: "opensuse-leap", VersionID: "15.6"}, "openSUSE:Leap 15.6"},
		{"openSUSE Tumbleweed", Release{ID: "opensuse-tumbleweed", VersionID: "20241122"}, "openSUSE:Tumbleweed"},
		{"openSUSE Leap Micro", Release{ID: "opensuse-leap-micro", VersionID: "5.5"}, "openSUSE:Leap Micro 5.5"},
		{"Azure Linux", Release{ID: "azurelinux", VersionID: "3.0"}, "Azure Linux:3"},
		{"CBL-Mariner", Release{ID: "mariner", VersionID: "2.0"}, "Azure Linux:2"},
		{"Mageia", Release{ID: "mageia", VersionID: "9"}, "Mageia:9"},
		{"openEuler LTS", Release{ID: "openEuler", VersionID: "24.03", Name: "openEuler 24.03 (LTS)"}, "openEuler:24.03-LTS"},
		{"openEuler service pack", Release{ID: "openEuler", VersionID: "22.03", Name: "openEuler 22.03 (LTS-SP3)"}, "openEuler:22.03-LTS-SP3"},
		{"openEuler with blanks", Release{ID: "openEuler", VersionID: "20.03", Name: "openEuler 20.03 (LTS SP4)"}, "openEuler:20.03-LTS-SP4"},
		{"openEuler between", Release{ID: "openEuler", VersionID: "23.09", Name: "openEuler 23.09"}, "openEuler:23.09"},
		{"openEuler, something else", Release{ID: "openEuler", VersionID: "24.03", Name: "openEuler 24.03 (beta)"}, ""},
		{"Photon OS", Release{ID: "photon", VersionID: "5.0"}, "Photon OS:5.0"},
		{"Wolfi", Release{ID: "wolfi", VersionID: "20230201"}, "Wolfi"},
		{"Chainguard", Release{ID: "chainguard", VersionID: "20230214"}, "Chainguard"},
		{"MinimOS", Release{ID: "minimos", VersionID: "20241031"}, "MinimOS"},
		{"Alpaquita", Release{ID: "alpaquita", VersionID: "23"}, "Alpaquita:23"},
		{"CleanStart", Release{ID: "clnstrt"}, "CleanStart"},
		{"Echo", Release{ID: "echo", VersionID: "1"}, "Echo"},
		{"Arch Linux", Release{ID: "arch"}, "Arch Linux"},

		{"derivative of Debian", Release{ID: "raspbian", VersionID: "12", IDLike: []string{"debian"}}, ""},
		{"derivative of Ubuntu", Release{ID: "linuxmint", VersionID: "21.3", IDLike: []string{"ubuntu", "debian"}}, ""},
		{"derivative of Arch Linux", Release{ID: "manjaro", IDLike: []string{"arch"}}, ""},
		{"derivative of RHEL", Release{ID: "scientific", VersionID: "7.9", IDLike: []string{"rhel", "centos", "fedora"}}, ""},
		{"other spelling", Release{ID: "Debian", VersionID: "12"}, ""},
		{"nothing known", Release{}, ""},
		{"hostile number", Release{ID: "debian", VersionID: "99999999999999999999"}, ""},
		{"hostile text", Release{ID: "alpine", VersionID: "3.20:LTS"}, ""},
		{"hostile release", Release{ID: "opensuse-leap", VersionID: "15.6 NonFree"}, ""},
		{"hostile CPE", Release{ID: "rhel", VersionID: "9", CPE: "cpe:/o:redhat:rhel_eus:9:x"}, "Red Hat:rhel_eus:9"},
		{"hostile stream", Release{ID: "rhel", VersionID: "9", CPE: "cpe:/o:redhat:rhel_eus:9/../x"}, "Red Hat:enterprise_linux:9"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := FromDistro(c.r)
			if c.want == "" && got != nil || c.want != "" && (len(got) == 0 || got[0] != c.want) {
				t.Errorf("FromDistro(%+v) = %q, want %q first", c.r, got, c.want)
			}
		})
	}
}

// TestPartsOfADistributionAreThoseOfTheData: what FromDistro names for one release of each
// distribution in parts, and OSV has, are all of that distribution's ecosystems in OSV's data that
// are not another product's.
func TestPartsOfADistributionAreThoseOfTheData(t *testing.T) {
	names := map[string][]string{}
	for _, c := range []struct {
		base, want string // what an ecosystem of the release holds
		r          Release
		others     []string // products that a release does not have
	}{
		{"Red Hat", "enterprise_linux:9:", Release{ID: "rhel", VersionID: "9.4"}, []string{"::fastdatapath"}},
		{"Red Hat", "enterprise_linux:8:", Release{ID: "centos", VersionID: "8"}, []string{"::fastdatapath"}},
		{"Red Hat", "enterprise_linux:7:", Release{ID: "centos", VersionID: "7"}, []string{"::fastdatapath", "::hypervisor"}},
		{"Red Hat", "rhel_eus:9.2:", Release{ID: "rhel", VersionID: "9.2", CPE: "cpe:/o:redhat:rhel_eus:9.2::baseos"}, nil},
		{"SUSE", " 15 SP5", Release{ID: "sles", VersionID: "15.5"}, []string{"High Performance", "SAP Applications", "Installer Updates"}},
		{"SUSE", " 15 SP6", Release{ID: "sles", VersionID: "15.6"}, []string{"Installer Updates"}},
		{"SUSE", " 12 SP5", Release{ID: "sles", VersionID: "12.5"}, []string{"SAP Applications", "Live Patching", "Real Time"}},
		{"SUSE", "Module for Web and Scripting 12", Release{ID: "sles", VersionID: "12.5"}, nil},
		{"openSUSE", "Leap 15.6", Release{ID: "opensuse-leap", VersionID: "15.6"}, nil},
		{"AlmaLinux", ":9", Release{ID: "almalinux", VersionID: "9.4"}, nil},
		{"Rocky Linux", ":8", Release{ID: "rocky", VersionID: "8.9"}, nil},
	} {
		t.Run(c.base+c.want, func(t *testing.T) {
			if names[c.base] == nil {
				names[c.base] = ecosystemsInOSV(t, c.base)
			}
			ours, found := FromDistro(c.r), 0
			for _, name := range names[c.base] {
				if !strings.Contains(name, c.want) || slices.ContainsFunc(c.others, func(other string) bool { return strings.Contains(name, other) }) {
					continue
				}
				found++
				if !slices.Contains(ours, name) {
					t.Errorf("%s is not among those of %+v", name, c.r)
				}
			}
			if found == 0 {
				t.Errorf("the data has no ecosystem with %q", c.want)
			}
		})
	}
}

// ecosystemsInOSV returns the names of ecosystems, with their releases, in a copy of OSV's data.
func ecosystemsInOSV(t *testing.T, base string) []string {
	t.Helper()
	archive := openOSV(t, base)
	defer archive.Close()
	seen := map[string]bool{}
	for i := 0; i < len(archive.File); i += everyRecord(len(archive.File)) {
		content, err := archive.File[i].Open()
		if err != nil {
			t.Fatal(err)
		}
		var record struct {
			Affected []struct{ Package struct{ Ecosystem string } }
		}
		if err := json.NewDecoder(content).Decode(&record); err != nil {
			t.Fatal(err)
		}
		content.Close()
		for _, a := range record.Affected {
			seen[a.Package.Ecosystem] = true
		}
	}
	var names []string
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// FuzzFromDistro: whatever os-release holds, an answer has an ordering, is named once, and holds
// no character that an ecosystem's name has not.
func FuzzFromDistro(f *testing.F) {
	for _, seed := range []Release{{ID: "debian", VersionID: "12.5"}, {ID: "alpine", VersionID: "3.20.3"}, {ID: "ubuntu", VersionID: "22.04"},
		{ID: "rhel", VersionID: "9.2", CPE: "cpe:/o:redhat:rhel_eus:9.2::baseos"}, {ID: "rhel", VersionID: "10.9999"}, {ID: "sles", VersionID: "15.5"},
		{ID: "openEuler", VersionID: "22.03", Name: "openEuler 22.03 (LTS-SP3)"}, {ID: "centos", VersionID: "8", Name: "CentOS Stream 8"}} {
		f.Add(seed.ID, seed.VersionID, seed.Name, seed.CPE)
	}
	allowed := "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:. -_"
	f.Fuzz(func(t *testing.T, id, versionID, name, cpe string) {
		answers := FromDistro(Release{ID: id, VersionID: versionID, Name: name, CPE: cpe})
		for i, answer := range answers {
			if OrderingOf(answer) == Unordered || strings.Trim(answer, allowed) != "" || slices.Index(answers, answer) != i {
				t.Fatalf("FromDistro(%q, %q, %q, %q) = %q", id, versionID, name, cpe, answers)
			}
		}
	})
}
