package typedjson

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// reader reads one text. After the first error all else is passed over.
type reader struct {
	text string
	at   int
	err  error
}

// fail keeps the first error, with its place.
func (r *reader) fail(format string, arguments ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("at byte %d: %s", r.at, fmt.Sprintf(format, arguments...))
		r.at = len(r.text)
	}
}

// next passes over white space and returns the byte after it, 0 at the end.
func (r *reader) next() byte {
	text, at := r.text, r.at
	for at < len(text) {
		c := text[at]
		if c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			r.at = at
			return c
		}
		at++
	}
	r.at = at
	return 0
}

func (r *reader) end() {
	if r.next(); r.at < len(r.text) {
		r.fail("there is more after the document")
	}
}

// expect passes over one byte.
func (r *reader) expect(want byte, what string) bool {
	if r.next() != want {
		r.unexpected(what)
		return false
	}
	r.at++
	return true
}

func (r *reader) unexpected(want string) {
	if r.at >= len(r.text) {
		r.fail("unexpected end, where %s is due", want)
		return
	}
	c, _ := utf8.DecodeRuneInString(r.text[r.at:])
	r.fail("%q stands where %s is due", c, want)
}

// value reads a value of a planned type.
func (r *reader) value(p *plan, into reflect.Value) {
	if p.form == formValue {
		r.unmarshal(into)
		return
	}
	if r.next() == 'n' { // as encoding/json has it, null leaves a value as it is
		r.word("null")
		return
	}
	switch p.form {
	case formStruct:
		r.object(p, into)
	case formSlice:
		r.list(p, into)
	case formMap:
		r.named(p, into)
	case formPointer:
		into.Set(reflect.New(p.of.Elem()))
		r.value(p.element, into.Elem())
	case formString:
		into.SetString(r.string())
	case formText:
		r.unmarshalText(into)
	default:
		r.scalar(p, into)
	}
}

func (r *reader) word(word string) {
	if !strings.HasPrefix(r.text[r.at:], word) {
		r.unexpected("a value")
		return
	}
	r.at += len(word)
}

// more tells whether another item of an object or list follows, and passes over the comma, or
// over the end.
func (r *reader) more(first bool, closing byte) bool {
	c := r.next()
	switch {
	case r.err != nil:
		return false
	case c == closing:
		r.at++
		return false
	case first:
		return true
	case c == ',':
		r.at++
		return true
	default:
		r.unexpected("a comma or the end of " + choose(closing == '}', "an object", "a list"))
		return false
	}
}

