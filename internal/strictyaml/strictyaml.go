// Package strictyaml reads YAML as documents that people answer for are read: a key, a value or a
// feature of YAML that the language does not have is a problem with line and column, and with the
// next step; of keys with the nearest one that is known. Anchors, aliases, tags and merge keys are
// refused: what a document says must stand where it says it.
//
// It knows no language: each key comes with the function that reads its value. Files are at most
// MaxSize bytes, unless the language says otherwise, and nest at most 16 levels.
package strictyaml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The limits of a file. They are far above what people write.
const (
	// MaxSize is the largest file in bytes, of languages that have no bound of their own.
	MaxSize = 1 << 20
	// MostItems bounds the members of a list, for languages that have no bound of their own.
	MostItems = 1000
	// deepest bounds how deep a document nests.
	deepest = 16
)

// readable refuses what no YAML reader should be given.
func (d *Decoder) readable(data []byte) bool {
	if most := cmp.Or(d.language.MaxSize, MaxSize); len(data) > most {
		d.At(1, 1, "the file has %d bytes; %s's may have %d: split it", len(data), d.language.Name, most)
		return false
	}
	if !utf8.Valid(data) {
		line, column := position(data, firstInvalid(data))
		d.At(line, column, "the file is not UTF-8 text; save it as UTF-8")
		return false
	}
	return true
}

// Documents reads each document of the file that is not empty.
func (d *Decoder) Documents(data []byte, read func(root *yaml.Node)) {
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

// Document reads the document of a file that has one.
func (d *Decoder) Document(data []byte, read func(root *yaml.Node)) {
	count := 0
	d.Documents(data, func(root *yaml.Node) {
		if count++; count > 1 {
			d.Problem(root, "a second document begins here; write a file for each")
			return
		}
		read(root)
	})
	if count == 0 && d.Clean() {
		d.At(1, 1, "the file is empty; begin with apiVersion: plimsoll.dev/v1")
	}
}

// Kind returns the kind of a file's first document that is not empty, as far as it can be read:
// who is to read the file.
func Kind(data []byte) string {
	documents := yaml.NewDecoder(bytes.NewReader(data[:min(len(data), MaxSize)]))
	for {
		var document yaml.Node
		if err := documents.Decode(&document); err != nil {
			return ""
		}
		if kind, ok := Member(document.Content[0], "kind"); ok {
			return kind.Value
		}
		if document.Content[0].Tag != "!!null" {
			return ""
		}
	}
}

// plain refuses YAML's anchors, aliases and tags. A document is read by people who answer for it:
// what it says must stand where it says it, and a small file must not become a large one.
func (d *Decoder) plain(n *yaml.Node, depth int) bool {
	switch {
	case depth == 0:
		d.Problem(n, "this nests more than %d levels deep; %s needs %s", deepest, d.language.Name, d.language.Levels)
		return false
	case n.Kind == yaml.AliasNode:
		d.Problem(n, "a YAML alias (*%.40s) is not allowed in %s; write the value out", n.Value, d.language.Name)
		return false
	case n.Anchor != "":
		d.Problem(n, "a YAML anchor (&%.40s) is not allowed in %s; write the value out where it is needed", n.Anchor, d.language.Name)
		return false
	case n.Style&yaml.TaggedStyle != 0:
		d.Problem(n, "a YAML tag (%.40s) is not allowed in %s; leave it out", n.Tag, d.language.Name)
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
func (d *Decoder) syntax(data []byte, given int, err error) {
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
		d.At(line, tab+1, "a tab indents this line; YAML takes spaces only")
		return
	}
	d.At(line, len(indentation)+1, "this is not YAML: %s; mend the line, or the quote or bracket that it opens", reason(err))
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

// At records a problem. Past manyProblems they are only counted.
func (d *Decoder) At(line, column int, format string, arguments ...any) {
	if d.overwhelmed() {
		d.more++
		return
	}
	d.problems = append(d.problems, Problem{d.file, line, column, fmt.Sprintf(format, arguments...)})
}

// manyProblems is after how many problems nobody will read the next one.
const manyProblems = 1000

func (d *Decoder) overwhelmed() bool { return len(d.problems) >= manyProblems }
