// Package gobinary reads the modules that Go programs and shared objects were built from: the
// main module, its dependencies with their replacements, and the standard library. Of a program that
// was built without modules it lists the main package, by its path and without a version: the
// modules whose code it holds are not known, which is a gap.
//
// Only ELF files are looked at: images run Linux. Most Go programs show the toolchain's note in
// their first bytes and are read while their layer passes. One that does not (its build id was
// taken out, or an external linker put the note elsewhere) is recognised by the mark before its
// build information as the file streams by, and read again afterwards.
//
// It does not see: a program packed by UPX or the like, one built before Go 1.13, and what a
// linker was told with -X. Limits: 32 MiB are read of a program.
package gobinary

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const (
	purlType = "golang"
	// readLimit bounds what one program's headers and build information may take. The build
	// information of Kubernetes, with some 300 modules, has about 50 KiB.
	readLimit = 32 << 20
)

// Extractor is an extract.Extractor.
type Extractor struct {
	buffers *sync.Pool // of *[streamBuffer]byte
}

// New returns an Extractor.
func New() Extractor {
	return Extractor{&sync.Pool{New: func() any { return new([streamBuffer]byte) }}}
}

// Name implements rootfs.Visitor.
func (Extractor) Name() string { return "gobinary" }

// Version implements rootfs.Visitor.
func (Extractor) Version() int { return 3 }

// Known returns nothing: Go programs may lie anywhere.
func (Extractor) Known() []string { return nil }

// Wants implements rootfs.Visitor.
func (Extractor) Wants(_ *rootfs.Entry, head []byte) rootfs.Want {
	switch {
	case !isLoadable(head):
		return rootfs.Ignore
	case hasNote(head):
		return rootfs.Costly
	default:
		return rootfs.Stream
	}
}

// Visit returns the modules as a record.Contents, nothing for what Go did not build.
func (e Extractor) Visit(_ context.Context, f *rootfs.File) ([]byte, error) {
	if f.At == nil {
		marked, err := e.hasMark(f)
		if err != nil || !marked {
			return nil, err
		}
		return record.Contents{Again: true}.Encode(), nil
	}
	info, err := buildinfo.Read(record.NewBoundedAt(f.At, readLimit, "its headers and build information"))
	if err == nil {
		return modules(info).Encode(), nil
	}
	if isGo, readErr := e.isGo(f); readErr != nil || !isGo {
		return nil, readErr
	}
	return nil, fmt.Errorf("a Go program whose build information cannot be read: %w", err)
}

// isGo tells whether a file whose build information cannot be read is Go's all the same.
func (e Extractor) isGo(f *rootfs.File) (bool, error) {
	head := make([]byte, rootfs.HeadSize)
	n, err := f.At.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if hasNote(head[:n]) {
		return true, nil
	}
	return e.hasMark(f)
}

// Assemble implements extract.Extractor.
func (Extractor) Assemble(files []record.File, found *record.Found) {
	found.LookedFor(purlType)
	for _, file := range files {
		found.AddContents(file, purlType, func(p record.Package) string {
			return ecosystem.GolangPURL(p.Name, p.Version)
		})
	}
}

// isLoadable tells whether head begins an ELF program or shared object; not an object file, a
// kernel module or a core dump (ELF, gABI chapter 4, e_type).
func isLoadable(head []byte) bool {
	const identSize, executable, sharedObject = 16, 2, 3
	if len(head) < identSize+2 || string(head[:4]) != "\x7fELF" {
		return false
	}
	kind := binary.LittleEndian.Uint16(head[identSize:])
	if bigEndian := head[5] == 2; bigEndian {
		kind = binary.BigEndian.Uint16(head[identSize:])
	}
	return kind == executable || kind == sharedObject
}

// hasNote tells whether head holds the note in which Go's linker leaves the build id: type 4,
// name "Go" (cmd/internal/buildid, ELF_NOTE_GOBUILDID_TAG). It is looked for as bytes, whatever
// the headers say: a wrong guess costs one look more.
func hasNote(head []byte) bool {
	return bytes.Contains(head, []byte("\x04\x00\x00\x00Go\x00\x00")) ||
		bytes.Contains(head, []byte("\x00\x00\x00\x04Go\x00\x00"))
}
