package scan

import (
	"archive/zip"
	"bytes"
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

// TestFilesSeenBeforeAreNotParsedAgain: in another image, at another path, beside other files.
func TestFilesSeenBeforeAreNotParsedAgain(t *testing.T) {
	path, err := os.Executable() // the running test is a Go program
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		extractor, suffix string
		content           []byte
	}{
		{"gobinary", "", program},
		{"jar", ".jar", javaArchive(t)},
	} {
		t.Run(test.extractor, func(t *testing.T) {
			var visits atomic.Int32
			var extractors []extract.Extractor
			for _, e := range extract.All() {
				if e.Name() == test.extractor {
					e = countingVisits{e, &visits}
				}
				extractors = append(extractors, e)
			}
			first := open(t, []assemble.File{{Path: "bin/first" + test.suffix, Mode: 0o755, Body: test.content}})
			second := open(t,
				[]assemble.File{{Path: "etc/os-release", Body: []byte(osRelease)}},
				[]assemble.File{{Path: "opt/same" + test.suffix, Mode: 0o644, Body: test.content}, {Path: "opt/again" + test.suffix, Mode: 0o755, Body: test.content}})
			opts := options(t)
			found := [][]string{purls(t, opts, first, extractors), purls(t, opts, second, extractors)}
			if visits.Load() != 1 {
				t.Errorf("parsed %d times, want once", visits.Load())
			}
			if len(found[0]) == 0 {
				t.Error("no package was found")
			}
			if diff := cmp.Diff(found[0], found[1]); diff != "" {
				t.Errorf("the second image differs:\n%s", diff)
			}
		})
	}
}

// purls lists what a scan of an image finds.
func purls(t *testing.T, opts Options, img *image.Image, extractors []extract.Extractor) []string {
	t.Helper()
	s := &scanner{opts: opts, image: img, extractors: extractors}
	content, _, err := s.content(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, p := range content.Packages {
		list = append(list, p.PURL)
	}
	return list
}

// javaArchive is a jar that names itself.
func javaArchive(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	file, err := w.Create("META-INF/maven/org.a/a/pom.properties")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte("groupId=org.a\nartifactId=a\nversion=1.0\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
