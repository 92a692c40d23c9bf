package extract

import (
	"cmp"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// Late is a file that has to be read again: Path is the entry's in that layer.
type Late struct {
	Layer    int
	Path     string
	Visitors []string // names, sorted
}

// LateKey names a file that was read again.
type LateKey struct {
	Layer int
	Path  string
}

// Missing returns the files that matter in the merged view and were not read in the pass,
// sorted by layer and path.
func Missing(tree *rootfs.Tree, layers []*rootfs.LayerIndex) []Late {
	v := &view{tree: tree, layers: layers}
	if anyLate(layers) {
		v.collect(func(*rootfs.Node) {})
	}
	visitors := map[LateKey][]string{}
	for _, e := range All() {
		for _, f := range v.files(e) {
			for _, key := range f.unread {
				if !slices.Contains(visitors[key], e.Name()) {
					visitors[key] = append(visitors[key], e.Name())
				}
			}
		}
	}
	missing := make([]Late, 0, len(visitors))
	for key, names := range visitors {
		slices.Sort(names)
		missing = append(missing, Late{key.Layer, key.Path, names})
	}
	slices.SortFunc(missing, func(a, b Late) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), strings.Compare(a.Path, b.Path))
	})
	return missing
}

// anyLate tells whether any file of any layer may have to be read again: because a visitor asks
// for it, or because a hard link gives it a name that one knows. Hardly an image has one, and then
// the walk over all its files can be left out.
func anyLate(layers []*rootfs.LayerIndex) bool {
	extractors := All()
	for _, layer := range layers {
		for i := range layer.Entries {
			entry := &layer.Entries[i]
			if entry.Kind == rootfs.Hardlink && slices.ContainsFunc(extractors, func(e Extractor) bool {
				return e.Wants(entry, nil) != rootfs.Ignore
			}) {
				return true
			}
			for _, result := range entry.Results {
				if record.WantsAgain(result.Data) {
					return true
				}
			}
		}
	}
	return false
}

// Joined is what the merged image holds.
type Joined struct {
	Distro   *inventory.Distro
	Packages []inventory.Package // by inventory.ComparePackages
	Files    inventory.FileFacts
	Coverage inventory.Coverage
}

// Join returns what the merged image holds. late are the results of reading again what Missing
// named; what is still missing is a gap.
func Join(tree *rootfs.Tree, layers []*rootfs.LayerIndex, diffIDs []image.Digest, late map[LateKey][]rootfs.Result) Joined {
	found := record.NewFound(diffIDs)
	v := &view{tree: tree, layers: layers, late: late}
	for link, folder := range tree.LinkedFolders() {
		found.AddLink(link, folder)
	}
	var store nixStore
	var files fileList
	v.collect(func(node *rootfs.Node) {
		store.see(node, found)
		files.see(node)
	})
	extractors := All()
	for _, e := range extractors {
		located := v.files(e)
		own := make([]record.File, len(located))
		for i, f := range located {
			own[i] = f.File
		}
		e.Assemble(own, found)
	}
	v.noteAbsent(extractors, found)
	found.NoteFileLists()
	joined := Joined{Distro: found.Distro, Packages: found.Packages(), Coverage: found.Coverage()}
	joined.Coverage.Set(filesDimension, inventory.Full)
	joined.Files = files.facts(found, diffIDs, &joined.Coverage)
	return joined
}
