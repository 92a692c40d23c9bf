package archive

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/image/rootfs"
)

// maxLinks is how many links may be followed to one blob. One is in use.
const maxLinks = 8

// index knows where each entry's content lies in a plain tar. It implements fs.FS for regular
// entries, and those that link to one.
type index struct {
	content io.ReaderAt
	entries map[string]entry
}

// entry is one tar entry.
type entry struct {
	offset, size int64
	kind         byte   // tar's type flag
	link         string // where a symbolic or hard link leads, as a clean name
	sparse       bool
	twice        bool
}

// readIndex goes over all headers. It reads no content: tar.Reader seeks over it.
func readIndex(ctx context.Context, file interface {
	io.ReaderAt
	Stat() (fs.FileInfo, error)
}, where string, maxEntries int64) (*index, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", where, err)
	}
	section := io.NewSectionReader(file, 0, info.Size())
	x := &index{content: file, entries: map[string]entry{}}
	headers := tar.NewReader(section)
	for count := int64(0); ; count++ {
		header, err := headers.Next()
		if errors.Is(err, io.EOF) {
			return x, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: after %d entries: %w: the archive is cut short or damaged; fetch it again", where, count, err)
		}
		if count == maxEntries {
			return nil, &rootfs.LimitError{What: "image archive " + where, Limit: maxEntries, Unit: "entries", Flag: "--max-entries"}
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("reading %s: %w", where, err)
		}
		offset, err := section.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", where, err)
		}
		e := entryOf(header, offset)
		if e.kind == tar.TypeReg && !e.sparse && e.size > info.Size()-offset {
			return nil, fmt.Errorf("reading %s: the archive ends within %.200q: it is cut short; fetch it again", where, header.Name)
		}
		x.add(header.Name, e)
	}
}

func entryOf(header *tar.Header, offset int64) entry {
	e := entry{offset: offset, size: header.Size, kind: header.Typeflag}
	switch header.Typeflag {
	case tar.TypeLink:
		e.link = path.Clean(header.Linkname)
	case tar.TypeSymlink:
		e.link = path.Join(path.Dir(path.Clean(header.Name)), header.Linkname)
		if path.IsAbs(header.Linkname) {
			e.link = header.Linkname // leads nowhere: no such name is in the index
		}
	case tar.TypeGNUSparse:
		e.sparse = true
	}
	for name := range header.PAXRecords {
		e.sparse = e.sparse || strings.HasPrefix(name, "GNU.sparse.")
	}
	return e
}

// add notes an entry under its clean name. Names that lead out of the archive are left out:
// nothing can refer to them.
func (x *index) add(name string, e entry) {
	name = path.Clean(name)
	if !fs.ValidPath(name) {
		return
	}
	_, e.twice = x.entries[name]
	x.entries[name] = e
}

// has tells whether there is an entry of that name.
func (x *index) has(name string) bool {
	_, found := x.entries[name]
	return found
}

// find follows links to the entry that holds a name's content.
func (x *index) find(name string) (entry, error) {
	for range maxLinks {
		e, found := x.entries[name]
		switch {
		case !found:
			return entry{}, fs.ErrNotExist
		case e.twice && e.kind != tar.TypeDir:
			return entry{}, fmt.Errorf("%.200q appears twice in the archive, so two readers may see two contents: save the image again", name)
		case e.kind == tar.TypeSymlink || e.kind == tar.TypeLink:
			name = e.link
		default:
			return e, nil
		}
	}
	return entry{}, fmt.Errorf("it is a chain of more than %d links: save the image again", maxLinks)
}

// Open implements fs.FS.
func (x *index) Open(name string) (fs.File, error) {
	e, err := x.find(name)
	switch {
	case err != nil:
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	case e.sparse:
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("it is stored as a sparse file: pack the archive without --sparse")}
	}
	size := e.size
	if e.kind != tar.TypeReg {
		size = 0
	}
	return &blob{io.NewSectionReader(x.content, e.offset, size), blobInfo{path.Base(name), e, size}}, nil
}

// blob is an open entry. Closing it releases nothing: the archive holds the file.
type blob struct {
	*io.SectionReader
	info blobInfo
}

func (b *blob) Stat() (fs.FileInfo, error) { return b.info, nil }
func (b *blob) Close() error               { return nil }

// blobInfo implements fs.FileInfo.
type blobInfo struct {
	name  string
	entry entry
	size  int64
}

func (i blobInfo) Name() string       { return i.name }
func (i blobInfo) Size() int64        { return i.size }
func (i blobInfo) ModTime() time.Time { return time.Time{} }
func (i blobInfo) IsDir() bool        { return i.entry.kind == tar.TypeDir }
func (i blobInfo) Sys() any           { return nil }

func (i blobInfo) Mode() fs.FileMode {
	switch i.entry.kind {
	case tar.TypeReg:
		return 0o444
	case tar.TypeDir:
		return fs.ModeDir | 0o555
	case tar.TypeChar, tar.TypeBlock:
		return fs.ModeDevice
	case tar.TypeFifo:
		return fs.ModeNamedPipe
	default:
		return fs.ModeIrregular
	}
}
