// Package program recognises software that came without a package: a program built in the image,
// or copied into it, whose content holds its own version as a text (nginx version: nginx/1.22.1).
//
// Both must agree, the file's name and a text in it: a text alone says little, as programs carry
// the banners of the libraries they were built with. A file that holds two versions has none.
// Everything found so is a guess (record.Package.Guessed), and is left out where somebody knows
// better: a file that a package owns, one that says itself what it is (a Go program), what lies in
// the folder of an npm, Python or Ruby package, and what a bill of materials names that lies in the
// program's folder or above. It assembles last for that reason.
//
// It does not see: products that are not in the table (products.go), Go programs (gobinary
// reads them), a program under another name, one that was packed, and libraries that were linked
// into a program. A program that it does not recognise is not a gap: next to nothing in an image
// would be free of them. So packages/generic being full means that every file with a known name
// was looked at, not that every program is known.
//
// Limits: a file that holds a product's text more than 65,536 times is given up as a problem.
package program

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const purlType = "generic"

// Extractor is an extract.Extractor.
type Extractor struct {
	products []product
	buffers  *sync.Pool // of *[bufferSize]byte
}

// New returns an Extractor.
func New() Extractor {
	return Extractor{products(), &sync.Pool{New: func() any { return new([bufferSize]byte) }}}
}

// Name implements rootfs.Visitor.
func (Extractor) Name() string { return "program" }

// Version implements rootfs.Visitor.
func (Extractor) Version() int { return 1 }

// Known returns nothing: programs may lie anywhere.
func (Extractor) Known() []string { return nil }

// Wants implements rootfs.Visitor.
func (e Extractor) Wants(entry *rootfs.Entry, head []byte) rootfs.Want {
	name := baseOf(entry.Path)
	isELF := bytes.HasPrefix(head, []byte("\x7fELF"))
	for i := range e.products {
		p := &e.products[i]
		if p.isText != isELF && p.isNamed(name) {
			if inLanguagePackage(entry.Path) {
				return rootfs.Ignore
			}
			return rootfs.Stream
		}
	}
	return rootfs.Ignore
}

// baseOf is path.Base for the clean path of a file; "" for a name that no file system allows.
func baseOf(file string) string {
	const longest = 255 // NAME_MAX, limits.h
	base := file[strings.LastIndexByte(file, '/')+1:]
	if len(base) > longest {
		return ""
	}
	return base
}

// inLanguagePackage tells whether a path lies in the folder of a package of a language, which
// speaks for all that it brought.
func inLanguagePackage(file string) bool {
	for _, folder := range [...]string{"node_modules/", "site-packages/", "dist-packages/", "gems/"} {
		if i := strings.Index(file, folder); i == 0 || i > 0 && file[i-1] == '/' {
			return true
		}
	}
	return false
}

// Visit returns what the content says that it is, as a record.Contents; nothing for what it does
// not recognise.
func (e Extractor) Visit(_ context.Context, f *rootfs.File) ([]byte, error) {
	searches := e.searches(f.Path)
	buffer := e.buffers.Get().(*[bufferSize]byte)
	defer e.buffers.Put(buffer)
	if err := searchAll(f, buffer[:], searches); err != nil {
		return nil, err
	}
	contents := contentsOf(searches)
	if len(contents.Packages) == 0 {
		return nil, nil
	}
	return contents.Encode(), nil
}

// searches are those for the products that have a file of this name.
func (e Extractor) searches(file string) []*search {
	var searches []*search
	for i := range e.products {
		if star, ok := e.products[i].star(baseOf(file)); ok {
			searches = append(searches, e.products[i].search(star))
		}
	}
	return searches
}

// contentsOf lists each product that was found: without a version if the file names several. The
// searches for one product are beside one another.
func contentsOf(searches []*search) (contents record.Contents) {
	for len(searches) > 0 {
		name := searches[0].product
		var versions []string
		for len(searches) > 0 && searches[0].product == name {
			versions = append(versions, searches[0].versions...)
			searches = searches[1:]
		}
		slices.Sort(versions)
		versions = slices.Compact(versions)
		switch len(versions) {
		case 0:
			continue
		case 1:
			contents.Packages = append(contents.Packages, record.Package{Name: name, Version: versions[0], Guessed: true})
		default:
			contents.Packages = append(contents.Packages, record.Package{Name: name, Guessed: true})
			why := fmt.Sprintf("%s: its content names several versions: %s", name, strings.Join(versions, ", "))
			contents.Gaps = append(contents.Gaps, record.Gap{Code: record.UnversionedPackage, Why: why, Complete: true})
		}
	}
	return contents
}

// Assemble implements extract.Extractor. The other hard links of a program have its content; those
// that do not have its name are left out.
func (e Extractor) Assemble(files []record.File, found *record.Found) {
	found.LookedFor(purlType)
	var named []record.File
	for _, file := range files {
		isNamed := false
		isStated := slices.ContainsFunc(e.products, func(p product) bool {
			ofName := p.isNamed(baseOf(file.Path))
			isNamed = isNamed || ofName
			return ofName && found.IsStatedAbove(file.Path, p.name, "bitnami", purlType)
		})
		if isNamed && !isStated {
			named = append(named, file)
		}
	}
	for _, file := range found.Unclaimed(named) {
		found.AddContents(file, purlType, func(p record.Package) string {
			return ecosystem.GenericPURL(p.Name, p.Version)
		})
	}
}
