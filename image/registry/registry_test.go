package registry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ggcr "github.com/google/go-containerregistry/pkg/registry"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/internal/assemble"
)

func read(t testing.TB, open func() (io.ReadCloser, error)) []byte {
	t.Helper()
	stream, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	content, err := io.ReadAll(stream)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// openQuick opens an image with the credentials given.
func openQuick(t testing.TB, reference string, options Options) (*Registry, error) {
	t.Helper()
	return openAt(t, quick(), reference, options)
}

func openAt(t testing.TB, pace pace, reference string, options Options) (*Registry, error) {
	t.Helper()
	if options.Keychain == nil {
		options.Keychain = keys{}
	}
	r, err := open(t.Context(), reference, options, pace)
	if err == nil {
		t.Cleanup(func() { _ = r.Close() })
	}
	return r, err
}

// load opens an image for linux/amd64 and reads its layers to their ends, verified.
func load(t testing.TB, reference string, options Options) (*image.Image, error) {
	t.Helper()
	return loadAt(t, quick(), reference, options)
}

func loadAt(t testing.TB, pace pace, reference string, options Options) (*image.Image, error) {
	t.Helper()
	r, err := openAt(t, pace, reference, options)
	if err != nil {
		return nil, err
	}
	img, err := r.Image(t.Context(), amd64())
	if err != nil {
		return nil, err
	}
	for _, layer := range img.Layers {
		if _, err := rootfs.Read(t.Context(), layer, rootfs.Options{}); err != nil {
			return nil, err
		}
	}
	return img, nil
}

func wantError(t testing.TB, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one that says %q", says)
	}
	for _, words := range says {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("error %q does not say %q", err, words)
		}
	}
}

func TestParse(t *testing.T) {
	digest := image.DigestOf(nil).String()
	for _, c := range []struct{ reference, repository, identifier string }{
		{"alpine", "docker.io/library/alpine", "latest"},
		{"grafana/grafana:1", "docker.io/grafana/grafana", "1"},
		{"docker.io/library/alpine:3.20", "docker.io/library/alpine", "3.20"},
		{"registry.example/app", "registry.example/app", "latest"},
		{"localhost:5000/a/b:1.2", "localhost:5000/a/b", "1.2"},
		{"registry.example/app@" + digest, "registry.example/app", digest},
		{"registry.example/app:1@" + digest, "registry.example/app", digest},
	} {
		parsed, wanted, err := parse(c.reference, false)
		if err != nil {
			t.Errorf("%s: %v", c.reference, err)
			continue
		}
		if got := familiar(parsed.Context().Name()); got != c.repository || parsed.Identifier() != c.identifier {
			t.Errorf("%s is %s, %s", c.reference, got, parsed.Identifier())
		}
		if (c.identifier == digest) != (wanted.String() == digest) {
			t.Errorf("%s wants %s", c.reference, wanted)
		}
	}
	for _, reference := range []string{"", "App", "app:", "a b", "app@sha256:12", "app@sha512:" + strings.Repeat("a", 128),
		"https://user:secret@registry.example/app", "user:secret@registry.example/app", "registry.example/../app"} {
		_, _, err := parse(reference, false)
		if err == nil {
			t.Errorf("%q was taken for a name", reference)
			continue
		}
		wantError(t, err, "is no name of an image")
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q tells a secret", err)
		}
	}
}

