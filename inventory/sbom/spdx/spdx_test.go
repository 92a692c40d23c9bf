package spdx

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom/internal/example"
)

var update = flag.Bool("update", false, "write the golden files anew")

func write(t testing.TB, facts inventory.Facts) []byte {
	t.Helper()
	var b bytes.Buffer
	meta := Meta{EvaluatedAt: time.Date(2026, 11, 22, 12, 0, 0, 0, time.FixedZone("", 2*60*60)), Version: "1.0.0"}
	if err := Encode(&b, facts, meta); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sameFacts compares facts as their users do: no list and an empty one are the same, and the
// order of gaps does not count.
func sameFacts() cmp.Options {
	return cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b image.Digest) bool { return a == b }),
		cmpopts.SortSlices(func(a, b inventory.Gap) bool { return inventory.CompareGaps(a, b) < 0 })}
}

func TestGolden(t *testing.T) {
	for name, facts := range example.All() {
		got := write(t, facts)
		path := filepath.Join("testdata", name+".golden.json")
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("read the golden file: %v: run go test ./inventory/sbom/spdx -update", err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-golden +written):\n%s", path, diff)
		}
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for name, facts := range example.All() {
		document := write(t, facts)
		read, err := Decode(document)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(facts, read, sameFacts()); diff != "" {
			t.Errorf("%s (-facts +read):\n%s", name, diff)
		}
		if again := write(t, read); !bytes.Equal(document, again) {
			t.Errorf("%s: written again, it is another document", name)
		}
	}
}

func TestSameFactsSameBytes(t *testing.T) {
	want := write(t, example.Full())
	shuffled := example.Full()
	slices.Reverse(shuffled.Packages)
	if !bytes.Equal(want, write(t, shuffled)) {
		t.Error("the order of the packages shows")
	}
	other := example.Full()
	other.Packages[0].Version = "2"
	if namespaceOf(t, want) == namespaceOf(t, write(t, other)) {
		t.Error("documents about other packages have the same namespace")
	}
}

func namespaceOf(t *testing.T, content []byte) string {
	t.Helper()
	var d document
	if err := json.Unmarshal(content, &d); err != nil {
		t.Fatal(err)
	}
	return d.Namespace
}

