package record

import (
	"hash/fnv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/inventory"
)

func TestSumPathIsFNV1a(t *testing.T) {
	for _, path := range []string{"", "a", "usr/lib/python3/dist-packages/six.py", strings.Repeat("x", 5000)} {
		h := fnv.New64a()
		h.Write([]byte(path))
		if got := SumPath("/" + path); got != PathSum(h.Sum64()) || SumPath([]byte(path)) != got {
			t.Errorf("%.40q: %x, want %x", path, got, h.Sum64())
		}
	}
}

// TestOwners: hard case 9, a language package that the distribution's package brought is marked,
// and its copy beside it is a package of its own.
func TestOwners(t *testing.T) {
	const module, owner = "pkg:pypi/urllib3@1", "pkg:deb/debian/python3-urllib3@1"
	for _, test := range []struct {
		name, lists string
		links       [][2]string
		locations   []string
		want        []string // owner, then the locations
	}{
		{"owned", "/usr/lib/python3/urllib3/METADATA", nil,
			[]string{"usr/lib/python3/urllib3/METADATA"}, []string{owner + " usr/lib/python3/urllib3/METADATA"}},
		{"nobody's", "/usr/lib/python3/urllib3/METADATA", nil,
			[]string{"opt/urllib3/METADATA"}, []string{" opt/urllib3/METADATA"}},
		{"one of each", "/usr/lib/python3/urllib3/METADATA", nil,
			[]string{"opt/urllib3/METADATA", "usr/lib/python3/urllib3/METADATA"},
			[]string{" opt/urllib3/METADATA", owner + " usr/lib/python3/urllib3/METADATA"}},
		{"the list says lib, and lib is usr/lib", "/lib/python3/urllib3/METADATA", [][2]string{{"lib", "usr/lib"}},
			[]string{"usr/lib/python3/urllib3/METADATA"}, []string{owner + " usr/lib/python3/urllib3/METADATA"}},
		{"the list says lib, and two links lead on", "/lib/urllib3/METADATA", [][2]string{{"lib", "usr/lib"}, {"usr/lib/urllib3", "usr/lib/urllib3-1"}},
			[]string{"usr/lib/urllib3-1/METADATA"}, []string{owner + " usr/lib/urllib3-1/METADATA"}},
		{"a folder that begins as the link's", "/lib/urllib3/METADATA", [][2]string{{"lib", "usr/lib"}},
			[]string{"usr/lib64/urllib3/METADATA"}, []string{" usr/lib64/urllib3/METADATA"}},
		{"the list says lib, and lib is no link", "/lib/python3/urllib3/METADATA", nil,
			[]string{"usr/lib/python3/urllib3/METADATA"}, []string{" usr/lib/python3/urllib3/METADATA"}},
		{"inside an archive", "/usr/share/java/a.jar", nil,
			[]string{"usr/share/java/a.jar!/lib/b.jar"}, []string{owner + " usr/share/java/a.jar!/lib/b.jar"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := NewFound(nil)
			for _, l := range test.links {
				found.AddLink(l[0], l[1])
			}
			list := Contents{Packages: []Package{{Owns: []PathSum{SumPath(test.lists)}}}}
			found.AddOwned(File{Data: list.Encode()}, owner)
			found.Add(inventory.Package{PURL: owner, Type: "deb"}, "usr/lib/python3/urllib3/METADATA", 0)
			for _, l := range test.locations {
				found.Add(inventory.Package{PURL: module, Type: "pypi"}, l, 0)
			}
			var got []string
			for _, p := range found.Packages() {
				if p.Type == "deb" {
					if p.OwnedBy != "" {
						t.Errorf("%s is said to be part of %s", p.PURL, p.OwnedBy)
					}
					continue
				}
				line := p.OwnedBy
				for _, l := range p.Locations {
					line += " " + l.Path
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestUnclaimed: hard case 9, what is only guessed at is left out where a package is known.
func TestUnclaimed(t *testing.T) {
	const program = "usr/sbin/nginx"
	for _, test := range []struct {
		name  string
		lists string // what the distribution's package owns
		at    inventory.Package
		path  string // where that one lies
		want  bool
	}{
		{"nobody's", "/usr/sbin/other", inventory.Package{}, "", true},
		{"owned", "/usr/sbin/nginx", inventory.Package{}, "", false},
		{"owned, and listed by a link's name", "/sbin/nginx", inventory.Package{}, "", false},
		{"a sure package in the file", "", inventory.Package{PURL: "pkg:golang/stdlib@1.26.8", Version: "1.26.8"}, program, false},
		{"a sure package inside the file", "", inventory.Package{PURL: "pkg:maven/a/b@1", Version: "1"}, program + "!/b.jar", false},
		{"a sure package elsewhere", "", inventory.Package{PURL: "pkg:golang/stdlib@1.26.8", Version: "1.26.8"}, "usr/bin/go", true},
		{"a package without a version", "", inventory.Package{PURL: "pkg:golang/a"}, program, true},
		{"another guess", "", inventory.Package{PURL: "pkg:generic/a@1", Version: "1", Confidence: inventory.Low}, program, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := NewFound(nil)
			found.AddLink("sbin", "usr/sbin")
			list := Contents{Packages: []Package{{Owns: []PathSum{SumPath(test.lists)}}}}
			found.AddOwned(File{Data: list.Encode()}, "pkg:deb/debian/nginx@1")
			if test.path != "" {
				found.Add(test.at, test.path, 0)
			}
			left := found.Unclaimed([]File{{Path: program}})
			if got := len(left) == 1; got != test.want {
				t.Errorf("left %v, want it left: %v", left, test.want)
			}
		})
	}
}

// TestNamesAreFew: links that multiply a file's names, or lead in circles, end.
func TestNamesAreFew(t *testing.T) {
	found := NewFound(nil)
	for _, folder := range []string{"a", "a/b", "a/b/c"} {
		for i := range 100 {
			found.AddLink(folder+strings.Repeat("x", i+1), folder)
			found.AddLink(folder, folder+strings.Repeat("x", i+1))
		}
	}
	names := found.namesOf("a/b/c/d")
	if len(names) != maxNames || names[0] != "a/b/c/d" {
		t.Errorf("%d names: %q", len(names), names)
	}
}

func TestBroughtFolders(t *testing.T) {
	found := NewFound(nil)
	for _, folder := range []string{"app/node_modules/a/", "no-slash", "usr/bin/", "bin/", "usr/local/lib/", "opt/", "/", ""} {
		found.AddFolder(folder)
	}
	files := []string{"app/node_modules/a/x/y", "app/node_modules/ab", "no-slash/x", "usr/bin/x", "bin/x", "usr/local/lib/x", "opt/x", "x"}
	if diff := cmp.Diff([]bool{true, false, false, false, false, false, false, false}, found.Brought(files)); diff != "" {
		t.Error(diff)
	}
}
