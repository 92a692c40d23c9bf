// Package starter is the advisory database that the binary carries, so that a first scan works
// without a network: facts only, as old as its sources' dates say. Whoever has a database of their
// own does not need it.
//
// It is made by advisory/db/starter/generate (make starter) of a copy of the upstreams. Which
// sources it holds, under which licences and of which day stands in sources.tsv, which the
// generator writes into the database: see db.Source. Sources under share-alike licences (Alpine,
// Ubuntu) are shards of their own, as all sources are.
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
	"plimsoll.dev/plimsoll/image"
)

//go:generate go run ./generate --from ../../../../shared/data --out . --notice ../../../NOTICE

//go:embed starter.db.zst
var compressed []byte

//go:embed starter.digest
var digestText string

// maxInflated bounds the database in memory.
const maxInflated = 256 << 20

// Digest returns the root digest of the database.
func Digest() (image.Digest, error) {
	digest, err := image.ParseDigest(strings.TrimSpace(digestText))
	if err != nil {
		return image.Digest{}, fmt.Errorf("reading the starter database's digest: %w", err)
	}
	return digest, nil
}

// Open opens the database. It is unpacked into a folder once, under a name that has its digest,
// and taken from there afterwards; a file whose digest is another is replaced. If the folder is
// "" or cannot be written to, the database is unpacked into memory.
func Open(cacheFolder string) (*db.DB, error) {
	digest, err := Digest()
	if err != nil {
		return nil, err
	}
	if cacheFolder == "" {
		return openInMemory(digest)
	}
	path := filepath.Join(cacheFolder, "starter-"+digest.Hex()+".db")
	if d, err := open(path, digest); err == nil {
		return d, nil
	}
	file, err := unpack()
	if err != nil {
		return nil, err
	}
	// What cannot be kept can still be used. Whether it was kept is seen by opening it.
	if err := errors.Join(os.MkdirAll(cacheFolder, 0o700), db.WriteFile(path, file)); err == nil {
		if d, err := open(path, digest); err == nil {
			return d, nil
		}
	}
	return openBytes(file, digest)
}

// open opens an unpacked database, if it is the one.
func open(path string, digest image.Digest) (*db.DB, error) {
	d, err := db.Open(path)
	if err != nil {
		return nil, err
	}
	return expect(d, digest)
}

func openInMemory(digest image.Digest) (*db.DB, error) {
	file, err := unpack()
	if err != nil {
		return nil, err
	}
	return openBytes(file, digest)
}

func openBytes(file []byte, digest image.Digest) (*db.DB, error) {
	d, err := db.OpenBytes(file)
	if err != nil {
		return nil, fmt.Errorf("opening the starter database: %w", err)
	}
	return expect(d, digest)
}

// expect closes a database that has another digest.
func expect(d *db.DB, digest image.Digest) (*db.DB, error) {
	if d.Digest() == digest {
		return d, nil
	}
	err := fmt.Errorf("the starter database has the digest %s, want %s: %w", d.Digest(), digest, db.ErrCorrupt)
	return nil, errors.Join(err, d.Close())
}

func unpack() ([]byte, error) {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxInflated))
	if err != nil {
		return nil, fmt.Errorf("unpacking the starter database: %w", err)
	}
	defer decoder.Close()
	file, err := decoder.DecodeAll(compressed, nil)
	if err != nil {
		return nil, fmt.Errorf("unpacking the starter database: %w", err)
	}
	return file, nil
}
