package snapshot

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"plimsoll.dev/plimsoll/evidence/dsse"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// ErrTooLarge: a delta would have more changes than are read; send the whole.
var ErrTooLarge = errors.New("there are too many changes for a delta")

// change is a line of a delta: an entry that is new or has changed, or one that is gone.
type change struct {
	Gone       bool         `json:"gone,omitempty"`
	Repository string       `json:"repository"`
	Digest     image.Digest `json:"digest"`
	Outcome    *Outcomes    `json:"outcome,omitempty"`
	Policy     image.Digest `json:"policy,omitzero"`
	ValidUntil string       `json:"validUntil,omitempty"`
	Sequence   uint64       `json:"sequence,omitempty"`
}

func changeTo(e Entry) change {
	return change{false, e.Repository, e.Digest, &e.Outcome, e.Policy, e.ValidUntil, e.Sequence}
}

func goneFrom(e Entry) change { return change{Gone: true, Repository: e.Repository, Digest: e.Digest} }

func (c change) key() Entry { return Entry{Repository: c.Repository, Digest: c.Digest} }

// entry returns what a change puts in its place.
func (c change) entry() (Entry, error) {
	if c.Gone {
		if c.Outcome != nil || !c.Policy.IsZero() || c.ValidUntil != "" || c.Sequence != 0 || c.Repository == "" || c.Digest.IsZero() {
			return Entry{}, errors.New("an entry that is gone is named, and no more")
		}
		return c.key(), nil
	}
	if c.Outcome == nil {
		return Entry{}, errors.New("it has no outcome")
	}
	e := Entry{c.Repository, c.Digest, *c.Outcome, c.Policy, c.ValidUntil, c.Sequence}
	return e, e.check()
}

// revokes tells whether a change takes something away: it is gone, or stricter at some stage than
// before.
func (c change) revokes(before Entry, known bool) bool {
	if !known {
		return false
	}
	if c.Gone {
		return true
	}
	for _, stage := range verdict.Stages() {
		if is, was := c.Outcome.At(stage), before.Outcome.At(stage); is != was && verdict.Stricter(is, was) == is {
			return true
		}
	}
	return false
}

// changesTo returns what leads from the snapshot to the next: first what is taken away, then the
// rest, each in the order of entries.
func (s *Snapshot) changesTo(next *Snapshot) []change {
	var first, rest []change
	add := func(c change, before Entry, known bool) {
		if c.revokes(before, known) {
			first = append(first, c)
		} else {
			rest = append(rest, c)
		}
	}
	for i := range s.bucket {
		if s.bucket[i].digest == next.bucket[i].digest {
			continue
		}
		old, now := s.bucket[i].entries, next.bucket[i].entries
		for len(old) > 0 || len(now) > 0 {
			switch order := compareFirst(old, now); {
			case order < 0:
				add(goneFrom(old[0]), old[0], true)
				old = old[1:]
			case order > 0:
				add(changeTo(now[0]), Entry{}, false)
				now = now[1:]
			default:
				if old[0] != now[0] {
					add(changeTo(now[0]), old[0], true)
				}
				old, now = old[1:], now[1:]
			}
		}
	}
	return append(first, rest...)
}

// compareFirst compares the first entries of two lists; an empty list comes last.
func compareFirst(a, b []Entry) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	default:
		return compare(a[0], b[0])
	}
}

// WriteDelta writes what leads from the snapshot to the one that follows it: the next one's signed
// head, then the changes, one in each line, what is taken away first. Only the head is signed: it
// names what must come out.
func (s *Snapshot) WriteDelta(w io.Writer, next *Snapshot) error {
	if next.head.Sequence != s.head.Sequence+1 || next.head.Previous != s.digest {
		return fmt.Errorf("writing a delta from snapshot %d to %d: %w", s.head.Sequence, next.head.Sequence, ErrChain)
	}
	changes := s.changesTo(next)
	if len(changes) > MaxChanges {
		return fmt.Errorf("writing a delta of %d changes: %w", len(changes), ErrTooLarge)
	}
	out := newLineWriter(w)
	out.write(next.envelope, []byte("\n"))
	for _, c := range changes {
		line, err := lineOf(c)
		if err != nil {
			return err
		}
		out.write(line)
	}
	return out.end()
}

// Apply returns the snapshot that a delta leads to. It must follow the held one, and what comes
// out must be what the delta's signed head names: nothing is half applied.
func (s *Snapshot) Apply(r io.Reader, keys []dsse.Key, now time.Time) (*Snapshot, error) {
	next, err := s.apply(newLines(r), keys, now)
	if err != nil {
		return nil, fmt.Errorf("applying a delta to snapshot %d: %w", s.head.Sequence, err)
	}
	return next, nil
}

func (s *Snapshot) apply(in *lines, keys []dsse.Key, now time.Time) (*Snapshot, error) {
	next, err := readHead(in, keys, now)
	if err != nil {
		return nil, err
	}
	if err := s.mayBecome(next); err != nil {
		return nil, err
	}
	if next.head.Sequence != s.head.Sequence+1 {
		return nil, fmt.Errorf("%w: it leads to sequence %d, and %d is held", ErrChain, next.head.Sequence, s.head.Sequence)
	}
	changes, err := s.readChanges(in)
	if err != nil {
		return nil, err
	}
	next.bucket = s.bucket
	for i, list := range changes {
		if len(list) == 0 {
			continue
		}
		next.bucket[i].fill(merge(s.bucket[i].entries, list))
	}
	return next, next.matches()
}

// readChanges reads a delta's changes, by bucket and in order. What is taken away must come
// first, so that whoever reads them as they come knows that no more of it follows.
func (s *Snapshot) readChanges(in *lines) ([buckets][]change, error) {
	var changes [buckets][]change
	resting := false
	for count := 0; ; count++ {
		line, err := in.next(maxLine)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && count == MaxChanges {
			err = ErrTooLarge
		}
		if err != nil {
			return changes, err
		}
		var c change
		if err := unline(line, &c); err != nil {
			return changes, fmt.Errorf("line %d: %w", in.number, err)
		}
		if _, err := c.entry(); err != nil {
			return changes, fmt.Errorf("line %d: %w", in.number, err)
		}
		before, known := s.Find(c.Repository, c.Digest)
		revokes := c.revokes(before, known)
		if c.Gone && !known || revokes && resting {
			return changes, fmt.Errorf("line %d: it takes away what is not there, or too late", in.number)
		}
		resting = resting || !revokes
		i := c.Digest.Sum()[0]
		changes[i] = append(changes[i], c)
	}
	for i := range changes {
		slices.SortFunc(changes[i], func(a, b change) int { return compare(a.key(), b.key()) })
		for j := 1; j < len(changes[i]); j++ {
			if compare(changes[i][j-1].key(), changes[i][j].key()) == 0 {
				return changes, fmt.Errorf("there are two changes to %.120q@%s", changes[i][j].Repository, changes[i][j].Digest)
			}
		}
	}
	return changes, nil
}

// merge applies sorted changes to sorted entries.
func merge(entries []Entry, changes []change) []Entry {
	merged := make([]Entry, 0, len(entries)+len(changes))
	for _, c := range changes {
		for len(entries) > 0 && compare(entries[0], c.key()) < 0 {
			merged, entries = append(merged, entries[0]), entries[1:]
		}
		if len(entries) > 0 && compare(entries[0], c.key()) == 0 {
			entries = entries[1:]
		}
		if e, err := c.entry(); err == nil && !c.Gone {
			merged = append(merged, e)
		}
	}
	return append(merged, entries...)
}
