package table

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/diff"
	"plimsoll.dev/plimsoll/report/internal/example"
)

func renderDiff(t *testing.T, o Options, pair [2]*report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := (Sink{Options: o}).WriteDiff(&b, diff.Of(pair[0], pair[1])); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGoldenDiffs(t *testing.T) {
	layouts := map[string]Options{"80": {Width: 80}, "120.color": {Width: 120, Color: true}}
	for name, pair := range example.Pairs() {
		for layout, o := range layouts {
			got := renderDiff(t, o, pair)
			path := filepath.Join("testdata", "diff", name+"."+layout+".txt")
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
		}
	}
}

// TestDiffsKeepTheirLayout: each line is printable, fits the width and is no command to a build
// system; and without its colours, the text is that written without them.
func TestDiffsKeepTheirLayout(t *testing.T) {
	for name, pair := range example.Pairs() {
		for _, width := range []int{narrowest, 97, widest} {
			bare := renderDiff(t, Options{Width: width, All: true}, pair)
			for line := range strings.SplitSeq(bare, "\n") {
				if strings.ContainsFunc(line, unprintable) || report.Line(line) != line || columns(line) > width {
					t.Errorf("%s at %d: %q", name, width, line)
				}
			}
			if painted := colors.ReplaceAllString(renderDiff(t, Options{Width: width, All: true, Color: true}, pair), ""); painted != bare {
				t.Errorf("%s: with colours:\n%s\nwithout:\n%s", name, painted, bare)
			}
		}
	}
}

func TestAFailedWriteOfADiffIsReported(t *testing.T) {
	err := Sink{}.WriteDiff(failing{}, diff.Of(example.Denied(), example.Denied()))
	if err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("WriteDiff returned %v", err)
	}
}
