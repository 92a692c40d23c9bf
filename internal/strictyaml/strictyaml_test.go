package strictyaml

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestDocument(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{ // want: a part of the error, empty for none
		{"one", "a: 1\n", ""},
		{"one, and an empty one", "a: 1\n---\n", ""},
		{"two", "a: 1\n---\na: 2\n", "ship.yaml:3:1: a second document begins here; write a file for each"},
		{"none", "# nothing\n", "ship.yaml:1:1: the file is empty"},
		{"one that is refused", "a: &x 1\n", "ship.yaml:1:4: a YAML anchor (&x) is not allowed in a ship; write the value out where it is needed"},
		{"as large as it may be", "a: " + strings.Repeat("x", 61), ""},
		{"larger", "a: " + strings.Repeat("x", 62), "ship.yaml:1:1: the file has 65 bytes; a ship's may have 64: split it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, count := New("ship.yaml", Language{Name: "a ship", MaxSize: 64}), 0
			d.Document([]byte(c.text), func(*yaml.Node) { count++ })
			if err := d.Err(); c.want == "" && (err != nil || count != 1) || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) || count > 1 {
				t.Errorf("read %d, %v, want %q", count, err, c.want)
			}
		})
	}
}
