package extract

import (
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// view finds, in the merged tree, the files that matter to an extractor and what it said of them.
type view struct {
	tree   *rootfs.Tree
	layers []*rootfs.LayerIndex
	late   map[LateKey][]rootfs.Result
	// visited are the files with a result, by visitor, in path order.
	visited map[string][]*rootfs.Node
}

// collect walks over all files once, for itself and for each.
func (v *view) collect(each func(*rootfs.Node)) {
	v.visited = map[string][]*rootfs.Node{}
	extractors := All()
	for node := range v.tree.Files() {
		each(node)
		for _, result := range node.Entry.Results {
			v.visited[result.Visitor] = append(v.visited[result.Visitor], node)
		}
		if node.Path != node.Entry.Path {
			v.addRenamed(extractors, node)
		}
	}
}

// addRenamed adds a file that the pass did not know by name: pnpm makes node_modules of hard links
// into its store, where files are called by their sums.
func (v *view) addRenamed(extractors []Extractor, node *rootfs.Node) {
	for _, e := range extractors {
		visited := slices.ContainsFunc(node.Entry.Results, func(r rootfs.Result) bool { return r.Visitor == e.Name() })
		if !visited && wants(e, node, node.Path) {
			v.visited[e.Name()] = append(v.visited[e.Name()], node)
		}
	}
}

// locatedFile is a file and the layer entries that have to be read again to know it.
type locatedFile struct {
	record.File
	unread []LateKey
}

// files returns the files that matter to an extractor: those at its well-known paths, in that
// order and with their history, then those that it has a result for, by path.
func (v *view) files(e Extractor) []locatedFile {
	var files []locatedFile
	seen := map[string]bool{}
	for _, known := range e.Known() {
		for _, path := range v.expand(known) {
			node, ok := v.regular(path)
			if ok && !seen[node.Path] && wants(e, node, path) {
				seen[node.Path] = true
				files = append(files, v.locate(e, node))
			}
		}
	}
	v.addHistory(e, files)
	for _, node := range v.visited[e.Name()] {
		if !seen[node.Path] {
			files = append(files, v.locate(e, node))
		}
	}
	return files
}

// expand lists the files of a well-known folder; any other path stands for itself.
func (v *view) expand(known string) []string {
	folder, isFolder := strings.CutSuffix(known, "/")
	if !isFolder {
		return []string{known}
	}
	var paths []string
	for name := range v.tree.Children(folder) {
		paths = append(paths, known+name)
	}
	return paths
}

func (v *view) regular(path string) (*rootfs.Node, bool) {
	node, ok := v.tree.Resolve(path)
	return node, ok && node.Entry != nil && node.Entry.Kind == rootfs.Regular
}

// wants asks the extractor about a file under its well-known path: the real one may be another.
func wants(e Extractor, node *rootfs.Node, path string) bool {
	entry := *node.Entry
	entry.Path = path
	return e.Wants(&entry, nil) != rootfs.Ignore
}

// locate finds what an extractor said of a file, in the pass or when it was read again.
func (v *view) locate(e Extractor, node *rootfs.Node) locatedFile {
	f := locatedFile{File: record.File{Path: node.Path, Layer: node.Layer}}
	key := LateKey{node.Layer, node.Entry.Path}
	result, ok := v.result(e, key, node.Entry)
	f.Read, f.Data, f.Problem = ok, result.Data, result.Problem
	if !ok || record.WantsAgain(f.Data) {
		f.unread = append(f.unread, key)
	}
	return f
}

// result returns what an extractor said of an entry; the later word counts.
func (v *view) result(e Extractor, key LateKey, entry *rootfs.Entry) (rootfs.Result, bool) {
	for _, results := range [...][]rootfs.Result{v.late[key], entry.Results} {
		i := slices.IndexFunc(results, func(r rootfs.Result) bool { return r.Visitor == e.Name() })
		if i >= 0 {
			return results[i], true
		}
	}
	return rootfs.Result{}, false
}

// addHistory fills in the files' versions in lower layers, back to where a layer deleted them.
func (v *view) addHistory(e Extractor, files []locatedFile) {
	if len(files) == 0 {
		return
	}
	byPath := make(map[string]*locatedFile, len(files))
	highest, visited := 0, true
	for i := range files {
		byPath[files[i].Path] = &files[i]
		highest = max(highest, files[i].Layer)
		visited = visited && files[i].Read && len(v.late) == 0
	}
	for layer := highest; layer >= 0 && len(byPath) > 0; layer-- {
		removed := map[string]bool{}
		for i := range v.layers[layer].Entries {
			entry := &v.layers[layer].Entries[i]
			switch {
			case entry.Kind == rootfs.Whiteout || entry.Kind == rootfs.Opaque:
				removed[entry.Path] = true
			case entry.Kind != rootfs.Regular, visited && len(entry.Results) == 0:
				// A path that the pass knew by name has a result in every layer.
			default:
				if f := byPath[entry.Path]; f != nil && layer < f.Layer {
					v.addEarlier(e, f, layer, entry)
				}
			}
		}
		for path, f := range byPath {
			if layer <= f.Layer && len(removed) > 0 && under(path, removed) {
				delete(byPath, path)
			}
		}
	}
}

// addEarlier adds one version. A layer that holds the path twice means the second.
func (v *view) addEarlier(e Extractor, f *locatedFile, layer int, entry *rootfs.Entry) {
	key := LateKey{layer, entry.Path}
	result, ok := v.result(e, key, entry)
	if !ok {
		f.unread = append(f.unread, key)
		return
	}
	if n := len(f.Earlier); n > 0 && f.Earlier[n-1].Layer == layer {
		f.Earlier = f.Earlier[:n-1]
	}
	if result.Data != nil && result.Problem == "" {
		f.Earlier = append(f.Earlier, record.Earlier{Layer: layer, Data: result.Data})
	}
}

// under tells whether a path, or a folder that it is in, is in the set.
func under(path string, set map[string]bool) bool {
	for {
		if set[path] {
			return true
		}
		slash := strings.LastIndexByte(path, '/')
		if slash < 0 {
			return set[""]
		}
		path = path[:slash]
	}
}
