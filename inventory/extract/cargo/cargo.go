// Package cargo reads Rust's crates: from programs and shared objects built with cargo-auditable,
// which carry a list of what was linked into them, and from Cargo.lock.
//
// It does not see programs without such a list; most have none. Of an auditable program, the
// crates that only its build needed are left out. Limits: files with the executable bit, of at
// most 128 MiB, of which 16 MiB are read; a list of at most 8 MiB.
package cargo

import (
	"context"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const (
	name     = "cargo"
	purlType = "cargo"
	lockName = "Cargo.lock"
)

// Extractor is an extract.Extractor.
type Extractor struct{ locks listing.Extractor }

// New returns an Extractor.
func New() Extractor {
	return Extractor{listing.New(listing.Format{
		Name: name, Version: 2, Type: purlType, PURL: purl,
		Kinds: []listing.Kind{{Evidence: listing.Locked, Is: isLock, Parse: parseLock}},
	})}
}

// Name implements rootfs.Visitor.
func (Extractor) Name() string { return name }

// Version implements rootfs.Visitor.
func (e Extractor) Version() int { return e.locks.Version() }

// Known returns nothing: programs and lock files may lie anywhere.
func (Extractor) Known() []string { return nil }

// Wants implements rootfs.Visitor.
func (e Extractor) Wants(entry *rootfs.Entry, head []byte) rootfs.Want {
	if isProgram(entry, head) {
		return rootfs.Random
	}
	return e.locks.Wants(entry, head)
}

// Visit returns the crates as a record.Contents, nothing for a program without a list.
func (e Extractor) Visit(ctx context.Context, f *rootfs.File) ([]byte, error) {
	if f.At != nil && !isLock(f.Path) {
		return visitProgram(f.At)
	}
	return e.locks.Visit(ctx, f)
}

// Assemble implements extract.Extractor.
func (Extractor) Assemble(files []record.File, found *record.Found) {
	listing.Rules{Type: purlType, PURL: purl, Evidence: func(path string) listing.Evidence {
		if isLock(path) {
			return listing.Locked
		}
		return listing.Installed
	}}.Assemble(files, found)
}

func purl(p record.Package) string { return ecosystem.CargoPURL(p.Name, p.Version) }

func isLock(path string) bool { return path == lockName || strings.HasSuffix(path, "/"+lockName) }

// parseLock reads all versions of the file (doc.rust-lang.org/cargo, "Cargo.toml vs Cargo.lock").
// What comes from nowhere is the application's own crate or a folder beside it.
func parseLock(f listing.File, list *listing.List) error {
	var lock struct {
		Packages []struct {
			Name    string `toml:"name"`
			Version string `toml:"version"`
			Source  string `toml:"source"`
		} `toml:"package"`
	}
	if err := listing.TOML(f.Content, &lock); err != nil {
		return err
	}
	for _, p := range lock.Packages {
		if p.Source != "" {
			list.Add(record.Package{Name: p.Name, Version: p.Version})
		}
	}
	return nil
}
