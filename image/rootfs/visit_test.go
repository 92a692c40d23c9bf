package rootfs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
)

// content is as long as it must be to cross pages, chunks and the head.
func content(n int) string {
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%08d\n", b.Len())
	}
	return b.String()[:n]
}

// Every size around a seam, in every way that content is handed out, with the sum on the way.
func TestVisitContent(t *testing.T) {
	var lines []string
	sizes := []int{0, 1, 511, 512, 4095, 4096, 4097, smallest - 1, smallest, smallest + 1, chunkSize - 512, chunkSize, chunkSize + 1, 3*chunkSize + 7}
	for i, size := range sizes {
		lines = append(lines, fmt.Sprintf("f%02d=%s", i, content(size)))
	}
	plain := tarOf(t, lines...)
	for name, test := range map[string]struct {
		visitors []Visitor
		memory   int64
	}{
		"nobody":                     {nil, DefaultMemory},
		"one streaming":              {[]Visitor{reading("v", Stream)}, DefaultMemory},
		"one random":                 {[]Visitor{reading("v", Random)}, DefaultMemory},
		"two streaming":              {[]Visitor{reading("v", Stream), reading("w", Stream)}, DefaultMemory},
		"three streaming, no memory": {[]Visitor{reading("v", Stream), reading("w", Stream), reading("x", Stream)}, 0},
		"streaming and random":       {[]Visitor{reading("v", Stream), reading("w", Random)}, DefaultMemory},
		"one costly":                 {[]Visitor{reading("v", Costly)}, DefaultMemory},
		"costly and random":          {[]Visitor{reading("v", Costly), reading("w", Random)}, DefaultMemory},
		"one random, file":           {[]Visitor{reading("v", Random)}, 0},
		"streaming and random, few":  {[]Visitor{reading("v", Stream), reading("w", Random)}, 2 * smallest},
	} {
		t.Run(name, func(t *testing.T) {
			index, err := Read(t.Context(), layerOf(gzipOf(t, plain), plain), Options{
				Visitors: test.visitors,
				Hash:     func(*Entry, []byte) bool { return true },
				Memory:   NewBudget(test.memory),
			})
			if err != nil {
				t.Fatal(err)
			}
			for i, size := range sizes {
				e := index.Entries[i]
				want := []byte(content(size))
				if sum := sha256.Sum256(want); *e.SHA256 != sum {
					t.Errorf("%d bytes: another sum", size)
				}
				if len(e.Results) != len(test.visitors) {
					t.Fatalf("%d bytes: %d results, want %d", size, len(e.Results), len(test.visitors))
				}
				for j, r := range e.Results {
					if !bytes.Equal(r.Data, want) || r.Visitor != test.visitors[j].Name() || r.Problem != "" {
						t.Errorf("%d bytes: %s got %d other bytes, problem %q", size, r.Visitor, len(r.Data), r.Problem)
					}
				}
			}
		})
	}
}

// memory is a working Results.
type memory map[string][]byte

func (m memory) key(v Visitor, sum [32]byte) string {
	return fmt.Sprintf("%s/%d %x", v.Name(), v.Version(), sum)
}

func (m memory) Recall(v Visitor, sum [32]byte) ([]byte, bool) {
	data, ok := m[m.key(v, sum)]
	return data, ok
}

func (m memory) Remember(v Visitor, sum [32]byte, data []byte) error {
	m[m.key(v, sum)] = data
	return nil
}

