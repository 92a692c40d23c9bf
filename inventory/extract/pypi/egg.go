package pypi

import (
	"archive/zip"
	"errors"
	"fmt"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// maxArchive bounds what is read of an archive: its list of files, and the metadata.
const maxArchive = 4 << 20

var (
	errNoArchive  = errors.New("it was not handed over as an archive")
	errNoMetadata = errors.New("an egg without EGG-INFO/PKG-INFO")
)

// parseEgg reads the metadata in an archive *.egg (setuptools, "The Internal Structure of Python
// Eggs"). Its files are imported from it, without being unpacked.
func parseEgg(f *rootfs.File) (record.Contents, error) {
	if f.At == nil {
		return record.Contents{}, errNoArchive
	}
	archive, err := zip.NewReader(record.NewBoundedAt(f.At, maxArchive, "its list of files and its metadata"), f.Size)
	if err != nil {
		return record.Contents{}, fmt.Errorf("read an egg: %w", err)
	}
	for _, member := range archive.File {
		if member.Name != "EGG-INFO/PKG-INFO" {
			continue
		}
		content, err := member.Open()
		if err != nil {
			return record.Contents{}, fmt.Errorf("read an egg: %w", err)
		}
		contents, err := parseMetadata(content)
		return contents, errors.Join(err, content.Close())
	}
	return record.Contents{}, errNoMetadata
}