func choose(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

func (r *reader) object(p *plan, into reflect.Value) {
	if !r.expect('{', "an object") {
		return
	}
	var seen uint64
	expected := 0 // members mostly stand in the order of their declaration
	for first := true; r.more(first, '}'); first = false {
		start := r.at
		name := r.string()
		at := p.find(name, expected)
		switch {
		case r.err != nil:
			return
		case at < 0:
			r.at = start
			r.fail("unknown field %.80q", name)
			return
		case seen&(1<<at) != 0:
			r.at = start
			r.fail("the member %.80q is there twice", name)
			return
		}
		seen |= 1 << at
		expected = at + 1
		if r.expect(':', "a colon") {
			r.value(p.members[at].plan, into.Field(p.members[at].at))
		}
	}
}

func (p *plan) find(name string, expected int) int {
	for i := expected; i < len(p.members); i++ {
		if p.members[i].name == name {
			return i
		}
	}
	for i := range min(expected, len(p.members)) {
		if p.members[i].name == name {
			return i
		}
	}
	return -1
}

func (r *reader) list(p *plan, into reflect.Value) {
	if !r.expect('[', "a list") {
		return
	}
	into.Set(reflect.MakeSlice(p.of, 0, 0))
	for first := true; r.more(first, ']'); first = false {
		n := into.Len()
		if n == into.Cap() {
			into.Grow(max(2, n))
		}
		into.SetLen(n + 1)
		item := into.Index(n)
		item.SetZero()
		r.value(p.element, item)
	}
}

func (r *reader) named(p *plan, into reflect.Value) {
	if !r.expect('{', "an object") {
		return
	}
	values := reflect.MakeMap(p.of)
	for first := true; r.more(first, '}'); first = false {
		start := r.at
		name := reflect.ValueOf(r.string()).Convert(p.of.Key())
		if r.err != nil {
			return
		}
		if values.MapIndex(name).IsValid() {
			r.at = start
			r.fail("the member %.80q is there twice", name.String())
			return
		}
		if !r.expect(':', "a colon") {
			return
		}
		value := reflect.New(p.of.Elem()).Elem()
		r.value(p.element, value)
		values.SetMapIndex(name, value)
	}
	into.Set(values)
}

// string reads a string.
func (r *reader) string() string {
	if r.next() != '"' {
		r.unexpected("a string")
		return ""
	}
	start := r.at
	plain := true
	for i := start + 1; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case c == '"':
			r.at = i + 1
			if plain {
				return r.text[start+1 : i]
			}
			return r.escaped(r.text[start : i+1])
		case c == '\\':
			plain = false
			i++
		case c < ' ':
			r.at = i
			r.fail("a control character in a string")
			return ""
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	r.fail("a string without an end")
	return ""
}

// escaped reads a string with escapes, or with bytes that may be no UTF-8: few are like that.
func (r *reader) escaped(quoted string) string {
	if !strings.Contains(quoted, `\`) && utf8.ValidString(quoted) {
		return quoted[1 : len(quoted)-1]
	}
	var s string
	if err := json.Unmarshal([]byte(quoted), &s); err != nil {
		r.fail("%v", err)
	}
	return s
}

func (r *reader) unmarshalText(into reflect.Value) {
	text := r.string()
	if r.err != nil {
		return
	}
	if err := into.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
		r.fail("%v", err)
	}
}

// unmarshal hands a value's text to its own reader, which checks it.
func (r *reader) unmarshal(into reflect.Value) {
	r.next()
	start := r.at
	r.skip()
	if r.err != nil {
		return
	}
	text := []byte(r.text[start:r.at])
	if !json.Valid(text) {
		r.at = start
		r.unexpected("a value")
		return
	}
	if err := into.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(text); err != nil {
		r.at = start
		r.fail("%v", err)
	}
}

// skip passes over a value, without more care than to find its end.
func (r *reader) skip() {
	for depth := 0; r.at < len(r.text); {
		switch c := r.next(); c {
		case '{', '[':
			depth++
			r.at++
		case '}', ']', ',', ':':
			if depth == 0 {
				return
			}
			if r.at++; c == '}' || c == ']' {
				depth--
			}
		case '"':
			r.string()
		default:
			r.token()
		}
		if depth == 0 {
			return
		}
	}
}

// token passes over a number or a word, and returns it.
func (r *reader) token() string {
	start := r.at
	for r.at < len(r.text) && !strings.ContainsRune(" \n\t\r{}[],:\"", rune(r.text[r.at])) {
		r.at++
	}
	return r.text[start:r.at]
}

// scalar reads a truth value or a number.
func (r *reader) scalar(p *plan, into reflect.Value) {
	r.next()
	start := r.at
	token := r.token()
	var err error
	switch {
	case p.form == formBool && (token == "true" || token == "false"):
		into.SetBool(token == "true")
		return
	case p.form == formBool || !isNumber(token):
		r.at = start
		r.unexpected(choose(p.form == formBool, "true or false", "a number"))
		return
	case p.form == formInt:
		var n int64
		n, err = strconv.ParseInt(token, 10, p.of.Bits())
		into.SetInt(n)
	case p.form == formUint:
		var n uint64
		n, err = strconv.ParseUint(token, 10, p.of.Bits())
		into.SetUint(n)
	default:
		var n float64
		n, err = strconv.ParseFloat(token, p.of.Bits())
		into.SetFloat(n)
	}
	if err != nil {
		r.at = start
		r.fail("%.40q is no %s", token, p.of)
	}
}

// isNumber tells whether a token is a number (RFC 8259, section 6).
func isNumber(token string) bool {
	rest := strings.TrimPrefix(token, "-")
	whole := digits(rest)
	if whole == 0 || whole > 1 && rest[0] == '0' {
		return false
	}
	rest = rest[whole:]
	if after, found := strings.CutPrefix(rest, "."); found {
		n := digits(after)
		if n == 0 {
			return false
		}
		rest = after[n:]
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		rest = rest[1:]
		if rest != "" && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		n := digits(rest)
		if n == 0 {
			return false
		}
		rest = rest[n:]
	}
	return rest == ""
}

func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
