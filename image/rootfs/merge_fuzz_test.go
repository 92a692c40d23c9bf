package rootfs

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// model is Merge again, slow and plain: a map of real paths, gone through from end to end.
type model struct {
	items    map[string]*item
	layer    int
	problems int
}

type item struct {
	entry *Entry // nil for an implied folder
	layer int    // of entry
	own   int    // the last layer that put something here
}

func (i *item) isDirectory() bool { return i.entry == nil || i.entry.Kind == Directory }

func mergeModel(layers []*LayerIndex) *model {
	m := &model{items: map[string]*item{"": {}}}
	for i, layer := range layers {
		m.layer = i
		for j := range layer.Entries {
			m.apply(&layer.Entries[j])
		}
	}
	return m
}

// real follows links in path; makes missing folders if told to. blocked is the part of path, of
// its own components, at which a file stands in the way.
func (m *model) real(name string, imply bool) (real, blocked string, why error) {
	type part struct {
		name string
		own  bool
	}
	split := func(s string, own bool) (parts []part) {
		for _, name := range strings.Split(s, "/") {
			if name != "" && name != "." {
				parts = append(parts, part{name, own})
			}
		}
		return parts
	}
	parts, hops := split(name, true), 0
	for len(parts) > 0 {
		next := parts[0]
		parts = parts[1:]
		if !m.items[real].isDirectory() {
			return "", blocked, fmt.Errorf("blocked")
		}
		if next.name == ".." {
			if real = path.Dir(real); real == "." {
				real = ""
			}
			continue
		}
		child := path.Join(real, next.name)
		if m.items[child] == nil {
			if !imply {
				return "", "", fmt.Errorf("missing")
			}
			m.items[child] = &item{layer: m.layer, own: m.layer}
		}
		if next.own {
			blocked = child
		}
		if e := m.items[child].entry; e != nil && e.Kind == Symlink {
			if hops++; hops > maxHops {
				return "", "", fmt.Errorf("looping")
			}
			if strings.HasPrefix(e.Link, "/") {
				real = ""
			}
			parts = append(split(e.Link, false), parts...)
			continue
		}
		real = child
	}
	return real, blocked, nil
}

func (m *model) below(real string) (all []string) {
	for name := range m.items {
		if name != "" && name != real && (real == "" || strings.HasPrefix(name, real+"/")) {
			all = append(all, name)
		}
	}
	return all
}

// has tells whether the layer put something at or below real.
func (m *model) has(real string) bool {
	return m.items[real].own == m.layer || slices.ContainsFunc(m.below(real), func(name string) bool {
		return m.items[name].own == m.layer
	})
}

func (m *model) removeLower(names []string) {
	var gone []string
	for _, name := range names {
		if !m.has(name) {
			gone = append(gone, name)
		}
	}
	for _, name := range gone {
		delete(m.items, name)
	}
}

func (m *model) apply(e *Entry) {
	folder, base := splitPath(e.Path)
	switch e.Kind {
	case Whiteout:
		parent, _, err := m.real(folder, false)
		name := path.Join(parent, base)
		if err != nil {
			m.count(err)
			return
		}
		if m.items[name] == nil {
			return
		}
		m.removeLower(append(m.below(name), name))
		if i := m.items[name]; i != nil && i.isDirectory() && i.layer != m.layer {
			i.entry, i.layer = nil, m.layer
		}
		return
	case Opaque:
		real, _, err := m.real(e.Path, false)
		switch {
		case err != nil:
			m.count(err)
		case !m.items[real].isDirectory():
			m.problems++
		default:
			m.removeLower(m.below(real))
		}
		return
	}
	parent, blocked, err := m.real(folder, true)
	for err != nil && err.Error() == "blocked" || err == nil && !m.items[parent].isDirectory() {
		m.problems++
		*m.items[blocked] = item{layer: m.layer, own: m.layer}
		parent, blocked, err = m.real(folder, true)
	}
	if err != nil {
		m.count(err)
		return
	}
	name := path.Join(parent, base)
	placed := &item{entry: e, layer: m.layer, own: m.layer}
	if e.Kind == Hardlink {
		folder, base := splitPath(e.Link)
		from, _, err := m.real(folder, false)
		target := m.items[path.Join(from, base)]
		if err != nil || target == nil || base == "" || target.isDirectory() || path.Join(from, base) == name {
			m.problems++
			return
		}
		placed.entry, placed.layer = target.entry, target.layer
	}
	if old := m.items[name]; old != nil && !(old.isDirectory() && placed.isDirectory()) {
		for _, gone := range m.below(name) {
			delete(m.items, gone)
		}
	}
	m.items[name] = placed
}

