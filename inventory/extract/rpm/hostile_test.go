package rpm

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// forged are the forms of a database, each written by the test with the same two packages.
func forged() map[string][]byte {
	a, b := named("a"), named(strings.Repeat("b", 700))
	return map[string][]byte{
		"sqlite":             forgeSQLite(a, b),
		"ndb":                forgeNDB(a, b),
		"Berkeley DB":        forgeBerkeley(binary.LittleEndian, a, b),
		"Berkeley DB, other": forgeBerkeley(binary.BigEndian, a, b),
	}
}

func TestEveryFormGivesTheSame(t *testing.T) {
	for name, content := range forged() {
		t.Run(name, func(t *testing.T) {
			got, err := visit(t, content)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"a@3:1-2", strings.Repeat("b", 700) + "@3:1-2"}, names(got.contents.Packages)); diff != "" {
				t.Error(diff)
			}
			checkGap(t, got.contents.Gaps, "")
		})
	}
}

// TestADatabaseThatIsCutShortSaysSo cuts at every byte: what is missing is never passed over.
func TestADatabaseThatIsCutShortSaysSo(t *testing.T) {
	for name, content := range forged() {
		t.Run(name, func(t *testing.T) {
			for length := 512; length < len(content); length++ {
				got, err := visit(t, content[:length])
				if len(got.contents.Packages) < 2 && err == nil && len(got.contents.Gaps) == 0 {
					t.Fatalf("%d of %d bytes: %v and no word of what is missing", length, len(content), names(got.contents.Packages))
				}
			}
		})
	}
}

func TestHostileDatabases(t *testing.T) {
	edit := func(content []byte, change func(b []byte)) []byte {
		content = bytes.Clone(content)
		change(content)
		return content
	}
	big, little := binary.BigEndian, binary.LittleEndian
	all := forged()
	lite, hash, slots := all["sqlite"], all["Berkeley DB"], all["ndb"]
	innerRoot := func(children ...uint32) []byte {
		return edit(lite, func(b []byte) {
			page := b[tinyPage : 2*tinyPage]
			clear(page)
			page[0] = 5
			big.PutUint16(page[3:], uint16(len(children)-1))
			for i, child := range children[1:] {
				big.PutUint16(page[12+2*i:], uint16(tinyPage-8*(i+1)))
				big.PutUint32(page[tinyPage-8*(i+1):], child)
			}
			big.PutUint32(page[8:], children[0])
		})
	}
	for _, test := range []struct {
		name    string
		content []byte
		why     string // part of the error, or of the gap
	}{
		{"sqlite: pages of no size", edit(lite, func(b []byte) { big.PutUint16(b[16:], 0) }), "pages of 0 bytes"},
		{"sqlite: all of a page reserved", edit(lite, func(b []byte) { b[20] = 255 }), "255 of them reserved"},
		{"sqlite: no such table", forgeTable("Other", named("a")), "no table Packages"},
		{"sqlite: schema is a page of nothing", edit(lite, func(b []byte) { b[100] = 0 }), "not that of a table"},
		{"sqlite: the root is the schema", edit(lite, func(b []byte) { b[tinyPage-1] = 1 }), "page 1 more than once"},
		{"sqlite: the root is page 0", edit(lite, func(b []byte) { b[tinyPage-1] = 0 }), "no table Packages"},
		{"sqlite: the root is beyond the end", edit(lite, func(b []byte) { b[tinyPage-1] = 99 }), "page 99, and has"},
		{"sqlite: a page is its own child", innerRoot(2), "page 2 more than once"},
		{"sqlite: many children are one", innerRoot(3, 3, 3, 3), "not that of a table"},
		{"sqlite: more cells than a page holds", edit(lite, func(b []byte) { big.PutUint16(b[tinyPage+3:], 65535) }), "not that of a table"},
		{"sqlite: many cells are one", edit(lite, func(b []byte) {
			big.PutUint16(b[tinyPage+3:], 200)
			for i := range 200 {
				copy(b[tinyPage+8+2*i:], b[tinyPage+8:tinyPage+10])
			}
		}), "not that of a table"},
		{"sqlite: an overflow chain that is a circle", edit(lite, func(b []byte) { big.PutUint32(b[2*tinyPage:], 3) }), "page 3 more than once"},
		{"sqlite: an overflow chain that ends early", edit(lite, func(b []byte) { big.PutUint32(b[2*tinyPage:], 0) }), "page 0, and has"},

		{"ndb: another version", edit(slots, func(b []byte) { b[4] = 1 }), "version 1"},
		{"ndb: no slots", edit(slots, func(b []byte) { little.PutUint32(b[12:], 0) }), "counts 0 pages"},
		{"ndb: more slots than bytes", edit(slots, func(b []byte) { little.PutUint32(b[12:], 1<<31) }), "counts 2147483648 pages"},
		{"ndb: no slot", edit(slots, func(b []byte) { b[96] = 'x' }), "slots are damaged"},
		{"ndb: a slot beyond the end", edit(slots, func(b []byte) { little.PutUint32(b[40:], 1<<28) }), "ends at byte"},
		{"ndb: a huge slot", edit(slots, func(b []byte) { little.PutUint32(b[44:], 1<<31) }), "overlap"},
		{"ndb: every slot is one", edit(slots, func(b []byte) {
			for at := 48; at < ndbPage; at += 16 {
				copy(b[at:], b[32:48])
			}
		}), "overlap"},
		{"ndb: an empty slot in use", edit(slots, func(b []byte) { little.PutUint32(b[44:], 1) }), "no room for its head"},
		{"ndb: another header's number", edit(slots, func(b []byte) { little.PutUint32(b[36:], 77) }), "another's"},
		{"ndb: a byte changed", edit(slots, func(b []byte) { b[ndbPage+blobHead+20] ^= 1 }), "sum is wrong"},

		{"Berkeley DB: a b-tree", edit(hash, func(b []byte) { b[25] = 9 }), "of kind 9"},
		{"Berkeley DB: pages of no size", edit(hash, func(b []byte) { little.PutUint32(b[20:], 0) }), "0 bytes"},
		{"Berkeley DB: encrypted", edit(hash, func(b []byte) { b[24] = 1 }), "encrypted"},
		{"Berkeley DB: more pages than bytes", edit(hash, func(b []byte) { little.PutUint32(b[32:], 1<<31) }), "before its page 2147483648"},
		{"Berkeley DB: an odd number of items", edit(hash, func(b []byte) { little.PutUint16(b[tinyPage+20:], 3) }), "counts 3 items"},
		{"Berkeley DB: items overlap", edit(hash, func(b []byte) { little.PutUint16(b[tinyPage+28:], 511) }), "items overlap"},
		{"Berkeley DB: duplicates", edit(hash, func(b []byte) { b[tinyPage+tinyPage-5-12] = 2 }), "item is of kind 2"},
		{"Berkeley DB: a chain that is a circle", edit(hash, func(b []byte) { little.PutUint32(b[3*tinyPage+16:], 3) }), "page 3 more than once"},
		{"Berkeley DB: a chain into a free page", edit(hash, func(b []byte) { b[2*tinyPage+25] = 0 }), "another kind"},
		{"Berkeley DB: a chain that brings nothing", edit(hash, func(b []byte) { little.PutUint16(b[2*tinyPage+22:], 0) }), "page 0, which is of another kind"},
		{"Berkeley DB: an overflow page that is overfull", edit(hash, func(b []byte) { little.PutUint16(b[2*tinyPage+22:], 65535) }), "another kind"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := visit(t, test.content)
			said := ""
			if err != nil {
				said = err.Error()
			}
			for _, gap := range got.contents.Gaps {
				said += gap.Why
			}
			if !strings.Contains(said, test.why) {
				t.Errorf("it says %q, want %q", said, test.why)
			}
		})
	}
}

