package rpm

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
)

// readSQLite reads the table Packages, of which every row has a number and a header:
// CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)
// (rpm's lib/backend/sqlite.c). What is wrong with one page leaves the others.
//
// Why this is no sqlite, docs/decisions has a page on.
func (c *collector) readSQLite(ctx context.Context, file io.ReaderAt, size int64) error {
	head := make([]byte, 100)
	if err := readFull(file, head, 0); err != nil {
		return err
	}
	pageSize, reserved, err := sqliteSizes(head)
	if err != nil {
		return err
	}
	b := newBtree(newPages(file, size, int64(pageSize), 1), pageSize, reserved)
	root, err := b.findTable("Packages")
	if err != nil {
		return fmt.Errorf("look for its table of packages: %w", err)
	}
	c.tree = tree{root: root, pages: map[uint32]treePage{}}
	return c.walk(ctx, b, root, 0)
}

// sqliteSizes reads the size of a page, and how much at its end is reserved, from the first bytes
// of a database (section 1.3).
func sqliteSizes(head []byte) (pageSize, reserved int, err error) {
	pageSize, reserved = int(binary.BigEndian.Uint16(head[16:])), int(head[20])
	if pageSize == 1 {
		pageSize = 65536
	}
	const leastUsable = 480
	if !isPageSize(int64(pageSize)) || pageSize-reserved < leastUsable {
		return 0, 0, fmt.Errorf("it has pages of %d bytes, %d of them reserved", pageSize, reserved)
	}
	return pageSize, reserved, nil
}

// findTable looks a table up in the schema, whose root is page 1, and returns its root (section
// 2.6, "Storage Of The SQL Database Schema").
func (b *btree) findTable(name string) (uint32, error) {
	root, err := b.findBelow(1, name, 0)
	if err == nil && root == 0 {
		err = fmt.Errorf("there is no table %s", name)
	}
	return root, err
}

func (b *btree) findBelow(page uint32, name string, depth int) (root uint32, err error) {
	n, err := b.node(page)
	if err != nil {
		return 0, err
	}
	for _, c := range n.cells {
		row, err := b.whole(c)
		if err != nil {
			return 0, err
		}
		values, err := columns(row)
		if err != nil {
			return 0, err
		}
		if len(values) == 5 && string(values[0].bytes) == "table" && string(values[1].bytes) == name {
			number, err := values[3].number()
			return uint32(number), err
		}
	}
	if len(n.children) > 0 && depth == maxDepth {
		return 0, errTooDeep
	}
	for _, child := range n.children {
		if root, err := b.findBelow(child, name, depth+1); err != nil || root != 0 {
			return root, err
		}
	}
	return 0, nil
}

// walk reads a page of the table of packages and all below it, and returns the first of what is
// wrong.
func (c *collector) walk(ctx context.Context, b *btree, number uint32, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n, err := b.node(number)
	if err != nil {
		c.tree.pages[number] = treePage{strange: true}
		return err
	}
	page := treePage{children: n.children}
	var first error
	for _, cell := range n.cells {
		content, err := c.takeRow(b, cell)
		if err != nil && first == nil {
			first = err
		}
		page.rows = append(page.rows, treeRow{cell.id, content})
	}
	c.tree.pages[number] = page
	if len(n.children) > 0 && depth == maxDepth {
		return errTooDeep
	}
	for _, child := range n.children {
		if err := c.walk(ctx, b, child, depth+1); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// takeRow reads one row of the table of packages.
func (c *collector) takeRow(b *btree, cell cell) (content, error) {
	row, err := b.whole(cell)
	if err != nil {
		return badRow, err
	}
	values, err := columns(row)
	if err != nil {
		return badRow, err
	}
	if !isPackageRow(values) {
		return badRow, errNoTable
	}
	return c.take(cell.id, values[1].bytes)
}

func isPackageRow(values []value) bool { return len(values) == 2 && values[1].isBlob() }
