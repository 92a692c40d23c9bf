package pypi

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const (
	// maxMetadata bounds the fields of a package's metadata. Long ones have some 50 KiB, of which
	// most is the text that follows them.
	maxMetadata = 1 << 20
	// maxLine is the longest line that is read whole.
	maxLine = 16 << 10
	// maxLicense is the longest value that is taken for a licence's name and not for its text.
	maxLicense = 100
	// maxClassifiers bounds how many licences of one package are kept.
	maxClassifiers = 16
)

// fields are those that are used of a package's metadata (packaging.python.org, "Core metadata
// specifications").
type fields struct {
	name, version       string
	license, expression string
	classifiers         []string
	last                string // the field of the line before
}

// parseMetadata reads METADATA or PKG-INFO: fields as in a mail, up to the first line that is none,
// as Python's own reader takes them (email.parser). Of a field given twice the first counts.
func parseMetadata(r io.Reader) (record.Contents, error) {
	lines := bufio.NewReaderSize(io.LimitReader(r, maxMetadata), maxLine)
	var f fields
	for {
		line, more, err := lines.ReadLine()
		for more && err == nil {
			_, more, err = lines.ReadLine()
			line = nil // what is so long is a text, and no name
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return record.Contents{}, fmt.Errorf("read metadata: %w", err)
		}
		if err != nil || line != nil && !f.take(line) {
			return f.contents(), nil
		}
	}
}

// take reads one line; false if the fields have ended.
func (f *fields) take(line []byte) bool {
	if len(line) == 0 {
		return false
	}
	if line[0] == ' ' || line[0] == '\t' {
		if f.last == "license" {
			f.license = "" // of several lines: the licence's text
		}
		return true
	}
	name, value, found := bytes.Cut(line, []byte(":"))
	if !found || bytes.ContainsAny(name, " \t") {
		return false
	}
	f.last = strings.ToLower(string(name))
	set := func(field *string) {
		if *field == "" {
			*field = string(bytes.TrimSpace(value))
		}
	}
	switch f.last {
	case "name":
		set(&f.name)
	case "version":
		set(&f.version)
	case "license":
		set(&f.license)
	case "license-expression":
		set(&f.expression)
	case "classifier":
		f.classify(string(bytes.TrimSpace(value)))
	}
	return true
}

// classify takes a classifier of the form "License :: OSI Approved :: MIT License".
func (f *fields) classify(classifier string) {
	parts := strings.Split(classifier, " :: ")
	last := parts[len(parts)-1]
	if parts[0] == "License" && len(parts) > 1 && last != "OSI Approved" && len(last) <= maxLicense && len(f.classifiers) < maxClassifiers {
		f.classifiers = append(f.classifiers, strings.ToValidUTF8(last, "\uFFFD"))
	}
}

func (f *fields) contents() record.Contents {
	malformed := func(why string) record.Contents {
		return record.Contents{Gaps: []record.Gap{{Code: record.MalformedEntry, Why: why}}}
	}
	switch {
	case f.name == "":
		return malformed("its metadata states no name")
	case !record.IsWord([]byte(f.name)):
		return malformed(fmt.Sprintf("%.80q is no package's name", f.name))
	case f.version != "" && !record.IsWord([]byte(f.version)):
		return malformed(fmt.Sprintf("%.80q is no version", f.version))
	}
	p := record.Package{Name: ecosystem.NormalName("PyPI", f.name), Version: f.version, Licenses: f.licenses()}
	contents := record.Contents{Packages: []record.Package{p}}
	if f.version == "" {
		contents.Gaps = []record.Gap{{Code: record.UnversionedPackage, Why: p.Name + ": its metadata states no version", Complete: true}}
	}
	return contents
}

// licenses are the SPDX expression (PEP 639), else the name, else what the classifiers say.
func (f *fields) licenses() []string {
	switch {
	case f.expression != "" && len(f.expression) <= record.MaxText:
		return []string{strings.ToValidUTF8(f.expression, "\uFFFD")}
	case f.license != "" && f.license != "UNKNOWN" && len(f.license) <= maxLicense:
		return []string{strings.ToValidUTF8(f.license, "\uFFFD")}
	}
	return f.classifiers
}
