package db

import "encoding/binary"

// reader reads a stretch of a shard in sequence, across its blocks. Its first error sticks:
// afterwards everything reads as zero, so callers check err once, at the end. It never reads
// beyond the stretch, whatever the bytes say.
//
// A reader over plain bytes has no shard, and all of them in window.
type reader struct {
	shard   *shard
	at, end int    // of the next byte, and of the stretch's end
	window  []byte // what is left of the current block, cut at end
	scratch []byte // holds what bytes returns when it spans blocks
	err     error
}

// reader returns a reader of the bytes from start to end.
func (s *shard) reader(start, end int) reader {
	r := reader{shard: s, at: start, end: end}
	if start < 0 || end < start || end > s.length {
		r.at, r.end, r.err = 0, 0, ErrCorrupt
	}
	return r
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.at, r.window = r.end, nil
}

// fill makes the window hold at least one byte, unless the stretch has ended.
func (r *reader) fill() bool {
	if len(r.window) > 0 {
		return true
	}
	if r.err != nil || r.at >= r.end || r.shard == nil {
		r.fail(ErrCorrupt)
		return false
	}
	block, err := r.shard.block(r.at / blockLength)
	if err != nil {
		r.fail(err)
		return false
	}
	within := r.at % blockLength
	if within >= len(block) {
		r.fail(ErrCorrupt)
		return false
	}
	r.window = block[within:min(len(block), within+r.end-r.at)]
	return true
}

// advance moves on by n bytes of the window.
func (r *reader) advance(n int) {
	r.window = r.window[n:]
	r.at += n
}

// uvarint reads a number. Most are of one byte.
func (r *reader) uvarint() uint64 {
	if len(r.window) > 0 && r.window[0] < 0x80 {
		x := r.window[0]
		r.advance(1)
		return uint64(x)
	}
	return r.longUvarint()
}

// longUvarint reads a number of several bytes, or at the end of a block.
func (r *reader) longUvarint() uint64 {
	if !r.fill() {
		return 0
	}
	if x, n := binary.Uvarint(r.window); n > 0 {
		r.advance(n)
		return x
	}
	var x uint64
	for shift := 0; shift < 64 && r.fill(); shift += 7 {
		b := r.window[0]
		r.advance(1)
		x |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return x
		}
	}
	r.fail(ErrCorrupt)
	return 0
}

// varint reads a number with a sign.
func (r *reader) varint() int64 {
	x := r.uvarint()
	return int64(x>>1) ^ -int64(x&1)
}

// count reads a number that is at most limit; if limit is negative there is none.
func (r *reader) count(limit int) int {
	x := r.uvarint()
	if limit < 0 || x > uint64(limit) {
		r.fail(ErrCorrupt)
		return 0
	}
	return int(x)
}

// left returns how many bytes are left: an upper bound for the count of whatever follows.
func (r *reader) left() int { return r.end - r.at }

// bytes reads n bytes. They are valid until the next call and must not be written to.
func (r *reader) bytes(n int) []byte {
	if n < 0 || n > r.left() {
		r.fail(ErrCorrupt)
		return nil
	}
	if n <= len(r.window) {
		b := r.window[:n:n]
		r.advance(n)
		return b
	}
	r.scratch = r.scratch[:0]
	for len(r.scratch) < n && r.fill() {
		part := r.window[:min(len(r.window), n-len(r.scratch))]
		r.scratch = append(r.scratch, part...)
		r.advance(len(part))
	}
	if r.err != nil {
		return nil
	}
	return r.scratch
}

// skip moves on by n bytes without touching them.
func (r *reader) skip(n int) {
	switch {
	case n < 0 || n > r.left():
		r.fail(ErrCorrupt)
	case n <= len(r.window):
		r.advance(n)
	default:
		r.at, r.window = r.at+n, nil
	}
}

// string reads a string with its length before it.
func (r *reader) string() string { return string(r.bytes(r.count(r.left()))) }

// uint32 reads a number of fixed size.
func (r *reader) uint32() uint32 {
	b := r.bytes(4)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint32(b)
}

// stretch returns a reader of the next n bytes and skips them.
func (r *reader) stretch(n int) reader {
	part := *r
	part.scratch = nil
	if n < 0 || n > r.left() {
		r.fail(ErrCorrupt)
		return reader{err: r.err}
	}
	part.end = part.at + n
	part.window = part.window[:min(n, len(part.window))]
	r.skip(n)
	return part
}
