// Package pub reads pubspec.lock, the lock file of Dart and Flutter: compiled programs do not say
// what they were built from.
//
// Left out are direct dependencies for development and parts of the SDK. What development
// dependencies bring in turn cannot be told from the rest.
package pub

import (
	"maps"
	"slices"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// New returns the extractor.
func New() listing.Extractor {
	return listing.New(listing.Format{
		Name: "pub", Version: 1, Type: "pub",
		PURL: func(p record.Package) string { return ecosystem.PubPURL(p.Name, p.Version) },
		Kinds: []listing.Kind{
			{Evidence: listing.Locked, Is: listing.Named("pubspec.lock"), Parse: parse},
		},
	})
}

// parse reads the file as dart-lang/pub, lib/src/lock_file.dart, writes it.
func parse(f listing.File, list *listing.List) error {
	var lock struct {
		Packages map[string]struct {
			Dependency string `yaml:"dependency"`
			Source     string `yaml:"source"`
			Version    string `yaml:"version"`
		} `yaml:"packages"`
	}
	if err := listing.YAML(f.Content, &lock); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(lock.Packages)) {
		p := lock.Packages[name]
		if p.Dependency != "direct dev" && p.Source != "sdk" {
			list.Add(record.Package{Name: name, Version: p.Version})
		}
	}
	return nil
}
