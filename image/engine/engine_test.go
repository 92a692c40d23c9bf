package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/internal/assemble"
)

// The fakes answer as Docker 20.10.24 and Podman 4.3.1 did when they were asked the same: the
// paths, statuses and bodies are theirs, as far as they are read. make e2e asks the real ones.

// exported is an archive with one image.
func exported(t testing.TB, name string) []byte {
	t.Helper()
	layer, err := assemble.Layer([]assemble.File{{Path: "etc/os-release", Mode: 0o644, Body: []byte("ID=x\n")}}, assemble.Gzip)
	if err != nil {
		t.Fatal(err)
	}
	var content bytes.Buffer
	if err := assemble.WriteDockerArchive(&content, name, assemble.Image{Platform: image.DefaultPlatform(), Layers: []assemble.Blob{layer}}); err != nil {
		t.Fatal(err)
	}
	return content.Bytes()
}

// fakeDocker holds one image, "example/app:1".
func fakeDocker(t testing.TB) http.HandlerFunc {
	content := exported(t, "example/app:1")
	return func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/images/example/app:1/json":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"Id":"sha256:dc","RepoTags":["example/app:1"],"RepoDigests":null,"Architecture":"amd64","Os":"linux","Size":%d,"VirtualSize":7792915}`, len(content))
		case "/images/example/app:1/get":
			w.Header().Set("Content-Type", "application/x-tar")
			_, _ = w.Write(content)
		default:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message":"No such image: none:latest"}`)
		}
	}
}

