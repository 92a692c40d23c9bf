package strictyaml

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Decoder reads YAML nodes strictly. It goes on after a problem, so that a file's problems can be
// mended in one go; its values are worth nothing once there is one.
type Decoder struct {
	file     string
	language Language
	data     []byte
	problems []Problem
	more     int // problems that are not told
}

// Language is what a file holds, for messages.
type Language struct {
	Name   string // with its article: a policy
	Levels string // how many levels of nesting it needs, in words
	Keys   string // where all keys of a mapping with many are listed: docs/policy-reference.md

	MaxSize int // of a file in bytes; 0 for the package's
}

// New makes a decoder for one file. The name is for messages only.
func New(file string, language Language) *Decoder {
	return &Decoder{file: file, language: language}
}

// Top is what a document as a whole is called: the policy.
func (d *Decoder) Top() string { return "the " + strings.TrimPrefix(d.language.Name, "a ") }

// Data is what Documents was given.
func (d *Decoder) Data() []byte { return d.data }

// Clean tells whether nothing was wrong so far.
func (d *Decoder) Clean() bool { return len(d.problems) == 0 }

// Err returns a *ParseError if anything was wrong.
func (d *Decoder) Err() error {
	if d.Clean() {
		return nil
	}
	return newParseError(d.problems, d.more)
}

// Problem records what is wrong at a node.
func (d *Decoder) Problem(n *yaml.Node, format string, arguments ...any) {
	d.At(max(n.Line, 1), max(n.Column, 1), format, arguments...)
}

// Key is one key that a mapping may have.
type Key struct {
	name     string
	required bool
	decode   func(value *yaml.Node, what string)
}

// Required is a key that a mapping must have.
func Required(name string, decode func(value *yaml.Node, what string)) Key {
	return Key{name, true, decode}
}

// Optional is a key that a mapping may have.
func Optional(name string, decode func(value *yaml.Node, what string)) Key {
	return Key{name, false, decode}
}

// Mapping reads a mapping. Every key must be one of the fields, and stand once.
func (d *Decoder) Mapping(n *yaml.Node, what string, keys ...Key) {
	if n.Kind != yaml.MappingNode {
		d.Problem(n, "%s is %s; write its keys and values: %s", what, KindOf(n), strings.Join(namesOf(keys), ", "))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := slices.IndexFunc(keys, func(k Key) bool { return key.Kind == yaml.ScalarNode && k.name == key.Value })
		switch line, twice := seen[key.Value]; {
		case at < 0:
			d.unknownKey(key, what, namesOf(keys))
		case twice:
			d.Problem(key, "key %q stands already in line %d; keep one of them", key.Value, line)
		default:
			seen[key.Value] = key.Line
			keys[at].decode(value, d.inside(what, key.Value))
		}
	}
	for _, k := range keys {
		if _, found := seen[k.name]; k.required && !found {
			d.Problem(n, "%s is missing; add it", d.inside(what, k.name))
		}
	}
}

func (d *Decoder) unknownKey(key *yaml.Node, what string, known []string) {
	if key.Kind != yaml.ScalarNode {
		d.Problem(key, "a key in %s is %s; known keys are %s", what, KindOf(key), strings.Join(known, ", "))
		return
	}
	if d.overwhelmed() { // the nearest key is work, and nobody will read it
		d.more++
		return
	}
	const few = 12
	rest := fmt.Sprintf("%s has all %d", d.language.Keys, len(known))
	if len(known) <= few {
		rest = "known: " + strings.Join(known, ", ")
	}
	d.Problem(key, "unknown key %s in %s; the nearest known key is %q (%s)", Quote(key.Value), what, Nearest(key.Value, known), rest)
}

// Member returns the value of a mapping's key.
func Member(n *yaml.Node, key string) (*yaml.Node, bool) {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1], true
		}
	}
	return nil, false
}

// List reads a list with at least one member.
func (d *Decoder) List(n *yaml.Node, what string, most int, each func(n *yaml.Node, what string)) {
	switch {
	case n.Kind != yaml.SequenceNode:
		d.Problem(n, "%s is %s; write a list: [a, b]", what, KindOf(n))
	case len(n.Content) == 0:
		d.Problem(n, "%s is an empty list; name at least one, or leave the key out", what)
	case len(n.Content) > most:
		d.Problem(n, "%s has %d members; at most %d are read: split %s", what, len(n.Content), most, d.Top())
	default:
		for _, child := range n.Content {
			each(child, what)
		}
	}
}

