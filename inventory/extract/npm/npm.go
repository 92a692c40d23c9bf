// Package npm reads the packages of JavaScript: those that are installed, and what lock files
// say should be.
//
// Installed is every package.json that states a name and a version, wherever it lies: in a
// node_modules, in /usr/share/nodejs, or the application's own. Lock files are package-lock.json and
// npm-shrinkwrap.json (versions 1 to 3), yarn.lock (classic and berry), pnpm-lock.yaml (5 to 9) and
// bun.lock. One that has a node_modules with packages beside it adds nothing: what is installed
// counts. One that lies in an installed package is that package's test data, and is not read. Which
// lock files count is for package listing to say.
//
// It does not: follow package.json's dependencies, look into bun.lockb (a gap) or yarn's archives
// (.yarn/cache), or tell a private package from a published one of that name. A package that a
// lock file marks as wanted for development only is left out; yarn, bun and pnpm from version 9 on
// do not mark them.
//
// Limits: a package.json of 1 MiB, a lock file of 64 MiB, values 100 deep.
package npm

import (
	"context"
	"path"
	"strings"
	"sync"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/internal/leanjson"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const (
	purlType = "npm"
	// maxManifest bounds a package.json. The longest in use have some 100 KiB.
	maxManifest = 1 << 20
	// maxLock bounds a lock file. Those of big monorepos have a few MiB.
	maxLock = 64 << 20
)

// Extractor is an extract.Extractor.
type Extractor struct {
	readers *sync.Pool // of *leanjson.Reader
}

// New returns an Extractor.
func New() Extractor {
	return Extractor{&sync.Pool{New: func() any { return new(leanjson.Reader) }}}
}

// Name implements rootfs.Visitor.
func (Extractor) Name() string { return "npm" }

// Version implements rootfs.Visitor.
func (Extractor) Version() int { return 2 }

// Known returns nothing: packages may lie anywhere.
func (Extractor) Known() []string { return nil }

// Wants implements rootfs.Visitor.
func (Extractor) Wants(entry *rootfs.Entry, _ []byte) rootfs.Want {
	switch kindOf(entry.Path) {
	case other:
		return rootfs.Ignore
	case manifest:
		return rootfs.Stream
	default:
		if listing.InsidePackages(entry.Path) {
			return rootfs.Ignore
		}
		return rootfs.Stream
	}
}

// Visit returns the packages as a record.Contents, nothing for a package.json that is no
// package's. What bears none of the names is a package.json that a hard link made.
func (e Extractor) Visit(_ context.Context, f *rootfs.File) ([]byte, error) {
	kind := kindOf(f.Path)
	contents, err := e.parse(kind, f)
	if err == nil && kind <= manifest && len(contents.Packages) == 0 && len(contents.Gaps) == 0 {
		return nil, nil
	}
	return contents.Encode(), err
}

func (e Extractor) parse(kind kind, f *rootfs.File) (record.Contents, error) {
	switch kind {
	case yarnLock:
		return parseYarnLock(&limited{f, maxLock})
	case pnpmLock:
		return parsePNPMLock(&limited{f, maxLock})
	case bunBinary:
		why := "bun's binary lock file is not read: let bun write bun.lock beside it (bun install --save-text-lockfile)"
		return record.Contents{Gaps: []record.Gap{{Code: record.NoExtractor, Why: why}}}, nil
	}
	r := e.readers.Get().(*leanjson.Reader)
	defer e.readers.Put(r)
	switch kind {
	case packageLock:
		r.Reset(f, maxLock, leanjson.Strict)
		return parsePackageLock(r)
	case bunLock:
		r.Reset(f, maxLock, leanjson.JSONC)
		return parseBunLock(r)
	default:
		r.Reset(f, maxManifest, leanjson.Strict)
		return parseManifest(r, f.Path), nil
	}
}

// kind is what a file's name says it is.
type kind uint8

const (
	other kind = iota
	manifest
	packageLock
	yarnLock
	pnpmLock
	bunLock
	bunBinary
)

func kindOf(path string) kind {
	switch path[strings.LastIndexByte(path, '/')+1:] {
	case "package.json":
		return manifest
	case "package-lock.json", "npm-shrinkwrap.json":
		return packageLock
	case "yarn.lock":
		return yarnLock
	case "pnpm-lock.yaml":
		return pnpmLock
	case "bun.lock":
		return bunLock
	case "bun.lockb":
		return bunBinary
	}
	return other
}

// Assemble implements extract.Extractor. bun's binary lock file says nothing beside its text.
func (Extractor) Assemble(files []record.File, found *record.Found) {
	asText := map[string]bool{} // the folders that have it
	for _, file := range files {
		if kindOf(file.Path) == bunLock {
			asText[path.Dir(file.Path)] = true
		}
	}
	listing.Rules{
		Type: purlType, Beside: []string{"node_modules"},
		PURL:    func(p record.Package) string { return ecosystem.NPMPURL(p.Name, p.Version) },
		Folders: folders,
		Evidence: func(file string) listing.Evidence {
			switch kind := kindOf(file); {
			case kind == other, kind == bunBinary && asText[path.Dir(file)]:
				return 0
			case kind == manifest:
				return listing.Installed
			default:
				return listing.Locked
			}
		},
	}.Assemble(files, found)
}

// folders are that of a package in node_modules, and the one beside it in which package managers
// put the programs of packages; or that of one of Debian's. An application's own package.json
// does not speak for what lies beside it.
func folders(file string, _ record.Package) []string {
	folder := strings.TrimSuffix(file, "package.json")
	const modules, debian = "node_modules/", "share/nodejs/"
	i := strings.LastIndex("/"+folder, "/"+modules)
	switch {
	case i >= 0 && isPackageName(folder[i+len(modules):]):
		return []string{folder, folder[:i+len(modules)] + ".bin/"}
	case strings.HasPrefix(folder, "usr/"+debian) && isPackageName(folder[len("usr/"+debian):]):
		return []string{folder}
	}
	return nil
}

// isPackageName tells whether the rest of a folder's path is NAME/ or @SCOPE/NAME/.
func isPackageName(rest string) bool {
	if strings.HasPrefix(rest, "@") {
		_, rest, _ = strings.Cut(rest, "/")
	}
	return strings.IndexByte(rest, '/') == len(rest)-1 && rest != ""
}
