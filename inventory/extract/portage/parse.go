package portage

import (
	"io"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// oneLine reads a file that holds a single value; ok is false if it is too long.
func oneLine(r io.Reader) (value string, ok bool, err error) {
	ok = true
	err = record.EachLine(r, func(line []byte, truncated bool) {
		if value == "" {
			value = strings.TrimSpace(string(line))
			ok = !truncated && len(value) <= record.MaxText
		}
	}, func([]byte) {})
	return value, ok, err
}

// parseName reads PF, the package's name and version.
func parseName(r io.Reader, category string) (record.Contents, error) {
	value, ok, err := oneLine(r)
	if err != nil {
		return record.Contents{}, err
	}
	name, version := splitVersion(value)
	if !ok || version == "" || !record.IsWord([]byte(name)) || !record.IsWord([]byte(category)) {
		return record.Contents{Gaps: []record.Gap{{Code: record.MalformedEntry, Why: "it is not NAME-VERSION"}}}, nil
	}
	return record.Contents{Packages: []record.Package{{Name: category + "/" + name, Version: version}}}, nil
}

// splitVersion cuts NAME-VERSION or NAME-VERSION-rREVISION: behind a dash in a name stands
// nothing that could be a version (Package Manager Specification, "Names and versions").
func splitVersion(text string) (name, version string) {
	for i := 1; i < len(text); i++ {
		if text[i] == '-' && isVersion(text[i+1:]) {
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

// isVersion tells whether text is 1.2.3, perhaps with a letter, suffixes such as _rc1 and a
// revision behind it.
func isVersion(text string) bool {
	text, revision, hasRevision := strings.Cut(text, "-r")
	if hasRevision && (revision == "" || withoutDigits(revision) != "") {
		return false
	}
	numbers, suffixes, hasSuffixes := strings.Cut(text, "_")
	if n := len(numbers); n > 1 && numbers[n-1] >= 'a' && numbers[n-1] <= 'z' {
		numbers = numbers[:n-1]
	}
	for number := range strings.SplitSeq(numbers, ".") {
		if number == "" || withoutDigits(number) != "" {
			return false
		}
	}
	if !hasSuffixes {
		return true
	}
	for suffix := range strings.SplitSeq(suffixes, "_") {
		switch withoutDigits(suffix) {
		case "alpha", "beta", "pre", "rc", "p":
		default:
			return false
		}
	}
	return true
}

// withoutDigits cuts the digits off the end.
func withoutDigits(text string) string { return strings.TrimRight(text, "0123456789") }

// parseLicense reads LICENSE: names, or a condition with brackets, which stays in one piece.
func parseLicense(r io.Reader) (record.Contents, error) {
	value, ok, err := oneLine(r)
	if err != nil || !ok {
		return record.Contents{}, err
	}
	words := strings.Fields(strings.ToValidUTF8(value, "\uFFFD"))
	if strings.ContainsAny(value, "()|?") {
		words = []string{strings.Join(words, " ")}
	}
	return record.Contents{Packages: []record.Package{{Licenses: words}}}, nil
}

// parseContents reads CONTENTS (portage, dbapi/vartree.py): "obj PATH SUM TIME" for a file and
// "sym PATH -> TARGET TIME" for a link; folders belong to many packages.
func parseContents(r io.Reader) (record.Contents, error) {
	var list record.Package
	err := record.EachLine(r, func(line []byte, truncated bool) {
		if truncated {
			return
		}
		if path := ownedPath(string(line)); path != "" {
			list.Owns = append(list.Owns, record.SumPath(path))
		}
	}, func([]byte) {})
	return record.Contents{Packages: []record.Package{list}}, err
}

func ownedPath(line string) string {
	if link, isLink := strings.CutPrefix(line, "sym "); isLink {
		path, _, _ := strings.Cut(link, " -> ")
		return path
	}
	path, isFile := strings.CutPrefix(line, "obj ")
	if !isFile {
		return ""
	}
	for range 2 { // the sum and the time
		i := strings.LastIndexByte(path, ' ')
		if i < 0 {
			return ""
		}
		path = path[:i]
	}
	return path
}