// fakePodman holds the same image under the name that Podman gives it.
func fakePodman(t testing.TB) http.HandlerFunc {
	content := exported(t, "localhost/example/app:1")
	const images = "/v4.0.0/libpod/images/"
	return func(w http.ResponseWriter, r *http.Request) {
		switch name, found := strings.CutPrefix(r.URL.Path, images); {
		case found && (name == "example/app:1/json" || name == "localhost/example/app:1/json"):
			fmt.Fprintf(w, `{"Id":"dc","RepoTags":["localhost/example/app:1"],"Size":%d}`, len(content))
		case found && strings.HasSuffix(name, "example/app:1/get") && r.FormValue("format") == "docker-archive":
			_, _ = w.Write(content)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"cause":"image not known","message":"failed to find image none: none: image not known","response":404}`)
		}
	}
}

// listen serves on a Unix socket.
func listen(t testing.TB, handler http.Handler) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "engine") // t.TempDir() may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(func() { server.Close(); _ = os.RemoveAll(dir) })
	return socket
}

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// bytesHeard is a Progress.
type bytesHeard struct{ total, heard int64 }

func (b *bytesHeard) Start(total int64, _ int) { b.total = total }
func (b *bytesHeard) Add(n int)                { b.heard += int64(n) }

func TestExports(t *testing.T) {
	docker, podman := listen(t, fakeDocker(t)), listen(t, fakePodman(t))
	heard := &bytesHeard{}
	options := Options{Reference: "as named", Progress: heard, Offline: true, Getenv: environment(map[string]string{
		"DOCKER_HOST": "unix://" + docker, "CONTAINER_HOST": "unix://" + podman})}
	for _, c := range []struct {
		open             func(context.Context, string, Options) (image.Source, error)
		name, repository string
	}{
		{OpenDocker, "example/app:1", "example/app"},
		{OpenPodman, "example/app:1", "localhost/example/app"},
		{OpenPodman, "localhost/example/app:1", "localhost/example/app"},
	} {
		heard.heard = 0
		source, err := c.open(t.Context(), c.name, options)
		if err != nil {
			t.Fatal(err)
		}
		img, err := source.Image(t.Context(), image.DefaultPlatform())
		if err != nil {
			t.Fatal(err)
		}
		if img.Reference != "as named" || img.Repository != c.repository || !img.Digest.IsZero() || len(img.Layers) != 1 {
			t.Errorf("%s: %+v", c.name, img)
		}
		if index, err := rootfs.Read(t.Context(), img.Layers[0], rootfs.Options{}); err != nil || len(index.Entries) == 0 {
			t.Errorf("%s: %v", c.name, err)
		}
		if platforms, err := source.Platforms(t.Context()); err != nil || len(platforms) != 1 {
			t.Errorf("%s: platforms %v, %v", c.name, platforms, err)
		}
		if heard.heard == 0 || heard.heard != heard.total {
			t.Errorf("%s: heard of %d of %d bytes", c.name, heard.heard, heard.total)
		}
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	}
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

func TestWhatIsWrong(t *testing.T) {
	good := fakeDocker(t)
	broken := func(change func(w http.ResponseWriter, r *http.Request) bool) string {
		return listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !change(w, r) {
				good(w, r)
			}
		}))
	}
	onExport := func(do func(w http.ResponseWriter)) string {
		return broken(func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/get") {
				return false
			}
			do(w)
			return true
		})
	}
	for _, c := range []struct {
		name, image, socket string
		limit               int64
		says                []string
	}{
		{"no such image", "none", listen(t, good), 0, []string{"has no image none", "pull or build it first"}},
		{"nobody listens", "example/app:1", "/nonexistent/docker.sock", 0, []string{"does not answer at /nonexistent/docker.sock", "DOCKER_HOST"}},
		{"too long", "example/app:1", listen(t, good), 1024, []string{"more than 1024 bytes", "--max-inflated"}},
		{"an export that breaks off", "example/app:1", onExport(func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write(make([]byte, 1000))
		}), 0, []string{"Docker's export of example/app:1", "after 1000 bytes", "try again"}},
		{"an export without end", "example/app:1", onExport(func(w http.ResponseWriter) {
			for err := error(nil); err == nil; {
				_, err = w.Write(make([]byte, 1<<20))
			}
		}), 32 << 20, []string{"more than 33554432 bytes"}},
		{"an export of nothing", "example/app:1", onExport(func(http.ResponseWriter) {}), 0, []string{"is an empty file, not an image archive"}},
		{"a daemon that fails", "example/app:1", onExport(func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `{"message":"disk is broken"}`)
		}), 0, []string{"500 Internal Server Error", "disk is broken"}},
		{"a redirect", "example/app:1", onExport(func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://192.0.2.1/")
			w.WriteHeader(http.StatusFound)
		}), 0, []string{"302 Found"}},
		{"somebody else", "example/app:1", broken(func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprint(w, "hello")
			return true
		}), 0, []string{"cannot be understood", "is it Docker that listens there?"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := OpenDocker(t.Context(), c.image, Options{MaxInflated: c.limit, Getenv: environment(map[string]string{"DOCKER_HOST": "unix://" + c.socket})})
			wantError(t, err, c.says...)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := OpenDocker(ctx, "example/app:1", Options{Getenv: environment(map[string]string{"DOCKER_HOST": "unix://" + listen(t, good)})})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
	for _, name := range []string{"", "../containers/json", "a/../../b", "a?b", "a b", "/a", "a//b", "a#b", "a%2fb", strings.Repeat("a", 600)} {
		_, err := OpenPodman(t.Context(), name, Options{Getenv: environment(nil)})
		wantError(t, err, "is no name of an image")
	}
}

func TestWhereDockerIs(t *testing.T) {
	home := t.TempDir()
	put := func(name string, value any) {
		t.Helper()
		content, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(home, ".docker", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, host := range map[string]string{"desk": "unix:///run/desk.sock", "far": "ssh://me@far", "empty": ""} {
		sum := sha256.Sum256([]byte(name))
		put("contexts/meta/"+hex.EncodeToString(sum[:])+"/meta.json", map[string]any{"Name": name, "Endpoints": map[string]any{"docker": map[string]any{"Host": host}}})
	}
	put("config.json", map[string]any{"currentContext": "desk"})
	rootless := filepath.Dir(listen(t, fakeDocker(t)))
	if err := os.Rename(filepath.Join(rootless, "socket"), filepath.Join(rootless, "docker.sock")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		environment map[string]string
		offline     bool
		want, says  string
	}{
		{"the current context", map[string]string{"HOME": home}, true, "/run/desk.sock", ""},
		{"DOCKER_HOST before any context", map[string]string{"HOME": home, "DOCKER_HOST": "unix:///run/other.sock", "DOCKER_CONTEXT": "far"}, true, "/run/other.sock", ""},
		{"DOCKER_CONTEXT before the current one", map[string]string{"HOME": home, "DOCKER_CONTEXT": "far"}, false, "", `context "far" of Docker names an engine at "ssh://..."`},
		{"another folder", map[string]string{"HOME": "/nonexistent", "DOCKER_CONFIG": filepath.Join(home, ".docker")}, false, "/run/desk.sock", ""},
		{"a context that is not there", map[string]string{"HOME": home, "DOCKER_CONTEXT": "gone"}, false, "", "cannot be read"},
		{"a context without a daemon", map[string]string{"HOME": home, "DOCKER_CONTEXT": "empty"}, false, "", "names no daemon"},
		{"the default", map[string]string{"HOME": home, "DOCKER_CONTEXT": "default", "XDG_RUNTIME_DIR": rootless}, true, filepath.Join(rootless, "docker.sock"), ""},
		{"TCP", map[string]string{"DOCKER_HOST": "tcp://192.0.2.1"}, false, "192.0.2.1:2375", ""},
		{"TCP, offline", map[string]string{"DOCKER_HOST": "tcp://192.0.2.1"}, true, "", "--offline forbids"},
		{"secrets are not repeated", map[string]string{"DOCKER_HOST": "tcp://me:secret@192.0.2.1"}, false, "", "only unix:// and tcp://"},
		{"a pipe of Windows", map[string]string{"DOCKER_HOST": "npipe:////./pipe/docker"}, false, "", "only unix:// and tcp://"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := os.Stat("/var/run/docker.sock"); err == nil && c.name == "the default" {
				c.want = "/var/run/docker.sock"
			}
			got, err := dockerAddress(Options{Getenv: environment(c.environment), Offline: c.offline})
			if c.says != "" {
				wantError(t, err, c.says)
				if strings.Contains(err.Error(), "secret") {
					t.Errorf("%q tells a secret", err)
				}
				return
			}
			if err != nil || got.String() != c.want {
				t.Errorf("got %s, %v; want %s", got, err, c.want)
			}
		})
	}
}

// TestTLS: the daemon's certificate is verified against the folder's authority.
func TestTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(fakeDocker(t))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // its clients refuse its certificate
	server.StartTLS()
	defer server.Close()
	folder := t.TempDir()
	variables := map[string]string{"DOCKER_HOST": "tcp://" + server.Listener.Addr().String(), "DOCKER_CERT_PATH": folder}
	options := Options{Getenv: environment(variables)}
	ca := filepath.Join(folder, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	source, err := OpenDocker(t.Context(), "example/app:1", options)
	if err != nil {
		t.Fatal(err)
	}
	_ = source.Close()
	if err := os.WriteFile(ca, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = OpenDocker(t.Context(), "example/app:1", options)
	wantError(t, err, "holds no certificate")
	variables["DOCKER_CERT_PATH"] = t.TempDir() // no ca.pem: the system's authorities, which do not know it
	_, err = OpenDocker(t.Context(), "example/app:1", options)
	wantError(t, err, "certificate")
}

func TestWherePodmanIs(t *testing.T) {
	runtime := t.TempDir()
	got, err := podmanAddress(Options{Getenv: environment(map[string]string{"CONTAINER_HOST": "unix:///run/mine.sock"})})
	if err != nil || got.String() != "/run/mine.sock" {
		t.Errorf("got %s, %v", got, err)
	}
	got, err = podmanAddress(Options{Getenv: environment(map[string]string{"XDG_RUNTIME_DIR": runtime})})
	if want := runtime + "/podman/podman.sock"; err != nil || got.String() != want && got.String() != "/run/podman/podman.sock" {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
