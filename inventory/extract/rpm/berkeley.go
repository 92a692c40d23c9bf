package rpm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The layout of a Berkeley DB hash (its dbinc/db_page.h), numbers in the byte order of whoever
// wrote it. Every page begins with 26 bytes: its number at 8, the next of its chain at 16, how
// many items it has at 20, how much of an overflow page is used at 22, its kind at 25. The first
// page describes the file.
const (
	hashPageHead = 26

	kindHashUnsorted = 2 // of Berkeley DB before 4.6
	kindOverflow     = 7
	kindHashMeta     = 8
	kindHash         = 13

	itemInline   = 1
	itemOverflow = 3
)

// berkeleyDB reads a file whose keys are the numbers of headers and whose values are those. The
// key zero is where rpm counts.
type berkeleyDB struct {
	*pages
	order    binary.ByteOrder
	buffer   []byte
	overflow []byte
	blob     []byte
}

// readBerkeley looks at every page, rather than at each bucket: a header is on one of them.
func (c *collector) readBerkeley(ctx context.Context, file io.ReaderAt, size int64) error {
	db, last, err := openBerkeley(file, size)
	if err != nil {
		return err
	}
	head := make([]byte, hashPageHead)
	for number := uint32(1); number <= last; number++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := readFull(file, head, int64(number)*db.size); err != nil {
			return err
		}
		if kind := head[25]; kind != kindHash && kind != kindHashUnsorted {
			continue
		}
		if err := db.page(number, db.buffer); err != nil {
			return err
		}
		if err := c.takePage(db); err != nil {
			return fmt.Errorf("page %d: %w", number, err)
		}
	}
	return nil
}

// openBerkeley reads the first page and returns the number of the last.
func openBerkeley(file io.ReaderAt, size int64) (*berkeleyDB, uint32, error) {
	head := make([]byte, 72)
	if err := readFull(file, head, 0); err != nil {
		return nil, 0, err
	}
	db := &berkeleyDB{order: hashOrder(head)}
	pageSize, last := int64(db.order.Uint32(head[20:])), db.order.Uint32(head[32:])
	encryption, kind, sums := head[24], head[25], head[26]&1
	switch {
	case kind != kindHashMeta || !isPageSize(pageSize):
		return nil, 0, fmt.Errorf("its first page is of kind %d and %d bytes", kind, pageSize)
	case encryption != 0 || sums != 0:
		return nil, 0, errors.New("it is encrypted or carries sums, which rpm does not do")
	}
	db.pages = newPages(file, size, pageSize, 0)
	if last >= db.number {
		return nil, 0, fmt.Errorf("it ends at byte %d, before its page %d", size, last)
	}
	db.buffer, db.overflow = make([]byte, pageSize), make([]byte, pageSize)
	return db, last, nil
}

// takePage takes the headers on the page in the buffer. Items lie in pairs of key and value, from
// the page's end downwards; their offsets, from its beginning upwards.
func (c *collector) takePage(db *berkeleyDB) error {
	items := int(db.order.Uint16(db.buffer[20:]))
	offsets := db.buffer[hashPageHead:]
	if items%2 != 0 || 2*items > len(offsets) {
		return fmt.Errorf("it counts %d items", items)
	}
	end := len(db.buffer)
	for i := range items {
		start := int(db.order.Uint16(offsets[2*i:]))
		if start >= end || start < hashPageHead+2*items {
			return errors.New("its items overlap")
		}
		item := db.buffer[start:end]
		end = start
		if i%2 == 0 {
			continue
		}
		blob, err := db.value(item)
		if err != nil { // a page in use elsewhere, or no longer: the other headers are whole
			c.malformed.Add("a header cannot be read: %v", err)
			continue
		}
		const counter = 4
		if len(blob) == counter {
			continue
		}
		if _, err := c.take(uint64(len(c.packages)+1), blob); err != nil {
			return err
		}
	}
	return nil
}

// value returns a value, valid until the next.
func (db *berkeleyDB) value(item []byte) ([]byte, error) {
	switch {
	case item[0] == itemInline:
		return item[1:], nil
	case item[0] != itemOverflow || len(item) < 12:
		return nil, fmt.Errorf("an item is of kind %d", item[0])
	}
	next, length := db.order.Uint32(item[4:]), db.order.Uint32(item[8:])
	if length > maxHeader {
		return nil, fmt.Errorf("a header has %d bytes", length)
	}
	db.blob = db.blob[:0]
	for uint32(len(db.blob)) < length {
		if err := db.page(next, db.overflow); err != nil {
			return nil, err
		}
		used := int(db.order.Uint16(db.overflow[22:]))
		if db.overflow[25] != kindOverflow || hashPageHead+used > len(db.overflow) {
			return nil, fmt.Errorf("a header goes on at page %d, which is of another kind", next)
		}
		db.blob = append(db.blob, db.overflow[hashPageHead:hashPageHead+used]...)
		next = db.order.Uint32(db.overflow[16:])
	}
	if uint32(len(db.blob)) != length {
		return nil, errors.New("a header is longer than it should be")
	}
	return db.blob, nil
}
