package cyclonedx

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom/internal/example"
)

func exampleFacts() inventory.Facts {
	layer := image.DigestOf([]byte("layer"))
	facts := inventory.Facts{
		Target: inventory.Target{
			Reference: "registry.example/app:1", Repository: "registry.example/app",
			ImageID: image.DigestOf([]byte("config")), Digest: image.DigestOf([]byte("manifest")),
			Platform: "linux/amd64", Layers: []inventory.TargetLayer{{DiffID: layer}},
		},
		Distro: &inventory.Distro{ID: "alpine", VersionID: "3.20.3", Name: "Alpine Linux v3.20"},
		Packages: []inventory.Package{
			{PURL: "pkg:golang/stdlib@1.26.8", Type: "golang", Name: "stdlib", Version: "1.26.8",
				Locations: []inventory.Location{{Path: "app/server", Layer: layer}, {Path: "app/tool", Layer: layer}}},
			{PURL: "pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3", Type: "apk", Name: "libssl3", Version: "3.3.2-r0", Arch: "x86_64",
				Source: &inventory.Source{Name: "openssl", Version: "3.3.2-r0"}, Licenses: []string{"Apache-2.0"},
				Locations: []inventory.Location{{Path: "lib/apk/db/installed", Layer: layer}}},
			{PURL: "pkg:apk/alpine/b@1", Type: "apk", Name: "b", Version: "1", Licenses: []string{"MPL-2.0 AND MIT"}},
			{PURL: "pkg:apk/alpine/c@1", Type: "apk", Name: "c", Version: "1", Licenses: []string{"MIT", "BSD"}},
			{PURL: "pkg:golang/a.test", Type: "golang", Name: "a.test"},
		},
	}
	facts.Coverage.Set("packages/apk", inventory.Full)
	facts.Coverage.Set("packages/golang", inventory.Full)
	return facts
}

