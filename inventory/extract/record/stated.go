package record

import (
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/inventory"
)

// Knows tells whether packages of a type were found, or a file that lists such packages was read.
func (f *Found) Knows(purlType string) bool {
	return f.read[purlType] || slices.ContainsFunc(f.packages, func(p inventory.Package) bool { return p.Type == purlType })
}

// Identities returns the identity of each package that was found so far.
func (f *Found) Identities() map[string]bool {
	identities := make(map[string]bool, len(f.packages))
	for _, p := range f.packages {
		identities[Identity(p.PURL)] = true
	}
	return identities
}

// Identity is a purl's type, namespace and name, without version, qualifiers and subpath.
func Identity(purl string) string {
	if i := strings.IndexAny(purl, "@?#"); i >= 0 { // in a namespace or name they are escaped
		return purl[:i]
	}
	return purl
}

// IsStatedAbove tells whether a file that lies in a folder above a path says that there is a package
// of that name, of one of the types.
func (f *Found) IsStatedAbove(path, name string, purlTypes ...string) bool {
	return slices.ContainsFunc(f.packages, func(p inventory.Package) bool {
		return p.Name == name && slices.Contains(purlTypes, p.Type) && slices.ContainsFunc(p.Locations, func(l inventory.Location) bool {
			folder := l.Path[:strings.LastIndexByte(l.Path, '/')+1]
			return strings.HasPrefix(path, folder)
		})
	})
}
