package bill

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom/internal/example"
)

func sameFacts() cmp.Options {
	return cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b image.Digest) bool { return a == b }),
		cmpopts.SortSlices(func(a, b inventory.Gap) bool { return inventory.CompareGaps(a, b) < 0 })}
}

// TestTheExampleLeavesNothingOut: whoever adds a field to the facts gives it a value in the
// example, and the tests of the formats then ask whether it survives.
func TestTheExampleLeavesNothingOut(t *testing.T) {
	if unset := example.Unset(example.Full()); len(unset) > 0 {
		t.Errorf("example.Full sets no %s", strings.Join(unset, ", "))
	}
}

func TestFactsSurvive(t *testing.T) {
	for name, facts := range example.All() {
		read, err := Of(facts).Facts()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(facts, read, sameFacts()); diff != "" {
			t.Errorf("%s (-facts +read):\n%s", name, diff)
		}
	}
}

// TestOthersPackages: what becomes of a component that another program wrote.
func TestOthersPackages(t *testing.T) {
	source := func(name, version string) *inventory.Source { return &inventory.Source{Name: name, Version: version} }
	property := func(name, value string) []Property { return []Property{{name, value}} }
	for _, test := range []struct {
		name      string
		component Component
		want      inventory.Package
	}{
		{"syft, apk", Component{PURL: "pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3&package-id=1&upstream=openssl"},
			inventory.Package{PURL: "pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3", Type: "apk", Name: "libssl3", Version: "3.3.2-r0", Arch: "x86_64",
				Source: source("openssl", "3.3.2-r0")}},
		{"syft, deb: the source has a version of its own", Component{PURL: "pkg:deb/debian/dmsetup@2%3A1.02.185-2?arch=amd64&distro=debian-12&upstream=lvm2%402.03.16-2"},
			inventory.Package{PURL: "pkg:deb/debian/dmsetup@2:1.02.185-2?arch=amd64&distro=debian-12", Type: "deb", Name: "dmsetup", Version: "2:1.02.185-2", Arch: "amd64",
				Source: source("lvm2", "2.03.16-2")}},
		{"syft, deb: properties", Component{PURL: "pkg:deb/debian/libc6@2.36?distro=debian-12",
			Properties: []Property{{"syft:metadata:source", "glibc"}, {"syft:metadata:sourceVersion", "2.36-9"}, {"syft:location:0:path", "/var/lib/dpkg/status.d/x"}, {"syft:location:1:path", "/var/lib/dpkg/status"}}},
			inventory.Package{PURL: "pkg:deb/debian/libc6@2.36?distro=debian-12", Type: "deb", Name: "libc6", Version: "2.36", Source: source("glibc", "2.36-9"),
				Locations: []inventory.Location{{Path: "var/lib/dpkg/status.d/x"}, {Path: "var/lib/dpkg/status"}}}},
		{"syft, rpm", Component{PURL: "pkg:rpm/redhat/bash-doc@5.1.8-6.el9?arch=x86_64&distro=rhel-9.4&epoch=1&upstream=bash-5.1.8-6.el9.src.rpm"},
			inventory.Package{PURL: "pkg:rpm/rhel/bash-doc@5.1.8-6.el9?arch=x86_64&distro=rhel-9.4&epoch=1", Type: "rpm", Name: "bash-doc", Version: "1:5.1.8-6.el9", Arch: "x86_64",
				Source: source("bash", "1:5.1.8-6.el9")}},
		{"an rpm without epoch and source", Component{PURL: "pkg:rpm/fedora/bash@5.2-1?distro=fedora-41&epoch=0"},
			inventory.Package{PURL: "pkg:rpm/fedora/bash@5.2-1?distro=fedora-41", Type: "rpm", Name: "bash", Version: "5.2-1"}},
		{"trivy, apk: a distribution without its name", Component{PURL: "pkg:apk/alpine/musl@1.2.3-r0?distro=3.16.0", Properties: property("aquasecurity:trivy:SrcName", "musl")},
			inventory.Package{PURL: "pkg:apk/alpine/musl@1.2.3-r0?distro=alpine-3.16.0", Type: "apk", Name: "musl", Version: "1.2.3-r0", Source: source("musl", "1.2.3-r0")}},
		{"trivy, deb: a version in parts", Component{PURL: "pkg:deb/debian/dmsetup@1.02.185-2?arch=amd64&distro=debian-12&epoch=2", Properties: []Property{
			{"aquasecurity:trivy:SrcName", "lvm2"}, {"aquasecurity:trivy:SrcVersion", "2.03.16"}, {"aquasecurity:trivy:SrcRelease", "2"}, {"aquasecurity:trivy:SrcEpoch", "1"}}},
			inventory.Package{PURL: "pkg:deb/debian/dmsetup@2:1.02.185-2?arch=amd64&distro=debian-12", Type: "deb", Name: "dmsetup", Version: "2:1.02.185-2", Arch: "amd64",
				Source: source("lvm2", "1:2.03.16-2")}},
		{"trivy, SPDX: the source in its field", Component{PURL: "pkg:apk/alpine/libssl3@3?distro=alpine-3.20.3", Source: source("openssl", "3")},
			inventory.Package{PURL: "pkg:apk/alpine/libssl3@3?distro=alpine-3.20.3", Type: "apk", Name: "libssl3", Version: "3", Source: source("openssl", "3")}},
		{"trivy, jar", Component{PURL: "pkg:maven/org.a/b@1.0", Properties: property("aquasecurity:trivy:FilePath", "app/b.jar")},
			inventory.Package{PURL: "pkg:maven/org.a/b@1.0", Type: "maven", Name: "org.a:b", Version: "1.0", Locations: []inventory.Location{{Path: "app/b.jar"}}}},
		{"hard case 28: a scope", Component{PURL: "pkg:npm/%40babel/core@7.0.0"},
			inventory.Package{PURL: "pkg:npm/%40babel/core@7.0.0", Type: "npm", Name: "@babel/core", Version: "7.0.0"}},
		{"a Go module with a major version", Component{PURL: "pkg:golang/github.com/owner/module/v2@v2.1.0"},
			inventory.Package{PURL: "pkg:golang/github.com/owner/module/v2@v2.1.0", Type: "golang", Name: "github.com/owner/module/v2", Version: "v2.1.0"}},
		{"the version beside the purl", Component{PURL: "pkg:golang/a.test", Version: "v1.0.0", Licenses: []string{"", "MIT"}, Supplier: "x"},
			inventory.Package{PURL: "pkg:golang/a.test@v1.0.0", Type: "golang", Name: "a.test", Version: "v1.0.0", Licenses: []string{"MIT"}, Vendor: "x"}},
		{"syft, no version", Component{PURL: "pkg:golang/example.test/server@UNKNOWN", Version: "UNKNOWN"},
			inventory.Package{PURL: "pkg:golang/example.test/server", Type: "golang", Name: "example.test/server"}},
		{"an application", Component{Kind: Application, PURL: "pkg:generic/java@21"},
			inventory.Package{PURL: "pkg:generic/java@21", Type: "generic", Name: "java", Version: "21"}},
	} {
		facts, err := (&Bill{Components: []Component{test.component}}).Facts()
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff([]inventory.Package{test.want}, facts.Packages, sameFacts()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestOthersDistribution: which distribution the packages are of.
func TestOthersDistribution(t *testing.T) {
	deb := func(tag string) Component { return Component{PURL: "pkg:deb/debian/a@1?distro=" + tag} }
	for _, test := range []struct {
		name       string
		components []Component
		want       *inventory.Distro
		ambiguous  bool
	}{
		{"a component", []Component{{Kind: System, Name: "debian", Version: "12.5"}, deb("debian-12")}, &inventory.Distro{ID: "debian", VersionID: "12.5", EOL: "2028-06-30"}, false},
		{"the same component twice", []Component{{Kind: System, Name: "debian", Version: "12"}, {Kind: System, Name: "debian", Version: "12"}}, &inventory.Distro{ID: "debian", VersionID: "12", EOL: "2028-06-30"}, false},
		{"syft's properties", []Component{{Kind: System, Name: "Debian GNU/Linux", Properties: []Property{{"syft:distro:id", "debian"}, {"syft:distro:versionID", "12"},
			{"syft:distro:prettyName", "Debian 12"}, {"syft:distro:versionCodename", "bookworm"}, {"syft:distro:idLike:0", "x"}}}},
			&inventory.Distro{ID: "debian", VersionID: "12", Name: "Debian 12", Codename: "bookworm", IDLike: []string{"x"}, EOL: "2028-06-30"}, false},
		{"trivy's name", []Component{{Kind: System, Name: "redhat", Version: "9.4"}}, &inventory.Distro{ID: "rhel", VersionID: "9.4", EOL: "2032-05-31"}, false},
		{"a purl", []Component{deb("debian-12"), deb("debian-12"), {PURL: "pkg:npm/a@1"}}, &inventory.Distro{ID: "debian", VersionID: "12", EOL: "2028-06-30"}, false},
		{"an id with a hyphen", []Component{{PURL: "pkg:rpm/opensuse/a@1?distro=opensuse-leap-15.5"}}, &inventory.Distro{ID: "opensuse-leap", VersionID: "15.5", EOL: "2024-12-31"}, false},
		{"none", []Component{{PURL: "pkg:deb/debian/a@1"}}, nil, false},
		{"two components", []Component{{Kind: System, Name: "debian", Version: "11"}, {Kind: System, Name: "debian", Version: "12"}, deb("debian-12")}, nil, true},
		{"two purls", []Component{deb("debian-11"), deb("debian-12")}, nil, true},
	} {
		facts, err := (&Bill{Components: test.components}).Facts()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, facts.Distro); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if got := facts.Coverage.State("packages/deb") == inventory.Unknown && hasGap(facts, "packages/deb", AmbiguousDistribution); got != test.ambiguous {
			t.Errorf("%s: coverage %v", test.name, facts.Coverage)
		}
	}
}

func hasGap(facts inventory.Facts, dimension, code string) bool {
	return slices.ContainsFunc(facts.Coverage.Gaps, func(g inventory.Gap) bool { return g.Dimension == dimension && g.Code == code })
}

// TestSilenceIsNoPass: what another's bill does not say is a gap.
func TestSilenceIsNoPass(t *testing.T) {
	musl := Component{Kind: Library, PURL: "pkg:apk/alpine/musl@1?distro=alpine-3.20.3&upstream=musl"}
	for _, test := range []struct {
		name            string
		bill            Bill
		dimension, code string // of a gap; without a code, one that must not be there
		state           inventory.State
	}{
		{"other types", Bill{Components: []Component{musl}}, "packages/other", NotInSBOM, inventory.Unknown},
		{"types that are listed", Bill{Components: []Component{musl}}, "packages/apk", "", inventory.Full},
		{"configuration", Bill{Components: []Component{musl}}, "config", NotInSBOM, inventory.Unknown},
		{"executable files", Bill{Components: []Component{musl}}, "files", NotInSBOM, inventory.Unknown},
		{"nothing at all", Bill{}, "packages/other", NotInSBOM, inventory.Unknown},
		{"stated to be complete", Bill{Components: []Component{musl}, Complete: Complete}, "packages/apk", "", inventory.Full},
		{"stated to be incomplete", Bill{Components: []Component{musl}, Complete: Incomplete}, "packages/apk", StatedIncomplete, inventory.Partial},
		{"stated to be incomplete, other types", Bill{Components: []Component{musl}, Complete: Incomplete}, "packages/other", StatedIncomplete, inventory.Partial},
		{"no purl", Bill{Components: []Component{{Kind: Library, Name: "a"}}, Complete: Complete}, "packages/other", UnidentifiedComponent, inventory.Partial},
		{"an application without a purl", Bill{Components: []Component{{Kind: Application, Name: "a"}}, Complete: Complete}, "packages/other", UnidentifiedComponent, inventory.Partial},
		{"a purl that is none", Bill{Components: []Component{{Kind: Library, PURL: "pkg:a"}}, Complete: Complete}, "packages/other", UnidentifiedComponent, inventory.Partial},
		{"a purl of a book's length", Bill{Components: []Component{{Kind: Library, PURL: "pkg:npm/" + strings.Repeat("a", 5000)}}, Complete: Complete}, "packages/other", UnidentifiedComponent, inventory.Partial},
		{"no version", Bill{Components: []Component{{Kind: Library, PURL: "pkg:npm/a"}}}, "packages/npm", "unversioned-package", inventory.Full},
		{"no source package named", Bill{Components: []Component{{Kind: Library, PURL: "pkg:apk/alpine/libssl3@3?distro=alpine-3.20.3"}}}, "packages/apk", NoSourcePackage, inventory.Partial},
		{"a source named for another", Bill{Components: []Component{musl, {Kind: Library, PURL: "pkg:apk/alpine/zlib@1?distro=alpine-3.20.3"}}}, "packages/apk", "", inventory.Full},
		{"trivy's groups", Bill{Components: []Component{{Kind: Application, Name: "go.mod", Properties: []Property{{"aquasecurity:trivy:Type", "gomod"}}}}, Complete: Complete}, "packages/other", "", inventory.Unknown},
		{"files", Bill{Components: []Component{{Kind: File, Name: "/bin/sh"}}, Complete: Complete}, "packages/other", "", inventory.Unknown},
	} {
		facts, err := test.bill.Facts()
		if err != nil {
			t.Fatal(err)
		}
		if got := facts.Coverage.State(test.dimension); got != test.state {
			t.Errorf("%s: %s is %s, want %s", test.name, test.dimension, got, test.state)
		}
		isThere := slices.ContainsFunc(facts.Coverage.Gaps, func(g inventory.Gap) bool {
			return g.Dimension == test.dimension && (test.code == "" || g.Code == test.code)
		})
		if isThere != (test.code != "") {
			t.Errorf("%s: gaps %v", test.name, facts.Coverage.Gaps)
		}
	}
}

func TestOwnBillsAreReadStrictly(t *testing.T) {
	own := Property{formVersion, currentVersion}
	for name, test := range map[string]struct {
		bill Bill
		says string
	}{
		"another form":              {Bill{Properties: []Property{{formVersion, "2"}}}, `it is "2"`},
		"a state of its own":        {Bill{Properties: []Property{own, {coverageState, "files fine"}}}, "files fine"},
		"a gap without a dimension": {Bill{Properties: []Property{own, {gapCode, "x"}}}, "no plimsoll:gap:dimension stands before it"},
		"a value without a label":   {Bill{Properties: []Property{own}, Subject: Component{Properties: []Property{{configLabelValue, "x"}}}}, "stands before it"},
		"a layer's size alone":      {Bill{Properties: []Property{own}, Subject: Component{Properties: []Property{{layerSize, "1"}}}}, "stands before it"},
		"a size that is none":       {Bill{Properties: []Property{own}, Subject: Component{Properties: []Property{{manifestFiles, "-1"}}}}, "no number"},
		"half a digest":             {Bill{Properties: []Property{own}, Subject: Component{Properties: []Property{{targetImageID, "sha256:1"}}}}, "64 lower-case"},
		"a package without a purl":  {Bill{Properties: []Property{own}, Components: []Component{{Name: "a"}}}, "pkg:"},
		"two distributions":         {Bill{Properties: []Property{own}, Components: []Component{{Kind: System}, {Kind: System}}}, "second operating system"},
		"another confidence":        {Bill{Properties: []Property{own}, Components: []Component{{PURL: "pkg:npm/a", Properties: []Property{{packageConfidence, "high"}}}}}, `want "low"`},
		"a property from tomorrow":  {Bill{Properties: []Property{own, {"plimsoll:new", "x"}}}, "newer plimsoll"},
	} {
		_, err := test.bill.Facts()
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: the error is %v, want it to say %q", name, err, test.says)
		}
	}
}
