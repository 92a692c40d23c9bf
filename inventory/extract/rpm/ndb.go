package rpm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"io"
)

// The layout of an ndb file (rpm's lib/backend/ndb/rpmpkg.c), numbers with the low byte first:
// pages of slots, the first two being the file's header, then headers in blocks of 16 bytes. A
// slot says where a package's header is; around that are a head and a tail with its sum.
const (
	ndbBlock    = 16
	ndbPage     = 4096
	ndbHeadSize = 32
	slotMagic   = "Slot"
	headMagic   = "BlbS"
	tailMagic   = "BlbE"
	blobHead    = 16
	blobTail    = 12
)

// ndbSlot is a slot that is in use.
type ndbSlot struct {
	number        uint32
	start, length int64 // in bytes
}

func (c *collector) readNDB(ctx context.Context, file io.ReaderAt, size int64) error {
	head := make([]byte, ndbHeadSize)
	if err := readFull(file, head, 0); err != nil {
		return err
	}
	if version := binary.LittleEndian.Uint32(head[4:]); version != 0 {
		return fmt.Errorf("an ndb of version %d, not 0", version)
	}
	slotPages := int64(binary.LittleEndian.Uint32(head[12:]))
	if slotPages == 0 || slotPages > size/ndbPage {
		return fmt.Errorf("it counts %d pages of slots, and has %d bytes", slotPages, size)
	}
	left := size // no two headers share a block
	page := make([]byte, ndbPage)
	var blob []byte
	for number := range slotPages {
		if err := readFull(file, page, number*ndbPage); err != nil {
			return err
		}
		slots := page
		if number == 0 {
			slots = page[ndbHeadSize:]
		}
		for ; len(slots) > 0; slots = slots[ndbBlock:] {
			slot, err := parseSlot(slots)
			if err != nil {
				return err
			}
			if slot.number == 0 {
				continue
			}
			if left -= slot.length; left < 0 || slot.length > maxHeader {
				return errors.New("its headers overlap, or one is too large")
			}
			if blob, err = c.takeSlot(ctx, file, slot, blob); err != nil {
				return err
			}
		}
	}
	return nil
}

func parseSlot(b []byte) (ndbSlot, error) {
	if string(b[:4]) != slotMagic {
		return ndbSlot{}, errors.New("its slots are damaged")
	}
	block := func(at int) int64 { return ndbBlock * int64(binary.LittleEndian.Uint32(b[at:])) }
	return ndbSlot{binary.LittleEndian.Uint32(b[4:]), block(8), block(12)}, nil
}

// takeSlot reads one header, into buffer if it is large enough.
func (c *collector) takeSlot(ctx context.Context, file io.ReaderAt, slot ndbSlot, buffer []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return buffer, err
	}
	if int64(cap(buffer)) < slot.length {
		buffer = make([]byte, slot.length)
	}
	buffer = buffer[:slot.length]
	if err := readFull(file, buffer, slot.start); err != nil {
		return buffer, err
	}
	blob, err := blobIn(buffer, slot.number)
	if err != nil {
		c.malformed.Add("header %d: %v", slot.number, err)
		return buffer, nil
	}
	_, err = c.take(uint64(slot.number), blob)
	return buffer, err
}

// blobIn returns the header within its head and tail.
func blobIn(blocks []byte, number uint32) ([]byte, error) {
	if len(blocks) < blobHead+blobTail {
		return nil, errors.New("it has no room for its head and tail")
	}
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(blocks[at:]) }
	tail, length := len(blocks)-blobTail, word(12)
	switch {
	case string(blocks[:4]) != headMagic || string(blocks[tail+8:]) != tailMagic:
		return nil, errors.New("it does not begin or end as it should")
	case word(4) != number || word(tail+4) != length || uint64(length) > uint64(tail-blobHead):
		return nil, errors.New("its number or length is another's")
	case word(tail) != adler32.Checksum(blocks[:tail]):
		return nil, errors.New("its sum is wrong")
	}
	return blocks[blobHead : blobHead+int(length)], nil
}
