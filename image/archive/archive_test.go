package archive_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/archive"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/internal/assemble"
)

var _ image.Source = (*archive.Archive)(nil)

func linux(architecture string) image.Platform {
	return image.Platform{OS: "linux", Architecture: architecture}
}

// sample is an image of two layers, stored in different ways.
func sample(t testing.TB, text string) assemble.Image {
	t.Helper()
	one := assemble.Image{Platform: linux("amd64"), CreatedBy: []string{"ADD base", "COPY app"}}
	for i, compression := range []assemble.Compression{assemble.Gzip, assemble.None} {
		layer, err := assemble.Layer([]assemble.File{{Path: fmt.Sprintf("file%d", i), Body: []byte(text)}}, compression)
		if err != nil {
			t.Fatal(err)
		}
		one.Layers = append(one.Layers, layer)
	}
	return one
}

func docker(t testing.TB, name string, one assemble.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := assemble.WriteDockerArchive(&b, name, one); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func oci(t testing.TB, tag string, images ...assemble.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := assemble.WriteOCIArchive(&b, tag, images...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil || w.Close() != nil {
		t.Fatal("gzip failed", err)
	}
	return b.Bytes()
}

func zstandard(t testing.TB, content []byte) []byte {
	t.Helper()
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return encoder.EncodeAll(content, nil)
}

// save writes a file whose name says nothing about it.
func save(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "photo.jpeg")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// read opens an image as a caller would.
func read(t testing.TB, content []byte, options archive.Options) (*image.Image, error) {
	t.Helper()
	a, err := archive.Open(t.Context(), save(t, content), options)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a.Image(t.Context(), linux("amd64"))
}

// wantError checks that there is an error of one readable line that says something.
func wantError(t testing.TB, err error, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one that says %q", says)
	}
	if text := err.Error(); !strings.Contains(text, says) || strings.ContainsAny(text, "\n\x1b") || len(text) > 2000 {
		t.Errorf("error %q; want a line that says %q", text, says)
	}
}

// stored reads a layer's stored bytes.
func stored(t testing.TB, layer image.Layer) []byte {
	t.Helper()
	blob, err := layer.Blob(context.Background())
	if err != nil {
		t.Error(err)
		return nil
	}
	defer blob.Close()
	content, err := io.ReadAll(blob)
	if err != nil || int64(len(content)) != layer.Size {
		t.Errorf("read %d bytes of %d, %v", len(content), layer.Size, err)
	}
	return content
}

func TestOneImageInAllFormats(t *testing.T) {
	one := sample(t, "app")
	var id image.Digest
	for _, c := range []struct {
		name    string
		content []byte
		tag     string
		digest  bool // the manifest digest is known
		from    string
	}{
		{"docker-archive", docker(t, "registry.example/app:1.2", one), "", false, "registry.example/app"},
		{"docker-archive, by name", docker(t, "registry.example/app:1.2", one), "registry.example/app:1.2", false, "registry.example/app"},
		{"docker-archive, by tag", docker(t, "registry.example/app:1.2", one), "1.2", false, "registry.example/app"},
		{"docker-archive without a name", docker(t, "", one), "", false, ""},
		{"docker-archive, gzip", gzipped(t, docker(t, "app:1", one)), "", false, "app"},
		{"docker-archive, zstd", zstandard(t, docker(t, "app:1", one)), "", false, "app"},
		{"oci-archive", oci(t, "1.2", one), "", true, ""},
		{"oci-archive, by tag", oci(t, "1.2", one), "1.2", true, ""},
		{"oci-archive, gzip", gzipped(t, oci(t, "1", one)), "", true, ""},
		{"oci-archive, zstd", zstandard(t, oci(t, "1", one)), "", true, ""},
		{"both at once, as newer Docker versions save", both(t, one, one), "", true, "app"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read(t, c.content, archive.Options{Tag: c.tag})
			if err != nil {
				t.Fatal(err)
			}
			if id.IsZero() {
				id = got.ID
			}
			if got.ID != id || got.Digest.IsZero() == c.digest || got.Repository != c.from || got.Platform != linux("amd64") {
				t.Errorf("got %+v", got)
			}
			for i, layer := range got.Layers {
				want := one.Layers[i]
				if layer.DiffID != want.DiffID || layer.Size != want.Size || layer.CreatedBy != one.CreatedBy[i] || layer.Digest.IsZero() == c.digest {
					t.Errorf("layer %d: got %+v, want %+v", i, layer, want)
				}
				if image.DigestOf(stored(t, layer)) != want.Digest {
					t.Errorf("layer %d has other bytes", i)
				}
			}
		})
	}
}