func write(t *testing.T, facts inventory.Facts) []byte {
	t.Helper()
	var b bytes.Buffer
	meta := Meta{EvaluatedAt: time.Date(2026, 11, 22, 12, 0, 0, 0, time.FixedZone("", 2*60*60)), Version: "1.0.0"}
	if err := Encode(&b, facts, meta); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(t *testing.T, data []byte) *cdx.BOM {
	t.Helper()
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(data), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	return &bom
}

func TestComponents(t *testing.T) {
	bom := decode(t, write(t, exampleFacts()))
	var refs []string
	for _, component := range *bom.Components {
		refs = append(refs, component.BOMRef)
	}
	want := []string{
		"distro:alpine@3.20.3", "pkg:apk/alpine/b@1", "pkg:apk/alpine/c@1",
		"pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3", "pkg:golang/a.test", "pkg:golang/stdlib@1.26.8",
	}
	if diff := cmp.Diff(want, refs); diff != "" {
		t.Fatal(diff)
	}
	layer := image.DigestOf([]byte("layer")).String()
	for i, want := range map[int]cdx.Component{
		0: {BOMRef: want[0], Type: cdx.ComponentTypeOS, Name: "alpine", Version: "3.20.3", Description: "Alpine Linux v3.20"},
		1: {BOMRef: want[1], Type: cdx.ComponentTypeLibrary, Name: "b", Version: "1", PackageURL: want[1],
			Licenses: &cdx.Licenses{{Expression: "MPL-2.0 AND MIT"}}},
		3: {BOMRef: want[3], Type: cdx.ComponentTypeLibrary, Name: "libssl3", Version: "3.3.2-r0", PackageURL: want[3],
			Licenses: &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}},
			Properties: &[]cdx.Property{
				{Name: "plimsoll:source:name", Value: "openssl"}, {Name: "plimsoll:source:version", Value: "3.3.2-r0"},
				{Name: "plimsoll:location:path", Value: "lib/apk/db/installed"}, {Name: "plimsoll:location:layer", Value: layer},
			}},
		4: {BOMRef: want[4], Type: cdx.ComponentTypeLibrary, Name: "a.test", PackageURL: want[4]},
	} {
		if diff := cmp.Diff(want, (*bom.Components)[i]); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSubject(t *testing.T) {
	facts := exampleFacts()
	metadata := decode(t, write(t, facts)).Metadata
	if metadata.Timestamp != "2026-11-22T10:00:00Z" {
		t.Errorf("timestamp %s, want it in UTC", metadata.Timestamp)
	}
	subject := metadata.Component
	if subject.Type != cdx.ComponentTypeContainer || subject.Name != "registry.example/app" || subject.Version != facts.Target.Digest.String() {
		t.Errorf("subject %+v", subject)
	}
	facts.Target.Digest, facts.Target.Repository = image.Digest{}, ""
	subject = decode(t, write(t, facts)).Metadata.Component
	if subject.Name != facts.Target.Reference || subject.Version != facts.Target.ImageID.String() {
		t.Errorf("subject of an archive %+v", subject)
	}
	if tools := *metadata.Tools.Components; len(tools) != 1 || tools[0].Name != "plimsoll" || tools[0].Version != "1.0.0" {
		t.Errorf("tools %+v", tools)
	}
}

func TestCoverageIsTold(t *testing.T) {
	facts := exampleFacts()
	if got := (*decode(t, write(t, facts)).Compositions)[0].Aggregate; got != cdx.CompositionAggregateComplete {
		t.Errorf("all seen: %s", got)
	}
	facts.Coverage.AddGap(inventory.Gap{Dimension: "packages/npm", Code: "no-extractor", Why: "2 files"}, inventory.Unknown)
	bom := decode(t, write(t, facts))
	if got := (*bom.Compositions)[0].Aggregate; got != cdx.CompositionAggregateIncomplete {
		t.Errorf("with a gap: %s", got)
	}
	want := &[]cdx.Property{
		{Name: "plimsoll:facts", Value: "1"},
		{Name: "plimsoll:coverage", Value: "packages/apk full"}, {Name: "plimsoll:coverage", Value: "packages/golang full"},
		{Name: "plimsoll:coverage", Value: "packages/npm unknown"},
		{Name: "plimsoll:gap:dimension", Value: "packages/npm"}, {Name: "plimsoll:gap:code", Value: "no-extractor"}, {Name: "plimsoll:gap:why", Value: "2 files"},
	}
	if diff := cmp.Diff(want, bom.Metadata.Properties); diff != "" {
		t.Error(diff)
	}
	facts.Coverage = inventory.Coverage{}
	if got := (*decode(t, write(t, facts)).Compositions)[0].Aggregate; got != cdx.CompositionAggregateUnknown {
		t.Errorf("not looked for: %s", got)
	}
}

func TestSameFactsSameBytes(t *testing.T) {
	want := write(t, exampleFacts())
	shuffled := exampleFacts()
	slices.Reverse(shuffled.Packages)
	if got := write(t, shuffled); !bytes.Equal(want, got) {
		t.Error("the order of the packages shows")
	}
	other := exampleFacts()
	other.Packages[0].Version = "1.26.9"
	if serial := decode(t, want).SerialNumber; serial == decode(t, write(t, other)).SerialNumber {
		t.Errorf("other packages have the same serial number %s", serial)
	}
}

func TestPURLsThatCollideKeepTheirOwnReference(t *testing.T) {
	facts := exampleFacts()
	facts.Packages = []inventory.Package{
		{PURL: "pkg:deb/a@1", Name: "a", Version: "1"}, {PURL: "pkg:deb/a@1", Name: "A", Version: "1", Locations: []inventory.Location{{Path: "x"}}},
	}
	components := *decode(t, write(t, facts)).Components
	if components[1].BOMRef == components[2].BOMRef {
		t.Errorf("two components are %s", components[1].BOMRef)
	}
}

// TestDocumentsAreValid checks documents against the schema that comes with the library.
func TestDocumentsAreValid(t *testing.T) {
	schema := compileSchema(t)
	gapped := exampleFacts()
	gapped.Coverage.AddGap(inventory.Gap{Dimension: "packages/npm", Code: "no-extractor"}, inventory.Unknown)
	hostile := exampleFacts()
	hostile.Packages[0].Name = "\x1b[31m<script>\u202e\xff"
	all := example.All()
	all["example"], all["gapped"], all["hostile"] = exampleFacts(), gapped, hostile
	for name, facts := range all {
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(write(t, facts)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatalf("find the library's folder: %v", err)
	}
	folder := filepath.Join(strings.TrimSpace(string(out)), "schema")
	compiler := jsonschema.NewCompiler()
	const address = "http://cyclonedx.org/schema/"
	for name, file := range map[string]string{
		"bom-1.6.schema.json": "bom-1.6.schema.json", "spdx.schema.json": "spdx.schema.json", "jsf-0.82.schema.json": "jsf-0.82.schemax.json",
	} {
		f, err := os.Open(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource(address+name, document); err != nil {
			t.Fatal(err)
		}
	}
	compiler.AssertFormat()
	schema, err := compiler.Compile(address + "bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
