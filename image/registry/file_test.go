package registry

import (
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/registry"

	"plimsoll.dev/plimsoll/image"
)

func note() FileType {
	return FileType{Name: "note", Artifact: "application/vnd.example.note", MediaTypes: []string{"text/note", "application/yaml"}, MaxSize: 100}
}

// TestPushAndFetch: what is pushed to go-containerregistry's registry comes back, by digest alone.
func TestPushAndFetch(t *testing.T) {
	server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	repository := strings.TrimPrefix(server.URL, "http://") + "/notes/one"
	push := func(reference, content string) (string, error) {
		return pushFile(t.Context(), reference, []byte(content), note(), Options{Keychain: keys{}}, quick())
	}
	name, err := push(repository+":v1", "hello")
	if err != nil {
		t.Fatal(err)
	}
	again, err := push(repository, "hello")
	if err != nil || again != name || !strings.HasPrefix(name, repository+"@sha256:") {
		t.Errorf("pushed as %s, and without a tag as %s, %v", name, again, err)
	}
	file, err := fetchFile(t.Context(), name, note(), Options{Keychain: keys{}}, quick())
	if err != nil {
		t.Fatal(err)
	}
	if string(file.Content) != "hello" || file.Verify(file.Digest, note()) != nil || !strings.HasSuffix(name, file.Digest.String()) {
		t.Errorf("fetched %q as %s", file.Content, file.Digest)
	}
	file.Content = []byte("other")
	if err := file.Verify(file.Digest, note()); err == nil {
		t.Error("another content verifies")
	}
	if err := file.Verify(image.DigestOf(nil), note()); err == nil {
		t.Error("another manifest verifies")
	}
	_, err = fetchFile(t.Context(), repository+":v1", note(), Options{Keychain: keys{}}, quick())
	wantError(t, err, "names no digest")
	_, err = push(name, "hello")
	wantError(t, err, "want NAME or NAME:TAG")
	_, err = push(repository, strings.Repeat("x", 101))
	wantError(t, err, "at most 100")
	_, err = fetchFile(t.Context(), repository+"@"+image.DigestOf(nil).String(), note(), Options{Keychain: keys{}}, quick())
	wantError(t, err, "has no document")
}

// TestHostileFiles: whatever is no artifact of one small file of the kind is refused.
func TestHostileFiles(t *testing.T) {
	small := image.Descriptor{MediaType: "text/note", Digest: image.DigestOf([]byte("a")), Size: 1}
	typed := func(change func(*image.Descriptor)) []image.Descriptor {
		d := small
		change(&d)
		return []image.Descriptor{d}
	}
	for name, test := range map[string]struct {
		layers []image.Descriptor
		blob   string
		says   string
	}{
		"no layer":           {nil, "a", "0 layers"},
		"two layers":         {[]image.Descriptor{small, small}, "a", "2 layers"},
		"another type":       {typed(func(d *image.Descriptor) { d.MediaType = image.MediaTypeLayer }), "a", "media type"},
		"too large":          {typed(func(d *image.Descriptor) { d.Size = 101 }), "a", "at most 100"},
		"a negative size":    {typed(func(d *image.Descriptor) { d.Size = -1 }), "a", "at most 100"},
		"another content":    {[]image.Descriptor{small}, "b", "digest"},
		"a longer content":   {[]image.Descriptor{small}, "ab", ""},
		"an endless content": {[]image.Descriptor{small}, strings.Repeat("a", 1<<20), ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.blobs[small.Digest.String()] = []byte(test.blob)
			d := f.putManifest(image.MediaTypeManifest, "", encode(t, object{"schemaVersion": 2, "layers": test.layers}))
			_, err := fetchFile(t.Context(), f.host()+"/app@"+d.Digest.String(), note(), Options{Keychain: keys{}}, quick())
			wantError(t, err, test.says)
		})
	}
	f := newFake(t)
	d := f.putManifest(image.MediaTypeIndex, "", encode(t, object{"schemaVersion": 2, "mediaType": image.MediaTypeIndex, "manifests": []image.Descriptor{}}))
	_, err := fetchFile(t.Context(), f.host()+"/app@"+d.Digest.String(), note(), Options{Keychain: keys{}}, quick())
	wantError(t, err, "name the manifest of the artifact")
}
