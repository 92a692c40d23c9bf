package rootfs

import (
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	blockSize = 512
	// maxExtension bounds a PAX or GNU long-name extension: archive/tar's limit, hence that of
	// the container runtimes written in Go.
	maxExtension = 1 << 20
)

// errFormat reports a tar that is not one. It wraps what exactly is wrong.
var errFormat = errors.New("damaged tar")

// tarReader reads headers off the stream: v7, ustar, star, PAX and GNU, in the reading of Go's
// archive/tar, which the container runtimes use. It is looser in what they do not need (owners
// and times are not looked at). FuzzTar compares the two.
type tarReader struct {
	stream *stream
	// content is where the current content ends, next where the next header begins.
	content, next int64
	// extension holds one extension's body, raw the extension headers before an entry.
	extension, raw []byte
}

// read returns the next entry's header, io.EOF after the last. Extension headers are counted
// through count, which may refuse.
func (t *tarReader) read(count func() error) (*header, error) {
	var given extensions
	t.raw = t.raw[:0]
	for {
		if err := t.skip(); err != nil {
			return nil, err
		}
		block, err := t.block()
		if err != nil {
			return nil, err
		}
		if err := count(); err != nil {
			return nil, err
		}
		t.raw = append(t.raw, block...)
		h, err := parseHeader(block)
		if err != nil {
			return nil, t.damaged(err)
		}
		if _, err := t.stream.take(blockSize); err != nil {
			return nil, err
		}
		h.start = t.stream.offset
		switch h.typeflag {
		case 'x', 'g', 'L', 'K':
			if h.stored < 0 {
				return nil, t.damaged(errors.New("size below zero"))
			}
			if err := t.extend(&given, h); err != nil {
				return nil, err
			}
		default:
			if err := given.apply(h); err != nil {
				return nil, t.damaged(err)
			}
			h.raw = t.raw
			return h, t.expect(h)
		}
	}
}

// expect notes where the content of h ends.
func (t *tarReader) expect(h *header) error {
	if h.stored > math.MaxInt64-2*blockSize-h.start {
		return io.ErrUnexpectedEOF // no stream is that long
	}
	t.content, t.next = h.start+h.stored, h.end()
	return nil
}

// skip passes what is left of the current entry. As in archive/tar, the stream may end before
// the last padding is complete.
func (t *tarReader) skip() error {
	if err := t.stream.skipTo(t.content); err != nil {
		return err
	}
	if err := t.stream.skipTo(t.next); err != nil {
		if err == io.ErrUnexpectedEOF && t.stream.ended == io.EOF {
			return io.EOF
		}
		return err
	}
	return nil
}

func (t *tarReader) damaged(err error) error {
	return fmt.Errorf("%w at byte %d: %w", errFormat, t.stream.offset, err)
}

// block peeks at the next header block; io.EOF at the end mark (two blocks of zeros) or where
// the stream ends between entries, as some builders leave the mark out.
func (t *tarReader) block() ([]byte, error) {
	block, err := t.stream.peek(blockSize)
	if err != nil {
		if err == io.EOF && len(block) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if !zeros(block) {
		return block, nil
	}
	both, err := t.stream.peek(2 * blockSize)
	switch {
	case err == io.EOF && len(both) == blockSize:
		return nil, io.EOF
	case err == io.EOF:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	case !zeros(both[blockSize:]):
		return nil, t.damaged(errors.New("one block of zeros where two mark the end"))
	}
	return nil, io.EOF
}

func zeros(block []byte) bool {
	for _, b := range block {
		if b != 0 {
			return false
		}
	}
	return true
}

// extend takes in an extension header's body.
func (t *tarReader) extend(given *extensions, h *header) error {
	if h.stored > maxExtension {
		return t.damaged(fmt.Errorf("an extension header of %d bytes, more than %d", h.stored, maxExtension))
	}
	t.extension = t.extension[:0]
	for left := h.stored; left > 0; {
		piece, err := t.stream.take(left)
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		t.extension = append(t.extension, piece...)
		left -= int64(len(piece))
	}
	if err := t.expect(h); err != nil {
		return err
	}
	if len(t.raw) > 4*maxExtension {
		return t.damaged(fmt.Errorf("more than %d bytes of extension headers before one entry", 4*maxExtension))
	}
	t.raw = append(t.raw, t.extension...)
	t.raw = append(t.raw, make([]byte, t.next-h.start-h.stored)...)
	switch h.typeflag {
	case 'L':
		given.longName = cString(t.extension)
	case 'K':
		given.longLink = cString(t.extension)
	case 'x':
		records, err := parsePAX(t.extension)
		if err != nil {
			return t.damaged(err)
		}
		records.longName, records.longLink = given.longName, given.longLink
		*given = records
	case 'g':
		// Global records change nothing: archive/tar, and with it the runtimes, ignores them.
		if _, err := parsePAX(t.extension); err != nil {
			return t.damaged(err)
		}
		*given = extensions{}
		t.raw = t.raw[:0]
	}
	return nil
}
