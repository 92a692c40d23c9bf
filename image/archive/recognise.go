package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// headSize is one tar block: enough to tell what a file is.
const headSize = 512

const tarKind = "a tar file"

// kind is what the first bytes of a file say it is.
type kind struct {
	name string // with its article, for a sentence
	// compressed in a way that image archives are.
	compressed bool
}

// recognise tells what a file is.
func recognise(file io.ReaderAt) (kind, error) {
	head := make([]byte, headSize)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return kind{}, err
	}
	return kindOf(head[:n]), nil
}

func kindOf(head []byte) kind {
	for _, known := range [...]struct {
		magic string
		kind  kind
	}{
		{"\x1f\x8b", kind{"a gzip file", true}},
		{"\x28\xb5\x2f\xfd", kind{"a zstd file", true}},
		{"\xfd7zXZ\x00", kind{name: "an xz file"}},
		{"BZh", kind{name: "a bzip2 file"}},
		{"PK\x03\x04", kind{name: "a zip file"}},
		{"\x7fELF", kind{name: "an ELF program"}},
		{"SQLite format 3\x00", kind{name: "an SQLite database"}},
	} {
		if bytes.HasPrefix(head, []byte(known.magic)) {
			return known.kind
		}
	}
	switch {
	case isSkippable(head):
		return kind{"a zstd file", true}
	case len(head) == 0:
		return kind{name: "an empty file"}
	case isTar(head):
		return kind{name: tarKind}
	case bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")):
		return kind{name: "a JSON document"}
	case isText(head):
		return kind{name: "a plain text file"}
	}
	return kind{name: "a file of unknown kind"}
}

// isSkippable tells whether a zstd file starts with a frame that decoders skip: seekable and
// parallel compressors write such (RFC 8878, 3.1.2: magic numbers 0x184D2A50 to 0x184D2A5F).
func isSkippable(head []byte) bool {
	return len(head) >= 4 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18"
}

// isTar tells whether a block is a tar header: its checksum is right, or it is the end mark of an
// archive without entries.
func isTar(head []byte) bool {
	if len(head) < headSize {
		return false
	}
	_, err := tar.NewReader(bytes.NewReader(head)).Next()
	return err == nil || !errors.Is(err, tar.ErrHeader)
}

func isText(head []byte) bool {
	for len(head) > 0 {
		r, size := utf8.DecodeRune(head)
		// A rune that the block's end cuts in two does not count.
		if r == utf8.RuneError && size == 1 && len(head) >= utf8.UTFMax || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
		head = head[size:]
	}
	return true
}
