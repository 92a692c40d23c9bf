package rootfs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"plimsoll.dev/plimsoll/image"
)

func TestRead(t *testing.T) {
	plain := tarOf(t, "bin/", "bin/sh!=#!x", "sh -> bin/sh", "ash => ./bin/sh", "null%", ".wh.gone", "opt/.wh..wh..opq")
	plain = append(plain, make([]byte, 8192)...) // builders pad to 10 KiB
	stored := gzipOf(t, plain)
	var progress int
	got, err := Read(t.Context(), layerOf(stored, plain), Options{
		Hash:     func(e *Entry, _ []byte) bool { return e.Mode&0o111 != 0 },
		Progress: func(n int) { progress += n },
	})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("#!x"))
	want := &LayerIndex{
		Digest: image.DigestOf(stored), DiffID: image.DigestOf(plain),
		Stored: int64(len(stored)), Inflated: int64(len(plain)),
		Entries: []Entry{
			{Path: "bin", Kind: Directory, Mode: 0o755},
			{Path: "bin/sh", Kind: Regular, Mode: 0o755, Size: 3, SHA256: &sum},
			{Path: "sh", Kind: Symlink, Mode: 0o777, Link: "bin/sh"},
			{Path: "ash", Kind: Hardlink, Link: "bin/sh"},
			{Path: "null", Kind: Device},
			{Path: "gone", Kind: Whiteout},
			{Path: "opt", Kind: Opaque},
		},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
		t.Errorf("index (-want +got):\n%s", diff)
	}
	if progress != len(stored) {
		t.Errorf("progress: got %d bytes, want %d", progress, len(stored))
	}
}

func TestReadFormats(t *testing.T) {
	plain := tarOf(t, "a=1", "b=2")
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, stored := range map[string][]byte{
		"plain":           plain,
		"gzip":            gzipOf(t, plain),
		"gzip, 2 members": append(gzipOf(t, plain[:700]), gzipOf(t, plain[700:])...),
		"gzip, padded":    append(gzipOf(t, plain), make([]byte, 1000)...),
		"zstd":            encoder.EncodeAll(plain, nil),
		"zstd, 2 frames":  encoder.EncodeAll(plain[700:], encoder.EncodeAll(plain[:700], nil)),
	} {
		t.Run(name, func(t *testing.T) {
			index, err := Read(t.Context(), layerOf(stored, plain), Options{})
			if err != nil || len(index.Entries) != 2 {
				t.Errorf("got %v, %v", index, err)
			}
		})
	}
}

// What stands after the tar's end belongs to the digests, and is no entry.
func TestReadToTheEnd(t *testing.T) {
	plain := append(tarOf(t, "a=1"), tarOf(t, "b=2")...)
	stored := gzipOf(t, plain)
	index, err := Read(t.Context(), layerOf(stored, plain), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(index.Entries) != 1 || index.Inflated != int64(len(plain)) {
		t.Errorf("got %d entries of %d bytes, want 1 of %d", len(index.Entries), index.Inflated, len(plain))
	}
}

func TestReadVerifies(t *testing.T) {
	plain, other := tarOf(t, "a=1"), image.DigestOf([]byte("other"))
	stored := gzipOf(t, plain)
	for _, test := range []struct {
		name   string
		change func(l *image.Layer)
		what   string // of the DigestError
		text   string // or in another error
	}{
		{"stored digest", func(l *image.Layer) { l.Digest = other }, "(as stored)", ""},
		{"diffID", func(l *image.Layer) { l.DiffID = other }, "(uncompressed)", ""},
		{"both: the stored digest is the reason", func(l *image.Layer) { l.Digest, l.DiffID = other, other }, "(as stored)", ""},
		{"nothing stated", func(l *image.Layer) { l.Digest, l.DiffID, l.Size = image.Digest{}, image.Digest{}, 0 }, "", ""},
		{"too long", func(l *image.Layer) { l.Size-- }, "", "more than the"},
		{"too short", func(l *image.Layer) { l.Size++ }, "", "only"},
		{"cannot be opened", func(l *image.Layer) {
			l.Blob = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("no such blob") }
		}, "", "no such blob"},
		{"damaged on the way", func(l *image.Layer) {
			l.Blob = func(context.Context) (io.ReadCloser, error) {
				damaged := bytes.Clone(stored)
				damaged[len(damaged)-6] ^= 1
				return io.NopCloser(bytes.NewReader(damaged)), nil
			}
		}, "(as stored)", ""},
		{"another layer", func(l *image.Layer) {
			l.Blob = func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader(bytes.Repeat([]byte("x"), len(stored)))), nil
			}
		}, "(as stored)", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			layer := layerOf(stored, plain)
			test.change(&layer)
			_, err := Read(t.Context(), layer, Options{})
			var digest *image.DigestError
			switch {
			case test.what != "":
				if !errors.As(err, &digest) || !strings.HasSuffix(digest.What, test.what) || !strings.Contains(err.Error(), digest.Want.String()) || !strings.Contains(err.Error(), digest.Got.String()) {
					t.Errorf("got %v, want a DigestError of the layer %s that names both", err, test.what)
				}
			case test.text != "":
				if err == nil || !strings.Contains(err.Error(), test.text) || !strings.Contains(err.Error(), "read layer sha256:") {
					t.Errorf("got %v, want %q in it, and the layer's name", err, test.text)
				}
			case err != nil:
				t.Error(err)
			}
		})
	}
}

