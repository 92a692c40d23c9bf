package registry

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/assemble"
)

// fake is a registry in memory that holds the repository "app" and can be made hostile.
type fake struct {
	*httptest.Server
	manifests map[string][]byte // by tag and by digest
	types     map[string]string
	blobs     map[string][]byte // by digest

	// intercept answers a request in the registry's place if it returns true.
	intercept func(w http.ResponseWriter, r *http.Request) bool

	mu       sync.Mutex
	requests []*http.Request
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{manifests: map[string][]byte{}, types: map[string]string{}, blobs: map[string][]byte{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Server.Close)
	return f
}

// host is the registry's name.
func (f *fake) host() string { return strings.TrimPrefix(f.URL, "http://") }

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.requests = append(f.requests, r.Clone(r.Context()))
	f.mu.Unlock()
	if f.intercept != nil && f.intercept(w, r) {
		return
	}
	kind, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/app/"), "/")
	switch {
	case r.URL.Path == "/v2/":
	case kind == "manifests" && f.manifests[key] != nil:
		w.Header().Set("Content-Type", f.types[key])
		_, _ = w.Write(f.manifests[key])
	case kind == "blobs" && f.blobs[key] != nil:
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(f.blobs[key])))
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`)
	}
}

// seen returns the requests for paths that begin so.
func (f *fake) seen(prefix string) []*http.Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []*http.Request
	for _, r := range f.requests {
		if strings.HasPrefix(r.URL.Path, prefix) {
			found = append(found, r)
		}
	}
	return found
}

// object is a JSON object.
type object map[string]any

func encode(t testing.TB, value any) []byte {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func (f *fake) putBlob(mediaType string, content []byte) image.Descriptor {
	d := image.Descriptor{MediaType: mediaType, Digest: image.DigestOf(content), Size: int64(len(content))}
	f.blobs[d.Digest.String()] = content
	return d
}

func (f *fake) putManifest(mediaType, tag string, content []byte) image.Descriptor {
	d := image.Descriptor{MediaType: mediaType, Digest: image.DigestOf(content), Size: int64(len(content))}
	for _, key := range []string{tag, d.Digest.String()} {
		if key != "" {
			f.manifests[key], f.types[key] = content, mediaType
		}
	}
	return d
}

// putImage stores an image of one layer, under a tag if one is given.
func (f *fake) putImage(t testing.TB, architecture, tag string, files ...assemble.File) image.Descriptor {
	t.Helper()
	layer, err := assemble.Layer(files, assemble.Gzip)
	if err != nil {
		t.Fatal(err)
	}
	stored := read(t, layer.Open)
	f.blobs[layer.Digest.String()] = stored
	config := f.putBlob(image.MediaTypeConfig, encode(t, object{"os": "linux", "architecture": architecture,
		"rootfs": object{"type": "layers", "diff_ids": []image.Digest{layer.DiffID}}}))
	content := encode(t, object{"schemaVersion": 2, "mediaType": image.MediaTypeManifest, "config": config,
		"layers": []image.Descriptor{{MediaType: image.MediaTypeLayer + "+gzip", Digest: layer.Digest, Size: int64(len(stored))}}})
	return f.putManifest(image.MediaTypeManifest, tag, content)
}

// bigFile is a file that gzip cannot make smaller.
func bigFile(size int) assemble.File {
	body := make([]byte, size)
	state := uint32(1)
	for i := range body {
		state = state*1664525 + 1013904223
		body[i] = byte(state >> 24)
	}
	return assemble.File{Path: "big", Mode: 0o644, Body: body}
}

// quick is a pace at which failures show at once, but for those of somebody who is only slow.
func quick() pace {
	return pace{attempts: 3, backoff: time.Millisecond, retryAfter: time.Second, headers: 10 * time.Second, stall: 10 * time.Second}
}

// impatient is a pace that takes whoever is slow for dead.
func impatient() pace {
	p := quick()
	p.headers, p.stall = 400*time.Millisecond, 400*time.Millisecond
	return p
}

// keys is a keychain that has one answer for every registry.
type keys authn.AuthConfig

func (k keys) Resolve(authn.Resource) (authn.Authenticator, error) {
	if k == (keys{}) {
		return authn.Anonymous, nil
	}
	return authn.FromConfig(authn.AuthConfig(k)), nil
}

func amd64() image.Platform { return image.Platform{OS: "linux", Architecture: "amd64"} }