// Content that was seen before is not visited again, whatever its path and layer, whether or not
// it held anything; what could not be made sense of is.
func TestCostlyContentIsVisitedOnce(t *testing.T) {
	visits := map[string]int{}
	visitor := watch{"v", always(Costly), func(_ context.Context, f *File) ([]byte, error) {
		text, err := io.ReadAll(io.NewSectionReader(f.At, 0, f.Size))
		visits[string(text)]++
		switch string(text) {
		case "empty":
			return nil, err
		case "broken":
			return nil, errors.New("broken")
		}
		return text, err
	}}
	seen := memory{}
	read := func(hash bool, lines ...string) []string {
		plain := tarOf(t, lines...)
		opts := Options{Visitors: []Visitor{visitor}, Seen: seen}
		if hash {
			opts.Hash = func(*Entry, []byte) bool { return true }
		}
		index, err := Read(t.Context(), layerOf(gzipOf(t, plain), plain), opts)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range index.Entries {
			for _, r := range e.Results {
				got = append(got, e.Path+"="+string(r.Data)+r.Problem)
			}
		}
		return got
	}
	want := []string{"a=one", "b=one", "d=broken"}
	for _, hash := range []bool{false, true} {
		if diff := cmp.Diff(want, read(hash, "a=one", "b=one", "c=empty", "d=broken")); diff != "" {
			t.Error(diff)
		}
	}
	if diff := cmp.Diff(map[string]int{"one": 1, "empty": 1, "broken": 2}, visits); diff != "" {
		t.Error(diff)
	}
}

func TestVisitHead(t *testing.T) {
	sizes := []int{0, 5, HeadSize, HeadSize + 1, chunkSize - 2048, chunkSize}
	var lines []string
	for i, size := range sizes {
		lines = append(lines, fmt.Sprintf("f%d=%s", i, content(size)))
	}
	plain := tarOf(t, lines...)
	seen := 0
	v := watch{name: "v", wants: func(e *Entry, head []byte) Want {
		want := content(sizes[seen])
		if string(head) != want[:min(len(want), HeadSize)] || e.Size != int64(len(want)) {
			t.Errorf("%s: another head", e.Path)
		}
		seen++
		return Ignore
	}}
	if _, err := Read(t.Context(), layerOf(plain, plain), Options{Visitors: []Visitor{v}}); err != nil {
		t.Fatal(err)
	}
	if seen != len(sizes) {
		t.Errorf("asked %d times, want %d", seen, len(sizes))
	}
}

// Visitors that stream the same file do not wait for one another, and it is not kept for them: it
// may be larger than what may be kept.
func TestVisitTogether(t *testing.T) {
	plain := tarOf(t, "a="+content(3*chunkSize), "b=2")
	streaming := func(name string, visit func(*File) ([]byte, error)) Visitor {
		return watch{name, always(Stream), func(_ context.Context, f *File) ([]byte, error) { return visit(f) }}
	}
	first := func(f *File) ([]byte, error) {
		b := make([]byte, 1)
		_, err := io.ReadFull(f, b)
		return b, err
	}
	last := func(f *File) ([]byte, error) {
		b, err := io.ReadAll(f)
		return b[len(b)-1:], err
	}
	for name, test := range map[string]struct {
		visitors []Visitor
		want     []Result // of a
	}{
		"one stops early": {[]Visitor{streaming("v", first), streaming("w", last)},
			[]Result{{Visitor: "v", Data: []byte("0")}, {Visitor: "w", Data: []byte(content(3 * chunkSize)[3*chunkSize-1:])}}},
		"all stop early": {[]Visitor{streaming("v", first), streaming("w", first)}, []Result{{Visitor: "v", Data: []byte("0")}, {Visitor: "w", Data: []byte("0")}}},
		"nobody reads":   {[]Visitor{streaming("v", func(*File) ([]byte, error) { return nil, nil }), streaming("w", func(*File) ([]byte, error) { return nil, nil })}, nil},
		"one reads nothing": {[]Visitor{streaming("v", func(f *File) ([]byte, error) { _, err := f.Read(nil); return nil, err }), streaming("w", first)},
			[]Result{{Visitor: "w", Data: []byte("0")}}},
		"one panics": {[]Visitor{streaming("v", func(f *File) ([]byte, error) { _, _ = first(f); panic("oh") }), streaming("w", first)},
			[]Result{{Visitor: "v", Problem: "the visitor failed: oh"}, {Visitor: "w", Data: []byte("0")}}},
	} {
		for _, hash := range []func(*Entry, []byte) bool{nil, func(*Entry, []byte) bool { return true }} {
			limits := DefaultLimits()
			limits.FileSize = 1
			index, err := Read(t.Context(), layerOf(plain, plain), Options{Visitors: test.visitors, Hash: hash, Limits: limits})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if diff := cmp.Diff(test.want, index.Entries[0].Results); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			if sum := sha256.Sum256([]byte(content(3 * chunkSize))); hash != nil && *index.Entries[0].SHA256 != sum {
				t.Errorf("%s: another sum", name)
			}
			if got := index.Entries[1].Path; got != "b" {
				t.Errorf("%s: the next entry is %q", name, got)
			}
		}
	}
}

