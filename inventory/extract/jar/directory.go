package jar

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// The zip format, as far as it is read here: PKWARE's APPNOTE.TXT 6.3.10, section 4.3, which
// the JAR File Specification refers to. All numbers are little-endian.
const (
	endSignature     = "PK\x05\x06"
	endSize          = 22
	locatorSignature = "PK\x06\x07"
	locatorSize      = 20
	end64Signature   = "PK\x06\x06"
	end64Size        = 56
	entrySignature   = "PK\x01\x02"
	entrySize        = 46
	localSignature   = "PK\x03\x04"
	localSize        = 30
	zip64Extra       = 1

	tailSize = endSize + math.MaxUint16 // the end of an archive and the longest comment
)

// errNoArchive reports content without a zip's end record.
var errNoArchive = errors.New("it has no directory at its end")

// directory is what a zip archive says of itself at its end.
type directory struct {
	entries []entry
	base    int64 // where the zip begins: a script may stand before it
	// ambiguous says why another reader may see other files in the archive; empty if none would.
	ambiguous string
}

// entry is one file in an archive.
type entry struct {
	name         string
	flags        uint16
	method       uint16
	sum          uint32 // CRC-32
	packed, size int64
	offset       int64 // of its local header, from the archive's base
}

// The flags of an entry (APPNOTE 4.4.4).
const (
	isEncrypted  = 1 << 0
	sizesFollow  = 1 << 3 // the local header holds none, as they were not known yet
	maskedHeader = 1 << 13
)

// The methods of compression that Java reads (APPNOTE 4.4.5).
const (
	stored   = 0
	deflated = 8
)

// end is what an end record says of the directory.
type end struct {
	count, size, offset int64
	at                  int64 // where the directory has to end
}

// readDirectory reads an archive's directory.
func readDirectory(r io.ReaderAt, size int64, b *budget) (directory, error) {
	e, ambiguous, err := findEnd(r, size, b)
	if err != nil {
		return directory{}, err
	}
	d := directory{ambiguous: ambiguous}
	start, err := d.locate(r, e)
	if err != nil {
		return directory{}, err
	}
	if e.size > maxDirectory {
		return directory{}, &limitError{fmt.Sprintf("a directory of more than %d bytes", maxDirectory)}
	}
	if err := b.take(e.size, 0); err != nil {
		return directory{}, err
	}
	content := make([]byte, e.size)
	if err := readFull(r, content, start); err != nil {
		return directory{}, err
	}
	return d, d.parse(content, e.count, b)
}

// findEnd looks for the last end record, as Java does.
func findEnd(r io.ReaderAt, size int64, b *budget) (end, string, error) {
	tail := make([]byte, min(size, tailSize))
	if err := b.take(int64(len(tail)), 0); err != nil {
		return end{}, "", err
	}
	if err := readFull(r, tail, size-int64(len(tail))); err != nil {
		return end{}, "", err
	}
	found, ambiguous := -1, ""
	for i := len(tail); ; {
		if i = bytes.LastIndex(tail[:i], []byte(endSignature)); i < 0 {
			break
		}
		if len(tail)-i < endSize {
			continue
		}
		after := len(tail) - i - endSize - int(binary.LittleEndian.Uint16(tail[i+20:]))
		switch {
		case after < 0: // a comment that does not fit: no end record
		case found < 0:
			found = i
			if after > 0 {
				ambiguous = "there is something behind its end"
			}
		case after == 0:
			ambiguous = "it has two ends"
		}
	}
	if found < 0 {
		return end{}, "", errNoArchive
	}
	record := tail[found:]
	if binary.LittleEndian.Uint16(record[4:]) != binary.LittleEndian.Uint16(record[6:]) {
		return end{}, "", errors.New("it is one of several volumes")
	}
	e := end{
		count:  int64(binary.LittleEndian.Uint16(record[10:])),
		size:   int64(binary.LittleEndian.Uint32(record[12:])),
		offset: int64(binary.LittleEndian.Uint32(record[16:])),
		at:     size - int64(len(tail)) + int64(found),
	}
	if e.count == math.MaxUint16 || e.size == math.MaxUint32 || e.offset == math.MaxUint32 {
		return e.zip64(r), ambiguous, nil
	}
	return e, ambiguous, nil
}

