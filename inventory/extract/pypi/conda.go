package pypi

import (
	"io"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/internal/leanjson"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// maxCondaMeta bounds a conda-meta/*.json, which lists the package's files, twice.
const maxCondaMeta = 64 << 20

// parseConda reads what conda notes of a package that it installed (conda, PrefixRecord): name and
// version, and of its files those that are a Python package's metadata; all of them are what a
// package without a name owns. They are listed relative to the environment, the folder that
// conda-meta lies in.
func parseConda(source io.Reader, path string) (record.Contents, error) {
	environment := path[:strings.LastIndex(path, "conda-meta/")]
	var r leanjson.Reader
	r.Reset(source, maxCondaMeta, leanjson.Strict)
	var p, all record.Package
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
				file, _ := r.Text()
				if kindOf(file) == metadata {
					p.Owns = append(p.Owns, record.SumPath(environment+file))
				}
				if file != "" && len(all.Owns) < maxFiles {
					all.Owns = append(all.Owns, record.SumPath(environment+file))
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
	contents := record.Contents{Packages: []record.Package{p}}
	if len(all.Owns) > 0 {
		contents.Packages = append(contents.Packages, all)
	}
	return contents, nil
}

// addConda adds a package of conda, its files, and the folder of the cache in which conda unpacked
// it before it linked them (conda, "pkgs_dirs").
func addConda(file record.File, found *record.Found) {
	found.AddContents(file, condaType, func(p record.Package) string {
		if p.Name == "" {
			return ""
		}
		return ecosystem.CondaPURL(p.Name, p.Version, p.Arch)
	})
	found.AddBrought(file)
	environment, name, _ := cutLast(file.Path, "conda-meta/")
	found.AddFolder(environment + "pkgs/" + strings.TrimSuffix(name, ".json") + "/")
}
