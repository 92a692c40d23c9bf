package scan

import (
	"context"
	"os"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/internal/assemble"
	"plimsoll.dev/plimsoll/inventory/extract"
)

// countingVisits counts how many files an extractor parses.
type countingVisits struct {
	extract.Extractor
	visits *atomic.Int32
}

func (c countingVisits) Visit(ctx context.Context, f *rootfs.File) ([]byte, error) {
	c.visits.Add(1)
	return c.Extractor.Visit(ctx, f)
}

// TestAProgramSeenBeforeIsNotParsedAgain: in another image, at another path, beside other files.
func TestAProgramSeenBeforeIsNotParsedAgain(t *testing.T) {
	path, err := os.Executable() // the running test is a Go program
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var visits atomic.Int32
	var extractors []extract.Extractor
	for _, e := range extract.All() {
		if e.Name() == "gobinary" {
			e = countingVisits{e, &visits}
		}
		extractors = append(extractors, e)
	}
	first := open(t, []assemble.File{{Path: "bin/program", Mode: 0o755, Body: program}})
	second := open(t,
		[]assemble.File{{Path: "etc/os-release", Body: []byte(osRelease)}},
		[]assemble.File{{Path: "opt/same", Mode: 0o644, Body: program}, {Path: "opt/again", Mode: 0o755, Body: program}})
	opts := options(t)
	var found [][]string
	for _, img := range []*image.Image{first, second} {
		s := &scanner{opts: opts, image: img, extractors: extractors}
		content, _, err := s.content(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var purls []string
		for _, p := range content.Packages {
			purls = append(purls, p.PURL)
		}
		found = append(found, purls)
	}
	if visits.Load() != 1 {
		t.Errorf("parsed %d times, want once", visits.Load())
	}
	if len(found[0]) == 0 {
		t.Error("no package was found in a Go program")
	}
	if diff := cmp.Diff(found[0], found[1]); diff != "" {
		t.Errorf("the second image differs:\n%s", diff)
	}
}