// What a visitor leaves unread is passed, and counts in the sum.
func TestVisitReadsLess(t *testing.T) {
	plain := tarOf(t, "a="+content(chunkSize), "b=2")
	v := watch{"v", always(Stream), func(_ context.Context, f *File) ([]byte, error) {
		first := make([]byte, 3)
		_, err := io.ReadFull(f, first[:min(3, f.Size)])
		return first[:1], err
	}}
	index, err := Read(t.Context(), layerOf(plain, plain), Options{Visitors: []Visitor{v}, Hash: func(*Entry, []byte) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{content(chunkSize), "2"} {
		if sum := sha256.Sum256([]byte(text)); *index.Entries[i].SHA256 != sum {
			t.Errorf("%s: another sum", index.Entries[i].Path)
		}
	}
}

func TestVisitProblems(t *testing.T) {
	plain := tarOf(t, "a=1", "b=2")
	fails := watch{"fails", always(Stream), func(_ context.Context, f *File) ([]byte, error) {
		return []byte("part"), fmt.Errorf("%s is odd", f.Path)
	}}
	panics := watch{"panics", always(Random), func(context.Context, *File) ([]byte, error) { panic("oh") }}
	refuses := watch{"refuses", func(*Entry, []byte) Want { panic("no") }, nil}
	silent := watch{"silent", always(Stream), func(context.Context, *File) ([]byte, error) { return nil, nil }}
	empty := watch{"empty", always(Stream), func(context.Context, *File) ([]byte, error) { return []byte{}, nil }}
	index, err := Read(t.Context(), layerOf(plain, plain), Options{Visitors: []Visitor{fails, panics, refuses, silent, empty}})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range index.Entries {
		want := []Result{
			{Visitor: "refuses", Problem: "the visitor failed: no"},
			{Visitor: "fails", Data: []byte("part"), Problem: e.Path + " is odd"},
			{Visitor: "panics", Problem: "the visitor failed: oh"},
			{Visitor: "empty", Data: []byte{}},
		}
		if diff := cmp.Diff(want, e.Results); diff != "" {
			t.Errorf("%s (-want +got):\n%s", e.Path, diff)
		}
	}
}

// A visitor cannot hide that the layer is damaged, nor that the caller has lost patience.
func TestVisitCannotSwallow(t *testing.T) {
	plain := tarOf(t, "a="+content(4*chunkSize))
	cut := plain[:2*chunkSize]
	swallows := watch{"v", always(Stream), func(_ context.Context, f *File) ([]byte, error) {
		_, _ = io.Copy(io.Discard, f)
		return nil, nil
	}}
	for name, hash := range map[string]func(*Entry, []byte) bool{"no sum": nil, "sum": func(*Entry, []byte) bool { return true }} {
		for _, visitors := range [][]Visitor{{swallows}, {swallows, swallows}} {
			t.Run(name, func(t *testing.T) {
				blob := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(cut)), nil }
				_, err := Read(t.Context(), image.Layer{Blob: blob}, Options{Visitors: visitors, Hash: hash})
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("got %v", err)
				}
			})
		}
	}
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancels := watch{"v", always(Stream), func(context.Context, *File) ([]byte, error) { cancel(); return nil, nil }}
		if _, err := Read(ctx, layerOf(plain, plain), Options{Visitors: []Visitor{cancels}}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// Results are the visitor's own bytes no longer, and readers that it keeps are of no use.
func TestVisitOwnership(t *testing.T) {
	plain := tarOf(t, "a=first", "b=second")
	buffer := make([]byte, 1)
	type set struct {
		want   Want
		others []Visitor
	}
	for _, s := range []set{{Stream, nil}, {Random, nil}, {Stream, []Visitor{reading("w", Stream)}}} {
		want := s.want
		var left []io.Reader
		var at []io.ReaderAt
		v := watch{"v", always(want), func(_ context.Context, f *File) ([]byte, error) {
			left, at = append(left, f.Reader), append(at, f.At)
			_, err := io.ReadFull(f, buffer)
			return buffer, err
		}}
		index, err := Read(t.Context(), layerOf(plain, plain), Options{Visitors: append([]Visitor{v}, s.others...)})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(index.Entries[0].Results[0].Data); got != "f" {
			t.Errorf("first result: got %q, want f", got)
		}
		for i := range left {
			if _, err := left[i].Read(buffer); !errors.Is(err, errClosed) {
				t.Errorf("late read: got %v", err)
			}
			if want == Stream && at[i] != nil {
				t.Error("a streaming visitor has random access")
			}
			if want == Random {
				if _, err := at[i].ReadAt(buffer, 0); !errors.Is(err, errClosed) {
					t.Errorf("late random read: got %v", err)
				}
			}
		}
	}
}

func TestBudget(t *testing.T) {
	b := NewBudget(100)
	if !b.take(60) || b.take(41) || !b.take(40) || !b.take(0) {
		t.Fatal("60 of 100, 41 more, 40 more, nothing more: want all but the second")
	}
	b.give(60)
	if !b.take(60) {
		t.Error("what was given back is not to be had")
	}
}

// All the memory comes back, whatever becomes of the pass.
func TestBudgetIsReturned(t *testing.T) {
	plain := tarOf(t, "a="+content(5*smallest), "b="+content(smallest), "c="+content(3*smallest))
	for name, v := range map[string]Visitor{
		"read":  reading("v", Random),
		"panic": watch{"v", always(Random), func(context.Context, *File) ([]byte, error) { panic("oh") }},
	} {
		for cut := len(plain); cut > 0; cut -= 3 * smallest / 2 {
			b := NewBudget(8 * smallest)
			blob := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(plain[:cut])), nil }
			_, _ = Read(t.Context(), image.Layer{Blob: blob}, Options{Visitors: []Visitor{v}, Memory: b}) // may fail: that is the point
			if got := b.left; got != 8*smallest {
				t.Errorf("%s, cut at %d: %d bytes of %d are left", name, cut, got, 8*smallest)
			}
		}
	}
}

