package rootfs

import (
	"fmt"
	"strings"
)

// maxImplied bounds the folders that exist only because paths go through them. Layers as
// builders write them have an entry for every folder; a hostile one could name 2,000 new ones in
// each entry.
const maxImplied = 1_000_000

// Merge applies layers in order, as container runtimes do (containerd, pkg/archive: applyNaive;
// image-spec, layer.md, "Applying Changesets"):
//
//   - Symbolic links in an entry's parents are followed, inside the root; missing parents are
//     made.
//   - An entry replaces what is there, with all below it; but a folder over a folder keeps the
//     content.
//   - Whiteouts and opaque marks hide what lower layers have, never what their own layer has,
//     whichever comes first.
//   - A hard link shares the content that its target has at that moment.
//
// Entries that a runtime would fail over are left out and listed in Tree.Problems, with one
// exception: where a path goes through something that is not a folder, a folder takes its place.
// So runtimes that mount layers one over the other would show it, and nothing that a container
// may run stays unseen.
//
// The tree shares the entries of layers, which must not change afterwards. It fails only for
// input beyond what an image in good faith could hold.
func Merge(layers []*LayerIndex) (*Tree, error) {
	count := 1
	for _, layer := range layers {
		count += len(layer.Entries)
	}
	m := newMerger(count)
	for i, layer := range layers {
		m.layer = int32(i)
		for _, p := range layer.Problems {
			m.problem(p.Path, p.Why)
		}
		for j := range layer.Entries {
			if err := m.apply(&layer.Entries[j]); err != nil {
				return nil, fmt.Errorf("merge layer %d of %d: %w", i+1, len(layers), err)
			}
		}
	}
	m.tree.sort()
	return m.tree, nil
}

type merger struct {
	tree    *Tree
	walk    walk
	layer   int32
	implied int
	// folder is the node of folderPath: entries of one folder stand together.
	folderPath string
	folder     int32
}

func newMerger(capacity int) *merger {
	tree := &Tree{nodes: make([]node, 1, capacity), children: make(map[childKey]int32, capacity)}
	m := &merger{tree: tree, implied: maxImplied, walk: walk{tree: tree, steps: maxSteps}}
	m.walk.imply = m.imply
	return m
}

func (m *merger) problem(path, why string) {
	m.tree.problems = addProblem(m.tree.problems, Problem{Path: path, Layer: int(m.layer), Why: why})
}

func (m *merger) apply(e *Entry) error {
	folder, name := splitPath(e.Path)
	switch e.Kind {
	case Whiteout:
		return m.whiteout(e, folder, name)
	case Opaque:
		return m.opaque(e)
	}
	parent, err := m.parent(e, folder)
	if err != nil || parent < 0 {
		return err
	}
	content, layer := e, m.layer
	if e.Kind == Hardlink {
		target, err := m.target(e, parent, name)
		if err != nil || target < 0 {
			return err
		}
		content, layer = m.tree.nodes[target].entry, m.tree.nodes[target].layer
	}
	id := m.place(parent, name, content.Kind == Directory)
	m.tree.nodes[id].entry, m.tree.nodes[id].layer = content, layer
	m.touch(id)
	return nil
}

