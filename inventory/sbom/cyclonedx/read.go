package cyclonedx

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"plimsoll.dev/plimsoll/internal/strictjson"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom/bill"
)

// Limits of what is read. The largest images have some ten thousand packages, and syft lists their
// files too. The worst that a stranger can do with them takes 1.6 GB of memory.
const (
	maxDepth      = 64
	maxElements   = 2 << 20 // objects in JSON, elements in XML
	maxComponents = 1 << 19
)

// Decode reads a document in JSON or XML.
func Decode(data []byte) (inventory.Facts, error) {
	var d documentForm
	var err error
	if bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("<")) {
		err = decodeXML(data, &d)
	} else {
		err = decodeJSON(data, &d)
	}
	if err != nil {
		return inventory.Facts{}, fmt.Errorf("read the CycloneDX document: %w", err)
	}
	b, err := read(&d)
	if err != nil {
		return inventory.Facts{}, fmt.Errorf("read the CycloneDX document: %w", err)
	}
	facts, err := b.Facts()
	if err != nil {
		return facts, fmt.Errorf("read the CycloneDX document: %w", err)
	}
	return facts, nil
}

func decodeJSON(data []byte, d *documentForm) error {
	if err := strictjson.Check(data, strictjson.Limits{Depth: maxDepth, Objects: maxElements}); err != nil {
		return err
	}
	var head struct {
		Format  string `json:"bomFormat"`
		Version string `json:"specVersion"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return err
	}
	if head.Format != "CycloneDX" {
		return fmt.Errorf("its bomFormat is %.40q, want CycloneDX", head.Format)
	}
	if err := checkVersion(head.Version); err != nil {
		return err
	}
	return json.Unmarshal(data, d)
}

func checkVersion(version string) error {
	if !slices.Contains([]string{"1.2", "1.3", "1.4", "1.5", "1.6", "1.7"}, version) {
		return fmt.Errorf("its version is %.40q, want 1.2 to 1.7: have it written anew", version)
	}
	return nil
}

func decodeXML(data []byte, d *documentForm) error {
	if err := checkXML(data); err != nil {
		return err
	}
	return xml.Unmarshal(data, d)
}

// checkXML bounds a document, and refuses a document type: encoding/xml expands no entity that
// one declares, and no bill of materials has one.
func checkXML(data []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	depth, elements, ended := 0, 0, false
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			if !ended || depth != 0 {
				return errors.New("it is cut short")
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.Directive:
			return errors.New("it declares a document type, and no CycloneDX document has one")
		case xml.StartElement:
			if ended {
				return errors.New("there is more after the document")
			}
			if depth == 0 {
				if err := checkRoot(token); err != nil {
					return err
				}
			}
			if depth++; depth > maxDepth {
				return fmt.Errorf("it is nested more than %d deep", maxDepth)
			}
			if elements++; elements > maxElements {
				return fmt.Errorf("it has more than %d elements", maxElements)
			}
		case xml.EndElement:
			depth--
			ended = depth == 0
		}
	}
}

// checkRoot wants the root element bom in the namespace of a version that is read.
func checkRoot(root xml.StartElement) error {
	const namespace = "http://cyclonedx.org/schema/bom/"
	for _, a := range root.Attr {
		name, isDeclaration := a.Name.Local, a.Name.Space == "xmlns" && a.Name.Local == root.Name.Space
		if root.Name.Space == "" {
			isDeclaration = a.Name.Space == "" && name == "xmlns"
		}
		if version, ok := strings.CutPrefix(a.Value, namespace); ok && isDeclaration && root.Name.Local == "bom" {
			return checkVersion(version)
		}
	}
	return fmt.Errorf("its root element is %.40q, want bom of %sVERSION", root.Name.Local, namespace)
}

// read takes over what a bill has of a document.
func read(d *documentForm) (*bill.Bill, error) {
	b := &bill.Bill{Properties: readProperties(d.Metadata.Properties)}
	subject := ""
	var err error
	if c := d.Metadata.Component; c != nil {
		subject = c.Ref
		b.Subject = readComponent(c)
		if b.Components, err = appendComponents(nil, c.Components); err != nil {
			return nil, err
		}
	}
	if b.Components, err = appendComponents(b.Components, d.Components); err != nil {
		return nil, err
	}
	b.Complete = readAggregate(d.Compositions, subject)
	return b, nil
}

// appendComponents flattens components that hold others.
func appendComponents(list []bill.Component, components []componentForm) ([]bill.Component, error) {
	if len(list)+len(components) > maxComponents {
		return nil, fmt.Errorf("it has more than %d components", maxComponents)
	}
	list = slices.Grow(list, len(components))
	for i := range components {
		c := &components[i]
		if c.Name == "" && c.PURL == "" && c.Type != string(cdx.ComponentTypeOS) {
			return nil, fmt.Errorf("component %d of %d has no name", i+1, len(components))
		}
		list = append(list, readComponent(c))
		var err error
		if list, err = appendComponents(list, c.Components); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func readComponent(c *componentForm) bill.Component {
	read := bill.Component{
		Kind: kindOf(cdx.ComponentType(c.Type)), Name: c.Name, Version: c.Version, Description: c.Description, PURL: c.PURL,
		Licenses: c.Licenses, Properties: readProperties(c.Properties),
	}
	if c.Supplier != nil {
		read.Supplier = c.Supplier.Name
	}
	if c.Evidence != nil {
		for _, occurrence := range c.Evidence.Occurrences {
			read.Paths = append(read.Paths, occurrence.Location)
		}
	}
	return read
}

func kindOf(t cdx.ComponentType) bill.Kind {
	switch t {
	case cdx.ComponentTypeLibrary, cdx.ComponentTypeFramework:
		return bill.Library
	case cdx.ComponentTypeApplication, cdx.ComponentTypePlatform, cdx.ComponentTypeFirmware, cdx.ComponentTypeDeviceDriver:
		return bill.Application
	case cdx.ComponentTypeContainer:
		return bill.Container
	case cdx.ComponentTypeOS:
		return bill.System
	case cdx.ComponentTypeFile:
		return bill.File
	default:
		return bill.Other
	}
}

// readAggregate returns what is said of the whole. A composition that names assemblies speaks of
// those; if one of them is the subject, or none is named, it speaks of everything. Whoever says of
// any part that it is incomplete is taken at their word for the whole.
func readAggregate(compositions []compositionForm, subject string) bill.Completeness {
	var said bill.Completeness
	for _, c := range compositions {
		switch {
		case strings.HasPrefix(c.Aggregate, "incomplete"):
			return bill.Incomplete
		case c.Aggregate != string(cdx.CompositionAggregateComplete), c.Dependencies != nil && c.Assemblies == nil, c.Vulnerabilities != nil:
		case c.Assemblies == nil, subject != "" && slices.Contains(c.Assemblies, refForm{subject}):
			said = bill.Complete
		}
	}
	return said
}

func readProperties(list []propertyForm) []bill.Property {
	if len(list) == 0 {
		return nil
	}
	read := make([]bill.Property, len(list))
	for i, p := range list {
		read[i] = bill.Property(p)
	}
	return read
}
