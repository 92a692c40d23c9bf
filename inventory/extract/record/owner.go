package record

import (
	"iter"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/inventory"
)

// owned are files that a package of the distribution brought.
type owned struct {
	purl string
	sums []PathSum
}

// link is a symbolic link to a folder, whose real path is given: where /usr is merged, lib leads to
// usr/lib.
type link struct{ path, folder string }

// inside stands between a file's path and the path of what lies in it.
const inside = "!/"

// Within is the location of what lies in a file; of the file itself if it is nowhere inside.
func Within(path, part string) string {
	if part == "" {
		return path
	}
	return path + inside + part
}

// AddOwned records that a package owns the files that a file of its database lists.
func (f *Found) AddOwned(file File, purl string) {
	if purl == "" || file.Data == nil {
		return
	}
	contents, err := Decode(file.Data)
	if err != nil {
		return // without it, a file counts as nobody's: more is reported, not less
	}
	for _, p := range contents.Packages {
		f.addOwned(purl, p.Owns)
	}
}

func (f *Found) addOwned(purl string, sums []PathSum) {
	if len(sums) > 0 {
		f.owned = append(f.owned, owned{purl, sums})
	}
}

// maxNames is how many names of one file are tried, and how many links to one folder are kept.
// Where /usr is merged a file has two names, and three where usr/sbin is merged too.
const maxNames = 16

// AddLink records that a path is a symbolic link to a folder: package databases may list files
// by it.
func (f *Found) AddLink(path, folder string) {
	if sum := SumPath(folder); folder != "" && len(f.links[sum]) < maxNames {
		f.links[sum] = append(f.links[sum], link{path, folder})
	}
}

// byOwner splits every package that is not the distribution's own by whose files it lies in: the
// python module that came with a deb, and the same one that pip put beside it, are two.
func (f *Found) byOwner(packages []inventory.Package) []inventory.Package {
	owners := f.owners(placesOf(packages))
	if len(owners) == 0 {
		return packages
	}
	var split []inventory.Package
	for _, p := range packages {
		parts := map[string][]inventory.Location{}
		var order []string
		for _, l := range p.Locations {
			owner := ""
			if !OfSystem(p.Type) {
				owner = owners[outermost(l.Path)]
			}
			if _, seen := parts[owner]; !seen {
				order = append(order, owner)
			}
			parts[owner] = append(parts[owner], l)
		}
		for _, owner := range order {
			part := p
			part.OwnedBy, part.Locations = owner, parts[owner]
			split = append(split, part)
		}
	}
	return split
}

// placesOf lists the files that hold the packages, but for the distribution's own.
func placesOf(packages []inventory.Package) []string {
	var paths []string
	for _, p := range packages {
		if OfSystem(p.Type) {
			continue
		}
		for _, l := range p.Locations {
			paths = append(paths, outermost(l.Path))
		}
	}
	return paths
}

// Unclaimed returns the files that are known to belong to none of the packages found so far: no
// package owns them, and none that states its version lies in them. It is for what is only
// guessed at, and has to be asked last.
func (f *Found) Unclaimed(files []File) []File {
	paths := make([]string, len(files))
	for i := range files {
		paths[i] = files[i].Path
	}
	owners := f.owners(paths)
	claimed := map[string]bool{}
	for _, p := range f.packages {
		for _, l := range p.Locations {
			claimed[outermost(l.Path)] = claimed[outermost(l.Path)] || p.Version != "" && p.Confidence == ""
		}
	}
	return slices.DeleteFunc(slices.Clone(files), func(file File) bool {
		return owners[file.Path] != "" || claimed[file.Path]
	})
}

// owners maps each of the paths that a package owns to its purl.
func (f *Found) owners(paths []string) map[string]string {
	wanted := map[PathSum][]string{}
	for _, path := range paths {
		for _, name := range f.namesOf(path) {
			if sum := SumPath(name); !slices.Contains(wanted[sum], path) {
				wanted[sum] = append(wanted[sum], path)
			}
		}
	}
	owners := map[string]string{}
	for _, o := range f.owned {
		for _, sum := range o.sums {
			for _, path := range wanted[sum] {
				if owners[path] == "" {
					owners[path] = o.purl
				}
			}
		}
	}
	return owners
}

// namesOf lists the names that a file goes by: its real path, and those through links to the
// folders that it lies in. A name that goes through one link may go through another.
func (f *Found) namesOf(path string) []string {
	names := []string{path}
	for i := 0; i < len(names); i++ {
		name := names[i]
		for sum, end := range foldersAbove(name) {
			for _, l := range f.links[sum] {
				other := l.path + name[end:]
				if len(names) < maxNames && l.folder == name[:end] && !slices.Contains(names, other) {
					names = append(names, other)
				}
			}
		}
	}
	return names
}

// foldersAbove returns the folders that a path lies in, the outermost first: the sum and the length
// of each. It takes time in proportion to the path's length, however deep that is.
func foldersAbove(path string) iter.Seq2[PathSum, int] {
	return func(yield func(sum PathSum, end int) bool) {
		sum, start := SumPath(""), 0
		for i := 1; i < len(path); i++ {
			if path[i] != '/' {
				continue
			}
			sum, start = ExtendSum(sum, path[start:i]), i
			if !yield(sum, i) {
				return
			}
		}
	}
}

// outermost is the path of the file that a location lies in.
func outermost(location string) string {
	path, _, _ := strings.Cut(location, inside)
	return path
}

// OfSystem tells whether packages of a purl type are the distribution's own.
func OfSystem(purlType string) bool {
	return slices.Contains([]string{"deb", "apk", "rpm", "alpm", "ebuild"}, purlType)
}
