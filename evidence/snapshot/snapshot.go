// Package snapshot is what a gate holds: for each image under its name, what the verdict said at
// each stage, until when, and by which policy. One signed file on a local disk, from which a gate
// decides without asking anybody.
//
// The head is signed (package evidence/dsse) and names the digest of all entries, a sequence
// number, and the head before it. A reader takes a newer snapshot whole, or as a delta to the one
// that it holds; base and delta give the whole, byte for byte. An older sequence, a head that does
// not follow the one that is held, another key, and bytes that are not what the head names are
// refused, and what is held stays.
//
// It lies under evidence, not verdict, because it is signed, and is a package of its own because
// gates link it: it needs the standard library alone. It cannot tell that somebody has put an
// older file, once signed, in the place of the newer while the gate was down: the longest age that
// its head states bounds what that is worth.
//
// Limits: 2,000,000 entries of at most 2 KiB, 100,000 changes in a delta. Entries are kept in 256
// buckets by the first byte of their digest, so that a delta costs what it touches.
package snapshot

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// PayloadType is the type of a head in its DSSE envelope.
const PayloadType = "application/vnd.plimsoll.snapshot.v1+json"

// Schema names the form of head and entries.
const Schema = "plimsoll.dev/snapshot/v1"

// The limits.
const (
	// MaxEntries is the most entries of a snapshot.
	MaxEntries = 2_000_000
	// MaxChanges is the most changes in a delta; more are a snapshot.
	MaxChanges = 100_000
	// maxPolicies is the most policies whose terms a head states.
	maxPolicies = 1000
	// maxLine is the longest line of a file: that of an entry, or a change.
	maxLine = 2 << 10
	// maxHeadLine is the longest first line: a head with the terms of all policies.
	maxHeadLine = 1 << 20
	buckets     = 256
	// skew is by how much the clocks of publisher and gate may differ.
	skew = 5 * time.Minute
)

// Outcomes are what each gate does.
type Outcomes struct {
	Build verdict.Outcome `json:"build"`
	Ship  verdict.Outcome `json:"ship"`
	Admit verdict.Outcome `json:"admit"`
	Run   verdict.Outcome `json:"run"`
}

// At returns the outcome at a stage; at one that does not exist it is deny.
func (o Outcomes) At(stage verdict.Stage) verdict.Outcome {
	switch stage {
	case verdict.Build:
		return o.Build
	case verdict.Ship:
		return o.Ship
	case verdict.Admit:
		return o.Admit
	case verdict.Run:
		return o.Run
	default:
		return verdict.Deny
	}
}

// Entry is what is held of one verdict.
type Entry struct {
	Repository string       `json:"repository"`
	Digest     image.Digest `json:"digest"`
	Outcome    Outcomes     `json:"outcome"`
	Policy     image.Digest `json:"policy"`
	ValidUntil string       `json:"validUntil"` // RFC 3339, UTC, whole seconds
	Sequence   uint64       `json:"sequence"`   // of the snapshot in which it last changed
}

// EntryOf takes from a verdict what a gate needs. A verdict without an end of its validity cannot
// be held: nothing would ever make it old.
func EntryOf(v verdict.Verdict) (Entry, error) {
	e := Entry{
		Repository: v.Inputs.Subject.Repository, Digest: v.Inputs.Subject.Digest,
		Outcome: Outcomes{
			Build: v.Outcome[verdict.Build], Ship: v.Outcome[verdict.Ship],
			Admit: v.Outcome[verdict.Admit], Run: v.Outcome[verdict.Run],
		},
		Policy: v.Inputs.Policy, ValidUntil: v.ValidUntil,
	}
	if err := e.check(); err != nil {
		return Entry{}, fmt.Errorf("holding the verdict on %s@%s: %w", e.Repository, e.Digest, err)
	}
	return e, nil
}

func (e Entry) check() error {
	const longestName = 512 // a registry's host and a path of 255 characters (distribution-spec)
	if e.Repository == "" || len(e.Repository) > longestName {
		return fmt.Errorf("its repository has %d characters; want 1 to %d", len(e.Repository), longestName)
	}
	for i := range len(e.Repository) {
		if c := e.Repository[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return fmt.Errorf("its repository %.80q has a character that no name of an image has", e.Repository)
		}
	}
	if e.Digest.IsZero() || e.Policy.IsZero() {
		return errors.New("it lacks the digest of the image or that of the policy")
	}
	for _, stage := range verdict.Stages() {
		if o := e.Outcome.At(stage); o != verdict.Allow && o != verdict.Warn && o != verdict.Deny {
			return fmt.Errorf("its outcome at %s is %.20q; want allow, warn or deny", stage, o)
		}
	}
	_, err := parseTime(e.ValidUntil)
	return err
}

