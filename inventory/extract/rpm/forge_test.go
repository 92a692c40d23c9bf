package rpm

import (
	"encoding/binary"
	"hash/adler32"
	"slices"
)

// What is written here is written by the test, after the same descriptions that the readers
// follow: it gives the fuzz targets and tables small inputs. That real programs' files are read
// right is for the tests that run rpm, sqlite and db_load.

// tag is one entry of a forged header.
type tag struct {
	number, kind, count uint32
	value               []byte
}

func text(number uint32, value string) tag {
	return tag{number, typeString, 1, []byte(value + "\x00")}
}

func texts(number uint32, values ...string) tag {
	var b []byte
	for _, v := range values {
		b = append(append(b, v...), 0)
	}
	return tag{number, typeStringArray, uint32(len(values)), b}
}

func numbers(number uint32, values ...uint32) tag {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return tag{number, typeInt32, uint32(len(values)), b}
}

// forgeHeader writes a header.
func forgeHeader(tags ...tag) []byte {
	var index, store []byte
	for _, t := range tags {
		for _, n := range []uint32{t.number, t.kind, uint32(len(store)), t.count} {
			index = binary.BigEndian.AppendUint32(index, n)
		}
		store = append(store, t.value...)
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(store)))
	return append(append(b, index...), store...)
}

func named(name string) []byte {
	return forgeHeader(text(tagName, name), text(tagVersion, "1"), text(tagRelease, "2"), numbers(tagEpoch, 3),
		text(tagSourceRPM, "s-1-2.src.rpm"), texts(tagDirNames, "/etc/"), texts(tagBaseNames, name), numbers(tagDirIndexes, 0))
}

const tinyPage = 512

func appendVarint(b []byte, n uint64) []byte {
	if n >= 1<<14 {
		panic("too large")
	}
	if n >= 1<<7 {
		b = append(b, byte(n>>7)|0x80)
	}
	return append(b, byte(n&0x7f))
}

// sqliteRow writes a row of NULL and a blob, or of the values of a schema's row.
func sqliteRow(blob []byte) []byte {
	header := appendVarint([]byte{0, 0}, uint64(2*len(blob)+12))
	header[0] = byte(len(header))
	return append(header, blob...)
}

func schemaRow(name string, root byte) []byte {
	row := []byte{6, 2*5 + 13, byte(2*len(name) + 13), byte(2*len(name) + 13), 1, 13}
	return append(append(append(append(row, "table"...), name...), name...), root)
}

// leafPage writes a leaf of rows numbered from 1; one that is too long continues on the pages
// from overflow on, which are returned too.
func leafPage(start int, overflow uint32, rows ...[]byte) (page []byte, more [][]byte) {
	page = make([]byte, tinyPage)
	page[start] = 0x0d
	binary.BigEndian.PutUint16(page[start+3:], uint16(len(rows)))
	end := tinyPage
	for i, row := range rows {
		cell := appendVarint(appendVarint(nil, uint64(len(row))), uint64(i+1))
		if len(row) <= tinyPage-35 {
			cell = append(cell, row...)
		} else {
			least := (tinyPage-12)*32/255 - 23
			local := least + (len(row)-least)%(tinyPage-4)
			if local > tinyPage-35 {
				local = least
			}
			cell = binary.BigEndian.AppendUint32(append(cell, row[:local]...), overflow+uint32(len(more)))
			pieces := slices.Collect(slices.Chunk(row[local:], tinyPage-4))
			for j, piece := range pieces {
				next := make([]byte, tinyPage)
				if j < len(pieces)-1 {
					binary.BigEndian.PutUint32(next, overflow+uint32(len(more))+1)
				}
				copy(next[4:], piece)
				more = append(more, next)
			}
		}
		end -= len(cell)
		copy(page[end:], cell)
		binary.BigEndian.PutUint16(page[start+8+2*i:], uint16(end))
	}
	return page, more
}

// forgeSQLite writes a database whose table Packages is one leaf, page 2.
func forgeSQLite(headers ...[]byte) []byte { return forgeTable("Packages", headers...) }

func forgeTable(name string, headers ...[]byte) []byte {
	first, _ := leafPage(100, 0, schemaRow(name, 2))
	copy(first, sqliteMagic)
	binary.BigEndian.PutUint16(first[16:], tinyPage)
	var rows [][]byte
	for _, h := range headers {
		rows = append(rows, sqliteRow(h))
	}
	leaf, more := leafPage(0, 3, rows...)
	return append(append(first, leaf...), slices.Concat(more...)...)
}

func tinyDatabase() []byte { return forgeSQLite(named("a"), named("b")) }

