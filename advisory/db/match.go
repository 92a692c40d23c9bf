package db

import (
	"bytes"

	"plimsoll.dev/plimsoll/advisory"
)

// State says whether a version is affected.
type State uint8

// The states. Undecided: a range might hold the version, and versions cannot be ordered.
const (
	NotAffected State = iota
	Affected
	Undecided
)

// Match is what an entry says of a version, and why. It is zero for a version that is not
// affected.
type Match struct {
	State State
	// Range is the part of the entry that holds the version: ">=0,<3.3.3-r0", or "=1.2.3" if the
	// version is listed. Of an undecided match it is the range that might.
	Range string
	// Fixed is the version that mends it, empty if the record names none.
	Fixed string
	// LastAffected tells that later versions are not affected, though the record does not say
	// which is the first of them.
	LastAffected bool
	// WontFix tells that the publisher will not mend it.
	WontFix bool
	// Ratings are those of this package alone.
	Ratings []advisory.Rating
}

// Match tells whether a version is affected by the current entry, by the schema's evaluation
// (ossf.github.io/osv-schema, "Evaluation"): if one of the ranges holds it or it is listed.
//
// key is the version's in the order of the ecosystem, made by ecosystem.Ordering.AppendKey; nil
// if the ecosystem has none or it refuses the version. It does not allocate for a version that
// is not affected.
func (c *Cursor) Match(key []byte, version string) Match {
	if c.err != nil || c.shard == nil {
		return Match{}
	}
	if q := &c.query; !q.known || q.version != version || !bytes.Equal(q.key, key) {
		c.locate(key, version)
	}
	r := c.body
	flags := r.uvarint()
	m := c.matchIntervals(&r, flags)
	if flags&affectedListed != 0 {
		if c.isListed(&r) && m.State != Affected {
			m = Match{State: Affected, Range: "=" + version, LastAffected: true}
		}
	}
	if flags&affectedUnordered != 0 {
		c.matchUnordered(&r, &m)
	}
	c.fail(r.err)
	if c.err != nil || m.State == NotAffected {
		return Match{}
	}
	m.WontFix = flags&affectedWontFix != 0
	m.Ratings = c.entryRatings(&r, flags)
	return m
}

// AffectsNone tells whether the current entry says that no version is affected.
func (c *Cursor) AffectsNone() bool {
	r := c.body
	flags := r.uvarint()
	c.fail(r.err)
	return c.err == nil && flags/affectedIntervalUnit == 0 && flags&(affectedListed|affectedUnordered) == 0
}

// matchIntervals looks for the interval that holds the version, reading them all.
func (c *Cursor) matchIntervals(r *reader, flags uint64) (m Match) {
	q := &c.query
	for range flags / affectedIntervalUnit {
		lower, upper := r.count(maxShardLength), r.count(maxShardLength)
		kind, rank := upperKind(upper%4), upper/4
		if r.err != nil {
			return Match{}
		}
		if m.State == Affected {
			continue
		}
		holds := lower == 0 && kind == noUpper
		if !q.orderable {
			if !holds {
				m = Match{State: Undecided}
				m.Range, _ = c.intervalText(lower, kind, rank)
				continue
			}
		} else {
			holds = (lower == 0 || lower-1 < q.through) &&
				(kind == noUpper || kind == lastUpper && rank >= q.below || kind != lastUpper && rank >= q.through)
		}
		if holds {
			m = Match{State: Affected, LastAffected: kind == lastUpper || kind == limitUpper}
			text, upper := c.intervalText(lower, kind, rank)
			m.Range = text
			if kind == fixedUpper {
				m.Fixed = upper
			}
		}
	}
	return m
}

