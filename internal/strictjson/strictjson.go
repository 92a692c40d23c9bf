// Package strictjson refuses JSON that encoding/json would take and that two readers could
// understand in two ways, or that would take much memory to decode.
//
// A name that stands twice in one object is refused: encoding/json takes the last, others the
// first. Names that differ in case only count as the same, because encoding/json takes them for
// the same member. Nesting and the number of objects are bounded. It checks and decodes nothing;
// numbers and strings may be of any size that the document has.
package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Limits bound a document.
type Limits struct {
	Depth   int // objects and lists within one another
	Objects int // objects in all
}

// Check returns what is wrong with a document, nil if nothing is.
func Check(data []byte, limits Limits) error {
	if !json.Valid(data) {
		var anything struct{}
		if err := json.Unmarshal(data, &anything); err != nil { // it knows where
			return err
		}
		return errors.New("it is not valid JSON")
	}
	return CheckWritten(data, limits)
}

// CheckWritten is Check of what package json has written, and is therefore JSON.
func CheckWritten(data []byte, limits Limits) error {
	c := checker{data: data, limits: limits}
	return c.walk()
}

// checker walks over a document that is known to be valid.
type checker struct {
	data    []byte
	limits  Limits
	open    []container
	objects int
}

// container is an object or a list that is not closed yet.
type container struct {
	names map[string]bool // nil for a list
	value bool            // the next string is a value, as a colon stands before it
}

func (c *checker) walk() error {
	for i := 0; i < len(c.data); i++ {
		switch c.data[i] {
		case '{', '[':
			if err := c.enter(c.data[i] == '{'); err != nil {
				return fmt.Errorf("at byte %d: %w", i, err)
			}
		case '}', ']':
			c.open = c.open[:len(c.open)-1]
		case ':':
			c.open[len(c.open)-1].value = true
		case ',':
			c.open[len(c.open)-1].value = false
		case '"':
			end := endOfString(c.data, i)
			if err := c.name(c.data[i:end]); err != nil {
				return fmt.Errorf("at byte %d: %w", i, err)
			}
			i = end - 1
		}
	}
	return nil
}

func (c *checker) enter(isObject bool) error {
	if len(c.open) == c.limits.Depth {
		return fmt.Errorf("it is nested more than %d deep", c.limits.Depth)
	}
	next := container{}
	if isObject {
		if c.objects++; c.objects > c.limits.Objects {
			return fmt.Errorf("it has more than %d objects", c.limits.Objects)
		}
		next.names = map[string]bool{}
	}
	c.open = append(c.open, next)
	return nil
}

// name takes in a string, which may be the name of a member.
func (c *checker) name(quoted []byte) error {
	if len(c.open) == 0 {
		return nil
	}
	in := &c.open[len(c.open)-1]
	if in.names == nil || in.value {
		return nil
	}
	name, err := unquote(quoted)
	if err != nil {
		return err
	}
	folded := fold(name)
	if in.names[folded] {
		return fmt.Errorf("the member %.80q is there twice", name)
	}
	in.names[folded] = true
	return nil
}

// unquote returns what a string says. Nearly all names are ASCII without escapes, and package json
// would take more time for them than all else here.
func unquote(quoted []byte) (string, error) {
	plain := !slices.ContainsFunc(quoted, func(c byte) bool { return c == '\\' || c >= utf8.RuneSelf })
	if plain {
		return string(quoted[1 : len(quoted)-1]), nil
	}
	var s string
	err := json.Unmarshal(quoted, &s)
	return s, err
}

// endOfString returns the index after the closing quote of the string that begins at start.
func endOfString(data []byte, start int) int {
	for i := start + 1; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(data)
}

// fold maps names that encoding/json takes for the same to one text: each character becomes the
// first of those that it is the same as but for its case (unicode.SimpleFold).
func fold(name string) string {
	folded := make([]byte, 0, len(name))
	for _, r := range name {
		if r < utf8.RuneSelf { // a to z are the same as A to Z, which come first
			folded = append(folded, upper(byte(r)))
			continue
		}
		first := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			first = min(first, next)
		}
		folded = utf8.AppendRune(folded, first)
	}
	return string(folded)
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}
