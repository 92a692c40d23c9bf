// Package julia reads Manifest.toml, in which Julia's package manager keeps what an environment
// uses, also the one of the user (~/.julia/environments/VERSION).
//
// It does not list parts of the standard library that have no version of their own: they are
// Julia. Nor does it see packages compiled into a system image.
package julia

import (
	"maps"
	"path"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// New returns the extractor.
func New() listing.Extractor {
	return listing.New(listing.Format{
		Name: "julia", Version: 1, Type: "julia",
		PURL: func(p record.Package) string { return ecosystem.JuliaPURL(p.Name, p.Version, p.ID) },
		Kinds: []listing.Kind{
			{Evidence: listing.Locked, Is: isManifest, Parse: parse},
		},
	})
}

// isManifest takes Manifest.toml, JuliaManifest.toml and Manifest-v1.11.toml (pkgdocs,
// "Different Manifests for Different Julia versions").
func isManifest(file string) bool {
	if !strings.HasSuffix(file, ".toml") {
		return false
	}
	base := strings.TrimPrefix(path.Base(file), "Julia")
	return base == "Manifest.toml" || strings.HasPrefix(base, "Manifest-v")
}

// parse reads both forms (pkgdocs.julialang.org, "Project.toml and Manifest.toml"): the tables
// are below deps, and in the older form at the top. A file of that name that some other program
// wrote has no UUIDs, and lists nothing.
func parse(f listing.File, list *listing.List) error {
	var tables map[string]any
	if err := listing.TOML(f.Content, &tables); err != nil {
		return err
	}
	if _, isNew := tables["manifest_format"]; isNew {
		tables, _ = tables["deps"].(map[string]any)
	}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		entries, _ := tables[name].([]any)
		for _, entry := range entries {
			if fields, isTable := entry.(map[string]any); isTable {
				add(list, name, fields)
			}
		}
	}
	return nil
}

func add(list *listing.List, name string, fields map[string]any) {
	text := func(key string) string {
		value, _ := fields[key].(string)
		return value
	}
	isStandardLibrary := text("version") == "" && text("git-tree-sha1") == "" && text("path") == ""
	if text("uuid") != "" && !isStandardLibrary {
		list.Add(record.Package{Name: name, Version: text("version"), ID: text("uuid")})
	}
}
