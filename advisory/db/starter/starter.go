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
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
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
	// What cannot be kept can still be used. Whether it was kept is seen by opening it.
	if err := keep(path); err == nil {
		if d, err := open(path, digest); err == nil {
			return d, nil
		}
	}
	return openInMemory(digest)
}

// keep unpacks the database into a file, whole or not at all. It does not wait for the disk:
// should the machine stop, a file that is short is replaced by Open, and blocks have checksums.
func keep(path string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	err = unpack(func(r io.Reader) error {
		_, err := io.Copy(file, r)
		return err
	})
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(file.Name()))
	}
	return err
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
	var file []byte
	err := unpack(func(r io.Reader) (err error) {
		file, err = io.ReadAll(r)
		return err
	})
	if err != nil {
		return nil, err
	}
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

// unpack hands the database over as a stream: its window is small, so that little memory is
// needed beside the image that is being read at the same time.
func unpack(use func(io.Reader) error) error {
	decoder, err := zstd.NewReader(bytes.NewReader(compressed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err == nil {
		defer decoder.Close()
		err = use(decoder)
	}
	if err != nil {
		return fmt.Errorf("unpacking the starter database: %w", err)
	}
	return nil
}
