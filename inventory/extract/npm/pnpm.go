package npm

import (
	"errors"
	"io"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// errNoPNPMVersion reports a pnpm-lock.yaml that does not say how it is to be read.
var errNoPNPMVersion = errors.New("it does not begin with a lockfileVersion")

// pnpmEntry is an entry of pnpm-lock.yaml.
type pnpmEntry struct {
	key           string
	name, version string // stated where the key does not have them
	dev, folder   bool
}

// parsePNPMLock reads pnpm-lock.yaml (pnpm/spec, "lockfile"), versions 5 to 9. What the key of a
// package looks like depends on the version, which stands first.
func parsePNPMLock(r io.Reader) (record.Contents, error) {
	var list listing.List
	var entry pnpmEntry
	format := ""
	err := readOutline(r, func(keys []string, value string) {
		switch {
		case len(keys) == 1 && keys[0] == "lockfileVersion":
			format, _, _ = strings.Cut(value, ".")
		case len(keys) < 2 || keys[0] != "packages":
		case len(keys) == 2:
			entry.addTo(&list, format)
			entry = pnpmEntry{key: keys[1]}
		case len(keys) == 3:
			entry.field(keys[2], value)
		}
	})
	entry.addTo(&list, format)
	if format == "" && err == nil {
		err = errNoPNPMVersion
	}
	return list.End(err)
}

func (e *pnpmEntry) field(key, value string) {
	switch key {
	case "name":
		e.name = value
	case "version":
		e.version = value
	case "dev":
		e.dev = value == "true"
	case "resolution":
		e.folder = strings.Contains(value, "type: directory")
	}
}

func (e pnpmEntry) addTo(list *listing.List, format string) {
	if e.key == "" || e.dev || e.folder {
		return
	}
	name, version := splitPNPMKey(e.key, format)
	if e.name != "" {
		name = e.name
	}
	if e.version != "" {
		version = e.version
	}
	list.Add(record.Package{Name: name, Version: version})
}

// splitPNPMKey reads the key of a package:
//
//	5   /NAME/VERSION, /NAME/VERSION_PEERS, REGISTRY/NAME/VERSION
//	6   /NAME@VERSION(PEERS), REGISTRY/NAME@VERSION
//	9   NAME@VERSION
//
// Of one that is from no registry (github.com/OWNER/NAME/COMMIT, file:FOLDER) the entry states name
// and version itself.
func splitPNPMKey(key, format string) (name, version string) {
	key, _, _ = strings.Cut(key, "(")
	key = strings.TrimPrefix(key, "/")
	if format >= "6" || len(format) > 1 {
		if at := strings.IndexByte(key, '@'); at > 0 && key[at-1] == '/' { // the scope, after a registry
			key = key[at:]
		}
		name, version = splitName(key)
		return lastName(name), version
	}
	slash := strings.LastIndexByte(key, '/')
	if slash < 0 {
		return key, ""
	}
	version, _, _ = strings.Cut(key[slash+1:], "_")
	return lastName(key[:slash]), version
}

// lastName takes a name off the end of REGISTRY/NAME.
func lastName(path string) string {
	parts := strings.Split(path, "/")
	n := len(parts)
	if n >= 2 && strings.HasPrefix(parts[n-2], "@") {
		return parts[n-2] + "/" + parts[n-1]
	}
	return parts[n-1]
}
