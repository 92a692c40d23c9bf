package record

import (
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/inventory"
)

// NoFileList is a package database that does not say which files its packages brought.
const NoFileList = "no-file-list"

// filesDimension is that of the coverage of what FileFacts tell.
const filesDimension = "files"

// AddBrought records files that some package brought, where it does not matter which: all files
// that the packages of a result own, named or not.
func (f *Found) AddBrought(file File) {
	if file.Data == nil {
		return
	}
	contents, err := Decode(file.Data)
	if err != nil {
		return // without it, a file counts as nobody's: more is reported, not less
	}
	for _, p := range contents.Packages {
		f.AddBroughtFiles(p.Owns)
	}
}

// AddBroughtFiles records files that some package brought.
func (f *Found) AddBroughtFiles(sums []PathSum) {
	if len(sums) > 0 {
		f.brought = append(f.brought, sums)
	}
}

// AddFolder records a folder, with a slash at its end, in which all files are some package's. One
// that is the whole system's (hier(7)) is no package's.
func (f *Found) AddFolder(folder string) {
	name, isFolder := strings.CutSuffix(folder, "/")
	if isFolder && !isShared(name) {
		f.folders[SumPath(name)] = true
	}
}

// isShared tells whether a folder is one in which many packages put files.
func isShared(folder string) bool {
	for _, base := range [...]string{"usr/local/", "usr/", ""} {
		if rest, found := strings.CutPrefix(folder+"/", base); found {
			folder = strings.TrimSuffix(rest, "/")
			break
		}
	}
	return slices.Contains([]string{"", ".", "bin", "sbin", "lib", "lib64", "libexec", "share", "opt", "etc", "home", "root", "run", "srv", "tmp", "var"}, folder)
}

// MissedFiles records that it is not known which files packages brought.
func (f *Found) MissedFiles(path, why string) {
	f.AddGap(inventory.Gap{Dimension: filesDimension, Code: NoFileList, Path: path, Why: why}, inventory.Partial)
}

// NoteFileLists makes the first gap in each kind of package database of the system one in what is
// known of files. It is to be called once, when everything was assembled.
func (f *Found) NoteFileLists() {
	known := map[string]bool{}
	for _, m := range f.missed {
		purlType := strings.TrimPrefix(m.gap.Dimension, dimension(""))
		isOfDatabase := slices.Contains([]string{UnreadableDatabase, DeletedDatabase, MissingDatabase, MalformedEntry}, m.gap.Code)
		if isOfDatabase && m.state != inventory.Full && OfSystem(purlType) && !known[purlType] {
			known[purlType] = true
			f.MissedFiles(m.gap.Path, "not all packages of the system are known, and so not which files they brought")
		}
	}
}

// Brought tells for each file, by its real path, whether a package brought it:
//
//   - its path is in a package's list of files, directly or through a symbolic link to a folder;
//   - a package was found in it, or is it: a Go program, a jar;
//   - it lies in a folder of a package (AddFolder).
//
// It goes by paths, not by content: a file that was replaced is still the package's.
func (f *Found) Brought(paths []string) []bool {
	places := map[string]bool{}
	for _, p := range f.packages {
		for _, l := range p.Locations {
			places[outermost(l.Path)] = true
		}
	}
	brought := make([]bool, len(paths))
	wanted := map[PathSum][]int32{}
	for i, path := range paths {
		if places[path] || f.inFolder(path) {
			brought[i] = true
			continue
		}
		for _, name := range f.namesOf(path) {
			sum := SumPath(name)
			wanted[sum] = append(wanted[sum], int32(i))
		}
	}
	mark := func(sums []PathSum) {
		for _, sum := range sums {
			for _, i := range wanted[sum] {
				brought[i] = true
			}
		}
	}
	for _, o := range f.owned {
		mark(o.sums)
	}
	for _, sums := range f.brought {
		mark(sums)
	}
	return brought
}

// inFolder tells whether a file lies in a package's folder, however deep.
func (f *Found) inFolder(path string) bool {
	if len(f.folders) == 0 {
		return false
	}
	for sum := range foldersAbove(path) {
		if f.folders[sum] {
			return true
		}
	}
	return false
}
