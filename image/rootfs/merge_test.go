package rootfs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listing writes a tree as "path <layer", the layer being the content's, with " => name" where
// the content's entry has another name.
func listing(t *Tree) []string {
	var lines []string
	for n := range t.Files() {
		line := fmt.Sprintf("%s <%d", n.Path, n.Layer)
		if n.Entry.Path != n.Path {
			line += " => " + n.Entry.Path
		}
		lines = append(lines, line)
	}
	return lines
}

// Cases 26 and 27 are of research/scanners.md, section 4.
func TestMerge(t *testing.T) {
	type layers = [][]string
	for _, test := range []struct {
		name     string
		layers   layers
		want     []string
		problems []string // what each contains
	}{
		{"a later layer's file replaces an earlier one's", layers{{"a=1", "b=1"}, {"a=2"}}, []string{"a <1", "b <0"}, nil},
		{"the last of two entries in a layer counts", layers{{"a=1", "a -> b", "a=2"}}, []string{"a <0"}, nil},
		{"paths stand in the order of their bytes", layers{{"a/b=", "a.b=", "a-b=", "a0=", "a/", "A="}}, []string{"A <0", "a-b <0", "a.b <0", "a/b <0", "a0 <0"}, nil},

		{"case 26: a whiteout removes a lower file", layers{{"var/status=1", "var/other=1"}, {"var/.wh.status"}}, []string{"var/other <0"}, nil},
		{"case 26: a whiteout removes a lower folder", layers{{"opt/app/bin=1", "opt/x=1"}, {"opt/.wh.app"}}, []string{"opt/x <0"}, nil},
		{"case 26: a file comes back in a later layer", layers{{"a=1"}, {".wh.a"}, {"a=3"}}, []string{"a <2"}, nil},
		{"case 26: an opaque folder hides what is below", layers{{"opt/a=1", "opt/b/c=1", "other=1"}, {"opt/", "opt/.wh..wh..opq", "opt/b/d=2"}}, []string{"opt/b/d <1", "other <0"}, nil},
		{"case 26: an opaque mark after its layer's own entries", layers{{"opt/a=1", "opt/b/c=1"}, {"opt/b/d=2", "opt/e=2", "opt/.wh..wh..opq"}}, []string{"opt/b/d <1", "opt/e <1"}, nil},
		{"case 26: an opaque root", layers{{"a=1", "b/c=1"}, {"d=2", ".wh..wh..opq"}}, []string{"d <1"}, nil},
		{"an opaque mark twice, and nested", layers{{"o/a/x=1", "o/b=1"}, {"o/a/y=2", "o/.wh..wh..opq", "o/a/.wh..wh..opq", "o/z=2", "o/.wh..wh..opq"}}, []string{"o/a/y <1", "o/z <1"}, nil},
		{"an opaque mark counts once, for its layer", layers{{"o/a=1"}, {"o/.wh..wh..opq", "o/b=2"}, {"o/c=3"}}, []string{"o/b <1", "o/c <2"}, nil},
		{"a whiteout spares its own layer, mark last", layers{{"d/x=1"}, {"d/y=2", ".wh.d"}}, []string{"d/y <1"}, nil},
		{"a whiteout spares its own layer, mark first", layers{{"d/x=1"}, {".wh.d", "d/y=2"}}, []string{"d/y <1"}, nil},
		{"a whiteout spares its own layer's file", layers{{"x=1"}, {"x=2", ".wh.x"}}, []string{"x <1"}, nil},
		{"a whiteout of what is not there", layers{{"x=1"}, {".wh.y", "no/.wh.z", "no/such/.wh..wh..opq"}}, []string{"x <0"}, nil},
		{"a whiteout through a link in its path", layers{{"usr/lib/a=1", "lib -> usr/lib"}, {"lib/.wh.a"}}, nil, nil},
		{"a whiteout of a link leaves its target", layers{{"a=1", "b -> a"}, {".wh.b"}}, []string{"a <0"}, nil},
		{"an opaque mark through a link", layers{{"real/a=1", "link -> real"}, {"link/.wh..wh..opq", "link/b=2"}}, []string{"real/b <1 => link/b"}, nil},
		{"aufs metadata is no content", layers{{".wh..wh.plnk/1.2=", ".wh..wh.aufs=", "a/.wh..wh.orph/x=", "a/b="}}, []string{"a/b <0"}, nil},
		{"whiteouts of no name", layers{{"a=1"}, {".wh.", ".wh..", ".wh..."}}, []string{"a <0"}, []string{"whiteout of no file", "whiteout of no file", "whiteout of no file"}},

		{"case 27: usr-merge: entries go through a link", layers{{"usr/lib/", "lib -> usr/lib"}, {"lib/x86_64/libc.so=2"}}, []string{"usr/lib/x86_64/libc.so <1 => lib/x86_64/libc.so"}, nil},
		{"case 27: an absolute link stays in the root", layers{{"usr/lib/", "lib -> /usr/lib"}, {"lib/libc.so=2"}}, []string{"usr/lib/libc.so <1 => lib/libc.so"}, nil},
		{"case 27: a link that climbs stays in the root", layers{{"a/l -> ../../../../etc", "etc/x="}, {"a/l/passwd=2"}}, []string{"etc/passwd <1 => a/l/passwd", "etc/x <0"}, nil},
		{"a link to a folder that does not exist yet", layers{{"run -> /var/run"}, {"run/a=2"}}, []string{"var/run/a <1 => run/a"}, nil},
		{"case 27: looping links", layers{{"a -> b", "b -> a", "self -> self"}, {"a/x=2", "self/y=2", "z=2"}}, []string{"z <1"}, []string{"symbolic links", "symbolic links"}},
		{"case 27: busybox hard links", layers{{"bin/busybox!=1", "bin/sh => bin/busybox", "bin/ls => /bin/busybox"}}, []string{"bin/busybox <0", "bin/ls <0 => bin/busybox", "bin/sh <0 => bin/busybox"}, nil},
		{"case 27: a hard link into a lower layer", layers{{"a=1"}, {"b => a"}}, []string{"a <0", "b <0 => a"}, nil},
		{"a hard link keeps the content that its target had", layers{{"a=1", "b => a"}, {"a=2"}, {".wh.a"}}, []string{"b <0 => a"}, nil},
		{"a hard link through a link", layers{{"usr/bin/x=1", "bin -> usr/bin", "y => bin/x"}}, []string{"usr/bin/x <0", "y <0 => usr/bin/x"}, nil},
		{"a hard link to a hard link", layers{{"a=1", "b => a"}, {"c => b", ".wh.a"}}, []string{"b <0 => a", "c <0 => a"}, nil},
		{"a hard link to a symbolic link is one", layers{{"a=1", "l -> a", "m => l"}}, []string{"a <0"}, nil},
		{"a hard link to nothing", layers{{"b => a", "c=1"}}, []string{"c <0"}, []string{`hard link to "a", which does not exist`}},
		{"a hard link to a folder", layers{{"d/x=1", "b => d"}}, []string{"d/x <0"}, []string{"which is a folder"}},
		{"a hard link to itself", layers{{"a=1", "a => a"}}, []string{"a <0"}, []string{"itself"}},

		{"a file over a folder removes what was in it", layers{{"d/a=1", "d/b/c=1"}, {"d=2"}}, []string{"d <1"}, nil},
		{"a link over a folder removes what was in it", layers{{"d/a=1", "e/x=1"}, {"d -> e"}, {"d/y=3"}}, []string{"e/x <0", "e/y <2 => d/y"}, nil},
		{"a folder over a folder keeps what is in it", layers{{"d/a=1"}, {"d/", "d/b=2"}}, []string{"d/a <0", "d/b <1"}, nil},
		{"a folder over a link replaces the link", layers{{"usr/lib/a=1", "lib -> usr/lib"}, {"lib/", "lib/b=2"}}, []string{"lib/b <1", "usr/lib/a <0"}, nil},
		{"a folder over a file replaces the file", layers{{"d=1"}, {"d/", "d/a=2"}}, []string{"d/a <1"}, nil},
		{"a folder and a file in turn", layers{{"d/a=1"}, {"d=2"}, {"d/", "d/b=3"}}, []string{"d/b <2"}, nil},
		{"a device over a file", layers{{"d=1", "e=1"}, {"d%"}}, []string{"e <0"}, nil},
		{"a path through a file", layers{{"f=1"}, {"f/a/b=2"}}, []string{"f/a/b <1"}, []string{`goes through "f"`}},
		{"a path through a link to a file takes the link's place", layers{{"bin/sh=1", "l -> bin/sh"}, {"l/a=2"}}, []string{"bin/sh <0", "l/a <1"}, []string{`goes through "l"`}},

		{"names are cleaned", layers{{"./a=", "/b=", "c//d=", "./e/./f="}}, []string{"a <0", "b <0", "c/d <0", "e/f <0"}, nil},
		{"names that climb are held at the root", layers{{"../../x=", "a/../../y=", "../.wh.z"}}, []string{"x <0", "y <0"}, []string{"leaves the root", "leaves the root", "leaves the root"}},
		{"the root's own entry", layers{{"./", "/", "a="}}, []string{"a <0"}, nil},
		{"names that no file system takes", layers{{strings.Repeat("n", 256) + "=", strings.Repeat("d/", 2048) + "x=", "a="}}, []string{"a <0"}, []string{"255 bytes", "4095 bytes"}},
		{"no layers", nil, nil, nil},
		{"empty layers", layers{{}, {}}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var indexes []*LayerIndex
			for _, lines := range test.layers {
				indexes = append(indexes, indexOf(t, lines...))
			}
			tree, err := Merge(indexes)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, listing(tree)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			problems := tree.Problems()
			if len(problems) != len(test.problems) {
				t.Fatalf("problems: got %v, want %d", problems, len(test.problems))
			}
			for i, want := range test.problems {
				if !strings.Contains(problems[i].Why, want) {
					t.Errorf("problem %d: got %q, want %q in it", i, problems[i].Why, want)
				}
			}
		})
	}
}

