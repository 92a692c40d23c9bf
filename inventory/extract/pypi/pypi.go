// Package pypi reads the packages of Python: those that are installed, and what lock files say
// should be; and those of conda, which installs Python packages too.
//
// Installed is what states its metadata where importlib.metadata looks: *.dist-info/METADATA,
// *.egg-info/PKG-INFO, a file *.egg-info, EGG-INFO/PKG-INFO in a folder or an archive *.egg; and
// conda-meta/*.json. The lock files are Pipfile.lock, poetry.lock, uv.lock, pdm.lock and
// pylock.toml. One that has a virtual environment with packages beside it (.venv, venv) adds
// nothing: what is installed counts. One that lies in an installed package is not read.
//
// A package is called by its normalised name (PEP 503), as in OSV. The Python packages that a conda
// package brought are marked as owned by it, as those of a distribution's packages are.
//
// It does not: read requirements.txt, which says neither what was installed nor, mostly, which
// version; look into wheels, which are not installed; or follow editable installs to their
// sources, as their metadata lies with the others. A package that a lock file marks as wanted for
// development only is left out; uv does not mark them.
//
// Limits: metadata of 1 MiB, a Pipfile.lock of 16 MiB, 4 MiB read of an archive; those of package
// listing for lock files in TOML.
package pypi

import (
	"bytes"
	"context"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const (
	purlType   = "pypi"
	condaType  = "conda"
	recordName = "RECORD"
)

// Extractor is an extract.Extractor.
type Extractor struct{}

// New returns an Extractor.
func New() Extractor { return Extractor{} }

// Name implements rootfs.Visitor.
func (Extractor) Name() string { return "pypi" }

// Version implements rootfs.Visitor.
func (Extractor) Version() int { return 3 }

// Known returns nothing: packages may lie anywhere.
func (Extractor) Known() []string { return nil }

// Wants implements rootfs.Visitor.
func (Extractor) Wants(entry *rootfs.Entry, head []byte) rootfs.Want {
	switch kind := kindOf(entry.Path); {
	case kind == other:
		return rootfs.Ignore
	case kind == egg && !bytes.HasPrefix(head, []byte("PK\x03\x04")): // APPNOTE.TXT, section 4.3.7
		return rootfs.Ignore // no archive: a test's data, or Python of that name
	case kind == egg:
		return rootfs.Random
	case kind.isLock() && listing.InsidePackages(entry.Path):
		return rootfs.Ignore
	default:
		return rootfs.Stream
	}
}

// Visit returns the packages as a record.Contents. What bears none of the names is metadata that a
// hard link made.
func (Extractor) Visit(_ context.Context, f *rootfs.File) ([]byte, error) {
	contents, err := parse(f)
	return contents.Encode(), err
}

func parse(f *rootfs.File) (record.Contents, error) {
	switch kindOf(f.Path) {
	case egg:
		return parseEgg(f)
	case conda:
		return parseConda(f, f.Path)
	case fileList:
		return parseRecord(f, f.Path)
	case pipfileLock:
		return parsePipfileLock(f)
	case tomlLock:
		return parseTOMLLock(f)
	default:
		return parseMetadata(f)
	}
}

// kind is what a file's path says it is.
type kind uint8

const (
	other kind = iota
	metadata
	egg
	conda
	fileList
	pipfileLock
	tomlLock
)

func (k kind) isLock() bool { return k >= pipfileLock }

func kindOf(file string) kind {
	folder, base := file[:strings.LastIndexByte(file, '/')+1], file[strings.LastIndexByte(file, '/')+1:]
	switch base {
	case "METADATA":
		return given(metadata, strings.HasSuffix(folder, ".dist-info/"))
	case "PKG-INFO":
		return given(metadata, strings.HasSuffix(folder, ".egg-info/") || strings.HasSuffix(folder, ".egg/EGG-INFO/"))
	case recordName:
		return given(fileList, strings.HasSuffix(folder, ".dist-info/"))
	case "installed-files.txt":
		return given(fileList, strings.HasSuffix(folder, ".egg-info/"))
	case "Pipfile.lock":
		return pipfileLock
	case "poetry.lock", "uv.lock", "pdm.lock":
		return tomlLock
	}
	switch {
	case strings.HasSuffix(base, ".egg-info"):
		return metadata
	case strings.HasSuffix(base, ".egg"):
		return egg
	case strings.HasSuffix(base, ".json"):
		return given(conda, folder == "conda-meta/" || strings.HasSuffix(folder, "/conda-meta/"))
	}
	// pylock.toml and pylock.NAME.toml (PEP 751, "File Name")
	return given(tomlLock, strings.HasPrefix(base, "pylock.") && strings.HasSuffix(base, ".toml") && strings.Count(base, ".") <= 2)
}

func given(k kind, is bool) kind {
	if is {
		return k
	}
	return other
}

// Assemble implements extract.Extractor.
func (Extractor) Assemble(files []record.File, found *record.Found) {
	found.LookedFor(condaType)
	for _, file := range files {
		switch kindOf(file.Path) {
		case conda:
			addConda(file, found)
		case fileList:
			found.AddBrought(file)
		}
	}
	listing.Rules{
		Type: purlType, Beside: []string{".venv", "venv"},
		PURL:    func(p record.Package) string { return ecosystem.PyPIPURL(p.Name, p.Version) },
		Folders: folders,
		Evidence: func(file string) listing.Evidence {
			switch kind := kindOf(file); {
			case kind == metadata || kind == egg:
				return listing.Installed
			case kind.isLock():
				return listing.Locked
			default:
				return 0
			}
		},
	}.Assemble(files, found)
}
