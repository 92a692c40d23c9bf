package db

import (
	"bytes"
	"fmt"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/ecosystem"
)

// Cursor goes through what the records of one ecosystem say of one package, in the order of the
// records' ids. It belongs to one goroutine.
type Cursor struct {
	shard    *advisoryShard
	name     string
	ordering ecosystem.Ordering
	prefix   string // of the keys
	err      error

	// Of the package.
	keyed, unkeyed int // how many versions have keys, and how many have none
	texts          int // offset in textSection
	lists          textLists
	keys           reader // at the first key
	entries        reader
	remaining      int

	// Of the current entry.
	record int
	body   reader

	query query
}

// query is the version that was asked for last, and where it stands among the package's.
type query struct {
	known      bool
	key        []byte
	version    string
	orderable  bool
	below      int // how many keys are before the version's
	through    int // how many are before it or equal
	unkeyed    int // the rank of its text among those that have no key, -1 if not there
	keyScratch []byte
}

// Lookup returns a cursor over what an ecosystem (Debian:12, Go) says of a package, however its
// name is spelled (ecosystem.NormalName). For a package that no record names, the cursor is empty.
func (d *DB) Lookup(ecosystemName, name string) (*Cursor, error) {
	c := &Cursor{name: ecosystem.NormalName(ecosystemName, name), ordering: ecosystem.OrderingOf(ecosystemName)}
	c.prefix = keyPrefix(ecosystem.Base(ecosystemName), c.ordering)
	if c.shard = d.shardOf(ecosystemName); c.shard == nil {
		return c, nil
	}
	if err := c.shard.prepare(); err != nil {
		return nil, err
	}
	if release := c.shard.ecosystemIndex(ecosystemName); release >= 0 {
		if err := c.open(release); err != nil {
			return nil, fmt.Errorf("looking up %.80q in %s: %w", name, c.shard.entry.source.Name, err)
		}
	}
	return c, nil
}

// open finds the package and its entries for a release.
func (c *Cursor) open(release int) error {
	index, payload, err := c.shard.packages.find(c.name)
	if err != nil || index < 0 {
		return err
	}
	offset, length := payload.uvarint(), payload.uvarint()
	if payload.err != nil || offset > maxShardLength || length > maxShardLength {
		return ErrCorrupt
	}
	r := c.shard.within(bodySection, int(offset), int(length))
	c.keyed = r.count(maxShardLength)
	c.unkeyed = r.count(maxShardLength)
	c.texts = r.count(maxShardLength)
	c.keys = r.stretch(r.count(r.left()))
	for range r.count(r.left()) {
		ecosystemIndex := r.count(maxShardLength)
		count := r.count(maxShardLength)
		entries := r.stretch(r.count(r.left()))
		if r.err == nil && ecosystemIndex == release {
			c.remaining, c.entries = count, entries
			break
		}
	}
	return r.err
}

// Next moves to the next entry. It returns false at the end, and when something cannot be read:
// see Err.
func (c *Cursor) Next() bool {
	if c.err != nil || c.remaining == 0 {
		return false
	}
	c.remaining--
	c.record += c.entries.count(maxShardLength - c.record)
	c.body = c.entries.stretch(c.entries.count(c.entries.left()))
	c.fail(c.entries.err)
	return c.err == nil
}

// Err returns what went wrong.
func (c *Cursor) Err() error { return c.err }

func (c *Cursor) fail(err error) {
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("reading what %s says of %.80q: %w", c.shard.entry.source.Name, c.name, err)
	}
}

// Record returns the current entry's record.
func (c *Cursor) Record() (Record, error) {
	record, err := c.shard.record(c.record)
	c.fail(err)
	return record, c.err
}

// Ratings returns the ratings of the current entry: those of this package alone.
func (c *Cursor) Ratings() ([]advisory.Rating, error) {
	r := c.body
	flags := c.skipToRatings(&r)
	ratings := c.entryRatings(&r, flags)
	return ratings, c.err
}

// locate finds a version among those of the package.
func (c *Cursor) locate(key []byte, version string) {
	q := &c.query
	*q = query{known: true, key: append(q.key[:0], key...), version: version, unkeyed: -1, keyScratch: q.keyScratch}
	q.orderable = c.ordering != ecosystem.Unordered && len(key) > 0
	if q.orderable {
		r := c.keys
		var buffer [128]byte
		key = append(append(buffer[:0], c.prefix...), key...)
		for range c.keyed {
			shared := r.count(len(q.keyScratch))
			q.keyScratch = append(q.keyScratch[:shared], r.bytes(r.count(r.left()))...)
			order := bytes.Compare(q.keyScratch, key)
			if r.err != nil || order > 0 {
				break
			}
			if order < 0 {
				q.below++
			}
			q.through++
		}
		c.fail(r.err)
	}
	if c.unkeyed > 0 {
		lists, err := c.textLists()
		if err == nil {
			q.unkeyed, _, err = lists.unkeyed.find(version)
		}
		c.fail(err)
	}
	if q.unkeyed >= 0 {
		q.unkeyed += c.keyed
	}
}

// textLists are the texts of a package's versions.
type textLists struct {
	known          bool
	keyed, unkeyed list
}

// textLists returns the lists, looking for them when they are asked for first.
func (c *Cursor) textLists() (*textLists, error) {
	if !c.lists.known {
		span := c.shard.span[textSection]
		r := c.shard.within(textSection, c.texts, span.end-span.start-c.texts)
		c.lists = textLists{known: true, keyed: readList(&r, false), unkeyed: readList(&r, false)}
		if r.err == nil && (c.lists.keyed.count != c.keyed || c.lists.unkeyed.count != c.unkeyed) {
			r.fail(ErrCorrupt)
		}
		if r.err != nil {
			c.lists = textLists{}
			return nil, r.err
		}
	}
	return &c.lists, nil
}

// appendText appends the version of a rank.
func (c *Cursor) appendText(dst []byte, rank int) []byte {
	lists, err := c.textLists()
	if err != nil {
		c.fail(err)
		return dst
	}
	texts := &lists.keyed
	if rank >= c.keyed {
		texts, rank = &lists.unkeyed, rank-c.keyed
	}
	var buffer [64]byte
	text, _, err := texts.at(rank, buffer[:0])
	c.fail(err)
	return append(dst, text...)
}
