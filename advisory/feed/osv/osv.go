// Package osv reads records of the OSV schema (ossf.github.io/osv-schema, up to 1.7) from the
// layout of OSV's bucket: ecosystems.txt, and <ecosystem>/all.zip with one <id>.json for each
// record.
//
// It takes facts only and leaves prose, references and credits unread. Fields that it does not
// know are ignored, since the schema grows; a record that contradicts the schema is an error that
// names archive and entry, since a record that is skipped silently would be a vulnerability that
// nobody is told of.
//
// Archives come from elsewhere and are not trusted: see Limits. The package touches no network
// and decides nothing about versions; package db does.
package osv

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
)

// Limits bounds what is read from one archive.
type Limits struct {
	Entries    int   // records in the archive
	EntryBytes int64 // one record, inflated
	TotalBytes int64 // all records, inflated
}

// DefaultLimits are far above OSV's largest archives: in 2026 some 350,000 records, the largest
// of 1 MiB, 1.5 GiB in all.
func DefaultLimits() Limits {
	return Limits{Entries: 5_000_000, EntryBytes: 64 << 20, TotalBytes: 64 << 30}
}

// ErrLimit says that an archive holds more than Limits allows.
var ErrLimit = errors.New("over the limit")

// Archive is an all.zip.
type Archive struct {
	name   string
	limits Limits
	files  []*zip.File
}

// NewArchive reads the directory of a zip archive; name is what errors call it.
func NewArchive(r io.ReaderAt, size int64, name string, limits Limits) (*Archive, error) {
	reader, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w; fetch it again", name, err)
	}
	a := &Archive{name: name, limits: limits}
	for _, f := range reader.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		if !strings.HasSuffix(f.Name, ".json") {
			return nil, fmt.Errorf("reading %s: entry %.120q is not a record; remove it from the archive", name, f.Name)
		}
		a.files = append(a.files, f)
	}
	if len(a.files) > limits.Entries {
		return nil, fmt.Errorf("reading %s: %d entries, %w of %d", name, len(a.files), ErrLimit, limits.Entries)
	}
	return a, nil
}

// Len returns how many records the archive holds.
func (a *Archive) Len() int { return len(a.files) }

// Records reads all records in the archive's order. It ends with the first error, which names
// the archive and the entry.
func (a *Archive) Records(ctx context.Context) iter.Seq2[advisory.Advisory, error] {
	return func(yield func(advisory.Advisory, error) bool) {
		var content bytes.Buffer
		remaining := a.limits.TotalBytes
		for _, f := range a.files {
			record, err := a.read(ctx, f, &content, remaining)
			if err != nil {
				yield(advisory.Advisory{}, fmt.Errorf("reading %s, entry %.120q: %w", a.name, f.Name, err))
				return
			}
			remaining -= int64(content.Len())
			if !yield(record, nil) {
				return
			}
		}
	}
}

func (a *Archive) read(ctx context.Context, f *zip.File, content *bytes.Buffer, remaining int64) (_ advisory.Advisory, err error) {
	if err := ctx.Err(); err != nil {
		return advisory.Advisory{}, err
	}
	limit := min(a.limits.EntryBytes, remaining)
	inflated, err := f.Open()
	if err != nil {
		return advisory.Advisory{}, err
	}
	defer func() { err = errors.Join(err, inflated.Close()) }()
	content.Reset()
	// The header's size is a claim: what counts is what comes out.
	n, err := content.ReadFrom(io.LimitReader(inflated, limit+1))
	if err != nil {
		return advisory.Advisory{}, fmt.Errorf("inflating: %w", err)
	}
	if n > limit {
		return advisory.Advisory{}, fmt.Errorf("%w of %d bytes for a record, %d for an archive",
			ErrLimit, a.limits.EntryBytes, a.limits.TotalBytes)
	}
	return Parse(content.Bytes())
}

// maxListLength bounds ecosystems.txt. OSV has some 50 ecosystems and 500 with their releases.
const maxListLength = 1 << 20

// ReadEcosystems reads ecosystems.txt, one name a line, and returns those that have an archive:
// names with a release (Debian:12) stand in the list of some mirrors, and their records lie in
// the archive of the base ecosystem. A name that cannot be a folder's is an error.
func ReadEcosystems(r io.Reader) ([]string, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxListLength+1))
	if err != nil {
		return nil, fmt.Errorf("reading ecosystems.txt: %w", err)
	}
	if len(text) > maxListLength {
		return nil, fmt.Errorf("reading ecosystems.txt: %w of %d bytes", ErrLimit, maxListLength)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		name := strings.TrimSpace(line)
		if name == "" || strings.Contains(name, ":") {
			continue
		}
		if !isFolderName(name) {
			return nil, fmt.Errorf("reading ecosystems.txt: %.80q is no ecosystem's name", name)
		}
		names = append(names, name)
	}
	return names, nil
}

// isFolderName tells whether s is a plain word, perhaps of several parts, that names one folder
// on every system.
func isFolderName(s string) bool {
	if len(s) > 100 || strings.HasPrefix(s, ".") {
		return false
	}
	for _, c := range s {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && !strings.ContainsRune(" .-_[]", c) {
			return false
		}
	}
	return true
}
