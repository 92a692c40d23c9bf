package rootfs

import (
	"archive/tar"
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// body is one entry's content on the stream.
type body struct {
	stream *stream
	left   int64
	sparse *bufio.Reader // set for a sparse file: its content with the holes filled
}

// body returns the content of the entry that h is the header of.
func (w *walker) body(h *header) (*body, error) {
	if !h.sparse {
		return &body{stream: w.tar.stream, left: h.size}, nil
	}
	return w.sparseBody(h)
}

// sparseBody reads a sparse file through archive/tar, which is given the entry's header blocks
// again. Such files are rare in layers: GNU tar writes them if asked, the builders never do.
func (w *walker) sparseBody(h *header) (*body, error) {
	stream := w.tar.stream
	reader := tar.NewReader(io.MultiReader(bytes.NewReader(bytes.Clone(h.raw)), stream))
	sparse, err := reader.Next()
	if err != nil {
		if failed := stream.failed(); failed != nil {
			return nil, failed
		}
		return nil, fmt.Errorf("%w: sparse file: %w", errFormat, err)
	}
	if h.typeflag == 'S' { // its map stands between the header and the content
		h.start = stream.offset
		if err := w.tar.expect(h); err != nil {
			return nil, err
		}
	}
	h.name, h.size = sparse.Name, sparse.Size
	w.holes += h.size - min(h.size, h.stored)
	if w.holes > w.opts.Limits.Inflated {
		return nil, &LimitError{What: w.name, Limit: w.opts.Limits.Inflated, Unit: "bytes uncompressed", Flag: "--max-inflated"}
	}
	return &body{stream: stream, left: h.size, sparse: bufio.NewReaderSize(reader, HeadSize)}, nil
}

// peek returns the first bytes, up to HeadSize, valid until the next call.
func (b *body) peek() ([]byte, error) {
	n := int(min(b.left, HeadSize))
	var head []byte
	var err error
	if b.sparse != nil {
		head, err = b.sparse.Peek(n)
	} else {
		head, err = b.stream.peek(n)
	}
	return head, noEOF(err)
}

// take returns and passes the next piece; io.EOF after the last.
func (b *body) take(n int64) ([]byte, error) {
	if b.left == 0 {
		return nil, io.EOF
	}
	n = min(n, b.left)
	var piece []byte
	var err error
	if b.sparse != nil {
		if _, err = b.sparse.Peek(1); err == nil {
			piece, _ = b.sparse.Peek(int(min(n, int64(b.sparse.Buffered())))) // buffered: cannot fail
			_, _ = b.sparse.Discard(len(piece))
		}
	} else {
		piece, err = b.stream.take(n)
	}
	b.left -= int64(len(piece))
	return piece, noEOF(err)
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	piece, err := b.take(int64(len(p)))
	return copy(p, piece), err
}

// WriteTo implements io.WriterTo, without copying.
func (b *body) WriteTo(w io.Writer) (written int64, err error) {
	for {
		piece, err := b.take(b.left)
		if err == io.EOF {
			return written, nil
		}
		if err != nil {
			return written, err
		}
		n, err := w.Write(piece)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
}

// noEOF makes an end that comes too early an error.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
