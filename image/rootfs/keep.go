package rootfs

import (
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"

	"plimsoll.dev/plimsoll/internal/offheap"
	"plimsoll.dev/plimsoll/internal/tempfile"
)

// DefaultMemory is the Budget where none is given.
const DefaultMemory = 48 << 20

// smallest is the size from which content is kept off the heap: below it a mapping costs more
// than it saves.
const smallest = 64 << 10

// Budget bounds the content that is kept in memory, over all Reads that share it. Its methods may
// be called concurrently.
type Budget struct {
	mutex sync.Mutex
	left  int64
}

// NewBudget returns a Budget of so many bytes; what does not fit goes to temporary files.
func NewBudget(bytes int64) *Budget { return &Budget{left: bytes} }

// take tells whether there is room for so many bytes, and takes it.
func (b *Budget) take(bytes int64) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if bytes > b.left {
		return false
	}
	b.left -= bytes
	return true
}

func (b *Budget) give(bytes int64) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.left += bytes
}

// kept is content that can be read in any order, in memory or in an unlinked file.
type kept struct {
	budget *Budget
	size   int64
	mutex  sync.RWMutex
	memory []byte
	mapped bool // memory is off the heap
	file   *os.File
	closed bool
}

// keep takes in a body, and its sum on the way if h is not nil.
func (b *Budget) keep(body *body, h hash.Hash) (*kept, error) {
	k := &kept{budget: b, size: body.left}
	if !b.take(k.size) {
		return k, k.spool(body, h)
	}
	if err := k.allocate(); err != nil {
		return k, err
	}
	for rest := k.memory; len(rest) > 0; {
		piece := rest[:min(len(rest), smallest)]
		if _, err := io.ReadFull(body, piece); err != nil {
			return k, noEOF(err)
		}
		if h != nil {
			h.Write(piece)
		}
		rest = rest[len(piece):]
	}
	return k, nil
}

// allocate makes memory of the content's size, which the budget has given.
func (k *kept) allocate() (err error) {
	if k.size < smallest {
		k.memory = make([]byte, k.size)
		return nil
	}
	if k.memory, err = offheap.Allocate(int(k.size)); err != nil {
		k.budget.give(k.size)
		return fmt.Errorf("keep a file of %d bytes: %w: lower --max-memory", k.size, err)
	}
	k.mapped = true
	return nil
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
	n = copy(p, k.memory[offset:])
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

// close gives the memory back and closes the file; readers that a visitor has left behind fail
// from now on.
func (k *kept) close() {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.closed {
		return
	}
	k.closed = true
	if k.memory != nil {
		k.budget.give(k.size)
	}
	if k.mapped {
		_ = offheap.Free(k.memory) // it fails only for what is no mapping
	}
	k.memory = nil
	if k.file != nil {
		_ = k.file.Close() // unlinked: there is nothing to lose
	}
}
