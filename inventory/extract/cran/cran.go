// Package cran reads R's packages: the DESCRIPTION of each in a library folder, and renv.lock.
//
// R writes the field Built into a description when it installs the package, which tells it from
// one of a source tree. The packages that come with R itself (Priority: base) are R, and are
// not listed.
package cran

import (
	"maps"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// New returns the extractor.
func New() listing.Extractor {
	return listing.New(listing.Format{
		Name: "cran", Version: 1, Type: "cran",
		PURL: func(p record.Package) string { return ecosystem.CRANPURL(p.Name, p.Version) },
		Kinds: []listing.Kind{
			{Evidence: listing.Installed, Is: isDescription, Parse: parseDescription},
			{Evidence: listing.Locked, Is: listing.Named("renv.lock"), Parse: parseLock},
		},
		Folders: func(path string, _ record.Package) []string { return []string{strings.TrimSuffix(path, "DESCRIPTION")} },
	})
}

// isDescription finds LIBRARY/NAME/DESCRIPTION: a library's folder is called library or
// site-library, and renv puts R's version and platform between.
func isDescription(path string) bool {
	return strings.HasSuffix(path, "/DESCRIPTION") && strings.Contains(path, "library/")
}

// parseDescription reads fields as Debian's control files have them ("Writing R Extensions",
// The DESCRIPTION file); a value may go on in lines that begin with a space.
func parseDescription(f listing.File, list *listing.List) error {
	fields := map[string]string{}
	name := ""
	for _, line := range listing.Lines(f.Content) {
		text := string(line)
		if strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\t") {
			if name == "License" {
				fields[name] += " " + strings.TrimSpace(text)
			}
			continue
		}
		var value string
		name, value, _ = strings.Cut(text, ":")
		fields[name] = strings.TrimSpace(value)
	}
	if fields["Built"] == "" || fields["Priority"] == "base" {
		return nil
	}
	list.Add(record.Package{Name: fields["Package"], Version: fields["Version"], Licenses: []string{fields["License"]}})
	return nil
}

// parseLock reads the lock file of renv (rstudio.github.io/renv/articles/lockfile.html). What
// is not from a repository has the version of its own DESCRIPTION all the same.
func parseLock(f listing.File, list *listing.List) error {
	var lock struct {
		Packages map[string]struct {
			Package string `json:"Package"`
			Version string `json:"Version"`
		} `json:"Packages"`
	}
	if err := listing.JSON(f.Content, &lock); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(lock.Packages)) {
		list.Add(record.Package{Name: name, Version: lock.Packages[name].Version})
	}
	return nil
}
