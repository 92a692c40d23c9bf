package cyclonedx

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom/bill"
	"plimsoll.dev/plimsoll/inventory/sbom/internal/example"
)

var update = flag.Bool("update", false, "write the golden files anew")

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
			t.Fatalf("read the golden file: %v: run go test ./inventory/sbom/cyclonedx -update", err)
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

// TestXMLIsReadAsJSONIs has the library write the same document in both forms.
func TestXMLIsReadAsJSONIs(t *testing.T) {
	facts := example.Full()
	bom := document(bill.Of(facts), Meta{EvaluatedAt: time.Unix(0, 0)})
	for _, version := range []cdx.SpecVersion{cdx.SpecVersion1_5, cdx.SpecVersion1_6, cdx.SpecVersion1_7} {
		var b bytes.Buffer
		if err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatXML).EncodeVersion(bom, version); err != nil {
			t.Fatal(err)
		}
		read, err := Decode(b.Bytes())
		if err != nil {
			t.Errorf("%s: %v", version, err)
			continue
		}
		if diff := cmp.Diff(facts, read, sameFacts()); diff != "" {
			t.Errorf("%s (-facts +read):\n%s", version, diff)
		}
	}
}

func TestReadCompositions(t *testing.T) {
	refs := func(names ...string) []refForm {
		var list []refForm
		for _, name := range names {
			list = append(list, refForm{name})
		}
		return list
	}
	for _, test := range []struct {
		name string
		list []compositionForm
		want bill.Completeness
	}{
		{"none", nil, ""},
		{"complete, of everything", []compositionForm{{Aggregate: "complete"}}, bill.Complete},
		{"complete, of the subject", []compositionForm{{Aggregate: "complete", Assemblies: refs("a", "subject")}}, bill.Complete},
		{"complete, of a part", []compositionForm{{Aggregate: "complete", Assemblies: refs("a")}}, ""},
		{"complete, of dependencies", []compositionForm{{Aggregate: "complete", Dependencies: refs("subject")}}, ""},
		{"unknown", []compositionForm{{Aggregate: "unknown"}}, ""},
		{"not specified", []compositionForm{{Aggregate: "not_specified"}}, ""},
		{"incomplete, of a part", []compositionForm{{Aggregate: "complete"}, {Aggregate: "incomplete_third_party_only", Assemblies: refs("a")}}, bill.Incomplete},
	} {
		if got := readAggregate(test.list, "subject"); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestNestedComponentsAndPlaces(t *testing.T) {
	facts, err := Decode([]byte(`{"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"component": {
		"type": "application", "name": "shop", "components": [{"type": "library", "name": "a", "purl": "pkg:npm/a@1"}]}},
		"components": [{"type": "application", "name": "b", "purl": "pkg:npm/b@1", "components": [
			{"type": "library", "name": "c", "purl": "pkg:npm/%40x/c@1", "evidence": {"occurrences": [{"location": "/app/c"}]}}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range facts.Packages {
		got = append(got, p.Name)
	}
	if diff := cmp.Diff([]string{"@x/c", "a", "b"}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]inventory.Location{{Path: "app/c"}}, facts.Packages[0].Locations, sameFacts()); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	const bom = `{"bomFormat":"CycloneDX","specVersion":"1.6"`
	const root = `<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1">`
	for name, test := range map[string]struct{ document, says string }{
		"another format":         {`{"bomFormat":"x","specVersion":"1.6"}`, "want CycloneDX"},
		"an old version":         {`{"bomFormat":"CycloneDX","specVersion":"1.1"}`, "want 1.2 to 1.7"},
		"a future version":       {`{"bomFormat":"CycloneDX","specVersion":"2.0"}`, "want 1.2 to 1.7"},
		"a member twice":         {bom + `,"components":[],"Components":[]}`, "there twice"},
		"too deep":               {bom + `,"components":` + strings.Repeat(`[`, 70) + strings.Repeat(`]`, 70) + `}`, "64 deep"},
		"a purl that is number":  {bom + `,"components":[{"type":"library","name":"a","purl":1}]}`, "purl"},
		"a component of nothing": {bom + `,"components":[{"type":"library"},{}]}`, "component 1 of 2 has no name"},
		"cut short":              {bom, "unexpected end"},
		"another form of ours":   {bom + `,"metadata":{"properties":[{"name":"plimsoll:facts","value":"2"}]}}`, "another plimsoll"},
		"an unknown property of ours": {bom + `,"metadata":{"properties":[{"name":"plimsoll:facts","value":"1"},{"name":"plimsoll:new","value":"1"}]}}`,
			"newer plimsoll"},
		"another root":         {`<sbom xmlns="http://cyclonedx.org/schema/bom/1.6"/>`, "want bom"},
		"another namespace":    {`<bom xmlns="http://example.org/1.6"/>`, "want bom"},
		"an old namespace":     {`<bom xmlns="http://cyclonedx.org/schema/bom/1.0"/>`, "want 1.2 to 1.7"},
		"entities":             {`<!DOCTYPE bom [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + root + `&b;</bom>`, "document type"},
		"an undeclared entity": {root + `<components><component><name>&b;</name></component></components></bom>`, "entity"},
		"XML that is too deep": {root + strings.Repeat("<a>", 70) + strings.Repeat("</a>", 70) + `</bom>`, "64 deep"},
		"XML cut short":        {root + `<components>`, "cut short"},
		"two XML documents":    {root + `</bom>` + root + `</bom>`, "more after the document"},
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
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.4","components":[{"type":"library","group":"g","name":"a","version":"1",` +
		`"purl":"pkg:deb/debian/a@1?arch=amd64&distro=debian-12&epoch=2&upstream=b%402","licenses":[{"license":{"id":"MIT"}},{"expression":"x"}],` +
		`"properties":[{"name":"syft:location:0:path","value":"/a"}]},{"type":"operating-system","name":"debian","version":"12"}]}`))
	f.Add([]byte(`<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component type="library"><name>a</name><purl>pkg:npm/a@1</purl>` +
		`<licenses><license><name>x</name></license></licenses></component></components></bom>`))
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","compositions":[{"aggregate":"incomplete"}],"metadata":{"properties":[` +
		`{"name":"plimsoll:facts","value":"1"},{"name":"plimsoll:gap:dimension","value":"files"}],"component":{"type":"container","name":"a","properties":[` +
		`{"name":"plimsoll:config:label","value":"a"},{"name":"plimsoll:config:label:value","value":"b"}]}},"components":[{"type":"library","name":"a","purl":"pkg:npm/a"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := Decode(data)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := Encode(&b, first, Meta{EvaluatedAt: time.Unix(0, 0), Version: "1"}); err != nil {
			t.Fatal(err)
		}
		second, err := Decode(b.Bytes())
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, b.Bytes())
		}
		if diff := cmp.Diff(first, second, sameFacts()); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}
