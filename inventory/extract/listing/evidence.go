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

// Rules say which files of one purl type count. They serve the extractors of this package and
// those that have a listing beside another source, such as programs.
type Rules struct {
	Type string
	// PURL names a package; one that it gives no name is left out.
	PURL     func(record.Package) string
	Evidence func(path string) Evidence
	// Beside names the folders into which the lock file's own tool installs, right beside it: then
	// nothing else outweighs it. It is for kinds of which an application states what it is itself,
	// or a system has its own, below the folder of a lock file.
	Beside []string
	// Folders names the folders, each with a slash at its end, in which all files were brought by a
	// package that an Installed file lists. Nil: none are.
	Folders func(path string, p record.Package) []string
}

// Assemble records the packages of the files that count.
func (r Rules) Assemble(files []record.File, found *record.Found) {
	found.LookedFor(r.Type)
	var locks []record.File
	outweighed := map[string]bool{} // folders with their slash; the root is ""
	for _, file := range files {
		switch r.Evidence(file.Path) {
		case Installed:
			lists := false
			found.AddContents(file, r.Type, func(p record.Package) string {
				lists = true
				r.addFolders(file.Path, p, found)
				return r.PURL(p)
			})
			if lists {
				r.outweigh(outweighed, file.Path)
			}
		case Locked:
			locks = append(locks, file)
		}
	}
	for _, file := range locks {
		if counts(file.Path, outweighed) {
			found.AddContents(file, r.Type, r.PURL)
		}
	}
}

func (r Rules) addFolders(path string, p record.Package, found *record.Found) {
	if r.Folders == nil {
		return
	}
	for _, folder := range r.Folders(path, p) {
		found.AddFolder(folder)
	}
}

// counts tells whether a lock file counts, given the folders in which none does.
func counts(lock string, outweighed map[string]bool) bool {
	return !InsidePackages(lock) && !outweighed[lock[:strings.LastIndexByte(lock, '/')+1]]
}

// outweigh adds the folders in which no lock file counts, as this file says what is installed.
func (r Rules) outweigh(folders map[string]bool, installed string) {
	if len(r.Beside) == 0 {
		addAbove(folders, installed)
	}
	for _, name := range r.Beside {
		addHolders(folders, installed, name)
	}
}

// addAbove adds each folder that a path lies in.
func addAbove(folders map[string]bool, path string) {
	for folder := path; ; {
		slash := strings.LastIndexByte(folder, '/')
		if slash < 0 {
			break
		}
		if folders[path[:slash+1]] {
			return // and so those above it
		}
		folders[path[:slash+1]] = true
		folder = path[:slash]
	}
	if !ofSystem(path) {
		folders[""] = true
	}
}

// addHolders adds each folder in which a path goes through a folder of the given name: app/ for
// app/node_modules/a/package.json.
func addHolders(folders map[string]bool, path, name string) {
	for start := 0; ; {
		i := strings.Index(path[start:], name+"/")
		if i < 0 {
			return
		}
		if start += i; start == 0 || path[start-1] == '/' {
			folders[path[:start]] = true
		}
		start += len(name)
	}
}

// InsidePackages tells whether a path lies in a folder into which some package manager puts
// packages with all their files: below it, a lock file is part of a package and says what that
// package's developers had.
func InsidePackages(path string) bool {
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
		case "usr": // Debian's for node, and examples
			if strings.HasPrefix(rest, "share/nodejs/") || strings.HasPrefix(rest, "lib/nodejs/") || strings.HasPrefix(rest, "share/doc/") {
				return true
			}
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
