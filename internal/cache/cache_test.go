package cache

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func open(t *testing.T, size int64) *Cache {
	t.Helper()
	c, err := Open(filepath.Join(t.TempDir(), "cache"), size)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGetReturnsWhatWasPut(t *testing.T) {
	c := open(t, DefaultSize)
	if _, ok := c.Get("layer", "a"); ok {
		t.Error("an empty cache holds something")
	}
	for _, content := range []string{"one", "another"} {
		if err := c.Put("layer", "a", []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, ok := c.Get("layer", "a"); !ok || string(got) != content {
			t.Errorf("got %q, %v, want %q", got, ok, content)
		}
	}
	if _, ok := c.Get("facts", "a"); ok {
		t.Error("kinds share keys")
	}
}

func TestDamagedEntryIsAMiss(t *testing.T) {
	c := open(t, DefaultSize)
	if err := c.Put("layer", "a", bytes.Repeat([]byte("content "), 100)); err != nil {
		t.Fatal(err)
	}
	path := c.path("layer", "a")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range whole {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Get("layer", "a"); ok {
			t.Fatalf("an entry cut to %d of %d bytes is a hit", cut, len(whole))
		}
		flipped := bytes.Clone(whole)
		flipped[cut] ^= 1
		if err := os.WriteFile(path, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Get("layer", "a"); ok {
			t.Fatalf("an entry with a flipped bit in byte %d is a hit", cut)
		}
	}
}

func TestCloseRemovesTheLongestUnused(t *testing.T) {
	c := open(t, 3000)
	for i, key := range []string{"oldest", "middle", "newest"} {
		if err := c.Put("layer", key, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		used := time.Now().Add(time.Duration(i-10) * time.Hour)
		if err := os.Chtimes(c.path("layer", key), used, used); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{"oldest": false, "middle": true, "newest": true} {
		if _, got := c.Get("layer", key); got != want {
			t.Errorf("%s is kept: %v, want %v", key, got, want)
		}
	}
}

func TestOpenRefusesAFolderThatOthersMayWrite(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, DefaultSize); err == nil || !strings.Contains(err.Error(), "--cache-dir") {
		t.Errorf("got %v, want an error that names --cache-dir", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	c := open(t, DefaultSize)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				content := bytes.Repeat([]byte("x"), 5000)
				if err := c.Put("layer", "shared", content); err != nil {
					t.Error(err)
				}
				if got, ok := c.Get("layer", "shared"); !ok || !bytes.Equal(got, content) {
					t.Error("a reader saw half an entry")
				}
			}
		})
	}
	group.Wait()
}

func TestNilCacheKeepsNothing(t *testing.T) {
	var c *Cache
	if err := c.Put("layer", "a", nil); err != nil {
		t.Error(err)
	}
	if _, ok := c.Get("layer", "a"); ok {
		t.Error("a nil cache holds something")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
