package policy

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decoder reads YAML nodes strictly. It goes on after a problem, so that a file's problems can
// be mended in one go; its values are worth nothing once there is one.
type decoder struct {
	file     string
	language string // what the file holds, for messages: a policy
	data     []byte
	compiler *environment // made when the first expression is met
	problems []Problem
	more     int // problems that are not told
}

func (d *decoder) problem(n *yaml.Node, format string, arguments ...any) {
	d.at(max(n.Line, 1), max(n.Column, 1), format, arguments...)
}

// field is one key that a mapping may have.
type field struct {
	key      string
	required bool
	decode   func(value *yaml.Node, what string)
}

// mapping reads a mapping. Every key must be one of the fields, and stand once.
func (d *decoder) mapping(n *yaml.Node, what string, fields ...field) {
	if n.Kind != yaml.MappingNode {
		d.problem(n, "%s is %s; write its keys and values: %s", what, kindOf(n), strings.Join(keysOf(fields), ", "))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := slices.IndexFunc(fields, func(f field) bool { return key.Kind == yaml.ScalarNode && f.key == key.Value })
		switch line, twice := seen[key.Value]; {
		case at < 0:
			d.unknownKey(key, what, keysOf(fields))
		case twice:
			d.problem(key, "key %q stands already in line %d; keep one of them", key.Value, line)
		default:
			seen[key.Value] = key.Line
			fields[at].decode(value, inside(what, key.Value))
		}
	}
	for _, f := range fields {
		if _, found := seen[f.key]; f.required && !found {
			d.problem(n, "%s is missing; add it", inside(what, f.key))
		}
	}
}

func (d *decoder) unknownKey(key *yaml.Node, what string, known []string) {
	if key.Kind != yaml.ScalarNode {
		d.problem(key, "a key in %s is %s; known keys are %s", what, kindOf(key), strings.Join(known, ", "))
		return
	}
	if d.overwhelmed() { // the nearest key is work, and nobody will read it
		d.more++
		return
	}
	const few = 12
	rest := fmt.Sprintf("docs/policy-reference.md has all %d", len(known))
	if len(known) <= few {
		rest = "known: " + strings.Join(known, ", ")
	}
	d.problem(key, "unknown key %s in %s; the nearest known key is %q (%s)", quote(key.Value), what, nearest(key.Value, known), rest)
}

// member returns the value of a mapping's key.
func member(n *yaml.Node, key string) (*yaml.Node, bool) {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1], true
		}
	}
	return nil, false
}

// list reads a list with at least one member.
func (d *decoder) list(n *yaml.Node, what string, most int, each func(n *yaml.Node, what string)) {
	switch {
	case n.Kind != yaml.SequenceNode:
		d.problem(n, "%s is %s; write a list: [a, b]", what, kindOf(n))
	case len(n.Content) == 0:
		d.problem(n, "%s is an empty list; name at least one, or leave the key out", what)
	case len(n.Content) > most:
		d.problem(n, "%s has %d members; at most %d are read: split the policy", what, len(n.Content), most)
	default:
		for _, child := range n.Content {
			each(child, what)
		}
	}
}

// word reads a scalar that is not empty, whatever it looks like to YAML: "off", 3 and 72h are
// words all the same.
func (d *decoder) word(n *yaml.Node, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Value == "" || n.Tag == "!!null" {
		d.problem(n, "%s is %s; write a value", what, kindOf(n))
		return "", false
	}
	return n.Value, true
}

// text reads one line of text.
func (d *decoder) text(n *yaml.Node, what string) string {
	const longest = 500
	s, ok := d.word(n, what)
	switch {
	case !ok:
		return ""
	case len(s) > longest:
		d.problem(n, "%s is longer than %d characters; shorten it", what, longest)
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u2029' }):
		d.problem(n, "%s has more than one line, or a control character; write one line of text", what)
	}
	return s
}

// identifier reads a name that people type and scripts compare.
func (d *decoder) identifier(n *yaml.Node, what string) string {
	const letters, longest = "abcdefghijklmnopqrstuvwxyz0123456789.-", 63
	s, ok := d.word(n, what)
	if ok && (len(s) > longest || strings.Trim(s, letters) != "" || strings.Trim(s, ".-") != s) {
		d.problem(n, "%s is %s; write at most %d lower-case letters, digits, dots and hyphens, such as not-root", what, quote(s), longest)
	}
	return s
}

// truth reads true or false. YAML 1.1's yes, no, on and off are words elsewhere in a policy.
func (d *decoder) truth(n *yaml.Node, what string) *bool {
	holds := n.Value == "true"
	if n.Kind != yaml.ScalarNode || n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 || !holds && n.Value != "false" {
		d.problem(n, "%s is %s; write true or false, without quotes", what, kindOf(n))
		return nil
	}
	return &holds
}

// choice reads one of a few words and returns its index, -1 if it is none of them.
func (d *decoder) choice(n *yaml.Node, what string, words ...string) int {
	at := slices.Index(words, n.Value)
	if n.Kind != yaml.ScalarNode || at < 0 {
		d.problem(n, "%s is %s; write %s", what, kindOf(n), orList(words))
		return -1
	}
	return at
}

// kindOf says what stands at a node, for messages.
func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Value == "" || n.Tag == "!!null":
		return "empty"
	default:
		return quote(n.Value)
	}
}

func quote(s string) string {
	const most = 40
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

func keysOf(fields []field) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

// inside names a key of a mapping: "scope.images", and "apiVersion" at the top.
func inside(what, key string) string {
	if strings.HasPrefix(what, "the ") { // a document
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
