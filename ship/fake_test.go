package ship

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	ggcr "github.com/google/go-containerregistry/pkg/registry"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/internal/testparts"
)

// fake is go-containerregistry's registry, which can be made to lie.
type fake struct {
	*httptest.Server
	inner http.Handler

	mu sync.Mutex
	// intercept answers a request in the registry's place if it returns true.
	intercept func(w http.ResponseWriter, r *http.Request) bool
}

func newFake(t testing.TB, referrers bool) *fake {
	t.Helper()
	f := &fake{inner: ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)), ggcr.WithReferrersSupport(referrers))}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	intercept := f.intercept
	f.mu.Unlock()
	if intercept == nil || !intercept(w, r) {
		f.inner.ServeHTTP(w, r)
	}
}

// interceptWith sets what answers in the registry's place.
func (f *fake) interceptWith(intercept func(w http.ResponseWriter, r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.intercept = intercept
}

func (f *fake) host() string { return strings.TrimPrefix(f.URL, "http://") }

// on answers requests of a method whose path ends in one of the endings.
func on(method, ending string, answer http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != method || !strings.HasSuffix(r.URL.Path, ending) {
			return false
		}
		answer(w, r)
		return true
	}
}

// status answers with a status and an error of the registry.
func status(code int, word string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"errors":[{"code":%q,"message":"no"}]}`, word)
	}
}

// answer answers with a manifest or an index.
func answer(mediaType string, content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		_, _ = w.Write(content)
	}
}

// openOn opens the repository "app" of a host.
func openOn(t testing.TB, host string) *registry.Repository {
	t.Helper()
	r, err := registry.OpenRepository(t.Context(), host+"/app", registry.Write, anonymous())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func anonymous() registry.Options { return registry.Options{Keychain: authn.NewMultiKeychain()} }

// object is a JSON object.
type object map[string]any

func jsonOf(t testing.TB, value any) []byte {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func putBlob(t testing.TB, r *registry.Repository, mediaType string, content []byte) image.Descriptor {
	t.Helper()
	digest, err := r.WriteBlob(t.Context(), content)
	if err != nil {
		t.Fatal(err)
	}
	return image.Descriptor{MediaType: mediaType, Digest: digest, Size: int64(len(content))}
}

// putDocument stores a document under its digest, and a tag if one is given.
func putDocument(t testing.TB, r *registry.Repository, tag, mediaType string, value any) image.Descriptor {
	t.Helper()
	content, isText := value.([]byte)
	if !isText {
		content = jsonOf(t, value)
	}
	d := image.Descriptor{MediaType: mediaType, Digest: image.DigestOf(content), Size: int64(len(content))}
	for _, reference := range []string{d.Digest.String(), tag} {
		if reference == "" {
			continue
		}
		if _, err := r.WriteDocument(t.Context(), reference, mediaType, content, registry.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// putImage stores an image of one layer, which says only for which architecture it is.
func putImage(t testing.TB, r *registry.Repository, tag, architecture string) image.Descriptor {
	t.Helper()
	layer := putBlob(t, r, image.MediaTypeLayer, []byte("layer for "+architecture))
	config := putBlob(t, r, image.MediaTypeConfig, jsonOf(t, object{"os": "linux", "architecture": architecture,
		"rootfs": object{"type": "layers", "diff_ids": []image.Digest{layer.Digest}}}))
	d := putDocument(t, r, tag, image.MediaTypeManifest, object{"schemaVersion": 2, "mediaType": image.MediaTypeManifest,
		"config": config, "layers": []image.Descriptor{layer}})
	d.Platform = &image.Platform{OS: "linux", Architecture: architecture}
	return d
}

// putIndex stores two images and their index under a tag.
func putIndex(t testing.TB, r *registry.Repository, tag string, more ...image.Descriptor) (index, amd64, arm64 image.Descriptor) {
	t.Helper()
	amd64, arm64 = putImage(t, r, "", "amd64"), putImage(t, r, "", "arm64")
	index = putDocument(t, r, tag, image.MediaTypeIndex, object{"schemaVersion": 2, "mediaType": image.MediaTypeIndex,
		"manifests": append([]image.Descriptor{amd64, arm64}, more...)})
	return index, amd64, arm64
}

const (
	vsa        = "https://slsa.dev/verification_summary/v1"
	provenance = "https://slsa.dev/provenance/v1"
)

func created() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

// statementOn is an in-toto statement about a digest.
func statementOn(t testing.TB, subject image.Digest, predicateType string) []byte {
	t.Helper()
	return jsonOf(t, object{"_type": "https://in-toto.io/Statement/v1", "predicateType": predicateType, "predicate": object{},
		"subject": []object{{"name": "app", "digest": object{"sha256": subject.Hex()}}}})
}

func envelopeOf(statement []byte) object {
	return object{"payloadType": "application/vnd.in-toto+json", "payload": statement, "signatures": []object{{"sig": "c2lnbmF0dXJl"}}}
}

// bundleOn is a bundle whose signature nobody would accept.
func bundleOn(t testing.TB, subject image.Digest, predicateType string) Bundle {
	t.Helper()
	content := jsonOf(t, object{"mediaType": BundleType, "verificationMaterial": object{}, "dsseEnvelope": envelopeOf(statementOn(t, subject, predicateType))})
	return Bundle{Content: content, PredicateType: predicateType, Created: created()}
}

// quickly attaches without waiting for others who might write.
func quickly(t testing.TB, r *registry.Repository, subject image.Digest, bundles ...Bundle) ([]Attached, error) {
	t.Helper()
	return attacher{repository: r, least: time.Millisecond, most: time.Millisecond}.attach(t.Context(), []image.Digest{subject}, bundles)
}

func mustAttach(t testing.TB, r *registry.Repository, subject image.Digest, bundles ...Bundle) []Attached {
	t.Helper()
	attached, err := quickly(t, r, subject, bundles...)
	if err != nil {
		t.Fatal(err)
	}
	return attached
}

// smuggle attaches a bundle without looking at what it is about.
func smuggle(t testing.TB, r *registry.Repository, subject image.Digest, b Bundle) {
	t.Helper()
	if _, err := (attacher{repository: r, least: time.Millisecond, most: time.Millisecond}).attachTo(t.Context(), subject, []Bundle{b}); err != nil {
		t.Fatal(err)
	}
}

func mustRead(t testing.TB, r *registry.Repository, subject Subject) Reading {
	t.Helper()
	reading, err := Read(t.Context(), r, subject)
	if err != nil {
		t.Fatal(err)
	}
	return reading
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

// debianRegistry starts Debian's docker-registry and returns its host.
func debianRegistry(t *testing.T) string {
	t.Helper()
	program := testparts.Program(t, "docker-registry", "apt install docker-registry")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := listener.Addr().String()
	_ = listener.Close()
	path := filepath.Join(t.TempDir(), "config.yml")
	config := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", t.TempDir(), host)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, "serve", path)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	for range 300 {
		if connection, err := net.Dial("tcp", host); err == nil {
			_ = connection.Close()
			return host
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("docker-registry did not answer")
	return ""
}
