package rpm

import (
	"errors"
	"fmt"
	"io"
)

// pager gives out the pages of a database.
type pager interface {
	// page reads one page, the first being number 1, into a buffer of a page's size.
	page(number uint32, into []byte) error
}

// errElsewhere reports a page that a log does not have: it is in the database as it was.
var errElsewhere = errors.New("the page is not in the log")

// pages are the pages of a file. Each can be read once, as in a sound database nothing uses a
// page twice: so circles end, and reading takes no longer than the file is.
type pages struct {
	file   io.ReaderAt
	size   int64 // of a page
	first  uint32
	number uint32   // of pages that are there whole
	used   []uint64 // a bit for each
}

// newPages divides a file into pages, numbered from first.
func newPages(file io.ReaderAt, fileSize, pageSize int64, first uint32) *pages {
	number := uint32(min(fileSize/pageSize, 1<<32-2))
	return &pages{file: file, size: pageSize, first: first, number: number, used: make([]uint64, number/64+1)}
}

// page implements pager.
func (p *pages) page(number uint32, into []byte) error {
	index := number - p.first
	if index >= p.number { // also below the first: the difference wraps around
		return fmt.Errorf("it refers to page %d, and has %d", number, p.number)
	}
	if p.used[index/64]&(1<<(index%64)) != 0 {
		return fmt.Errorf("it refers to page %d more than once", number)
	}
	p.used[index/64] |= 1 << (index % 64)
	return readFull(p.file, into, int64(index)*p.size)
}

// readFull fills a buffer from a place in a file.
func readFull(file io.ReaderAt, into []byte, at int64) error {
	n, err := file.ReadAt(into, at)
	if n == len(into) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("it ends at byte %d", at+int64(n))
	}
	return fmt.Errorf("read it at byte %d: %w", at, err)
}

// isPageSize tells whether a database may have pages of so many bytes: sqlite and Berkeley DB
// both take the powers of two from 512 to 65536.
func isPageSize(size int64) bool { return size >= 512 && size <= 65536 && size&(size-1) == 0 }
