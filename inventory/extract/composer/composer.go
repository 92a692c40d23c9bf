// Package composer reads PHP's packages: vendor/composer/installed.json, in which Composer keeps
// what it installed, and composer.lock.
//
// Of a lock file the packages for development are left out; installed ones count, as they are
// there. A package without a vendor in its name has no purl and is left out: it is the
// application itself.
package composer

import (
	"bytes"
	"encoding/json"
	"path"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// New returns the extractor.
func New() listing.Extractor {
	return listing.New(listing.Format{
		Name: "composer", Version: 1, Type: "composer",
		PURL: func(p record.Package) string { return ecosystem.ComposerPURL(p.Name, p.Version) },
		Kinds: []listing.Kind{
			{Evidence: listing.Installed, Is: listing.Named("vendor/composer/installed.json"), Parse: parseInstalled},
			{Evidence: listing.Locked, Is: listing.Named("composer.lock"), Parse: parseLock},
		},
		Folders: folders,
	})
}

// folders are that of a package in vendor, and the one of the programs that Composer links or
// writes for packages (getcomposer.org/doc/articles/vendor-binaries.md).
func folders(file string, p record.Package) []string {
	vendor := strings.TrimSuffix(file, "composer/installed.json")
	if path.Clean("/"+p.Name) != "/"+p.Name {
		return nil
	}
	return []string{vendor + p.Name + "/", vendor + "bin/"}
}

// composerPackage is a package in both files (getcomposer.org/doc/04-schema.md).
type composerPackage struct {
	Name    string          `json:"name"`
	Version string          `json:"version"`
	License json.RawMessage `json:"license"` // a text or a list of texts
}

// parseInstalled reads a list of packages, as Composer 1 writes it, or an object with such a
// list, as Composer 2 does.
func parseInstalled(f listing.File, list *listing.List) error {
	if bytes.HasPrefix(bytes.TrimSpace(f.Content), []byte("[")) {
		var packages listing.Array[composerPackage]
		err := listing.JSON(f.Content, &packages)
		add(list, packages)
		return err
	}
	return parseLock(f, list)
}

func parseLock(f listing.File, list *listing.List) error {
	var lock struct {
		Packages listing.Array[composerPackage] `json:"packages"`
	}
	err := listing.JSON(f.Content, &lock)
	add(list, lock.Packages)
	return err
}

func add(list *listing.List, packages []composerPackage) {
	for _, p := range packages {
		list.Add(record.Package{Name: p.Name, Version: p.Version, Licenses: licenses(p.License)})
	}
}

func licenses(stated json.RawMessage) []string {
	var several []string
	if json.Unmarshal(stated, &several) == nil {
		return several
	}
	var one string
	if json.Unmarshal(stated, &one) == nil {
		return []string{one}
	}
	return nil
}
