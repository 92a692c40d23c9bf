// Package conan reads conan.lock, the lock file of the package manager for C and C++: compiled
// programs do not say what they were built from.
//
// Packages that are needed to build only, and those that bring Python code to recipes, are left
// out. The files of Conan 1 are read as those of Conan 2 are.
package conan

import (
	"cmp"
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
		Name: "conan", Version: 1, Type: "conan",
		PURL: func(p record.Package) string {
			user, channel, _ := strings.Cut(p.ID, "/")
			return ecosystem.ConanPURL(p.Name, p.Version, user, channel)
		},
		Kinds: []listing.Kind{
			{Evidence: listing.Locked, Is: listing.Named("conan.lock"), Parse: parse},
		},
	})
}

// node is a package in the graph of a version 1 file.
type node struct {
	Reference        string `json:"ref"`
	PackageReference string `json:"pref"`    // in files before 0.4; behind a colon is how it was built
	Path             string `json:"path"`    // of the recipe: the node is the application itself
	Context          string `json:"context"` // host or build
}

// parse reads the references of both forms (docs.conan.io: version 2, "Lockfiles"; version 1,
// the graph with its nodes, of which the context "build" are tools).
func parse(f listing.File, list *listing.List) error {
	var lock struct {
		Requires listing.Array[string] `json:"requires"`
		Graph    struct {
			Nodes map[string]node `json:"nodes"`
		} `json:"graph_lock"`
	}
	if err := listing.JSON(f.Content, &lock); err != nil {
		return err
	}
	for _, reference := range lock.Requires {
		add(list, reference)
	}
	for _, number := range slices.Sorted(maps.Keys(lock.Graph.Nodes)) {
		n := lock.Graph.Nodes[number]
		if reference := cmp.Or(n.Reference, n.PackageReference); reference != "" && n.Path == "" && n.Context != "build" {
			add(list, reference)
		}
	}
	return nil
}

// add reads NAME/VERSION@USER/CHANNEL#REVISION%TIME, of which all behind the version may be
// missing.
func add(list *listing.List, reference string) {
	reference, _, _ = strings.Cut(reference, ":")
	reference, _, _ = strings.Cut(reference, "%")
	reference, _, _ = strings.Cut(reference, "#")
	reference, owner, _ := strings.Cut(reference, "@")
	name, version, _ := strings.Cut(reference, "/")
	list.Add(record.Package{Name: name, Version: version, ID: strings.Trim(owner, "/_")})
}
