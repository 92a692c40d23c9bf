package db

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image"
)

// The file begins with a header of fixed size, then the directory, then the shards in the
// directory's order without gaps: each its data, then the SHA-256 of each block of the data.
//
//	offset length
//	     0      8  magic
//	     8      4  format version
//	    12      4  length of the directory
//	    16      8  length of the file
//	    24      8  fingerprint of the version orderings
//	    32     32  root: SHA-256 of the bytes 0 to 31 and of the directory
//
// Numbers of fixed size are little-endian. The directory holds the SHA-256 of each shard's list
// of block sums, so the root vouches for every byte.
const (
	magic           = "\x89plimdb\n"
	formatVersion   = 2
	headerLength    = 64
	rootAt          = 32
	maxDirectory    = 16 << 20
	blockLength     = 16 << 10
	maxShardLength  = 1<<31 - 1 // so that an int of 32 bits holds it
	maxShardsInFile = 4096
)

// ErrCorrupt says that a database's bytes are not those that were written.
var ErrCorrupt = errors.New("the database is damaged; remove it, or make it again with plimsoll db build")

// ErrVersion says that a database is of a format that this program does not read.
var ErrVersion = errors.New("the database was made by another version of plimsoll; make it again with plimsoll db build")

// shardKind says what a shard's data is.
type shardKind uint64

const (
	advisories shardKind = iota + 1
	epssScores
	kevEntries
)

// entry is one shard in the directory.
type entry struct {
	kind   shardKind
	source Source
	// sums is the SHA-256 of the list of block sums.
	sums [sha256.Size]byte
}

// appendDirectory appends the encoded entries.
func appendDirectory(dst []byte, entries []entry) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(entries)))
	for i := range entries {
		e := &entries[i]
		dst = binary.AppendUvarint(dst, uint64(e.kind))
		for _, s := range []string{e.source.Name, e.source.Licence, e.source.Attribution, e.source.Version} {
			dst = appendString(dst, s)
		}
		for _, n := range []int64{int64(e.source.Records), int64(e.source.FutureDated), e.source.Size} {
			dst = binary.AppendUvarint(dst, uint64(n))
		}
		dst = binary.AppendVarint(dst, encodeTime(e.source.AsOf))
		dst = binary.AppendVarint(dst, encodeTime(e.source.Newest))
		dst = append(dst, e.sums[:]...)
	}
	return dst
}

// parseDirectory is the inverse of appendDirectory. It allocates no more than the input holds.
func parseDirectory(text []byte) ([]entry, error) {
	r := reader{window: text, end: len(text)}
	count := r.count(maxShardsInFile)
	var entries []entry
	for range count {
		e := entry{kind: shardKind(r.uvarint())}
		for _, s := range []*string{&e.source.Name, &e.source.Licence, &e.source.Attribution, &e.source.Version} {
			*s = r.string()
		}
		e.source.Records = int(r.uvarint())
		e.source.FutureDated = int(r.uvarint())
		e.source.Size = int64(r.uvarint())
		e.source.AsOf = decodeTime(r.varint())
		e.source.Newest = decodeTime(r.varint())
		copy(e.sums[:], r.bytes(sha256.Size))
		if r.err != nil {
			return nil, r.err
		}
		if e.source.Size < 0 || e.source.Size > maxShardLength || e.source.Records < 0 || e.source.FutureDated < 0 {
			return nil, ErrCorrupt
		}
		e.source.Digest = image.DigestFromSum(e.sums)
		entries = append(entries, e)
	}
	if r.err != nil || r.at != r.end {
		return nil, ErrCorrupt
	}
	byName := func(a, b entry) int { return strings.Compare(a.source.Name, b.source.Name) }
	if !slices.IsSortedFunc(entries, byName) {
		return nil, ErrCorrupt
	}
	return entries, nil
}

