package rootfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

const (
	blockSize = 512
	// maxExtension bounds a PAX or GNU long-name extension: archive/tar's limit, hence that of
	// the container runtimes written in Go.
	maxExtension = 1 << 20
)

// errFormat reports a tar that is not one. It wraps what exactly is wrong.
var errFormat = errors.New("damaged tar")

// header is what this package needs of a tar header, extensions applied.
type header struct {
	name, link string
	typeflag   byte
	mode       int64
	size       int64 // of the content, sparse holes included
	stored     int64 // of the content as it stands in the tar
	sparse     bool
	raw        []byte // the header blocks as read, to read a sparse file's map from
	start      int64  // offset of the content in the stream
}

// end is the offset of the next header.
func (h *header) end() int64 { return h.start + (h.stored+blockSize-1)&^(blockSize-1) }

// tarReader reads headers off the stream: v7, ustar, star, PAX and GNU, in the reading of Go's
// archive/tar, which the container runtimes use. It is looser in what they do not need (owners
// and times are not looked at). FuzzTar compares the two.
type tarReader struct {
	stream *stream
	// content is where the current content ends, next where the next header begins.
	content, next int64
	// extension holds one extension's body, raw the extension headers before an entry.
	extension, raw []byte
}

// extensions are what the extension headers before an entry said.
type extensions struct {
	longName, longLink string
	path, linkpath     string
	size               string
	sparse             bool
}

// read returns the next entry's header, io.EOF after the last. Extension headers are counted
// through count, which may refuse.
func (t *tarReader) read(count func() error) (*header, error) {
	var given extensions
	t.raw = t.raw[:0]
	for {
		if err := t.skip(); err != nil {
			return nil, err
		}
		block, err := t.block()
		if err != nil {
			return nil, err
		}
		if err := count(); err != nil {
			return nil, err
		}
		t.raw = append(t.raw, block...)
		h, err := parseHeader(block)
		if err != nil {
			return nil, t.damaged(err)
		}
		if _, err := t.stream.take(blockSize); err != nil {
			return nil, err
		}
		h.start = t.stream.offset
		switch h.typeflag {
		case 'x', 'g', 'L', 'K':
			if h.stored < 0 {
				return nil, t.damaged(errors.New("size below zero"))
			}
			if err := t.extend(&given, h); err != nil {
				return nil, err
			}
		default:
			if err := given.apply(h); err != nil {
				return nil, t.damaged(err)
			}
			h.raw = t.raw
			return h, t.expect(h)
		}
	}
}

// expect notes where the content of h ends.
func (t *tarReader) expect(h *header) error {
	if h.stored > math.MaxInt64-2*blockSize-h.start {
		return io.ErrUnexpectedEOF // no stream is that long
	}
	t.content, t.next = h.start+h.stored, h.end()
	return nil
}

// skip passes what is left of the current entry. As in archive/tar, the stream may end before
// the last padding is complete.
func (t *tarReader) skip() error {
	if err := t.stream.skipTo(t.content); err != nil {
		return err
	}
	if err := t.stream.skipTo(t.next); err != nil {
		if err == io.ErrUnexpectedEOF && t.stream.ended == io.EOF {
			return io.EOF
		}
		return err
	}
	return nil
}

func (t *tarReader) damaged(err error) error {
	return fmt.Errorf("%w at byte %d: %w", errFormat, t.stream.offset, err)
}