// zip64 returns what the larger end record says, if there is one before the plain one.
func (e end) zip64(r io.ReaderAt) end {
	var locator [locatorSize]byte
	if readFull(r, locator[:], e.at-locatorSize) != nil || string(locator[:4]) != locatorSignature {
		return e
	}
	// The offset in the locator does not count a script before the zip, so the place directly
	// before it is tried first.
	stated := int64(binary.LittleEndian.Uint64(locator[8:]))
	for _, at := range [...]int64{e.at - locatorSize - end64Size, stated} {
		var record [end64Size]byte
		if readFull(r, record[:], at) == nil && string(record[:4]) == end64Signature {
			return end{
				count:  int64(binary.LittleEndian.Uint64(record[32:])),
				size:   int64(binary.LittleEndian.Uint64(record[40:])),
				offset: int64(binary.LittleEndian.Uint64(record[48:])),
				at:     at,
			}
		}
	}
	return e
}

// locate finds where the directory starts, and with it where the zip does. Tools that put a
// script before it leave the offsets as they were or correct them: both are read.
func (d *directory) locate(r io.ReaderAt, e end) (start int64, err error) {
	start = e.at - e.size
	if e.size < 0 || e.offset < 0 || start < e.offset {
		return 0, errors.New("its directory lies outside of it")
	}
	d.base = start - e.offset
	atEnd := isEntry(r, start) || e.size == 0
	switch atOffset := isEntry(r, e.offset); {
	case d.base != 0 && atEnd && atOffset:
		d.ambiguous = "it has two directories"
	case !atEnd && atOffset:
		start, d.base = e.offset, 0
	case !atEnd:
		return 0, errors.New("its directory is not where its end says")
	}
	return start, nil
}

func isEntry(r io.ReaderAt, at int64) bool {
	var signature [len(entrySignature)]byte
	return readFull(r, signature[:], at) == nil && string(signature[:]) == entrySignature
}

// parse reads the entries. count is the number that the end record states, which is that of the
// entries modulo 65,536 in archives written before zip64.
func (d *directory) parse(content []byte, count int64, b *budget) error {
	names := string(content) // one copy, of which all names are part
	for at := 0; at < len(content); {
		rest := content[at:]
		if len(rest) < entrySize || string(rest[:4]) != entrySignature {
			d.ambiguous = "there is something behind its directory"
			break
		}
		length := int(binary.LittleEndian.Uint16(rest[28:]))
		extra := int(binary.LittleEndian.Uint16(rest[30:]))
		end := entrySize + length + extra + int(binary.LittleEndian.Uint16(rest[32:]))
		if end > len(rest) {
			return errors.New("its directory is cut short")
		}
		if err := b.take(0, 1); err != nil {
			return err
		}
		if len(d.entries) == maxEntries {
			return &limitError{fmt.Sprintf("more than %d files", maxEntries)}
		}
		e := entry{
			name:   names[at+entrySize : at+entrySize+length],
			flags:  binary.LittleEndian.Uint16(rest[8:]),
			method: binary.LittleEndian.Uint16(rest[10:]),
			sum:    binary.LittleEndian.Uint32(rest[16:]),
			packed: int64(binary.LittleEndian.Uint32(rest[20:])),
			size:   int64(binary.LittleEndian.Uint32(rest[24:])),
			offset: int64(binary.LittleEndian.Uint32(rest[42:])),
		}
		if err := e.zip64(rest[entrySize+length : entrySize+length+extra]); err != nil {
			return err
		}
		d.entries = append(d.entries, e)
		at += end
	}
	if int64(len(d.entries))&math.MaxUint16 != count&math.MaxUint16 {
		d.ambiguous = fmt.Sprintf("its end counts %d files, and its directory lists %d", count, len(d.entries))
	}
	return nil
}

// zip64 fills in what does not fit 32 bits from an entry's extra field (APPNOTE 4.5.3).
func (e *entry) zip64(extra []byte) error {
	for len(extra) >= 4 {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			return nil // some tools pad with zeros: Java ignores it too
		}
		field := extra[:size]
		if extra = extra[size:]; id != zip64Extra {
			continue
		}
		for _, value := range [...]*int64{&e.size, &e.packed, &e.offset} {
			if *value != math.MaxUint32 {
				continue
			}
			if len(field) < 8 {
				return errors.New("an entry's large size is missing")
			}
			if *value = int64(binary.LittleEndian.Uint64(field)); *value < 0 {
				return errors.New("an entry's size is beyond all bounds")
			}
			field = field[8:]
		}
		return nil
	}
	return nil
}

// readFull fills b from an offset; an offset or an end outside of r is an error.
func readFull(r io.ReaderAt, b []byte, offset int64) error {
	if offset < 0 {
		return io.ErrUnexpectedEOF
	}
	n, err := r.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
