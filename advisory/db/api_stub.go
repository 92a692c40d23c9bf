package db

import (
	"context"
	"errors"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/image"
)

var errStub = errors.New("not built yet")

type DB struct{}

func Open(path string) (*DB, error)        { return nil, errStub }
func OpenBytes(file []byte) (*DB, error)   { return nil, errStub }
func (d *DB) Close() error                 { return nil }
func (d *DB) Digest() image.Digest         { return image.Digest{} }
func (d *DB) Sources() []Source            { return nil }
func (d *DB) Covers(ecosystem string) bool { return false }
func (d *DB) Lookup(ecosystem, name string) (*Cursor, error) {
	return nil, errStub
}
func (d *DB) RatingsOf(cve string) ([]advisory.Rating, error) { return nil, errStub }
func (d *DB) EPSS(cve string) (advisory.EPSS, bool, error)    { return advisory.EPSS{}, false, errStub }
func (d *DB) KEV(cve string) (advisory.KEV, bool, error)      { return advisory.KEV{}, false, errStub }

type Source struct {
	Name                          string
	Records                       int
	AsOf, Newest                  time.Time
	FutureDated                   int
	Licence, Attribution, Version string
	Digest                        image.Digest
	Size                          int64
}

type Cursor struct{}

func (c *Cursor) Next() bool                             { return false }
func (c *Cursor) Err() error                             { return nil }
func (c *Cursor) Match(key []byte, version string) Match { return Match{} }
func (c *Cursor) Record() (Record, error)                { return Record{}, errStub }
func (c *Cursor) Ratings() ([]advisory.Rating, error)    { return nil, errStub }

type State uint8

const (
	NotAffected State = iota
	Affected
	Undecided
)

type Match struct {
	State        State
	Range        string
	Fixed        string
	LastAffected bool
	WontFix      bool
	Ratings      []advisory.Rating
}

type Record struct {
	Shard, ID            string
	Aliases, CVEs        []string
	Published, Withdrawn time.Time
	Erratum              bool
	Ratings              []advisory.Rating
}

type Options struct {
	AsOf              time.Time
	Sources           map[string]SourceInfo
	Include           func(shard string) bool
	EPSSOnlyOfRecords bool
	Progress          func(shard string, done, total int)
}

type SourceInfo struct {
	AsOf                 time.Time
	Licence, Attribution string
}

type Stats struct {
	Digest  image.Digest
	Size    int64
	Shards  []ShardStats
	Missing []string
}

type ShardStats struct {
	Name                                            string
	Records, Packages, Entries                      int
	UnparsableVersions, UnknownRatings, FutureDated int
	Bytes                                           int64
}

func Build(ctx context.Context, from, out string, options Options) (Stats, error) {
	return Stats{}, errStub
}
