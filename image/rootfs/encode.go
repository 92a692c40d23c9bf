package rootfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"

	"plimsoll.dev/plimsoll/image"
)

// The encoding of a LayerIndex, version 1:
//
//	magic, digest, diffID, stored, inflated,
//	the visitors' names, the number of sums, the entries, the problems, CRC-32C
//
// Numbers are unsigned varints; texts and lists are preceded by their length. An entry's path is
// the number of bytes that it shares with the path before it, and the rest. The sum at the end
// finds accidents of storage; it is no protection from whoever may write the cache.
const indexMagic = "plimsoll layer index 1\n"

// What an entry's first byte says beside its kind.
const (
	kindMask   = 0x0f
	hasLink    = 0x10
	hasSum     = 0x20
	hasResults = 0x40
)

// minEntry is the size of the smallest encoded entry: kind, mode, size, shared, length of rest.
const minEntry = 5

// Encode returns the index in the form that DecodeLayerIndex reads. Equal indexes give equal
// bytes.
func (l *LayerIndex) Encode() []byte {
	e := encoder{}
	e.buffer = append(e.buffer, indexMagic...)
	e.digest(l.Digest)
	e.digest(l.DiffID)
	e.number(uint64(l.Stored))
	e.number(uint64(l.Inflated))
	names, sums := l.census()
	e.number(uint64(len(names)))
	number := make(map[string]uint64, len(names))
	for i, name := range names {
		number[name] = uint64(i)
		e.text(name)
	}
	e.number(sums)
	e.number(uint64(len(l.Entries)))
	previous := ""
	for i := range l.Entries {
		e.entry(&l.Entries[i], previous, number)
		previous = l.Entries[i].Path
	}
	e.number(uint64(len(l.Problems)))
	for _, p := range l.Problems {
		e.text(p.Path)
		e.text(p.Why)
	}
	return binary.LittleEndian.AppendUint32(e.buffer, crc32.Checksum(e.buffer, crc32.MakeTable(crc32.Castagnoli)))
}

// census lists the visitors that have results, in the order of their first, and counts the sums.
func (l *LayerIndex) census() (names []string, sums uint64) {
	known := map[string]bool{}
	for i := range l.Entries {
		if l.Entries[i].SHA256 != nil {
			sums++
		}
		for _, r := range l.Entries[i].Results {
			if !known[r.Visitor] {
				known[r.Visitor] = true
				names = append(names, r.Visitor)
			}
		}
	}
	return names, sums
}

type encoder struct{ buffer []byte }

func (e *encoder) number(n uint64) { e.buffer = binary.AppendUvarint(e.buffer, n) }

func (e *encoder) text(s string) {
	e.number(uint64(len(s)))
	e.buffer = append(e.buffer, s...)
}

func (e *encoder) digest(d image.Digest) {
	if d.IsZero() {
		e.buffer = append(e.buffer, 0)
		return
	}
	sum := d.Sum()
	e.buffer = append(append(e.buffer, 1), sum[:]...)
}

func (e *encoder) entry(entry *Entry, previous string, visitors map[string]uint64) {
	kind := byte(entry.Kind)
	if entry.Link != "" {
		kind |= hasLink
	}
	if entry.SHA256 != nil {
		kind |= hasSum
	}
	if len(entry.Results) > 0 {
		kind |= hasResults
	}
	e.buffer = append(e.buffer, kind)
	e.number(uint64(entry.Mode))
	e.number(uint64(entry.Size))
	shared := commonPrefix(previous, entry.Path)
	e.number(uint64(shared))
	e.text(entry.Path[shared:])
	if entry.Link != "" {
		e.text(entry.Link)
	}
	if entry.SHA256 != nil {
		e.buffer = append(e.buffer, entry.SHA256[:]...)
	}
	if len(entry.Results) == 0 {
		return
	}
	e.number(uint64(len(entry.Results)))
	for _, r := range entry.Results {
		e.number(visitors[r.Visitor])
		e.text(r.Problem)
		if r.Data == nil { // nothing found is not the same as found to be empty
			e.number(0)
			continue
		}
		e.number(uint64(len(r.Data)) + 1)
		e.buffer = append(e.buffer, r.Data...)
	}
}

func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// ErrIndex reports bytes that are no layer index of this version.
var ErrIndex = errors.New("not a layer index of this version, or a damaged one")

// DecodeLayerIndex reads what Encode wrote. The result shares no memory with data, which may be
// anything: an error, always ErrIndex or *LimitError, is all that can come of it, and memory in
// proportion to its length.
func DecodeLayerIndex(data []byte, limits Limits) (*LayerIndex, error) {
	body, found := bytes.CutPrefix(data, []byte(indexMagic))
	if !found || len(body) < crc32.Size {
		return nil, ErrIndex
	}
	end := len(data) - crc32.Size
	if binary.LittleEndian.Uint32(data[end:]) != crc32.Checksum(data[:end], crc32.MakeTable(crc32.Castagnoli)) {
		return nil, ErrIndex
	}
	return decodeBody(body[:len(body)-crc32.Size], limits.orDefault())
}

