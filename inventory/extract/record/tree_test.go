package record

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIsInstalledTree(t *testing.T) {
	for path, want := range map[string]bool{
		"app/package-lock.json":                       false,
		"package-lock.json":                           false,
		"app/node_modules/a/package-lock.json":        true,
		"node_modules/a/yarn.lock":                    true,
		"app/my_node_modules/yarn.lock":               false,
		"usr/share/nodejs/a/yarn.lock":                true,
		"usr/lib/python3/dist-packages/a/poetry.lock": true,
		"root/go/pkg/mod/a.test@v1/web/yarn.lock":     true,
		"usr/share/doc/a/examples/package-lock.json":  true,
		"": false,
	} {
		if got := IsInstalledTree(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

func TestAddHolders(t *testing.T) {
	for path, want := range map[string][]string{
		"app/node_modules/a/package.json":                {"app/"},
		"node_modules/a/node_modules/b/package.json":     {"", "node_modules/a/"},
		"app/my_node_modules/a/node_modules_/b/x":        nil,
		"app/node_modules":                               nil,
		"node_modules/node_modules/node_modules/a/x.txt": {"", "node_modules/", "node_modules/node_modules/"},
	} {
		holders := map[string]bool{}
		AddHolders(holders, path, "node_modules")
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(holders))); diff != "" {
			t.Errorf("%s:\n%s", path, diff)
		}
	}
}
