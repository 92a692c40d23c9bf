package record

import "testing"

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
