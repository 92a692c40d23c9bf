package vex

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/openvex/go-vex/pkg/vex"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/image"
)

func open(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// lines writes a document as a person would note down what it says.
func lines(d Document) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, %s, %s\n", d.Format, d.ID, d.Author, d.Issued.Format(time.RFC3339Nano))
	for _, s := range d.Statements {
		fmt.Fprintf(&b, "%s: %s", strings.Join(s.Vulnerabilities, " = "), s.Status)
		for _, reason := range []string{s.Justification, s.Impact, s.Action} {
			if reason != "" {
				fmt.Fprintf(&b, " (%s)", reason)
			}
		}
		if !s.Issued.Equal(d.Issued) {
			fmt.Fprintf(&b, " %s", s.Issued.Format(time.RFC3339Nano))
		}
		b.WriteByte('\n')
		for _, p := range s.Products {
			fmt.Fprintf(&b, "  %s\n", p.ID)
			for _, purl := range p.PURLs {
				fmt.Fprintf(&b, "    is %s\n", purl)
			}
			for _, digest := range p.Digests {
				fmt.Fprintf(&b, "    is %s\n", digest)
			}
			for _, part := range p.Subcomponents {
				fmt.Fprintf(&b, "    only %s\n", part)
			}
		}
	}
	return b.String()
}

