package rpm

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBerkeleyDBsOwnFiles: Debian's rpm reads this form and no longer writes it. The headers are
// those that rpm wrote into sqlite; Berkeley DB's own db_load puts them into a hash.
func TestBerkeleyDBsOwnFiles(t *testing.T) {
	needs(t, "db5.3_load")
	installed := install(t, build(t, specification, plainSpecification)...)
	blobs, want := headers(t, installed), truth(t, installed, "sqlite")
	for _, test := range []struct {
		name     string
		settings string
		order    binary.AppendByteOrder // of the keys
		// readByRPM is false where its own reader (4.18, bdb_ro) lists only some of them.
		readByRPM bool
	}{
		{"as rpm had it", "db_pagesize=4096\n", binary.LittleEndian, true},
		{"small pages", "db_pagesize=512\n", binary.LittleEndian, true},
		{"large pages, headers within", "db_pagesize=65536\n", binary.LittleEndian, true},
		{"of a big-endian machine", "db_lorder=4321\n", binary.BigEndian, true},
		{"many buckets", "h_nelem=64\nh_ffactor=4\n", binary.LittleEndian, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			dump := "VERSION=3\nformat=bytevalue\ntype=hash\n" + test.settings + "HEADER=END\n"
			line := func(b []byte) { dump += " " + hex.EncodeToString(b) + "\n" }
			key := func(n int) []byte { return test.order.AppendUint32(nil, uint32(n)) }
			line(key(0))
			line(key(len(blobs)))
			for i, blob := range blobs {
				line(key(i + 1))
				line(blob)
			}
			folder := t.TempDir()
			file := filepath.Join(folder, "Packages")
			run(t, dump+"DATA=END\n", "db5.3_load", file)
			check(t, file, want)
			if test.readByRPM {
				check(t, file, truth(t, folder, "bdb_ro"))
			}
		})
	}
}

// TestABerkeleyDBThatChanged has free pages, and buckets that were split.
func TestABerkeleyDBThatChanged(t *testing.T) {
	needs(t, "db5.3_load")
	file := filepath.Join(t.TempDir(), "Packages")
	load := func(prefix string, number, length int) (loaded []string) {
		dump := "VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=512\nHEADER=END\n"
		for i := range number {
			name := fmt.Sprintf("%s%03d%s", prefix, i, strings.Repeat("x", length))
			dump += fmt.Sprintf(" %08x\n %x\n", i+1, named(name))
			loaded = append(loaded, name+"@3:1-2")
		}
		run(t, dump+"DATA=END\n", "db5.3_load", file)
		return loaded
	}
	old := load("old", 200, 900)
	want := append(load("new", 70, 300), old[70:]...) // the same keys with shorter values
	got, err := visit(t, readFile(t, file))
	if err != nil {
		t.Fatal(err)
	}
	checkGap(t, got.contents.Gaps, "")
	if diff := cmp.Diff(want, names(got.contents.Packages)); diff != "" {
		t.Error(diff)
	}
}
