// Package starter is the advisory database inside the binary, for a first scan without a network.
//
// It holds facts only, compiled by `make starter` from the sources that sources.tsv and NOTICE
// name with their licences and dates. It is old by nature: whoever uses it has to say so. It is
// unpacked once into a folder of the user's, or into memory.
package starter

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"plimsoll.dev/plimsoll/advisory/db"
)

//go:generate go run ./generate --from ../../../../shared/data

//go:embed starter.db.zst
var packed []byte

//go:embed starter.digest
var digest string

// maxUnpacked bounds what the embedded database may unpack to.
const maxUnpacked = 256 << 20

// Open opens the starter database. It is unpacked into dir, which is made if need be; if dir is
// empty or cannot be written, into memory. A file that was damaged since is unpacked anew.
func Open(dir string) (*db.DB, error) {
	if dir == "" {
		return openInMemory()
	}
	want := strings.TrimSpace(digest)
	path := filepath.Join(dir, "starter-"+strings.TrimPrefix(want, "sha256:")[:16]+".db")
	if database, err := openUnpacked(path, want); err == nil {
		return database, nil
	}
	if err := unpack(path); err != nil {
		return openInMemory()
	}
	return openUnpacked(path, want)
}

// openUnpacked opens the file if it is the database that belongs to this binary.
func openUnpacked(path, want string) (*db.DB, error) {
	database, err := db.Open(path)
	if err != nil {
		return nil, err
	}
	if got := database.Digest().String(); got != want {
		return nil, errors.Join(fmt.Errorf("%s has digest %s, want %s", path, got, want), database.Close())
	}
	return database, nil
}

// unpack writes the database beside path and renames it, so that other processes see all of it
// or nothing.
func unpack(path string) error {
	content, err := inflated()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".starter-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // of no effect once renamed
	if _, err := file.Write(content); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func openInMemory() (*db.DB, error) {
	content, err := inflated()
	if err != nil {
		return nil, err
	}
	return db.OpenBytes(content)
}

func inflated() ([]byte, error) {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked))
	if err != nil {
		return nil, fmt.Errorf("unpacking the starter database: %w", err)
	}
	defer decoder.Close()
	content, err := decoder.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("unpacking the starter database: %w", err)
	}
	return content, nil
}