func splitPath(path string) (folder, name string) {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// parent returns the folder that an entry goes into; below zero if it cannot be had.
func (m *merger) parent(e *Entry, folder string) (int32, error) {
	if folder == m.folderPath {
		return m.folder, nil
	}
	for {
		id, outcome := m.walk.to(folder)
		switch {
		case outcome == found && m.tree.nodes[id].isDirectory():
			m.folderPath, m.folder = folder, id
			return id, nil
		case outcome == found || outcome == notDirectory:
			m.problem(e.Path, fmt.Sprintf("its path goes through %q, which is not a folder; one takes its place", m.tree.path(m.walk.own)))
			m.replaceByFolder(m.walk.own)
		default:
			return -1, m.unreachable(e, outcome)
		}
	}
}

// unreachable records why a walk led nowhere, or fails.
func (m *merger) unreachable(e *Entry, outcome outcome) error {
	switch outcome {
	case looping:
		m.problem(e.Path, fmt.Sprintf("its path goes through more than %d symbolic links", maxHops))
	case exhausted:
		if m.implied <= 0 {
			return fmt.Errorf("paths imply more than %d folders that have no entry: the image was not made in good faith", maxImplied)
		}
		return fmt.Errorf("paths have more than %d components in all: the image was not made in good faith", maxSteps)
	}
	return nil
}

// imply makes a folder that has no entry.
func (m *merger) imply(parent int32, name string) (int32, outcome) {
	if m.implied--; m.implied <= 0 {
		return 0, exhausted
	}
	id := m.add(parent, name)
	m.touch(id)
	return id, found
}

func (m *merger) replaceByFolder(id int32) {
	n := &m.tree.nodes[id]
	n.entry, n.layer, n.swept = nil, m.layer, m.layer
	m.touch(id)
	m.forget()
}

// target returns the node whose content a hard link shares; below zero if there is none.
func (m *merger) target(e *Entry, parent int32, name string) (int32, error) {
	folder, base := splitPath(e.Link)
	from, outcome := m.look(folder)
	if outcome != found {
		m.problem(e.Path, fmt.Sprintf("hard link to %q, which does not exist", e.Link))
		if outcome == exhausted {
			return -1, m.unreachable(e, outcome)
		}
		return -1, nil
	}
	id, exists := m.tree.children[childKey{from, base}]
	switch {
	case !exists:
		m.problem(e.Path, fmt.Sprintf("hard link to %q, which does not exist", e.Link))
	case m.tree.nodes[id].isDirectory():
		m.problem(e.Path, fmt.Sprintf("hard link to %q, which is a folder", e.Link))
	case from == parent && base == name:
		m.problem(e.Path, "hard link to itself")
	default:
		return id, nil
	}
	return -1, nil
}

// place returns the node for a name, new or emptied of what was there.
func (m *merger) place(parent int32, name string, directory bool) int32 {
	id, exists := m.tree.children[childKey{parent, name}]
	if !exists {
		return m.add(parent, name)
	}
	n := &m.tree.nodes[id]
	was := n.isDirectory()
	if was && directory {
		return id
	}
	if was || n.isSymlink() {
		m.forget()
	}
	if was && n.first != 0 {
		m.unlink(id)
		return m.add(parent, name)
	}
	n.swept = m.layer
	return id
}

func (m *merger) add(parent int32, name string) int32 {
	id := int32(len(m.tree.nodes))
	next := m.tree.nodes[parent].first
	m.tree.nodes = append(m.tree.nodes, node{name: name, parent: parent, next: next, layer: m.layer, touched: -1, swept: m.layer})
	if next != 0 {
		m.tree.nodes[next].previous = id
	}
	m.tree.nodes[parent].first = id
	m.tree.children[childKey{parent, name}] = id
	return id
}

// unlink takes a node out of its folder. What is below stays where it is, out of reach.
func (m *merger) unlink(id int32) {
	n := &m.tree.nodes[id]
	if n.previous != 0 {
		m.tree.nodes[n.previous].next = n.next
	} else {
		m.tree.nodes[n.parent].first = n.next
	}
	if n.next != 0 {
		m.tree.nodes[n.next].previous = n.previous
	}
	delete(m.tree.children, childKey{n.parent, n.name})
	m.forget()
}

// forget drops the remembered folder: its path may now lead elsewhere.
func (m *merger) forget() { m.folderPath, m.folder = "", 0 }

// touch notes that this layer has something at a node.
func (m *merger) touch(id int32) {
	for m.tree.nodes[id].touched != m.layer {
		m.tree.nodes[id].touched = m.layer
		if id == 0 {
			return
		}
		id = m.tree.nodes[id].parent
	}
}

// look walks without making folders.
func (m *merger) look(path string) (int32, outcome) {
	m.walk.imply = nil
	defer func() { m.walk.imply = m.imply }()
	return m.walk.to(path)
}

func (m *merger) whiteout(e *Entry, folder, name string) error {
	parent, outcome := m.look(folder)
	if outcome != found {
		return m.unreachable(e, outcome)
	}
	id, exists := m.tree.children[childKey{parent, name}]
	if !exists {
		return nil
	}
	if m.tree.nodes[id].touched != m.layer {
		m.unlink(id)
		return nil
	}
	m.sweep(id)
	if n := &m.tree.nodes[id]; n.isDirectory() && n.layer != m.layer {
		n.entry, n.layer = nil, m.layer // the folder is this layer's, though it says nothing of it
	}
	return nil
}

func (m *merger) opaque(e *Entry) error {
	id, outcome := m.look(e.Path)
	if outcome != found {
		return m.unreachable(e, outcome)
	}
	if !m.tree.nodes[id].isDirectory() {
		m.problem(e.Path, "opaque mark for something that is not a folder")
		return nil
	}
	m.sweep(id)
	return nil
}

// sweep removes what lower layers have below a node. Each folder is gone through once a layer:
// after that nothing in it is from a lower one.
func (m *merger) sweep(id int32) {
	for folders := []int32{id}; len(folders) > 0; {
		folder := &m.tree.nodes[folders[len(folders)-1]]
		folders = folders[:len(folders)-1]
		if folder.swept == m.layer {
			continue
		}
		folder.swept = m.layer
		for child := folder.first; child != 0; {
			n := &m.tree.nodes[child]
			next := n.next
			if n.touched != m.layer {
				m.unlink(child)
			} else if n.isDirectory() {
				folders = append(folders, child)
			}
			child = next
		}
	}
}
