// Package swift reads Package.resolved, the lock file of Swift's package manager: compiled
// programs do not say what they were built from.
//
// A package is named by the address it was fetched from, as OSV and the purl type have it. One
// from a folder, or from a registry by an identity, has no address and is left out.
package swift

import (
	"net/url"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// New returns the extractor.
func New() listing.Extractor {
	return listing.New(listing.Format{
		Name: "swift", Version: 1, Type: "swift",
		PURL: func(p record.Package) string { return ecosystem.SwiftPURL(p.Name, p.Version) },
		Kinds: []listing.Kind{
			{Evidence: listing.Locked, Is: listing.Named("Package.resolved"), Parse: parse},
		},
	})
}

// pin is a dependency; one that follows a branch has a revision and no version.
type pin struct {
	Location      string `json:"location"`      // from version 2 of the file
	RepositoryURL string `json:"repositoryURL"` // in version 1
	State         struct {
		Version string `json:"version"`
	} `json:"state"`
}

// parse reads all versions of the file (swift-package-manager, ResolvedPackagesStore.swift).
func parse(f listing.File, list *listing.List) error {
	var resolved struct {
		Pins   listing.Array[pin] `json:"pins"`
		Object struct {
			Pins listing.Array[pin] `json:"pins"`
		} `json:"object"`
	}
	if err := listing.JSON(f.Content, &resolved); err != nil {
		return err
	}
	for _, p := range append(resolved.Pins, resolved.Object.Pins...) {
		if name := nameOf(p.Location + p.RepositoryURL); name != "" {
			list.Add(record.Package{Name: name, Version: p.State.Version})
		}
	}
	return nil
}

// nameOf turns https://github.com/apple/swift-nio.git and git@github.com:apple/swift-nio.git into
// github.com/apple/swift-nio; "" for what is no address of a host.
func nameOf(location string) string {
	if host, path, isSCP := strings.Cut(location, ":"); isSCP && !strings.Contains(location, "://") {
		location = "ssh://" + host + "/" + path
	}
	address, err := url.Parse(location)
	if err != nil || address.Hostname() == "" {
		return ""
	}
	path := strings.TrimSuffix(strings.Trim(address.Path, "/"), ".git")
	if path == "" {
		return ""
	}
	return strings.ToLower(address.Hostname()) + "/" + path
}
