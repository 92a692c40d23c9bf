// Package assemble makes small container images: layers from lists of files, and layers with a
// configuration as an OCI image layout, an oci-archive or a docker-archive. The demo shows the
// product on images made so, and tests get their inputs from it.
//
// It is deterministic: times, owners and order are fixed, so the same input gives the same
// bytes. It does not build: nothing is executed, copied from a base image or pushed. Hostile
// names (absolute, with "..") are written as they are given, since tests need them.
package assemble

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"plimsoll.dev/plimsoll/image"
)

// File is one entry of a layer.
type File struct {
	// Path is written as given, without cleaning.
	Path string
	// Mode holds permission bits and setuid, setgid, sticky as tar has them (04000, 02000,
	// 01000). 0 means 0644 for a regular file and 0755 for anything else.
	Mode uint32
	// Body is a regular file's content, unless Open gives it.
	Body []byte
	// Open gives a large content of Size bytes as a stream.
	Open func() (io.ReadCloser, error)
	Size int64
	// Link is the target of a symbolic or hard link.
	Link string
	// Type is tar's type flag, such as tar.TypeSymlink; 0 means a regular file.
	Type byte
}

// Compression is how a layer is stored.
type Compression uint8

// The compressions that image-spec knows.
const (
	None Compression = iota
	Gzip
	Zstd
)

// Blob is a stored layer.
type Blob struct {
	MediaType      string
	Digest, DiffID image.Digest
	Size           int64

	content []byte // if path is empty
	path    string
}

// NewBlob makes a layer of stored bytes, whatever they are, with any diffID: for tests of
// damaged images.
func NewBlob(mediaType string, stored []byte, diffID image.Digest) Blob {
	return Blob{MediaType: mediaType, Digest: image.DigestOf(stored), DiffID: diffID, Size: int64(len(stored)), content: stored}
}

// Open opens the stored bytes.
func (b Blob) Open() (io.ReadCloser, error) {
	if b.path != "" {
		return os.Open(b.path)
	}
	return io.NopCloser(bytes.NewReader(b.content)), nil
}

// Layer makes a layer in memory.
func Layer(files []File, compression Compression) (Blob, error) {
	var stored bytes.Buffer
	b, err := writeLayer(&stored, files, compression)
	b.content = stored.Bytes()
	return b, err
}

// LayerIn makes a layer in a new file of a folder: for what is too large for memory. The file
// has to stay until the image is written.
func LayerIn(dir string, files []File, compression Compression) (Blob, error) {
	file, err := os.CreateTemp(dir, "layer-*")
	if err != nil {
		return Blob{}, fmt.Errorf("making a layer in %s: %w", dir, err)
	}
	b, err := writeLayer(file, files, compression)
	if err = errors.Join(err, file.Close()); err == nil {
		b.path = filepath.Join(dir, "layer-"+b.Digest.Hex())
		err = os.Rename(file.Name(), b.path)
	}
	if err != nil {
		return Blob{}, errors.Join(fmt.Errorf("making a layer in %s: %w", dir, err), os.Remove(file.Name()))
	}
	return b, nil
}

// writeLayer writes the stored bytes to w, and sums up what they and their content are.
func writeLayer(w io.Writer, files []File, compression Compression) (Blob, error) {
	stored := &summingWriter{w: w, sum: sha256.New()}
	compressor, suffix, err := compression.writer(stored)
	if err != nil {
		return Blob{}, fmt.Errorf("compressing a layer: %w", err)
	}
	inflated := &summingWriter{w: compressor, sum: sha256.New()}
	archive := tar.NewWriter(inflated)
	for _, f := range files {
		if err := f.write(archive); err != nil {
			return Blob{}, fmt.Errorf("writing %s into a layer: %w", f.Path, err)
		}
	}
	if err := archive.Close(); err != nil {
		return Blob{}, fmt.Errorf("writing a layer: %w", err)
	}
	if err := compressor.Close(); err != nil {
		return Blob{}, fmt.Errorf("compressing a layer: %w", err)
	}
	return Blob{MediaType: image.MediaTypeLayer + suffix, Digest: stored.digest(), DiffID: inflated.digest(), Size: stored.size}, nil
}

// writer compresses in one goroutine, so that the bytes do not depend on the number of cores.
func (c Compression) writer(w io.Writer) (io.WriteCloser, string, error) {
	switch c {
	case Gzip:
		return gzip.NewWriter(w), "+gzip", nil
	case Zstd:
		encoder, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		return encoder, "+zstd", err
	default:
		return uncompressed{w}, "", nil
	}
}

type uncompressed struct{ io.Writer }

func (uncompressed) Close() error { return nil }

// writtenAt is the time that all files and configurations carry.
func writtenAt() time.Time { return time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC) }

func (f File) write(archive *tar.Writer) error {
	header := &tar.Header{Name: f.Path, Mode: int64(f.Mode), Linkname: f.Link, Typeflag: f.Type, ModTime: writtenAt()}
	if header.Typeflag == 0 {
		header.Typeflag = tar.TypeReg
	}
	regular := header.Typeflag == tar.TypeReg
	switch {
	case f.Mode == 0 && regular:
		header.Mode = 0o644
	case f.Mode == 0:
		header.Mode = 0o755
	}
	content := io.NopCloser(bytes.NewReader(f.Body))
	if regular {
		header.Size = int64(len(f.Body))
		if f.Open != nil {
			var err error
			if content, err = f.Open(); err != nil {
				return err
			}
			header.Size = f.Size
		}
	}
	defer content.Close()
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	if !regular {
		return nil
	}
	_, err := io.Copy(archive, content)
	return err
}

// summingWriter counts and sums what passes through it.
type summingWriter struct {
	w    io.Writer
	sum  hash.Hash
	size int64
}

func (s *summingWriter) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.sum.Write(p[:n])
	s.size += int64(n)
	return n, err
}

func (s *summingWriter) digest() image.Digest {
	return image.DigestFromSum([sha256.Size]byte(s.sum.Sum(nil)))
}
