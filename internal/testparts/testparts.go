// Package testparts finds what tests compare with and a machine may lack: programs, and the shared
// data beside the checkout. A test that lacks its part skips and says why; in CI it fails, since
// there tools/test.sh and tools/e2e-parts.sh have installed it.
package testparts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Program returns where a program lies. get is how a person installs it. In CI, tools/test.sh says in
// PLIMSOLL_NO_NAME that it tried to and could not.
func Program(t testing.TB, name, get string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	why := name + " is not installed: " + get
	if os.Getenv("PLIMSOLL_NO_"+strings.ToUpper(name)) != "" {
		t.Skip(why)
	}
	Missing(t, why)
	return ""
}

// Cosign returns where cosign lies.
func Cosign(t testing.TB) string {
	t.Helper()
	return Program(t, "cosign", "go install github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3")
}

// Shared returns a file or folder of the shared data. A checkout without any is no mistake, even in
// CI; shared data without the file is.
func Shared(t testing.TB, elements ...string) string {
	t.Helper()
	root := "."
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		root = filepath.Join(root, "..")
		if len(root) > 100 {
			t.Fatal("no go.mod above the test's folder")
		}
	}
	shared := filepath.Join(root, "..", "shared")
	if _, err := os.Stat(shared); err != nil {
		t.Skip("the shared data is not beside the checkout: " + err.Error())
	}
	path := filepath.Join(append([]string{shared}, elements...)...)
	if _, err := os.Stat(path); err != nil {
		Missing(t, "the shared data lacks a part: "+err.Error())
	}
	return path
}

// Missing ends a test that lacks a part.
func Missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal("in CI no part may be missing: " + why)
	}
	t.Skip(why)
}
