// Package luarocks reads Lua's packages: the rockspec of each that LuaRocks keeps in its tree
// (lib/luarocks/rocks-5.1/NAME/VERSION/NAME-VERSION.rockspec).
//
// A rockspec is a Lua program, which is not run: what is not a plain text in it is taken from
// the folders' names, by which LuaRocks itself knows the package. A rockspec elsewhere is the
// source of a package and does not count.
package luarocks

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
		Name: "luarocks", Version: 1, Type: "luarocks",
		PURL: func(p record.Package) string { return ecosystem.LuaRocksPURL(p.Name, p.Version) },
		Kinds: []listing.Kind{
			{Evidence: listing.Installed, Is: isRockspec, Parse: parse},
		},
		Folders: func(file string, _ record.Package) []string { return []string{path.Dir(file) + "/"} },
	})
}

// isRockspec finds the layout of a tree (luarocks.org, "File locations"): the folder above the
// package's two is rocks, or rocks-5.1 for a version of Lua.
func isRockspec(file string) bool {
	if !strings.HasSuffix(file, ".rockspec") {
		return false
	}
	tree := path.Base(path.Dir(path.Dir(path.Dir(file))))
	return tree == "rocks" || strings.HasPrefix(tree, "rocks-")
}

// parse reads assignments of plain texts ("Rockspec format"): package and version at the left
// margin, license inside of the table description.
func parse(f listing.File, list *listing.List) error {
	folder := path.Dir(f.Path)
	rock := record.Package{Name: path.Base(path.Dir(folder)), Version: path.Base(folder)}
	for _, line := range listing.Lines(f.Content) {
		key, value, found := strings.Cut(string(line), "=")
		text, isText := plainText(value)
		if !found || !isText {
			continue
		}
		switch {
		case strings.TrimRight(key, " \t") == "package":
			rock.Name = text
		case strings.TrimRight(key, " \t") == "version":
			rock.Version = text
		case strings.TrimSpace(key) == "license":
			rock.Licenses = []string{text}
		}
	}
	list.Add(rock)
	return nil
}

// plainText reads "a" or 'a' and what may stand behind it: a comma, a comment.
func plainText(value string) (text string, ok bool) {
	value = strings.TrimSpace(value)
	if !strings.HasPrefix(value, `"`) && !strings.HasPrefix(value, "'") {
		return "", false
	}
	text, rest, closed := strings.Cut(value[1:], value[:1])
	return text, closed && !strings.Contains(text, `\`) && !strings.HasPrefix(strings.TrimSpace(rest), "..")
}
