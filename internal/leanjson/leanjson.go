// Package leanjson reads JSON as it streams by and keeps only what it is asked for: a big image
// has tens of thousands of package.json files, and of each a few words count.
//
// The caller walks down with Object and Array and takes values with Text and Bool; a value that it
// does not take is passed over. Errors stay: after the first one everything is empty, and End
// returns it. What passes is what RFC 8259 allows, with these exceptions: a byte order mark at the
// beginning, bytes that are no UTF-8 (given out as they are), and, in the dialect JSONC, comments
// and a comma after the last member.
//
// It does not: build documents, read numbers, or write. Limits: MaxDepth, MaxText, and as many
// bytes as the caller says.
package leanjson

import (
	"errors"
	"fmt"
	"io"
)

const (
	// MaxDepth is how deep objects and arrays may lie in one another.
	MaxDepth = 100
	// MaxText is the longest text that is given out, in bytes.
	MaxText = 4096

	bufferSize    = 8 << 10
	byteOrderMark = "\xef\xbb\xbf"
)

// Dialect is what may stand between the values.
type Dialect bool

// The dialects.
const (
	Strict Dialect = false
	JSONC  Dialect = true // comments and trailing commas, as editors and bun write them
)

// What may be wrong with a text.
var (
	ErrSyntax  = errors.New("it is not JSON")
	ErrTooLong = errors.New("it is longer than what is read of such a file")
	ErrTooDeep = errors.New("more values lie in one another than are followed")
)

// Reader reads one JSON text. It may be used again after Reset.
type Reader struct {
	source    io.Reader
	dialect   Dialect
	buffer    [bufferSize]byte
	next, end int   // what is unread of buffer
	passed    int64 // bytes before buffer
	left      int64 // bytes that may still be read
	depth     int
	ended     bool // the source is at its end
	untaken   bool // the caller has been shown a value and not taken it
	text      []byte
	err       error
}

// Reset makes r read from source, at most limit bytes.
func (r *Reader) Reset(source io.Reader, limit int64, dialect Dialect) {
	r.source, r.dialect = source, dialect
	r.next, r.end, r.passed, r.left = 0, 0, 0, limit
	r.depth, r.ended, r.untaken, r.text, r.err = 0, false, false, r.text[:0], nil
	if r.peek() == byteOrderMark[0] {
		r.literal(byteOrderMark)
	}
}

// End returns the first error, or that something follows after the text.
func (r *Reader) End() error {
	if r.err != nil {
		return r.err
	}
	if r.space(); r.more() {
		r.fail("something follows after the text")
	}
	return r.err
}

// Kind returns how the next value begins: '{', '[', '"', 't', 'f', 'n', '-' or a digit; 0 after an
// error.
func (r *Reader) Kind() byte {
	c := r.space()
	if r.err != nil {
		return 0
	}
	return c
}

// Object shows the members of the next value to member, one after the other, by name. The name is
// valid until the member is taken. If the next value is no object, it is passed over.
func (r *Reader) Object(member func(name []byte)) bool {
	r.untaken = false
	if r.Kind() != '{' {
		r.Skip()
		return false
	}
	r.enter()
	for first := true; r.another('}', first); first = false {
		if r.Kind() != '"' {
			r.fail("a member without a name")
			return false
		}
		if whole := r.read(); !whole && member != nil {
			r.fail("a member's name is too long")
		}
		if r.space() != ':' {
			r.fail("no colon after a member's name")
			return false
		}
		r.next++
		r.show(member)
	}
	return r.err == nil
}

func (r *Reader) show(member func(name []byte)) {
	r.untaken = true
	if member != nil {
		member(r.text)
	}
	if r.untaken {
		r.Skip()
	}
}

// Array calls item for each item of the next value. If that is no array, it is passed over.
func (r *Reader) Array(item func()) bool {
	r.untaken = false
	if r.Kind() != '[' {
		r.Skip()
		return false
	}
	r.enter()
	for first := true; r.another(']', first); first = false {
		r.untaken = true
		if item != nil {
			item()
		}
		if r.untaken {
			r.Skip()
		}
	}
	return r.err == nil
}

// Text returns the next value; false if it is none, or one longer than MaxText.
func (r *Reader) Text() (string, bool) {
	r.untaken = false
	if r.Kind() != '"' {
		r.Skip()
		return "", false
	}
	if whole := r.read(); !whole || r.err != nil {
		return "", false
	}
	return string(r.text), true
}

// Bool tells whether the next value is true.
func (r *Reader) Bool() bool {
	isTrue := r.Kind() == 't'
	r.Skip()
	return isTrue && r.err == nil
}

// Skip passes over the next value.
func (r *Reader) Skip() {
	r.untaken = false
	switch c := r.Kind(); {
	case r.err != nil:
	case c == '{':
		r.Object(nil)
	case c == '[':
		r.Array(nil)
	case c == '"':
		r.read()
	case c == 't':
		r.literal("true")
	case c == 'f':
		r.literal("false")
	case c == 'n':
		r.literal("null")
	default:
		r.number()
	}
}

func (r *Reader) enter() {
	r.next++
	if r.depth++; r.depth > MaxDepth && r.err == nil {
		r.err = ErrTooDeep
	}
}

// another passes over a comma and tells whether a value follows; else it passes the end.
func (r *Reader) another(end byte, first bool) bool {
	c := r.space()
	if !first && r.err == nil {
		switch {
		case c == ',':
			r.next++
			if c = r.space(); c == end && r.dialect == Strict {
				r.fail("a comma before the end")
			}
		case c != end:
			r.fail("no comma between two values")
		}
	}
	if c == end && r.err == nil {
		r.next++
		r.depth--
		return false
	}
	return r.err == nil
}

// fail keeps the first error.
func (r *Reader) fail(why string) {
	switch {
	case r.err != nil:
	case r.ended:
		r.err = fmt.Errorf("%w: %w", ErrSyntax, io.ErrUnexpectedEOF)
	default:
		r.err = fmt.Errorf("%w: %s, at byte %d", ErrSyntax, why, r.passed+int64(r.next))
	}
}