func TestReadLimits(t *testing.T) {
	var lines []string
	for i := range 100 {
		lines = append(lines, fmt.Sprintf("f%d=%s", i, strings.Repeat("x", 600)))
	}
	plain := tarOf(t, lines...)
	keepAll := []Visitor{reading("v", Random)}
	for _, test := range []struct {
		name   string
		limits Limits
		flag   string
	}{
		{"entries at the limit", Limits{Entries: 100}, ""},
		{"entries over it", Limits{Entries: 99}, "--max-entries"},
		{"inflated at the limit", Limits{Inflated: int64(len(plain))}, ""},
		{"inflated over it", Limits{Inflated: int64(len(plain)) - 1}, "--max-inflated"},
		{"kept file at the limit", Limits{FileSize: 600}, ""},
		{"kept file over it", Limits{FileSize: 599}, "--max-file-size"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read(t.Context(), layerOf(gzipOf(t, plain), plain), Options{Visitors: keepAll, Limits: test.limits})
			var limit *LimitError
			switch {
			case test.flag == "" && err != nil:
				t.Error(err)
			case test.flag != "" && (!errors.As(err, &limit) || limit.Flag != test.flag || !strings.HasPrefix(limit.What, "layer sha256:")):
				t.Errorf("got %v, want a LimitError that names %s", err, test.flag)
			}
		})
	}
	t.Run("extension headers count as entries", func(t *testing.T) {
		long := tarOf(t, strings.Repeat("n", 200)+"=x")
		if _, err := Read(t.Context(), layerOf(long, long), Options{Limits: Limits{Entries: 1}}); err == nil {
			t.Error("one file with an extension header passes a limit of one")
		}
	})
	t.Run("an extension header of gigabytes", func(t *testing.T) {
		bomb := bytes.Clone(tarOf(t, "x=")[:512])
		bomb[156] = 'x'
		copy(bomb[124:136], "77777777777\x00")
		sign(bomb)
		bomb = append(bomb, make([]byte, 4<<20)...)
		if _, err := Read(t.Context(), layerOf(bomb, bomb), Options{}); err == nil || !strings.Contains(err.Error(), "extension header") {
			t.Errorf("got %v", err)
		}
	})
}

// An ordinary layer of 12 GiB passes. Reading one takes half a minute, so this does in the small
// what it would do: the limits are far above it, offsets beyond 4 GiB are counted right, and a
// layer that inflates a thousand times over is no reason to stop.
func TestReadLargeLayer(t *testing.T) {
	const large = 12 << 30
	if l := DefaultLimits(); l.Inflated < 2*large || l.Entries < 2_000_000 {
		t.Errorf("default limits %+v leave no room for a layer of 12 GiB", l)
	}
	block := tarOf(t, "f=")[:512]
	binary.BigEndian.PutUint64(block[128:136], large+1)
	binary.BigEndian.PutUint32(block[124:128], 0x80000000) // base 256
	sign(block)
	h, err := parseHeader(block)
	if err != nil || h.stored != large+1 {
		t.Fatalf("size of 12 GiB and a byte: got %d, %v", h.stored, err)
	}
	h.start = 8 << 30
	if got, want := h.end(), int64(20<<30+512); got != want {
		t.Errorf("next header: got %d, want %d", got, want)
	}
	plain := tarOf(t, "zeros="+strings.Repeat("\x00", 32<<20), "after=it")
	stored := gzipOf(t, plain)
	if len(plain)/len(stored) < 900 {
		t.Fatalf("inflates only %d times", len(plain)/len(stored))
	}
	index, err := Read(t.Context(), layerOf(stored, plain), Options{})
	if err != nil || len(index.Entries) != 2 {
		t.Errorf("got %v, %v", index, err)
	}
}