// compare is the order of entries: by digest, then by name.
func compare(a, b Entry) int {
	sumA, sumB := a.Digest.Sum(), b.Digest.Sum()
	return cmp.Or(bytes.Compare(sumA[:], sumB[:]), strings.Compare(a.Repository, b.Repository))
}

// parseTime reads a time in the one form that is written.
func parseTime(s string) (time.Time, error) {
	when, err := time.Parse(time.RFC3339, s)
	if err == nil && formatTime(when) != s {
		err = fmt.Errorf("%.40q is not written in UTC and whole seconds", s)
	}
	return when, err
}

func formatTime(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }

// Stale says what a gate does when what it holds is out of date: with an image that it let through
// before, and with any other. It is the policy's onStale; neither can be allow.
type Stale struct {
	AdmittedBefore verdict.Outcome `json:"admittedBefore"`
	New            verdict.Outcome `json:"new"`
}

// Terms are what a gate needs to know of a policy.
type Terms struct {
	Policy  image.Digest `json:"policy"`
	OnStale Stale        `json:"onStale"`
}

// Head is the signed part of a snapshot.
type Head struct {
	Schema   string       `json:"schema"`
	Sequence uint64       `json:"sequence"` // from 1, one more for each snapshot
	Previous image.Digest `json:"previous"` // of the payload of the head before; "" for the first
	MadeAt   string       `json:"madeAt"`   // RFC 3339, UTC, whole seconds
	// MaxAge is how many seconds after MadeAt all of it is out of date.
	MaxAge int64 `json:"maxAge"`
	// OnUnknown is what to do with an image that no entry is about: warn or deny.
	OnUnknown verdict.Outcome `json:"onUnknown"`
	// OnStale is what to do with one that no entry is about, out of date.
	OnStale  Stale        `json:"onStale"`
	Policies []Terms      `json:"policies"` // in the order of their digests
	Count    int          `json:"count"`    // of the entries
	Entries  image.Digest `json:"entries"`  // over the digests of all buckets
}

func (h Head) check() error {
	switch {
	case h.Schema != Schema:
		return fmt.Errorf("its schema is %.60q; want %s", h.Schema, Schema)
	case h.Sequence == 0:
		return errors.New("it has no sequence number")
	case (h.Sequence == 1) != h.Previous.IsZero():
		return errors.New("the first snapshot has no head before it, and every other has one")
	case h.MaxAge <= 0 || h.MaxAge > int64(366*24*time.Hour/time.Second):
		return fmt.Errorf("its longest age is %d seconds; want 1 second to a year", h.MaxAge)
	case h.OnUnknown != verdict.Warn && h.OnUnknown != verdict.Deny:
		return fmt.Errorf("its outcome for unknown images is %.20q; want warn or deny", h.OnUnknown)
	case h.Count < 0 || h.Count > MaxEntries:
		return fmt.Errorf("it has %d entries; at most %d are held", h.Count, MaxEntries)
	case len(h.Policies) > maxPolicies:
		return fmt.Errorf("it has the terms of %d policies; at most %d are held", len(h.Policies), maxPolicies)
	case h.Entries.IsZero():
		return errors.New("it does not say which entries it has")
	}
	if _, err := parseTime(h.MadeAt); err != nil {
		return err
	}
	if err := h.OnStale.check(); err != nil {
		return err
	}
	for i, terms := range h.Policies {
		if err := terms.OnStale.check(); err != nil {
			return err
		}
		if terms.Policy.IsZero() || i > 0 && strings.Compare(h.Policies[i-1].Policy.Hex(), terms.Policy.Hex()) >= 0 {
			return errors.New("its policies are not in the order of their digests, each once")
		}
	}
	return nil
}

func (s Stale) check() error {
	for _, o := range []verdict.Outcome{s.AdmittedBefore, s.New} {
		if o != verdict.Warn && o != verdict.Deny {
			return fmt.Errorf("an outcome for what is out of date is %.20q; want warn or deny", o)
		}
	}
	return nil
}

// Snapshot is a set of entries under a verified head. It does not change; Apply and Replace
// return another. Many may read it at once.
type Snapshot struct {
	head     Head
	digest   image.Digest // of the head's payload
	envelope []byte       // the head, signed, in one line
	bucket   [buckets]bucket
}

