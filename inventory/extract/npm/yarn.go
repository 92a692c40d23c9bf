package npm

import (
	"io"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// yarnEntry is an entry of yarn.lock.
type yarnEntry struct {
	key        string // the first of its descriptors, NAME@RANGE
	version    string
	resolution string // berry: NAME@PROTOCOL:...
	soft       bool   // berry: a workspace, or a link to a folder
}

// parseYarnLock reads yarn.lock: version 1 (classic.yarnpkg.com, "yarn.lock"), and YAML as later
// versions write it (yarnpkg.com, "Lexicon"), which name what an entry was resolved to.
func parseYarnLock(r io.Reader) (record.Contents, error) {
	var list listing.List
	var entry yarnEntry
	err := readOutline(r, func(keys []string, value string) {
		if len(keys) == 1 {
			entry.addTo(&list)
			first, _, _ := strings.Cut(keys[0], ", ")
			entry = yarnEntry{key: first}
			return
		}
		if len(keys) > 2 {
			return
		}
		switch keys[1] {
		case "version":
			entry.version = value
		case "resolution":
			entry.resolution = value
		case "linkType":
			entry.soft = value == "soft"
		}
	})
	entry.addTo(&list)
	return list.End(err)
}

func (e yarnEntry) addTo(list *listing.List) {
	if e.key == "" || e.key == "__metadata" || e.soft {
		return
	}
	if e.resolution != "" {
		name, source := splitName(e.resolution)
		if !isOwn(source) {
			list.Add(record.Package{Name: name, Version: e.version})
		}
		return
	}
	name, source := splitName(e.key)
	if isOwn(source) {
		return
	}
	if alias, isAlias := strings.CutPrefix(source, "npm:"); isAlias {
		name, _ = splitName(alias)
	}
	list.Add(record.Package{Name: name, Version: e.version})
}
