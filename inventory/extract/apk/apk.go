// Package apk reads the database of Alpine's package manager: lib/apk/db/installed, or
// usr/lib/apk/db/installed (apk-tools 3 on a merged /usr).
//
// The source package is the origin, which a package shares with the other packages of its build
// together with the version; Alpine's advisories speak of it. Limits: a line may have any length,
// a value that is used 4 KiB.
package apk

import (
	"context"
	"slices"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const purlType = "apk"

// Extractor is an extract.Extractor.
type Extractor struct{}

// New returns an Extractor.
func New() Extractor { return Extractor{} }

// Name implements rootfs.Visitor.
func (Extractor) Name() string { return "apk" }

// Version implements rootfs.Visitor.
func (Extractor) Version() int { return 2 }

// Known implements extract.Extractor.
func (Extractor) Known() []string {
	return []string{"lib/apk/db/installed", "usr/lib/apk/db/installed"}
}

// Wants implements rootfs.Visitor.
func (e Extractor) Wants(entry *rootfs.Entry, _ []byte) rootfs.Want {
	if slices.Contains(e.Known(), entry.Path) {
		return rootfs.Stream
	}
	return rootfs.Ignore
}

// Visit returns the packages as a record.Contents.
func (Extractor) Visit(_ context.Context, f *rootfs.File) ([]byte, error) {
	contents, err := parse(f)
	return contents.Encode(), err
}

// Assemble implements extract.Extractor.
func (Extractor) Assemble(files []record.File, found *record.Found) {
	found.LookedFor(purlType)
	id, tag := found.DistroTag()
	for _, file := range files {
		found.AddContents(file, purlType, func(p record.Package) string {
			return ecosystem.APKPURL(id, p.Name, p.Version, p.Arch, tag)
		})
	}
}
