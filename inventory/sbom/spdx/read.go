package spdx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/internal/strictjson"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom/bill"
)

// Limits of what is read.
const (
	maxDepth    = 64
	maxObjects  = 2 << 20
	maxPackages = 1 << 19
)

// Decode reads a document in JSON or tag-value form.
func Decode(data []byte) (inventory.Facts, error) {
	d := new(document)
	var err error
	if bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		err = decodeJSON(data, d)
	} else {
		err = decodeTagValue(data, d)
	}
	if err == nil {
		err = check(d)
	}
	if err != nil {
		return inventory.Facts{}, fmt.Errorf("read the SPDX document: %w", err)
	}
	facts, err := read(d).Facts()
	if err != nil {
		return facts, fmt.Errorf("read the SPDX document: %w", err)
	}
	return facts, nil
}

func decodeJSON(data []byte, d *document) error {
	if err := strictjson.Check(data, strictjson.Limits{Depth: maxDepth, Objects: maxObjects}); err != nil {
		return err
	}
	return json.Unmarshal(data, d)
}

// check wants what makes a document one that is read here.
func check(d *document) error {
	switch {
	case d.Version != "SPDX-2.2" && d.Version != "SPDX-2.3":
		return fmt.Errorf("its version is %.40q, want SPDX-2.2 or SPDX-2.3: have it written anew", d.Version)
	case d.ID != documentID:
		return fmt.Errorf("its SPDXID is %.80q, want %s", d.ID, documentID)
	case len(d.Packages) > maxPackages:
		return fmt.Errorf("it has more than %d packages", maxPackages)
	case d.Creation == nil:
		return errors.New("it has no creation information")
	}
	ids := make(map[string]bool, len(d.Packages))
	for i := range d.Packages {
		id := d.Packages[i].ID
		if !strings.HasPrefix(id, "SPDXRef-") {
			return fmt.Errorf("package %d of %d has the SPDXID %.80q, want SPDXRef- and a name", i+1, len(d.Packages), id)
		}
		if ids[id] {
			return fmt.Errorf("two packages have the SPDXID %.80q", id)
		}
		ids[id] = true
	}
	return nil
}

// read takes over what a bill has of a document.
func read(d *document) *bill.Bill {
	names := make(map[string]string, len(d.Licenses))
	for _, l := range d.Licenses {
		if l.Name != "" && l.Name != noAssertion {
			names[l.ID] = l.Name
		}
	}
	b := &bill.Bill{Properties: ownProperties(d.Annotations)}
	subject := subjectOf(d)
	for i := range d.Packages {
		c := component(&d.Packages[i], names)
		if d.Packages[i].ID == subject && (len(b.Properties) > 0 || c.Kind == bill.Container) {
			b.Subject = c
			continue
		}
		b.Components = append(b.Components, c)
	}
	return b
}

// subjectOf returns the id of the element that the document describes, if it is one alone.
func subjectOf(d *document) string {
	described := slices.Clone(d.Describes)
	for _, r := range d.Relationships {
		switch {
		case r.From == documentID && (r.Type == "DESCRIBES" || r.Type == "DESCRIBE"): // older trivies
			described = append(described, r.To)
		case r.To == documentID && r.Type == "DESCRIBED_BY":
			described = append(described, r.From)
		}
	}
	slices.Sort(described)
	if described = slices.Compact(described); len(described) == 1 {
		return described[0]
	}
	return ""
}

func component(p *spdxPackage, names map[string]string) bill.Component {
	c := bill.Component{
		Kind: kindOf(p), Name: p.Name, Version: p.Version, Description: p.Description, PURL: purlOf(p.References),
		Licenses: licensesOf(p.Declared, names), Source: builtFrom(p.SourceInfo), Properties: ownProperties(p.Annotations),
	}
	if supplier, ok := strings.CutPrefix(p.Supplier, organization); ok {
		c.Supplier = supplier
	}
	if own := valuesOf(c.Properties, statedLicense); len(own) > 0 {
		c.Licenses = own
		c.Properties = slices.DeleteFunc(c.Properties, func(p bill.Property) bool { return p.Name == statedLicense })
	}
	c.Properties = append(c.Properties, trivyProperties(p)...)
	return c
}

// kindOf goes by the purpose, else (SPDX 2.2 has none) by the beginning of the id, as trivy and
// syft choose theirs.
func kindOf(p *spdxPackage) bill.Kind {
	switch p.Purpose {
	case "CONTAINER":
		return bill.Container
	case "OPERATING-SYSTEM", "OPERATING_SYSTEM":
		return bill.System
	case "FILE", "SOURCE":
		return bill.File
	case "APPLICATION":
		return bill.Application
	}
	for prefix, kind := range map[string]bill.Kind{
		"SPDXRef-ContainerImage-": bill.Container, "SPDXRef-DocumentRoot-": bill.Container,
		"SPDXRef-OperatingSystem-": bill.System, "SPDXRef-Application-": bill.Application,
	} {
		if strings.HasPrefix(p.ID, prefix) {
			return kind
		}
	}
	return bill.Library
}

// purlOf returns the package URL among the references; SPDX 2.2 writes the category with an
// underscore.
func purlOf(references []reference) string {
	for _, r := range references {
		if r.Type == "purl" && strings.ReplaceAll(r.Category, "_", "-") == "PACKAGE-MANAGER" {
			return r.Locator
		}
	}
	return ""
}

// builtFrom reads the source package where trivy writes it.
func builtFrom(info string) *inventory.Source {
	text, ok := strings.CutPrefix(info, sourcePrefix)
	if !ok {
		return nil
	}
	name, version, _ := strings.Cut(text, " ")
	return &inventory.Source{Name: name, Version: version}
}

// ownProperties reads the annotations that annotations wrote.
func ownProperties(list []annotation) []bill.Property {
	var properties []bill.Property
	for _, a := range list {
		if !strings.HasPrefix(a.Comment, "plimsoll:") {
			continue
		}
		for line := range strings.SplitSeq(a.Comment, "\n") {
			name, value, _ := strings.Cut(line, "=")
			properties = append(properties, bill.Property{Name: name, Value: unescapeLine(value)})
		}
	}
	return properties
}

func unescapeLine(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(s)
}

// trivyProperties reads what trivy writes as NAME: VALUE into annotations, and did into
// attribution texts; they have the names of its CycloneDX properties.
func trivyProperties(p *spdxPackage) []bill.Property {
	texts := p.Attributions
	for _, a := range p.Annotations {
		texts = append(texts, a.Comment)
	}
	var properties []bill.Property
	for _, text := range texts {
		name, value, ok := strings.Cut(text, ": ")
		if ok && slices.Contains([]string{"ImageID", "LayerDiffID", "FilePath", "Type", "SrcName", "SrcVersion", "SrcRelease", "SrcEpoch"}, name) {
			properties = append(properties, bill.Property{Name: "aquasecurity:trivy:" + name, Value: value})
		}
	}
	return properties
}

func valuesOf(list []bill.Property, name string) []string {
	var values []string
	for _, p := range list {
		if p.Name == name {
			values = append(values, p.Value)
		}
	}
	return values
}
