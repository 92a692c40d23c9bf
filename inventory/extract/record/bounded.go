package record

import (
	"fmt"
	"io"
)

// BoundedAt reads from another ReaderAt and fails when more bytes are asked of it than it may give
// in all: a hostile file may name the same bytes again and again.
type BoundedAt struct {
	source      io.ReaderAt
	what        string
	limit, left int64
}

// NewBoundedAt returns a BoundedAt; what it is that takes so much, as "its headers", is for the error.
func NewBoundedAt(source io.ReaderAt, limit int64, what string) *BoundedAt {
	return &BoundedAt{source, what, limit, limit}
}

// ReadAt implements io.ReaderAt.
func (r *BoundedAt) ReadAt(p []byte, offset int64) (int, error) {
	if r.left -= int64(len(p)); r.left < 0 {
		return 0, fmt.Errorf("%s take more than %d bytes", r.what, r.limit)
	}
	return r.source.ReadAt(p, offset)
}
