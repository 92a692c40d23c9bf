package rpm

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// btree reads the table b-trees of an sqlite database (sqlite.org/fileformat2.html, sections 1.5,
// 1.6 and 2.1). Rows lie in the leaves; what of a row finds no room there continues on a chain of
// overflow pages.
type btree struct {
	pager
	usable   int // bytes of a page, without those reserved at its end
	buffer   []byte
	overflow []byte
	row      []byte
}

// maxDepth is the deepest tree that sqlite itself reads (its btreeInt.h, BTCURSOR_MAX_DEPTH).
const maxDepth = 20

var (
	errNoTable = errors.New("a page is not that of a table")
	errTooDeep = errors.New("a table is too deep")
	errRow     = errors.New("a row makes no sense")
)

func newBtree(from pager, pageSize, reserved int) *btree {
	return &btree{pager: from, usable: pageSize - reserved, buffer: make([]byte, pageSize), overflow: make([]byte, pageSize)}
}

// node is one page of a table: an inner one has children, a leaf has cells.
type node struct {
	children []uint32
	cells    []cell
}

// cell is one row as it lies in a leaf.
type cell struct {
	id    uint64
	size  uint64
	local []byte // what of it is on the page; valid until the next node is read
	next  uint32 // the page on which it continues, if local is not all
}

// node reads and takes apart one page.
func (b *btree) node(number uint32) (node, error) {
	if err := b.page(number, b.buffer); err != nil {
		return node{}, err
	}
	return b.parse(number)
}

// parse takes apart the page in the buffer.
func (b *btree) parse(number uint32) (node, error) {
	const inner, leaf, fileHeader, pageHeader = 0x05, 0x0d, 100, 8
	start := 0
	if number == 1 {
		start = fileHeader
	}
	page := b.buffer[:b.usable]
	head := page[start:]
	kind, cells, pointers := head[0], int(binary.BigEndian.Uint16(head[3:])), head[pageHeader:]
	var n node
	if kind == inner {
		pointers = head[pageHeader+4:]
	}
	if kind != inner && kind != leaf || 2*cells > len(pointers) {
		return n, errNoTable
	}
	room := len(page)
	for i := range cells {
		at := int(binary.BigEndian.Uint16(pointers[2*i:]))
		if at+4 > len(page) {
			return n, errNoTable
		}
		if kind == inner {
			n.children = append(n.children, binary.BigEndian.Uint32(page[at:]))
			continue
		}
		c, err := b.cell(page[at:])
		if room -= len(c.local); err != nil || room < 0 {
			return n, errNoTable
		}
		n.cells = append(n.cells, c)
	}
	if kind == inner {
		n.children = append(n.children, binary.BigEndian.Uint32(head[pageHeader:]))
	}
	return n, nil
}

// cell takes apart a leaf's cell: the row's size, its number, and the row or the beginning of it.
// The numbers are those of the format's section 1.6.
func (b *btree) cell(from []byte) (cell, error) {
	var c cell
	size, n := varint(from)
	id, m := varint(from[n:])
	const largest = 1<<31 - 1
	if n == 0 || m == 0 || size > largest {
		return c, errNoTable
	}
	c.id, c.size, from = id, size, from[n+m:]
	local, most := int(size), b.usable-35
	if local > most {
		least := (b.usable-12)*32/255 - 23
		local = least + (int(size)-least)%(b.usable-4)
		if local > most {
			local = least
		}
		if local+4 > len(from) {
			return c, errNoTable
		}
		c.next = binary.BigEndian.Uint32(from[local:])
	}
	if local > len(from) {
		return c, errNoTable
	}
	c.local = from[:local]
	return c, nil
}

// whole returns a row, valid until the next is read.
func (b *btree) whole(c cell) ([]byte, error) {
	if c.size > maxHeader {
		return nil, fmt.Errorf("row %d has %d bytes", c.id, c.size)
	}
	b.row = append(b.row[:0], c.local...)
	for next := c.next; uint64(len(b.row)) < c.size; {
		if err := b.page(next, b.overflow); err != nil {
			return nil, err
		}
		next = binary.BigEndian.Uint32(b.overflow)
		piece := b.overflow[4:b.usable]
		b.row = append(b.row, piece[:min(uint64(len(piece)), c.size-uint64(len(b.row)))]...)
	}
	return b.row, nil
}

// value is one column of a row: its serial type and its bytes.
type value struct {
	kind  uint64
	bytes []byte
}

// columns takes apart a row (section 2.1, "Record Format"); it has at most five columns, as all
// tables that are read.
func columns(row []byte) ([]value, error) {
	length, n := varint(row)
	if n == 0 || length < uint64(n) || length > uint64(len(row)) {
		return nil, errRow
	}
	kinds, rest := row[n:length], row[length:]
	var values []value
	for len(kinds) > 0 {
		kind, n := varint(kinds)
		size := sizeOf(kind)
		if n == 0 || size > uint64(len(rest)) || len(values) == 5 {
			return nil, errRow
		}
		values = append(values, value{kind, rest[:size]})
		kinds, rest = kinds[n:], rest[size:]
	}
	return values, nil
}

// sizeOf returns how many bytes a value of a serial type takes.
func sizeOf(kind uint64) uint64 {
	switch kind {
	case 1, 2, 3, 4:
		return kind
	case 5:
		return 6
	case 6, 7:
		return 8
	case 0, 8, 9, 10, 11: // NULL, the constants 0 and 1, and two that do not occur
		return 0
	}
	return (kind - 12) / 2
}

func (v value) isBlob() bool { return v.kind >= 12 && v.kind%2 == 0 }

// number reads an integer of up to eight bytes, the high one first.
func (v value) number() (uint64, error) {
	switch {
	case v.kind >= 1 && v.kind <= 6:
		n := uint64(0)
		for _, b := range v.bytes {
			n = n<<8 | uint64(b)
		}
		return n, nil
	case v.kind == 8 || v.kind == 9:
		return v.kind - 8, nil
	}
	return 0, fmt.Errorf("a value of type %d is no number", v.kind)
}

// varint reads a number of one to nine bytes and returns how many; none if they are not there
// (section 1.6, "A variable-length integer").
func varint(b []byte) (number uint64, n int) {
	for n < len(b) && n < 8 {
		number = number<<7 | uint64(b[n]&0x7f)
		if n++; b[n-1] < 0x80 {
			return number, n
		}
	}
	if n < 8 || len(b) < 9 {
		return 0, 0
	}
	return number<<8 | uint64(b[8]), 9
}
