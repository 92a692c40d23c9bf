package snapshot

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/evidence/dsse"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

func newSigner(t testing.TB) dsse.Signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := dsse.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func policy() image.Digest { return image.DigestOf([]byte("policy")) }

// entry is about the n-th image.
func entry(n int, admit verdict.Outcome) Entry {
	return Entry{
		Repository: "registry.example/app", Digest: image.DigestOf(fmt.Appendf(nil, "image %d", n)),
		Outcome: Outcomes{verdict.Allow, verdict.Warn, admit, verdict.Warn},
		Policy:  policy(), ValidUntil: "2026-11-23T12:00:00Z",
	}
}

func settings() Settings {
	return Settings{
		MadeAt: noon(), MaxAge: 48 * time.Hour, OnUnknown: verdict.Deny, OnStale: Stale{verdict.Warn, verdict.Deny},
		Policies: []Terms{{policy(), Stale{verdict.Warn, verdict.Deny}}},
	}
}

func publish(t testing.TB, signer dsse.Signer, previous *Snapshot, entries ...Entry) *Snapshot {
	t.Helper()
	s, err := New(t.Context(), previous, settings(), entries, signer)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func file(t testing.TB, s *Snapshot) []byte {
	t.Helper()
	var b bytes.Buffer
	if n, err := s.WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Fatalf("wrote %d of %d bytes, %v", n, b.Len(), err)
	}
	return b.Bytes()
}

func delta(t testing.TB, from, to *Snapshot) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := from.WriteDelta(&b, to); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Whatever the changes: the base and the deltas give the whole, byte for byte, and what is taken
// away comes first.
func TestBaseAndDeltasAreTheWhole(t *testing.T) {
	signer := newSigner(t)
	keys := []dsse.Key{signer.Key()}
	random := mathrand.New(mathrand.NewPCG(1, 2))
	outcomes := []verdict.Outcome{verdict.Allow, verdict.Warn, verdict.Deny}
	for round := range 20 {
		state := map[int]verdict.Outcome{}
		published := publish(t, signer, nil)
		held, err := Read(bytes.NewReader(file(t, published)), keys, noon())
		if err != nil {
			t.Fatal(err)
		}
		for step := range 10 {
			for range random.IntN(200) {
				if n := random.IntN(400); random.IntN(4) == 0 {
					delete(state, n)
				} else {
					state[n] = outcomes[random.IntN(len(outcomes))]
				}
			}
			var entries []Entry
			for n, outcome := range state { // in any order
				entries = append(entries, entry(n, outcome))
			}
			next := publish(t, signer, published, entries...)
			if held, err = held.Apply(bytes.NewReader(delta(t, published, next)), keys, noon()); err != nil {
				t.Fatalf("round %d, step %d: %v", round, step, err)
			}
			if !bytes.Equal(file(t, held), file(t, next)) {
				t.Fatalf("round %d, step %d: base and delta are not the whole", round, step)
			}
			published = next
		}
		for n := range 400 {
			outcome, there := state[n]
			got, found := held.Find("registry.example/app", entry(n, "").Digest)
			if found != there || found && got.Outcome.Admit != outcome {
				t.Fatalf("image %d: %+v, want %v", n, got, outcome)
			}
		}
	}
}

