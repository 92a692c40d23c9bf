package vex

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image"
)

// FuzzDecode: the same bytes give the same document. A document that is read has statements
// within the limits, each with a vulnerability, a known status, a known justification or none, and
// products that have a name; a package URL and a digest are canonical, and a part has a name.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
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
	f.Add(in(openVEXDocument, `{"vulnerability":"a","status":"not_affected","justification":"component_not_present","products":["a"],"subcomponents":["b"]}`))
	f.Add(in(bomDocument, `{"id":"a","analysis":{"state":"exploitable"},"affects":[{"ref":"b","versions":[{"version":"1"},{"range":"vers:npm/1"}]}]}`))
	f.Add(in(csafTreeDocument, `"relationships":[{"category":"installed_on","product_reference":"a","relates_to_product_reference":"b","full_product_name":{"product_id":"c"}}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Decode("a", data)
		again, errAgain := Decode("a", slices.Clone(data))
		if (err == nil) != (errAgain == nil) || !reflect.DeepEqual(d, again) {
			t.Fatalf("two readings of the same bytes differ: %v, %v", err, errAgain)
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), `read the VEX document "a": `) || !reflect.DeepEqual(d, Document{}) {
				t.Errorf("what is refused gives the error %v and %+v", err, d)
			}
			return
		}
		if len(d.Statements) == 0 || len(d.Statements) > maxStatements || d.Digest != image.DigestOf(data) {
			t.Fatalf("%d statements, digest %s", len(d.Statements), d.Digest)
		}
		products := 0
		for _, s := range d.Statements {
			checkStatement(t, s)
			for _, p := range s.Products {
				products += 1 + len(p.Subcomponents)
				checkProduct(t, p)
			}
		}
		if products > maxProducts {
			t.Errorf("%d products", products)
		}
	})
}

func checkStatement(t *testing.T, s advisory.VEXStatement) {
	t.Helper()
	if len(s.Vulnerabilities) == 0 || len(s.Products) == 0 || !isStatus(s.Status) {
		t.Errorf("the statement lacks something: %+v", s)
	}
	if s.Justification != "" && (s.Status != advisory.VEXNotAffected || !slices.Contains(Justifications(), s.Justification)) {
		t.Errorf("%s for the reason %q", s.Status, s.Justification)
	}
	if s.Impact != "" && s.Status != advisory.VEXNotAffected || s.Action != "" && s.Status != advisory.VEXAffected {
		t.Errorf("%s with the impact %q and the action %q", s.Status, s.Impact, s.Action)
	}
	for _, v := range s.Vulnerabilities {
		if strings.TrimSpace(v) == "" {
			t.Errorf("a vulnerability without a name among %q", s.Vulnerabilities)
		}
	}
	if !s.Issued.IsZero() && (s.Issued.Year() < 1970 || s.Issued.Year() > 9999) {
		t.Errorf("issued in %s", s.Issued)
	}
}

func checkProduct(t *testing.T, p advisory.VEXProduct) {
	t.Helper()
	if strings.TrimSpace(p.ID) == "" {
		t.Errorf("a product without a name: %+v", p)
	}
	for _, text := range p.PURLs {
		if purl, err := ecosystem.ParsePURL(text); err != nil || purl.String() != text {
			t.Errorf("%q is no canonical package URL: %v", text, err)
		}
	}
	for _, text := range p.Digests {
		if _, err := image.ParseDigest(text); err != nil {
			t.Error(err)
		}
	}
	for _, part := range p.Subcomponents {
		if strings.TrimSpace(part) == "" {
			t.Errorf("a part without a name: %+v", p)
		}
	}
}
