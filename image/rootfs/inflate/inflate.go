// Package inflate turns a layer's stored bytes into its tar: the one place that knows how layers
// are compressed.
//
// The format is recognised by its first bytes, never by a media type: a media type is a claim,
// and media that carry none (docker-archive) exist. Known are gzip (RFC 1952, any number of
// members), zstd (RFC 8878, any number of frames, skippable ones too) and plain bytes, which is
// what image-spec allows. xz and bzip2 are recognised only to be refused by name.
//
// A reader holds at most MaxWindow bytes of history. It does not verify digests.
package inflate

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// MaxWindow is the largest zstd window that is decoded: that of zstd --ultra -22 and --long=27,
// which is also the most that the zstd command accepts unasked.
const MaxWindow = 128 << 20

// readSize is how many stored bytes are asked for at once: it keeps a hash over them inside the
// processor's second-level cache.
const readSize = 64 << 10

// Format is how a stream is compressed.
type Format uint8

// The formats.
const (
	Plain Format = iota
	Gzip
	Zstd
)

// String returns the format's own name.
func (f Format) String() string { return [...]string{"plain", "gzip", "zstd"}[f] }

// ErrTrailing reports bytes after the end of a compressed stream that do not belong to it.
var ErrTrailing = errors.New("bytes after the end of the compressed stream")

// NewReader returns a reader of the uncompressed bytes of r. Its Close does not close r.
//
// The reader ends (io.EOF) only when r does, and has then read all of r.
func NewReader(r io.Reader) (io.ReadCloser, Format, error) {
	buffered := bufio.NewReaderSize(r, readSize)
	head, err := buffered.Peek(magicSize)
	if err != nil && err != io.EOF {
		return nil, Plain, err
	}
	switch format, refused := recognise(head); {
	case refused != "":
		return nil, Plain, fmt.Errorf("compressed with %s, which image-spec does not allow: build the image again with gzip or zstd", refused)
	case format == Gzip:
		reader, err := newGzipReader(buffered)
		if err != nil {
			return nil, Gzip, err
		}
		return reader, Gzip, nil
	case format == Zstd:
		decoder, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(MaxWindow))
		if err != nil {
			return nil, Zstd, fmt.Errorf("zstd: %w", unexpected(err))
		}
		return &zstdReader{decoder}, Zstd, nil
	}
	return io.NopCloser(buffered), Plain, nil
}

const (
	magicSize = 6
	gzipMagic = "\x1f\x8b\x08"
)

// recognise tells the format from the first bytes, or names one that is refused.
func recognise(head []byte) (format Format, refused string) {
	switch {
	case bytes.HasPrefix(head, []byte(gzipMagic)):
		return Gzip, ""
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return Zstd, ""
	case len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], []byte{0x2a, 0x4d, 0x18}):
		return Zstd, "" // a skippable frame (RFC 8878, 3.1.2), as zstd:chunked may begin with
	case bytes.HasPrefix(head, []byte{0xfd, '7', 'z', 'X', 'Z', 0}):
		return Plain, "xz"
	case bytes.HasPrefix(head, []byte("BZh")) && len(head) >= 4 && head[3] >= '1' && head[3] <= '9':
		return Plain, "bzip2"
	}
	return Plain, ""
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// gzipReader reads members one after the other. What follows the last one must be zero padding
// (GNU gzip writes and skips it on tapes); any other trailing byte is an error, as it is to the
// decoders of the container runtimes.
type gzipReader struct {
	decoder *gzip.Reader
	source  *bufio.Reader
	err     error
}

func newGzipReader(source *bufio.Reader) (*gzipReader, error) {
	decoder, err := gzip.NewReader(source)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", unexpected(err))
	}
	decoder.Multistream(false)
	return &gzipReader{decoder: decoder, source: source}, nil
}

func (g *gzipReader) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.decoder.Read(p)
	if err == io.EOF {
		err = g.nextMember()
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("gzip: %w", err)
	}
	g.err = err
	return n, err
}

// nextMember starts on what follows a member; io.EOF if that is the end.
func (g *gzipReader) nextMember() error {
	head, err := g.source.Peek(len(gzipMagic))
	switch {
	case len(head) == 0:
		return err
	case head[0] == 0:
		return g.padding()
	case !strings.HasPrefix(gzipMagic, string(head)):
		return ErrTrailing
	}
	if err := g.decoder.Reset(g.source); err != nil {
		return unexpected(err)
	}
	g.decoder.Multistream(false)
	return nil
}

// padding reads zeros to the end of the source.
func (g *gzipReader) padding() error {
	for {
		b, err := g.source.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return ErrTrailing
		}
	}
}

func (g *gzipReader) Close() error { return g.decoder.Close() }

type zstdReader struct{ decoder *zstd.Decoder }

func (z *zstdReader) Read(p []byte) (int, error) {
	n, err := z.decoder.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("zstd: %w", err)
	}
	return n, err
}

func (z *zstdReader) Close() error {
	z.decoder.Close()
	return nil
}
