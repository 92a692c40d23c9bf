package apk

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// parser reads blocks of "K:value" lines, one block for each package, an empty line between
// them (apk-tools doc/apk-package.5.scd and apk_db_index_write). Most lines list files: F: names a
// folder, R: a file in it; what follows them (M:, a:, Z:) is passed over.
type parser struct {
	contents  record.Contents
	malformed record.Tally
	line      int
	start     int             // line of the block's first field, 0 before it
	values    map[byte]string // by the letter of the field
	path      []byte          // the folder that the next files are in, and then a file's name
	folder    int             // length of the folder in path
	owns      []record.PathSum
	broken    string // why the block makes no sense
}

// fields are the letters of the fields that are used: name, version, architecture, origin,
// licence.
const fields = "PVAoL"

// parse returns the installed packages. A block that makes no sense is a gap; the others count.
// After an error the contents are those of the blocks before it.
func parse(r io.Reader) (record.Contents, error) {
	p := &parser{values: map[byte]string{}}
	err := record.EachLine(r, p.take, p.checkNUL)
	if err == nil {
		p.endBlock()
	}
	p.contents.Gaps = p.malformed.AppendTo(p.contents.Gaps, record.MalformedEntry)
	return p.contents, err
}

// take reads one line. Of a truncated one only the beginning is there.
func (p *parser) take(line []byte, truncated bool) {
	p.line++
	if len(line) == 0 {
		p.endBlock()
		return
	}
	if p.start == 0 {
		p.start = p.line
	}
	p.checkNUL(line)
	if len(line) < 2 || line[1] != ':' {
		p.fail("a line is not a letter, a colon and a value")
		return
	}
	letter, value := line[0], bytes.TrimSpace(line[2:])
	if letter == 'F' || letter == 'R' {
		if !truncated {
			p.file(letter, value)
		}
		return
	}
	if strings.IndexByte(fields, letter) < 0 {
		return
	}
	if _, repeated := p.values[letter]; repeated {
		p.fail("a field is given twice")
	}
	if truncated || len(value) > record.MaxText {
		p.fail("a value is too long")
		value = nil
	}
	p.values[letter] = string(value)
}

// file takes in the name of a folder or of a file.
func (p *parser) file(letter byte, name []byte) {
	if letter == 'F' {
		p.path = append(p.path[:0], name...)
		if len(name) > 0 {
			p.path = append(p.path, '/')
		}
		p.folder = len(p.path)
		return
	}
	p.path = append(p.path[:p.folder], name...)
	p.owns = append(p.owns, record.SumPath(p.path))
}

func (p *parser) checkNUL(line []byte) {
	if bytes.IndexByte(line, 0) >= 0 {
		p.fail("it has NUL bytes")
	}
}

func (p *parser) fail(why string) {
	if p.broken == "" {
		p.broken = why
	}
}

func (p *parser) endBlock() {
	if p.start == 0 {
		return
	}
	if why := p.addPackage(); why != "" {
		p.malformed.Add("block at line %d: %s", p.start, why)
	}
	p.start, p.broken, p.owns = 0, "", nil
	p.path, p.folder = p.path[:0], 0
	clear(p.values)
}

// addPackage returns why the block makes no sense, "" if it does.
func (p *parser) addPackage() string {
	name, version, arch, origin := p.values['P'], p.values['V'], p.values['A'], p.values['o']
	switch {
	case p.broken != "":
		return p.broken
	case !record.IsWord([]byte(name)):
		return "it has no package name"
	case !record.IsWord([]byte(version)):
		return "it has no version"
	case arch != "" && !record.IsWord([]byte(arch)):
		return "its architecture is not a word"
	case origin != "" && !record.IsWord([]byte(origin)):
		return "its origin is not a word"
	}
	if origin == "" {
		origin = name // a virtual package (apk add --virtual) was built from nothing else
	}
	p.contents.Packages = append(p.contents.Packages, record.Package{
		Name: name, Version: version, Arch: arch,
		SourceName: origin, SourceVersion: version,
		Licenses: splitLicenses(p.values['L']), Owns: p.owns,
	})
	return ""
}

// splitLicenses returns an SPDX expression as it is, and the names of a plain list, as older
// packages have it ("MIT BSD GPL2+"), one by one.
func splitLicenses(value string) []string {
	words := strings.Fields(strings.ToValidUTF8(value, "\uFFFD"))
	if len(words) == 0 {
		return nil
	}
	isExpression := slices.ContainsFunc(words, func(word string) bool {
		return slices.Contains([]string{"AND", "OR", "WITH"}, word) || strings.ContainsAny(word, "()")
	})
	if isExpression {
		return []string{strings.Join(words, " ")}
	}
	return words
}
