// Package rubygems reads Ruby's gems: the specification that RubyGems writes for each installed
// gem (specifications/NAME-VERSION.gemspec, and specifications/default/ for those that come with
// Ruby), and Bundler's Gemfile.lock.
//
// It does not see: gems that Bundler checked out from git (their gemspec is a program), and the
// platform of a gem in a lock file, which lists those for every platform.
package rubygems

import (
	"path"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// New returns the extractor.
func New() listing.Extractor {
	return listing.New(listing.Format{
		Name: "rubygems", Version: 1, Type: "gem",
		PURL: func(p record.Package) string { return ecosystem.GemPURL(p.Name, p.Version, p.Arch) },
		Kinds: []listing.Kind{
			{Evidence: listing.Installed, Is: isSpecification, Parse: parseSpecification},
			{Evidence: listing.Locked, Is: listing.Named("Gemfile.lock", "gems.locked"), Parse: parseLock},
		},
		Folders: folders,
	})
}

// folders are those into which RubyGems puts what a gem brings (guides.rubygems.org, "gem
// environment"): its own, its compiled extensions and the programs that start it.
func folders(file string, _ record.Package) []string {
	home, gem, found := strings.Cut(file, "specifications/")
	if gem = strings.TrimSuffix(gem, ".gemspec"); !found || strings.Contains(gem, "/") {
		return nil // one of those that come with Ruby: its files lie among Ruby's own
	}
	return []string{home + "gems/" + gem + "/", home + "extensions/", home + "bin/"}
}

func isSpecification(file string) bool {
	if !strings.HasSuffix(file, ".gemspec") {
		return false
	}
	folder := path.Dir(file)
	return path.Base(folder) == "specifications" || strings.HasSuffix(folder, "specifications/default")
}
