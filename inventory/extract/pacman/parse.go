package pacman

import (
	"io"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const maxLicenses = 100

// eachValue reads a file of the database (libalpm/be_local.c, _cache_load_entries): a line %FIELD%,
// then its values, one a line, up to an empty line. take is told of a value that is too long.
func eachValue(r io.Reader, take func(field, value string, tooLong bool)) error {
	field := ""
	return record.EachLine(r, func(line []byte, truncated bool) {
		text := string(line)
		switch {
		case text == "":
			field = ""
		case field == "" && len(text) > 2 && text[0] == '%' && text[len(text)-1] == '%':
			field = strings.Trim(text, "%")
		default:
			take(field, text, truncated || len(text) > record.MaxText)
		}
	}, func([]byte) {})
}

// parseDescription returns the package that a desc file describes.
func parseDescription(r io.Reader) (record.Contents, error) {
	var p record.Package
	why := ""
	err := eachValue(r, func(field, value string, tooLong bool) {
		switch {
		case tooLong && field != "DESC":
			why = "a value is too long"
		case field == "NAME":
			p.Name = value
		case field == "VERSION":
			p.Version, p.SourceVersion = value, value
		case field == "BASE":
			p.SourceName = value
		case field == "ARCH":
			p.Arch = value
		case field == "LICENSE" && len(p.Licenses) < maxLicenses:
			p.Licenses = append(p.Licenses, strings.ToValidUTF8(value, "\uFFFD"))
		}
	})
	if p.SourceName == "" {
		p.SourceName = p.Name // of packages built before pacman 4.2 wrote the base
	}
	switch {
	case err != nil:
		return record.Contents{}, err
	case why != "":
	case !record.IsWord([]byte(p.Name)) || !record.IsWord([]byte(p.SourceName)):
		why = "it has no package name"
	case !record.IsWord([]byte(p.Version)):
		why = "it has no version"
	case p.Arch != "" && !record.IsWord([]byte(p.Arch)):
		why = "its architecture is not a word"
	}
	if why != "" {
		return record.Contents{Gaps: []record.Gap{{Code: record.MalformedEntry, Why: why}}}, nil
	}
	return record.Contents{Packages: []record.Package{p}}, nil
}

// parseFiles returns the list of a files file as what a package without a name owns.
func parseFiles(r io.Reader) (record.Contents, error) {
	var list record.Package
	err := eachValue(r, func(field, value string, tooLong bool) {
		if field == "FILES" && !tooLong && !strings.HasSuffix(value, "/") {
			list.Owns = append(list.Owns, record.SumPath(value))
		}
	})
	return record.Contents{Packages: []record.Package{list}}, err
}
