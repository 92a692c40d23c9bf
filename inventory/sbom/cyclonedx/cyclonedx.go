// Package cyclonedx writes an image's facts as a CycloneDX 1.6 bill of materials in JSON
// (ECMA-424), and reads bills of the versions 1.2 to 1.7 in JSON or XML.
//
// Packages are components whose bom-ref is the purl; the image is the subject; the distribution
// is a component of type operating-system. What CycloneDX has no field for stands in properties
// whose names begin with "plimsoll:"; package bill says what they mean. How much was understood
// is also told by the composition (complete or incomplete).
//
// The same facts, time and version give the same bytes, and a document that was written is read
// back to the same facts. It knows nothing of vulnerabilities, services, dependencies and
// signatures: they are neither written nor read.
package cyclonedx

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"plimsoll.dev/plimsoll/internal/printable"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom/bill"
	"plimsoll.dev/plimsoll/inventory/sbom/license"
)

// Meta is what the document says about its making.
type Meta struct {
	EvaluatedAt time.Time
	Version     string // of Plimsoll
}

// Encode writes the document for facts.
func Encode(w io.Writer, facts inventory.Facts, meta Meta) error {
	bom := document(bill.Of(facts), meta)
	content, err := encode(bom)
	if err != nil {
		return err
	}
	bom.SerialNumber = "urn:uuid:" + uuid(sha256.Sum256(content))
	if content, err = encode(bom); err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		return fmt.Errorf("write the CycloneDX document: %w", err)
	}
	return nil
}

func encode(bom *cdx.BOM) ([]byte, error) {
	var b bytes.Buffer
	err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, cdx.SpecVersion1_6)
	if err != nil {
		return nil, fmt.Errorf("encode the CycloneDX document: %w", err)
	}
	return printable.JSON(b.Bytes()), nil
}

// uuid makes an identifier from a sum (RFC 9562, section 5.8, version 8): a document with other
// content has another serial number, which a random one would have too, and the same has the same.
func uuid(sum [sha256.Size]byte) string {
	b := sum[:16]
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

func document(b *bill.Bill, meta Meta) *cdx.BOM {
	subject := component(b.Subject)
	subject.BOMRef = subjectRef(b.Subject)
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{
		Timestamp: meta.EvaluatedAt.UTC().Format(time.RFC3339),
		Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{
			Type: cdx.ComponentTypeApplication, Name: "plimsoll", Version: meta.Version,
		}}},
		Component:  &subject,
		Properties: properties(b.Properties),
	}
	components := make([]cdx.Component, len(b.Components))
	taken := map[string]bool{subject.BOMRef: true}
	for i, c := range b.Components {
		components[i] = component(c)
		ref := components[i].BOMRef
		for n := 2; taken[components[i].BOMRef]; n++ { // two packages may share a purl: one module in two programs
			components[i].BOMRef = ref + "#" + strconv.Itoa(n)
		}
		taken[components[i].BOMRef] = true
	}
	bom.Components = &components
	bom.Compositions = &[]cdx.Composition{{
		Aggregate:  aggregate(b.Complete),
		Assemblies: &[]cdx.BOMReference{cdx.BOMReference(subject.BOMRef)},
	}}
	return bom
}

func component(c bill.Component) cdx.Component {
	written := cdx.Component{
		BOMRef: c.PURL, Type: cdx.ComponentTypeLibrary, Name: c.Name, Version: c.Version, Description: c.Description,
		PackageURL: c.PURL, Licenses: licenses(c.Licenses), Properties: properties(c.Properties),
	}
	switch c.Kind {
	case bill.Container:
		written.Type = cdx.ComponentTypeContainer
	case bill.System:
		written.Type, written.BOMRef = cdx.ComponentTypeOS, "distro:"+c.Name+"@"+c.Version
	}
	if c.Supplier != "" {
		written.Supplier = &cdx.OrganizationalEntity{Name: c.Supplier}
	}
	return written
}

// subjectRef is the identity of the image's content, if there is one.
func subjectRef(c bill.Component) string {
	for _, p := range c.Properties {
		if p.Name == "plimsoll:imageID" {
			return p.Value
		}
	}
	return "image"
}

// licenses writes an SPDX expression as such if it stands alone: the schema allows no other
// beside it. Of several, those on SPDX's list have ids, and the others names.
func licenses(stated []string) *cdx.Licenses {
	if len(stated) == 0 {
		return nil
	}
	if len(stated) == 1 && license.FormOf(stated[0]) == license.Expression {
		return &cdx.Licenses{{Expression: stated[0]}}
	}
	list := make(cdx.Licenses, len(stated))
	for i, name := range stated {
		list[i].License = &cdx.License{Name: name}
		if license.FormOf(name) == license.ID {
			list[i].License = &cdx.License{ID: name}
		}
	}
	return &list
}

func aggregate(c bill.Completeness) cdx.CompositionAggregate {
	return cmp.Or(cdx.CompositionAggregate(c), cdx.CompositionAggregateUnknown)
}

func properties(list []bill.Property) *[]cdx.Property {
	if len(list) == 0 {
		return nil
	}
	written := make([]cdx.Property, len(list))
	for i, p := range list {
		written[i] = cdx.Property{Name: p.Name, Value: p.Value}
	}
	return &written
}
