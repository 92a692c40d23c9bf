package json

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/report/diff"
	"plimsoll.dev/plimsoll/report/internal/example"
)

func TestGoldenDiffs(t *testing.T) {
	for name, pair := range example.Pairs() {
		var b bytes.Buffer
		if err := WriteDiff(&b, diff.Of(pair[0], pair[1])); err != nil {
			t.Fatal(err)
		}
		checkPrintable(t, b.Bytes())
		path := filepath.Join("testdata", "diff", name+".golden.json")
		if *update {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("read the golden file: %v: run go test ./report/json -update", err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s (-golden +written):\n%s", path, diff)
		}
	}
}

func TestDiffListsAreNeverNull(t *testing.T) {
	var b bytes.Buffer
	if err := WriteDiff(&b, diff.Of(example.Empty(), example.Empty())); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes(), []byte("null")) {
		t.Errorf("a list is null:\n%s", b.Bytes())
	}
}