func (m *model) count(err error) {
	if err.Error() == "looping" {
		m.problems++
	}
}

// layersFrom makes layers of whatever bytes there are, with few names, so that entries meet.
func layersFrom(data []byte) []*LayerIndex {
	names := []string{"a", "b", "c", "a/a", "a/b", "b/a", "b/c", "c/a", "a/b/c", "a/b/a", "b/a/a", "c/a/b/a", "a.", "a-/b"}
	links := []string{"a", "/b", "..", "../a", "a/b", "/b/a/", "./c", "../../b/./a", "nowhere", "c/a/..", ""}
	layers := []*LayerIndex{{}}
	for len(data) >= 3 && len(layers) < 6 {
		kind, name, link := data[0]%9, names[int(data[1])%len(names)], links[int(data[2])%len(links)]
		data = data[3:]
		if kind == 8 {
			layers = append(layers, &LayerIndex{})
			continue
		}
		e := Entry{Path: name, Kind: Kind(kind%7 + 1)}
		switch e.Kind {
		case Symlink:
			e.Link = link
		case Hardlink:
			e.Link, _ = cleanPath(link)
		case Opaque:
			if link == "" {
				e.Path = ""
			}
		}
		last := layers[len(layers)-1]
		last.Entries = append(last.Entries, e)
	}
	return layers
}

// Property: the tree holds the files, from the layers and with the number of problems, that the
// plain model holds; each of its paths resolves to itself; its order is that of the bytes.
func FuzzMerge(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x02\x01\x01\x08\x00\x00\x00\x08\x00\x06\x01\x00\x05\x00\x00"))
	f.Add([]byte("\x00\x03\x00\x00\x04\x00\x08\x00\x00\x06\x00\x00\x00\x08\x00\x05\x00\x00\x08\x00\x00\x01\x00\x00"))
	f.Add([]byte("\x02\x00\x01\x02\x01\x00\x00\x03\x00\x02\x02\x02\x00\x07\x00\x03\x05\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		layers := layersFrom(data[:min(len(data), 300)])
		tree, err := Merge(layers)
		if err != nil {
			t.Fatal(err)
		}
		want := mergeModel(layers)
		var lines []string
		for name, i := range want.items {
			if i.entry != nil && i.entry.Kind == Regular {
				lines = append(lines, name)
			}
		}
		slices.Sort(lines)
		var got []string
		for n := range tree.Files() {
			got = append(got, n.Path)
			if i := want.items[n.Path]; i != nil && (i.entry != n.Entry || i.layer != n.Layer) {
				t.Errorf("%s: got the content of %q, layer %d; want %q, layer %d", n.Path, n.Entry.Path, n.Layer, i.entry.Path, i.layer)
			}
			if again, exists := tree.Resolve(n.Path); !exists || again.Path != n.Path || again.Entry != n.Entry {
				t.Errorf("%s resolves to %v", n.Path, again)
			}
		}
		if diff := cmp.Diff(lines, got); diff != "" {
			t.Errorf("files (-model +tree):\n%s", diff)
		}
		if n := len(tree.Problems()); n != min(want.problems, maxProblems+1) {
			t.Errorf("got problems %v, the model has %d", tree.Problems(), want.problems)
		}
		for name := range want.items {
			checkChildren(t, tree, want, name)
		}
	})
}

func checkChildren(t *testing.T, tree *Tree, m *model, name string) {
	if !m.items[name].isDirectory() {
		return
	}
	var want []string
	for child := range m.items {
		if folder, base := splitPath(child); child != "" && folder == name {
			want = append(want, base)
		}
	}
	slices.Sort(want)
	if got := slices.Collect(tree.Children(name)); !slices.Equal(got, want) {
		t.Errorf("children of %q: got %q, want %q", name, got, want)
	}
}
