// Package cyclonedx writes an image's facts as a CycloneDX 1.6 bill of materials in JSON
// (ECMA-424).
//
// Packages are components whose bom-ref is the purl; the image is the subject; the distribution
// is a component of type operating-system. What CycloneDX has no field for stands in properties
// whose names begin with "plimsoll:". How much was understood is told by the composition
// (complete or incomplete) and by one property for each gap.
//
// The same facts, time and version give the same bytes. It does not read bills of materials, and
// writes no vulnerabilities.
package cyclonedx

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"plimsoll.dev/plimsoll/inventory"
)

// Meta is what the document says about its making.
type Meta struct {
	EvaluatedAt time.Time
	Version     string // of Plimsoll
}

// Encode writes the document for facts.
func Encode(w io.Writer, facts inventory.Facts, meta Meta) error {
	bom := document(facts, meta)
	hash := sha256.New()
	if err := write(hash, bom); err != nil {
		return err
	}
	bom.SerialNumber = "urn:uuid:" + uuid([sha256.Size]byte(hash.Sum(nil)))
	return write(w, bom)
}

func write(w io.Writer, bom *cdx.BOM) error {
	err := cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
	if err != nil {
		return fmt.Errorf("write the CycloneDX document: %w", err)
	}
	return nil
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

func document(facts inventory.Facts, meta Meta) *cdx.BOM {
	subject := subject(facts.Target)
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{
		Timestamp: meta.EvaluatedAt.UTC().Format(time.RFC3339),
		Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{
			Type: cdx.ComponentTypeApplication, Name: "plimsoll", Version: meta.Version,
		}}},
		Component:  subject,
		Properties: properties(gapProperties(facts.Coverage)),
	}
	components := []cdx.Component{}
	if facts.Distro != nil {
		components = append(components, distribution(*facts.Distro))
	}
	refs := map[string]int{}
	packages := slices.SortedFunc(slices.Values(facts.Packages), inventory.ComparePackages)
	for _, p := range packages {
		component := library(p)
		// Two packages may share a purl where its type folds the case of names.
		if refs[p.PURL]++; refs[p.PURL] > 1 {
			component.BOMRef += "#" + strconv.Itoa(refs[p.PURL])
		}
		components = append(components, component)
	}
	bom.Components = &components
	bom.Compositions = &[]cdx.Composition{{
		Aggregate:  aggregate(facts.Coverage),
		Assemblies: &[]cdx.BOMReference{cdx.BOMReference(subject.BOMRef)},
	}}
	return bom
}

// subject is the image. Its version is the digest under which it can be fetched, else the one of
// its configuration.
func subject(target inventory.Target) *cdx.Component {
	name := cmp.Or(target.Repository, target.Reference, target.ImageID.String(), "image")
	list := []cdx.Property{
		{Name: "plimsoll:reference", Value: target.Reference},
		{Name: "plimsoll:imageID", Value: target.ImageID.String()},
		{Name: "plimsoll:digest", Value: target.Digest.String()},
		{Name: "plimsoll:platform", Value: target.Platform},
	}
	for _, layer := range target.Layers {
		list = append(list, cdx.Property{Name: "plimsoll:layer", Value: layer.DiffID.String()})
	}
	return &cdx.Component{
		BOMRef:     cmp.Or(target.ImageID.String(), "image"),
		Type:       cdx.ComponentTypeContainer,
		Name:       name,
		Version:    cmp.Or(target.Digest.String(), target.ImageID.String()),
		Properties: properties(list),
	}
}

func distribution(distro inventory.Distro) cdx.Component {
	return cdx.Component{
		BOMRef:      "distro:" + distro.ID + "@" + distro.VersionID,
		Type:        cdx.ComponentTypeOS,
		Name:        distro.ID,
		Version:     distro.VersionID,
		Description: distro.Name,
	}
}

func library(p inventory.Package) cdx.Component {
	var list []cdx.Property
	if p.Source != nil {
		list = append(list,
			cdx.Property{Name: "plimsoll:source:name", Value: p.Source.Name},
			cdx.Property{Name: "plimsoll:source:version", Value: p.Source.Version})
	}
	list = append(list, cdx.Property{Name: "plimsoll:ownedBy", Value: p.OwnedBy})
	for _, location := range p.Locations { // path and layer of one location follow each other
		list = append(list,
			cdx.Property{Name: "plimsoll:location:path", Value: location.Path},
			cdx.Property{Name: "plimsoll:location:layer", Value: location.Layer.String()})
	}
	return cdx.Component{
		BOMRef:     p.PURL,
		Type:       cdx.ComponentTypeLibrary,
		Name:       p.Name,
		Version:    p.Version,
		PackageURL: p.PURL,
		Licenses:   licenses(p.Licenses),
		Properties: properties(list),
	}
}

// licenses writes an SPDX expression as such and anything else as a name: whether a single word
// is on SPDX's list is not known here, and an id that is not makes the document invalid.
func licenses(stated []string) *cdx.Licenses {
	if len(stated) == 0 {
		return nil
	}
	if len(stated) == 1 && strings.ContainsRune(stated[0], ' ') {
		return &cdx.Licenses{{Expression: stated[0]}}
	}
	list := make(cdx.Licenses, len(stated))
	for i, name := range stated {
		list[i] = cdx.LicenseChoice{License: &cdx.License{Name: name}}
	}
	return &list
}

// aggregate is complete only if every kind of package was seen in full.
func aggregate(coverage inventory.Coverage) cdx.CompositionAggregate {
	seen := false
	for _, dimension := range slices.Sorted(maps.Keys(coverage.States)) {
		if !strings.HasPrefix(dimension, "packages/") {
			continue
		}
		if coverage.States[dimension] != inventory.Full {
			return cdx.CompositionAggregateIncomplete
		}
		seen = true
	}
	if !seen {
		return cdx.CompositionAggregateUnknown
	}
	return cdx.CompositionAggregateComplete
}

func gapProperties(coverage inventory.Coverage) []cdx.Property {
	var list []cdx.Property
	for _, gap := range coverage.Gaps {
		words := []string{gap.Dimension, gap.Code, gap.Path, gap.Why}
		words = slices.DeleteFunc(words, func(word string) bool { return word == "" })
		list = append(list, cdx.Property{Name: "plimsoll:gap", Value: strings.Join(words, ": ")})
	}
	slices.SortFunc(list, func(a, b cdx.Property) int { return strings.Compare(a.Value, b.Value) })
	return list
}

// properties leaves out those without a value.
func properties(list []cdx.Property) *[]cdx.Property {
	list = slices.DeleteFunc(list, func(p cdx.Property) bool { return p.Value == "" })
	if len(list) == 0 {
		return nil
	}
	return &list
}
