package testparts

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// tried is how a test that lacks something ends.
type tried struct {
	testing.TB
	failed, skipped string
}

func (t *tried) Helper() {}

func (t *tried) Fatal(args ...any) { t.failed = args[0].(string); runtime.Goexit() }

func (t *tried) Skip(args ...any) { t.skipped = args[0].(string); runtime.Goexit() }

func try(test func(testing.TB)) *tried {
	t, done := &tried{}, make(chan struct{})
	go func() {
		defer close(done)
		test(t)
	}()
	<-done
	return t
}

// TestMissing: what is missing is skipped with a reason, and fails in CI, unless the set-up has said
// that it cannot be had.
func TestMissing(t *testing.T) {
	checkout := filepath.Join(t.TempDir(), "checkout")
	if err := os.MkdirAll(filepath.Join(checkout, "a", "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(checkout, "go.mod"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(checkout, "a", "b"))
	program := func(t testing.TB) { Program(t, "no-such", "build it") }
	shared := func(t testing.TB) { Shared(t, "data") }
	ends := func(ci, name string, test func(testing.TB), failed bool, why string) {
		t.Helper()
		t.Setenv("CI", ci)
		got := try(test)
		says := got.skipped
		if failed {
			says = got.failed
		}
		if !strings.Contains(says, why) {
			t.Errorf("%s, CI=%q: failed %q, skipped %q", name, ci, got.failed, got.skipped)
		}
	}
	ends("", "a program", program, false, "no-such is not installed: build it")
	ends("true", "a program", program, true, "no-such is not installed: build it")
	ends("true", "no shared data", shared, false, "not beside the checkout")
	if err := os.Mkdir(filepath.Join(checkout, "..", "shared"), 0o700); err != nil {
		t.Fatal(err)
	}
	ends("", "shared data without the part", shared, false, "lacks a part")
	ends("true", "shared data without the part", shared, true, "lacks a part")
	t.Setenv("PLIMSOLL_NO_NO-SUCH", "1")
	ends("true", "a program that cannot be had", program, false, "no-such is not installed")
}