// Nothing is left in the folder of temporary files; one that is missing is named, with the way out.
func TestSpool(t *testing.T) {
	plain := tarOf(t, "a="+content(5*smallest))
	opts := Options{Visitors: []Visitor{watch{"v", always(Random), func(_ context.Context, f *File) ([]byte, error) {
		last := make([]byte, 10)
		if n, err := f.At.ReadAt(last, f.Size-4); n != 4 || err != io.EOF {
			return nil, fmt.Errorf("read over the end: %d, %w", n, err)
		}
		if _, err := f.At.ReadAt(last, f.Size); err != io.EOF {
			return nil, fmt.Errorf("read after the end: %w", err)
		}
		return last[:4], nil
	}}}}
	want := content(5 * smallest)[5*smallest-4:]
	for name, memory := range map[string]int64{"memory": DefaultMemory, "file": 1} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			opts.Memory = NewBudget(memory)
			index, err := Read(t.Context(), layerOf(plain, plain), opts)
			if err != nil {
				t.Fatal(err)
			}
			if r := index.Entries[0].Results[0]; string(r.Data) != want || r.Problem != "" {
				t.Errorf("got %q, problem %q", r.Data, r.Problem)
			}
			if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
	t.Run("no folder", func(t *testing.T) {
		t.Setenv("TMPDIR", t.TempDir()+"/missing")
		opts.Memory = NewBudget(0)
		if _, err := Read(t.Context(), layerOf(plain, plain), opts); err == nil || !strings.Contains(err.Error(), "--max-memory") {
			t.Errorf("got %v", err)
		}
	})
}