// block peeks at the next header block; io.EOF at the end mark (two blocks of zeros) or where
// the stream ends between entries, as some builders leave the mark out.
func (t *tarReader) block() ([]byte, error) {
	block, err := t.stream.peek(blockSize)
	if err != nil {
		if err == io.EOF && len(block) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if !zeros(block) {
		return block, nil
	}
	both, err := t.stream.peek(2 * blockSize)
	switch {
	case err == io.EOF && len(both) == blockSize:
		return nil, io.EOF
	case err == io.EOF:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	case !zeros(both[blockSize:]):
		return nil, t.damaged(errors.New("one block of zeros where two mark the end"))
	}
	return nil, io.EOF
}

func zeros(block []byte) bool {
	for _, b := range block {
		if b != 0 {
			return false
		}
	}
	return true
}

// extend takes in an extension header's body.
func (t *tarReader) extend(given *extensions, h *header) error {
	if h.stored > maxExtension {
		return t.damaged(fmt.Errorf("an extension header of %d bytes, more than %d", h.stored, maxExtension))
	}
	t.extension = t.extension[:0]
	for left := h.stored; left > 0; {
		piece, err := t.stream.take(left)
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		t.extension = append(t.extension, piece...)
		left -= int64(len(piece))
	}
	if err := t.expect(h); err != nil {
		return err
	}
	if len(t.raw) > 4*maxExtension {
		return t.damaged(fmt.Errorf("more than %d bytes of extension headers before one entry", 4*maxExtension))
	}
	t.raw = append(t.raw, t.extension...)
	t.raw = append(t.raw, make([]byte, t.next-h.start-h.stored)...)
	switch h.typeflag {
	case 'L':
		given.longName = cString(t.extension)
	case 'K':
		given.longLink = cString(t.extension)
	case 'x':
		records, err := parsePAX(t.extension)
		if err != nil {
			return t.damaged(err)
		}
		records.longName, records.longLink = given.longName, given.longLink
		*given = records
	case 'g':
		// Global records change nothing: archive/tar, and with it the runtimes, ignores them.
		if _, err := parsePAX(t.extension); err != nil {
			return t.damaged(err)
		}
		*given = extensions{}
		t.raw = t.raw[:0]
	}
	return nil
}

// apply lays the extensions over an entry's own header.
func (e *extensions) apply(h *header) error {
	if e.path != "" {
		h.name = e.path
	}
	if e.linkpath != "" {
		h.link = e.linkpath
	}
	if e.size != "" {
		size, err := strconv.ParseInt(e.size, 10, 64)
		if err != nil {
			return fmt.Errorf("PAX size %.40q is not a number", e.size)
		}
		h.stored = size
	}
	if e.longName != "" {
		h.name = e.longName
	}
	if e.longLink != "" {
		h.link = e.longLink
	}
	if h.typeflag == 0 { // v7's regular file, or a folder if its name says so
		h.typeflag = '0'
		if strings.HasSuffix(h.name, "/") {
			h.typeflag = '5'
		}
	}
	switch h.typeflag {
	case '1', '2', '3', '4', '5', '6': // these have no content, whatever their size says
		h.stored = 0
	case 'S':
		h.sparse = true
	}
	if h.stored < 0 {
		return errors.New("size below zero")
	}
	h.sparse = h.sparse || e.sparse
	h.size = h.stored
	return nil
}

// parseHeader reads one header block (POSIX.1-1988 ustar; GNU tar manual, "Basic Tar Format").
func parseHeader(block []byte) (*header, error) {
	if !checksum(block) {
		return nil, errors.New("header checksum does not hold")
	}
	h := &header{name: cString(block[0:100]), link: cString(block[157:257]), typeflag: block[156]}
	var err error
	if h.mode, err = number(block[100:108]); err != nil {
		return nil, fmt.Errorf("mode: %w", err)
	}
	if h.stored, err = number(block[124:136]); err != nil {
		return nil, fmt.Errorf("size: %w", err)
	}
	if p := namePrefix(block); p != "" {
		h.name = p + "/" + h.name
	}
	return h, nil
}

// namePrefix is what stands before the name in the ustar and star formats.
func namePrefix(block []byte) string {
	switch magic := string(block[257:265]); {
	case magic[:6] == "ustar\x00" && string(block[508:512]) == "tar\x00":
		return cString(block[345:476])
	case magic[:6] == "ustar\x00":
		return cString(block[345:500])
	case magic == "ustar  \x00" && (badTime(block[345:357]) || badTime(block[357:369])):
		// GNU keeps two times here. Go's writer before 1.8 wrote a prefix instead, and its
		// reader still takes what is no time for one (golang.org/issue/21005).
		if p := cString(block[345:500]); ascii(p) {
			return p
		}
	}
	return ""
}

func badTime(field []byte) bool {
	_, err := number(field)
	return field[0] != 0 && err != nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// checksum compares the header's sum; some writers of old summed signed bytes.
func checksum(block []byte) bool {
	want, err := octal(block[148:156])
	if err != nil {
		return false
	}
	unsigned, signed := int64(0), int64(0)
	for i, b := range block[:blockSize] {
		if i >= 148 && i < 156 {
			b = ' '
		}
		unsigned += int64(b)
		signed += int64(int8(b))
	}
	return want == unsigned || want == signed
}

// number reads an octal number, or a base-256 one if the first bit is set (a GNU extension).
func number(field []byte) (int64, error) {
	if field[0]&0x80 != 0 {
		return base256(field)
	}
	return octal(field)
}

func octal(field []byte) (int64, error) {
	digits := bytes.Trim(field, " \x00")
	if i := bytes.IndexByte(digits, 0); i >= 0 {
		digits = digits[:i]
	}
	if len(digits) == 0 {
		return 0, nil
	}
	n, err := strconv.ParseUint(string(digits), 8, 63)
	if err != nil {
		return 0, fmt.Errorf("%q is not an octal number", digits)
	}
	return int64(n), nil
}

// base256 reads a two's complement number whose first bit is the mark.
func base256(field []byte) (int64, error) {
	invert := byte(0)
	if field[0]&0x40 != 0 {
		invert = 0xff
	}
	n := uint64(0)
	for i, b := range field {
		b ^= invert
		if i == 0 {
			b &= 0x7f
		}
		if n>>56 > 0 {
			return 0, errors.New("number too large")
		}
		n = n<<8 | uint64(b)
	}
	if n>>63 > 0 {
		return 0, errors.New("number too large")
	}
	if invert == 0xff {
		return ^int64(n), nil
	}
	return int64(n), nil
}

// cString is the text before the first zero byte.
func cString(field []byte) string {
	if i := bytes.IndexByte(field, 0); i >= 0 {
		field = field[:i]
	}
	return string(field)
}

// parsePAX reads the records of a PAX header: "<length> <key>=<value>\n" (POSIX.1-2001, pax).
func parsePAX(body []byte) (extensions, error) {
	var given extensions
	for len(body) > 0 {
		key, value, rest, err := paxRecord(body)
		if err != nil {
			return given, err
		}
		body = rest
		switch {
		case key == "path":
			given.path = value
		case key == "linkpath":
			given.linkpath = value
		case key == "size":
			given.size = value
		case strings.HasPrefix(key, "GNU.sparse."):
			given.sparse = true
		}
	}
	return given, nil
}

func paxRecord(body []byte) (key, value string, rest []byte, err error) {
	digits, _, found := bytes.Cut(body, []byte(" "))
	length, parseErr := strconv.ParseInt(string(digits), 10, 32)
	if !found || parseErr != nil || int(length) < len(digits)+2 || int(length) > len(body) || body[length-1] != '\n' {
		return "", "", nil, errors.New("PAX record with a wrong length")
	}
	record := string(body[len(digits)+1 : length-1])
	key, value, found = strings.Cut(record, "=")
	if !found || key == "" {
		return "", "", nil, errors.New("PAX record without a key")
	}
	switch key {
	case "path", "linkpath", "uname", "gname":
		if strings.IndexByte(value, 0) >= 0 {
			return "", "", nil, fmt.Errorf("PAX record %s with a zero byte", key)
		}
	default:
		if strings.IndexByte(key, 0) >= 0 {
			return "", "", nil, errors.New("PAX key with a zero byte")
		}
	}
	return key, value, body[length:], nil
}
