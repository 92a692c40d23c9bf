// Package chisel reads the manifest that Chisel, which cuts Ubuntu's packages into slices, leaves
// in an image instead of dpkg's database: var/lib/chisel/manifest.wall.
//
// The manifest does not name source packages, and advisories speak of these; the packages are
// looked up by their own names, and a gap says so. Limits: 32 MiB unpacked, a line of 64 KiB.
package chisel

import (
	"context"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const (
	manifest    = "var/lib/chisel/manifest.wall"
	purlType    = "deb"
	maxUnpacked = 32 << 20
	maxWindow   = 8 << 20 // RFC 8878, section 3.1.1.1.2: what every decoder should support
)

// Extractor is an extract.Extractor.
type Extractor struct{}

// New returns an Extractor.
func New() Extractor { return Extractor{} }

// Name implements rootfs.Visitor.
func (Extractor) Name() string { return "chisel" }

// Version implements rootfs.Visitor.
func (Extractor) Version() int { return 1 }

// Known implements extract.Extractor.
func (Extractor) Known() []string { return []string{manifest} }

// Wants implements rootfs.Visitor.
func (Extractor) Wants(entry *rootfs.Entry, _ []byte) rootfs.Want {
	if entry.Path == manifest {
		return rootfs.Stream
	}
	return rootfs.Ignore
}

// Visit returns the packages as a record.Contents.
func (Extractor) Visit(_ context.Context, f *rootfs.File) ([]byte, error) {
	unpacked, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	defer unpacked.Close()
	limited := &io.LimitedReader{R: unpacked, N: maxUnpacked}
	contents, err := parse(limited)
	if err == nil && limited.N == 0 {
		err = fmt.Errorf("it is larger than %d bytes", maxUnpacked)
	}
	return contents.Encode(), err
}

// Assemble implements extract.Extractor.
func (Extractor) Assemble(files []record.File, found *record.Found) {
	found.LookedFor(purlType)
	id, tag := found.DistroTag()
	for _, file := range files {
		listed := false
		found.AddContents(file, purlType, func(p record.Package) string {
			listed = true
			return ecosystem.DebPURL(id, p.Name, p.Version, p.Arch, tag)
		})
		if listed {
			found.Missed(purlType, record.NoSourcePackage, file.Path,
				"it does not say which source packages its packages are from, and advisories speak of those", inventory.Partial)
		}
	}
}
