package db

import (
	"encoding/binary"
	"iter"
)

// A list holds strings, each perhaps with a payload, in groups of groupLength. Within a group a
// string is stored as what differs from the one before it; the first of a group is whole, so a
// sorted list is searched by the groups' first strings.
//
//	uvarint count, uvarint length of the items
//	for each group but the first: uint32, where it begins among the items
//	items: uvarint shared, uvarint length, the rest of the string [, uvarint length, payload]
const groupLength = 8

// item is what a list is made of.
type item struct {
	key     string
	payload []byte
}

// appendList appends an encoded list.
func appendList(dst []byte, items []item, payloads bool) []byte {
	var data, starts []byte
	previous := ""
	for i := range items {
		key := items[i].key
		if i%groupLength == 0 {
			previous = ""
			if i > 0 {
				starts = binary.LittleEndian.AppendUint32(starts, uint32(len(data)))
			}
		}
		shared := sharedPrefix(previous, key)
		data = binary.AppendUvarint(data, uint64(shared))
		data = appendString(data, key[shared:])
		if payloads {
			data = binary.AppendUvarint(data, uint64(len(items[i].payload)))
			data = append(data, items[i].payload...)
		}
		previous = key
	}
	dst = binary.AppendUvarint(dst, uint64(len(items)))
	dst = binary.AppendUvarint(dst, uint64(len(data)))
	return append(append(dst, starts...), data...)
}

func sharedPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// list is an encoded list in a shard.
type list struct {
	shard    *shard
	payloads bool
	count    int
	starts   int // where the table of groups is
	data     int // where the items are
	end      int
}

// readList reads a list's header and moves r behind the list.
func readList(r *reader, payloads bool) list {
	count := r.count(r.left())
	length := r.count(r.left())
	l := list{shard: r.shard, payloads: payloads, count: count, starts: r.at}
	l.data = l.starts + 4*max(0, (count-1)/groupLength)
	l.end = l.data + length
	r.skip(l.end - l.starts)
	return l
}

// group returns a reader at the first item of a group.
func (l *list) group(g int) reader {
	start := 0
	if g > 0 {
		r := l.shard.reader(l.starts+4*(g-1), l.data)
		start = int(r.uint32())
		if r.err != nil {
			return r
		}
	}
	return l.shard.reader(l.data+start, l.end)
}

// maxStringLength bounds a string of a list, far above what the feeds let through: so a small
// file cannot make long strings of short pieces.
const maxStringLength = 64 << 10

// next reads an item's string, given the one before it, and the length of its payload, which
// comes next.
func (l *list) next(r *reader, key []byte) (_ []byte, payload int) {
	shared := r.count(len(key))
	key = append(key[:shared], r.bytes(r.count(maxStringLength-shared))...)
	if l.payloads {
		payload = r.count(r.left())
	}
	return key, payload
}

// at returns the string at an index, appended to dst[:0], and its payload.
func (l *list) at(index int, dst []byte) ([]byte, reader, error) {
	if index < 0 || index >= l.count {
		return nil, reader{}, ErrCorrupt
	}
	r := l.group(index / groupLength)
	key, payload := l.next(&r, dst[:0])
	for range index % groupLength {
		r.skip(payload)
		key, payload = l.next(&r, key)
	}
	return key, r.stretch(payload), r.err
}

// find returns the index of a string in a sorted list, and its payload; -1 if it is not there.
func (l *list) find(key string) (int, reader, error) {
	first, last := 0, (l.count+groupLength-1)/groupLength // the group is in [first, last)
	var buffer [64]byte
	for last-first > 1 {
		middle := (first + last) / 2
		r := l.group(middle)
		start, _ := l.next(&r, buffer[:0])
		if r.err != nil {
			return -1, reader{}, r.err
		}
		if string(start) <= key {
			first = middle
		} else {
			last = middle
		}
	}
	if l.count == 0 {
		return -1, reader{}, nil
	}
	r := l.group(first)
	current := buffer[:0]
	for i := first * groupLength; i < min(l.count, (first+1)*groupLength); i++ {
		var payload int
		current, payload = l.next(&r, current)
		if r.err != nil {
			return -1, reader{}, r.err
		}
		if string(current) >= key {
			if string(current) > key {
				break
			}
			return i, r.stretch(payload), r.err
		}
		r.skip(payload)
	}
	return -1, reader{}, r.err
}

// maxListText bounds the strings of a list that is read whole.
const maxListText = 16 << 20

// all goes through a list's strings and payloads. What goes wrong is left in r.
func (l *list) all(r *reader) iter.Seq2[string, reader] {
	return func(yield func(string, reader) bool) {
		if r.err != nil || l.count == 0 {
			return
		}
		*r = l.group(0)
		var key []byte
		total := 0
		for i := range l.count {
			if i%groupLength == 0 {
				key = key[:0]
			}
			var length int
			key, length = l.next(r, key)
			payload := r.stretch(length)
			if total += len(key); total > maxListText {
				r.fail(ErrCorrupt)
			}
			if r.err != nil || !yield(string(key), payload) {
				return
			}
		}
	}
}
