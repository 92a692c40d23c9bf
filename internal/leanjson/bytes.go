package leanjson

import (
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// fill reads the next piece into the buffer, of which nothing may be left; false at the end, and
// after an error.
func (r *Reader) fill() bool {
	if r.err != nil || r.ended {
		return false
	}
	r.passed += int64(r.end)
	r.next, r.end = 0, 0
	for range 100 { // as bufio has it: a source that gives neither bytes nor an error is broken
		n, err := r.source.Read(r.buffer[:])
		if n > 0 {
			r.end = n
			if r.left -= int64(n); r.left < 0 {
				r.err = ErrTooLong
			}
			return r.err == nil
		}
		switch {
		case errors.Is(err, io.EOF):
			r.ended = true
			return false
		case err != nil:
			r.err = err
			return false
		}
	}
	r.err = io.ErrNoProgress
	return false
}

// peek returns the next byte; 0 at the end, and after an error.
func (r *Reader) peek() byte {
	if r.err != nil || !r.more() {
		return 0
	}
	return r.buffer[r.next]
}

// byte returns and passes the next byte; 0 at the end, and after an error.
func (r *Reader) byte() byte {
	c := r.peek()
	if r.next < r.end {
		r.next++
	}
	return c
}

// space passes over what may stand between values and returns the byte after it.
func (r *Reader) space() byte {
	for {
		switch c := r.peek(); {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			r.next++
		case c == '/' && r.dialect == JSONC:
			r.comment()
		default:
			return c
		}
	}
}

func (r *Reader) comment() {
	r.next++
	switch r.byte() {
	case '/':
		for c := r.byte(); c != '\n' && r.more(); c = r.byte() {
		}
	case '*':
		for last, c := byte(0), r.byte(); last != '*' || c != '/'; last, c = c, r.byte() {
			if !r.more() {
				r.fail("a comment without an end")
				return
			}
		}
	default:
		r.fail("a slash outside of a text")
	}
}

// more tells whether there is anything left.
func (r *Reader) more() bool { return r.next < r.end || r.fill() }

// read passes over a text and leaves it in r.text; false if that is only its beginning.
func (r *Reader) read() (whole bool) {
	r.next++ // the opening quote
	r.text = r.text[:0]
	whole = true
	half := rune(0) // of a character that is written as two escapes (RFC 8259, section 7)
	for {
		if !r.more() {
			r.fail("a text without an end")
			return false
		}
		plain := plainPrefix(r.buffer[r.next:r.end])
		if half != 0 && (len(plain) > 0 || r.buffer[r.next] == '"') {
			whole = r.keep(utf8.RuneError) && whole
			half = 0
		}
		whole = r.keepBytes(plain) && whole
		r.next += len(plain)
		if r.next == r.end {
			continue
		}
		switch c := r.buffer[r.next]; {
		case c == '"':
			r.next++
			return whole
		case c != '\\':
			r.fail("a control character in a text")
			return false
		}
		r.next++
		half, whole = r.escape(half, whole)
	}
}

// plainPrefix returns the bytes of a text that stand for themselves.
func plainPrefix(b []byte) []byte {
	for i, c := range b {
		if c == '"' || c == '\\' || c < ' ' {
			return b[:i]
		}
	}
	return b
}

// escape reads what follows a backslash. half is the first half of a pair, if one came before.
func (r *Reader) escape(half rune, whole bool) (rune, bool) {
	c := r.byte()
	if c == 'u' {
		unit := r.hexadecimal()
		if both := utf16.DecodeRune(half, unit); both != utf8.RuneError {
			return 0, r.keep(both) && whole
		}
		if half != 0 {
			whole = r.keep(utf8.RuneError) && whole
		}
		if unit >= 0xd800 && unit < 0xdc00 {
			return unit, whole
		}
		return 0, r.keep(unit) && whole // utf8.AppendRune replaces a lone second half
	}
	if half != 0 {
		whole = r.keep(utf8.RuneError) && whole
	}
	const names, values = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	for i := range len(names) {
		if names[i] == c {
			return 0, r.keep(rune(values[i])) && whole
		}
	}
	r.fail("an unknown escape in a text")
	return 0, false
}

func (r *Reader) hexadecimal() rune {
	unit := rune(0)
	for range 4 {
		switch c := r.byte(); {
		case c >= '0' && c <= '9':
			unit = unit<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			unit = unit<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			unit = unit<<4 | rune(c-'A'+10)
		default:
			r.fail("an escape that is not hexadecimal")
			return 0
		}
	}
	return unit
}

func (r *Reader) keep(c rune) bool {
	var b [utf8.UTFMax]byte
	return r.keepBytes(utf8.AppendRune(b[:0], c))
}

func (r *Reader) keepBytes(b []byte) bool {
	if len(r.text)+len(b) > MaxText {
		return false
	}
	r.text = append(r.text, b...)
	return true
}

func (r *Reader) literal(word string) {
	for i := range len(word) {
		if r.byte() != word[i] {
			r.fail("a word that is no value")
			return
		}
	}
}

// number passes over a number (RFC 8259, section 6).
func (r *Reader) number() {
	if r.peek() == '-' {
		r.next++
	}
	if r.peek() == '0' {
		r.next++
	} else {
		r.digits()
	}
	if r.peek() == '.' {
		r.next++
		r.digits()
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		r.next++
		if c := r.peek(); c == '+' || c == '-' {
			r.next++
		}
		r.digits()
	}
}

func (r *Reader) digits() {
	for count := 0; ; count++ {
		if c := r.peek(); c < '0' || c > '9' {
			if count == 0 {
				r.fail("a value is missing, or a number is malformed")
			}
			return
		}
		r.next++
	}
}
