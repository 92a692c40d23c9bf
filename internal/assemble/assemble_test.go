package assemble_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/archive"
	"plimsoll.dev/plimsoll/image/layout"
	"plimsoll.dev/plimsoll/image/rootfs/inflate"
	"plimsoll.dev/plimsoll/internal/assemble"
)

// zeros is an endless content.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func stream(size int64) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(io.LimitReader(zeros{}, size)), nil }
}

func files() []assemble.File {
	return []assemble.File{
		{Path: "bin/", Type: tar.TypeDir},
		{Path: "bin/app", Mode: 0o4755, Body: []byte("#!/bin/sh\n")},
		{Path: "bin/link", Type: tar.TypeSymlink, Link: "app"},
		{Path: "etc/.wh.gone"},
		{Path: "../outside", Body: []byte("as given")},
		{Path: "large", Open: stream(3000), Size: 3000},
	}
}

func mustLayer(t *testing.T, files []assemble.File, compression assemble.Compression) assemble.Blob {
	t.Helper()
	layer, err := assemble.Layer(files, compression)
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

func read(t *testing.T, b assemble.Blob) []byte {
	t.Helper()
	r, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestLayer(t *testing.T) {
	for compression, mediaType := range map[assemble.Compression]string{
		assemble.None: "application/vnd.oci.image.layer.v1.tar",
		assemble.Gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
		assemble.Zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
	} {
		layer := mustLayer(t, files(), compression)
		stored := read(t, layer)
		if layer.MediaType != mediaType || layer.Digest != image.DigestOf(stored) || layer.Size != int64(len(stored)) {
			t.Errorf("got %+v for %d bytes", layer, len(stored))
		}
		inflated, _, err := inflate.NewReader(bytes.NewReader(stored))
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(inflated)
		if err != nil || image.DigestOf(content) != layer.DiffID {
			t.Errorf("inflated to %d bytes, %v", len(content), err)
		}
		checkEntries(t, content)
	}
}

func checkEntries(t *testing.T, content []byte) {
	t.Helper()
	type entry struct {
		Name, Link, Body string
		Mode             int64
		Type             byte
	}
	want := []entry{
		{Name: "bin/", Mode: 0o755, Type: tar.TypeDir},
		{Name: "bin/app", Mode: 0o4755, Type: tar.TypeReg, Body: "#!/bin/sh\n"},
		{Name: "bin/link", Mode: 0o755, Type: tar.TypeSymlink, Link: "app"},
		{Name: "etc/.wh.gone", Mode: 0o644, Type: tar.TypeReg},
		{Name: "../outside", Mode: 0o644, Type: tar.TypeReg, Body: "as given"},
		{Name: "large", Mode: 0o644, Type: tar.TypeReg, Body: string(make([]byte, 3000))},
	}
	var got []entry
	for r := tar.NewReader(bytes.NewReader(content)); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, entry{header.Name, header.Linkname, string(body), header.Mode, header.Typeflag})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestLayerInAFolderIsTheSame(t *testing.T) {
	dir := t.TempDir()
	onDisk, err := assemble.LayerIn(dir, files(), assemble.Gzip)
	if err != nil {
		t.Fatal(err)
	}
	inMemory := mustLayer(t, files(), assemble.Gzip)
	if onDisk.Digest != inMemory.Digest || onDisk.DiffID != inMemory.DiffID || !bytes.Equal(read(t, onDisk), read(t, inMemory)) {
		t.Errorf("on disk %+v, in memory %+v", onDisk, inMemory)
	}
}

func TestAFailedLayerLeavesNothing(t *testing.T) {
	dir, broken := t.TempDir(), errors.New("broken")
	for name, f := range map[string]assemble.File{
		"cannot be opened":         {Path: "f", Open: func() (io.ReadCloser, error) { return nil, broken }},
		"is shorter than it says":  {Path: "f", Open: stream(5), Size: 6},
		"is longer than it says":   {Path: "f", Open: stream(7), Size: 6},
		"has no type that tar has": {Path: "f", Type: tar.TypeXHeader},
	} {
		if _, err := assemble.LayerIn(dir, []assemble.File{f}, assemble.None); err == nil {
			t.Errorf("a file that %s made a layer", name)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func sample(t *testing.T, architecture string) assemble.Image {
	t.Helper()
	return assemble.Image{
		Platform: image.Platform{OS: "linux", Architecture: architecture},
		Config: image.Config{
			User: "app", WorkingDir: "/srv", Env: []string{"A=1"}, Entrypoint: []string{"/bin/app"}, Cmd: []string{"-v"},
			ExposedPorts: []string{"53/udp", "8080/tcp"}, Labels: map[string]string{"b": "2", "a": "1"}, Healthcheck: true,
		},
		Layers:    []assemble.Blob{mustLayer(t, files(), assemble.Gzip), mustLayer(t, files(), assemble.Gzip), mustLayer(t, nil, assemble.Zstd)},
		CreatedBy: []string{"ADD base", "COPY app"},
	}
}

// TestWhatIsWrittenIsRead: the packages that read images find what was put in, in all formats.
func TestWhatIsWrittenIsRead(t *testing.T) {
	one := sample(t, "amd64")
	want := one.Config
	want.Platform, want.Created = one.Platform, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	want.DiffIDs = []image.Digest{one.Layers[0].DiffID, one.Layers[1].DiffID, one.Layers[2].DiffID}
	want.History = []image.History{{CreatedBy: "ADD base"}, {CreatedBy: "COPY app"}, {}}
	for name, source := range sources(t, one) {
		got, err := source.Image(t.Context(), one.Platform)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got.Config, cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		if len(got.Layers) != 3 || got.Layers[2].DiffID != one.Layers[2].DiffID {
			t.Errorf("%s: layers %+v", name, got.Layers)
		}
	}
}

// sources writes an image in all formats and opens each.
func sources(t *testing.T, one assemble.Image) map[string]image.Source {
	t.Helper()
	dir := t.TempDir()
	if err := assemble.WriteLayout(dir, "1", one); err != nil {
		t.Fatal(err)
	}
	asLayout, err := layout.Open(dir, "1", layout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opened := map[string]image.Source{"layout": asLayout}
	for name, write := range map[string]func(io.Writer) error{
		"docker-archive": func(w io.Writer) error { return assemble.WriteDockerArchive(w, "app:1", one) },
		"oci-archive":    func(w io.Writer) error { return assemble.WriteOCIArchive(w, "1", one) },
	} {
		var content bytes.Buffer
		if err := write(&content); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, content.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		if opened[name], err = archive.Open(t.Context(), path, archive.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, source := range opened {
		t.Cleanup(func() {
			if err := source.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return opened
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	var sums [2][]image.Digest
	for i := range sums {
		var docker, oci bytes.Buffer
		one, other := sample(t, "amd64"), sample(t, "arm64")
		if err := errors.Join(assemble.WriteDockerArchive(&docker, "app:1", one), assemble.WriteOCIArchive(&oci, "1", one, other)); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := assemble.WriteLayout(dir, "1", one, other); err != nil {
			t.Fatal(err)
		}
		sums[i] = []image.Digest{image.DigestOf(docker.Bytes()), image.DigestOf(oci.Bytes()), sumFolder(t, dir)}
	}
	if !cmp.Equal(sums[0], sums[1], cmp.Comparer(func(a, b image.Digest) bool { return a == b })) {
		t.Errorf("%v, then %v", sums[0], sums[1])
	}
}

func sumFolder(t *testing.T, dir string) image.Digest {
	t.Helper()
	sum := sha256.New()
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		io.WriteString(sum, path)
		sum.Write(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return image.DigestFromSum([sha256.Size]byte(sum.Sum(nil)))
}

func TestNothingToWrite(t *testing.T) {
	if err := assemble.WriteLayout(t.TempDir(), "1"); err == nil {
		t.Error("a layout of no image was written")
	}
}
