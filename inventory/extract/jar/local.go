package jar

import (
	"encoding/binary"
	"io"
	"math"
)

// A file in a zip is described twice, in the directory and before its content, and a file may be
// there twice under one name. Readers differ in which they believe: what a scanner sees need not
// be what a JVM runs. So both descriptions are compared, and every difference is told.

// local is where an entry's content is, and what of its two descriptions differs.
type local struct {
	at        int64
	ambiguous string // such as "size"; empty if both agree
}

// readLocal reads the header before an entry's content. buffer is for its use.
func (d *directory) readLocal(r io.ReaderAt, e *entry, buffer []byte) (local, error) {
	at := d.base + e.offset
	header := buffer[:localSize+len(e.name)]
	if err := readFull(r, header, at); err != nil || string(header[:4]) != localSignature {
		return local{}, errNoLocal
	}
	name := int(binary.LittleEndian.Uint16(header[26:]))
	extra := int(binary.LittleEndian.Uint16(header[28:]))
	l := local{at: at + localSize + int64(name) + int64(extra)}
	flags := binary.LittleEndian.Uint16(header[6:])
	switch {
	case name != len(e.name) || string(header[localSize:]) != e.name:
		l.ambiguous = "name"
	case binary.LittleEndian.Uint16(header[8:]) != e.method:
		l.ambiguous = "method"
	case (flags^e.flags)&isEncrypted != 0:
		l.ambiguous = "encryption"
	case flags&sizesFollow != 0: // and nothing is there to compare
	case differ(header[18:], e.packed), differ(header[22:], e.size):
		l.ambiguous = "size"
	case binary.LittleEndian.Uint32(header[14:]) != e.sum:
		l.ambiguous = "checksum"
	}
	return l, nil
}

// differ compares a size in a local header with the directory's. One that does not fit there
// stands somewhere else.
func differ(field []byte, size int64) bool {
	stated := binary.LittleEndian.Uint32(field)
	return stated != math.MaxUint32 && int64(stated) != size
}

// seenTwice finds entries that have one name and are not the same file.
type seenTwice map[string]*entry

// add returns whether an entry is one too many. Folders, and copies whose size and sum agree,
// are not: packagers leave them behind, and whichever is read is the same.
func (s seenTwice) add(e *entry) bool {
	first, known := s[e.name]
	if !known {
		s[e.name] = e
		return false
	}
	if isFolder(e.name) {
		return false
	}
	return first.size != e.size || first.sum != e.sum || isTelling(e.name)
}
