package rpm

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// A write-ahead log holds pages as they will be (sqlite.org/fileformat2.html, section 4): a
// header, then frames of a header and a page. A frame counts if it carries the header's two salts
// and the sum over all before it, and if one that ends a transaction follows, or it is that one
// itself. sqlite empties the log when the last program closes the database; an image that was
// taken before has the newest packages only there.
const (
	logHeader   = 32
	frameHeader = 24
)

// logPager gives out the pages of a log.
type logPager struct {
	file io.ReaderAt
	at   map[uint32]int64 // where the last committed version of a page is
	left int64            // bytes that may still be read
}

var errBudget = errors.New("its rows overlap")

// page implements pager. Unlike a database's, a log's pages may be read several times, as some
// are of trees that are no more: what bounds the reading is its amount.
func (l *logPager) page(number uint32, into []byte) error {
	at, found := l.at[number]
	if !found {
		return errElsewhere
	}
	if l.left -= int64(len(into)); l.left < 0 {
		return errBudget
	}
	return readFull(l.file, into, at)
}

// readLog reads every page of a log that is, or may be, of the table of packages.
func (c *collector) readLog(ctx context.Context, file io.ReaderAt, size int64) error {
	pager, pageSize, err := openLog(ctx, file, size)
	if err != nil {
		return err
	}
	c.tree = tree{pages: map[uint32]treePage{}}
	if pageSize == 0 {
		return nil
	}
	reserved := 0
	if at, found := pager.at[1]; found {
		head := make([]byte, 100)
		if err := readFull(file, head, at); err != nil {
			return err
		}
		if _, reserved, err = sqliteSizes(head); err != nil {
			return err
		}
	}
	b := newBtree(pager, pageSize, reserved)
	if root, err := b.findTable("Packages"); err == nil {
		c.tree.root = root // else the schema is, or a part of it, in the database
	}
	for _, number := range slices.Sorted(maps.Keys(pager.at)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.tree.pages[number], err = c.logPage(b, number); err != nil {
			return err
		}
	}
	return nil
}

// logPage reads one page. One of another table is strange here, and one that is left over from
// what the table once was may be as strange: it matters only if the tree leads there. An error is
// a limit that was met.
func (c *collector) logPage(b *btree, number uint32) (treePage, error) {
	n, err := b.node(number)
	if err != nil {
		return treePage{strange: true}, nil
	}
	page := treePage{children: n.children}
	for _, cell := range n.cells {
		row, err := b.whole(cell)
		if errors.Is(err, errElsewhere) {
			page.rows = append(page.rows, treeRow{cell.id, elsewhere})
			continue
		}
		values, columnsErr := columns(row)
		if err != nil || columnsErr != nil || !isPackageRow(values) {
			return treePage{strange: true}, nil
		}
		content, err := c.takeQuietly(values[1].bytes)
		if err != nil {
			return page, err
		}
		page.rows = append(page.rows, treeRow{cell.id, content})
	}
	return page, nil
}

// takeQuietly is take without a word on what makes no sense.
func (c *collector) takeQuietly(blob []byte) (content, error) {
	p, isPackage, err := parseHeader(blob)
	switch {
	case err != nil:
		return badRow, nil
	case !isPackage:
		return notPackage, nil
	}
	return c.add(p)
}

// openLog finds the committed pages. A log that sqlite would pass over, as its header makes no
// sense, has none, and pages of no size.
func openLog(ctx context.Context, file io.ReaderAt, size int64) (*logPager, int, error) {
	l := &logPager{file: file, at: map[uint32]int64{}, left: 4 * size}
	head := make([]byte, logHeader)
	if err := readFull(file, head, 0); err != nil {
		return l, 0, nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[3]&1 == 1 {
		order = binary.BigEndian
	}
	const version = 3007000
	if found := binary.BigEndian.Uint32(head[4:]); found != version {
		return l, 0, fmt.Errorf("a write-ahead log of version %d, not %d", found, version)
	}
	pageSize := int64(binary.BigEndian.Uint32(head[8:]))
	sum := logSum{}.over(order, head[:24])
	if !isPageSize(pageSize) || sum != sumAt(head[24:]) {
		return l, 0, nil
	}
	return l, int(pageSize), l.readFrames(ctx, order, head, sum, pageSize, size)
}

// readFrames goes over the frames up to the first that does not count.
func (l *logPager) readFrames(ctx context.Context, order binary.ByteOrder, head []byte, sum logSum, pageSize, size int64) error {
	frames := bufio.NewReaderSize(io.NewSectionReader(l.file, logHeader, size-logHeader), 1<<16)
	frame := make([]byte, frameHeader+pageSize)
	open := map[uint32]int64{} // of a transaction that has not ended
	for at := int64(logHeader); ; at += int64(len(frame)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := io.ReadFull(frames, frame); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return err
		}
		sum = sum.over(order, frame[:8]).over(order, frame[frameHeader:])
		if string(frame[8:16]) != string(head[16:24]) || sum != sumAt(frame[16:]) {
			return nil
		}
		open[binary.BigEndian.Uint32(frame)] = at + frameHeader
		if commit := binary.BigEndian.Uint32(frame[4:]); commit != 0 {
			maps.Copy(l.at, open)
			clear(open)
		}
	}
}

// logSum is the sum of section 4.2, "Checksum Algorithm".
type logSum struct{ first, second uint32 }

func (s logSum) over(order binary.ByteOrder, b []byte) logSum {
	for ; len(b) >= 8; b = b[8:] {
		s.first += order.Uint32(b) + s.second
		s.second += order.Uint32(b[4:]) + s.first
	}
	return s
}

func sumAt(b []byte) logSum {
	return logSum{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}
