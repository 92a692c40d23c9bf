// Package spdx writes an image's facts as an SPDX 2.3 document in JSON (ISO/IEC 5962 is 2.2.1),
// and reads documents of the versions 2.2 and 2.3 in JSON or tag-value form.
//
// The image, the distribution and every package are packages, told apart by their purpose; files
// are not listed. What SPDX has no field for stands in an annotation of the element, one property
// a line: plimsoll:NAME=VALUE, where a backslash and a line end in the value are written as \\ and
// \n. Package bill says what they mean. A licence that is not on SPDX's list becomes a
// LicenseRef- whose text is its name: licences' texts are not looked for.
//
// The same facts, time and version give the same bytes, and a document that was written is read
// back to the same facts. SPDX 3 is another format, and is refused.
package spdx

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/printable"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom/bill"
)

// Meta is what the document says about its making.
type Meta struct {
	EvaluatedAt time.Time
	Version     string // of Plimsoll
}

// Encode writes the document for facts.
func Encode(w io.Writer, facts inventory.Facts, meta Meta) error {
	d := newWriter(meta).document(bill.Of(facts))
	content, err := encode(d)
	if err != nil {
		return err
	}
	// Other content has another namespace, as the specification wants (6.5), and the same has the
	// same.
	d.Namespace = "https://plimsoll.dev/spdx/" + image.DigestOf(content).Hex()
	if content, err = encode(d); err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		return fmt.Errorf("write the SPDX document: %w", err)
	}
	return nil
}

func encode(d *document) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(d); err != nil {
		return nil, fmt.Errorf("encode the SPDX document: %w", err)
	}
	return printable.JSON(b.Bytes()), nil
}

// writer makes one document.
type writer struct {
	date, tool string
	ids        map[string]bool   // in use
	refs       map[string]string // a licence that is not on SPDX's list → its id here
	texts      []licenseText
}

func newWriter(meta Meta) *writer {
	return &writer{date: meta.EvaluatedAt.UTC().Format(time.RFC3339), tool: "Tool: plimsoll-" + meta.Version,
		ids: map[string]bool{documentID: true}, refs: map[string]string{}}
}

func (w *writer) document(b *bill.Bill) *document {
	subject := w.spdxPackage(b.Subject)
	d := &document{
		Version: "SPDX-2.3", DataLicense: "CC0-1.0", ID: documentID, Name: b.Subject.Name,
		Creation:      &creation{Created: w.date, Creators: []string{w.tool}},
		Packages:      []spdxPackage{subject},
		Relationships: []relationship{{documentID, "DESCRIBES", subject.ID}},
		Annotations:   w.annotations(b.Properties),
	}
	for _, c := range b.Components {
		p := w.spdxPackage(c)
		d.Packages = append(d.Packages, p)
		d.Relationships = append(d.Relationships, relationship{subject.ID, "CONTAINS", p.ID})
	}
	d.Licenses = w.texts
	return d
}

func (w *writer) spdxPackage(c bill.Component) spdxPackage {
	declared, list := w.declared(c)
	p := spdxPackage{
		Name: c.Name, ID: w.id(c), Version: c.Version, Supplier: noAssertion,
		DownloadLocation: noAssertion, Concluded: noAssertion, Declared: declared, Copyright: noAssertion,
		Description: c.Description, Purpose: purposeOf(c.Kind), Annotations: w.annotations(list),
	}
	if c.Supplier != "" {
		p.Supplier = organization + c.Supplier
	}
	if c.Source != nil {
		p.SourceInfo = strings.TrimSuffix(sourcePrefix+c.Source.Name+" "+c.Source.Version, " ")
	}
	if c.PURL != "" {
		p.References = []reference{{"PACKAGE-MANAGER", "purl", c.PURL}}
	}
	return p
}

const organization = "Organization: "

func purposeOf(kind bill.Kind) string {
	switch kind {
	case bill.Container:
		return "CONTAINER"
	case bill.System:
		return "OPERATING-SYSTEM"
	default:
		return "LIBRARY"
	}
}

// id names an element so that a reader knows what it is; letters, digits, "." and "-" are allowed
// (7.2). The same packages have the same ids in every document.
func (w *writer) id(c bill.Component) string {
	identity := cmp.Or(c.PURL, c.Name)
	id := "SPDXRef-Package-" + idString(c.Name) + "-" + image.DigestOf([]byte(identity)).Hex()[:12]
	switch c.Kind {
	case bill.Container:
		id = "SPDXRef-Image"
	case bill.System:
		id = "SPDXRef-OperatingSystem"
	}
	unique := id
	for n := 2; w.ids[unique]; n++ {
		unique = id + "-" + strconv.Itoa(n)
	}
	w.ids[unique] = true
	return unique
}

// idString replaces what an id may not have.
func idString(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, s)
}

// annotations writes properties as one annotation.
func (w *writer) annotations(list []bill.Property) []annotation {
	if len(list) == 0 {
		return nil
	}
	lines := make([]string, len(list))
	for i, p := range list {
		lines[i] = p.Name + "=" + lineEscaper().Replace(p.Value)
	}
	return []annotation{{Annotator: w.tool, Date: w.date, Type: "OTHER", Comment: strings.Join(lines, "\n")}}
}

func lineEscaper() *strings.Replacer { return strings.NewReplacer(`\`, `\\`, "\n", `\n`) }
