package pypi

import (
	"bytes"
	"errors"
	"io"
	"path"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// maxFiles bounds how many files of one package are kept. The largest have some 20,000.
const maxFiles = 1_000_000

// parseRecord reads the list of files that an installer leaves beside the metadata: RECORD, in CSV,
// with paths from the folder that the metadata's folder lies in (packaging.python.org, "Recording
// installed projects"); or installed-files.txt, a path a line from the metadata's own folder, as
// pip wrote it for eggs. It returns them as what a package without a name owns.
func parseRecord(source io.Reader, file string) (record.Contents, error) {
	folder, isTable := path.Dir(file), path.Base(file) == recordName
	if isTable {
		folder = path.Dir(folder)
	}
	var list record.Package
	isLong := false
	err := record.EachLine(source, func(line []byte, truncated bool) {
		name := string(line)
		if isTable {
			name = firstField(line)
		}
		switch {
		case name == "" || truncated:
			return
		case len(list.Owns) == maxFiles:
			isLong = true
			return
		case !strings.HasPrefix(name, "/"):
			name = path.Join("/", folder, name)
		}
		list.Owns = append(list.Owns, record.SumPath(path.Clean(name)))
	}, func([]byte) {})
	if err == nil && isLong {
		err = errors.New("it lists more files than are read of one package")
	}
	return record.Contents{Packages: []record.Package{list}}, err
}

// firstField returns the first field of a line of CSV (RFC 4180). One that goes on in the next line
// is no path that an installer writes.
func firstField(line []byte) string {
	if !bytes.HasPrefix(line, []byte(`"`)) {
		field, _, _ := bytes.Cut(line, []byte(","))
		return string(field)
	}
	var field strings.Builder
	for rest := line[1:]; ; {
		text, after, closed := bytes.Cut(rest, []byte(`"`))
		field.Write(text)
		switch {
		case !closed:
			return ""
		case bytes.HasPrefix(after, []byte(`"`)): // two for one
			field.WriteByte('"')
			rest = after[1:]
		default:
			return field.String()
		}
	}
}

// folders are those that a package without a list of files brought: the one of its name beside its
// metadata, in small letters too, as MarkupSafe's is markupsafe; and all of an egg that is a folder.
func folders(file string, _ record.Package) []string {
	metadataFolder, _, isInside := cutLast(file, "/")
	if egg, found := strings.CutSuffix(metadataFolder, "/EGG-INFO"); found {
		return []string{egg + "/"}
	}
	entry := file // a file NAME-VERSION.egg-info
	if isInside && kindOf(file) == metadata && !strings.HasSuffix(file, ".egg-info") {
		entry = metadataFolder
	}
	site, name, _ := cutLast(entry, "/")
	if site == "" || !isSite(site) {
		return nil
	}
	name, _, _ = strings.Cut(name, "-")
	name, _, _ = strings.Cut(name, ".")
	return []string{site + "/" + name + "/", site + "/" + strings.ToLower(name) + "/", site + "/" + name + ".libs/"}
}

// isSite tells whether a folder is one into which packages are installed (Python, module site).
func isSite(folder string) bool {
	name := path.Base(folder)
	return name == "site-packages" || name == "dist-packages"
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+len(separator):], true
}