// Word reads a scalar that is not empty, whatever it looks like to YAML: "off", 3 and 72h are
// words all the same.
func (d *Decoder) Word(n *yaml.Node, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Value == "" || n.Tag == "!!null" {
		d.Problem(n, "%s is %s; write a value", what, KindOf(n))
		return "", false
	}
	return n.Value, true
}

// Text reads one line of text.
func (d *Decoder) Text(n *yaml.Node, what string) string {
	const longest = 500
	s, ok := d.Word(n, what)
	switch {
	case !ok:
		return ""
	case len(s) > longest:
		d.Problem(n, "%s is longer than %d characters; shorten it", what, longest)
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u2029' }):
		d.Problem(n, "%s has more than one line, or a control character; write one line of text", what)
	}
	return s
}

// Identifier reads a name that people type and scripts compare.
func (d *Decoder) Identifier(n *yaml.Node, what string) string {
	const letters, longest = "abcdefghijklmnopqrstuvwxyz0123456789.-", 63
	s, ok := d.Word(n, what)
	if ok && (len(s) > longest || strings.Trim(s, letters) != "" || strings.Trim(s, ".-") != s) {
		d.Problem(n, "%s is %s; write at most %d lower-case letters, digits, dots and hyphens, such as not-root", what, Quote(s), longest)
	}
	return s
}

// Truth reads true or false. YAML 1.1's yes, no, on and off are words elsewhere in a policy.
func (d *Decoder) Truth(n *yaml.Node, what string) *bool {
	holds := n.Value == "true"
	if n.Kind != yaml.ScalarNode || n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 || !holds && n.Value != "false" {
		d.Problem(n, "%s is %s; write true or false, without quotes", what, KindOf(n))
		return nil
	}
	return &holds
}

// Choice reads one of a few words and returns its index, -1 if it is none of them.
func (d *Decoder) Choice(n *yaml.Node, what string, words ...string) int {
	at := slices.Index(words, n.Value)
	if n.Kind != yaml.ScalarNode || at < 0 {
		d.Problem(n, "%s is %s; write %s", what, KindOf(n), orList(words))
		return -1
	}
	return at
}

// Number reads a number within bounds.
func (d *Decoder) Number(n *yaml.Node, what string, least, most float64, example string) float64 {
	value, err := strconv.ParseFloat(n.Value, 64)
	if n.Kind != yaml.ScalarNode || err != nil || strings.Trim(n.Value, "0123456789.") != "" || value < least || value > most {
		d.Problem(n, "%s is %s; write a number from %v to %v, such as %s", what, KindOf(n), least, most, example)
		return least
	}
	return value
}

// Whole reads a whole number from 1.
func (d *Decoder) Whole(n *yaml.Node, what string) int {
	const most = 1_000_000
	value, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || value < 1 || value > most || strconv.Itoa(value) != n.Value {
		d.Problem(n, "%s is %s; write a whole number from 1 to %d", what, KindOf(n), most)
		return 1
	}
	return value
}

// Moment reads a time with its zone.
func (d *Decoder) Moment(n *yaml.Node, what string) time.Time {
	t, err := time.Parse(time.RFC3339, n.Value)
	switch {
	case n.Kind != yaml.ScalarNode || err != nil:
		d.Problem(n, "%s is %s; write day, time and zone, such as 2026-12-30T00:00:00Z", what, KindOf(n))
	case t.Nanosecond() != 0:
		d.Problem(n, "%s is %s; write whole seconds", what, KindOf(n))
	}
	return t.UTC()
}

// KindOf says what stands at a node, for messages.
func KindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Value == "" || n.Tag == "!!null":
		return "empty"
	default:
		return Quote(n.Value)
	}
}

// Quote writes a word of the file for messages: in quotes, and not too long.
func Quote(s string) string {
	const most = 40
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

func namesOf(keys []Key) []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return names
}

// inside names a key of a mapping: "scope.images", and "apiVersion" at the top.
func (d *Decoder) inside(what, key string) string {
	if what == d.Top() {
		return key
	}
	return what + "." + key
}

func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
