// Package extract finds the packages of an image: one folder for each format, one explicit list
// of them (All), and the step that turns what they said about files in layers into what the
// merged image holds (Join).
//
// A scan uses it in three steps:
//
//  1. The extractors are visitors of the one pass over each layer (rootfs.Read).
//  2. After the merge, Missing names the files that turned out to matter and were not read in
//     the pass: a database behind a symbolic or hard link, a package.json that is a hard link to a
//     file of another name, a Go program that does not show itself as one in its first bytes. The caller reads those again (rootfs.Reread).
//  3. Join returns distribution, packages and coverage. It is a pure function of its arguments.
//
// # What counts
//
//   - A file that says what is installed counts: a package manager's database, a gemspec, an
//     installed.json, a program that carries a list of what it was built from.
//   - A lock file says what somebody meant to install. It counts only if nothing that is installed
//     of the same kind lies in its folder or below (JavaScript and Python: in the node_modules, .venv
//     or venv beside it, as applications have metadata of their own), and never inside a tree of
//     installed packages (node_modules, site-packages, vendor, gems and the like), where it is some
//     package's own test fixture. What a format marks as for development or for the build alone is
//     left out.
//   - A package that states no version is listed without one and is a gap. No version is guessed.
//   - A bill of materials that lies in the image adds what nothing else found.
//   - What the distribution's own package brought is listed and marked as its part (OwnedBy).
//
// # Formats
//
// To add a format, copy a folder and add it to All. Most formats are text files that list
// packages: package listing makes an extractor of a description, and CONTRIBUTING.md has a page
// on it. One format has no folder: Nix's store is known by the names of its folders alone.
//
// It does not run a package manager or ask a network. What is guessed (programs without a package)
// says so; what is there and cannot be read is a gap in the coverage, never silence.
package extract

import (
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/apk"
	"plimsoll.dev/plimsoll/inventory/extract/cargo"
	"plimsoll.dev/plimsoll/inventory/extract/chisel"
	"plimsoll.dev/plimsoll/inventory/extract/cocoapods"
	"plimsoll.dev/plimsoll/inventory/extract/composer"
	"plimsoll.dev/plimsoll/inventory/extract/conan"
	"plimsoll.dev/plimsoll/inventory/extract/cpan"
	"plimsoll.dev/plimsoll/inventory/extract/cran"
	"plimsoll.dev/plimsoll/inventory/extract/dpkg"
	"plimsoll.dev/plimsoll/inventory/extract/embedded"
	"plimsoll.dev/plimsoll/inventory/extract/gobinary"
	"plimsoll.dev/plimsoll/inventory/extract/haskell"
	"plimsoll.dev/plimsoll/inventory/extract/hex"
	"plimsoll.dev/plimsoll/inventory/extract/jar"
	"plimsoll.dev/plimsoll/inventory/extract/julia"
	"plimsoll.dev/plimsoll/inventory/extract/luarocks"
	"plimsoll.dev/plimsoll/inventory/extract/npm"
	"plimsoll.dev/plimsoll/inventory/extract/nuget"
	"plimsoll.dev/plimsoll/inventory/extract/opam"
	"plimsoll.dev/plimsoll/inventory/extract/osrelease"
	"plimsoll.dev/plimsoll/inventory/extract/pacman"
	"plimsoll.dev/plimsoll/inventory/extract/portage"
	"plimsoll.dev/plimsoll/inventory/extract/program"
	"plimsoll.dev/plimsoll/inventory/extract/pub"
	"plimsoll.dev/plimsoll/inventory/extract/pypi"
	"plimsoll.dev/plimsoll/inventory/extract/record"
	"plimsoll.dev/plimsoll/inventory/extract/rpm"
	"plimsoll.dev/plimsoll/inventory/extract/rubygems"
	"plimsoll.dev/plimsoll/inventory/extract/swift"
)

// Extractor reads one format.
type Extractor interface {
	// Visitor sees every file of every layer once. For a well-known path it returns data even if
	// the file holds nothing, so that "read and empty" can be told from "not read".
	rootfs.Visitor
	// Known lists the well-known paths: they are looked up in the merged view, symbolic links
	// followed, and Wants is asked about the path as listed. A trailing slash means every file
	// in that folder. Empty for a format that is known by its content.
	Known() []string
	// Assemble turns the files of the merged view into packages and gaps. The files are those of
	// Known, in its order, then every other one that has a result, by path.
	Assemble(files []record.File, found *record.Found)
}

// All returns the extractors in the order in which they assemble: the distribution first, as
// the others' purls name it; bills of materials after all that is there by itself, as they only add
// to it; programs last, as they count only where no package and no bill speaks for them.
func All() []Extractor {
	return []Extractor{
		osrelease.New(),
		dpkg.New(),
		chisel.New(),
		apk.New(),
		rpm.New(),
		pacman.New(),
		portage.New(),
		gobinary.New(),
		jar.New(),
		npm.New(),
		pypi.New(),
		cargo.New(),
		cocoapods.New(),
		composer.New(),
		conan.New(),
		cpan.New(),
		cran.New(),
		haskell.New(),
		hex.New(),
		julia.New(),
		luarocks.New(),
		nuget.New(),
		opam.New(),
		pub.New(),
		rubygems.New(),
		swift.New(),
		embedded.New(),
		program.New(),
	}
}
