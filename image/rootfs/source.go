package rootfs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/rootfs/inflate"
)

// maxPadding is how many bytes a compressed layer may be longer than its tar, beside the little
// by which a format grows what cannot be compressed: headers, and padding at the end.
const maxPadding = 1 << 20

// stored reads a layer's stored bytes and keeps account of them.
type stored struct {
	ctx    context.Context
	source io.Reader
	layer  image.Layer
	opts   Options
	hash   hash.Hash
	count  int64
	err    error
}

func newStored(ctx context.Context, source io.Reader, layer image.Layer, opts Options) *stored {
	return &stored{ctx: ctx, source: source, layer: layer, opts: opts, hash: sha256.New()}
}

// Read implements io.Reader. A stream longer than the layer says is cut off with an error, and
// so is one of unstated length that is longer than what it could hold, so that neither goes on
// for ever.
func (s *stored) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if err := s.ctx.Err(); err != nil {
		s.err = context.Cause(s.ctx)
		return 0, s.err
	}
	n, err := s.source.Read(p)
	s.hash.Write(p[:n])
	s.count += int64(n)
	if s.opts.Progress != nil && n > 0 {
		s.opts.Progress(n)
	}
	switch {
	case s.layer.Size > 0 && s.count > s.layer.Size:
		s.err = fmt.Errorf("more than the %d bytes that the manifest states: the image is damaged or was altered; fetch it again", s.layer.Size)
	case s.count > s.opts.Limits.Inflated+s.opts.Limits.Inflated/64+maxPadding:
		s.err = &LimitError{What: layerName(s.layer), Limit: s.opts.Limits.Inflated, Unit: "bytes", Flag: "--max-inflated"}
	case err == io.EOF && s.layer.Size > 0 && s.count < s.layer.Size:
		s.err = fmt.Errorf("only %d of the %d bytes that the manifest states: the image is damaged; fetch it again: %w", s.count, s.layer.Size, io.ErrUnexpectedEOF)
	default:
		s.err = err
	}
	return n, s.err
}

// verify reads what is left and compares the digest. It is called also after a decoder has
// failed: that the bytes are not the ones named is then the better explanation.
func (s *stored) verify() error {
	buffer := make([]byte, 64<<10)
	for s.err == nil {
		_, _ = s.Read(buffer) // the error is kept in s.err
	}
	if s.err != io.EOF {
		return s.err
	}
	if got := sum(s.hash); !s.layer.Digest.IsZero() && got != s.layer.Digest {
		return &image.DigestError{What: layerName(s.layer) + " (as stored)", Want: s.layer.Digest, Got: got}
	}
	return nil
}

func sum(h hash.Hash) image.Digest {
	var raw [sha256.Size]byte
	h.Sum(raw[:0])
	return image.DigestFromSum(raw)
}

// layerName is how messages call a layer: by a short digest.
func layerName(layer image.Layer) string {
	for _, d := range []image.Digest{layer.Digest, layer.DiffID} {
		if !d.IsZero() {
			return "layer sha256:" + d.Hex()[:12]
		}
	}
	return "layer without a digest"
}

// producer inflates a layer into chunks.
type producer struct {
	layer image.Layer
	opts  Options
	free  chan *chunk
	full  chan *chunk
	made  int // chunks there are
	// stored, digest and err are set before full is closed.
	stored int64
	digest image.Digest
	err    error // nil if the layer was read to its end and is what its name says
}

func newProducer(layer image.Layer, opts Options) *producer {
	return &producer{layer: layer, opts: opts, free: make(chan *chunk, chunksInFlight), full: make(chan *chunk, chunksInFlight)}
}

// run reads the layer to its end, an error, or the end of ctx; then it closes full.
func (p *producer) run(ctx context.Context) {
	defer close(p.full)
	blob, err := p.layer.Blob(ctx)
	if err != nil {
		p.err = fmt.Errorf("open: %w", err)
		return
	}
	defer func() { _ = blob.Close() }() // read only: there is nothing to lose
	source := newStored(ctx, blob, p.layer, p.opts)
	err = p.inflate(ctx, source)
	if ctx.Err() != nil {
		p.err = context.Cause(ctx)
		return
	}
	if limit := (*LimitError)(nil); errors.As(err, &limit) {
		p.err = err
		return
	}
	p.err = source.verify()
	p.stored, p.digest = source.count, sum(source.hash)
	switch {
	case err == nil:
	case p.err == nil:
		p.err = err
	case !errors.Is(err, p.err):
		p.err = fmt.Errorf("%w (%w)", p.err, err)
	}
}

// inflate sends the uncompressed stream.
func (p *producer) inflate(ctx context.Context, source *stored) error {
	inflater, format, err := inflate.NewReader(source)
	if err != nil {
		return err
	}
	defer func() { _ = inflater.Close() }() // read only
	for total := int64(0); ; {
		c, err := p.chunk(ctx)
		if err != nil {
			return err
		}
		c.n, err = fill(inflater, c.buffer[headroom:])
		total += int64(c.n)
		if total > p.opts.Limits.Inflated {
			return &LimitError{What: layerName(p.layer), Limit: p.opts.Limits.Inflated, Unit: "bytes uncompressed", Flag: "--max-inflated"}
		}
		p.full <- c // never blocks: it has room for every chunk there is
		switch {
		case err == io.EOF:
			return nil
		case err != nil && format == inflate.Plain:
			return err
		case err != nil:
			return fmt.Errorf("inflate: %w", err)
		}
	}
}

// chunk returns one to fill: a free one, a new one while there are few, or one that is waited for.
func (p *producer) chunk(ctx context.Context) (*chunk, error) {
	if len(p.free) == 0 && p.made < chunksInFlight {
		p.made++
		return new(chunk), nil
	}
	select {
	case c := <-p.free:
		return c, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// fill reads until buffer is full or the stream ends, and keeps the stream's own error.
func fill(r io.Reader, buffer []byte) (n int, err error) {
	for n < len(buffer) && err == nil {
		var m int
		m, err = r.Read(buffer[n:])
		n += m
	}
	return n, err
}
