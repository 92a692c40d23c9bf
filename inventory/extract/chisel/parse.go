package chisel

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// entry is a line of the manifest (github.com/canonical/chisel, public/manifest): the header, or
// what a kind says.
type entry struct {
	Header  string   `json:"jsonwall"`
	Kind    string   `json:"kind"`
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Arch    string   `json:"arch"`
	Path    string   `json:"path"`
	Slices  []string `json:"slices"` // PACKAGE_SLICE
}

// parse returns the packages with the files that their slices brought. A line that makes no
// sense is a gap.
func parse(r io.Reader) (record.Contents, error) {
	var packages []record.Package
	var malformed record.Tally
	owns := map[string][]record.PathSum{}
	number, hasHeader := 0, false
	err := record.EachLine(r, func(line []byte, truncated bool) {
		number++
		if len(bytes.TrimSpace(line)) == 0 {
			return
		}
		var e entry
		if truncated || json.Unmarshal(line, &e) != nil {
			malformed.Add("line %d is not a JSON object of at most 64 KiB", number)
			return
		}
		switch {
		case e.Header != "":
			hasHeader = true
		case e.Kind == "package" && isPackage(e):
			packages = append(packages, record.Package{Name: e.Name, Version: e.Version, Arch: e.Arch})
		case e.Kind == "package":
			malformed.Add("line %d: a package has no name or no version", number)
		case e.Kind == "path" && !strings.HasSuffix(e.Path, "/"):
			for _, slice := range e.Slices {
				name, _, _ := strings.Cut(slice, "_")
				owns[name] = append(owns[name], record.SumPath(e.Path))
			}
		}
	}, func([]byte) {})
	if err == nil && !hasHeader && number > 1 {
		err = errors.New("it does not begin as a manifest of Chisel does")
	}
	for i := range packages {
		packages[i].Owns = owns[packages[i].Name]
	}
	return record.Contents{Packages: packages, Gaps: malformed.AppendTo(nil, record.MalformedEntry)}, err
}

func isPackage(e entry) bool {
	return record.IsWord([]byte(e.Name)) && record.IsWord([]byte(e.Version)) && (e.Arch == "" || record.IsWord([]byte(e.Arch)))
}