func TestDocuments(t *testing.T) {
	for _, test := range []struct{ file, want string }{
		{"openvex.json", `
openvex https://vex.example/2026/payments-17, Example Payments security <security@payments.example>, 2026-03-02T09:20:30.5Z
CVE-2023-44487 = GHSA-qppj-fm5r-hxr3 = GO-2023-2102 = https://nvd.nist.gov/vuln/detail/CVE-2023-44487: not_affected (vulnerable_code_not_in_execute_path) (The server speaks HTTP/1.1 only.)
  pkg:oci/payments@sha256%3AHASH?repository_url=registry.example/shop/payments
    is pkg:oci/payments@sha256:HASH?repository_url=registry.example%2Fshop%2Fpayments
    is sha256:HASH
    only pkg:golang/golang.org/x/net@v0.15.0
    only pkg:deb/debian/nghttp2@1.52.0-1
    only cpe:2.3:a:nghttp2:nghttp2:1.52.0:*:*:*:*:*:*:*
CVE-2024-3094: not_affected (xz is of another version.) 2026-03-01T00:00:00Z
  registry.example/shop/payments@sha256:HASH
    is sha256:HASH
  registry.example/shop/payments:1.4
  sha256:HASH
    is sha256:HASH
EXAMPLE-12 = https://payments.example/vulnerabilities/12: affected (Update to 1.5.)
  https://payments.example/products/payments
    is pkg:generic/payments@1.4
  pkg:oci
CVE-2024-6387: fixed
  pkg:DEB/debian/openssh-server@1%3A9.2p1-2%2Bdeb12u3?distro=debian-12&arch=amd64
    is pkg:deb/debian/openssh-server@1:9.2p1-2%2Bdeb12u3?arch=amd64&distro=debian-12
CVE-2025-0001: under_investigation
  pkg:oci/payments
    is pkg:oci/payments
`},
		{"openvex-0.0.1.json", `
openvex https://openvex.dev/docs/example/vex-9fb3463de1b57, Example Base Images, 2023-01-09T00:02:03.647787998Z
CVE-2022-39046: not_affected (vulnerable_code_not_present)
  pkg:oci/base@sha256:7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069
    is pkg:oci/base@sha256:7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069
    is sha256:7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069
    only pkg:apk/wolfi/glibc@2.37-r1?arch=x86_64
    only pkg:apk/wolfi/glibc-locale@2.37-r1
  pkg:apk/wolfi/glibc@2.37-r1?arch=x86_64
    is pkg:apk/wolfi/glibc@2.37-r1?arch=x86_64
    only pkg:apk/wolfi/glibc@2.37-r1?arch=x86_64
    only pkg:apk/wolfi/glibc-locale@2.37-r1
CVE-2022-48303: fixed
  pkg:apk/wolfi/tar@1.34-r2
    is pkg:apk/wolfi/tar@1.34-r2
`},
		{"cyclonedx.json", `
cyclonedx urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/4, Example Shop, 2026-05-06T07:08:09Z
CVE-2020-25649 = SNYK-JAVA-COMFASTERXMLJACKSONCORE-1048302 = GHSA-288c-cq4h-88gq: not_affected (vulnerable_code_not_in_execute_path) (No XML is parsed.) 2026-05-02T00:00:00Z
  registry.example/shop/web@sha256:HASH
    is sha256:HASH
    only pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.10.0?type=jar
    only shaded@1
    only pkg:npm/left-pad@1.3.0
CVE-2021-44228: not_affected (protected_at_perimeter: A filter drops such requests.)
  registry.example/shop/web@sha256:HASH
    is sha256:HASH
CVE-2021-45105: not_affected (false_positive)
  registry.example/shop/web@sha256:HASH
    is sha256:HASH
  registry.example/shop/web@sha256:HASH
    is sha256:HASH
    only pkg:npm/left-pad@1.3.0
CVE-2022-22965: affected (Update the image.)
  registry.example/shop/web@sha256:HASH
    is sha256:HASH
    only api
CVE-2022-22966: affected (can_not_fix)
  registry.example/shop/web@sha256:HASH
    is sha256:HASH
CVE-2022-0001: under_investigation 2026-05-01T00:00:00Z
  registry.example/shop/web@sha256:HASH
    is sha256:HASH
    only pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.10.0?type=jar
CVE-2022-0002: fixed
  registry.example/shop/web@sha256:HASH
    is sha256:HASH
    only pkg:pypi/not-listed@1
`},
		{"cyclonedx-links.json", `
cyclonedx , , 0001-01-01T00:00:00Z
CVE-2021-44228: not_affected (vulnerable_code_not_present)
  pkg:maven/org.example/app@4.2?type=jar
    is pkg:maven/org.example/app@4.2?type=jar
  pkg:maven/org.example/tool@1.0
    is pkg:maven/org.example/tool@1.0
  urn:cdx:cbb2cd68-2857-43b8-a10b-e8c03d277d18/1#product-ABC
  urn:cdx:cbb2cd68-2857-43b8-a10b-e8c03d277d18/1
CVE-2021-45046: not_affected (requires_configuration)
  pkg:maven/org.example/app@2.3
    is pkg:maven/org.example/app@2.3
  pkg:maven/org.example/app@4.2
    is pkg:maven/org.example/app@4.2
  pkg:maven/org.example/app@4.3
    is pkg:maven/org.example/app@4.3
  version vers:maven/>=1.0|<=2.2 of (pkg:maven/org.example/app@4.2)
  version 2.5 of (urn:cdx:cbb2cd68-2857-43b8-a10b-e8c03d277d18/1#product-ABC)
  version 2.5 of (pkg:oci/app@sha256:7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069)
CVE-2021-45046: affected (will_not_fix, update)
  pkg:maven/org.example/app@4.1
    is pkg:maven/org.example/app@4.1
`},
		{"csaf-vex.json", `
csaf EXL-VEX-2024-2961, Example Linux Product Security, 2024-06-01T10:00:00Z
CVE-2024-2961 = EXL#2273404: affected (Do not convert to ISO-2022-CN-EXT.)
  cpe:/o:example:linux:9
    only pkg:rpm/example/glibc-common@2.34-60
CVE-2024-2961 = EXL#2273404: not_affected (vulnerable_code_not_present)
  cpe:/o:example:linux:9
    only pkg:rpm/example/glibc@2.34-60?arch=x86_64
    only pkg:rpm/example/glibc-common@2.34-60
CVE-2024-2961 = EXL#2273404: not_affected (iconv has no such table.)
  pkg:oci/base@sha256:HASH?arch=amd64&repository_url=registry.example/exl9/base
    is pkg:oci/base@sha256:HASH?arch=amd64&repository_url=registry.example%2Fexl9%2Fbase
    is sha256:HASH
  pkg:oci/base@sha256:HASH?arch=amd64&repository_url=registry.example/exl9/base
    is pkg:oci/base@sha256:HASH?arch=amd64&repository_url=registry.example%2Fexl9%2Fbase
    is sha256:HASH
    only pkg:rpm/example/glibc@2.34-60?arch=x86_64
CVE-2024-2961 = EXL#2273404: fixed
  pkg:rpm/example/glibc@2.34-60?arch=x86_64
    is pkg:rpm/example/glibc@2.34-60?arch=x86_64
CVE-2024-2961 = EXL#2273404: under_investigation
  Example Tool
  Example Tool
    only pkg:rpm/example/glibc@2.34-60?arch=x86_64
  version vers:rpm/<2.34 of (pkg:rpm/example/glibc)
  pkg:rpm/example/musl
    is pkg:rpm/example/musl
`},
		{"csaf-advisory.json", `
csaf EXSA-2025:7, Example, 2025-02-03T04:05:06Z
GHSA-jfh8-c2jp-5v3q: affected
  not a purl
GHSA-jfh8-c2jp-5v3q: not_affected
  pkg:generic/server@1
    is pkg:generic/server@1
`},
	} {
		t.Run(test.file, func(t *testing.T) {
			data := open(t, test.file)
			d, err := Decode(test.file, data)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(lines(d), image.DigestOf([]byte("plimsoll")).Hex(), "HASH")
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if d.Digest != image.DigestOf(data) {
				t.Errorf("the digest %s is not the document's", d.Digest)
			}
			for _, s := range d.Statements {
				if s.Document != d.ID || s.Author != d.Author {
					t.Errorf("a statement is by %q in %q", s.Author, s.Document)
				}
			}
		})
	}
}

