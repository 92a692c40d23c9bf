package table

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/internal/example"
)

var update = flag.Bool("update", false, "write the golden files anew")

var _ report.Sink = Sink{}

func render(t *testing.T, o Options, r *report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := (Sink{Options: o}).Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// colors matches the escape sequences that the table itself writes.
var colors = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestGolden(t *testing.T) {
	layouts := map[string]Options{
		"80": {Width: 80}, "120": {Width: 120}, "120.color": {Width: 120, Color: true}, "80.all": {Width: 80, All: true},
	}
	for name, r := range example.All() {
		for layout, o := range layouts {
			t.Run(name+"/"+layout, func(t *testing.T) {
				got := render(t, o, r)
				path := filepath.Join("testdata", name+"."+layout+".txt")
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatalf("read the golden file: %v: run go test ./report/table -update", err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("%s (-golden +written):\n%s", path, diff)
				}
			})
		}
	}
}

func TestNoLineIsWiderThanAsked(t *testing.T) {
	for name, r := range example.All() {
		for width := narrowest; width <= widest; width++ {
			for _, line := range strings.Split(render(t, Options{Width: width, Color: width%2 == 0}, r), "\n") {
				if n := columns(line); n > width {
					t.Errorf("%s at %d columns: a line of %d: %q", name, width, n, line)
				}
			}
		}
	}
}
