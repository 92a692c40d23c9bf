// Package cache keeps results on disk for any number of processes at once, without a lock.
//
// An entry is one file, written to a temporary name and renamed, and carries the digest of its
// content: a reader sees a whole entry or none. Entries that do not read as written are misses.
// When the folder grows beyond its cap, the entries used longest ago go first. The package knows
// nothing of what it keeps; keys must name content that was verified.
package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"
)

// DefaultSize is the cap on the bytes kept.
const DefaultSize = 1 << 30

// magic opens every entry; it changes with the form of the file.
const magic = "plimsoll-cache-1\n"

// Cache is a folder of entries. A nil *Cache holds nothing and keeps nothing.
type Cache struct {
	dir   string
	size  int64
	wrote atomic.Bool
}

// Open uses dir, creating it private to the user. It refuses a folder that somebody else owns or
// may write: what lies there decides what a scan reports.
func Open(dir string, size int64) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the cache folder: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("looking at the cache folder: %w", err)
	}
	if !info.IsDir() || info.Mode().Perm()&0o022 != 0 || !ownedByUser(info) {
		return nil, fmt.Errorf("cache folder %s: others may write there: give it to yourself with mode 0700, or name another with --cache-dir", dir)
	}
	return &Cache{dir: dir, size: size}, nil
}

// Get returns an entry's content.
func (c *Cache) Get(kind, key string) ([]byte, bool) {
	if c == nil {
		return nil, false
	}
	path := c.path(kind, key)
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	body, ok := bytes.CutPrefix(content, []byte(magic))
	if !ok || len(body) < sha256.Size {
		return nil, false
	}
	sum, body := body[:sha256.Size], body[sha256.Size:]
	if got := sha256.Sum256(body); !bytes.Equal(sum, got[:]) {
		return nil, false
	}
	c.touch(path)
	return body, true
}

// touch marks an entry as used, at most once a day: that is exact enough to choose what goes.
func (c *Cache) touch(path string) {
	now := time.Now()
	if info, err := os.Stat(path); err == nil && now.Sub(info.ModTime()) > 24*time.Hour {
		_ = os.Chtimes(path, now, now) // failing only makes the entry look older
	}
}

// Put keeps an entry. What stands under the key is replaced.
func (c *Cache) Put(kind, key string, content []byte) error {
	if c == nil {
		return nil
	}
	path := c.path(kind, key)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("writing to the cache: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return fmt.Errorf("writing to the cache: %w", err)
	}
	defer os.Remove(file.Name()) // of no effect once renamed
	sum := sha256.Sum256(content)
	for _, part := range [][]byte{[]byte(magic), sum[:], content} {
		if _, err := file.Write(part); err != nil {
			file.Close()
			return fmt.Errorf("writing to the cache: %w", err)
		}
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("writing to the cache: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("writing to the cache: %w", err)
	}
	c.wrote.Store(true)
	return nil
}

// Close brings the folder below its cap if this process wrote to it.
func (c *Cache) Close() error {
	if c == nil || !c.wrote.Load() {
		return nil
	}
	type entry struct {
		path string
		info fs.FileInfo
	}
	var entries []entry
	var total int64
	err := filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return ignoreGone(err)
		}
		info, err := d.Info()
		if err != nil {
			return ignoreGone(err)
		}
		entries = append(entries, entry{path, info})
		total += info.Size()
		return nil
	})
	if err != nil {
		return fmt.Errorf("measuring the cache: %w", err)
	}
	slices.SortFunc(entries, func(a, b entry) int { return a.info.ModTime().Compare(b.info.ModTime()) })
	for _, e := range entries {
		if total <= c.size {
			break
		}
		if err := ignoreGone(os.Remove(e.path)); err != nil {
			return fmt.Errorf("shrinking the cache: %w", err)
		}
		total -= e.info.Size()
	}
	return nil
}

// ignoreGone drops the error of another process having removed the file first.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (c *Cache) path(kind, key string) string {
	sum := sha256.Sum256([]byte(key))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(c.dir, kind, name[:2], name)
}
