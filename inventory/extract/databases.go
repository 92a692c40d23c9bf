package extract

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// database is what a kind of distribution keeps its packages in.
type database struct {
	extractor, purlType string
	// distros are the IDs of os-release(5) of those that have it; what is like one of them
	// (ID_LIKE) has it too.
	distros []string
	// besides are the ends of the names of files that lie beside a database and are none: one that
	// was left over says nothing of the packages.
	besides []string
}

func databases() []database {
	return []database{
		{"dpkg", "deb", []string{"debian", "ubuntu"}, []string{".md5sums"}},
		{"apk", "apk", []string{"alpine", "wolfi", "chainguard", "alpaquita"}, nil},
		{"rpm", "rpm", []string{"rhel", "fedora", "centos", "rocky", "almalinux", "ol", "amzn", "sles", "suse", "opensuse",
			"azurelinux", "mariner", "photon", "openEuler", "mageia"}, []string{"-wal", "-journal"}},
		{"pacman", "alpm", []string{"arch"}, nil},
		{"portage", "ebuild", []string{"gentoo"}, nil},
	}
}

// noteAbsent records a gap for each package database that has to be there and is not: without it
// an image full of packages looks like one without any. A layer may have deleted it to make the
// image smaller (hard case 26), or the distribution's name may not fit what is there.
func (v *view) noteAbsent(extractors []Extractor, found *record.Found) {
	for _, d := range databases() {
		i := slices.IndexFunc(extractors, func(e Extractor) bool { return e.Name() == d.extractor })
		if i < 0 || v.hasDatabase(d, extractors[i]) {
			continue
		}
		if path, layer, deleted := v.deleted(d, extractors[i]); deleted {
			found.Missed(d.purlType, record.DeletedDatabase, path,
				fmt.Sprintf("layer %d has it, and a later one deletes it", layer+1), inventory.Unknown)
		} else if found.Distro != nil && d.isOf(*found.Distro) {
			found.Missed(d.purlType, record.MissingDatabase, extractors[i].Known()[0],
				"os-release says "+found.Distro.ID+", and there is no package database of the kind", inventory.Unknown)
		}
	}
}

func (d database) isOf(distro inventory.Distro) bool {
	if slices.Contains(d.distros, distro.ID) {
		return true
	}
	return slices.ContainsFunc(distro.IDLike, func(id string) bool { return slices.Contains(d.distros, id) })
}

// isBeside tells whether a file of the database's folder is no part of it that could stand alone.
func (d database) isBeside(path string) bool {
	return slices.ContainsFunc(d.besides, func(end string) bool { return strings.HasSuffix(path, end) })
}

// hasDatabase tells whether any of an extractor's well-known files is there, or anything that it
// read further below a well-known folder.
func (v *view) hasDatabase(d database, e Extractor) bool {
	for _, known := range e.Known() {
		for _, path := range v.expand(known) {
			if node, ok := v.regular(path); ok && !d.isBeside(path) && wants(e, node, path) {
				return true
			}
		}
		if strings.HasSuffix(known, "/") && slices.ContainsFunc(v.visited[e.Name()], func(node *rootfs.Node) bool {
			return strings.HasPrefix(node.Path, known) && !d.isBeside(node.Path)
		}) {
			return true
		}
	}
	return false
}

// deleted finds one of an extractor's well-known files in a layer, the topmost.
func (v *view) deleted(d database, e Extractor) (path string, layer int, found bool) {
	isKnown := func(path string) bool {
		return !d.isBeside(path) && slices.ContainsFunc(e.Known(), func(known string) bool {
			return path == known || strings.HasSuffix(known, "/") && strings.HasPrefix(path, known)
		})
	}
	for layer := len(v.layers) - 1; layer >= 0; layer-- {
		for i := range v.layers[layer].Entries {
			entry := &v.layers[layer].Entries[i]
			for _, result := range entry.Results {
				if result.Visitor == e.Name() && isKnown(entry.Path) {
					return entry.Path, layer, true
				}
			}
		}
	}
	return "", 0, false
}
