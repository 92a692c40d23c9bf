package rpm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// form is what kind of file something is.
type form byte

const (
	unknown  form = iota // none of the others; as a journal, one that has been played back
	empty                // without a byte
	manifest             // a list in text
	sqlite
	writeAheadLog
	rollbackJournal
	ndb
	berkeley
)

// The first bytes of each form (sqlite.org/fileformat2.html, sections 1.3, 3 and 4.1; rpm's
// lib/backend/ndb/rpmpkg.c; Berkeley DB's dbinc/db_page.h).
const (
	sqliteMagic  = "SQLite format 3\x00"
	journalMagic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
	logMagic     = 0x377f0682 // the lowest bit is the byte order of the sums
	ndbMagic     = "RpmP"
	hashMagic    = 0x061561
	hashMagicAt  = 12
)

// recognise tells a file's form from its content.
func recognise(file io.ReaderAt, size int64) (form, error) {
	head := make([]byte, 512)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return unknown, err
	}
	head = head[:min(int64(n), size)]
	switch {
	case len(head) == 0:
		return empty, nil
	case bytes.HasPrefix(head, []byte(sqliteMagic)):
		return sqlite, nil
	case bytes.HasPrefix(head, []byte(journalMagic)):
		return rollbackJournal, nil
	case bytes.HasPrefix(head, []byte(ndbMagic)):
		return ndb, nil
	case len(head) >= 4 && binary.BigEndian.Uint32(head)&^1 == logMagic:
		return writeAheadLog, nil
	case hashOrder(head) != nil:
		return berkeley, nil
	case bytes.IndexByte(head, 0) >= 0:
		return unknown, nil
	}
	return manifest, nil
}

// hashOrder is the byte order in which Berkeley DB wrote a hash, that of the machine it ran on;
// nil if head does not begin one.
func hashOrder(head []byte) binary.ByteOrder {
	if len(head) < hashMagicAt+4 {
		return nil
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if order.Uint32(head[hashMagicAt:]) == hashMagic {
			return order
		}
	}
	return nil
}
