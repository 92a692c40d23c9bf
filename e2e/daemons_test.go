package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
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
	"syscall"
	"testing"
	"time"

	ggcr "github.com/google/go-containerregistry/pkg/registry"

	"plimsoll.dev/plimsoll/internal/testparts"
)

// The user whom the registry with passwords knows, and what `htpasswd -nbB -C 5` made of it.
const (
	registryUser     = "plimsoll"
	registryPassword = "e2e-password"
	registryHash     = "plimsoll:$2y$05$bfMUBN8GyCRkMD95cplv2uOmzsueQPGBqNYMLDRvJYHMFfMPePEs."
)

// tool returns a program's path; a test that needs one that is missing is skipped.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, path := range []string{name, "/usr/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	testparts.Missing(t, name+" is not installed: run tools/e2e-parts.sh")
	return ""
}

// run runs a program to its end.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(tool(t, name), args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// folder is a folder with a short path, as sockets need it.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "plimsoll-e2e")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// daemon starts a program and waits until something answers at an address; it ends with the test.
func daemon(t *testing.T, network, address, name string, args ...string) {
	t.Helper()
	var output bytes.Buffer
	command := exec.Command(tool(t, name), args...)
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = command.Wait() // how it ends is shown by what it said
	}()
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			_ = command.Process.Kill()
			<-done
		}
	})
	for range 600 {
		if connection, err := net.Dial(network, address); err == nil {
			_ = connection.Close()
			return
		}
		select {
		case <-done:
			testparts.Missing(t, fmt.Sprintf("%s does not start here: %s", name, lastLines(output.String())))
		case <-time.After(100 * time.Millisecond):
		}
	}
	testparts.Missing(t, name+" did not answer within a minute")
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], "\n")
}

// freePort is a port on loopback that nobody has.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// debianRegistry starts Debian's docker-registry, with passwords or without, and returns its host.
func debianRegistry(t *testing.T, passwords bool) string {
	t.Helper()
	dir, host := folder(t), freePort(t)
	config := fmt.Sprintf("version: 0.1\nlog: {level: warn}\nstorage: {filesystem: {rootdirectory: %s/data}}\nhttp: {addr: %q}\n", dir, host)
	if passwords {
		if err := os.WriteFile(filepath.Join(dir, "htpasswd"), []byte(registryHash+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		config += fmt.Sprintf("auth: {htpasswd: {realm: e2e, path: %s/htpasswd}}\n", dir)
	}
	path := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon(t, "tcp", host, "docker-registry", "serve", path)
	return host
}

// dockerConfig writes what docker login would, and returns the folder.
func dockerConfig(t *testing.T, host, password string) string {
	t.Helper()
	dir := t.TempDir()
	auth := base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + password))
	content, err := json.Marshal(map[string]any{"auths": map[string]any{host: map[string]string{"auth": auth}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// memoryRegistry starts go-containerregistry's registry in this process.
func memoryRegistry(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// startContainerd starts a containerd with folders of its own and returns its socket.
func startContainerd(t *testing.T) string {
	t.Helper()
	dir := folder(t)
	socket := filepath.Join(dir, "containerd.sock")
	config := fmt.Sprintf(`version = 2
root = %q
state = %q
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = %q
[ttrpc]
  address = %q
`, dir+"/root", dir+"/state", socket, socket+".ttrpc")
	path := filepath.Join(dir, "config.toml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon(t, "unix", socket, "containerd", "--config", path)
	return socket
}

// startDocker starts a Docker daemon with folders of its own and without a network.
func startDocker(t *testing.T) string {
	t.Helper()
	dir := folder(t)
	socket := filepath.Join(dir, "docker.sock")
	daemon(t, "unix", socket, "dockerd", "--data-root", dir+"/data", "--exec-root", dir+"/exec", "--pidfile", dir+"/pid",
		"--host", "unix://"+socket, "--storage-driver=vfs", "--iptables=false", "--ip6tables=false", "--bridge=none")
	return socket
}

// startPodman starts Podman's service with folders of its own.
func startPodman(t *testing.T) string {
	t.Helper()
	dir := folder(t)
	socket := filepath.Join(dir, "podman.sock")
	daemon(t, "unix", socket, "podman", "--root", dir+"/root", "--runroot", dir+"/run", "--storage-driver", "vfs",
		"system", "service", "--time", "0", "unix://"+socket)
	return socket
}

// post sends an archive to an engine, as docker load and podman load do.
func post(t *testing.T, socket, path, archive string) {
	t.Helper()
	content, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Post("http://engine"+path, "application/x-tar", content)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || bytes.Contains(answer, []byte(`"error"`)) {
		t.Fatalf("%s: %s, %v\n%s", path, response.Status, err, answer)
	}
}