// The documents are what other readers take for documents of their format.
func TestOthersReadTheDocuments(t *testing.T) {
	for _, name := range []string{"cyclonedx.json", "cyclonedx-links.json"} {
		var b cyclonedx.BOM
		text := bytes.ReplaceAll(open(t, name), []byte(`"response": "can_not_fix"`), []byte(`"response": ["can_not_fix"]`))
		if err := cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(&b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if b.Vulnerabilities == nil || (*b.Vulnerabilities)[0].Analysis == nil {
			t.Errorf("%s: cyclonedx-go sees no analysis", name)
		}
	}
	theirs, err := vex.Parse(open(t, "openvex.json"))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := Decode("openvex.json", open(t, "openvex.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(theirs.Statements) != len(ours.Statements) || theirs.Author != ours.Author || !theirs.Timestamp.Equal(ours.Issued) {
		t.Fatalf("go-vex reads %d statements of %q", len(theirs.Statements), theirs.Author)
	}
	for i, s := range theirs.Statements {
		o := ours.Statements[i]
		if string(s.Vulnerability.Name) != o.Vulnerabilities[0] || string(s.Status) != string(o.Status) ||
			string(s.Justification) != o.Justification || len(s.Products) != len(o.Products) {
			t.Errorf("statement %d: go-vex reads %+v, this package %+v", i, s, o)
		}
	}
}

// A part that nobody can identify keeps a statement from being about the whole.
func TestProductsAndParts(t *testing.T) {
	digest := image.DigestOf([]byte("plimsoll"))
	for _, test := range []struct {
		name  string
		id    string
		purls []string
		want  advisory.VEXProduct
	}{
		{"a package URL twice", "pkg:npm/a@1", []string{"pkg:npm/a@1"}, advisory.VEXProduct{ID: "pkg:npm/a@1", PURLs: []string{"pkg:npm/a@1"}}},
		{"one that is none", "pkg:npm", nil, advisory.VEXProduct{ID: "pkg:npm"}},
		{"one that is none, with a digest", "pkg:@" + digest.String(), nil, advisory.VEXProduct{ID: "pkg:@" + digest.String()}},
		{"the version of another type", "pkg:generic/a@" + digest.String(), nil, advisory.VEXProduct{
			ID: "pkg:generic/a@" + digest.String(), PURLs: []string{"pkg:generic/a@" + digest.String()},
		}},
		{"a digest", digest.String(), nil, advisory.VEXProduct{ID: digest.String(), Digests: []string{digest.String()}}},
		{"half a digest", digest.String()[:20], nil, advisory.VEXProduct{ID: digest.String()[:20]}},
	} {
		if diff := cmp.Diff(test.want, Product(test.id, test.purls)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", test.name, diff)
		}
	}
	for _, test := range []struct {
		name        string
		names, want []string
	}{
		{"package URLs go first", []string{"x", "pkg:npm/a", "pkg:NPM/a", "pkg:npm/b"}, []string{"pkg:npm/a", "pkg:npm/b"}},
		{"another name", []string{"", "pkg:npm", "cpe:/a:a"}, []string{"pkg:npm"}},
		{"no name", []string{"", " "}, nil},
	} {
		if diff := cmp.Diff(test.want, Part(test.names...)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", test.name, diff)
		}
	}
}

// What a reference names in a document about pkg:oci/app, whose serial number is 1 and version 2.
func TestReferencesOfCycloneDX(t *testing.T) {
	whole := advisory.VEXProduct{ID: "pkg:oci/app", PURLs: []string{"pkg:oci/app"}}
	part := func(name string) advisory.VEXProduct {
		p := whole
		p.Subcomponents = []string{name}
		return p
	}
	for _, test := range []struct {
		name, ref string
		want      advisory.VEXProduct
	}{
		{"the product", "app", whole},
		{"a component", "b", part("pkg:npm/b@1")},
		{"a service", "s", part("service")},
		{"a component with nothing but a CPE", "c", part("cpe:/a:c")},
		{"a component with nothing but its reference", "d/1", part("d/1")},
		{"the document", "urn:cdx:1/2", whole},
		{"its product", "urn:cdx:1/2#app", whole},
		{"its component", "urn:cdx:1/2#b", part("pkg:npm/b@1")},
		{"its component, escaped", "urn:cdx:1/2#d%2F1", part("d/1")},
		{"a package URL in it", "urn:cdx:1/2#pkg:npm/x", part("pkg:npm/x")},
		{"nothing in it", "urn:cdx:1/2#x", part("urn:cdx:1/2#x")},
		{"nothing in it, not well escaped", "urn:cdx:1/2#%x", part("urn:cdx:1/2#%x")},
		{"another version of it", "urn:cdx:1/1#b", part("urn:cdx:1/1#b")},
		{"another document", "urn:cdx:9/1", part("urn:cdx:9/1")},
		{"the product in another document", "urn:cdx:9/1#pkg:oci/app", whole},
		{"the product in another document, escaped", "urn:cdx:9/1#pkg%3Aoci%2Fapp", whole},
		{"the same reference in another document", "urn:cdx:9/1#app", part("urn:cdx:9/1#app")},
		{"a package URL that is not escaped well", "urn:cdx:9/1#pkg:npm/%x", part("urn:cdx:9/1#pkg:npm/%x")},
		{"a package URL that is in no document", "pkg:npm/x@1", part("pkg:npm/x@1")},
	} {
		d, err := Decode("a", []byte(`{"bomFormat":"CycloneDX","specVersion":"1.7","serialNumber":"urn:uuid:1","version":2,
			"metadata":{"authors":[{},{"name":"A. Person"}],"component":{"bom-ref":"app","name":"app","purl":"pkg:oci/app"}},
			"components":[{"bom-ref":"b","name":"b","purl":"pkg:npm/b@1"},{"bom-ref":"c","cpe":"cpe:/a:c"},{"bom-ref":"d/1"}],
			"services":[{"bom-ref":"s","name":"service"}],
			"vulnerabilities":[{"id":"CVE-2024-1","analysis":{"state":"resolved"},"affects":[{"ref":"`+test.ref+`"}]}]}`))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff([]advisory.VEXProduct{test.want}, d.Statements[0].Products); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", test.name, diff)
		}
		if d.Author != "A. Person" || d.ID != "urn:cdx:1/2" {
			t.Errorf("%s: it is %s by %q", test.name, d.ID, d.Author)
		}
	}
}

// Only words that claim as little have one in OpenVEX.
func TestJustificationsOfCycloneDX(t *testing.T) {
	for _, test := range []struct{ analysis, justification, impact string }{
		{`"state":"not_affected","justification":"code_not_present","detail":"d"`, "vulnerable_code_not_present", "d"},
		{`"state":"not_affected","justification":"code_not_reachable"`, "vulnerable_code_not_in_execute_path", ""},
		{`"state":"not_affected","justification":"protected_by_compiler"`, "inline_mitigations_already_exist", ""},
		{`"state":"not_affected","justification":"requires_configuration"`, "", "requires_configuration"},
		{`"state":"not_affected","justification":"requires_dependency","detail":"d"`, "", "requires_dependency: d"},
		{`"state":"not_affected","justification":"requires_environment"`, "", "requires_environment"},
		{`"state":"not_affected","justification":"protected_at_runtime"`, "", "protected_at_runtime"},
		{`"state":"not_affected","justification":"protected_at_perimeter"`, "", "protected_at_perimeter"},
		{`"state":"not_affected","justification":"protected_by_mitigating_control"`, "", "protected_by_mitigating_control"},
		{`"state":"not_affected"`, "", ""},
		{`"state":"not_affected","detail":"d"`, "", "d"},
		{`"state":"false_positive"`, "", "false_positive"},
		{`"state":"false_positive","detail":"d"`, "", "false_positive: d"},
		{`"state":"false_positive","justification":"code_not_present"`, "vulnerable_code_not_present", ""},
		{`"state":"resolved","justification":"code_not_present","detail":"d"`, "", ""},
	} {
		d, err := Decode("a", in(bomDocument, `{"id":"a","analysis":{`+test.analysis+`},"affects":[{"ref":"a"}]}`))
		if err != nil {
			t.Errorf("%s: %v", test.analysis, err)
			continue
		}
		if s := d.Statements[1]; s.Justification != test.justification || s.Impact != test.impact {
			t.Errorf("%s is read as %q, %q, want %q, %q", test.analysis, s.Justification, s.Impact, test.justification, test.impact)
		}
	}
}

func TestErrorsNameTheDocument(t *testing.T) {
	_, err := Decode("vendor/a.json", []byte("{}"))
	if !errors.Is(err, ErrNotVEX) || !strings.HasPrefix(err.Error(), `read the VEX document "vendor/a.json": `) {
		t.Errorf("the error is %v", err)
	}
	if _, err := Decode("a", make([]byte, MaxSize+1)); err == nil || !strings.Contains(err.Error(), "larger than 67108864 bytes") {
		t.Errorf("the error of a large document is %v", err)
	}
}