// TestSharedOverflowPagesAreReadOnce: reading takes as long as the file is, not as it claims to be.
func TestSharedOverflowPagesAreReadOnce(t *testing.T) {
	var counter countingReader
	for name, content := range forged() {
		content = bytes.Clone(content)
		random := rand.New(rand.NewPCG(1, 2))
		for range 2000 {
			for range 8 {
				content[random.IntN(len(content))] = byte(random.Uint32())
			}
			counter = countingReader{from: bytes.NewReader(content)}
			_, _ = New().Visit(context.Background(), &rootfs.File{Entry: &rootfs.Entry{Size: int64(len(content))}, At: &counter})
			if limit := 4*len(content) + 1<<17; counter.bytes > limit {
				t.Fatalf("%s: %d bytes read of a file of %d", name, counter.bytes, len(content))
			}
		}
	}
}

type countingReader struct {
	from  *bytes.Reader
	bytes int
}

func (r *countingReader) ReadAt(p []byte, at int64) (int, error) {
	n, err := r.from.ReadAt(p, at)
	r.bytes += n
	return n, err
}

// FuzzDatabase: no file makes a reader panic; what it lists has a name and a version that are
// words, and not more than the file has bytes for; its result can be read again; and reading
// twice gives the same.
func FuzzDatabase(f *testing.F) {
	for _, content := range forged() {
		f.Add(content)
	}
	f.Add(tinyLog())
	f.Fuzz(func(t *testing.T, content []byte) {
		content = resum(content)
		got, err := visit(t, content)
		again, againErr := visit(t, content)
		if diff := cmp.Diff(got.encode(), again.encode()); diff != "" || (err == nil) != (againErr == nil) {
			t.Fatal(diff, err, againErr)
		}
		size := 0
		for _, p := range got.contents.Packages {
			size += len(p.Name) + len(p.Version) + len(p.Owns)
			if !record.IsWord([]byte(p.Name)) || p.Version == "" {
				t.Fatalf("%+v", p)
			}
		}
		if size > 8*len(content) {
			t.Errorf("%d bytes of names and files in %d", size, len(content))
		}
	})
}
