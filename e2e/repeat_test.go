package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"plimsoll.dev/plimsoll/internal/testparts"
)

// TestSameBytes: equal inputs and an equal --now give equal output, whatever the cache, the
// number of processors, the folder and the time zone.
func TestSameBytes(t *testing.T) {
	dir := built(t, "debian-python")
	args := []string{"scan", dir, "--format", "json", "--quiet", "--now", now, "--db", database(t)}
	scan := func(t *testing.T, work, cache string, env ...string) []byte {
		t.Helper()
		command := exec.Command(binary(t), append(args, "--cache-dir", cache)...)
		command.Dir = work
		command.Env = append(os.Environ(), env...)
		out, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	warm := filepath.Join(t.TempDir(), "warm")
	want := scan(t, home, warm)
	if len(want) < 10_000 {
		t.Fatalf("the report has only %d bytes", len(want))
	}
	for name, got := range map[string][]byte{
		"another empty cache": scan(t, home, filepath.Join(t.TempDir(), "cache")),
		"a filled cache":      scan(t, home, warm),
		"GOMAXPROCS=1":        scan(t, home, filepath.Join(t.TempDir(), "cache"), "GOMAXPROCS=1"),
		"GOMAXPROCS=8":        scan(t, home, filepath.Join(t.TempDir(), "cache"), "GOMAXPROCS=8"),
		"another folder":      scan(t, t.TempDir(), filepath.Join(t.TempDir(), "cache")),
		"another time zone":   scan(t, home, filepath.Join(t.TempDir(), "cache"), "TZ=Pacific/Kiritimati"),
	} {
		if !bytes.Equal(got, want) {
			t.Errorf("with %s the output differs", name)
		}
	}
}

// TestSameDatabase: two builds of the same input give the same bytes.
func TestSameDatabase(t *testing.T) {
	first, err := os.ReadFile(database(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "again.db")
	command := exec.Command(binary(t), "db", "build", "--quiet", "--from", testparts.Shared(t, "data"), "--as-of", "2026-11-22T00:00:00Z", "--out", path)
	command.Env = append(os.Environ(), "GOMAXPROCS=1", "TZ=Pacific/Kiritimati")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	second, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("two builds differ: %d and %d bytes", len(first), len(second))
	}
}
