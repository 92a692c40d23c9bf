package verdict

import (
	"encoding/json"
	"math"
	"testing"

	"plimsoll.dev/plimsoll/inventory"
)

func TestCanonicalJSON(t *testing.T) {
	type pair struct {
		Second string         `json:"second"`
		First  map[string]int `json:"first"`
	}
	got, err := CanonicalJSON(pair{Second: "a<b>&c", First: map[string]int{"z": 1, "a": 2, "m": 3}})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"second":"a<b>&c","first":{"a":2,"m":3,"z":1}}`; string(got) != want {
		t.Errorf("canonical JSON\n got %s\nwant %s", got, want)
	}
}

// A document has the same form by itself as within another.
func TestCanonicalDocument(t *testing.T) {
	for _, document := range []string{`{ "a": [1,  2],	"b": "<&> \u003c \ufffd \u2028" }`, `[]`, ` 12345678901234567890 `, `{"a":`, ``, `{} {}`} {
		got, err := CanonicalJSON(json.RawMessage(document))
		within, withinErr := CanonicalJSON([]any{json.RawMessage(document)})
		if (err == nil) != (withinErr == nil && document != "") || err == nil && "["+string(got)+"]" != string(within) {
			t.Errorf("%q: %s, %v; within another %s, %v", document, got, err, within, withinErr)
		}
	}
}

// A stored report is evaluated again without the image: what was read back must have the digest
// of what was written.
func TestDigestSurvivesStorage(t *testing.T) {
	facts := inventory.Facts{
		Target:   inventory.Target{Reference: "registry.example/app:1", Platform: "linux/amd64"},
		Packages: []inventory.Package{{PURL: "pkg:deb/debian/a@1", Name: "odd \xff byte <b>"}},
	}
	facts.Coverage.AddGap(inventory.Gap{Dimension: "packages/rpm", Code: "no-extractor", Why: "a <why> & a \xfe byte"}, inventory.Unknown)
	facts.Coverage.Set("packages/deb", inventory.Full)
	stored, err := json.MarshalIndent(facts, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	var read inventory.Facts
	if err := json.Unmarshal(stored, &read); err != nil {
		t.Fatal(err)
	}
	if before, after := DigestJSON(facts), DigestJSON(read); before != after || before.IsZero() {
		t.Errorf("digest %s before storage, %s after", before, after)
	}
}

func TestUnescape(t *testing.T) {
	cases := map[string]struct{ encoded, plain string }{
		"HTML":                             {`"\u003cb\u003e \u0026"`, `"<b> &"`},
		"a replaced byte":                  {`"\ufffd"`, "\"\ufffd\""},
		"a backslash before what is plain": {`"\\u003c"`, `"\\u003c"`},
		"what JSON has to escape":          {`"\"\\\n\u0001\u2028"`, `"\"\\\n\u0001\u2028"`},
	}
	for name, c := range cases {
		if got := string(unescape([]byte(c.encoded))); got != c.plain {
			t.Errorf("%s: %s became %s, want %s", name, c.encoded, got, c.plain)
		}
	}
}

func TestDigestOfTheUnspeakable(t *testing.T) {
	for name, v := range map[string]any{"NaN": math.NaN(), "channel": make(chan int)} {
		if d := DigestJSON(v); !d.IsZero() {
			t.Errorf("%s has digest %s, want none", name, d)
		}
	}
}

func BenchmarkDigestJSON(b *testing.B) {
	facts := inventory.Facts{Packages: make([]inventory.Package, 1000)}
	for i := range facts.Packages {
		facts.Packages[i] = inventory.Package{
			PURL: "pkg:deb/debian/libexample-dev@1:2.3.4-5?arch=amd64&distro=debian-12", Type: "deb", Name: "libexample-dev",
			Version: "1:2.3.4-5", Arch: "amd64", Source: &inventory.Source{Name: "example", Version: "2.3.4-5"},
			Locations: make([]inventory.Location, 2),
		}
	}
	for b.Loop() {
		DigestJSON(facts)
	}
}