// A layer cut short, or with a byte changed, at any place: an error that names the layer, or an
// index; and no goroutine is left.
func TestReadDamaged(t *testing.T) {
	plain := tarOf(t, "a/", "a/b=content", "l -> a", strings.Repeat("long/", 30)+"f=x", "h => a/b")
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	opts := Options{Visitors: []Visitor{reading("v", Stream)}, Memory: NewBudget(DefaultMemory)}
	for format, stored := range map[string][]byte{"plain": plain, "gzip": gzipOf(t, plain), "zstd": encoder.EncodeAll(plain, nil)} {
		stated := layerOf(stored, plain)
		unstated := image.Layer{Blob: stated.Blob}
		step := max(1, len(stored)/700)
		for i := 0; i < len(stored); i += step {
			flipped := bytes.Clone(stored)
			flipped[i] ^= 1 << (i % 8)
			for how, data := range map[string][]byte{"cut": stored[:i], "flipped": flipped} {
				blob := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
				stated.Blob, unstated.Blob = blob, blob
				if _, err := Read(t.Context(), stated, opts); err == nil || !strings.Contains(err.Error(), "layer sha256:") {
					t.Fatalf("%s %s at %d: got %v, want an error that names the layer", format, how, i, err)
				}
				if index, err := Read(t.Context(), unstated, opts); err == nil && index == nil {
					t.Fatalf("%s %s at %d: neither error nor index", format, how, i)
				}
			}
		}
	}
	settled(t, before)
}

// settled waits for goroutines that are about to end, and fails if one stays.
func settled(t *testing.T, before int) {
	t.Helper()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// endless is a layer that never ends.
type endless struct{ cancel func() }

func (e endless) Read(p []byte) (int, error) {
	e.cancel()
	clear(p)
	return len(p), nil
}
func (endless) Close() error { return nil }

func TestReadCancelled(t *testing.T) {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	layer := image.Layer{Blob: func(context.Context) (io.ReadCloser, error) { return endless{cancel}, nil }}
	if _, err := Read(ctx, layer, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	settled(t, before)
}

func TestReread(t *testing.T) {
	plain := tarOf(t, "a=old", "b=2", "c=3", "a=new")
	layer := layerOf(plain, plain)
	// The visitor would refuse if it were asked.
	v := reading("v", Ignore)
	got, err := Reread(t.Context(), layer, Options{Visitors: []Visitor{v}}, func(e *Entry) bool { return e.Path != "b" })
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]Result{"a": {{Visitor: "v", Data: []byte("new")}}, "c": {{Visitor: "v", Data: []byte("3")}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	layer.DiffID = image.DigestOf(nil)
	if _, err := Reread(t.Context(), layer, Options{}, func(*Entry) bool { return true }); err == nil {
		t.Error("another layer passes")
	}
}

// Property: whatever the stored bytes, Read ends with an index within the limits or an error,
// leaves no goroutine, and what it returns survives Encode and Merge.
func FuzzRead(f *testing.F) {
	plain := tarOf(f, "a/", "a/b=content", "l -> a", "h => a/b", "a/.wh.c")
	f.Add(plain)
	f.Add(gzipOf(f, plain))
	f.Add(paxTar(f, map[string]string{"GNU.sparse.map": "0,1,5,2", "GNU.sparse.size": "9"}, "abc"))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := runtime.NumGoroutine()
		data = bytes.Clone(data)
		mend(data)
		limits := Limits{Entries: 50, Inflated: 1 << 20, FileSize: 1 << 10}
		blob := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		index, err := Read(t.Context(), image.Layer{Blob: blob}, Options{
			Visitors: []Visitor{reading("v", Random), reading("w", Stream)},
			Hash:     func(*Entry, []byte) bool { return true },
			Limits:   limits,
			Memory:   NewBudget(1 << 20),
		})
		if n := runtime.NumGoroutine(); n > before {
			settled(t, before)
		}
		if err != nil {
			return
		}
		if int64(len(index.Entries)) > limits.Entries || index.Inflated > limits.Inflated {
			t.Errorf("%d entries, %d bytes: beyond the limits", len(index.Entries), index.Inflated)
		}
		for _, e := range index.Entries {
			if clean, _ := cleanPath(e.Path); clean != e.Path || e.Path == "" && e.Kind != Opaque {
				t.Errorf("path %q is not clean", e.Path)
			}
		}
		roundTrip(t, index)
		if _, err := Merge([]*LayerIndex{index, index}); err != nil {
			t.Error(err)
		}
	})
}