// bucket holds the entries whose digests begin with one byte, in order.
type bucket struct {
	entries []Entry
	digest  image.Digest // of their lines
}

// Head returns the verified head.
func (s *Snapshot) Head() Head {
	h := s.head
	h.Policies = slices.Clone(h.Policies)
	return h
}

// Find returns the entry about an image under a name.
func (s *Snapshot) Find(repository string, digest image.Digest) (Entry, bool) {
	if digest.IsZero() {
		return Entry{}, false
	}
	entries := s.bucket[digest.Sum()[0]].entries
	i, found := slices.BinarySearchFunc(entries, Entry{Repository: repository, Digest: digest}, compare)
	if !found {
		return Entry{}, false
	}
	return entries[i], true
}

// State says how much a gate's answer rests upon. No state but Known is a verdict.
type State string

// The states.
const (
	Known      State = "known"       // an entry that is valid, in a snapshot that is up to date
	Unknown    State = "unknown"     // no entry
	StaleEntry State = "stale"       // an entry whose verdict is no longer valid
	StaleAll   State = "stale-all"   // the snapshot itself is too old: nobody may have been told of a revocation
	WrongClock State = "wrong-clock" // the snapshot was made after now
)

// Answer is what a gate does, and why.
type Answer struct {
	Outcome verdict.Outcome
	State   State
	Entry   Entry // the zero Entry if no entry is about the image
}

// Decide answers for an image at a stage. What is out of date has the outcome of the policy's
// onStale, or that of the entry if it is stricter: a verdict that denied does not become milder
// with age.
func (s *Snapshot) Decide(repository string, digest image.Digest, stage verdict.Stage, now time.Time, admittedBefore bool) Answer {
	entry, found := s.Find(repository, digest)
	state := s.state(entry, found, now)
	switch {
	case state == Known:
		return Answer{entry.Outcome.At(stage), Known, entry}
	case state == Unknown:
		return Answer{s.head.OnUnknown, Unknown, Entry{}}
	case !found:
		return Answer{verdict.Stricter(s.head.OnUnknown, s.head.OnStale.on(admittedBefore)), state, Entry{}}
	default:
		return Answer{verdict.Stricter(entry.Outcome.At(stage), s.terms(entry.Policy).on(admittedBefore)), state, entry}
	}
}

func (s *Snapshot) state(entry Entry, found bool, now time.Time) State {
	made, err := parseTime(s.head.MadeAt)
	switch {
	case err != nil || now.Before(made.Add(-skew)):
		return WrongClock
	case now.After(made.Add(time.Duration(s.head.MaxAge) * time.Second)):
		return StaleAll
	case !found:
		return Unknown
	}
	if until, err := parseTime(entry.ValidUntil); err != nil || now.After(until) {
		return StaleEntry
	}
	return Known
}

// terms returns what a policy says of what is out of date; deny if the head does not have it.
func (s *Snapshot) terms(policy image.Digest) Stale {
	for _, terms := range s.head.Policies {
		if terms.Policy == policy {
			return terms.OnStale
		}
	}
	return Stale{AdmittedBefore: verdict.Deny, New: verdict.Deny}
}

func (s Stale) on(admittedBefore bool) verdict.Outcome {
	if admittedBefore {
		return s.AdmittedBefore
	}
	return s.New
}

// fill takes sorted entries into the bucket and hashes their lines.
func (b *bucket) fill(entries []Entry) {
	sum := sha256.New()
	var line []byte
	for _, e := range entries {
		line = e.appendLine(line[:0])
		sum.Write(line)
	}
	b.entries, b.digest = entries, image.DigestFromSum([sha256.Size]byte(sum.Sum(nil)))
}

// entriesDigest is what a head names: the digest over the buckets' digests.
func (s *Snapshot) entriesDigest() (image.Digest, int) {
	sum, count := sha256.New(), 0
	for i := range s.bucket {
		digest := s.bucket[i].digest.Sum()
		sum.Write(digest[:])
		count += len(s.bucket[i].entries)
	}
	return image.DigestFromSum([sha256.Size]byte(sum.Sum(nil))), count
}

// lineOf writes a value as the one line that it has in a file.
func lineOf(v any) ([]byte, error) {
	line, err := verdict.CanonicalJSON(v)
	return append(line, '\n'), err
}

// unline reads a line, and only the line that would be written: no other order of members, no
// second member of a name, no white space.
func unline(line []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	again, err := lineOf(into)
	if err == nil && !bytes.Equal(again, line) {
		err = errors.New("it is not written as this program writes it")
	}
	return err
}
