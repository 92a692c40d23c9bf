package e2e

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/testparts"
)

// decodeOutput runs a command that writes JSON. allowed is a status that is no failure either.
func decodeOutput(t *testing.T, command *exec.Cmd, target any, allowed int) {
	t.Helper()
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil && command.ProcessState.ExitCode() != allowed {
		t.Fatalf("%s: %v\n%s", strings.Join(command.Args, " "), err, lastLines(complaint.String()))
	}
	if err := json.Unmarshal(out, target); err != nil {
		t.Fatalf("%s: %v", strings.Join(command.Args, " "), err)
	}
}

// osvFolder is a folder in which osv-scanner finds the advisories at hand.
func osvFolder(t *testing.T) string {
	t.Helper()
	data, err := filepath.Abs(testparts.Shared(t, "data", "osv"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(data, filepath.Join(dir, "osv-scalibr")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// dockerArchive packs a layout as `docker save` does since Docker 25: osv-scanner reads no layouts.
func dockerArchive(t *testing.T, dir string) string {
	t.Helper()
	b := openLayout(t, dir)
	target := filepath.Join(t.TempDir(), "image.tar")
	file, err := os.Create(target)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	archive := tar.NewWriter(file)
	add := func(name string, size int64, content io.Reader) {
		t.Helper()
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(archive, content); err != nil {
			t.Fatal(err)
		}
	}
	entry := struct {
		Config           string
		RepoTags, Layers []string
	}{Config: "config.json", RepoTags: []string{"example.test/image:latest"}}
	for i, d := range append([]image.Descriptor{b.config}, b.layers...) {
		name := "config.json"
		if i > 0 {
			name = "blobs/" + strings.Replace(d.Digest.String(), ":", "/", 1)
			entry.Layers = append(entry.Layers, name)
		}
		blob, err := os.Open(b.path(d))
		if err != nil {
			t.Fatal(err)
		}
		add(name, d.Size, blob)
		blob.Close()
	}
	manifest, err := json.Marshal([]any{entry})
	if err != nil {
		t.Fatal(err)
	}
	add("manifest.json", int64(len(manifest)), bytes.NewReader(manifest))
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return target
}