// intervalText writes an interval, such as ">=0,<3.3.3-r0", and returns the upper end apart.
func (c *Cursor) intervalText(lower int, kind upperKind, rank int) (text, upper string) {
	var buffer [128]byte
	written := append(buffer[:0], ">="...)
	if lower > 0 {
		written = c.appendText(written, lower-1)
	} else {
		written = append(written, beforeAll...)
	}
	if kind == noUpper {
		return string(written), ""
	}
	written = append(written, ",<"...)
	if kind == lastUpper {
		written = append(written, '=')
	}
	start := len(written)
	text = string(c.appendText(written, rank))
	return text, text[start:]
}

// isListed tells whether the version is among the listed ones, reading them all.
func (c *Cursor) isListed(r *reader) bool {
	q := &c.query
	listed, rank := false, 0
	for range r.count(r.left()) {
		first := rank + r.count(maxShardLength-rank)
		rank = first + r.count(maxShardLength-first)
		// Of the run [first, rank), does any have the version's key, or its text?
		equal := q.orderable && first < q.through && rank > q.below && q.below < q.through
		listed = listed || equal || q.unkeyed >= first && q.unkeyed < rank && q.unkeyed >= 0
	}
	return listed
}

// matchUnordered reads the ranges whose versions have no order. One of them may hold any
// version, unless its only fix is the version itself.
func (c *Cursor) matchUnordered(r *reader, m *Match) {
	ranges := r.count(r.left())
	for range ranges {
		events := *r
		introduced, fixed, fix := 0, 0, 0
		count := r.count(r.left())
		for range count {
			kind, rank := eventOf(r.count(maxShardLength))
			switch kind {
			case advisory.Introduced:
				introduced++
			case advisory.Fixed:
				fixed, fix = fixed+1, rank
			}
		}
		if r.err != nil {
			return
		}
		single := introduced == 1 && fixed == 1 && count == 2
		switch {
		case m.State == NotAffected && !(single && fix == c.query.unkeyed):
			*m = Match{State: Undecided, Range: c.eventsText(events)}
		case m.State == Affected && ranges == 1 && single && m.Fixed == "":
			// The version is listed: the one range says what mends it.
			m.Fixed, m.LastAffected = string(c.appendText(nil, fix)), false
		}
	}
}

func eventOf(x int) (advisory.EventKind, int) {
	return advisory.EventKind(x%4) + advisory.Introduced, x / 4
}

// maxEventsInText is how many events are written out. Ordinary ranges have two to
// twenty.
const maxEventsInText = 64

// eventsText writes a range that cannot be ordered, in the record's order of events.
func (c *Cursor) eventsText(r reader) string {
	signs := [...]string{advisory.Introduced: ">=", advisory.Fixed: "<", advisory.LastAffected: "<=", advisory.Limit: "<"}
	var text []byte
	for i := range r.count(r.left()) {
		if i == maxEventsInText {
			return string(text) + ",…"
		}
		if i > 0 {
			text = append(text, ',')
		}
		kind, rank := eventOf(r.count(maxShardLength))
		text = c.appendText(append(text, signs[kind]...), rank)
	}
	return string(text)
}

// skipToRatings reads an entry up to its ratings.
func (c *Cursor) skipToRatings(r *reader) (flags uint64) {
	flags = r.uvarint()
	for range flags / affectedIntervalUnit {
		if r.uvarint(); r.err != nil {
			break
		}
		r.uvarint()
	}
	if flags&affectedListed != 0 {
		for range r.count(r.left()) {
			r.uvarint()
			r.uvarint()
		}
	}
	if flags&affectedUnordered != 0 {
		for range r.count(r.left()) {
			for range r.count(r.left()) {
				r.uvarint()
			}
		}
	}
	return flags
}

// entryRatings reads the ratings at the end of an entry.
func (c *Cursor) entryRatings(r *reader, flags uint64) []advisory.Rating {
	if flags&affectedRated == 0 || c.err != nil {
		return nil
	}
	ratings, err := c.shard.readRatings(r, func() (string, error) { return c.shard.recordID(c.record) })
	c.fail(err)
	return ratings
}
