package gobinary

import (
	"encoding/binary"
	"runtime/debug"
)

// program is an ELF file with one writable segment that holds a Go program's build information,
// as the linker writes it since Go 1.18. It could not run.
type program struct {
	goVersion string
	info      debug.BuildInfo
	raw       string // in place of info
	note      bool   // the note of the build id
	bigEndian bool
	shared    bool
	padding   int // zero bytes before the build information, which the linker has none of
}

func (p program) bytes() []byte {
	const headerSize, segmentSize = 64, 56
	var order binary.AppendByteOrder = binary.LittleEndian
	class := []byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	if p.bigEndian {
		order, class[5] = binary.BigEndian, 2
	}
	note := []byte{}
	if p.note {
		for _, n := range []uint32{4, 4, 4} { // sizes of name and content, type
			note = order.AppendUint32(note, n)
		}
		note = append(note, "Go\x00\x00abcd"...)
	}
	text := p.raw
	if text == "" {
		text = p.info.String()
	}
	const frame = "0123456789abcdef"
	content := append(make([]byte, p.padding), mark+"\x08\x02"+"0123456789abcdef"...)
	for _, s := range []string{p.goVersion, frame + text + "\n" + frame[1:] + "f"} {
		content = append(binary.AppendUvarint(content, uint64(len(s))), s...)
	}
	start := (headerSize + segmentSize + len(note) + 15) / 16 * 16

	kind := uint16(2)
	if p.shared {
		kind = 3
	}
	b := append([]byte{}, class...)
	b = order.AppendUint16(b, kind)
	b = order.AppendUint16(b, 62) // x86-64
	b = order.AppendUint32(b, 1)
	b = order.AppendUint64(b, 0x400000)
	b = order.AppendUint64(b, headerSize)
	b = order.AppendUint64(b, 0)
	b = order.AppendUint32(b, 0)
	for _, n := range []uint16{headerSize, segmentSize, 1, 64, 0, 0} {
		b = order.AppendUint16(b, n)
	}
	b = order.AppendUint32(b, 1) // PT_LOAD
	b = order.AppendUint32(b, 6) // readable, writable
	address := uint64(0x400000 + start)
	for _, n := range []uint64{uint64(start), address, address, uint64(len(content)), uint64(len(content)), 16} {
		b = order.AppendUint64(b, n)
	}
	b = append(b, note...)
	b = append(b, make([]byte, start-len(b))...)
	return append(b, content...)
}
