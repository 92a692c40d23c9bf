package snapshot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/evidence/dsse"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// Settings are what a head states besides the entries.
type Settings struct {
	MadeAt    time.Time
	MaxAge    time.Duration
	OnUnknown verdict.Outcome
	OnStale   Stale
	Policies  []Terms
}

// New makes the snapshot that follows another, nil for the first, and signs its head. The entries
// may be in any order; an entry that has not changed keeps its sequence number, others get that of
// this snapshot.
func New(ctx context.Context, previous *Snapshot, settings Settings, entries []Entry, signer dsse.Signer) (*Snapshot, error) {
	s, err := build(previous, settings, entries)
	if err == nil {
		err = s.sign(ctx, signer)
	}
	if err != nil {
		return nil, fmt.Errorf("making snapshot %d: %w", s.head.Sequence, err)
	}
	return s, nil
}

func build(previous *Snapshot, settings Settings, entries []Entry) (*Snapshot, error) {
	s := &Snapshot{head: Head{
		Schema: Schema, Sequence: 1, MadeAt: formatTime(settings.MadeAt), MaxAge: int64(settings.MaxAge / time.Second),
		OnUnknown: settings.OnUnknown, OnStale: settings.OnStale, Policies: append([]Terms{}, settings.Policies...),
	}}
	slices.SortFunc(s.head.Policies, func(a, b Terms) int { return strings.Compare(a.Policy.Hex(), b.Policy.Hex()) })
	if previous != nil {
		s.head.Sequence, s.head.Previous = previous.head.Sequence+1, previous.digest
	}
	if len(entries) > MaxEntries {
		return s, fmt.Errorf("there are %d entries; at most %d are held", len(entries), MaxEntries)
	}
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, compare)
	for i, e := range sorted {
		if err := e.check(); err != nil {
			return s, fmt.Errorf("%s@%s: %w", e.Repository, e.Digest, err)
		}
		if i > 0 && compare(sorted[i-1], e) == 0 {
			return s, fmt.Errorf("there are two entries for %s@%s", e.Repository, e.Digest)
		}
		sorted[i].Sequence = s.head.Sequence
		if previous != nil {
			if old, found := previous.Find(e.Repository, e.Digest); found && same(old, e) {
				sorted[i].Sequence = old.Sequence
			}
		}
	}
	s.distribute(sorted)
	return s, nil
}

// same tells whether two entries say the same.
func same(a, b Entry) bool {
	a.Sequence, b.Sequence = 0, 0
	return a == b
}

// distribute takes sorted entries into the buckets.
func (s *Snapshot) distribute(sorted []Entry) {
	for i := range s.bucket {
		end := 0
		for end < len(sorted) && sorted[end].Digest.Sum()[0] == byte(i) {
			end++
		}
		s.bucket[i].fill(sorted[:end:end])
		sorted = sorted[end:]
	}
}

func (s *Snapshot) sign(ctx context.Context, signer dsse.Signer) error {
	if signer == nil {
		return errors.New("there is no key to sign it with")
	}
	s.head.Entries, s.head.Count = s.entriesDigest()
	if err := s.head.check(); err != nil {
		return err
	}
	payload, err := verdict.CanonicalJSON(s.head)
	if err != nil {
		return err
	}
	envelope, err := dsse.Sign(ctx, PayloadType, payload, signer)
	if err != nil {
		return err
	}
	if s.envelope, err = dsse.Encode(envelope); err != nil {
		return err
	}
	if len(s.envelope) > maxHeadLine {
		return fmt.Errorf("its head has %d bytes, more than %d", len(s.envelope), maxHeadLine)
	}
	s.digest = image.DigestOf(payload)
	return nil
}
