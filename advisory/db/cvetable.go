package db

import (
	"cmp"
	"encoding/binary"
	"slices"

	"plimsoll.dev/plimsoll/advisory"
)

// A CVE table holds numbers for CVEs: rows of fixed length, sorted, found by interpolation (the
// numbers of a year are dense).
//
//	uint32 years, uint32 rows
//	for each year: uint32 year, uint32 its first row, uint32 the last number of its rows
//	rows: uint32 number, uint32 value for each column
type cveTable struct {
	shard      *shard
	start, end int
	columns    int
}

// cveRow is a row to be stored; columns that the table lacks are not.
type cveRow struct {
	cve    advisory.CVE
	values [2]uint32
}

const yearLength = 12

// appendCVETable sorts rows and appends the encoded table.
func appendCVETable(dst []byte, rows []cveRow, columns int) []byte {
	slices.SortFunc(rows, func(a, b cveRow) int {
		return cmp.Or(a.cve.Compare(b.cve), slices.Compare(a.values[:], b.values[:]))
	})
	rows = slices.Compact(rows)
	var years, data []byte
	for i, row := range rows {
		if i == 0 || rows[i-1].cve.Year != row.cve.Year {
			years = binary.LittleEndian.AppendUint32(years, uint32(row.cve.Year))
			years = binary.LittleEndian.AppendUint32(years, uint32(i))
			years = binary.LittleEndian.AppendUint32(years, 0)
		}
		binary.LittleEndian.PutUint32(years[len(years)-4:], row.cve.Number)
		data = binary.LittleEndian.AppendUint32(data, row.cve.Number)
		for _, v := range row.values[:columns] {
			data = binary.LittleEndian.AppendUint32(data, v)
		}
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(years)/yearLength))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(rows)))
	return append(append(dst, years...), data...)
}

// find appends the values of each row of a CVE to dst.
func (t cveTable) find(dst []uint32, cve advisory.CVE) ([]uint32, error) {
	r := t.shard.reader(t.start, t.end)
	years, rows := int(r.uint32()), int(r.uint32())
	if r.err != nil {
		return nil, r.err
	}
	firstRow, lastRow, lastNumber := 0, 0, uint32(0)
	for range years {
		year, first, last := r.uint32(), int(r.uint32()), r.uint32()
		if r.err != nil {
			return nil, r.err
		}
		if lastRow > 0 {
			lastRow = first // the next year's first row ends this year's
			break
		}
		if year == uint32(cve.Year) {
			firstRow, lastRow, lastNumber = first, rows, last
		}
	}
	data := t.start + 8 + years*yearLength
	rowLength := 4 * (1 + t.columns)
	if firstRow < 0 || lastRow < firstRow || data > t.end || lastRow > (t.end-data)/rowLength {
		return nil, ErrCorrupt
	}
	rowAt := func(row int) reader { return t.shard.reader(data+row*rowLength, t.end) }
	row, err := searchNumber(firstRow, lastRow, cve.Number, lastNumber, func(row int) (uint32, error) {
		r := rowAt(row)
		return r.uint32(), r.err
	})
	if err != nil {
		return nil, err
	}
	for r = rowAt(row); row < lastRow && r.uint32() == cve.Number && r.err == nil; row++ {
		for range t.columns {
			dst = append(dst, r.uint32())
		}
	}
	return dst, r.err
}

// searchNumber returns the first row in [low, high) whose number is at least the one wanted.
// It guesses by interpolation and halves in turns, so that a lying table costs twice a binary
// search and no more.
func searchNumber(low, high int, wanted, last uint32, number func(row int) (uint32, error)) (int, error) {
	lowNumber, highNumber := uint64(0), uint64(last)
	for interpolate := true; low < high; interpolate = !interpolate {
		middle := low + (high-low)/2
		if span := highNumber - lowNumber; interpolate && span > 0 && uint64(wanted) >= lowNumber && uint64(wanted) <= highNumber {
			middle = low + int(uint64(high-low-1)*(uint64(wanted)-lowNumber)/span)
		}
		n, err := number(middle)
		if err != nil {
			return 0, err
		}
		if n < wanted {
			low, lowNumber = middle+1, uint64(n)
		} else {
			high, highNumber = middle, uint64(n)
		}
	}
	return low, nil
}
