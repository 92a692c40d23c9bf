package pypi

import (
	"io"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/internal/leanjson"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// maxLock bounds a Pipfile.lock. Those of big projects have 1 or 2 MiB, mostly sums of files.
const maxLock = 16 << 20

// parsePipfileLock reads Pipfile.lock (pipenv.pypa.io, "Pipfile & Pipfile.lock"): what is in the
// category "default"; the others, as "develop", are installed only if asked for.
func parsePipfileLock(source io.Reader) (record.Contents, error) {
	var r leanjson.Reader
	var list listing.List
	r.Reset(source, maxLock, leanjson.Strict)
	r.Object(func(category []byte) {
		if string(category) != "default" {
			return
		}
		r.Object(func(name []byte) {
			p := locked{Name: string(name)}
			r.Object(func(field []byte) {
				switch string(field) {
				case "version":
					version, _ := r.Text()
					p.Version = strings.TrimPrefix(version, "==")
				case "path":
					p.Path, _ = r.Text()
				case "editable":
					p.Editable = r.Bool()
				}
			})
			p.addTo(&list)
		})
	})
	return list.End(r.End())
}

// locked is an entry of a lock file, with the words of poetry.lock, uv.lock, pdm.lock and
// pylock.toml. What a file's tool does not write stays empty.
type locked struct {
	Name, Version string
	Category      string   // poetry before 1.5
	Groups        []string // poetry from 2.0 on, pdm
	Marker        string   // pylock: may ask for a dependency group
	Source        struct {
		Type                         string // poetry
		Editable, Virtual, Directory string // uv
	}
	Path      string // pdm, pipenv
	Editable  bool   // pdm, pipenv
	Directory *struct{ Path string }
}

// parseTOMLLock reads the lock files that are TOML. They differ in what they say of a package, not
// in how they list them.
func parseTOMLLock(source io.Reader) (record.Contents, error) {
	content, err := listing.Read(source)
	if err != nil {
		return record.Contents{}, err
	}
	var lock struct {
		Package  []locked // poetry, uv, pdm
		Packages []locked // pylock: PEP 751
	}
	var list listing.List
	err = listing.TOML(content, &lock)
	for _, p := range slices.Concat(lock.Package, lock.Packages) {
		p.addTo(&list)
	}
	return list.End(err)
}

func (p locked) addTo(list *listing.List) {
	if !p.isOwn() && !p.isForDevelopment() {
		list.Add(record.Package{Name: ecosystem.NormalName("PyPI", p.Name), Version: p.Version})
	}
}

// isOwn tells whether a package is a folder: the project's own, or one beside it.
func (p locked) isOwn() bool {
	isFolder := p.Path != "" && !strings.HasSuffix(p.Path, ".whl") && !strings.HasSuffix(p.Path, ".tar.gz") && !strings.HasSuffix(p.Path, ".zip")
	return p.Editable || isFolder || p.Directory != nil || p.Source.Type == "directory" ||
		p.Source.Editable != "" || p.Source.Virtual != "" || p.Source.Directory != ""
}

// isForDevelopment tells whether a package is wanted by the dependency group "dev" alone (PEP 735
// leaves names to the project; this one is every tool's default). Other groups may be a part of
// what is installed.
func (p locked) isForDevelopment() bool {
	onlyDev := len(p.Groups) > 0 && !slices.ContainsFunc(p.Groups, func(group string) bool { return group != "dev" })
	return onlyDev || p.Category == "dev" || p.Marker == `"dev" in dependency_groups` || p.Marker == `'dev' in dependency_groups`
}
