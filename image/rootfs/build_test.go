package rootfs

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/image"
)

// These make the layers of the tests: one line of text is one entry.
//
//	dir/            a folder
//	file=content    a regular file; file! is executable
//	link -> target  a symbolic link
//	name => target  a hard link
//	dir/.wh.name    a whiteout, and dir/.wh..wh..opq an opaque mark, by name alone
//	name%           a device

func tarOf(t testing.TB, lines ...string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	for _, line := range lines {
		h, content := headerOf(line)
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func headerOf(line string) (h *tar.Header, content string) {
	if name, target, ok := strings.Cut(line, " -> "); ok {
		return &tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target, Mode: 0o777}, ""
	}
	if name, target, ok := strings.Cut(line, " => "); ok {
		return &tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: target}, ""
	}
	if name, ok := strings.CutSuffix(line, "%"); ok {
		return &tar.Header{Name: name, Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}, ""
	}
	name, content, isFile := strings.Cut(line, "=")
	if !isFile && strings.HasSuffix(name, "/") {
		return &tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}, ""
	}
	mode := int64(0o644)
	if strings.HasSuffix(name, "!") {
		name, mode = strings.TrimSuffix(name, "!"), 0o755
	}
	return &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: mode, Size: int64(len(content))}, content
}

func gzipOf(t testing.TB, plain []byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// layerOf is a layer of stored bytes whose tar is plain, named by what they are.
func layerOf(stored, plain []byte) image.Layer {
	return image.Layer{
		Digest: image.DigestOf(stored),
		DiffID: image.DigestOf(plain),
		Size:   int64(len(stored)),
		Blob: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(stored)), nil
		},
	}
}

// indexOf reads a layer of entries.
func indexOf(t testing.TB, lines ...string) *LayerIndex {
	t.Helper()
	plain := tarOf(t, lines...)
	index, err := Read(t.Context(), layerOf(plain, plain), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// watch is a visitor made of functions.
type watch struct {
	name  string
	wants func(e *Entry, head []byte) Want
	visit func(ctx context.Context, f *File) ([]byte, error)
}

func (w watch) Name() string                     { return w.name }
func (w watch) Version() int                     { return 1 }
func (w watch) Wants(e *Entry, head []byte) Want { return w.wants(e, head) }
func (w watch) Visit(ctx context.Context, f *File) ([]byte, error) {
	return w.visit(ctx, f)
}

func always(want Want) func(*Entry, []byte) Want {
	return func(*Entry, []byte) Want { return want }
}

// reading is a visitor that returns all of each file.
func reading(name string, want Want) watch {
	return watch{name, always(want), func(_ context.Context, f *File) ([]byte, error) { return io.ReadAll(f) }}
}