func TestADeltaBeginsWithWhatIsTakenAway(t *testing.T) {
	signer := newSigner(t)
	base := publish(t, signer, nil, entry(1, verdict.Allow), entry(2, verdict.Allow), entry(3, verdict.Deny), entry(4, verdict.Allow))
	next := publish(t, signer, base, entry(1, verdict.Deny), entry(3, verdict.Allow), entry(4, verdict.Allow), entry(5, verdict.Allow))
	lines := strings.Split(strings.TrimSpace(string(delta(t, base, next))), "\n")[1:]
	if len(lines) != 4 {
		t.Fatalf("%d changes: %q", len(lines), lines)
	}
	for i, line := range lines {
		var c change
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		before, known := base.Find(c.Repository, c.Digest)
		if revokes := c.revokes(before, known); revokes != (i < 2) {
			t.Errorf("change %d takes away: %v", i, revokes)
		}
	}
	lines[0], lines[3] = lines[3], lines[0]
	late := string(next.envelope) + "\n" + strings.Join(lines, "\n") + "\n"
	if _, err := base.Apply(strings.NewReader(late), []dsse.Key{signer.Key()}, noon()); err == nil || !strings.Contains(err.Error(), "too late") {
		t.Errorf("a revocation that comes late: %v", err)
	}
	if kept, _ := next.Find("registry.example/app", entry(4, "").Digest); kept.Sequence != 1 {
		t.Errorf("an entry that did not change has sequence %d", kept.Sequence)
	}
}

func TestDecide(t *testing.T) {
	signer := newSigner(t)
	foreign := entry(4, verdict.Allow)
	foreign.Policy = image.DigestOf([]byte("another policy"))
	s := publish(t, signer, nil, entry(1, verdict.Allow), entry(2, verdict.Deny), foreign)
	app := "registry.example/app"
	cases := []struct {
		name       string
		repository string
		image      int
		now        time.Time
		before     bool
		want       verdict.Outcome
		state      State
	}{
		{"allowed", app, 1, noon(), false, verdict.Allow, Known},
		{"denied", app, 2, noon(), true, verdict.Deny, Known},
		{"no entry", app, 3, noon(), true, verdict.Deny, Unknown},
		{"the same content under another name", "registry.example/other", 1, noon(), true, verdict.Deny, Unknown},
		{"at the end of its validity", app, 1, noon().Add(24 * time.Hour), false, verdict.Allow, Known},
		{"past it, admitted before", app, 1, noon().Add(25 * time.Hour), true, verdict.Warn, StaleEntry},
		{"past it, new", app, 1, noon().Add(25 * time.Hour), false, verdict.Deny, StaleEntry},
		{"denied does not become milder", app, 2, noon().Add(25 * time.Hour), true, verdict.Deny, StaleEntry},
		{"a policy without terms", app, 4, noon().Add(25 * time.Hour), true, verdict.Deny, StaleEntry},
		{"the snapshot is too old, admitted before", app, 1, noon().Add(49 * time.Hour), true, verdict.Warn, StaleAll},
		{"the snapshot is too old, new", app, 1, noon().Add(49 * time.Hour), false, verdict.Deny, StaleAll},
		{"the snapshot is too old, no entry", app, 3, noon().Add(49 * time.Hour), true, verdict.Deny, StaleAll},
		{"a clock that is a little slow", app, 1, noon().Add(-time.Minute), false, verdict.Allow, Known},
		{"a clock that was set back", app, 1, noon().Add(-time.Hour), false, verdict.Deny, WrongClock},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := s.Decide(c.repository, entry(c.image, "").Digest, verdict.Admit, c.now, c.before)
			if got.Outcome != c.want || got.State != c.state {
				t.Errorf("%s (%s), want %s (%s)", got.Outcome, got.State, c.want, c.state)
			}
		})
	}
	if got := s.Decide(app, entry(1, "").Digest, "lunch", noon(), true); got.Outcome != verdict.Deny {
		t.Errorf("a stage that does not exist: %s", got.Outcome)
	}
	if got := s.Decide(app, image.Digest{}, verdict.Admit, noon(), true); got.State != Unknown {
		t.Errorf("no digest: %s", got.State)
	}
}

