// Package listingtest holds the extractors of package listing to what each must keep, so that the
// tests of a format are a table and a list of seeds. It is for tests only.
package listingtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// Case is one file and what is said of it.
type Case struct {
	Name, Path string
	Content    string
	File       string   // where the content lies, if it is not given: testdata/go.lock
	Want       []string // purls, each with its licences behind it in brackets
	Gaps       []string // code, a space and a part of the reason
}

// Run runs a table.
func Run(t *testing.T, e listing.Extractor, cases []Case) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			packages, gaps := Read(t, e, c.Path, content(t, c))
			if !slices.Equal(c.Want, packages) {
				t.Errorf("packages %q, want %q", packages, c.Want)
			}
			if len(gaps) != len(c.Gaps) {
				t.Fatalf("gaps %q, want %q", gaps, c.Gaps)
			}
			for i, want := range c.Gaps {
				code, why, _ := strings.Cut(want, " ")
				if !strings.HasPrefix(gaps[i], code+" ") || !strings.Contains(gaps[i], why) {
					t.Errorf("gap %q, want %q", gaps[i], want)
				}
			}
		})
	}
}

func content(t *testing.T, c Case) []byte {
	t.Helper()
	if c.File == "" {
		return []byte(c.Content)
	}
	content, err := os.ReadFile(c.File)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// Read returns what an image with this one file is said to hold.
func Read(t *testing.T, e listing.Extractor, path string, content []byte) (packages, gaps []string) {
	t.Helper()
	entry := &rootfs.Entry{Path: path, Kind: rootfs.Regular, Size: int64(len(content))}
	if want := e.Wants(entry, content[:min(len(content), rootfs.HeadSize)]); want != rootfs.Stream {
		t.Fatalf("%s is not wanted", path)
	}
	file := record.File{Path: path, Read: true}
	var err error
	if file.Data, err = e.Visit(context.Background(), &rootfs.File{Entry: entry, Reader: bytes.NewReader(content)}); err != nil {
		file.Problem = err.Error()
	}
	found := record.NewFound(nil)
	e.Assemble([]record.File{file}, found)
	for _, p := range found.Packages() {
		packages = append(packages, line(p))
	}
	for _, gap := range found.Coverage().Gaps {
		gaps = append(gaps, gap.Code+" "+gap.Why)
	}
	return packages, gaps
}

func line(p inventory.Package) string {
	if len(p.Licenses) == 0 {
		return p.PURL
	}
	return fmt.Sprintf("%s %v", p.PURL, p.Licenses)
}

// Fuzz fuzzes the parser of the files at a path. No input makes it panic; every package has a
// name that is a word, a version that is one or is missing and is then a gap; the result does
// not depend on how the content arrives; it is bounded by the content's length.
func Fuzz(f *testing.F, e listing.Extractor, path string, seeds ...string) {
	for _, seed := range seeds {
		if name, isFile := strings.CutPrefix(seed, "testdata/"); isFile {
			content, err := os.ReadFile("testdata/" + name)
			if err != nil {
				f.Fatal(err)
			}
			seed = string(content)
		}
		f.Add([]byte(seed))
	}
	entry := &rootfs.Entry{Path: path, Kind: rootfs.Regular}
	f.Fuzz(func(t *testing.T, content []byte) {
		visit := func(r io.Reader) []byte {
			data, _ := e.Visit(context.Background(), &rootfs.File{Entry: entry, Reader: r})
			return data
		}
		data := visit(bytes.NewReader(content))
		if again := visit(iotest.HalfReader(bytes.NewReader(content))); !bytes.Equal(data, again) {
			t.Fatalf("read in halves it gives %q, not %q", again, data)
		}
		contents, err := record.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		check(t, contents, len(content))
	})
}

func check(t *testing.T, contents record.Contents, size int) {
	t.Helper()
	unversioned := false
	for _, p := range contents.Packages {
		if !record.IsWord([]byte(p.Name)) || p.Version != "" && !record.IsWord([]byte(p.Version)) {
			t.Fatalf("name or version is no word: %+v", p)
		}
		unversioned = unversioned || p.Version == ""
	}
	said := false
	for _, gap := range contents.Gaps {
		said = said || gap.Code == record.UnversionedPackage
	}
	if unversioned && !said {
		t.Error("a package without a version, and no gap")
	}
	if len(contents.Packages) > 1+size {
		t.Errorf("%d packages in %d bytes", len(contents.Packages), size)
	}
}
