package cargo

import (
	"compress/zlib"
	"debug/elf"
	"errors"
	"fmt"
	"io"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const (
	// section holds the list, as zlib-compressed JSON (github.com/rust-secure-code/cargo-auditable,
	// PARSING.md).
	section    = ".dep-v0"
	maxProgram = 128 << 20
	maxRead    = 16 << 20 // of a program's headers, names and list
	maxList    = 8 << 20
)

// isProgram tells whether a file may be a program or shared object. The bit keeps the pass from
// holding on to every library of a distribution; Rust's, which other languages' package managers
// install, have it.
func isProgram(entry *rootfs.Entry, head []byte) bool {
	const anyExecutable = 0o111
	return entry.Mode&anyExecutable != 0 && entry.Size <= maxProgram && len(head) > 4 && string(head[:4]) == elf.ELFMAG
}

// visitProgram returns nothing for a file that is no ELF file after all: whoever needs it to be
// one says so.
func visitProgram(program io.ReaderAt) ([]byte, error) {
	file, err := elf.NewFile(record.NewBoundedAt(program, maxRead, "its headers"))
	if err != nil {
		return nil, nil
	}
	s := file.Section(section)
	if s == nil {
		return nil, nil
	}
	if s.Type == elf.SHT_NOBITS || s.FileSize > maxList {
		return nil, fmt.Errorf("its list of crates has %d bytes in the file", s.FileSize)
	}
	if s.ReaderAt == nil { // SHF_COMPRESSED: a linker does that to debugging information alone
		return nil, errors.New("its list of crates is compressed once more")
	}
	unpacked, err := zlib.NewReader(io.NewSectionReader(s.ReaderAt, 0, int64(s.FileSize)))
	if err != nil {
		return nil, fmt.Errorf("its list of crates cannot be unpacked: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(unpacked, maxList+1))
	if err != nil {
		return nil, fmt.Errorf("its list of crates cannot be unpacked: %w", err)
	}
	if len(text) > maxList {
		return nil, fmt.Errorf("its list of crates is larger than %d bytes", maxList)
	}
	var list listing.List
	contents, err := list.End(parseAudit(text, &list))
	return contents.Encode(), err
}

// crate is a member of the list.
type crate struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Kind    string `json:"kind"` // build or runtime
}

// parseAudit reads the list (cargo-auditable.schema.json). A crate is needed at run time if it
// does not say otherwise.
func parseAudit(text []byte, list *listing.List) error {
	var audit struct {
		Packages listing.Array[crate] `json:"packages"`
	}
	if err := listing.JSON(text, &audit); err != nil {
		return fmt.Errorf("its list of crates %w", err)
	}
	for _, p := range audit.Packages {
		if p.Kind != "build" {
			list.Add(record.Package{Name: p.Name, Version: p.Version})
		}
	}
	return nil
}
