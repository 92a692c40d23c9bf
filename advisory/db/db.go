package db

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image"
)

// DB is an open database. It may be used by any number of goroutines; Close must come after
// their last call.
type DB struct {
	digest  image.Digest
	sources []Source
	shards  []*advisoryShard // sorted by base
	epss    *shard           // nil if there is none
	kev     *shard           // nil if there is none
	close   func() error
}

// Source is one upstream that a database was made of.
type Source struct {
	// Name is the shard's: osv/ and an ecosystem, epss or kev.
	Name    string
	Records int
	// AsOf is when the upstream was last checked, zero if that is not known.
	AsOf time.Time
	// Newest is the date of the newest record. FutureDated counts records whose date lies after
	// the day on which the database's sources were fetched: those are no dates to go by, and
	// Newest passes over them.
	Newest      time.Time
	FutureDated int
	// Licence and Attribution are what whoever built the database said of the source.
	Licence, Attribution string
	// Version is the upstream's own: EPSS's model, KEV's catalogue.
	Version string
	// Digest vouches for the shard's content, Size is its length in bytes.
	Digest image.Digest
	Size   int64
}

// Open opens a database file. It reads the directory only: the rest is read, and checked, when
// it is touched. The file is not locked, and may be replaced by another meanwhile; whoever has
// it open keeps the old one.
func Open(path string) (*DB, error) {
	mapped, err := openMapping(path)
	if err != nil {
		return nil, fmt.Errorf("opening advisory database %s: %w", path, err)
	}
	d, err := openFile(mapped, mapped.size())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening advisory database %s: %w", path, err), mapped.close())
	}
	d.close = mapped.close
	return d, nil
}

// OpenBytes opens a database that lies in memory. The bytes must not be written to afterwards.
func OpenBytes(file []byte) (*DB, error) {
	d, err := openFile(memory(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("opening an advisory database in memory: %w", err)
	}
	d.close = func() error { return nil }
	return d, nil
}

func openFile(file bytesOfFile, length int64) (*DB, error) {
	header, err := file.view(0, int(min(headerLength, length)))
	if err != nil {
		return nil, err
	}
	directoryLength, err := checkHeader(header, length)
	if err != nil {
		return nil, err
	}
	directory, err := file.view(headerLength, directoryLength)
	if err != nil {
		return nil, err
	}
	root := rootOf(header, directory)
	if string(header[rootAt:]) != string(root[:]) {
		return nil, fmt.Errorf("its directory does not have its checksum: %w", ErrCorrupt)
	}
	entries, err := parseDirectory(directory)
	if err != nil {
		return nil, err
	}
	d := &DB{digest: image.DigestFromSum(root)}
	offset := int64(headerLength + directoryLength)
	for _, e := range entries {
		if err := d.add(&shard{entry: e, file: file, offset: offset, length: int(e.source.Size)}); err != nil {
			return nil, err
		}
		offset += e.source.Size + int64(sumsLength(int(e.source.Size)))
	}
	if offset != length {
		return nil, fmt.Errorf("its shards do not fill it: %w", ErrCorrupt)
	}
	return d, nil
}

// add takes in a shard. Names come sorted.
func (d *DB) add(s *shard) error {
	name := s.entry.source.Name
	base, isOSV := strings.CutPrefix(name, shardPrefix)
	switch {
	case s.entry.kind == advisories && isOSV:
		d.shards = append(d.shards, &advisoryShard{shard: s, base: base})
	case s.entry.kind == epssScores && name == epssShard && d.epss == nil:
		d.epss = s
	case s.entry.kind == kevEntries && name == kevShard && d.kev == nil:
		d.kev = s
	default:
		return fmt.Errorf("shard %.80q is of no known kind: %w", name, ErrCorrupt)
	}
	d.sources = append(d.sources, s.entry.source)
	return nil
}

// The names of shards. One of advisories has the base ecosystem's name after the prefix.
const (
	shardPrefix = "osv/"
	epssShard   = "epss"
	kevShard    = "kev"
)

// Close gives the file back.
func (d *DB) Close() error { return d.close() }

// Check reads every block, and returns the first that is not what the root digest stands for. A look-up
// checks only what it touches.
func (d *DB) Check() error {
	shards := make([]*shard, 0, len(d.shards)+2)
	for _, s := range d.shards {
		shards = append(shards, s.shard)
	}
	for _, s := range []*shard{d.epss, d.kev} {
		if s != nil {
			shards = append(shards, s)
		}
	}
	for _, s := range shards {
		for i := range (s.length + blockLength - 1) / blockLength {
			if _, err := s.block(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// Digest returns the root digest: it stands for every byte of the database.
func (d *DB) Digest() image.Digest { return d.digest }

// Sources returns what the database was made of, sorted by name.
func (d *DB) Sources() []Source { return slices.Clone(d.sources) }

// Covers tells whether there is any advisory for an ecosystem, with its release if it has some:
// Debian:12, Go. If not, finding nothing there means nothing.
//
// What cannot be read counts as not covered; a look-up in it says why.
func (d *DB) Covers(name string) bool {
	s := d.shardOf(name)
	return s != nil && s.prepare() == nil && s.ecosystemIndex(name) >= 0
}

// shardOf returns the shard of an ecosystem, nil if there is none.
func (d *DB) shardOf(name string) *advisoryShard {
	i, found := slices.BinarySearchFunc(d.shards, ecosystem.Base(name), func(s *advisoryShard, base string) int {
		return strings.Compare(s.base, base)
	})
	if !found {
		return nil
	}
	return d.shards[i]
}