func TestRefusals(t *testing.T) {
	signer, stranger := newSigner(t), newSigner(t)
	keys := []dsse.Key{signer.Key()}
	first := publish(t, signer, nil, entry(1, verdict.Allow), entry(2, verdict.Allow))
	second := publish(t, signer, first, entry(1, verdict.Deny), entry(3, verdict.Allow))
	third := publish(t, signer, second, entry(1, verdict.Deny))
	fork := publish(t, signer, first, entry(1, verdict.Allow))
	whole := string(file(t, second))
	replace := func(s *Snapshot) func(string) error {
		return func(text string) error {
			_, err := s.Replace(strings.NewReader(text), keys, noon())
			return err
		}
	}
	apply := func(s *Snapshot) func(string) error {
		return func(text string) error {
			_, err := s.Apply(strings.NewReader(text), keys, noon())
			return err
		}
	}
	read := func(text string) error {
		_, err := Read(strings.NewReader(text), keys, noon())
		return err
	}
	lines := strings.SplitAfter(whole, "\n")
	anything := errors.New("anything")
	cases := []struct {
		name string
		do   func(string) error
		text string
		want error
	}{
		{"the whole", read, whole, nil},
		{"newer", replace(first), whole, nil},
		{"much newer", replace(first), string(file(t, third)), nil},
		{"the same again", replace(second), whole, nil},
		{"the delta that follows", apply(first), string(delta(t, first, second)), nil},
		{"older", replace(third), whole, ErrOlder},
		{"another with its sequence", replace(second), string(file(t, fork)), ErrChain},
		{"one that follows another", replace(fork), string(file(t, third)), ErrChain},
		{"a delta twice", apply(second), string(delta(t, first, second)), ErrChain},
		{"a delta that leaves one out", apply(first), string(delta(t, second, third)), ErrChain},
		{"a delta of another history", apply(fork), string(delta(t, second, third)), ErrChain},
		{"an old delta", apply(third), string(delta(t, first, second)), ErrOlder},
		{"another key", read, string(file(t, publish(t, stranger, nil, entry(1, verdict.Allow)))), dsse.ErrUnsigned},
		{"a delta by another key", apply(first), string(delta(t, first, publish(t, stranger, first))), dsse.ErrUnsigned},
		{"an entry altered", read, strings.Replace(whole, `"admit":"deny"`, `"admit":"warn"`, 1), anything},
		{"an entry left out", read, lines[0] + lines[2], anything},
		{"an entry twice", read, whole + lines[2], anything},
		{"entries in another order", read, lines[0] + lines[2] + lines[1], anything},
		{"entries of another snapshot", read, lines[0] + strings.SplitAfter(string(file(t, first)), "\n")[1], anything},
		{"a delta with a change left out", apply(first), strings.Join(strings.SplitAfter(string(delta(t, first, second)), "\n")[:2], ""), anything},
		{"a delta with a change twice", apply(first), string(delta(t, first, second)) + strings.SplitAfter(string(delta(t, first, second)), "\n")[3], anything},
		{"cut off in a line", read, whole[:len(whole)-9], anything},
		{"cut off at its end", read, whole[:len(whole)-1], anything},
		{"no head", read, "", anything},
		{"white space", read, strings.Replace(whole, `"policy":`, `"policy": `, 1), anything},
		{"a member twice", read, strings.Replace(whole, `"policy":`, `"sequence":2,"policy":`, 1), anything},
		{"an unknown member", read, strings.Replace(whole, `"policy":`, `"extra":2,"policy":`, 1), anything},
		{"a long line", read, lines[0] + strings.Repeat(" ", maxLine) + lines[1], anything},
		{"an endless head", read, strings.Repeat("x", maxHeadLine+10), anything},
		{"a head with white space", read, strings.Replace(whole, `{"payload":`, `{ "payload":`, 1), anything},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := c.do(c.text)
			if c.want == anything && err == nil || c.want != anything && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

// A snapshot's payload type is its own: a verdict that the same key signed is none.
func TestAnotherPayload(t *testing.T) {
	signer := newSigner(t)
	payload, err := base64.StdEncoding.DecodeString(strings.Split(string(publish(t, signer, nil).envelope), `"`)[3])
	if err != nil {
		t.Fatal(err)
	}
	e, err := dsse.Sign(t.Context(), "application/vnd.in-toto+json", payload, signer)
	if err != nil {
		t.Fatal(err)
	}
	line, err := dsse.Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(bytes.NewReader(append(line, '\n')), []dsse.Key{signer.Key()}, noon()); !errors.Is(err, dsse.ErrPayloadType) {
		t.Errorf("error %v", err)
	}
}

func TestNew(t *testing.T) {
	signer := newSigner(t)
	cases := []struct {
		name    string
		change  func(*Settings)
		entries []Entry
	}{
		{"unknown is allowed", func(s *Settings) { s.OnUnknown = verdict.Allow }, nil},
		{"stale is allowed", func(s *Settings) { s.OnStale.AdmittedBefore = verdict.Allow }, nil},
		{"a policy's stale is allowed", func(s *Settings) { s.Policies[0].OnStale.New = verdict.Allow }, nil},
		{"a policy twice", func(s *Settings) { s.Policies = append(s.Policies, s.Policies[0]) }, nil},
		{"no greatest age", func(s *Settings) { s.MaxAge = 0 }, nil},
		{"two entries for an image", func(*Settings) {}, []Entry{entry(1, verdict.Allow), entry(1, verdict.Deny)}},
		{"no outcome", func(*Settings) {}, []Entry{entry(1, "")}},
		{"no name", func(*Settings) {}, []Entry{{Digest: policy(), Policy: policy(), Outcome: entry(1, verdict.Deny).Outcome, ValidUntil: "2026-11-23T12:00:00Z"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			with := settings()
			c.change(&with)
			if s, err := New(t.Context(), nil, with, c.entries, signer); err == nil || s != nil {
				t.Errorf("made %+v", s.Head())
			}
		})
	}
	if _, err := New(t.Context(), nil, settings(), nil, nil); err == nil {
		t.Error("made without a key")
	}
}

func TestEntryOf(t *testing.T) {
	v := verdict.Verdict{
		Outcome:    map[verdict.Stage]verdict.Outcome{"build": "allow", "ship": "warn", "admit": "deny", "run": "warn"},
		Inputs:     verdict.Inputs{Subject: verdict.Subject{Repository: "registry.example/app", Digest: entry(1, "").Digest}, Policy: policy()},
		ValidUntil: "2026-11-23T12:00:00Z",
	}
	got, err := EntryOf(v)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(entry(1, verdict.Deny), got, cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	v.ValidUntil = ""
	if _, err := EntryOf(v); err == nil {
		t.Error("a verdict without an end was taken")
	}
}

func TestSave(t *testing.T) {
	signer := newSigner(t)
	keys := []dsse.Key{signer.Key()}
	first := publish(t, signer, nil, entry(1, verdict.Allow))
	second := publish(t, signer, first, entry(1, verdict.Deny))
	path := filepath.Join(t.TempDir(), "snapshot")
	for _, s := range []*Snapshot{first, second, second} {
		if err := s.Save(path, keys, noon()); err != nil {
			t.Fatal(err)
		}
		got, err := Load(path, keys, noon())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(file(t, got), file(t, s)) {
			t.Error("another one was read back")
		}
	}
	if err := first.Save(path, keys, noon()); !errors.Is(err, ErrOlder) {
		t.Errorf("the older over the newer: %v", err)
	}
	if err := second.Save(path, []dsse.Key{newSigner(t).Key()}, noon()); !errors.Is(err, dsse.ErrUnsigned) {
		t.Errorf("saved what its reader refuses: %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	if err := os.WriteFile(path, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, keys, noon()); err == nil {
		t.Error("a damaged file was read")
	}
	if err := second.Save(path, keys, noon()); err != nil {
		t.Errorf("over a damaged file: %v", err)
	}
}

// An entry's line is its canonical JSON, whatever is in it.
func TestALineIsCanonicalJSON(t *testing.T) {
	for n, outcome := range []verdict.Outcome{verdict.Allow, verdict.Warn, verdict.Deny} {
		e := entry(n, outcome)
		e.Repository += "/<b>&'"
		e.Sequence = uint64(n) << 50
		want, err := lineOf(e)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.appendLine(nil); !bytes.Equal(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
		reader := entryReader{names: map[string]string{}}
		if got, err := reader.read(want); err != nil || got != e {
			t.Errorf("read %+v, %v", got, err)
		}
	}
}

// Whatever the bytes after a head that is signed: what is read is what the head names, and
// written again it is the same file; a delta leads to the next snapshot or nowhere.
func FuzzRead(f *testing.F) {
	signer := newSigner(f)
	keys := []dsse.Key{signer.Key()}
	first := publish(f, signer, nil, entry(1, verdict.Allow), entry(2, verdict.Allow))
	second := publish(f, signer, first, entry(1, verdict.Deny), entry(3, verdict.Allow))
	after := func(b []byte) []byte { return b[bytes.IndexByte(b, '\n')+1:] }
	f.Add(after(file(f, second)), true)
	f.Add(after(file(f, second)), false)
	f.Add(after(delta(f, first, second)), true)
	f.Fuzz(func(t *testing.T, body []byte, signed bool) {
		text := body
		if signed {
			text = append(append(bytes.Clone(second.envelope), '\n'), body...)
		}
		if got, err := Read(bytes.NewReader(text), keys, noon()); err == nil && !bytes.Equal(file(t, got), file(t, second)) {
			t.Error("read what was never signed")
		}
		if got, err := first.Apply(bytes.NewReader(text), keys, noon()); err == nil && !bytes.Equal(file(t, got), file(t, second)) {
			t.Error("a delta led elsewhere")
		}
	})
}

// A line that is read is the canonical JSON of what was read, and no other line is.
func FuzzEntry(f *testing.F) {
	e := entry(1, verdict.Warn)
	e.Sequence = 7
	f.Add(e.appendLine(nil))
	f.Add([]byte(`{"repository":"a","digest":"sha256:"}` + "\n"))
	f.Fuzz(func(t *testing.T, line []byte) {
		reader := entryReader{names: map[string]string{}}
		e, err := reader.read(line)
		var slow Entry
		slowErr := unline(line, &slow)
		if slowErr == nil {
			slowErr = slow.check()
		}
		if (err == nil) != (slowErr == nil) || err == nil && e != slow {
			t.Fatalf("read %+v, %v; encoding/json %+v, %v", e, err, slow, slowErr)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	entries := make([]Entry, 100_000)
	for i := range entries {
		entries[i] = entry(i, verdict.Allow)
	}
	s := publish(b, newSigner(b), nil, entries...)
	digest := entries[777].Digest
	for b.Loop() {
		s.Decide("registry.example/app", digest, verdict.Admit, noon(), false)
	}
}

func BenchmarkRead(b *testing.B) {
	signer := newSigner(b)
	entries := make([]Entry, 10_000)
	for i := range entries {
		entries[i] = entry(i, verdict.Allow)
	}
	text := file(b, publish(b, signer, nil, entries...))
	for b.Loop() {
		if _, err := Read(bytes.NewReader(text), []dsse.Key{signer.Key()}, noon()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	signer := newSigner(b)
	entries := make([]Entry, 100_000)
	for i := range entries {
		entries[i] = entry(i, verdict.Allow)
	}
	base := publish(b, signer, nil, entries...)
	for i := range 10 {
		entries[i] = entry(i, verdict.Deny)
	}
	text := delta(b, base, publish(b, signer, base, entries...))
	for b.Loop() {
		if _, err := base.Apply(bytes.NewReader(text), []dsse.Key{signer.Key()}, noon()); err != nil {
			b.Fatal(err)
		}
	}
}
