package scan

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/layout"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/internal/assemble"
	"plimsoll.dev/plimsoll/internal/cache"
	"plimsoll.dev/plimsoll/inventory"
)

const osRelease = "ID=alpine\nVERSION_ID=3.20.3\n"

func installed(packages ...string) []byte {
	var b strings.Builder
	for _, p := range packages {
		name, version, _ := strings.Cut(p, " ")
		b.WriteString("P:" + name + "\nV:" + version + "\nA:x86_64\no:" + name + "\n\n")
	}
	return []byte(b.String())
}

// open assembles an image of the layers given and opens it.
func open(t *testing.T, layers ...[]assemble.File) *image.Image {
	t.Helper()
	img := assemble.Image{Platform: image.DefaultPlatform()}
	for _, files := range layers {
		blob, err := assemble.Layer(files, assemble.Gzip)
		if err != nil {
			t.Fatal(err)
		}
		img.Layers = append(img.Layers, blob)
	}
	return load(t, img)
}

func load(t *testing.T, img assemble.Image) *image.Image {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	if err := assemble.WriteLayout(dir, "v1", img); err != nil {
		t.Fatal(err)
	}
	source, err := layout.Open(dir, "", layout.Options{Reference: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close() })
	opened, err := source.Image(t.Context(), image.DefaultPlatform())
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func options(t *testing.T) Options {
	t.Helper()
	results, err := cache.Open(filepath.Join(t.TempDir(), "cache"), cache.DefaultSize)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Limits: rootfs.DefaultLimits(), Memory: DefaultMemory, Cache: results}
}

