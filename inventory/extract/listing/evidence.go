package listing

import (
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// Evidence is what a file proves. The zero Evidence is none: the file does not count.
type Evidence uint8

// The kinds of evidence: what is installed, and what should be.
const (
	Installed Evidence = iota + 1
	Locked
)

// Assemble records the packages of the files that count. It serves the extractors of this package
// and those that have a listing beside another source, such as programs.
func Assemble(files []record.File, found *record.Found, purlType string, purl func(record.Package) string, evidence func(path string) Evidence) {
	found.LookedFor(purlType)
	var installed []string
	for _, file := range files {
		if evidence(file.Path) == Installed {
			found.AddContents(file, purlType, purl)
			if listsAnything(file) {
				installed = append(installed, file.Path)
			}
		}
	}
	for _, file := range files {
		if evidence(file.Path) == Locked && counts(file.Path, installed) {
			found.AddContents(file, purlType, purl)
		}
	}
}

func listsAnything(file record.File) bool {
	contents, err := record.Decode(file.Data)
	return err == nil && len(contents.Packages) > 0
}

// counts tells whether a lock file counts, given the files that say what is installed.
func counts(lock string, installed []string) bool {
	if insidePackages(lock) {
		return false
	}
	folder := lock[:strings.LastIndexByte(lock, '/')+1]
	return !slices.ContainsFunc(installed, func(path string) bool {
		return strings.HasPrefix(path, folder) && (folder != "" || !ofSystem(path))
	})
}

// insidePackages tells whether a path lies in a folder into which some package manager puts
// packages with all their files: below it, a lock file is part of a package.
func insidePackages(path string) bool {
	if strings.HasPrefix(path, "usr/share/doc/") {
		return true
	}
	for {
		folder, rest, found := strings.Cut(path, "/")
		if !found {
			return false
		}
		switch folder {
		case "node_modules", "bower_components", // npm, Bower
			"site-packages", "dist-packages", // pip; Debian's
			"vendor",                     // Composer, Bundler, Go, Cargo
			"gems",                       // RubyGems
			"deps",                       // Mix
			".cargo", ".stack", ".cabal", // sources that were downloaded to build
			".pub-cache", ".build", "Pods":
			return true
		case "pkg": // Go's module cache
			if strings.HasPrefix(rest, "mod/") {
				return true
			}
		case ".julia", "julia": // beside it, environments are what is used
			if strings.HasPrefix(rest, "packages/") {
				return true
			}
		}
		path = rest
	}
}

// ofSystem tells whether a path lies in a folder of the system (hier(7)): a lock file in the
// root speaks of what lies in the root beside it, not of these.
func ofSystem(path string) bool {
	top, _, _ := strings.Cut(path, "/")
	return slices.Contains([]string{"bin", "etc", "home", "lib", "lib64", "nix", "opt", "root", "sbin", "srv", "usr", "var"}, top)
}
