package layout_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/layout"
	"plimsoll.dev/plimsoll/internal/assemble"
)

var _ image.Source = (*layout.Layout)(nil)

func linux(architecture string) image.Platform {
	return image.Platform{OS: "linux", Architecture: architecture}
}

// sample is an image of two layers, of which the first is the same on all platforms.
func sample(t testing.TB, architecture string) assemble.Image {
	t.Helper()
	one := assemble.Image{Platform: linux(architecture), CreatedBy: []string{"ADD base", "COPY app"}}
	for i, body := range []string{"base", "app for " + architecture} {
		layer, err := assemble.Layer([]assemble.File{{Path: fmt.Sprintf("file%d", i), Body: []byte(body)}}, assemble.Gzip)
		if err != nil {
			t.Fatal(err)
		}
		one.Layers = append(one.Layers, layer)
	}
	return one
}

func write(t testing.TB, tag string, images ...assemble.Image) string {
	t.Helper()
	dir := t.TempDir()
	if err := assemble.WriteLayout(dir, tag, images...); err != nil {
		t.Fatal(err)
	}
	return dir
}

// read opens an image as a caller would.
func read(t testing.TB, dir, tag, architecture string) (*image.Image, error) {
	t.Helper()
	l, err := layout.Open(dir, tag, layout.Options{})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l.Image(t.Context(), linux(architecture))
}

func TestOneImage(t *testing.T) {
	one := sample(t, "amd64")
	dir := write(t, "1.2", one)
	if !layout.Is(dir) || layout.Is(filepath.Join(dir, "blobs")) {
		t.Error("a layout is not told from another folder")
	}
	for _, tag := range []string{"", "1.2"} {
		got, err := read(t, dir, tag, "amd64")
		if err != nil {
			t.Fatal(err)
		}
		if got.Digest.IsZero() || !got.IndexDigest.IsZero() || got.ID.IsZero() || got.Platform != linux("amd64") {
			t.Errorf("got %+v", got)
		}
		if want := strings.TrimSuffix(dir+":"+tag, ":"); got.Reference != want {
			t.Errorf("reference %q, want %q", got.Reference, want)
		}
		for i, layer := range got.Layers {
			want := one.Layers[i]
			if layer.Digest != want.Digest || layer.DiffID != want.DiffID || layer.Size != want.Size || layer.CreatedBy != one.CreatedBy[i] {
				t.Errorf("layer %d: got %+v, want %+v", i, layer, want)
			}
		}
	}
}

