package rootfs

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"
)

const (
	// chunkSize is how much is inflated at once: a multiple of the tar block, so that headers
	// are never split, and small enough that hashing it hits the second-level cache.
	chunkSize = 256 << 10
	// chunksInFlight lets inflating run ahead while a visitor is busy.
	chunksInFlight = 4
	// headroom before a chunk's data takes what was left unread of the chunk before it, so
	// that a peek over the seam is one piece of memory.
	headroom = HeadSize
)

// chunk is a piece of the inflated stream.
type chunk struct {
	buffer [headroom + chunkSize]byte
	n      int
}

// stream is the consumer's end: it hashes each chunk as it arrives and gives it out in pieces,
// without copying. Its first error is sticky.
type stream struct {
	ctx      context.Context
	producer *producer
	current  *chunk
	data     []byte // what is unread of current
	ended    error  // comes after data
	hash     hash.Hash
	offset   int64 // of data in the inflated stream
}

func newStream(ctx context.Context, p *producer) *stream {
	return &stream{ctx: ctx, producer: p, hash: sha256.New()}
}

// more adds a chunk to data, of which fewer than headroom bytes may be left.
func (s *stream) more() error {
	if s.ended != nil {
		return s.ended
	}
	next, err := s.receive()
	if err != nil {
		s.ended = err
		return err
	}
	fresh := next.buffer[headroom : headroom+next.n]
	s.hash.Write(fresh)
	left := len(s.data)
	copy(next.buffer[headroom-left:headroom], s.data)
	s.data = next.buffer[headroom-left : headroom+next.n]
	if s.current != nil {
		s.producer.free <- s.current // never blocks: it has room for every chunk there is
	}
	s.current = next
	return nil
}

// receive waits for a chunk; io.EOF after the last.
func (s *stream) receive() (*chunk, error) {
	select {
	case next, open := <-s.producer.full:
		switch {
		case open:
			return next, nil
		case s.producer.err != nil:
			return nil, s.producer.err
		}
		return nil, io.EOF
	case <-s.ctx.Done():
		return nil, context.Cause(s.ctx)
	}
}

// peek returns the next n bytes (at most headroom) without passing them; fewer with an error.
func (s *stream) peek(n int) ([]byte, error) {
	for len(s.data) < n {
		if err := s.more(); err != nil {
			return s.data, err
		}
	}
	return s.data[:n], nil
}

// take returns and passes up to n bytes, at least one unless there is an error. They are valid
// until the next call.
func (s *stream) take(n int64) ([]byte, error) {
	for len(s.data) == 0 {
		if err := s.more(); err != nil {
			return nil, err
		}
	}
	piece := s.data[:min(n, int64(len(s.data)))]
	s.data = s.data[len(piece):]
	s.offset += int64(len(piece))
	return piece, nil
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	piece, err := s.take(int64(len(p)))
	return copy(p, piece), err
}

// skipTo passes everything before offset.
func (s *stream) skipTo(offset int64) error {
	for s.offset < offset {
		if _, err := s.take(offset - s.offset); err != nil {
			if err == io.EOF {
				return io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// drain passes everything to the end.
func (s *stream) drain() error {
	for {
		if _, err := s.take(1 << 62); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

// failed is the error, other than the regular end, that a read has met.
func (s *stream) failed() error {
	if s.ended == io.EOF {
		return nil
	}
	return s.ended
}