func TestLayersOpenInParallel(t *testing.T) {
	one := sample(t, "app")
	for _, content := range [][]byte{docker(t, "app:1", one), gzipped(t, oci(t, "1", one))} {
		got, err := read(t, content, archive.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for range 8 {
			for i, layer := range got.Layers {
				group.Go(func() {
					if image.DigestOf(stored(t, layer)) != one.Layers[i].Digest {
						t.Errorf("layer %d has other bytes", i)
					}
				})
			}
		}
		group.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := got.Layers[0].Blob(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("after cancelling: %v", err)
		}
	}
}

func TestSeveralPlatforms(t *testing.T) {
	other := sample(t, "app")
	other.Platform = linux("arm64")
	a, err := archive.Open(t.Context(), save(t, oci(t, "1", sample(t, "app"), other)), archive.Options{Reference: "oci-archive:app"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	got, err := a.Image(t.Context(), linux("arm64"))
	if err != nil || got.Platform != linux("arm64") || got.IndexDigest.IsZero() || got.Reference != "oci-archive:app" {
		t.Errorf("got %+v, %v", got, err)
	}
	if platforms, err := a.Platforms(t.Context()); err != nil || len(platforms) != 2 {
		t.Errorf("platforms %v, %v", platforms, err)
	}
	var elsewhere *image.PlatformError
	if _, err := a.Image(t.Context(), linux("s390x")); !errors.As(err, &elsewhere) || len(elsewhere.Have) != 2 {
		t.Errorf("error %v", err)
	}
	d, err := archive.Open(t.Context(), save(t, docker(t, "app:1", other)), archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	_, err = d.Image(t.Context(), linux("amd64"))
	wantError(t, err, "only for linux/arm64: choose one with --platform")
	if platforms, err := d.Platforms(t.Context()); err != nil || len(platforms) != 1 || platforms[0] != linux("arm64") {
		t.Errorf("platforms %v, %v", platforms, err)
	}
}

func TestWhatIsNoImage(t *testing.T) {
	empty := pack(t)
	rootfsOnly := pack(t, file("etc/os-release", "ID=alpine"))
	for _, c := range []struct {
		name    string
		content []byte
		says    string
	}{
		{"nothing", nil, "is an empty file"},
		{"text", []byte("FROM alpine\n"), "is a plain text file"},
		{"text of other languages", []byte(strings.Repeat("Ladelinie é ", 100)), "is a plain text file"},
		{"JSON", []byte(` {"schemaVersion":2}`), "is a JSON document"},
		{"a zip file", []byte("PK\x03\x04rest"), "is a zip file"},
		{"an xz file", []byte("\xfd7zXZ\x00rest"), "is an xz file"},
		{"a bzip2 file", []byte("BZh9rest"), "is a bzip2 file"},
		{"a program", []byte("\x7fELF\x02\x01"), "is an ELF program"},
		{"noise", []byte("\x00\x01\x02\x03"), "is a file of unknown kind"},
		{"an empty tar", empty, "is a tar file, but holds no image"},
		{"another tar", rootfsOnly, "is a tar file, but holds no image: neither index.json with oci-layout nor manifest.json"},
		{"another tar, gzip", gzipped(t, rootfsOnly), "is a gzip file, but holds no image"},
		{"text, gzip", gzipped(t, []byte("hello")), "is a gzip file of a plain text file, but holds no image"},
		{"nothing, zstd", zstandard(t, nil), "holds no image"},
		{"gzip in gzip", gzipped(t, gzipped(t, docker(t, "app:1", sample(t, "app")))), "is a gzip file of a gzip file"},
		{"an index without oci-layout", pack(t, file("index.json", `{"manifests":[]}`)), "holds no image"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := read(t, c.content, archive.Options{})
			wantError(t, err, c.says)
		})
	}
	_, err := archive.Open(t.Context(), t.TempDir(), archive.Options{})
	wantError(t, err, "use oci:DIR")
	_, err = archive.Open(t.Context(), filepath.Join(t.TempDir(), "nowhere.tar"), archive.Options{})
	wantError(t, err, "nowhere.tar")
}

func TestDamagedArchives(t *testing.T) {
	plain := docker(t, "app:1", sample(t, strings.Repeat("app ", 1000)))
	compressed := map[string][]byte{"gzip": gzipped(t, plain), "zstd": zstandard(t, plain)}
	for name, content := range compressed {
		_, err := read(t, content[:len(content)/2], archive.Options{})
		wantError(t, err, "is cut short or damaged; fetch it again")
		_, err = read(t, content[:12], archive.Options{})
		wantError(t, err, "is cut short or damaged; fetch it again")
		flipped := bytes.Clone(content)
		flipped[len(flipped)/2] ^= 0x55
		if got, err := read(t, flipped, archive.Options{}); err == nil {
			t.Errorf("%s: a flipped byte went unnoticed: %+v", name, got)
		}
	}
	// Wherever a tar is cut short, it does not open, or what opens can be read whole.
	for cut := 1; cut < len(plain); cut += 256 {
		got, err := read(t, plain[:cut], archive.Options{})
		if err != nil {
			if text := err.Error(); strings.Contains(text, "\n") || !strings.Contains(text, ": ") {
				t.Errorf("cut after %d bytes: %v", cut, err)
			}
			continue
		}
		for _, layer := range got.Layers {
			stored(t, layer)
		}
	}
	for _, c := range []struct {
		name, list, says string
	}{
		{"half a list", `[{"Config":`, "manifest.json is not valid"},
		{"an object", `{}`, "manifest.json is not valid"},
		{"two lists", `[] []`, "more text follows"},
		{"an empty list", `[]`, "manifest.json is empty"},
		{"null", `null`, "not valid"},
		{"nothing in it", `[{}]`, `configuration ""`},
		{"a name twice", `[{"Layers":[],"layers":["x"]}]`, "appears twice"},
		{"a huge list", strings.Repeat(" ", image.MaxDocument+1), "not a container image"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := read(t, pack(t, file("manifest.json", c.list)), archive.Options{})
			wantError(t, err, c.says)
		})
	}
}

func TestLimits(t *testing.T) {
	plain := docker(t, "app:1", sample(t, strings.Repeat("app ", 100_000)))
	var over *rootfs.LimitError
	_, err := read(t, plain, archive.Options{MaxEntries: 3})
	if !errors.As(err, &over) || over.Limit != 3 {
		t.Errorf("error %v", err)
	}
	if _, err := read(t, plain, archive.Options{MaxEntries: 4}); err != nil {
		t.Errorf("as many entries as allowed: %v", err)
	}
	for _, content := range [][]byte{gzipped(t, plain), zstandard(t, plain)} {
		_, err = read(t, content, archive.Options{MaxInflated: int64(len(plain)) - 1})
		if !errors.As(err, &over) {
			t.Errorf("error %v", err)
		}
		wantError(t, err, "--max-inflated")
		if _, err = read(t, content, archive.Options{MaxInflated: int64(len(plain))}); err != nil {
			t.Errorf("as large as allowed: %v", err)
		}
	}
}

func TestCompressedArchivesLeaveNothingBehind(t *testing.T) {
	content := gzipped(t, docker(t, "app:1", sample(t, "app")))
	dir, progress := t.TempDir(), 0
	got, err := read(t, content, archive.Options{TempDir: dir, Progress: func(n int) { progress += n }})
	if err != nil {
		t.Fatal(err)
	}
	stored(t, got.Layers[0])
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("while it is open, the folder holds %v, %v", left, err)
	}
	if progress != len(content) {
		t.Errorf("progress counted %d of %d bytes", progress, len(content))
	}
	_, err = read(t, content, archive.Options{TempDir: filepath.Join(dir, "nowhere")})
	wantError(t, err, "temporary file")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, content := range [][]byte{content, docker(t, "app:1", sample(t, "app"))} {
		if _, err := archive.Open(ctx, save(t, content), archive.Options{TempDir: dir}); !errors.Is(err, context.Canceled) {
			t.Errorf("after cancelling: %v", err)
		}
	}
}

func TestClosedArchive(t *testing.T) {
	a, err := archive.Open(t.Context(), save(t, docker(t, "app:1", sample(t, "app"))), archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Image(t.Context(), linux("amd64"))
	if err != nil || a.Close() != nil {
		t.Fatal(err)
	}
	blob, err := got.Layers[0].Blob(t.Context())
	if err == nil {
		_, err = io.ReadAll(blob)
	}
	if !errors.Is(err, os.ErrClosed) {
		t.Errorf("reading a layer after Close: %v", err)
	}
}

// entry is one entry of a hand-made tar.
type entry struct {
	header tar.Header
	body   string
}

func file(name, body string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeReg}, body}
}

func link(kind byte, name, target string) entry {
	return entry{tar.Header{Name: name, Linkname: target, Typeflag: kind}, ""}
}

func pack(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		e.header.Size = int64(len(e.body))
		if err := w.WriteHeader(&e.header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpack lists the entries of a tar.
func unpack(t testing.TB, content []byte) []entry {
	t.Helper()
	var entries []entry
	for r := tar.NewReader(bytes.NewReader(content)); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, file(header.Name, string(body)))
	}
}

// both is a tar that can be read as a layout of one image and as a docker-archive of another.
func both(t testing.TB, asLayout, asDocker assemble.Image) []byte {
	t.Helper()
	return pack(t, append(unpack(t, oci(t, "1", asLayout)), unpack(t, docker(t, "app:1", asDocker))...)...)
}
