package sbom

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom/cyclonedx"
	"plimsoll.dev/plimsoll/inventory/sbom/internal/example"
	"plimsoll.dev/plimsoll/inventory/sbom/spdx"
)

func TestIsDocument(t *testing.T) {
	tar := make([]byte, 512)
	copy(tar, "{not JSON")
	copy(tar[257:], "ustar\x0000")
	for name, test := range map[string]struct {
		head string
		want bool
	}{
		"JSON": {`{"bomFormat"`, true}, "JSON after white space": {"\n\t {", true}, "JSON after a byte order mark": {"\ufeff{", true},
		"XML": {"<?xml", true}, "tag-value": {"SPDXVersion: SPDX-2.3\n", true},
		"nothing": {"", false}, "text": {"not an image", false}, "gzip": {"\x1f\x8b", false}, "zstd": {"\x28\xb5\x2f\xfd", false},
		"a tar whose first file begins with a brace": {string(tar), false},
	} {
		if got := IsDocument([]byte(test.head)); got != test.want {
			t.Errorf("%s: %t, want %t", name, got, test.want)
		}
	}
}

func TestDecodeTellsFormatsApart(t *testing.T) {
	for name, document := range map[string]string{
		"CycloneDX JSON": "\ufeff" + ` {"specVersion":"1.4","bomFormat":"CycloneDX","components":[{"type":"library","name":"a","purl":"pkg:npm/a@1"}]}`,
		"CycloneDX XML": `<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component type="library"><name>a</name>` +
			`<purl>pkg:npm/a@1</purl></component></components></bom>`,
		"SPDX JSON": `{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","creationInfo":{},"packages":[{"SPDXID":"SPDXRef-a","name":"a",` +
			`"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:npm/a@1"}]}]}`,
		"SPDX tag-value": "\nSPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nCreated: x\nPackageName: a\nSPDXID: SPDXRef-a\nExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1\n",
	} {
		facts, err := Decode([]byte(document))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if len(facts.Packages) != 1 || facts.Packages[0].PURL != "pkg:npm/a@1" {
			t.Errorf("%s: packages %v", name, facts.Packages)
		}
	}
}

func TestDecodeSaysWhatItIs(t *testing.T) {
	for document, says := range map[string]string{
		`[]`: "neither JSON nor XML", ``: "neither", `{}`: "neither bomFormat nor spdxVersion", `{"bomFormat"`: "unexpected end",
		`{"@context":"x","@graph":[]}`: "SPDX 3", `{"artifacts":[],"schema":{}}`: "syft's own", `{"payloadType":"x","payload":"y"}`: "envelope",
		`{"bomFormat":"x"}`: "CycloneDX document", `{"spdxVersion":1}`: "SPDX document",
	} {
		_, err := Decode([]byte(document))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: the error is %v, want it to say %q", document, err, says)
		}
	}
}

func sameFacts() cmp.Options {
	return cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b image.Digest) bool { return a == b }),
		cmpopts.SortSlices(func(a, b inventory.Gap) bool { return inventory.CompareGaps(a, b) < 0 })}
}

// TestFormatsAgree: one format becomes the other and back, and nothing is lost.
func TestFormatsAgree(t *testing.T) {
	for name, facts := range example.All() {
		var one, other bytes.Buffer
		if err := cyclonedx.Encode(&one, facts, cyclonedx.Meta{EvaluatedAt: time.Unix(0, 0)}); err != nil {
			t.Fatal(err)
		}
		between, err := Decode(one.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := spdx.Encode(&other, between, spdx.Meta{EvaluatedAt: time.Unix(0, 0)}); err != nil {
			t.Fatal(err)
		}
		back, err := Decode(other.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(facts, back, sameFacts()); diff != "" {
			t.Errorf("%s (-facts +back):\n%s", name, diff)
		}
	}
}

// FuzzDecode: no input makes it panic, and what is read in one format survives the other.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.4","components":[{"type":"library","name":"a","purl":"pkg:npm/a@1","licenses":[{"expression":"MIT OR x"}]}]}`))
	f.Add([]byte("SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nCreated: x\n"))
	f.Add([]byte("<bom xmlns='http://cyclonedx.org/schema/bom/1.4'/>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := Decode(data)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := spdx.Encode(&b, first, spdx.Meta{EvaluatedAt: time.Unix(0, 0)}); err != nil {
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
