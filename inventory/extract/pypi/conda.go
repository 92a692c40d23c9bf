package pypi

import (
	"io"
	"strings"

	"plimsoll.dev/plimsoll/internal/leanjson"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// maxCondaMeta bounds a conda-meta/*.json, which lists the package's files, twice.
const maxCondaMeta = 64 << 20

// parseConda reads what conda notes of a package that it installed (conda, PrefixRecord): name and
// version, and of its files those that are a Python package's metadata. They are listed relative
// to the environment, the folder that conda-meta lies in.
func parseConda(source io.Reader, path string) (record.Contents, error) {
	environment := path[:strings.LastIndex(path, "conda-meta/")]
	var r leanjson.Reader
	r.Reset(source, maxCondaMeta, leanjson.Strict)
	var p record.Package
	r.Object(func(name []byte) {
		switch string(name) {
		case "name":
			p.Name, _ = r.Text()
		case "version":
			p.Version, _ = r.Text()
		case "subdir":
			p.Arch, _ = r.Text()
		case "license":
			if text, _ := r.Text(); text != "" {
				p.Licenses = []string{strings.ToValidUTF8(text, "\uFFFD")}
			}
		case "files":
			r.Array(func() {
				if file, _ := r.Text(); kindOf(file) == metadata {
					p.Owns = append(p.Owns, record.SumPath(environment+file))
				}
			})
		}
	})
	if err := r.End(); err != nil {
		return record.Contents{}, err
	}
	if !record.IsWord([]byte(p.Name)) || !record.IsWord([]byte(p.Version)) || p.Arch != "" && !record.IsWord([]byte(p.Arch)) {
		gap := record.Gap{Code: record.MalformedEntry, Why: "it states no name, no version, or no platform that is one"}
		return record.Contents{Gaps: []record.Gap{gap}}, nil
	}
	return record.Contents{Packages: []record.Package{p}}, nil
}
