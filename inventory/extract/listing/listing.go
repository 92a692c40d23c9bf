// Package listing makes an extractor of a description: for the many formats in which one text
// file lists packages of one purl type, all that is new is which files, and how they are read.
//
// Such a file is one of two kinds of evidence. An Installed one says what is there, and counts. A
// Locked one says what somebody meant to install. It counts only where nothing says what is
// there: not if an Installed file of the same format that lists anything lies in its folder or
// below, and never inside a tree of installed packages, where it is some package's own test
// fixture or example. Where an application's own metadata may lie beside the lock file, as in
// JavaScript and Python, only the folders into which its tool installs outweigh it (Rules.Beside).
//
// Extractors that read more than listings (cargo, npm, pypi) use the parts: List, Rules, Read and
// the decoders, so that what counts and what is bounded is decided in one place.
//
// Files are read whole, up to a limit, before anything is made of them: the result cannot depend
// on how the content arrives. Limits: 8 MiB a file, 2 MiB where TOML and 1 MiB where YAML is read,
// 100,000 packages a file; a file beyond them is a gap. The worst hostile file takes some
// 200 MiB of memory, or some seconds, in TOML. It does not see: a lock file whose packages were installed outside
// its folder tree. These are listed twice, once for each place.
package listing

import (
	"context"
	"fmt"
	"io"
	"strings"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// maxFile is a multiple of the largest such files in use: an installed.json of 300 packages has
// some 700 KiB, the dependencies of a large .NET program about 2 MiB.
const maxFile = 8 << 20

// Kind is one kind of file.
type Kind struct {
	Evidence Evidence
	// Is tells from its path whether a file is of this kind. It is asked about every file of
	// every image. See Named and Suffixed.
	Is func(path string) bool
	// Parse adds the file's packages to the list. An error says that nothing, or not the whole,
	// could be read; what was added before counts.
	Parse func(f File, list *List) error
}

// File is a file to parse.
type File struct {
	Path    string
	Content []byte
}

// Format describes how packages of one purl type are listed.
type Format struct {
	Name    string // the extractor's, such as composer
	Version int    // to be raised when the same content gives another result
	Type    string // the purl type
	// PURL names a package; one that it gives no name is left out.
	PURL  func(record.Package) string
	Kinds []Kind
	// Folders is that of Rules.
	Folders func(path string, p record.Package) []string
}

// Extractor is an extract.Extractor.
type Extractor struct {
	format *Format
	kinds  []Kind
}

// New returns the extractor of a format.
func New(format Format) Extractor { return Extractor{&format, format.Kinds} }

// Name implements rootfs.Visitor.
func (e Extractor) Name() string { return e.format.Name }

// Version implements rootfs.Visitor.
func (e Extractor) Version() int { return e.format.Version }

// Known returns nothing: such files lie wherever an application does.
func (Extractor) Known() []string { return nil }

// Wants implements rootfs.Visitor.
func (e Extractor) Wants(entry *rootfs.Entry, _ []byte) rootfs.Want {
	if e.kindOf(entry.Path) != nil {
		return rootfs.Stream
	}
	return rootfs.Ignore
}

// kindOf returns nil for a file of no kind.
func (e Extractor) kindOf(path string) *Kind {
	for i := range e.kinds {
		if kind := &e.kinds[i]; kind.Is(path) {
			return kind
		}
	}
	return nil
}

// Visit returns the packages as a record.Contents.
func (e Extractor) Visit(_ context.Context, f *rootfs.File) ([]byte, error) {
	kind := e.kindOf(f.Path)
	if kind == nil {
		return nil, nil
	}
	content, err := Read(f)
	if err != nil {
		return nil, err
	}
	var list List
	contents, err := list.End(kind.Parse(File{f.Path, content}, &list))
	return contents.Encode(), err
}

// Read reads a file whole.
func Read(r io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("it is larger than %d bytes, which is more than is read of such a file", maxFile)
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}

// Assemble implements extract.Extractor.
func (e Extractor) Assemble(files []record.File, found *record.Found) {
	Rules{Type: e.format.Type, PURL: e.format.PURL, Folders: e.format.Folders, Evidence: func(path string) Evidence {
		if kind := e.kindOf(path); kind != nil {
			return kind.Evidence
		}
		return 0
	}}.Assemble(files, found)
}

// Named returns what tells whether a file has one of the names, in whatever folder.
func Named(names ...string) func(path string) bool {
	return func(path string) bool {
		for _, name := range names {
			if rest, found := strings.CutSuffix(path, name); found && (rest == "" || rest[len(rest)-1] == '/') {
				return true
			}
		}
		return false
	}
}

// Suffixed returns what tells whether a path ends in suffix and has folder, such as
// "specifications/", above it.
func Suffixed(folder, suffix string) func(path string) bool {
	inner := "/" + folder
	return func(path string) bool {
		return strings.HasSuffix(path, suffix) && (strings.HasPrefix(path, folder) || strings.Contains(path, inner))
	}
}
