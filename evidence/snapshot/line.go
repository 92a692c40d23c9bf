package snapshot

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strconv"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// appendLine writes the entry's line: its canonical JSON. A million entries are written to be
// hashed and read when a gate starts; package encoding/json takes eight times as long. No member
// has a character that JSON escapes (check).
func (e Entry) appendLine(b []byte) []byte {
	digest, policy := e.Digest.Sum(), e.Policy.Sum()
	b = append(append(b, `{"repository":"`...), e.Repository...)
	b = hex.AppendEncode(append(b, `","digest":"sha256:`...), digest[:])
	b = append(append(b, `","outcome":{"build":"`...), e.Outcome.Build...)
	b = append(append(b, `","ship":"`...), e.Outcome.Ship...)
	b = append(append(b, `","admit":"`...), e.Outcome.Admit...)
	b = append(append(b, `","run":"`...), e.Outcome.Run...)
	b = hex.AppendEncode(append(b, `"},"policy":"sha256:`...), policy[:])
	b = append(append(b, `","validUntil":"`...), e.ValidUntil...)
	b = strconv.AppendUint(append(b, `","sequence":`...), e.Sequence, 10)
	return append(b, "}\n"...)
}

// entryReader reads lines that appendLine wrote, and no others. It keeps one string for all equal
// ones: there are few names and times, and many entries.
type entryReader struct {
	names map[string]string
	again []byte
}

func (r *entryReader) read(line []byte) (Entry, error) {
	f := fields{rest: line}
	e := Entry{
		Repository: r.once(f.after(`{"repository":"`)),
		Digest:     f.digest(`,"digest":"`),
		Outcome: Outcomes{
			Build: f.outcome(`,"outcome":{"build":"`), Ship: f.outcome(`,"ship":"`),
			Admit: f.outcome(`,"admit":"`), Run: f.outcome(`,"run":"`),
		},
		Policy:     f.digest(`},"policy":"`),
		ValidUntil: r.once(f.after(`,"validUntil":"`)),
	}
	digits, found := bytes.CutPrefix(f.rest, []byte(`,"sequence":`))
	digits, ended := bytes.CutSuffix(digits, []byte("}\n"))
	sequence, err := strconv.ParseUint(string(digits), 10, 64)
	if f.bad || !found || !ended || err != nil {
		return Entry{}, errors.New("it is no entry as this program writes it")
	}
	e.Sequence = sequence
	if err := e.check(); err != nil {
		return Entry{}, err
	}
	if r.again = e.appendLine(r.again[:0]); !bytes.Equal(r.again, line) {
		return Entry{}, errors.New("it is no entry as this program writes it")
	}
	return e, nil
}

func (r *entryReader) once(text []byte) string {
	if kept, found := r.names[string(text)]; found {
		return kept
	}
	kept := string(text)
	r.names[kept] = kept
	return kept
}

// fields takes a line apart from its beginning.
type fields struct {
	rest []byte
	bad  bool
}

// after returns what stands between the words and the next quotation mark.
func (f *fields) after(words string) []byte {
	rest, found := bytes.CutPrefix(f.rest, []byte(words))
	text, rest, ended := bytes.Cut(rest, []byte(`"`))
	f.bad = f.bad || !found || !ended
	f.rest = rest
	return text
}

func (f *fields) digest(words string) image.Digest {
	digest, err := image.ParseDigest(string(f.after(words)))
	f.bad = f.bad || err != nil
	return digest
}

func (f *fields) outcome(words string) verdict.Outcome {
	switch text := f.after(words); string(text) {
	case string(verdict.Allow):
		return verdict.Allow
	case string(verdict.Warn):
		return verdict.Warn
	case string(verdict.Deny):
		return verdict.Deny
	default:
		f.bad = true
		return ""
	}
}
