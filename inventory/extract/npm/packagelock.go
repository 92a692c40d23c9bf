package npm

import (
	"strings"

	"plimsoll.dev/plimsoll/internal/leanjson"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// locked is an entry of a lock file.
type locked struct {
	name, version string
	licenses      []string
	dev, link     bool
}

// parsePackageLock reads package-lock.json and npm-shrinkwrap.json (docs.npmjs.com,
// "package-lock.json"). Version 1 has a tree of dependencies, version 3 a list of folders, and
// version 2 both: there the list counts.
func parsePackageLock(r *leanjson.Reader) (record.Contents, error) {
	var folders, tree listing.List
	hasFolders := false
	r.Object(func(name []byte) {
		switch string(name) {
		case "packages":
			hasFolders = r.Kind() == '{'
			r.Object(func(folder []byte) { readFolder(r, string(folder), &folders) })
		case "dependencies":
			readTree(r, &tree)
		}
	})
	if hasFolders {
		return folders.End(r.End())
	}
	return tree.End(r.End())
}

// readFolder takes the entry of a folder: "" is the project, a path without node_modules one of its
// workspaces. Only an alias states its name, as the folder has another.
func readFolder(r *leanjson.Reader, folder string, list *listing.List) {
	const modules = "node_modules/"
	l := locked{}
	r.Object(func(name []byte) { l.field(r, name) })
	at := strings.LastIndex(folder, modules)
	if at < 0 || l.dev || l.link {
		return
	}
	if l.name == "" {
		l.name = folder[at+len(modules):]
	}
	list.Add(record.Package{Name: l.name, Version: l.version, Licenses: l.licenses})
}

// readTree takes the entries of version 1, which lie in one another as the folders do.
func readTree(r *leanjson.Reader, list *listing.List) {
	r.Object(func(name []byte) {
		l := locked{name: string(name)}
		r.Object(func(field []byte) {
			if string(field) == "dependencies" {
				readTree(r, list)
				return
			}
			l.field(r, field)
		})
		if l.dev || isOwn(l.version) {
			return
		}
		if alias, isAlias := strings.CutPrefix(l.version, "npm:"); isAlias {
			l.name, l.version = splitName(alias)
		}
		list.Add(record.Package{Name: l.name, Version: l.version, Licenses: l.licenses})
	})
}

func (l *locked) field(r *leanjson.Reader, name []byte) {
	switch string(name) {
	case "name":
		l.name, _ = r.Text()
	case "version":
		l.version, _ = r.Text()
	case "license":
		l.licenses = appendLicenses(nil, r)
	case "dev":
		l.dev = r.Bool()
	case "link":
		l.link = r.Bool()
	}
}