func TestResolve(t *testing.T) {
	tree, err := Merge([]*LayerIndex{
		indexOf(t, "usr/bin/busybox!=1", "usr/bin/sh => usr/bin/busybox", "bin -> usr/bin", "etc/alternatives/awk -> /bin/busybox", "bin2 -> /../bin/", "dangling -> nowhere", "loop -> loop", "chain0=end"),
		indexOf(t, "usr/lib/os-release=2", "etc/os-release -> ../usr/lib/os-release"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path, real string
		layer      int
		exists     bool
	}{
		{"usr/bin/busybox", "usr/bin/busybox", 0, true},
		{"/usr//bin/./busybox", "usr/bin/busybox", 0, true},
		{"bin/sh", "usr/bin/sh", 0, true},
		{"bin2/sh", "usr/bin/sh", 0, true},
		{"etc/alternatives/awk", "usr/bin/busybox", 0, true},
		{"etc/os-release", "usr/lib/os-release", 1, true},
		{"etc/../../../etc/os-release", "usr/lib/os-release", 1, true},
		{"bin", "usr/bin", 0, true},
		{"", "", 0, true},
		{"/", "", 0, true},
		{"dangling", "", 0, false},
		{"loop", "", 0, false},
		{"chain0/x", "", 0, false},
		{"chain0/..", "", 0, false},
		{"no/such", "", 0, false},
	} {
		t.Run(test.path, func(t *testing.T) {
			node, exists := tree.Resolve(test.path)
			if exists != test.exists {
				t.Fatalf("exists: got %v, want %v", exists, test.exists)
			}
			if exists && (node.Path != test.real || node.Layer != test.layer) {
				t.Errorf("got %q of layer %d, want %q of layer %d", node.Path, node.Layer, test.real, test.layer)
			}
		})
	}
	if got, want := slices.Collect(tree.Children("bin2")), []string{"busybox", "sh"}; !slices.Equal(got, want) {
		t.Errorf("children of bin2: got %q, want %q", got, want)
	}
	if got := slices.Collect(tree.Children("chain0")); got != nil {
		t.Errorf("children of a file: got %q, want none", got)
	}
	if node, _ := tree.Resolve("usr"); !node.IsDirectory() || node.Entry != nil {
		t.Errorf("usr: got %+v, want a folder that has no entry", node)
	}
}

// A path may go through 255 links, as in containerd, and no more.
func TestResolveHops(t *testing.T) {
	lines := []string{"link0=end"}
	for i := range 256 {
		lines = append(lines, fmt.Sprintf("link%d -> link%d", i+1, i))
	}
	tree, err := Merge([]*LayerIndex{indexOf(t, lines...)})
	if err != nil {
		t.Fatal(err)
	}
	if node, exists := tree.Resolve("link255"); !exists || node.Path != "link0" {
		t.Errorf("255 links: got %v, want link0", node)
	}
	if _, exists := tree.Resolve("link256"); exists {
		t.Error("256 links: resolved")
	}
}

// TestLinkedFolders: links to folders, wherever they are, with the real path; nothing of those that
// lead to files, nowhere, in circles, or to the root.
func TestLinkedFolders(t *testing.T) {
	tree, err := Merge([]*LayerIndex{{Entries: []Entry{
		{Path: "usr/bin/a", Kind: Regular}, {Path: "usr/lib/x-1/y", Kind: Regular},
		{Path: "bin", Kind: Symlink, Link: "usr/bin"}, {Path: "sbin", Kind: Symlink, Link: "usr/sbin"}, {Path: "usr/sbin", Kind: Symlink, Link: "bin"},
		{Path: "usr/lib/x", Kind: Symlink, Link: "x-1"}, {Path: "up", Kind: Symlink, Link: "../../bin/../lib"},
		{Path: "file", Kind: Symlink, Link: "usr/bin/a"}, {Path: "nowhere", Kind: Symlink, Link: "gone"}, {Path: "circle", Kind: Symlink, Link: "circle"},
		{Path: "root", Kind: Symlink, Link: "/"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for link, folder := range tree.LinkedFolders() {
		got = append(got, link+" "+folder)
	}
	want := []string{"bin usr/bin", "sbin usr/bin", "up usr/lib", "usr/lib/x usr/lib/x-1", "usr/sbin usr/bin"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range tree.LinkedFolders() {
		break // whoever stops early may
	}
}

func TestMergeKeepsProblemsFew(t *testing.T) {
	layer := &LayerIndex{}
	for range 3 * maxProblems {
		layer.Entries = append(layer.Entries, Entry{Path: "a", Kind: Hardlink, Link: "b"})
	}
	tree, err := Merge([]*LayerIndex{layer})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(tree.Problems()); n != maxProblems+1 {
		t.Errorf("got %d problems, want %d and one that says so", n, maxProblems)
	}
}

// A few megabytes of tar must not name billions of folders, nor billions of steps through links.
func TestMergeBounds(t *testing.T) {
	for name, test := range map[string]struct{ implied, steps int }{
		"folders": {implied: 10, steps: 1000},
		"steps":   {implied: 1000, steps: 10},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMerger(1)
			m.implied, m.walk.steps = test.implied, test.steps
			e := &Entry{Path: "a/b/c/d/e/f/g/h/i/j/k/l/m", Kind: Regular}
			if err := m.apply(e); err == nil || !strings.Contains(err.Error(), "not made in good faith") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Time must not grow with the square of the entries: opaque marks, whiteouts and replaced folders
// over and over in one folder.
func TestMergeIsLinear(t *testing.T) {
	const n = 50_000
	lower, upper := &LayerIndex{}, &LayerIndex{}
	for i := range n {
		lower.Entries = append(lower.Entries, Entry{Path: fmt.Sprintf("d/%d", i), Kind: Regular})
		upper.Entries = append(upper.Entries,
			Entry{Path: fmt.Sprintf("d/u%d", i), Kind: Regular},
			Entry{Path: "d", Kind: Opaque},
			Entry{Path: "d", Kind: Whiteout})
	}
	tree, err := Merge([]*LayerIndex{lower, upper})
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for range tree.Files() {
		count++
	}
	if count != n {
		t.Errorf("got %d files, want %d", count, n)
	}
}
