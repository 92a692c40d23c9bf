package gobinary

import (
	"encoding/binary"
	"errors"
	"io"
)

// The mark before a program's build information (cmd/link/internal/ld, Link.buildinfo): 14
// bytes, then the size of a pointer and two flags, aligned to 16 bytes in the file as in memory.
const (
	mark      = "\xff Go buildinf:"
	markAlign = 16
	// streamBuffer is a multiple of markAlign, so that no mark lies across two reads.
	streamBuffer = 64 << 10
)

// hasMark reads to the end and tells whether the mark was there.
func (e Extractor) hasMark(r io.Reader) (bool, error) {
	buffer := e.buffers.Get().(*[streamBuffer]byte)
	defer e.buffers.Put(buffer)
	for {
		n, err := io.ReadFull(r, buffer[:])
		if findMark(buffer[:n]) {
			return true, nil
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return false, nil
		case err != nil:
			return false, err
		}
	}
}

// findMark looks at every aligned position. Comparing eight bytes at once makes it several times
// as fast as bytes.Index, whose search for a rare 0xff stumbles over every -1 in machine code.
func findMark(b []byte) bool {
	first := binary.LittleEndian.Uint64([]byte(mark))
	for i := 0; i+markAlign <= len(b); i += markAlign {
		if binary.LittleEndian.Uint64(b[i:]) == first && isMark(b[i:i+markAlign]) {
			return true
		}
	}
	return false
}

func isMark(b []byte) bool {
	pointer, flags := b[len(mark)], b[len(mark)+1]
	return string(b[:len(mark)]) == mark && (pointer == 4 || pointer == 8) && flags <= 3
}