// tinyLog replaces page 2.
func tinyLog() []byte {
	leaf, more := leafPage(0, 7, sqliteRow(named("c")), sqliteRow(named("b")))
	log := binary.BigEndian.AppendUint32(nil, logMagic)
	for _, n := range []uint32{3007000, tinyPage, 0, 1, 2, 0, 0} {
		log = binary.BigEndian.AppendUint32(log, n)
	}
	for i, page := range append([][]byte{leaf}, more...) {
		number := uint32(2)
		if i > 0 {
			number = uint32(6 + i)
		}
		log = binary.BigEndian.AppendUint32(log, number)
		for _, n := range []uint32{9, 1, 2, 0, 0} {
			log = binary.BigEndian.AppendUint32(log, n)
		}
		log = append(log, page...)
	}
	return resum(log)
}

// resum writes the sums that a log of these bytes should have, as far as it has whole frames.
func resum(log []byte) []byte {
	log = slices.Clone(log)
	if len(log) < logHeader || binary.BigEndian.Uint32(log) != logMagic {
		return log
	}
	sum := logSum{}.over(binary.LittleEndian, log[:24])
	put := func(at int) {
		binary.BigEndian.PutUint32(log[at:], sum.first)
		binary.BigEndian.PutUint32(log[at+4:], sum.second)
	}
	put(24)
	pageSize := int(binary.BigEndian.Uint32(log[8:]))
	if !isPageSize(int64(pageSize)) {
		return log
	}
	for at := logHeader; at+frameHeader+pageSize <= len(log); at += frameHeader + pageSize {
		sum = sum.over(binary.LittleEndian, log[at:at+8]).over(binary.LittleEndian, log[at+frameHeader:at+frameHeader+pageSize])
		put(at + 16)
	}
	return log
}

// forgeNDB writes an ndb of one page of slots.
func forgeNDB(headers ...[]byte) []byte {
	word := binary.LittleEndian.AppendUint32
	file := append([]byte(ndbMagic), make([]byte, ndbHeadSize-4)...)
	binary.LittleEndian.PutUint32(file[12:], 1)
	var blocks []byte
	for i, h := range headers {
		number, start := uint32(i+1), len(blocks)
		blocks = append(blocks, headMagic...)
		blocks = append(word(word(word(blocks, number), 1), uint32(len(h))), h...)
		blocks = append(blocks, make([]byte, (ndbBlock-(len(h)+blobTail)%ndbBlock)%ndbBlock)...)
		blocks = word(word(blocks, adler32.Checksum(blocks[start:])), uint32(len(h)))
		blocks = append(blocks, tailMagic...)
		file = append(file, slotMagic...)
		file = word(word(word(file, number), uint32((ndbPage+start)/ndbBlock)), uint32((len(blocks)-start)/ndbBlock))
	}
	for len(file) < ndbPage {
		file = append(append(file, slotMagic...), make([]byte, 12)...)
	}
	return append(file, blocks...)
}

// forgeBerkeley writes a hash in pages of 512 bytes: the first, one of items, and a chain for
// each header.
func forgeBerkeley(order binary.ByteOrder, headers ...[]byte) []byte {
	first, items := make([]byte, tinyPage), make([]byte, tinyPage)
	order.PutUint32(first[hashMagicAt:], hashMagic)
	order.PutUint32(first[20:], tinyPage)
	first[25], items[25] = kindHashMeta, kindHash
	order.PutUint16(items[20:], uint16(2*len(headers)))
	var chains [][]byte
	end, at := tinyPage, hashPageHead
	add := func(item []byte) {
		end -= len(item)
		copy(items[end:], item)
		order.PutUint16(items[at:], uint16(end))
		at += 2
	}
	for i, h := range headers {
		key, value := make([]byte, 5), make([]byte, 12)
		key[0], value[0] = itemInline, itemOverflow
		order.PutUint32(key[1:], uint32(i+1))
		order.PutUint32(value[4:], uint32(2+len(chains)))
		order.PutUint32(value[8:], uint32(len(h)))
		add(key)
		add(value)
		pieces := slices.Collect(slices.Chunk(h, tinyPage-hashPageHead))
		for j, piece := range pieces {
			page := make([]byte, tinyPage)
			page[25] = kindOverflow
			order.PutUint16(page[22:], uint16(len(piece)))
			if j < len(pieces)-1 {
				order.PutUint32(page[16:], uint32(2+len(chains)+1))
			}
			copy(page[hashPageHead:], piece)
			chains = append(chains, page)
		}
	}
	order.PutUint32(first[32:], uint32(1+len(chains)))
	return append(append(first, items...), slices.Concat(chains...)...)
}
