package snapshot

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"plimsoll.dev/plimsoll/evidence/dsse"
	"plimsoll.dev/plimsoll/image"
)

// The ways in which a snapshot is refused that a gate reports on; test with errors.Is.
var (
	// ErrOlder: it is older than what is held.
	ErrOlder = errors.New("it is older than the snapshot that is held")
	// ErrChain: it does not follow what is held; ask for the whole.
	ErrChain = errors.New("it does not follow the snapshot that is held")
)

// WriteTo writes the snapshot as a file: the signed head in the first line, then the entries in
// order, one in each line. Equal snapshots have equal bytes.
func (s *Snapshot) WriteTo(w io.Writer) (int64, error) {
	out := newLineWriter(w)
	out.write(s.envelope, []byte("\n"))
	var line []byte
	for i := range s.bucket {
		for _, e := range s.bucket[i].entries {
			line = e.appendLine(line[:0])
			out.write(line)
		}
	}
	return out.n, out.end()
}

// lineWriter writes until something fails.
type lineWriter struct {
	buffered *bufio.Writer
	n        int64
	err      error
}

func newLineWriter(w io.Writer) *lineWriter {
	return &lineWriter{buffered: bufio.NewWriterSize(w, 1<<16)}
}

func (l *lineWriter) write(parts ...[]byte) {
	for _, part := range parts {
		if l.err == nil {
			_, l.err = l.buffered.Write(part)
			l.n += int64(len(part))
		}
	}
}

func (l *lineWriter) end() error {
	if l.err != nil {
		return l.err
	}
	return l.buffered.Flush()
}

// Read reads and verifies a snapshot. It may be of any age and sequence; a gate that holds one
// already uses Replace.
func Read(r io.Reader, keys []dsse.Key, now time.Time) (*Snapshot, error) {
	s, err := read(newLines(r), keys, now)
	if err != nil {
		return nil, fmt.Errorf("reading a snapshot: %w", err)
	}
	return s, nil
}

func read(in *lines, keys []dsse.Key, now time.Time) (*Snapshot, error) {
	s, err := readHead(in, keys, now)
	if err != nil {
		return nil, err // not one entry of an unsigned snapshot is looked at
	}
	entries := make([]Entry, 0, min(s.head.Count, 1<<16)) // the count is signed, and may be wrong all the same
	reader := entryReader{names: map[string]string{}}
	for {
		line, err := in.next(maxLine)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(entries) == s.head.Count {
			return nil, fmt.Errorf("it has more than the %d entries that its head states", s.head.Count)
		}
		e, err := reader.read(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", in.number, err)
		}
		if len(entries) > 0 && compare(entries[len(entries)-1], e) >= 0 {
			return nil, fmt.Errorf("line %d: the entries are not in order, each once", in.number)
		}
		if e.Sequence == 0 || e.Sequence > s.head.Sequence {
			return nil, fmt.Errorf("line %d: the entry is from snapshot %d, later than this", in.number, e.Sequence)
		}
		entries = append(entries, e)
	}
	s.distribute(entries)
	return s, s.matches()
}

