package dpkg

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// field is a field of a stanza that is used.
type field int

const (
	packageField field = iota
	versionField
	architectureField
	sourceField
	statusField
	fieldCount
	otherField = fieldCount
)

// fieldOf recognises a field's name. Names are not case-sensitive (deb822(5)).
func fieldOf(name []byte) field {
	for f, wanted := range [...]string{"package", "version", "architecture", "source", "status"} {
		if len(name) == len(wanted) && strings.EqualFold(string(name), wanted) {
			return field(f)
		}
	}
	return otherField
}

// parser reads stanzas (deb822(5)) line by line and keeps of each only the fields that are used.
type parser struct {
	contents  record.Contents
	malformed record.Tally
	line      int
	start     int // line of the stanza's first field, 0 before it
	last      field
	values    [fieldCount][]byte
	present   [fieldCount]bool
	broken    string // why the stanza makes no sense
}

// parse returns the installed packages. A stanza that makes no sense is a gap; the others count.
// After an error the contents are those of the stanzas before it.
func parse(r io.Reader) (record.Contents, error) {
	p := &parser{last: otherField}
	err := record.EachLine(r, p.take, p.checkNUL)
	if err == nil {
		p.endStanza()
	}
	p.contents.Gaps = p.malformed.AppendTo(p.contents.Gaps, record.MalformedEntry)
	return p.contents, err
}

// take reads one line. Of a truncated one only the beginning is there.
func (p *parser) take(line []byte, truncated bool) {
	p.line++
	if len(line) == 0 {
		p.endStanza()
		return
	}
	if line[0] == '#' {
		return
	}
	if p.start == 0 {
		p.start = p.line
	}
	p.checkNUL(line)
	if line[0] == ' ' || line[0] == '\t' {
		if p.last != otherField {
			p.fail("a value that must be one line goes on")
		}
		return
	}
	name, value, found := bytes.Cut(line, []byte(":"))
	if !found {
		p.fail("a line is neither a field nor a continuation")
		p.last = otherField
		return
	}
	p.last = fieldOf(name)
	if p.last == otherField {
		return
	}
	value = bytes.TrimSpace(value)
	if p.present[p.last] {
		p.fail("a field is given twice")
	}
	if truncated || len(value) > record.MaxText {
		p.fail("a value is too long")
		value = nil
	}
	p.present[p.last] = true
	p.values[p.last] = append(p.values[p.last][:0], value...)
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

// endStanza adds the stanza's package, if it is installed.
func (p *parser) endStanza() {
	if p.start == 0 {
		return
	}
	if why := p.addPackage(); why != "" {
		p.malformed.Add("stanza at line %d: %s", p.start, why)
	}
	p.start, p.last, p.broken = 0, otherField, ""
	p.present = [fieldCount]bool{}
	for f := range p.values {
		p.values[f] = p.values[f][:0]
	}
}

// addPackage returns why the stanza makes no sense, "" if it does.
func (p *parser) addPackage() string {
	if p.broken != "" {
		return p.broken
	}
	if p.present[statusField] {
		installed, known := hasFiles(p.values[statusField])
		switch {
		case !known:
			return "its status is none that dpkg knows"
		case !installed:
			return ""
		}
	}
	name, version, arch := p.values[packageField], p.values[versionField], p.values[architectureField]
	switch {
	case !record.IsWord(name):
		return "it has no package name"
	case !record.IsWord(version):
		return "it has no version"
	case len(arch) > 0 && !record.IsWord(arch):
		return "its architecture is not a word"
	}
	listed := record.Package{Name: string(name), Version: string(version), Arch: string(arch)}
	listed.SourceName, listed.SourceVersion = listed.Name, listed.Version
	if value := p.values[sourceField]; len(value) > 0 {
		sourceName, sourceVersion, ok := splitSource(value)
		if !ok {
			return "its source is neither NAME nor NAME (VERSION)"
		}
		listed.SourceName = string(sourceName)
		if len(sourceVersion) > 0 {
			listed.SourceVersion = string(sourceVersion)
		}
	}
	p.contents.Packages = append(p.contents.Packages, listed)
	return ""
}

// hasFiles tells from a Status ("want flag state") whether the package has files on disk, and
// whether the state is one of dpkg's. distroless leaves the field out: its packages are there.
func hasFiles(status []byte) (installed, known bool) {
	words := bytes.Fields(status)
	if len(words) != 3 {
		return false, false
	}
	state := string(words[2])
	if slices.Contains([]string{"not-installed", "config-files"}, state) {
		return false, true
	}
	return true, slices.Contains([]string{
		"installed", "unpacked", "half-configured", "half-installed", "triggers-awaited", "triggers-pending",
	}, state)
}

// splitSource reads "NAME" or "NAME (VERSION)" (deb-src-control(5), deb822(5) field Source).
func splitSource(value []byte) (name, version []byte, ok bool) {
	name, rest, hasVersion := bytes.Cut(value, []byte("("))
	name = bytes.TrimSpace(name)
	if !hasVersion {
		return name, nil, record.IsWord(name)
	}
	version, closed := bytes.CutSuffix(rest, []byte(")"))
	version = bytes.TrimSpace(version)
	return name, version, closed && record.IsWord(name) && record.IsWord(version)
}
