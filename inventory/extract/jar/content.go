package jar

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"os"

	"plimsoll.dev/plimsoll/internal/tempfile"
)

// check returns why a file's content cannot be had.
func (p *part) check() error {
	switch {
	case p.flags&(isEncrypted|maskedHeader) != 0:
		return errors.New("it is encrypted")
	case p.method != stored && p.method != deflated:
		return fmt.Errorf("it is compressed by method %d, which Java does not read", p.method)
	case p.method == stored && p.packed != p.size:
		return errors.New("it is stored, and has two sizes")
	case p.method == deflated && p.size/maxExpansion > p.packed:
		return fmt.Errorf("%d bytes cannot be made of %d", p.size, p.packed)
	}
	return nil
}

// reader returns a file's content, uncompressed. It is valid until the next call.
func (w *walk) reader(p part) io.Reader {
	if p.method == stored {
		return p.content
	}
	_ = w.inflater.(flate.Resetter).Reset(p.content, nil) // never fails: it only notes its source
	return w.inflater
}

// read returns a file's content: of one that is longer than the limit its beginning, if that is
// of use, else an error.
func (w *walk) read(p part, limit int64, beginning bool) ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if p.size > limit && !beginning {
		return nil, &limitError{fmt.Sprintf("more than %d bytes", limit)}
	}
	size := min(p.size, limit)
	if err := w.left.take(size, 0); err != nil {
		return nil, err
	}
	content := make([]byte, size)
	reader := w.reader(p)
	if _, err := io.ReadFull(reader, content); err != nil {
		return nil, noEOF(err)
	}
	if size < p.size {
		return content, nil
	}
	return content, atEnd(reader)
}

// atEnd tells whether a file has ended where it says. A reader that does not ask its size would
// see what is behind.
func atEnd(r io.Reader) error {
	var more [1]byte
	switch n, err := io.ReadFull(r, more[:]); {
	case n > 0:
		return errors.New("it is longer than it says")
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

// kept is an archive's content that can be read in any order.
type kept struct {
	io.ReaderAt
	close func()
}

// open makes an archive in an archive readable: where it is if it is stored, else inflated.
func (w *walk) open(p part) (kept, error) {
	if err := p.check(); err != nil {
		return kept{}, err
	}
	if p.method == stored {
		return kept{p.content, func() {}}, nil
	}
	if p.size > w.memory {
		return w.spool(p)
	}
	content, err := w.read(p, p.size, false)
	if err != nil {
		return kept{}, err
	}
	w.memory -= p.size
	return kept{bytes.NewReader(content), func() { w.memory += p.size }}, nil
}

// spool inflates an archive into a temporary file.
func (w *walk) spool(p part) (kept, error) {
	if err := w.left.take(p.size, 0); err != nil {
		return kept{}, err
	}
	file, err := tempfile.New("")
	if err != nil {
		w.failed = errKept(p.size, err)
		return kept{}, w.failed
	}
	k := kept{&source{file, w}, func() { _ = file.Close() }} // unlinked: there is nothing to lose
	reader := w.reader(p)
	_, err = io.CopyN(file, reader, p.size)
	if err == nil {
		err = atEnd(reader)
	} else {
		err = noEOF(err)
	}
	if path := (*os.PathError)(nil); errors.As(err, &path) && w.failed == nil {
		w.failed = errKept(p.size, err)
	}
	if err != nil {
		k.close()
		return kept{}, err
	}
	return k, nil
}

// noEOF is err, or io.ErrUnexpectedEOF where the end came too soon.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// source is a file that notes in a walk that it could not be read: that says nothing of it.
type source struct {
	io.ReaderAt
	walk *walk
}

// ReadAt implements io.ReaderAt.
func (s *source) ReadAt(p []byte, offset int64) (int, error) {
	n, err := s.ReaderAt.ReadAt(p, offset)
	if err != nil && !errors.Is(err, io.EOF) && s.walk.failed == nil {
		s.walk.failed = err
	}
	return n, err
}
