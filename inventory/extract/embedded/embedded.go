// Package embedded reads the bills of materials that builders leave in an image: Bitnami beside each
// of its programs, apko and melange for each package, ko, and whoever puts one there under a usual
// name (decision 24). The documents are read by package inventory/sbom: SPDX 2 and CycloneDX.
//
// What a document says is the unsigned word of whoever built the layer, so it only adds to what
// is found by itself. A component is listed, at the place of the document, unless
//
//  1. its type is the system's (deb, apk, rpm, alpm, ebuild) and a database of that type was read: the
//     document repeats it. The generic components of such a document are what the package was
//     built from, and are left out too;
//  2. another extractor found a package of that type and name, of whatever version: what lies there
//     outweighs what a document says of it;
//  3. the document lies inside of an installed package, or among documentation (listing.InsidePackages).
//
// Components that name a repository or an image (github, oci and the like) are no packages. Bitnami's
// older images have a list of its own form, opt/bitnami/.bitnami_components.json; it counts for what
// no document names.
//
// It does not: believe what a document says about the image as a whole (its distribution, its
// coverage, that it is complete), take vulnerability statements, or verify anything. A component
// without a package URL is passed over and is no gap: many are files and layers. A file of such a name
// that is no bill of materials is nothing; one that cannot be read is a gap in packages/other.
//
// Limits: a document in JSON of 16 MiB, with 131,072 objects, of which 100,000 are components, and
// those of package inventory/sbom. The worst that a stranger can do with them takes some 330 MiB of
// memory, or some seconds.
package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
	"plimsoll.dev/plimsoll/inventory/sbom"
)

const (
	bitnami = "bitnami"
	// bitnamiList is Bitnami's own form: {"redis": {"arch": "amd64", "distro": "debian-12", "type": "NAMI", "version": "7.2.4-1"}}.
	bitnamiList = ".bitnami_components.json"
	// unknownType is the dimension of a document that cannot be read: it may list packages of any type.
	unknownType = "other"
	// maxDocument and maxObjects are what syft writes of a large image with all its files: an object
	// for some 150 bytes. Each may be a component, and those take most memory.
	maxDocument = 16 << 20
	maxObjects  = maxDocument / 128
)

// Extractor is an extract.Extractor.
type Extractor struct{}

// New returns an Extractor.
func New() Extractor { return Extractor{} }

// Name implements rootfs.Visitor.
func (Extractor) Name() string { return "embedded" }

// Version implements rootfs.Visitor.
func (Extractor) Version() int { return 1 }

// Known returns nothing: documents may lie anywhere.
func (Extractor) Known() []string { return nil }

// Wants implements rootfs.Visitor.
func (Extractor) Wants(entry *rootfs.Entry, _ []byte) rootfs.Want {
	if isDocument(entry.Path) && !listing.InsidePackages(entry.Path) {
		return rootfs.Costly
	}
	return rootfs.Ignore
}

// isDocument tells whether a file has a name under which builders leave bills of materials.
func isDocument(path string) bool {
	slash := strings.LastIndexByte(path, '/')
	folder, name := path[:slash+1], path[slash+1:]
	switch {
	case name == "bom.json", name == "sbom.json", name == bitnamiList:
		return true
	case strings.HasSuffix(name, ".json"):
		return strings.HasSuffix(name, ".spdx.json") || strings.HasSuffix(name, ".cdx.json") || isKo(folder, name)
	case strings.HasSuffix(name, ".spdx"):
		return strings.HasPrefix(name, ".spdx-") // Bitnami's
	}
	return isKo(folder, name)
}

// isKo tells whether a file is what is called sbom in the folder of ko's data.
func isKo(folder, name string) bool {
	return strings.HasPrefix(name, "sbom") && strings.HasSuffix(folder, "run/ko/")
}

// Visit returns the components as a record.Contents, each with its purl as ID; nothing for what is
// no bill of materials.
func (Extractor) Visit(_ context.Context, f *rootfs.File) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxDocument {
		return nil, fmt.Errorf("it is larger than %d bytes, which is more than is read of a bill of materials in an image", maxDocument)
	}
	packages, err := read(content)
	if err == nil && len(packages) == 0 {
		return nil, nil
	}
	var list listing.List
	for i := range packages {
		list.Add(component(&packages[i]))
	}
	contents, err := list.End(err)
	// Whether a version is missing matters only of what is listed in the end.
	contents.Gaps = slices.DeleteFunc(contents.Gaps, func(g record.Gap) bool { return g.Code == record.UnversionedPackage })
	return contents.Encode(), err
}