// TestPull: from go-containerregistry's registry, an image and an index with an attestation.
func TestPull(t *testing.T) {
	server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	content := newFake(t) // only to make documents
	amd := content.putImage(t, "amd64", "", assemble.File{Path: "a", Mode: 0o644, Body: []byte("amd")})
	arm := content.putImage(t, "arm64", "", assemble.File{Path: "a", Mode: 0o644, Body: []byte("arm")})
	amd.Platform, arm.Platform = &image.Platform{OS: "linux", Architecture: "amd64"}, &image.Platform{OS: "linux", Architecture: "arm64"}
	attestation := image.Descriptor{MediaType: image.MediaTypeManifest, Digest: amd.Digest, Size: amd.Size, Platform: &image.Platform{OS: "unknown", Architecture: "unknown"}}
	index := content.putManifest(image.MediaTypeIndex, "multi", encode(t, object{"schemaVersion": 2, "mediaType": image.MediaTypeIndex,
		"manifests": []image.Descriptor{attestation, arm, amd}}))
	push(t, server.URL, content)

	one, err := load(t, host+"/app@"+amd.Digest.String(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if one.Digest != amd.Digest || !one.IndexDigest.IsZero() || one.Repository != host+"/app" {
		t.Errorf("got %+v", one)
	}
	for _, reference := range []string{host + "/app:multi", host + "/app@" + index.Digest.String(), host + "/app:other@" + index.Digest.String()} {
		multi, err := load(t, reference, Options{Reference: "as named"})
		if err != nil {
			t.Fatal(err)
		}
		if multi.Digest != amd.Digest || multi.IndexDigest != index.Digest || multi.Reference != "as named" || multi.ID != one.ID {
			t.Errorf("%s: got %+v", reference, multi)
		}
	}
	r, err := openQuick(t, host+"/app:multi", Options{})
	if err != nil {
		t.Fatal(err)
	}
	platforms, err := r.Platforms(t.Context())
	if diff := cmp.Diff([]image.Platform{*arm.Platform, *amd.Platform}, platforms); err != nil || diff != "" {
		t.Errorf("platforms %v, %s", err, diff)
	}
	_, err = r.Image(t.Context(), image.Platform{OS: "linux", Architecture: "s390x"})
	wantError(t, err, host+"/app:multi has no image for linux/s390x")
}

// push puts all that a fake holds into a registry.
func push(t *testing.T, url string, content *fake) {
	t.Helper()
	send := func(method, path, mediaType string, body []byte) {
		request, err := http.NewRequestWithContext(t.Context(), method, url+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", mediaType)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusCreated {
			t.Fatalf("%s %s: %s", method, path, response.Status)
		}
	}
	for digest, blob := range content.blobs {
		send(http.MethodPost, "/v2/app/blobs/uploads/?digest="+digest, "application/octet-stream", blob)
	}
	for pass := range 2 { // images before the index that names them
		for key, manifest := range content.manifests {
			if (content.types[key] == image.MediaTypeIndex) == (pass == 1) {
				send(http.MethodPut, "/v2/app/manifests/"+key, content.types[key], manifest)
			}
		}
	}
}

func TestTheProgramIsNamed(t *testing.T) {
	f := newFake(t)
	f.putImage(t, "amd64", "1")
	if _, err := load(t, f.host()+"/app:1", Options{UserAgent: "plimsoll/1.2"}); err != nil {
		t.Fatal(err)
	}
	for _, r := range f.seen("/") {
		if r.UserAgent() != "plimsoll/1.2" {
			t.Errorf("%s came from %q", r.URL, r.UserAgent())
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	f := newFake(t)
	f.putImage(t, "amd64", "1")
	_, err := load(t, f.host()+"/app:2", Options{})
	wantError(t, err, f.host()+"/app:2", "there is no such image", "check name and tag")

	for digest := range f.blobs { // configuration and layer
		kept := f.blobs[digest]
		delete(f.blobs, digest)
		_, err = load(t, f.host()+"/app:1", Options{})
		wantError(t, err, digest, "push the whole image again")
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v is not fs.ErrNotExist", err)
		}
		f.blobs[digest] = kept
	}
}

// TestForeignLayersAreNotFetchedFromElsewhere: a manifest may state addresses for a layer that
// the registry does not hold; they are whatever its author wrote.
func TestForeignLayersAreNotFetchedFromElsewhere(t *testing.T) {
	f, elsewhere := newFake(t), newFake(t)
	layer := image.DigestOf([]byte("layer"))
	config := f.putBlob(image.MediaTypeConfig, encode(t, object{"os": "linux", "architecture": "amd64", "rootfs": object{"diff_ids": []image.Digest{layer}}}))
	f.putManifest(image.MediaTypeManifest, "1", encode(t, object{"schemaVersion": 2, "config": config, "layers": []object{{
		"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "digest": layer, "size": 5, "urls": []string{elsewhere.URL + "/layer"}}}}))
	_, err := load(t, f.host()+"/app:1", Options{})
	wantError(t, err, "layer 1 of 1", layer.String(), "foreign layer", "never fetched")
	if len(elsewhere.seen("/")) > 0 {
		t.Error("the address was asked")
	}
}

func TestNothingIsReadAfterTheEnd(t *testing.T) {
	f := newFake(t)
	f.putImage(t, "amd64", "1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(ctx, f.host()+"/app:1", Options{Keychain: keys{}}, quick()); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
}