// appendHeader appends the header of a file with this directory and length.
func appendHeader(dst, directory []byte, fileLength int64) []byte {
	start := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint32(dst, formatVersion)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(directory)))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(fileLength))
	fingerprint := orderingFingerprint()
	dst = append(dst, fingerprint[:]...)
	root := rootOf(dst[start:], directory)
	return append(dst, root[:]...)
}

func rootOf(header, directory []byte) [sha256.Size]byte {
	return sha256.Sum256(slices.Concat(header[:rootAt], directory))
}

// checkHeader checks everything in a header but its root, and returns the directory's length.
func checkHeader(header []byte, fileLength int64) (directoryLength int, err error) {
	if len(header) < len(magic) || string(header[:len(magic)]) != magic {
		return 0, errors.New("it is no advisory database of plimsoll; name one made with plimsoll db build")
	}
	if len(header) < headerLength {
		return 0, fmt.Errorf("it ends within its header: %w", ErrCorrupt)
	}
	if v := binary.LittleEndian.Uint32(header[8:]); v != formatVersion {
		return 0, fmt.Errorf("format %d, this program reads %d: %w", v, formatVersion, ErrVersion)
	}
	if length := binary.LittleEndian.Uint64(header[16:]); length != uint64(fileLength) {
		return 0, fmt.Errorf("it has %d bytes, and should have %d: %w", fileLength, length, ErrCorrupt)
	}
	if fingerprint := orderingFingerprint(); string(header[24:rootAt]) != string(fingerprint[:]) {
		return 0, fmt.Errorf("its versions are ordered by other rules: %w", ErrVersion)
	}
	length := int64(binary.LittleEndian.Uint32(header[12:]))
	if length > maxDirectory || headerLength+length > fileLength {
		return 0, fmt.Errorf("its directory is too long: %w", ErrCorrupt)
	}
	return int(length), nil
}

// orderingFingerprint changes when package ecosystem encodes keys or spells names in another way:
// keys made by different encodings must not be compared.
func orderingFingerprint() (fingerprint [8]byte) {
	var keys []byte
	for _, version := range []string{
		"1:2.30~rc1+dfsg-4~deb12u10+b1", "0a.9-0ubuntu0.22.04.1", "1.2.03b_pre4_git20240101-r12", "10.0_p1-r0",
		"v1.20.3-rc.1.0.20240102030405-abcdef012345", "0.0.12+build", "1.0", "2:3.0.7^git1-18.el9_2", "1!1.0a1.post2.dev3+cu118", "2004d",
		"1.0.0.0-beta2.1-dev", "20100102-p1", "2.5.5.SP12-redhat-00009", "1.0.1-alpha", "1-ga.x", "8.0.0-preview.7.2147483648", "1.0.0--5",
		"1.a.0.b", "1.0.0.rc1", "1.0.0+1.a", "10a1b2_1,2", "1..a1-1", "1.1.1k-alpha+2", "1.2-3",
	} {
		for ordering := ecosystem.Unordered + 1; ordering <= ecosystem.LastOrdering; ordering++ {
			keys = append(keys, 0xff, byte(ordering))
			// A version that is refused leaves no key, and that is part of the fingerprint.
			keys, _ = ordering.AppendKey(keys, version)
		}
	}
	for _, name := range []string{"PyPI", "crates.io", "NuGet", "Packagist", "SwiftURL", "npm"} {
		keys = append(append(keys, 0xff), ecosystem.NormalName(name, "https://A_b.C/D--e.git")...)
	}
	sum := sha256.Sum256(keys)
	copy(fingerprint[:], sum[:])
	return fingerprint
}

// encodeTime makes a number of a time in whole seconds; 0 is no time.
func encodeTime(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func decodeTime(seconds int64) time.Time {
	// Beyond these years a time has no RFC 3339 form.
	const first, last = -62135596800, 253402300799 // 0001-01-01T00:00:00Z, 9999-12-31T23:59:59Z
	if seconds == 0 || seconds <= first || seconds > last {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func appendString(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}
