package rpm

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

func TestWants(t *testing.T) {
	for path, want := range map[string]rootfs.Want{
		"var/lib/rpm/Packages":                     rootfs.Costly,
		"var/lib/rpm/rpmdb.sqlite":                 rootfs.Costly,
		"var/lib/rpm/rpmdb.sqlite-wal":             rootfs.Costly,
		"usr/lib/sysimage/rpm/Packages.db":         rootfs.Costly,
		"usr/share/rpm/rpmdb.sqlite":               rootfs.Costly,
		"var/lib/rpmmanifest/container-manifest-1": rootfs.Stream,
		"var/lib/rpmmanifest/container-manifest-2": rootfs.Stream,
		"var/lib/rpm/rpmdb.sqlite-shm":             rootfs.Ignore,
		"var/lib/rpm/Name":                         rootfs.Ignore,
		"srv/chroot/var/lib/rpm/Packages":          rootfs.Ignore,
		"usr/share/rpm/macros":                     rootfs.Ignore,
	} {
		entry := &rootfs.Entry{Path: path, Kind: rootfs.Regular}
		if got := New().Wants(entry, nil); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
		if allocations := testing.AllocsPerRun(10, func() { New().Wants(entry, nil) }); allocations > 0 {
			t.Errorf("%s: %v allocations", path, allocations)
		}
	}
}

func TestAssemble(t *testing.T) {
	const first, second = manifestFolder + "container-manifest-1", manifestFolder + "container-manifest-2"
	full := []byte("a\t1-2\t0\t0\t(none)\t3\t0\tnoarch\t3\ta-1-2.src.rpm\n")
	for _, test := range []struct {
		name  string
		files map[string][]byte
		want  []string // purls
		gaps  []string // code and path
	}{
		{name: "nothing"},
		{name: "a database", files: map[string][]byte{databasePath: tinyDatabase()}, want: []string{"pkg:rpm/a@1-2?epoch=3", "pkg:rpm/b@1-2?epoch=3"}},
		{name: "a log beside it", files: map[string][]byte{databasePath: tinyDatabase(), databasePath + "-wal": tinyLog()},
			want: []string{"pkg:rpm/b@1-2?epoch=3", "pkg:rpm/c@1-2?epoch=3"}},
		{name: "an empty log", files: map[string][]byte{databasePath: tinyDatabase(), databasePath + "-wal": nil},
			want: []string{"pkg:rpm/a@1-2?epoch=3", "pkg:rpm/b@1-2?epoch=3"}},
		{name: "a log without a database", files: map[string][]byte{databasePath + "-wal": tinyLog()}, gaps: []string{"unreadable-database " + databasePath + "-wal"}},
		{name: "a log of a database that moved", files: map[string][]byte{databasePath + "-wal": tinyLog(), "usr/share/rpm/rpmdb.sqlite": forgeSQLite(named("a"))}, want: []string{"pkg:rpm/a@1-2?epoch=3"}},
		{name: "an empty database", files: map[string][]byte{databasePath: nil}, gaps: []string{"unreadable-database " + databasePath}},
		{name: "a journal", files: map[string][]byte{databasePath: forgeSQLite(named("a")), databasePath + "-journal": []byte(journalMagic + "1234")},
			want: []string{"pkg:rpm/a@1-2?epoch=3"}, gaps: []string{"unreadable-database " + databasePath}},
		{name: "a journal that was played back", files: map[string][]byte{databasePath: forgeSQLite(named("a")), databasePath + "-journal": make([]byte, 512)},
			want: []string{"pkg:rpm/a@1-2?epoch=3"}},
		{name: "two databases", files: map[string][]byte{databasePath: forgeSQLite(named("a")), "usr/lib/sysimage/rpm/Packages.db": forgeNDB(named("b"))},
			want: []string{"pkg:rpm/a@1-2?epoch=3", "pkg:rpm/b@1-2?epoch=3"}},
		{name: "a database of another name", files: map[string][]byte{"var/lib/rpm/Packages": forgeNDB(named("b"))}, want: []string{"pkg:rpm/b@1-2?epoch=3"}},
		{name: "no database at all", files: map[string][]byte{"var/lib/rpm/Packages": make([]byte, 4096)}, gaps: []string{"unreadable-database var/lib/rpm/Packages"}},
		{name: "a log in the place of a database", files: map[string][]byte{databasePath: tinyLog()}, gaps: []string{"unreadable-database " + databasePath}},
		{name: "both manifests", files: map[string][]byte{second: full, first: []byte("a-1-2.noarch\n")}, want: []string{"pkg:rpm/a@1-2?arch=noarch&epoch=3"}, gaps: []string{"no-file-list " + second}},
		{name: "a database and a manifest", files: map[string][]byte{databasePath: forgeSQLite(named("a")), second: []byte("\n")}, want: []string{"pkg:rpm/a@1-2?epoch=3"}},
		{name: "the first manifest alone", files: map[string][]byte{first: []byte("a-1-2.noarch\n")}, want: []string{"pkg:rpm/a@1-2?arch=noarch"}, gaps: []string{"no-file-list " + first}},
		{name: "the second is empty", files: map[string][]byte{second: []byte("\n"), first: []byte("a-1-2.noarch\n")}, want: []string{"pkg:rpm/a@1-2?arch=noarch"}, gaps: []string{"no-file-list " + first}},
	} {
		t.Run(test.name, func(t *testing.T) {
			packages, coverage := assembled(t, test.files)
			var purls, gaps []string
			for _, p := range packages {
				purls = append(purls, p.PURL)
			}
			for _, g := range coverage.Gaps {
				gaps = append(gaps, g.Code+" "+g.Path)
			}
			if diff := cmp.Diff(test.want, purls); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.gaps, gaps); diff != "" {
				t.Error(diff)
			}
			isDamaged := slices.ContainsFunc(test.gaps, func(g string) bool { return strings.HasPrefix(g, "unreadable") })
			if state := coverage.State("packages/rpm"); (state == inventory.Full) == isDamaged {
				t.Errorf("state %s", state)
			}
		})
	}
}

// TestHardCase25LayersOfALog: a package that is only in the log is of the layer that the log is
// from, the others of the layer that first listed them.
func TestHardCase25LayersOfALog(t *testing.T) {
	found := record.NewFound(digests(3))
	older := file(t, databasePath, 0, tinyDatabase())
	main := file(t, databasePath, 1, tinyDatabase())
	main.Earlier = []record.Earlier{{Layer: 0, Data: older.Data}}
	New().Assemble([]record.File{main, file(t, databasePath+"-wal", 2, tinyLog())}, found)
	got := map[string]string{}
	for _, p := range found.Packages() {
		got[p.Name] = p.Locations[0].Layer.String()
	}
	want := map[string]string{"b": digests(3)[0].String(), "c": digests(3)[2].String()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAResultThatIsDamagedIsAGap(t *testing.T) {
	data := file(t, databasePath, 0, tinyDatabase()).Data
	for length := range len(data) {
		found := record.NewFound(nil)
		New().Assemble([]record.File{{Path: databasePath, Read: true, Data: bytes.Clone(data[:length])}}, found)
		if len(found.Coverage().Gaps) == 0 {
			t.Fatalf("%d of %d bytes: no gap", length, len(data))
		}
	}
}

func digests(n int) []image.Digest {
	var list []image.Digest
	for i := range n {
		list = append(list, image.DigestOf([]byte{byte(i)}))
	}
	return list
}