// TestDocumentsKeepToTheirShape holds documents against a schema of our own, written from the
// specification: the part of SPDX's schema that is written here, and stricter than it is. SPDX's
// own comes with no module.
func TestDocumentsKeepToTheirShape(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("testdata/written.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, facts := range example.All() {
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(write(t, facts)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(instance); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAnotherReaderFindsTheSame reads documents with SPDX's own library: the packages with their
// versions, purls and licences, and relations between elements that exist.
func TestAnotherReaderFindsTheSame(t *testing.T) {
	for name, facts := range example.All() {
		var d v2_3.Document
		if err := json.Unmarshal(write(t, facts), &d); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		ids := map[string]bool{"DOCUMENT": true}
		var got, want []string
		for _, p := range d.Packages {
			ids[string(p.PackageSPDXIdentifier)] = true
			for _, r := range p.PackageExternalReferences {
				got = append(got, strings.Join([]string{p.PackageName, p.PackageVersion, r.Locator}, " "))
			}
		}
		for _, p := range facts.Packages {
			want = append(want, strings.Join([]string{p.Name, p.Version, p.PURL}, " "))
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-facts +read):\n%s", name, diff)
		}
		for _, r := range d.Relationships {
			if !ids[string(r.RefA.ElementRefID)] || !ids[string(r.RefB.ElementRefID)] {
				t.Errorf("%s: %v relates what is not there", name, r)
			}
		}
		checkLicenses(t, name, &d)
	}
}

// checkLicenses wants a text for each reference (chapter 10).
func checkLicenses(t *testing.T, name string, d *v2_3.Document) {
	t.Helper()
	texts := map[string]bool{}
	for _, l := range d.OtherLicenses {
		texts[l.LicenseIdentifier] = l.ExtractedText != ""
	}
	for _, p := range d.Packages {
		for word := range strings.FieldsSeq(p.PackageLicenseDeclared) {
			if strings.HasPrefix(word, "LicenseRef-") && !texts[word] {
				t.Errorf("%s: %s has no text", name, word)
			}
		}
	}
}

// TestWhatOthersWrite reads the forms in which syft and trivy are known to write.
func TestWhatOthersWrite(t *testing.T) {
	const head = `{"SPDXID":"SPDXRef-DOCUMENT","dataLicense":"CC0-1.0","creationInfo":{"created":"2026-01-01T00:00:00Z","creators":["Tool: x"]},"name":"x",`
	openssl := inventory.Package{PURL: "pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3", Type: "apk", Name: "libssl3", Version: "3.3.2-r0",
		Arch: "x86_64", Source: &inventory.Source{Name: "openssl", Version: "3.3.2-r0"}}
	for name, document := range map[string]string{
		"syft": head + `"spdxVersion":"SPDX-2.3","packages":[{"name":"libssl3","SPDXID":"SPDXRef-Package-apk-libssl3","versionInfo":"3.3.2-r0",
			"licenseDeclared":"NOASSERTION","externalRefs":[{"referenceCategory":"SECURITY","referenceType":"cpe23Type","referenceLocator":"cpe:2.3:a"},
			{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3&upstream=openssl"}]},
			{"name":"a.tar","SPDXID":"SPDXRef-DocumentRoot-Image-a.tar","versionInfo":"sha256:1","primaryPackagePurpose":"CONTAINER",
			"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:oci/a.tar"}]}],
			"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relatedSpdxElement":"SPDXRef-DocumentRoot-Image-a.tar","relationshipType":"DESCRIBES"}]}`,
		"trivy": head + `"spdxVersion":"SPDX-2.2","packages":[{"SPDXID":"SPDXRef-OperatingSystem-1","name":"alpine","versionInfo":"3.20.3"},
			{"SPDXID":"SPDXRef-ContainerImage-1","name":"a"},
			{"SPDXID":"SPDXRef-Application-1","name":"app/go","annotations":[{"annotationDate":"2026-01-01T00:00:00Z","annotationType":"OTHER","annotator":"Tool: trivy","comment":"Type: gobinary"}]},
			{"SPDXID":"SPDXRef-Package-1","name":"libssl3","versionInfo":"3.3.2-r0","sourceInfo":"built package from: openssl 3.3.2-r0",
			"externalRefs":[{"referenceCategory":"PACKAGE_MANAGER","referenceType":"purl","referenceLocator":"pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64&distro=3.20.3"}]}],
			"documentDescribes":["SPDXRef-ContainerImage-1"]}`,
		"tag-value": "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: x\nCreator: Tool: x\nCreated: 2026-01-01T00:00:00Z\n" +
			"##### Package\n\nPackageName: libssl3\nSPDXID: SPDXRef-1\nPackageVersion: 3.3.2-r0\nPackageComment: <text>one\nPackageName: not this\n</text>\n" +
			"ExternalRef: PACKAGE-MANAGER purl pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3&upstream=openssl\n" +
			"FileName: ./lib/libssl.so.3\nSPDXID: SPDXRef-2\nRelationship: SPDXRef-1 CONTAINS SPDXRef-2\n",
	} {
		facts, err := Decode([]byte(document))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff([]inventory.Package{openssl}, facts.Packages, sameFacts()); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if facts.Distro == nil || facts.Distro.ID != "alpine" || facts.Distro.VersionID != "3.20.3" {
			t.Errorf("%s: distribution %+v", name, facts.Distro)
		}
		if state := facts.Coverage.State("packages/apk"); state != inventory.Full {
			t.Errorf("%s: packages/apk is %s", name, state)
		}
	}
}

func TestLicencesOfOthers(t *testing.T) {
	names := map[string]string{"LicenseRef-1": "BSD"}
	for expression, want := range map[string][]string{
		"": nil, "NONE": nil, "NOASSERTION": nil, "MIT": {"MIT"}, "MIT AND ISC": {"MIT AND ISC"}, "LicenseRef-1": {"BSD"}, "LicenseRef-2": {"LicenseRef-2"},
	} {
		if diff := cmp.Diff(want, licensesOf(expression, names)); diff != "" {
			t.Errorf("%q:\n%s", expression, diff)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	const document = `{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","creationInfo":{}`
	const tags = "SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nCreated: x\n"
	for name, test := range map[string]struct{ document, says string }{
		"an old version":       {`{"spdxVersion":"SPDX-2.1","SPDXID":"SPDXRef-DOCUMENT","creationInfo":{}}`, "want SPDX-2.2 or SPDX-2.3"},
		"no id":                {`{"spdxVersion":"SPDX-2.3","creationInfo":{}}`, "want SPDXRef-DOCUMENT"},
		"no creation":          {`{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT"}`, "creation information"},
		"a package of null":    {document + `,"packages":[null]}`, "package 1 of 1"},
		"an id twice":          {document + `,"packages":[{"SPDXID":"SPDXRef-a"},{"SPDXID":"SPDXRef-a"}]}`, "two packages"},
		"a member twice":       {document + `,"packages":[],"packages":[]}`, "there twice"},
		"too deep":             {document + `,"x":` + strings.Repeat(`[`, 70) + strings.Repeat(`]`, 70) + `}`, "64 deep"},
		"cut short":            {document, "unexpected end"},
		"no tags":              {"SPDXVersion: SPDX-2.3\nnonsense", "line 2 is no tag"},
		"a tag twice":          {tags + "SPDXVersion: SPDX-2.3", "line 4: SPDXVersion: it is there twice"},
		"a text without end":   {tags + "DocumentComment: <text>a\nb", "line 4: the text has no end"},
		"half a reference":     {tags + "PackageName: a\nExternalRef: purl pkg:npm/a", "want a category"},
		"half a relation":      {tags + "Relationship: a DESCRIBES", "want two elements"},
		"another form of ours": {document + `,"annotations":[{"comment":"plimsoll:facts=2"}]}`, "another plimsoll"},
	} {
		_, err := Decode([]byte(test.document))
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: the error is %v, want it to say %q", name, err, test.says)
		}
	}
}

// FuzzDecode: no input makes the reader panic; what is read can be written, and what was written
// is read as the same facts again.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"spdxVersion":"SPDX-2.2","SPDXID":"SPDXRef-DOCUMENT","creationInfo":{},"packages":[{"SPDXID":"SPDXRef-a","name":"a","versionInfo":"1",` +
		`"supplier":"Organization: x","licenseDeclared":"LicenseRef-1","sourceInfo":"built package from: b 2","externalRefs":[{"referenceCategory":"PACKAGE_MANAGER",` +
		`"referenceType":"purl","referenceLocator":"pkg:deb/debian/a@1?distro=debian-12"}]}],"hasExtractedLicensingInfos":[{"licenseId":"LicenseRef-1","name":"BSD"}]}`))
	f.Add([]byte("SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nCreated: x\nPackageName: a\nSPDXID: SPDXRef-1\nExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1\n" +
		"Annotator: Tool: x\nSPDXREF: SPDXRef-1\nAnnotationComment: <text>FilePath: a\n</text>\nLicenseID: LicenseRef-1\nLicenseName: b\n"))
	f.Add(write(f, example.Full()))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := Decode(data)
		if err != nil {
			return
		}
		written := write(t, first)
		second, err := Decode(written)
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, written)
		}
		if diff := cmp.Diff(first, second, sameFacts()); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}
