// Package pacman reads the database of Arch Linux's package manager: for each package a folder
// var/lib/pacman/local/NAME-VERSION with its description (desc) and the list of its files
// (files).
//
// The source package is the base, which packages of one build share. Limits: a line may have any
// length, a value that is used 4 KiB.
package pacman

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
	database = "var/lib/pacman/local/"
	purlType = "alpm"
)

// Extractor is an extract.Extractor.
type Extractor struct{}

// New returns an Extractor.
func New() Extractor { return Extractor{} }

// Name implements rootfs.Visitor.
func (Extractor) Name() string { return "pacman" }

// Version implements rootfs.Visitor.
func (Extractor) Version() int { return 1 }

// Known implements extract.Extractor. In the folder itself lies ALPM_DB_VERSION alone, which
// every database has.
func (Extractor) Known() []string { return []string{database} }

// Wants implements rootfs.Visitor.
func (Extractor) Wants(entry *rootfs.Entry, _ []byte) rootfs.Want {
	rest, inDatabase := strings.CutPrefix(entry.Path, database)
	if !inDatabase {
		return rootfs.Ignore
	}
	_, file, inFolder := strings.Cut(rest, "/")
	if !inFolder || file == "desc" || file == "files" {
		return rootfs.Stream
	}
	return rootfs.Ignore
}

// Visit returns the package, or the list of its files, as a record.Contents.
func (Extractor) Visit(_ context.Context, f *rootfs.File) ([]byte, error) {
	var contents record.Contents
	var err error
	switch path.Base(f.Path) {
	case "desc":
		contents, err = parseDescription(f)
	case "files":
		contents, err = parseFiles(f)
	}
	return contents.Encode(), err
}

// Assemble implements extract.Extractor.
func (Extractor) Assemble(files []record.File, found *record.Found) {
	found.LookedFor(purlType)
	id, _ := found.DistroTag()
	purls := map[string]string{} // by folder
	noteEmpty(files, found)
	for _, file := range files {
		if path.Base(file.Path) == "files" {
			continue
		}
		found.AddContents(file, purlType, func(p record.Package) string {
			purl := ecosystem.ALPMPURL(id, p.Name, p.Version, p.Arch, "")
			purls[path.Dir(file.Path)] = purl
			return purl
		})
	}
	for _, file := range files {
		if path.Base(file.Path) == "files" {
			found.AddOwned(file, purls[path.Dir(file.Path)])
			delete(purls, path.Dir(file.Path))
			found.AddFolder(path.Dir(file.Path) + "/") // its scripts
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(purls)) {
		found.MissedFiles(folder+"/files", "the list of the package's files is not there")
	}
}

// noteEmpty records a database without a single package: the packages' folders were deleted, or
// the database lies behind a link, where they are not looked for.
func noteEmpty(files []record.File, found *record.Found) {
	isDescription := func(file record.File) bool { return path.Base(file.Path) == "desc" }
	if len(files) > 0 && !slices.ContainsFunc(files, isDescription) {
		found.Missed(purlType, record.UnreadableDatabase, files[0].Path, "no package was found in the database", inventory.Unknown)
	}
}