func TestLayersOpenInParallelAndMoreThanOnce(t *testing.T) {
	one := sample(t, "amd64")
	got, err := read(t, write(t, "1", one), "", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		for _, layer := range got.Layers {
			group.Go(func() {
				blob, err := layer.Blob(context.Background())
				if err != nil {
					t.Error(err)
					return
				}
				defer blob.Close()
				content, err := io.ReadAll(blob)
				if err != nil || image.DigestOf(content) != layer.Digest {
					t.Errorf("read %d bytes, %v", len(content), err)
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

func TestSeveralPlatforms(t *testing.T) {
	dir := write(t, "1.2", sample(t, "amd64"), sample(t, "arm64"))
	var digests []image.Digest
	for _, architecture := range []string{"amd64", "arm64"} {
		got, err := read(t, dir, "1.2", architecture)
		if err != nil || got.Platform != linux(architecture) || got.IndexDigest.IsZero() {
			t.Fatalf("%s: got %+v, %v", architecture, got, err)
		}
		digests = append(digests, got.Digest)
	}
	if digests[0] == digests[1] {
		t.Error("two platforms have one digest")
	}
	_, err := read(t, dir, "", "s390x")
	var elsewhere *image.PlatformError
	if !errors.As(err, &elsewhere) || !strings.Contains(err.Error(), "only for linux/amd64, linux/arm64: choose one with --platform") {
		t.Errorf("error %v", err)
	}
	l, err := layout.Open(dir, "", layout.Options{Reference: "oci:app"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	platforms, err := l.Platforms(t.Context())
	if err != nil || len(platforms) != 2 {
		t.Errorf("platforms %v, %v", platforms, err)
	}
	if got, err := l.Image(t.Context(), linux("amd64")); err != nil || got.Reference != "oci:app" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// entries writes an index.json whose entries are the manifest of dir under several annotations,
// with variations of the platform that only the index states.
func entries(t testing.TB, dir string, annotations ...string) {
	t.Helper()
	l, err := read(t, dir, "", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "blobs/sha256", l.Digest.Hex()))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, a := range annotations {
		list = append(list, fmt.Sprintf(`{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":%q,"size":%d,"annotations":{%s}}`, l.Digest, info.Size(), a))
	}
	replace(t, dir, "index.json", `{"schemaVersion":2,"manifests":[`+strings.Join(list, ",")+`]}`)
}

// blobs lists the paths of a layout's blobs.
func blobs(t testing.TB, dir string) []string {
	t.Helper()
	names, err := fs.Glob(os.DirFS(dir), "blobs/sha256/*")
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func replace(t testing.TB, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestNames(t *testing.T) {
	const ref, containerd = "org.opencontainers.image.ref.name", "io.containerd.image.name"
	dir := write(t, "1", sample(t, "amd64"))
	for _, c := range []struct {
		name, annotation, tag, repository string
	}{
		{"a tag, as skopeo writes it", `"` + ref + `":"1.2"`, "1.2", ""},
		{"a whole name", `"` + ref + `":"registry.example:5000/app:1.2"`, "registry.example:5000/app:1.2", "registry.example:5000/app"},
		{"a whole name, by its tag", `"` + ref + `":"registry.example:5000/app:1.2"`, "1.2", "registry.example:5000/app"},
		{"as docker save writes it", `"` + ref + `":"3.20","` + containerd + `":"docker.io/library/alpine:3.20"`, "alpine:3.20", "docker.io/library/alpine"},
		{"no name, taken without one", ``, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			entries(t, dir, c.annotation)
			got, err := read(t, dir, c.tag, "amd64")
			if err != nil || got.Repository != c.repository {
				t.Errorf("got %+v, %v", got, err)
			}
			if _, err := read(t, dir, got.Digest.String(), "amd64"); err != nil {
				t.Errorf("by digest: %v", err)
			}
		})
	}
	entries(t, dir, `"`+ref+`":"1"`, `"`+ref+`":"2"`)
	if _, err := read(t, dir, "", "amd64"); err != nil {
		t.Errorf("two names of one image: %v", err)
	}
}

// merge puts the images of several layouts into one, each under its own name.
func merge(t testing.TB, dirs ...string) string {
	t.Helper()
	merged := t.TempDir()
	var list []string
	for _, dir := range dirs {
		for _, blob := range blobs(t, dir) {
			content, err := os.ReadFile(filepath.Join(dir, blob))
			if err != nil {
				t.Fatal(err)
			}
			replace(t, merged, blob, string(content))
		}
		index, err := os.ReadFile(filepath.Join(dir, "index.json"))
		if err != nil {
			t.Fatal(err)
		}
		_, listed, _ := strings.Cut(string(index), `"manifests":[`)
		list = append(list, strings.TrimSuffix(listed, "]}"))
	}
	replace(t, merged, "oci-layout", `{"imageLayoutVersion":"1.0.0"}`)
	replace(t, merged, "index.json", `{"schemaVersion":2,"manifests":[`+strings.Join(list, ",")+`]}`)
	return merged
}

func TestSeveralImages(t *testing.T) {
	distinct := func(text string) assemble.Image {
		layer, err := assemble.Layer([]assemble.File{{Path: "f", Body: []byte(text)}}, assemble.None)
		if err != nil {
			t.Fatal(err)
		}
		return assemble.Image{Platform: linux("amd64"), Layers: []assemble.Blob{layer}}
	}
	dir := merge(t, write(t, "1", distinct("a")), write(t, "2", distinct("b")))
	_, err := read(t, dir, "", "amd64")
	wantError(t, err, `holds several images, "1", "2": name one of them`)
	_, err = read(t, dir, "3", "amd64")
	wantError(t, err, `holds no image "3", only "1", "2"`)
	one, err1 := read(t, dir, "1", "amd64")
	two, err2 := read(t, dir, "2", "amd64")
	if err := errors.Join(err1, err2); err != nil || one.ID == two.ID {
		t.Errorf("got %v and %v, %v", one, two, err)
	}
	same := merge(t, write(t, "1", distinct("a")), write(t, "1", distinct("b")))
	_, err = read(t, same, "1", "amd64")
	wantError(t, err, "several images called \"1\"")
	byPlatform := merge(t, write(t, "1", sample(t, "amd64")), write(t, "1", sample(t, "arm64")))
	if got, err := read(t, byPlatform, "", "arm64"); err != nil || got.Platform != linux("arm64") {
		t.Errorf("got %+v, %v", got, err)
	}
}

// wantError checks that there is an error of one readable line that says something.
func wantError(t testing.TB, err error, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one that says %q", says)
	}
	if text := err.Error(); !strings.Contains(text, says) || strings.ContainsAny(text, "\n\x1b") {
		t.Errorf("error %q; want a line that says %q", text, says)
	}
}

func TestDamaged(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	replace(t, filepath.Dir(outside), "outside", "secret")
	for _, c := range []struct {
		name   string
		damage func(t testing.TB, dir, layer, manifest, config string)
		says   string
	}{
		{"no oci-layout", func(t testing.TB, dir, _, _, _ string) { remove(t, dir, "oci-layout") }, "is no OCI image layout"},
		{"no index.json", func(t testing.TB, dir, _, _, _ string) { remove(t, dir, "index.json") }, "index.json: it is missing"},
		{"another layout version", func(t testing.TB, dir, _, _, _ string) {
			replace(t, dir, "oci-layout", `{"imageLayoutVersion":"2.0.0"}`)
		}, "2.0.0"},
		{"an empty index", func(t testing.TB, dir, _, _, _ string) { replace(t, dir, "index.json", `{"manifests":[]}`) }, "holds no image"},
		{"half an index", func(t testing.TB, dir, _, _, _ string) { replace(t, dir, "index.json", `{"manifests":[`) }, "not valid"},
		{"an index that is huge", func(t testing.TB, dir, _, _, _ string) {
			replace(t, dir, "index.json", strings.Repeat(" ", image.MaxDocument+1))
		}, "not a container image"},
		{"a path for a digest", func(t testing.TB, dir, _, _, _ string) {
			replace(t, dir, "index.json", `{"manifests":[{"digest":"sha256:../../../../etc/passwd","size":1}]}`)
		}, "digest"},
		{"an altered manifest", func(t testing.TB, dir, _, manifest, _ string) { alter(t, dir, manifest) }, "manifest: content has digest"},
		{"an altered configuration", func(t testing.TB, dir, _, _, config string) { alter(t, dir, config) }, "configuration: content has digest"},
		{"a missing manifest", func(t testing.TB, dir, _, manifest, _ string) { remove(t, dir, manifest) }, "manifest, sha256:"},
		{"a missing layer", func(t testing.TB, dir, layer, _, _ string) { remove(t, dir, layer) }, "it is missing"},
		{"a layer cut short", func(t testing.TB, dir, layer, _, _ string) { replace(t, dir, layer, "short") }, "it has 5 bytes, but the manifest says"},
		{"a layer that is a folder", func(t testing.TB, dir, layer, _, _ string) {
			remove(t, dir, layer)
			if err := os.Mkdir(filepath.Join(dir, layer), 0o755); err != nil {
				t.Fatal(err)
			}
		}, "it is a folder, not a file"},
		{"a layer that is a named pipe", func(t testing.TB, dir, layer, _, _ string) {
			remove(t, dir, layer)
			if err := syscall.Mkfifo(filepath.Join(dir, layer), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "it is a named pipe, not a file"},
		{"a layer that links out of the folder", func(t testing.TB, dir, layer, _, _ string) { link(t, outside, dir, layer) }, "escapes"},
		{"a layer that links out of the folder step by step", func(t testing.TB, dir, layer, _, _ string) {
			link(t, "../../../"+filepath.Base(filepath.Dir(outside))+"/outside", dir, layer)
		}, "escapes"},
		{"a layer that links to a device", func(t testing.TB, dir, layer, _, _ string) { link(t, "/dev/zero", dir, layer) }, "escapes"},
		{"a manifest that links out of the folder", func(t testing.TB, dir, _, manifest, _ string) { link(t, outside, dir, manifest) }, "escapes"},
		{"an index that links out of the folder", func(t testing.TB, dir, _, _, _ string) { link(t, outside, dir, "index.json") }, "escapes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := write(t, "1", sample(t, "amd64"))
			got, err := read(t, dir, "", "amd64")
			if err != nil {
				t.Fatal(err)
			}
			blob := func(d image.Digest) string { return "blobs/sha256/" + d.Hex() }
			c.damage(t, dir, blob(got.Layers[0].Digest), blob(got.Digest), blob(got.ID))
			_, err = read(t, dir, "", "amd64")
			wantError(t, err, c.says)
			var digest *image.DigestError
			if errors.As(err, &digest) != strings.HasPrefix(c.name, "an altered") {
				t.Errorf("digest error: %v, in %v", digest, err)
			}
		})
	}
}

// TestALinkWithinTheFolderIsFollowed: tools that save space link blobs to one another.
func TestALinkWithinTheFolderIsFollowed(t *testing.T) {
	dir := write(t, "1", sample(t, "amd64"))
	got, err := read(t, dir, "", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	name := got.Layers[0].Digest.Hex()
	if err := os.Rename(filepath.Join(dir, "blobs/sha256", name), filepath.Join(dir, "blobs/kept")); err != nil {
		t.Fatal(err)
	}
	link(t, "../kept", dir, "blobs/sha256/"+name)
	if _, err := read(t, dir, "", "amd64"); err != nil {
		t.Error(err)
	}
}

// TestALayerReplacedAfterwards: what changed between Image and Blob is noticed by its size.
func TestALayerReplacedAfterwards(t *testing.T) {
	dir := write(t, "1", sample(t, "amd64"))
	got, err := read(t, dir, "", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	replace(t, dir, "blobs/sha256/"+got.Layers[1].Digest.Hex(), "short")
	_, err = got.Layers[1].Blob(t.Context())
	wantError(t, err, "layer 2 of 2, "+got.Layers[1].Digest.String()+": it has 5 bytes")
}

func TestClosedLayout(t *testing.T) {
	l, err := layout.Open(write(t, "1", sample(t, "amd64")), "", layout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := l.Image(t.Context(), linux("amd64"))
	if err != nil || l.Close() != nil {
		t.Fatal(err)
	}
	if _, err := got.Layers[0].Blob(t.Context()); err == nil {
		t.Error("a layer opened after Close")
	}
	_, err = layout.Open(filepath.Join(t.TempDir(), "nowhere"), "", layout.Options{})
	wantError(t, err, "nowhere")
}

func remove(t testing.TB, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

// alter changes one byte.
func alter(t testing.TB, dir, name string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2]++
	replace(t, dir, name, string(content))
}

func link(t testing.TB, target, dir, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}
