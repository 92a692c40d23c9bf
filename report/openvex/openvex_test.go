package openvex

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	govex "github.com/openvex/go-vex/pkg/vex"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/advisory/vex"
	"plimsoll.dev/plimsoll/image"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func digest() image.Digest { return image.DigestOf([]byte("plimsoll")) }

// example has each status, and each way to name a product.
func example() Document {
	issued := time.Date(2026, 3, 2, 10, 20, 30, 500, time.FixedZone("", 3600))
	return Document{
		Author: "Example Payments <security@payments.example>",
		Issued: issued,
		Statements: []advisory.VEXStatement{
			{
				Vulnerabilities: []string{"CVE-2023-44487", "GHSA-qppj-fm5r-hxr3"},
				Status:          advisory.VEXNotAffected, Justification: "vulnerable_code_not_in_execute_path",
				Impact: `It speaks HTTP/1.1 <only> & says "so".`,
				Products: []advisory.VEXProduct{{
					ID:            "registry.example/shop/payments:1.4",
					PURLs:         []string{"pkg:oci/payments@" + digest().String() + "?repository_url=registry.example%2Fshop%2Fpayments"},
					Digests:       []string{digest().String(), image.DigestOf([]byte("configuration")).String()},
					Subcomponents: []string{"pkg:golang/golang.org/x/net@v0.15.0", "no package URL"},
				}},
			},
			{
				Author: "Example Payments <security@payments.example>", Document: "waivers",
				Vulnerabilities: []string{"CVE-2024-3094"}, Issued: issued.AddDate(0, 0, -1),
				Status: advisory.VEXAffected, Action: "Accepted until 2026-04-01: no fix yet.",
				Products: []advisory.VEXProduct{{PURLs: []string{"pkg:deb/debian/xz-utils@5.6.0-1"}}, {Digests: []string{digest().String()}}},
			},
			{
				Vulnerabilities: []string{"CVE-2024-6387"}, Status: advisory.VEXFixed, Issued: issued,
				Products: []advisory.VEXProduct{{ID: "registry.example/shop/payments@" + digest().String()}},
			},
			{
				Vulnerabilities: []string{"CVE-2025-0001"}, Status: advisory.VEXUnderInvestigation,
				Products: []advisory.VEXProduct{{ID: "urn:example:product:7", Digests: []string{digest().String()}}},
			},
		},
	}
}

func write(t testing.TB, d Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	path := filepath.Join("testdata", "example.golden.json")
	got := write(t, example())
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got), rewrite with -update\n%s", diff)
	}
}

