package dpkg

import (
	"bytes"
	"io"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const listFolder = "var/lib/dpkg/info/"

// listOf returns the name of the package whose files a file lists, NAME or NAME:ARCHITECTURE:
// dpkg's own lists, and the lists of sums in status.d.
func listOf(path string) (name string, isList bool) {
	if name, isList = cutBoth(path, listFolder, ".list"); !isList {
		name, isList = cutBoth(path, statusFolder, ".md5sums")
	}
	return name, isList && !strings.Contains(name, "/")
}

// listsOf returns the names of the packages whose lists of files were read.
func listsOf(files []record.File) map[string]bool {
	lists := map[string]bool{}
	for _, file := range files {
		if name, isList := listOf(file.Path); isList && file.Data != nil && file.Problem == "" {
			lists[name] = true
		}
	}
	return lists
}

// scriptsOf returns the scripts of a package that dpkg keeps beside its list, and does not name in
// it (deb-postinst(5) and its like; debconf's config script).
func scriptsOf(name string) []record.PathSum {
	var sums []record.PathSum
	for _, script := range [...]string{"preinst", "postinst", "prerm", "postrm", "config"} {
		sums = append(sums, record.SumPath(listFolder+name+"."+script))
	}
	return sums
}

func cutBoth(s, prefix, suffix string) (middle string, found bool) {
	s, hasPrefix := strings.CutPrefix(s, prefix)
	s, hasSuffix := strings.CutSuffix(s, suffix)
	return s, hasPrefix && hasSuffix
}

// parseList reads a list of files: a path a line; where sums are given, a sum and two spaces
// before it (md5sum(1)). It returns them as what a package without a name owns.
func parseList(r io.Reader, withSums bool) (record.Contents, error) {
	var list record.Package
	err := record.EachLine(r, func(line []byte, truncated bool) {
		if withSums {
			_, line, _ = bytes.Cut(line, []byte("  "))
		}
		if len(line) > 0 && !truncated {
			list.Owns = append(list.Owns, record.SumPath(line))
		}
	}, func([]byte) {})
	return record.Contents{Packages: []record.Package{list}}, err
}
