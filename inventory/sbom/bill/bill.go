// Package bill is a bill of materials without its format: what CycloneDX and SPDX have in common,
// and how it becomes facts and facts become it.
//
// Of sends facts out. What the standards have no field for stands in properties whose names begin
// with "plimsoll:" (docs/contract.md lists them), so that Facts gives back what went in: the same
// image, packages, layers and coverage, and so the same findings.
//
// Bills that others wrote say less. Facts goes by the package URL first, and reads the source
// package, the place and the distribution from where syft and trivy are known to write them. What
// a bill does not say is a gap and never a pass: nobody's bill says whether there are packages of
// other types, and none holds an image's configuration or its executable files.
//
// It reads and writes no bytes; the packages cyclonedx and spdx do.
package bill

import "plimsoll.dev/plimsoll/inventory"

// Bill is one document.
type Bill struct {
	Subject    Component // what the bill is about
	Components []Component
	Properties []Property // of the document
	Complete   Completeness
}

// Completeness is what a bill says about its list of components.
type Completeness string

// The zero Completeness means that the bill does not say.
const (
	Complete   Completeness = "complete"
	Incomplete Completeness = "incomplete"
)

// Kind is what a component is.
type Kind string

// The kinds. Anything may be a package if it has a package URL, but for a file and a System.
const (
	Library     Kind = "library"
	Application Kind = "application"
	Container   Kind = "container"
	System      Kind = "operating-system"
	File        Kind = "file"
	Other       Kind = "other"
)

// Component is one part: a package, the distribution, the image itself.
type Component struct {
	Kind          Kind
	Name, Version string
	Description   string
	PURL          string
	Supplier      string // an organisation
	Licenses      []string
	Source        *inventory.Source // if the format has a field for it
	Paths         []string          // where it was found, if the format has a field for it
	Properties    []Property
}

// Property is a name with a value. Their order counts.
type Property struct {
	Name, Value string
}

// Coverage gaps that only bills of materials have, as docs/contract.md lists them.
const (
	// NotInSBOM is something that an image has and its bill of materials does not speak of.
	NotInSBOM = "not-in-sbom"
	// StatedIncomplete is a list of which its author says that something is missing.
	StatedIncomplete = "stated-incomplete"
	// UnidentifiedComponent is a component that cannot be told to be a certain package.
	UnidentifiedComponent = "unidentified-component"
	// NoSourcePackage is a package whose source package, of which advisories speak, is not named.
	NoSourcePackage = "no-source-package"
	// AmbiguousDistribution is more than one distribution in one bill.
	AmbiguousDistribution = "ambiguous-distribution"
)

// Facts returns what the bill says. It fails only if the bill claims to be one of Plimsoll's own
// and does not keep to its form.
func (b *Bill) Facts() (inventory.Facts, error) {
	for _, p := range b.Properties {
		if p.Name == formVersion {
			return ownFacts(b)
		}
	}
	return foreignFacts(b), nil
}