// What was written is read as what was given, but for what the document says of all statements,
// and for ids: a product without one is called by its first package URL or digest.
func TestWrittenIsRead(t *testing.T) {
	given := example()
	d, err := vex.Decode("a", write(t, given))
	if err != nil {
		t.Fatal(err)
	}
	if d.Format != vex.OpenVEX || d.Author != given.Author || !d.Issued.Equal(given.Issued) || !strings.HasPrefix(d.ID, "https://openvex.dev/docs/public/vex-") {
		t.Errorf("the document is read as %s by %s, %s, of %s", d.Format, d.Author, d.ID, d.Issued)
	}
	want := given.Statements
	want[1].Products[0].ID, want[1].Products[1].ID = "pkg:deb/debian/xz-utils@5.6.0-1", digest().String()
	want[2].Products[0].Digests = []string{digest().String()}
	for i := range want {
		want[i].Document, want[i].Author = d.ID, d.Author
		if want[i].Issued.IsZero() {
			want[i].Issued = given.Issued
		}
		want[i].Issued = want[i].Issued.UTC()
	}
	if diff := cmp.Diff(want, d.Statements); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// OpenVEX's own library reads the document and finds nothing wrong with its statements.
func TestGoVEXReadsIt(t *testing.T) {
	given := example()
	d, err := govex.Parse(write(t, given))
	if err != nil {
		t.Fatal(err)
	}
	if d.Author != given.Author || d.Version != 1 || !d.Timestamp.Equal(given.Issued) || len(d.Statements) != len(given.Statements) {
		t.Fatalf("it reads %+v", d)
	}
	for i, s := range d.Statements {
		if err := s.Validate(); err != nil {
			t.Errorf("statement %d: %v", i, err)
		}
		g := given.Statements[i]
		if string(s.Vulnerability.Name) != g.Vulnerabilities[0] || string(s.Status) != string(g.Status) || s.ImpactStatement != g.Impact || s.ActionStatement != g.Action {
			t.Errorf("statement %d is read as %+v", i, s)
		}
	}
	matching := d.Matches("CVE-2023-44487", "registry.example/shop/payments:1.4", []string{"pkg:golang/golang.org/x/net@v0.15.0"})
	if len(matching) != 1 {
		t.Errorf("%d statements are about the product's part, want 1", len(matching))
	}
}

func TestIDs(t *testing.T) {
	id := func(change func(*Document)) string {
		given := example()
		change(&given)
		d, err := vex.Decode("a", write(t, given))
		if err != nil {
			t.Fatal(err)
		}
		return d.ID
	}
	made := id(func(*Document) {})
	if again := id(func(d *Document) { d.Issued = d.Issued.UTC(); d.Version = 1 }); again != made {
		t.Errorf("the same content is called %s and %s", made, again)
	}
	if other := id(func(d *Document) { d.Version = 2 }); other == made {
		t.Errorf("another content is called %s as well", other)
	}
	if given := id(func(d *Document) { d.ID = "https://vex.example/1" }); given != "https://vex.example/1" {
		t.Errorf("the id that was given became %s", given)
	}
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Document)
		says   string
	}{
		{"no author", func(d *Document) { d.Author = " " }, "it has no author"},
		{"no time", func(d *Document) { d.Issued = time.Time{} }, "it has no time of issue"},
		{"no statement", func(d *Document) { d.Statements = nil }, "it has no statement"},
		{"another's statement", func(d *Document) { d.Statements[1].Author = "somebody" }, `statement 2: it is "somebody"'s`},
		{"no status", func(d *Document) { d.Statements[3].Status = "" }, `statement 4: status is ""`},
		{"no reason", func(d *Document) { d.Statements[0].Justification, d.Statements[0].Impact = "", "" }, "statement 1: justification is absent"},
		{"no action", func(d *Document) { d.Statements[1].Action = "" }, "statement 2: action_statement is absent"},
		{"no vulnerability", func(d *Document) { d.Statements[1].Vulnerabilities = nil }, "statement 2: vulnerability has no name"},
		{"no product", func(d *Document) { d.Statements[1].Products = nil }, "statement 2: products is absent"},
		{"nothing that identifies a product", func(d *Document) { d.Statements[3].Products[0] = advisory.VEXProduct{} }, "statement 4: product \"\": nothing identifies it"},
		{"a part without a name", func(d *Document) { d.Statements[0].Products[0].Subcomponents[1] = "" }, "a subcomponent has no name"},
		{"no package URL", func(d *Document) { d.Statements[0].Products[0].PURLs[0] = "pkg:oci" }, `purl "pkg:oci": it has no type`},
		{"no digest", func(d *Document) { d.Statements[3].Products[0].Digests[0] = "sha256:" }, `digest "sha256:"`},
		{"two package URLs", func(d *Document) { d.Statements[3].Products[0].PURLs = []string{"pkg:npm/a", "pkg:npm/b"} }, "it has 2: write it as several products"},
		{"two digests", func(d *Document) {
			d.Statements[3].Products[0].Digests = append(d.Statements[3].Products[0].Digests, image.DigestOf(nil).String())
		}, "it has 2: write it as several products"},
	} {
		d := example()
		test.change(&d)
		var b bytes.Buffer
		if err := Write(&b, d); err == nil || !strings.Contains(err.Error(), test.says) || !strings.HasPrefix(err.Error(), "write the OpenVEX document: ") {
			t.Errorf("%s: the error is %v, want it to say %q", test.name, err, test.says)
		}
		if b.Len() > 0 {
			t.Errorf("%s: %d bytes are written nevertheless", test.name, b.Len())
		}
	}
}

type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWritersErrorIsReturned(t *testing.T) {
	if err := Write(full{}, example()); !errors.Is(err, errFull) {
		t.Errorf("the error is %v", err)
	}
}

// FuzzRoundTrip: a document of any format, written as OpenVEX and read again, makes the same
// statements; only what OpenVEX cannot say is refused, and of an OpenVEX document nothing is.
func FuzzRoundTrip(f *testing.F) {
	files, err := filepath.Glob("../../advisory/vex/testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no documents", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := vex.Decode("a", data)
		if err != nil {
			return
		}
		given := Document{ID: d.ID, Author: d.Author, Issued: d.Issued, Statements: d.Statements}
		var b bytes.Buffer
		if err := Write(&b, given); err != nil {
			if d.Format == vex.OpenVEX {
				t.Fatalf("an OpenVEX document cannot be written again: %v", err)
			}
			return
		}
		again, err := vex.Decode("again", b.Bytes())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, b.Bytes())
		}
		if given.ID == "" {
			for i := range again.Statements {
				again.Statements[i].Document = ""
			}
		}
		if !reflect.DeepEqual(d.Statements, again.Statements) {
			t.Errorf("(-read +read again)\n%s", cmp.Diff(d.Statements, again.Statements))
		}
	})
}