func run(t *testing.T, img *image.Image, opts Options) *Result {
	t.Helper()
	result, err := Run(t.Context(), img, opts)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// names lists packages as name@version with the number of their layer.
func names(img *image.Image, packages []inventory.Package) []string {
	var list []string
	for _, p := range packages {
		for i, l := range img.Layers {
			if l.DiffID == p.Locations[0].Layer {
				list = append(list, p.Name+"@"+p.Version+" layer "+string(rune('0'+i)))
			}
		}
	}
	return list
}

func TestPackagesOfMergedLayers(t *testing.T) {
	// Hard case 25: a package belongs to the layer in which its version first appeared, not to
	// the last rewrite of the database. Hard case 26: what is removed is gone.
	img := open(t,
		[]assemble.File{{Path: "etc/os-release", Body: []byte(osRelease)}, {Path: "lib/apk/db/installed", Body: installed("musl 1.2.5-r0", "zlib 1.3-r0", "gone 1-r0")}},
		[]assemble.File{{Path: "lib/apk/db/installed", Body: installed("musl 1.2.5-r0", "zlib 1.3.1-r0", "new 2-r0")}})
	got := names(img, run(t, img, options(t)).Facts.Packages)
	want := []string{"musl@1.2.5-r0 layer 0", "new@2-r0 layer 1", "zlib@1.3.1-r0 layer 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDatabaseBehindLinks(t *testing.T) {
	// Hard case 27: the database's folder is a symbolic link into another layer's folder, so the
	// pass cannot know the file; it is read again after the merge.
	img := open(t,
		[]assemble.File{{Path: "data/apk/installed", Body: installed("musl 1.2.5-r0")}, {Path: "usr/lib/os-release", Body: []byte(osRelease)}},
		[]assemble.File{{Path: "lib/apk/db", Type: tar.TypeSymlink, Link: "/data/apk"}, {Path: "etc/os-release", Type: tar.TypeSymlink, Link: "../usr/lib/os-release"}})
	facts := run(t, img, options(t)).Facts
	if diff := cmp.Diff([]string{"musl@1.2.5-r0 layer 0"}, names(img, facts.Packages)); diff != "" {
		t.Error(diff)
	}
	if facts.Distro == nil || facts.Distro.ID != "alpine" {
		t.Errorf("distribution is %+v, want alpine", facts.Distro)
	}
}

func TestExecutableManifest(t *testing.T) {
	img := open(t,
		[]assemble.File{
			{Path: "bin/by-mode", Mode: 0o755, Body: []byte("data")},
			{Path: "lib/by-magic.so", Mode: 0o644, Body: []byte("\x7fELF and more")},
			{Path: "etc/by-interpreter", Mode: 0o644, Body: []byte("#!/bin/sh\n")},
			{Path: "etc/none", Mode: 0o644, Body: []byte("data")},
			{Path: "bin/replaced", Mode: 0o4755, Body: []byte("old")},
			{Path: "bin/removed", Mode: 0o755, Body: []byte("old")},
			{Path: "bin/hard", Type: tar.TypeLink, Link: "bin/by-mode"},
		},
		[]assemble.File{{Path: "bin/replaced", Mode: 0o4755, Body: []byte("new")}, {Path: "bin/.wh.removed"}})
	want := []inventory.Executable{
		{Path: "bin/by-mode", Size: 4, Mode: 0o755, SHA256: image.DigestOf([]byte("data"))},
		{Path: "bin/hard", Size: 4, Mode: 0o755, SHA256: image.DigestOf([]byte("data"))},
		{Path: "bin/replaced", Size: 3, Mode: 0o4755, SHA256: image.DigestOf([]byte("new"))},
		{Path: "etc/by-interpreter", Size: 10, Mode: 0o644, SHA256: image.DigestOf([]byte("#!/bin/sh\n"))},
		{Path: "lib/by-magic.so", Size: 13, Mode: 0o644, SHA256: image.DigestOf([]byte("\x7fELF and more"))},
	}
	var got inventory.Manifest
	if err := json.Unmarshal(run(t, img, options(t)).Manifest, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Files, cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

// counting makes an image count how often its layers are opened.
func counting(img *image.Image) (*image.Image, *atomic.Int32) {
	opened := new(atomic.Int32)
	counted := *img
	counted.Layers = append([]image.Layer(nil), img.Layers...)
	for i := range counted.Layers {
		blob := counted.Layers[i].Blob
		counted.Layers[i].Blob = func(ctx context.Context) (io.ReadCloser, error) {
			opened.Add(1)
			return blob(ctx)
		}
	}
	return &counted, opened
}

func TestSecondScanReadsNothing(t *testing.T) {
	opts := options(t)
	img, opened := counting(open(t,
		[]assemble.File{{Path: "etc/os-release", Body: []byte(osRelease)}},
		[]assemble.File{{Path: "lib/apk/db/installed", Body: installed("musl 1.2.5-r0")}, {Path: "bin/sh", Mode: 0o755, Body: []byte("x")}}))
	first := run(t, img, opts)
	reads := opened.Load()
	second := run(t, img, opts)
	if opened.Load() != reads {
		t.Errorf("the second scan opened %d layers", opened.Load()-reads)
	}
	a, errA := json.Marshal(first)
	b, errB := json.Marshal(second)
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Errorf("cached and uncached results differ:\n%s\n%s", a, b)
	}
}

// TestUnpackedLengths: the length of a layer's tar is the same however it is stored, read now or
// remembered.
func TestUnpackedLengths(t *testing.T) {
	files := []assemble.File{{Path: "a", Body: []byte(strings.Repeat("content ", 10_000))}}
	plain, err := assemble.Layer(files, assemble.None)
	if err != nil {
		t.Fatal(err)
	}
	for name, compression := range map[string]assemble.Compression{"plain": assemble.None, "gzip": assemble.Gzip, "zstd": assemble.Zstd} {
		t.Run(name, func(t *testing.T) {
			blob, err := assemble.Layer(files, compression)
			if err != nil {
				t.Fatal(err)
			}
			img, opts := load(t, assemble.Image{Platform: image.DefaultPlatform(), Layers: []assemble.Blob{blob, blob}}), options(t)
			for _, when := range []string{"cold", "warm"} {
				for i, layer := range run(t, img, opts).Facts.Target.Layers {
					if layer.Unpacked != plain.Size || layer.Size != blob.Size {
						t.Errorf("%s: layer %d has %d bytes, %d unpacked; want %d and %d", when, i, layer.Size, layer.Unpacked, blob.Size, plain.Size)
					}
				}
			}
		})
	}
}

func TestSharedLayerIsReadOnce(t *testing.T) {
	opts := options(t)
	base := []assemble.File{{Path: "etc/os-release", Body: []byte(osRelease)}}
	run(t, open(t, base), opts)
	img, opened := counting(open(t, base, []assemble.File{{Path: "lib/apk/db/installed", Body: installed("musl 1.2.5-r0")}}))
	run(t, img, opts)
	if opened.Load() != 1 {
		t.Errorf("opened %d layers, want only the new one", opened.Load())
	}
}

func TestClaimedDiffIDIsNoKey(t *testing.T) {
	// An image whose configuration claims the diffIDs of a known good image, and whose manifest
	// names other layers, must not get the good image's facts out of the cache.
	opts := options(t)
	good, err := assemble.Layer([]assemble.File{{Path: "lib/apk/db/installed", Body: installed("good 1-r0")}}, assemble.Gzip)
	if err != nil {
		t.Fatal(err)
	}
	run(t, load(t, assemble.Image{Platform: image.DefaultPlatform(), Layers: []assemble.Blob{good}}), opts)
	bad, err := assemble.Layer([]assemble.File{{Path: "lib/apk/db/installed", Body: installed("bad 1-r0")}}, assemble.Gzip)
	if err != nil {
		t.Fatal(err)
	}
	lie := bad
	lie.DiffID = good.DiffID
	img := load(t, assemble.Image{Platform: image.DefaultPlatform(), Layers: []assemble.Blob{lie}})
	_, err = Run(t.Context(), img, opts)
	var mismatch *image.DigestError
	if !errors.As(err, &mismatch) {
		t.Fatalf("got %v, want a digest error", err)
	}
	if mismatch.Want != good.DiffID || mismatch.Got != bad.DiffID {
		t.Errorf("the error names %v and %v, want the claimed %v and the real %v", mismatch.Want, mismatch.Got, good.DiffID, bad.DiffID)
	}
	for _, d := range []image.Digest{mismatch.Want, mismatch.Got} {
		if !strings.Contains(err.Error(), d.String()) {
			t.Errorf("%q does not name %s", err, d)
		}
	}
}

func TestLayersWithoutDigestAreHashedBeforeTheyAreBelieved(t *testing.T) {
	// A docker-archive does not name its layers' stored bytes: the same rule holds.
	opts := options(t)
	img, opened := counting(open(t, []assemble.File{{Path: "lib/apk/db/installed", Body: installed("good 1-r0")}}))
	img.Layers[0].Digest = image.Digest{}
	run(t, img, opts)
	run(t, img, opts)
	if got := opened.Load(); got != 2 {
		t.Errorf("the layer was opened %d times, want once to read and once to hash", got)
	}
	other := open(t, []assemble.File{{Path: "lib/apk/db/installed", Body: installed("bad 1-r0")}})
	lie := *img
	lie.Layers = []image.Layer{img.Layers[0]}
	lie.Layers[0].Blob = other.Layers[0].Blob
	lie.Layers[0].Size = 0
	var mismatch *image.DigestError
	if _, err := Run(t.Context(), &lie, opts); !errors.As(err, &mismatch) {
		t.Errorf("got %v, want a digest error", err)
	}
}

func TestFailedScanLeavesNoFacts(t *testing.T) {
	opts := options(t)
	opts.Limits.Entries = 1
	img := open(t, []assemble.File{{Path: "a", Body: []byte("a")}, {Path: "b", Body: []byte("b")}})
	_, err := Run(t.Context(), img, opts)
	var limit *rootfs.LimitError
	if !errors.As(err, &limit) || limit.Flag != "--max-entries" {
		t.Fatalf("got %v, want a limit error that names --max-entries", err)
	}
	opts.Limits = rootfs.DefaultLimits()
	if got := len(run(t, img, opts).Facts.Packages); got != 0 {
		t.Errorf("%d packages", got)
	}
}
