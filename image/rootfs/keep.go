package rootfs

import (
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"

	"plimsoll.dev/plimsoll/internal/tempfile"
)

// DefaultMemory is the Budget where none is given.
const DefaultMemory = 48 << 20

// pageSize is what content is kept in. Small files waste half a page on average; big ones need
// no memory in one piece, so that a freed page serves any other file.
const pageSize = 64 << 10

// Budget bounds the content that is kept in memory, over all Reads that share it. It owns the
// pages and keeps those that are free for the next file. Its methods may be called concurrently.
type Budget struct {
	mutex  sync.Mutex
	unused int64 // bytes that may still be allocated
	free   [][]byte
}

// NewBudget returns a Budget of so many bytes. With less than one page everything goes to
// temporary files.
func NewBudget(bytes int64) *Budget { return &Budget{unused: bytes} }

// pages returns n pages, or none if the budget does not have them now.
func (b *Budget) pages(n int64) [][]byte {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	fresh := max(0, n-int64(len(b.free)))
	if fresh > b.unused/pageSize {
		return nil
	}
	b.unused -= fresh * pageSize
	kept := len(b.free) - int(n-fresh)
	pages := append(make([][]byte, 0, n), b.free[kept:]...)
	b.free = b.free[:kept]
	for range fresh {
		pages = append(pages, make([]byte, pageSize))
	}
	return pages
}

func (b *Budget) release(pages [][]byte) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.free = append(b.free, pages...)
}

// kept is content that can be read in any order, in pages or in an unlinked file.
type kept struct {
	budget *Budget
	size   int64
	mutex  sync.RWMutex
	pages  [][]byte
	file   *os.File
	closed bool
}

// keep takes in a body, and its sum on the way if h is not nil.
func (b *Budget) keep(body *body, h hash.Hash) (*kept, error) {
	k := &kept{budget: b, size: body.left}
	k.pages = b.pages((k.size + pageSize - 1) / pageSize)
	if k.pages == nil && k.size > 0 {
		return k, k.spool(body, h)
	}
	for i, left := 0, k.size; left > 0; i++ {
		page := k.pages[i][:min(left, pageSize)]
		if _, err := io.ReadFull(body, page); err != nil {
			return k, noEOF(err)
		}
		if h != nil {
			h.Write(page)
		}
		left -= int64(len(page))
	}
	return k, nil
}

// spool writes the body to a temporary file.
func (k *kept) spool(body *body, h hash.Hash) (err error) {
	if k.file, err = tempfile.New(""); err != nil {
		return fmt.Errorf("keep a file of %d bytes beyond the memory budget: %w: set TMPDIR to a folder with room, or raise --max-memory", k.size, err)
	}
	var to io.Writer = k.file
	if h != nil {
		to = io.MultiWriter(k.file, h)
	}
	if _, err := body.WriteTo(to); err != nil {
		if path := (*os.PathError)(nil); errors.As(err, &path) {
			return fmt.Errorf("keep a file of %d bytes beyond the memory budget: %w: set TMPDIR to a folder with room, or raise --max-memory", k.size, err)
		}
		return err
	}
	return nil
}

var errClosed = errors.New("read of a file after its visit has ended")

// ReadAt implements io.ReaderAt until close.
func (k *kept) ReadAt(p []byte, offset int64) (n int, err error) {
	k.mutex.RLock()
	defer k.mutex.RUnlock()
	switch {
	case k.closed:
		return 0, errClosed
	case offset < 0:
		return 0, fmt.Errorf("read at offset %d", offset)
	case offset >= k.size:
		return 0, io.EOF
	case k.file != nil:
		return k.file.ReadAt(p, offset)
	}
	for n < len(p) && offset < k.size {
		page := k.pages[offset/pageSize][:min(pageSize, k.size-offset/pageSize*pageSize)]
		m := copy(p[n:], page[offset%pageSize:])
		n += m
		offset += int64(m)
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

// close gives the pages back and closes the file; readers that a visitor has left behind fail
// from now on.
func (k *kept) close() {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.closed {
		return
	}
	k.closed = true
	k.budget.release(k.pages)
	if k.file != nil {
		_ = k.file.Close() // unlinked: there is nothing to lose
	}
}
