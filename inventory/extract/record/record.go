// Package record is what the extractors share: how one says what packages a file holds, and how
// the files of the merged view become an image's packages.
//
// A layer is read long before it is known which of its files survive the merge, and its results
// are cached with it. An extractor therefore leaves a Contents in each layer, in the compact
// encoding of this package, and turns only those that count into packages afterwards (Found).
//
// Limits: a text of more than 4 KiB is refused, here and by the parsers, as no name, version or
// licence is that long.
package record

import (
	"cmp"
	"slices"
	"strings"
)

// MaxText is the longest name, version, architecture or licence in bytes.
const MaxText = 4096

// Package is one package as its file states it.
type Package struct {
	Name, Version, Arch string
	// SourceName and SourceVersion are empty for formats that know no source packages.
	SourceName, SourceVersion string
	Licenses                  []string
	// Module is the module stream that the package was built in, such as nodejs:18 (rpm).
	Module string
	// Vendor is who built the package, as it states itself.
	Vendor string
	// Inside is where in the file the package lies, if the file is an archive of others:
	// BOOT-INF/lib/a.jar, or lib/b.war!/WEB-INF/lib/a.jar.
	Inside string
	// Guessed says that name or version were read off something that is no statement of them, as
	// a text in a program.
	Guessed bool
	// Owns stands for the files that the package brought, sorted.
	Owns []PathSum
}

// Compare orders packages by name, version, architecture and place in the file: what makes one
// package the same package in the next version of a database.
func Compare(a, b Package) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version),
		strings.Compare(a.Arch, b.Arch), strings.Compare(a.Inside, b.Inside))
}

// PathSum stands for the path of a file that a package owns, as the file lists of a large image
// are longer than all else that is known of it. It is the path's FNV-1a sum, which a stranger
// could make collide: but whoever can write an image can write its file lists.
type PathSum uint64

// SumPath returns the sum of a path, whose leading slash does not count.
func SumPath[T ~string | ~[]byte](path T) PathSum {
	const offset, prime = 14695981039346656037, 1099511628211 // RFC 9923, section 5
	sum := PathSum(offset)
	if len(path) > 0 && path[0] == '/' {
		path = path[1:]
	}
	for i := range len(path) {
		sum = (sum ^ PathSum(path[i])) * prime
	}
	return sum
}

// The codes of what was not understood, as docs/contract.md lists them.
const (
	// UnreadableDatabase is a package database that is there and could not be read at all.
	UnreadableDatabase = "unreadable-database"
	// DeletedDatabase is a package database that a later layer deletes: the packages are there,
	// and their list is not.
	DeletedDatabase = "deleted-database"
	// MissingDatabase is a package database that the distribution has and the image has not.
	MissingDatabase = "missing-database"
	// MalformedEntry is a part of a database that makes no sense; the other parts count.
	MalformedEntry = "malformed-entry"
	// UnversionedPackage is a package that does not state its version.
	UnversionedPackage = "unversioned-package"
	// NoModuleList is a Go program that does not say which modules it was built from.
	NoModuleList = "no-module-list"
	// NoExtractor is a kind of package that is there and that nothing here reads.
	NoExtractor = "no-extractor"
)

// Gap is something in one file that was not understood.
type Gap struct {
	Code, Why string
	// Complete says that the list of packages is whole all the same.
	Complete bool
}

// Contents is what one file holds.
type Contents struct {
	Packages []Package
	Gaps     []Gap
	// Again says only that the file has to be read once more, in any order: nothing else is
	// known of it.
	Again bool
}

// sorted puts the packages and the sums in order and drops repeated ones.
func (c *Contents) sorted() {
	for i := range c.Packages {
		slices.Sort(c.Packages[i].Owns)
		c.Packages[i].Owns = slices.Compact(c.Packages[i].Owns)
	}
	slices.SortStableFunc(c.Packages, Compare)
	c.Packages = slices.CompactFunc(c.Packages, func(a, b Package) bool { return Compare(a, b) == 0 })
}
