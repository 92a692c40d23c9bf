// Package rootfs turns layers into the file system a container would see, in one pass over each.
//
// Read streams a layer once: stored bytes, inflated bytes and tar entries are hashed and walked
// as they go by, and visitors are handed the content they ask for while it passes. Nothing is
// unpacked to disk. Merge then applies the layers' entries in order, as a container runtime
// would (whiteouts, opaque directories, hard links, symbolic links in parent folders), and keeps
// for every path which layer it came from.
//
// What a visitor learns only after the merge that it wants (a package database behind a
// symbolic link, a hard link into a lower layer) is had by reading just that layer again: see
// Reread. It is rare, and it keeps the first pass free of guesses.
//
// All input is hostile: Limits bounds it.
package rootfs

import (
	"context"
	"fmt"
	"io"
)

// Kind is what a tar entry makes.
type Kind uint8

// The kinds of entry. Whiteout and Opaque are the layer format's marks for "gone" and "all of
// this folder's lower content is gone" (image-spec, layer.md, "Whiteouts").
const (
	Regular Kind = iota + 1
	Directory
	Symlink
	Hardlink
	Device // character and block devices, FIFOs: known by name, never opened
	Whiteout
	Opaque
)

// Entry is one entry of a layer.
type Entry struct {
	// Path is clean, relative to the root, without a leading slash; for a Whiteout that of the
	// path that is gone, for Opaque that of the folder.
	Path string
	Kind Kind
	// Mode holds the permission bits and setuid (04000), setgid (02000), sticky (01000).
	Mode uint32
	// Size is a Regular file's length in bytes.
	Size int64
	// Link is a Symlink's target as written, and a Hardlink's target as a clean path.
	Link string
	// SHA256 is the content's sum, if Options.Hash asked for it.
	SHA256 *[32]byte
	// Results are what the visitors made of the content.
	Results []Result
}

// Result is what one visitor made of one file.
type Result struct {
	Visitor string
	// Data is the visitor's own encoding of what it found; it is cached with the layer.
	Data []byte
	// Problem says why the visitor could not make sense of the file; empty if it could.
	Problem string
}

// Want is how much of a file a visitor needs.
type Want uint8

const (
	// Ignore skips the content.
	Ignore Want = iota
	// Stream reads it once, front to back.
	Stream
	// Random reads it in any order; it is kept while the visitor runs.
	Random
	// Costly is Random for what takes long to make sense of: the result is remembered by the
	// visitor and the content's sum, and content that was seen before, under whatever path and
	// in whatever image, is not visited again. It must not depend on anything but the content.
	Costly
)

// HeadSize is how many of a file's first bytes a visitor sees before it answers.
const HeadSize = 4096

// Visitor makes something of file content.
type Visitor interface {
	// Name identifies the visitor and, with Version, its results in a cache.
	Name() string
	// Version changes whenever the same content may give another result.
	Version() int
	// Wants decides from the entry (Path, Mode, Size) and the first bytes of a regular file,
	// fewer than HeadSize if it is shorter. head is valid during the call only.
	Wants(e *Entry, head []byte) Want
	// Visit reads one file and returns what it found, nil for nothing. An error is a finding
	// about the file (Result.Problem), not a failure of the pass; failures of the underlying
	// layer and a cancelled ctx end the pass whatever Visit returns.
	Visit(ctx context.Context, f *File) ([]byte, error)
}

// File is a regular file's content on its way by.
type File struct {
	*Entry
	// Reader gives the content from the start.
	io.Reader
	// At gives it in any order; nil unless the visitor wanted Random or Costly.
	At io.ReaderAt
}

// Results remembers what visitors made of content seen before. Its methods may be called
// concurrently.
type Results interface {
	// Recall returns what v made of the content with this sum; false if nothing is known.
	Recall(v Visitor, sum [32]byte) (data []byte, ok bool)
	// Remember keeps it. data is nil if the content holds nothing for v.
	Remember(v Visitor, sum [32]byte, data []byte) error
}

// Options say what a pass does and what it may use.
type Options struct {
	Visitors []Visitor
	// Hash tells for which regular files Entry.SHA256 is wanted; nil for none.
	Hash   func(e *Entry, head []byte) bool
	Limits Limits
	// Memory bounds the content kept in memory, over all layers that share it; what does not
	// fit goes to an unlinked temporary file.
	Memory *Budget
	// Seen remembers the results of Costly visits; nil remembers nothing.
	Seen Results
	// Progress, if set, is called with the number of stored bytes just read. It must be safe
	// for concurrent use.
	Progress func(stored int)
}

// Limits bound what one image may make the scanner do.
type Limits struct {
	Entries  int64 // tar entries in one layer
	Inflated int64 // uncompressed bytes of one layer
	FileSize int64 // bytes of one kept file
}

// DefaultLimits leave room for any image in ordinary use: a layer of 12 GiB passes.
func DefaultLimits() Limits {
	return Limits{Entries: 5_000_000, Inflated: 256 << 30, FileSize: 512 << 20}
}

// LimitError reports input beyond a limit.
type LimitError struct {
	What  string // such as "layer sha256:..."
	Limit int64
	Unit  string // such as "entries"
	Flag  string // the flag that raises the limit
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s has more than %d %s: if the image is to be trusted, raise %s", e.What, e.Limit, e.Unit, e.Flag)
}