// readHead reads the first line and verifies it.
func readHead(in *lines, keys []dsse.Key, now time.Time) (*Snapshot, error) {
	line, err := in.next(maxHeadLine + 1)
	if err != nil {
		return nil, fmt.Errorf("its head: %w", err)
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	envelope, err := dsse.Decode(line)
	if err != nil {
		return nil, err
	}
	if _, err := dsse.Verify(envelope, PayloadType, keys, now); err != nil {
		return nil, err
	}
	if again, err := dsse.Encode(envelope); err != nil || !bytes.Equal(again, line) {
		return nil, errors.New("its head is not written as this program writes it")
	}
	s := &Snapshot{digest: image.DigestOf(envelope.Payload), envelope: bytes.Clone(line)}
	if err := unline(append(bytes.Clone(envelope.Payload), '\n'), &s.head); err != nil {
		return nil, fmt.Errorf("its head: %w", err)
	}
	return s, s.head.check()
}

// matches tells whether the entries are those that the head names.
func (s *Snapshot) matches() error {
	digest, count := s.entriesDigest()
	if digest != s.head.Entries || count != s.head.Count {
		return fmt.Errorf("its %d entries are not the %d that its signed head names", count, s.head.Count)
	}
	return nil
}

// Replace reads the whole of a snapshot that is to take the place of the held one. It must be
// newer; the same one again is no error.
func (s *Snapshot) Replace(r io.Reader, keys []dsse.Key, now time.Time) (*Snapshot, error) {
	next, err := Read(r, keys, now)
	if err != nil {
		return nil, err
	}
	if err := s.mayBecome(next); err != nil {
		return nil, fmt.Errorf("replacing snapshot %d: %w", s.head.Sequence, err)
	}
	return next, nil
}

// mayBecome refuses what would lead back, or to another history.
func (s *Snapshot) mayBecome(next *Snapshot) error {
	switch {
	case next.head.Sequence < s.head.Sequence:
		return fmt.Errorf("%w: it has sequence %d, and %d is held", ErrOlder, next.head.Sequence, s.head.Sequence)
	case next.head.Sequence == s.head.Sequence && next.digest != s.digest:
		return fmt.Errorf("%w: there are two snapshots with sequence %d; whoever signs them has lost count, or a key", ErrChain, s.head.Sequence)
	case next.head.Sequence == s.head.Sequence+1 && next.head.Previous != s.digest:
		return fmt.Errorf("%w: sequence %d does not name the head that is held", ErrChain, next.head.Sequence)
	default:
		return nil
	}
}

// Save writes the snapshot to a file, in one step: whoever reads it, also after a power failure,
// finds the old or the new. A newer one that is there already is left. What was written is read
// back and verified.
func (s *Snapshot) Save(path string, keys []dsse.Key, now time.Time) error {
	if err := s.save(path, keys, now); err != nil {
		return fmt.Errorf("saving snapshot %d as %s: %w", s.head.Sequence, path, err)
	}
	return nil
}

func (s *Snapshot) save(path string, keys []dsse.Key, now time.Time) error {
	if held, err := headOf(path, keys, now); err == nil {
		if err := held.mayBecome(s); err != nil {
			return err
		}
	} // none, or one that counts for nothing: it may be overwritten
	folder := filepath.Dir(path)
	file, err := os.CreateTemp(folder, filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // once it is renamed there is nothing to remove
	_, err = s.WriteTo(file)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	written, err := Load(file.Name(), keys, now)
	if err != nil {
		return err
	}
	if written.digest != s.digest {
		return errors.New("what was written is another snapshot")
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

// Load reads and verifies a snapshot from a file.
func Load(path string, keys []dsse.Key, now time.Time) (*Snapshot, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return Read(file, keys, now)
}

// headOf returns the snapshot in a file without its entries.
func headOf(path string, keys []dsse.Key, now time.Time) (*Snapshot, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readHead(newLines(file), keys, now)
}

// syncFolder makes a rename last. Not every system can.
func syncFolder(folder string) error {
	file, err := os.Open(folder)
	if err != nil {
		return err
	}
	_ = file.Sync()
	return file.Close()
}

// lines reads a file line by line. Every line ends with a newline; a last one without is a file
// that was cut off.
type lines struct {
	reader *bufio.Reader
	number int
}

func newLines(r io.Reader) *lines { return &lines{reader: bufio.NewReaderSize(r, 1<<16)} }

// next returns a line with its newline, valid until the next call; io.EOF after the last.
func (l *lines) next(most int) ([]byte, error) {
	l.number++
	var long []byte
	for {
		part, err := l.reader.ReadSlice('\n')
		if len(long)+len(part) > most {
			return nil, fmt.Errorf("line %d is longer than %d bytes", l.number, most)
		}
		switch {
		case err == nil && long == nil:
			return part, nil
		case errors.Is(err, bufio.ErrBufferFull):
			long = append(long, part...)
		case errors.Is(err, io.EOF) && len(long)+len(part) > 0:
			return nil, fmt.Errorf("line %d has no end: the file was cut off", l.number)
		case err != nil:
			return nil, err
		default:
			return slices.Concat(long, part), nil
		}
	}
}
