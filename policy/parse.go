package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/image"
)

// The limits of a policy file. They are far above what people write.
const (
	// MaxSize is the largest policy file in bytes.
	MaxSize = 1 << 20
	// mostRules bounds the rules of one policy, mostItems the members of any list.
	mostRules = 1000
	mostItems = 1000
	// deepest bounds how deep a document nests: the language needs four levels.
	deepest = 16
)

// Parse reads the policies of a file, in its order. The name is for messages only. If anything
// is wrong it returns no policy and a *ParseError.
func Parse(name string, data []byte) ([]Policy, error) {
	d := &decoder{file: name, language: "a policy"}
	var policies []Policy
	names := map[string]int{}
	d.documents(data, func(root *yaml.Node) {
		p, name := d.policy(root)
		switch first, taken := names[p.name]; {
		case name == nil:
		case taken:
			d.problem(name, "policy %q stands already in line %d; give each policy a name of its own", p.name, first)
		default:
			names[p.name] = name.Line
		}
		policies = append(policies, p)
	})
	if len(policies) == 0 && len(d.problems) == 0 {
		d.at(1, 1, "the file holds no policy; begin with apiVersion: %s", apiVersion)
	}
	if len(d.problems) > 0 {
		return nil, newParseError(d.problems, d.more)
	}
	digest := image.DigestOf(data)
	for i := range policies {
		policies[i].digest = digest
		policies[i].position = i
	}
	return policies, nil
}

// readable refuses what no YAML reader should be given.
func (d *decoder) readable(data []byte) bool {
	if len(data) > MaxSize {
		d.at(1, 1, "the file has %d bytes; %s's may have %d: split it", len(data), d.language, MaxSize)
		return false
	}
	if !utf8.Valid(data) {
		line, column := position(data, firstInvalid(data))
		d.at(line, column, "the file is not UTF-8 text; save it as UTF-8")
		return false
	}
	return true
}

// documents reads each document of the file that is not empty.
func (d *decoder) documents(data []byte, read func(root *yaml.Node)) {
	if !d.readable(data) {
		return
	}
	d.data = data
	reader := &countingReader{data: data}
	documents := yaml.NewDecoder(reader)
	for {
		var document yaml.Node
		err := documents.Decode(&document)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			d.syntax(data, reader.given, err)
			return
		}
		root := document.Content[0]
		if root.Tag == "!!null" && root.Value == "" || !d.plain(root, deepest) {
			continue
		}
		read(root)
	}
}

// plain refuses YAML's anchors, aliases and tags. A policy is read by people who answer for it:
// what it says must stand where it says it, and a small file must not become a large one.
func (d *decoder) plain(n *yaml.Node, depth int) bool {
	switch {
	case depth == 0:
		d.problem(n, "this nests more than %d levels deep; %s needs four", deepest, d.language)
		return false
	case n.Kind == yaml.AliasNode:
		d.problem(n, "a YAML alias (*%.40s) is not allowed in %s; write the value out", n.Value, d.language)
		return false
	case n.Anchor != "":
		d.problem(n, "a YAML anchor (&%.40s) is not allowed in %s; write the value out where it is needed", n.Anchor, d.language)
		return false
	case n.Style&yaml.TaggedStyle != 0:
		d.problem(n, "a YAML tag (%.40s) is not allowed in %s; leave it out", n.Tag, d.language)
		return false
	}
	ok := true
	for _, child := range n.Content {
		ok = d.plain(child, depth-1) && ok
	}
	return ok
}

// syntax reports text that is no YAML. The reader's own line numbers are up to three lines off
// (they name the start of the construct or lack one), so the line is found by asking which
// beginnings of the file can be read: the first line that no beginning survives is the bad one.
func (d *decoder) syntax(data []byte, given int, err error) {
	lines := bytes.SplitAfter(data, []byte("\n"))
	line, _ := position(data, max(given-1, 0))
	// The search reads the file again for each line that it goes back; this bounds its work.
	budget := 2 * MaxSize
	for first := line; first > 0 && budget > 0; first-- {
		beginning := bytes.Join(lines[:first-1], nil)
		if budget -= len(beginning) + 1; isYAML(beginning) {
			line = first
			break
		}
	}
	text := string(lines[line-1])
	indentation := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	if tab := strings.IndexByte(indentation, '\t'); tab >= 0 {
		d.at(line, tab+1, "a tab indents this line; YAML takes spaces only")
		return
	}
	d.at(line, len(indentation)+1, "this is not YAML: %s; mend the line, or the quote or bracket that it opens", reason(err))
}

// reason returns the YAML reader's complaint without its name and line.
func reason(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if after, found := strings.CutPrefix(text, "line "); found {
		if _, rest, found := strings.Cut(after, ": "); found {
			return rest
		}
	}
	return text
}

func isYAML(data []byte) bool {
	documents := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var document yaml.Node
		switch err := documents.Decode(&document); {
		case errors.Is(err, io.EOF):
			return true
		case err != nil:
			return false
		}
	}
}

// countingReader hands out one byte at a time, so that given tells how far the YAML reader had
// read when it gave up.
type countingReader struct {
	data  []byte
	given int
}

func (r *countingReader) Read(p []byte) (int, error) {
	if r.given == len(r.data) {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	p[0] = r.data[r.given]
	r.given++
	return 1, nil
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// position returns the line and column, from 1, of the byte at an offset. A line ends after its
// newline character.
func position(data []byte, offset int) (line, column int) {
	before := data[:min(offset, len(data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}

// at records a problem. Past manyProblems they are only counted.
func (d *decoder) at(line, column int, format string, arguments ...any) {
	if d.overwhelmed() {
		d.more++
		return
	}
	d.problems = append(d.problems, Problem{d.file, line, column, fmt.Sprintf(format, arguments...)})
}

// manyProblems is after how many problems nobody will read the next one.
const manyProblems = 1000

func (d *decoder) overwhelmed() bool { return len(d.problems) >= manyProblems }
