package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/registry"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/internal/assemble"
)

const denying = "apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: far}\nrules: [{id: not-root, deny: {config: [user-root]}}]\n"

// TestPolicyInARegistry: pushed by name, used by digest, remembered, used offline, and never if
// what is remembered was changed.
func TestPolicyInARegistry(t *testing.T) {
	server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	repository := "oci://" + strings.TrimPrefix(server.URL, "http://") + "/policies/base"
	home, dir := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "far.yaml")
	if err := os.WriteFile(path, []byte(denying), 0o644); err != nil {
		t.Fatal(err)
	}
	pushed := plimsollAt(t, home, "policy", "push", path, repository+":v1")
	name := strings.TrimSpace(pushed.stdout)
	if pushed.status != exitDone || !strings.HasPrefix(name, repository+"@sha256:") {
		t.Fatalf("status %d, %q\n%s", pushed.status, pushed.stdout, pushed.stderr)
	}
	target := writeImage(t, layer(t, assemble.Gzip, ordinaryFiles()...))
	check := func(home string, args ...string) outcome {
		return plimsollAt(t, home, append([]string{"check", target, "--quiet", "--policy", name}, args...)...)
	}
	denied := func(what string, o outcome) {
		t.Helper()
		if o.status != exitDenied || !strings.Contains(o.stdout, "not-root") {
			t.Errorf("%s: status %d\n%s%s", what, o.status, o.stdout, o.stderr)
		}
	}
	refused(t, check(home, "--offline"), "not in the cache, and with --offline no registry is asked")
	denied("fetched", check(home))
	denied("not kept", check(t.TempDir(), "--no-cache"))
	server.Close()
	denied("remembered", check(home))
	denied("offline", check(home, "--offline"))
	damage(t, home)
	refused(t, check(home, "--offline"), "not in the cache")
}

// damage changes all that is remembered of policies.
func damage(t *testing.T, home string) {
	t.Helper()
	changed := 0
	err := filepath.WalkDir(home, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, policyKind) {
			return err
		}
		changed++
		return os.WriteFile(path, []byte("plimsoll-cache-1\n{}"), 0o600)
	})
	if err != nil || changed == 0 {
		t.Fatalf("%d changed, %v", changed, err)
	}
}

// remembered is a cache of one entry.
type remembered []byte

func (r remembered) Get(string, string) ([]byte, bool) { return r, true }
func (r remembered) Put(string, string, []byte) error  { return nil }

// TestACachedPolicyIsVerified: an entry that is whole and says something else is not used.
func TestACachedPolicyIsVerified(t *testing.T) {
	content := []byte(denying)
	manifest := fmt.Appendf(nil, `{"schemaVersion":2,"layers":[{"mediaType":"application/yaml","digest":%q,"size":%d}]}`, image.DigestOf(content), len(content))
	good := registry.File{Digest: image.DigestOf(manifest), Manifest: manifest, Content: content}
	for name, test := range map[string]struct {
		change func(*registry.File)
		want   bool
	}{
		"as it was":        {func(*registry.File) {}, true},
		"another policy":   {func(f *registry.File) { f.Content = []byte(strings.Replace(denying, "user-root", "user-none", 1)) }, false},
		"another manifest": {func(f *registry.File) { f.Manifest = append([]byte(" "), manifest...) }, false},
		"a digest of its own": {func(f *registry.File) {
			f.Manifest = append([]byte(" "), manifest...)
			f.Digest = image.DigestOf(f.Manifest)
		}, false},
	} {
		file := good
		test.change(&file)
		entry, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, found := cachedPolicy(remembered(entry), good.Digest); found != test.want {
			t.Errorf("%s: found %v, want %v", name, found, test.want)
		}
	}
}