func decodeBody(body []byte, limits Limits) (*LayerIndex, error) {
	d := decoder{rest: body}
	l := &LayerIndex{Digest: d.digest(), DiffID: d.digest(), Stored: d.size(), Inflated: d.size()}
	d.visitors = make([]string, d.count(1))
	for i := range d.visitors {
		d.visitors[i] = d.text()
	}
	d.sums = make([][32]byte, d.count(32))
	count := d.count(minEntry)
	if int64(count) > limits.Entries {
		return nil, &LimitError{What: "a cached layer", Limit: limits.Entries, Unit: "entries", Flag: "--max-entries"}
	}
	if count > 0 {
		l.Entries = make([]Entry, count)
	}
	previous := ""
	for i := range l.Entries {
		d.entry(&l.Entries[i], previous)
		if d.damaged {
			return nil, ErrIndex
		}
		previous = l.Entries[i].Path
	}
	for range d.count(2) {
		l.Problems = append(l.Problems, Problem{Path: d.text(), Why: d.text()})
	}
	if d.damaged || len(d.rest) > 0 {
		return nil, ErrIndex
	}
	return l, nil
}

// decoder takes values off rest. After the first that does not fit, damaged is set and all
// values are zero.
type decoder struct {
	rest     []byte
	damaged  bool
	visitors []string
	sums     [][32]byte // not yet given out
	texts    arena
}

func (d *decoder) fail() {
	d.damaged, d.rest = true, nil
}

func (d *decoder) number() uint64 {
	n, shift := uint64(0), 0
	for i := 0; i < len(d.rest) && shift < 64; i++ {
		b := d.rest[i]
		if shift == 63 && b > 1 {
			break
		}
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if b == 0 && i > 0 {
				break // a shorter way to write it exists: Encode does not write this
			}
			d.rest = d.rest[i+1:]
			return n
		}
		shift += 7
	}
	d.fail()
	return 0
}

// size is a number that fits an int64.
func (d *decoder) size() int64 {
	n := d.number()
	if n > math.MaxInt64 {
		d.fail()
		return 0
	}
	return int64(n)
}

// count is the length of a list whose items take at least so many bytes each.
func (d *decoder) count(each int) int {
	n := d.number()
	if n > uint64(len(d.rest)/each) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) bytes(n int) []byte {
	if n > len(d.rest) {
		d.fail()
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) text() string { return d.texts.join("", d.bytes(d.count(1))) }

func (d *decoder) byte() byte {
	if b := d.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) digest() image.Digest {
	switch d.byte() {
	case 0:
		return image.Digest{}
	case 1:
		var sum [32]byte
		copy(sum[:], d.bytes(len(sum)))
		return image.DigestFromSum(sum)
	}
	d.fail()
	return image.Digest{}
}

func (d *decoder) entry(e *Entry, previous string) {
	kind := d.byte()
	e.Kind = Kind(kind & kindMask)
	if e.Kind < Regular || e.Kind > Opaque || kind&^(kindMask|hasLink|hasSum|hasResults) != 0 {
		d.fail()
		return
	}
	mode := d.number()
	e.Mode, e.Size = uint32(mode), d.size()
	shared := d.number()
	if mode > math.MaxUint32 || shared > uint64(len(previous)) {
		d.fail()
		return
	}
	e.Path = d.texts.join(previous[:shared], d.bytes(d.count(1)))
	if kind&hasLink != 0 {
		if e.Link = d.text(); e.Link == "" {
			d.fail()
			return
		}
	}
	if kind&hasSum != 0 {
		if len(d.sums) == 0 {
			d.fail()
			return
		}
		e.SHA256, d.sums = &d.sums[0], d.sums[1:]
		copy(e.SHA256[:], d.bytes(len(e.SHA256)))
	}
	if kind&hasResults != 0 {
		d.results(e)
	}
}

func (d *decoder) results(e *Entry) {
	n := d.count(3)
	if n == 0 {
		d.fail()
		return
	}
	e.Results = make([]Result, n)
	for i := range e.Results {
		r := &e.Results[i]
		visitor := d.number()
		if visitor >= uint64(len(d.visitors)) {
			d.fail()
			return
		}
		r.Visitor, r.Problem = d.visitors[visitor], d.text()
		if size := d.number(); size > uint64(len(d.rest))+1 {
			d.fail()
		} else if size > 0 {
			r.Data = append([]byte{}, d.bytes(int(size-1))...)
		}
	}
}
