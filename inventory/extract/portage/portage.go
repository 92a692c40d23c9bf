// Package portage reads the database of Gentoo's package manager: for each package a folder
// var/db/pkg/CATEGORY/NAME-VERSION with one file for each thing that is known of it. Read are PF
// (name and version), LICENSE and CONTENTS (the files).
//
// Limits: a line may have any length, a value that is used 4 KiB.
package portage

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const (
	database = "var/db/pkg/"
	purlType = "ebuild"
)

// Extractor is an extract.Extractor.
type Extractor struct{}

// New returns an Extractor.
func New() Extractor { return Extractor{} }

// Name implements rootfs.Visitor.
func (Extractor) Name() string { return "portage" }

// Version implements rootfs.Visitor.
func (Extractor) Version() int { return 1 }

// Known implements extract.Extractor. There is no file that every database has; in the folder
// itself lies none.
func (Extractor) Known() []string { return []string{database} }

// Wants implements rootfs.Visitor. A folder -MERGING-NAME is of a package that is only just
// being installed.
func (Extractor) Wants(entry *rootfs.Entry, _ []byte) rootfs.Want {
	rest, inDatabase := strings.CutPrefix(entry.Path, database)
	if !inDatabase {
		return rootfs.Ignore
	}
	_, rest, inCategory := strings.Cut(rest, "/")
	folder, file, inFolder := strings.Cut(rest, "/")
	switch {
	case !inCategory:
		return rootfs.Stream
	case !inFolder || strings.HasPrefix(folder, "-MERGING-"):
		return rootfs.Ignore
	case file == "PF" || file == "LICENSE" || file == "CONTENTS":
		return rootfs.Stream
	}
	return rootfs.Ignore
}

// Visit returns what one file says of its package as a record.Contents.
func (Extractor) Visit(_ context.Context, f *rootfs.File) ([]byte, error) {
	var contents record.Contents
	var err error
	switch path.Base(f.Path) {
	case "PF":
		contents, err = parseName(f, path.Base(path.Dir(path.Dir(f.Path))))
	case "LICENSE":
		contents, err = parseLicense(f)
	case "CONTENTS":
		contents, err = parseContents(f)
	}
	return contents.Encode(), err
}

// Assemble implements extract.Extractor.
func (Extractor) Assemble(files []record.File, found *record.Found) {
	found.LookedFor(purlType)
	licenses := map[string][]string{} // by folder
	for _, file := range files {
		if contents, err := record.Decode(file.Data); err == nil && path.Base(file.Path) == "LICENSE" && len(contents.Packages) > 0 {
			licenses[path.Dir(file.Path)] = contents.Packages[0].Licenses
		}
	}
	purls := map[string]string{}
	for _, file := range files {
		if path.Base(file.Path) != "PF" {
			continue
		}
		folder := path.Dir(file.Path)
		contents, _ := found.Contents(file, purlType)
		for _, p := range contents.Packages {
			purls[folder] = ecosystem.EbuildPURL(p.Name, p.Version)
			found.Add(inventory.Package{PURL: purls[folder], Type: purlType, Name: p.Name, Version: p.Version,
				Licenses: licenses[folder]}, file.Path, file.Layer)
		}
	}
	for _, file := range files {
		if path.Base(file.Path) == "CONTENTS" {
			found.AddOwned(file, purls[path.Dir(file.Path)])
			delete(purls, path.Dir(file.Path))
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(purls)) {
		found.MissedFiles(folder+"/CONTENTS", "the list of the package's files is not there")
	}
}
