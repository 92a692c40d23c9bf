package rpm

import (
	"fmt"
	"maps"
	"slices"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// tree is the shape of an sqlite database's table of packages: which pages there are, and which
// rows lie on them. It is what of a database and of its write-ahead log has to be kept so that,
// long after both were read, the one can be seen through the other.
type tree struct {
	root  uint32 // zero if a log does not tell
	pages map[uint32]treePage
}

// treePage is an inner page with children, a leaf with rows, or, in a log, a strange page: one of
// another table, or one that makes no sense.
type treePage struct {
	children []uint32
	rows     []treeRow
	strange  bool
}

// treeRow is a row. Numbers of rows are never used again (AUTOINCREMENT), and what rpm changes
// in a header later on is the state of files: two rows with one number are one package.
type treeRow struct {
	id      uint64
	content content
}

// content is where a row's package is in the list of packages, or one of the values below.
type content int

const (
	notPackage content = -1 // a key
	badRow     content = -2 // makes no sense
	elsewhere  content = -3 // in a log: its rest is in the database as it was
)

// view is a database seen through its log.
type view struct {
	base, log result
	byID      map[uint64]content // of the base
	contents  record.Contents
	malformed record.Tally
	used      map[uint32]bool
}

// join returns the packages of a database after what its log holds: a page of the log takes the
// place of the database's.
func join(base, log result) (record.Contents, error) {
	v := &view{base: base, log: log, byID: map[uint64]content{}, used: map[uint32]bool{}}
	for _, page := range base.tree.pages {
		for _, row := range page.rows {
			v.byID[row.id] = row.content
		}
	}
	root := log.tree.root
	if root == 0 {
		root = base.tree.root
	}
	err := v.walk(root, 0)
	v.contents.Gaps = v.malformed.AppendTo(v.contents.Gaps, record.MalformedEntry)
	return v.contents, err
}

func (v *view) walk(number uint32, depth int) error {
	packages := v.log.contents.Packages
	page, found := v.log.tree.pages[number]
	if !found {
		packages = v.base.contents.Packages
		page, found = v.base.tree.pages[number]
	}
	switch {
	case !found || page.strange:
		return fmt.Errorf("page %d of the table of packages cannot be found", number)
	case v.used[number]:
		return fmt.Errorf("it refers to page %d more than once", number)
	case depth > maxDepth:
		return errTooDeep
	}
	v.used[number] = true
	var first error
	for _, row := range page.rows {
		if err := v.take(row, packages); err != nil && first == nil {
			first = err
		}
	}
	for _, child := range page.children {
		if err := v.walk(child, depth+1); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// take adds one row's package.
func (v *view) take(row treeRow, packages []record.Package) error {
	place := row.content
	if place == elsewhere {
		known := false
		if place, known = v.byID[row.id]; !known {
			return fmt.Errorf("row %d is partly in the log and partly nowhere", row.id)
		}
		packages = v.base.contents.Packages
	}
	switch {
	case place == notPackage:
	case place == badRow:
		v.malformed.Add("header %d makes no sense", row.id)
	case place >= 0 && int(place) < len(packages):
		v.contents.Packages = append(v.contents.Packages, packages[place])
	default:
		return record.ErrEncoding
	}
	return nil
}

// What a page is, in the encoding.
const (
	encodedInner = iota
	encodedLeaf
	encodedStrange
)

// numbers writes the tree as a list of numbers: the root, then every page with its number, what
// it is, how many members it has, and those.
func (t tree) numbers() []uint64 {
	list := []uint64{uint64(t.root)}
	for _, number := range slices.Sorted(maps.Keys(t.pages)) {
		page := t.pages[number]
		switch {
		case page.strange:
			list = append(list, uint64(number), encodedStrange, 0)
		case len(page.children) > 0:
			list = append(list, uint64(number), encodedInner, uint64(len(page.children)))
			for _, child := range page.children {
				list = append(list, uint64(child))
			}
		default:
			list = append(list, uint64(number), encodedLeaf, uint64(len(page.rows)))
			for _, row := range page.rows {
				list = append(list, row.id, uint64(row.content-elsewhere))
			}
		}
	}
	return list
}

// treeOf reads what numbers wrote.
func treeOf(list []uint64) (tree, error) {
	if len(list) == 0 {
		return tree{}, record.ErrEncoding
	}
	t := tree{root: uint32(list[0]), pages: map[uint32]treePage{}}
	for list = list[1:]; len(list) > 0; {
		if len(list) < 3 || list[2] > uint64(len(list)-3) {
			return t, record.ErrEncoding
		}
		number, kind, count := list[0], list[1], int(list[2])
		list = list[3:]
		var page treePage
		switch {
		case kind == encodedInner:
			for _, child := range list[:count] {
				page.children = append(page.children, uint32(child))
			}
			list = list[count:]
		case kind == encodedLeaf && 2*count <= len(list):
			for i := range count {
				page.rows = append(page.rows, treeRow{list[2*i], content(list[2*i+1]) + elsewhere})
			}
			list = list[2*count:]
		case kind == encodedStrange && count == 0:
			page.strange = true
		default:
			return t, record.ErrEncoding
		}
		t.pages[uint32(number)] = page
	}
	return t, nil
}
