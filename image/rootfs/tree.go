package rootfs

import (
	"iter"
	"slices"
	"strings"
)

// Tree is the file system that a container would see. It does not change, and may be read from
// several goroutines.
type Tree struct {
	nodes    []node // nodes[0] is the root
	children map[childKey]int32
	problems []Problem
}

// node is one name. There may be millions: it holds no pointers but those of name and entry.
type node struct {
	name  string
	entry *Entry // the content's entry; nil for a folder that is only implied
	// parent, first child, next and previous sibling; 0 for none, as the root is nobody's.
	parent, first, next, previous int32
	layer                         int32 // that entry is of
	touched                       int32 // the last layer that has an entry for this name or one below it
	swept                         int32 // the last layer before whose time nothing below it is from
}

type childKey struct {
	parent int32
	name   string
}

func (n *node) isDirectory() bool { return n.entry == nil || n.entry.Kind == Directory }

func (n *node) isSymlink() bool { return n.entry != nil && n.entry.Kind == Symlink }

// Node is one name in the tree.
type Node struct {
	// Path is the real path: no part of it is a symbolic link. "" is the root.
	Path string
	// Layer is the index of the layer that the content is from: for a hard link, that of the
	// file that it shares.
	Layer int
	// Entry is the content's entry. Its Path differs from the Node's if the name is a hard
	// link, or if the layer wrote through a symbolic link. Nil for the root and for folders
	// that no layer has an entry for.
	Entry *Entry
}

// IsDirectory tells whether the node is a folder.
func (n *Node) IsDirectory() bool { return n.Entry == nil || n.Entry.Kind == Directory }

// Problems lists entries that could not be applied, and what was odd about names, in layer
// order; not more than a thousand and one that says so.
func (t *Tree) Problems() []Problem { return slices.Clone(t.problems) }

// Resolve returns what path leads to, with symbolic links followed in all its parts, the last
// one included. Links cannot leave the root. It is false if there is nothing, or the links go in
// a circle.
func (t *Tree) Resolve(path string) (*Node, bool) {
	walk := walk{tree: t, steps: maxSteps}
	id, outcome := walk.to(path)
	if outcome != found {
		return nil, false
	}
	return t.export(id, t.path(id)), true
}

// Children returns the names in a folder, sorted; none if it is not a folder. Symbolic links in
// dir are followed.
func (t *Tree) Children(dir string) iter.Seq[string] {
	return func(yield func(string) bool) {
		walk := walk{tree: t, steps: maxSteps}
		id, outcome := walk.to(dir)
		if outcome != found {
			return
		}
		var names []string
		for child := t.nodes[id].first; child != 0; child = t.nodes[child].next {
			names = append(names, t.nodes[child].name)
		}
		slices.Sort(names)
		for _, name := range names {
			if !yield(name) {
				return
			}
		}
	}
}

// Files returns the regular files, names made by hard links included, in the order of their
// paths' bytes.
func (t *Tree) Files() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		var path []byte
		for id := t.nodes[0].first; id != 0; {
			n := &t.nodes[id]
			path = append(path, n.name...)
			if n.entry != nil && n.entry.Kind == Regular && !yield(t.export(id, shared(n.entry.Path, path))) {
				return
			}
			if n.first != 0 {
				path = append(path, '/')
				id = n.first
				continue
			}
			for id != 0 && t.nodes[id].next == 0 { // up to the next folder that has more
				path = path[:len(path)-len(t.nodes[id].name)]
				if id = t.nodes[id].parent; id != 0 {
					path = path[:len(path)-1]
				}
			}
			if id != 0 {
				path = path[:len(path)-len(t.nodes[id].name)]
				id = t.nodes[id].next
			}
		}
	}
}

// LinkedFolders returns the symbolic links that lead to a folder other than the root, with the real
// path of that folder, in the order of the links' paths. What cannot be followed in
// maxLinkSteps is left out.
func (t *Tree) LinkedFolders() iter.Seq2[string, string] {
	return func(yield func(link, folder string) bool) {
		walk := walk{tree: t, steps: maxLinkSteps}
		for id := range t.all() {
			if !t.nodes[id].isSymlink() {
				continue
			}
			path := t.path(id)
			to, outcome := walk.to(path)
			if outcome == exhausted {
				return
			}
			if outcome == found && to != 0 && t.nodes[to].isDirectory() && !yield(path, t.path(to)) {
				return
			}
		}
	}
}

// all returns every node below the root, in the order of the paths.
func (t *Tree) all() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for id := t.nodes[0].first; id != 0; {
			if !yield(id) {
				return
			}
			if t.nodes[id].first != 0 {
				id = t.nodes[id].first
				continue
			}
			for id != 0 && t.nodes[id].next == 0 {
				id = t.nodes[id].parent
			}
			if id != 0 {
				id = t.nodes[id].next
			}
		}
	}
}

// shared returns path, as the string that is there already if that is equal.
func shared(have string, path []byte) string {
	if have == string(path) {
		return have
	}
	return string(path)
}

func (t *Tree) export(id int32, path string) *Node {
	return &Node{Path: path, Layer: int(t.nodes[id].layer), Entry: t.nodes[id].entry}
}

func (t *Tree) path(id int32) string {
	var names []string
	for ; id != 0; id = t.nodes[id].parent {
		names = append(names, t.nodes[id].name)
	}
	slices.Reverse(names)
	return strings.Join(names, "/")
}

// sort puts all siblings into the order in which a walk meets paths in the order of their bytes:
// a folder stands where its name with a slash would.
func (t *Tree) sort() {
	var ids []int32
	for parent := range t.nodes {
		ids = ids[:0]
		for id := t.nodes[parent].first; id != 0; id = t.nodes[id].next {
			ids = append(ids, id)
		}
		slices.SortFunc(ids, t.compare)
		next := int32(0)
		for _, id := range slices.Backward(ids) {
			t.nodes[id].next, next = next, id
		}
		t.nodes[parent].first = next
	}
}

func (t *Tree) compare(a, b int32) int {
	x, y := &t.nodes[a], &t.nodes[b]
	n := min(len(x.name), len(y.name))
	if c := strings.Compare(x.name[:n], y.name[:n]); c != 0 {
		return c
	}
	return int(after(x, n)) - int(after(y, n))
}

// after is the byte that follows the first n of the name in a path.
func after(x *node, n int) byte {
	switch {
	case n < len(x.name):
		return x.name[n]
	case x.isDirectory():
		return '/'
	}
	return 0
}
