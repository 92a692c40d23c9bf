package rootfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
)

func example() *LayerIndex {
	sum := [32]byte{1, 2, 3}
	return &LayerIndex{
		Digest: image.DigestOf([]byte("stored")), DiffID: image.DigestOf([]byte("tar")), Stored: 12, Inflated: math.MaxInt64,
		Entries: []Entry{
			{Path: "usr", Kind: Directory, Mode: 0o755},
			{Path: "usr/bin/env", Kind: Regular, Mode: 0o104755, Size: 4711, SHA256: &sum},
			{Path: "usr/bin/awk", Kind: Symlink, Mode: 0o777, Link: "/etc/alternatives/awk"},
			{Path: "usr/bin/nawk", Kind: Hardlink, Link: "usr/bin/awk"},
			{Path: "dev/null", Kind: Device},
			{Path: "dev/null", Kind: Whiteout},
			{Path: "", Kind: Opaque},
			{Path: "var/lib/dpkg/status", Kind: Regular, Results: []Result{{Visitor: "dpkg", Data: []byte("found")}, {Visitor: "text", Problem: "odd"}}},
			{Path: "var/lib/dpkg/status.d/\xff", Kind: Regular, Results: []Result{{Visitor: "dpkg", Data: []byte{}}}},
		},
		Problems: []Problem{{Path: "../x", Why: "leaves the root"}},
	}
}

func roundTrip(t *testing.T, want *LayerIndex) {
	t.Helper()
	got, err := DecodeLayerIndex(want.Encode(), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
		t.Errorf("index (-encoded +decoded):\n%s", diff)
	}
}

func TestEncode(t *testing.T) {
	roundTrip(t, example())
	roundTrip(t, &LayerIndex{})
	if !bytes.Equal(example().Encode(), example().Encode()) {
		t.Error("one index, two encodings")
	}
}

func TestDecodeDamaged(t *testing.T) {
	data := example().Encode()
	for i := range data {
		if _, err := DecodeLayerIndex(data[:i], Limits{}); !errors.Is(err, ErrIndex) {
			t.Fatalf("cut at %d: got %v", i, err)
		}
		flipped := bytes.Clone(data)
		flipped[i] ^= 0x10
		if _, err := DecodeLayerIndex(flipped, Limits{}); !errors.Is(err, ErrIndex) {
			t.Fatalf("changed at %d: got %v", i, err)
		}
	}
	var limit *LimitError
	if _, err := DecodeLayerIndex(data, Limits{Entries: 8}); !errors.As(err, &limit) || limit.Flag != "--max-entries" {
		t.Errorf("nine entries, a limit of eight: got %v", err)
	}
}

// The result has memory of its own.
func TestDecodeCopies(t *testing.T) {
	data := example().Encode()
	got, err := DecodeLayerIndex(data, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	if diff := cmp.Diff(example(), got, cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
		t.Errorf("after the input was cleared (-want +got):\n%s", diff)
	}
}

// Property: any bytes give an index or ErrIndex, with memory in proportion to their length; what
// was decoded is encoded and decoded to the same again.
func FuzzDecode(f *testing.F) {
	body := func(l *LayerIndex) []byte {
		data := l.Encode()
		return data[len(indexMagic) : len(data)-crc32.Size]
	}
	f.Add(body(example()))
	f.Add(body(&LayerIndex{}))
	f.Fuzz(func(t *testing.T, body []byte) {
		data := append([]byte(indexMagic), body...)
		data = binary.LittleEndian.AppendUint32(data, crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
		index, err := DecodeLayerIndex(data, Limits{})
		if err != nil {
			if !errors.Is(err, ErrIndex) {
				t.Errorf("got %v", err)
			}
			return
		}
		if len(index.Entries)*minEntry > len(body) {
			t.Errorf("%d entries from %d bytes", len(index.Entries), len(body))
		}
		roundTrip(t, index)
	})
}
