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
