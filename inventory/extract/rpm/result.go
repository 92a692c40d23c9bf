package rpm

import (
	"encoding/binary"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// result is what one file gives.
type result struct {
	form     form
	contents record.Contents
	tree     tree // of an sqlite database or its log
}

// encode writes the contents as record does, then what only this package reads: the tree as
// numbers and the form. The last four bytes are the length of that part.
func (r result) encode() []byte {
	b := r.contents.Encode()
	start := len(b)
	b = append(b, byte(r.form))
	for _, number := range r.tree.numbers() {
		b = binary.AppendUvarint(b, number)
	}
	return binary.LittleEndian.AppendUint32(b, uint32(len(b)-start))
}

// split takes what encode wrote apart: the contents as record.Decode reads them, form and tree.
func split(data []byte) (contents []byte, f form, tree []byte, err error) {
	const lengthSize = 4
	if len(data) < lengthSize {
		return nil, unknown, nil, record.ErrEncoding
	}
	rest := data[:len(data)-lengthSize]
	length := binary.LittleEndian.Uint32(data[len(rest):])
	if length < 1 || uint64(length) > uint64(len(rest)) {
		return nil, unknown, nil, record.ErrEncoding
	}
	own := rest[len(rest)-int(length):]
	return rest[:len(rest)-int(length)], form(own[0]), own[1:], nil
}

// decode reads what encode wrote.
func decode(data []byte) (result, error) {
	contents, f, encoded, err := split(data)
	if err != nil {
		return result{}, err
	}
	r := result{form: f}
	if r.contents, err = record.Decode(contents); err != nil {
		return r, err
	}
	var numbers []uint64
	for len(encoded) > 0 {
		number, n := binary.Uvarint(encoded)
		if n <= 0 {
			return r, record.ErrEncoding
		}
		numbers, encoded = append(numbers, number), encoded[n:]
	}
	r.tree, err = treeOf(numbers)
	return r, err
}
