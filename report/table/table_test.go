package table

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

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
		for width := narrowest; width <= widest; width += 7 {
			for _, line := range strings.Split(render(t, Options{Width: width, Color: width%2 == 0}, r), "\n") {
				if n := columns(line); n > width {
					t.Errorf("%s at %d columns: a line of %d: %q", name, width, n, line)
				}
			}
		}
	}
}

// TestTheLocaleDoesNotMatter runs the golden tests where ambiguous characters are wide.
func TestTheLocaleDoesNotMatter(t *testing.T) {
	for _, variables := range [][]string{{"RUNEWIDTH_EASTASIAN=1", "NO_COLOR=1"}, {"LC_ALL=ja_JP.UTF-8", "TERM=dumb", "TZ=Asia/Tokyo"}} {
		command := exec.Command(os.Args[0], "-test.run=^TestGolden$")
		command.Env = append(os.Environ(), variables...)
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("with %s: %v\n%.2000s", variables, err, out)
		}
	}
}

func TestNothingIsPrintedRaw(t *testing.T) {
	for name, r := range example.All() {
		for line := range strings.SplitSeq(colors.ReplaceAllString(render(t, Options{Color: true, All: true}, r), ""), "\n") {
			if strings.ContainsFunc(line, unprintable) || report.Line(line) != line {
				t.Errorf("%s: %q", name, line)
			}
		}
	}
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// failing is a place that takes nothing.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAFailedWriteIsReported(t *testing.T) {
	err := Sink{}.Write(failing{}, example.Denied())
	if err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("Write returned %v", err)
	}
}