func read(content []byte) ([]inventory.Package, error) {
	switch {
	case !sbom.IsDocument(content):
		return nil, nil
	case bytes.Count(content, []byte("{")) > maxObjects:
		return nil, fmt.Errorf("it has more than %d objects, which is more than is read of a bill of materials in an image", maxObjects)
	case !bytes.HasPrefix(bytes.TrimLeft(content, "\ufeff \t\r\n"), []byte("{")):
		return nil, errors.New("it is a bill of materials in XML or tags: in an image, only those in JSON are read")
	}
	facts, err := sbom.Decode(content)
	if errors.Is(err, sbom.ErrNotABill) {
		return bitnamiComponents(content), nil
	}
	if err != nil {
		return nil, err
	}
	return facts.Packages, nil
}

func component(p *inventory.Package) record.Package {
	read := record.Package{Name: p.Name, Version: p.Version, Arch: p.Arch, Licenses: p.Licenses, ID: p.PURL}
	if p.Source != nil && record.IsWord([]byte(p.Source.Name)) && record.IsWord([]byte(p.Source.Version)) {
		read.SourceName, read.SourceVersion = p.Source.Name, p.Source.Version
	}
	return read
}

// bitnamiComponents reads a list in Bitnami's own form, and nothing from what is none.
func bitnamiComponents(content []byte) []inventory.Package {
	var list map[string]struct{ Arch, Distro, Type, Version string }
	if json.Unmarshal(content, &list) != nil {
		return nil
	}
	var packages []inventory.Package
	for name, c := range list {
		if c.Type != "NAMI" || c.Version == "" {
			return nil
		}
		purl := ecosystem.BitnamiPURL(name, c.Version, c.Arch, c.Distro)
		packages = append(packages, inventory.Package{PURL: purl, Name: strings.ToLower(name), Version: c.Version, Arch: c.Arch})
	}
	slices.SortFunc(packages, inventory.ComparePackages)
	return packages
}

// Assemble implements extract.Extractor.
func (Extractor) Assemble(files []record.File, found *record.Found) {
	found.LookedFor(bitnami)
	j := join{found: found, known: found.Identities()}
	isList := func(file record.File) bool { return strings.HasSuffix(file.Path, bitnamiList) }
	for _, file := range files {
		if !isList(file) {
			j.add(file)
		}
	}
	j.known = found.Identities()
	for _, file := range files {
		if isList(file) {
			j.add(file)
		}
	}
}

// join decides which components count.
type join struct {
	found *record.Found
	known map[string]bool // what was found by others
}

func (j join) add(file record.File) {
	if !isDocument(file.Path) || listing.InsidePackages(file.Path) {
		return
	}
	contents, ok := j.found.Contents(file, unknownType)
	if !ok {
		return
	}
	unlisted := false
	repeats := slices.ContainsFunc(contents.Packages, func(p record.Package) bool { return j.isOfSystem(typeOf(p)) })
	for _, p := range contents.Packages {
		purlType := typeOf(p)
		if !isPackage(purlType) || j.isOfSystem(purlType) || repeats && purlType == "generic" || j.known[record.Identity(p.ID)] {
			continue
		}
		j.found.Add(p.Listed(p.ID, purlType), file.Path, file.Layer)
		unlisted = unlisted || record.OfSystem(purlType)
		if p.Version == "" {
			j.found.Missed(purlType, record.UnversionedPackage, file.Path, fmt.Sprintf("%.80s states no version", p.Name), inventory.Full)
		}
	}
	if unlisted {
		j.found.MissedFiles(file.Path, "it lists packages of the system without their files, and there is no database")
	}
	if folder, name := path.Split(file.Path); isBitnami(folder, name) {
		j.found.AddFolder(folder)
	}
}

// isBitnami tells whether a document is one that Bitnami leaves beside each of its programs, which
// stands for all that lies in its folder.
func isBitnami(folder, name string) bool {
	return strings.HasPrefix(name, ".spdx-") && strings.HasPrefix(folder, "opt/bitnami/") && folder != "opt/bitnami/"
}

// isOfSystem tells whether the system's own database speaks for a type.
func (j join) isOfSystem(purlType string) bool {
	return record.OfSystem(purlType) && j.found.Knows(purlType)
}

func typeOf(p record.Package) string {
	purlType, _, _ := strings.Cut(strings.TrimPrefix(p.ID, "pkg:"), "/")
	return purlType
}

// isPackage tells apart what names a package from what names where one is from, or an image.
func isPackage(purlType string) bool {
	return !slices.Contains([]string{"", "github", "gitlab", "bitbucket", "oci", "docker", "huggingface", "mlflow"}, purlType)
}
