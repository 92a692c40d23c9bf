package rpm

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// heldOpen changes a database as rpm does while a reader holds the log back from being emptied,
// and copies database and log away before the last program closes them.
const heldOpen = `import shutil, sqlite3, sys
database, to, script = sys.argv[1:]
reader = sqlite3.connect(database)
writer = sqlite3.connect(database, isolation_level=None)
writer.execute("PRAGMA journal_mode = WAL")
writer.execute("PRAGMA wal_autocheckpoint = 0")
writer.execute("PRAGMA synchronous = OFF")
reader.execute("BEGIN")
reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
blob = lambda number: writer.execute("SELECT blob FROM Packages WHERE hnum = ?", (number,)).fetchone()[0]
exec(script)
shutil.copy(database, to)
shutil.copy(database + "-wal", to)
`

// logged returns a database in a new folder, its log beside it, after a script has run.
func logged(t *testing.T, folder, script string) (database, log string) {
	t.Helper()
	needs(t, "python3")
	work, to := t.TempDir(), t.TempDir()
	database = filepath.Join(work, "rpmdb.sqlite")
	if err := os.WriteFile(database, readFile(t, filepath.Join(folder, "rpmdb.sqlite")), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "", "python3", "-c", heldOpen, database, to, script)
	return filepath.Join(to, "rpmdb.sqlite"), filepath.Join(to, "rpmdb.sqlite-wal")
}

const databasePath = "var/lib/rpm/rpmdb.sqlite"

// assembled returns the packages and gaps of files given by path.
func assembled(t *testing.T, contents map[string][]byte) ([]inventory.Package, inventory.Coverage) {
	t.Helper()
	var files []record.File
	for _, known := range New().Known() {
		if content, there := contents[known]; there {
			files = append(files, file(t, known, 0, content))
		}
	}
	found := record.NewFound(nil)
	New().Assemble(files, found)
	return found.Packages(), found.Coverage()
}

func file(t *testing.T, path string, layer int, content []byte) record.File {
	t.Helper()
	r, err := visit(t, content)
	f := record.File{Path: path, Layer: layer, Read: true, Data: r.encode()}
	if err != nil {
		f.Problem = err.Error()
	}
	return f
}

// names lists packages as NAME@VERSION.
func names[P inventory.Package | record.Package](packages []P) []string {
	var list []string
	for _, p := range packages {
		switch p := any(p).(type) {
		case inventory.Package:
			list = append(list, p.Name+"@"+p.Version)
		case record.Package:
			list = append(list, p.Name+"@"+p.Version)
		}
	}
	slices.Sort(list)
	return list
}

func TestALogThatWasNotEmptiedCounts(t *testing.T) {
	folder := install(t, build(t, specification, plainSpecification)...)
	for _, test := range []struct{ name, script string }{
		{"a package removed", `writer.execute("DELETE FROM Packages WHERE hnum = 2")`},
		{"a package installed", `writer.execute("INSERT INTO Packages (blob) VALUES (?)", (blob(1).replace(b"alpha-1", b"omega-1").replace(b"\0alpha\0", b"\0omega\0").replace(b"\0gamma\0", b"\0digma\0"),))`},
		{"many, so that the tree grows", `for i in range(100): writer.execute("INSERT INTO Packages (blob) VALUES (?)", (blob(1 + i % 4).replace(b"1.2.3", b"%05d" % i).replace(b"\x007\x00", b"\x00%d\x00" % (i % 10)),))`},
		{"a transaction for each of many", `
first = blob(1)
for i in range(30):
    writer.execute("BEGIN")
    writer.execute("INSERT INTO Packages (blob) VALUES (?)", (first.replace(b"1.2.3", b"%05d" % i),))
    writer.execute("DELETE FROM Packages WHERE hnum = ?", (i,))
    writer.execute("COMMIT")`},
		{"everything removed", `writer.execute("DELETE FROM Packages")`},
		{"one that was rolled back, spilled to the log", `
writer.execute("PRAGMA cache_size = 1")
writer.execute("DELETE FROM Packages WHERE hnum = 1")
writer.execute("BEGIN")
for i in range(100): writer.execute("INSERT INTO Packages (blob) VALUES (?)", (blob(2),))
writer.execute("DELETE FROM Packages WHERE hnum = 3")
`},
		{"a table made anew", `
writer.execute("CREATE TABLE Other AS SELECT * FROM Packages WHERE hnum > 1")
writer.execute("DROP TABLE Packages")
writer.execute("ALTER TABLE Other RENAME TO Packages")`},
		{"already taken into the database", `
writer.execute("DELETE FROM Packages WHERE hnum = 2")
reader.execute("COMMIT")
writer.execute("PRAGMA wal_checkpoint(PASSIVE)")`},
		{"nothing", ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			database, log := logged(t, folder, test.script)
			got, coverage := assembled(t, map[string][]byte{databasePath: readFile(t, database), databasePath + "-wal": readFile(t, log)})
			want := names(truth(t, filepath.Dir(database), "sqlite"))
			if diff := cmp.Diff(want, names(got)); diff != "" {
				t.Error(diff)
			}
			if len(coverage.Gaps) > 0 {
				t.Errorf("gaps %v", coverage.Gaps)
			}
		})
	}
}

func TestADamagedLogCountsUpToItsDamage(t *testing.T) {
	folder := install(t, build(t, specification)...)
	const script = `for i in range(6): writer.execute("INSERT INTO Packages (blob) VALUES (?)", (blob(1).replace(b"1.2.3", b"%05d" % i),))`
	database, logFile := logged(t, folder, script)
	base, log := readFile(t, database), readFile(t, logFile)
	for _, test := range []struct {
		name   string
		change func(log []byte) []byte
	}{
		{"cut short", func(log []byte) []byte { return log[:len(log)*2/3] }},
		{"a byte changed", func(log []byte) []byte { log[len(log)/2] ^= 1; return log }},
		{"the last byte changed", func(log []byte) []byte { log[len(log)-1] ^= 1; return log }},
		{"older frames behind it", func(log []byte) []byte { return append(log, log[32:]...) }},
		{"its header's sum is wrong", func(log []byte) []byte { log[24] ^= 1; return log }},
		{"a header and no frame", func(log []byte) []byte { return log[:32] }},
		{"part of a header", func(log []byte) []byte { return log[:20] }},
		{"empty", func(log []byte) []byte { return nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			changed := test.change(bytes.Clone(log))
			to := t.TempDir()
			for name, content := range map[string][]byte{"rpmdb.sqlite": base, "rpmdb.sqlite-wal": changed} {
				if err := os.WriteFile(filepath.Join(to, name), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, coverage := assembled(t, map[string][]byte{databasePath: base, databasePath + "-wal": changed})
			if diff := cmp.Diff(names(truth(t, to, "sqlite")), names(got)); diff != "" {
				t.Error(diff)
			}
			if len(coverage.Gaps) > 0 {
				t.Errorf("gaps %v", coverage.Gaps)
			}
		})
	}
}

func TestALogThatCannotBeJoinedIsAGap(t *testing.T) {
	folder := install(t, build(t, specification)...)
	database, logFile := logged(t, folder, `for i in range(40): writer.execute("INSERT INTO Packages (blob) VALUES (?)", (blob(2),))`)
	base, log := readFile(t, database), readFile(t, logFile)
	other := bytes.Clone(log)
	binary.BigEndian.PutUint32(other[4:], 3007001)
	for _, test := range []struct {
		name string
		main []byte
		log  record.File
	}{
		{"of another version", base, file(t, databasePath+"-wal", 0, other)},
		{"not read", base, record.File{Path: databasePath + "-wal"}},
		{"of a database that was cut short", base[:8192], file(t, databasePath+"-wal", 0, log)},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := record.NewFound(nil)
			New().Assemble([]record.File{file(t, databasePath, 0, test.main), test.log}, found)
			gaps := found.Coverage().Gaps
			if !slices.ContainsFunc(gaps, func(g inventory.Gap) bool {
				return g.Path == databasePath+"-wal" && g.Code == record.UnreadableDatabase
			}) {
				t.Errorf("gaps %v, want one of the log", gaps)
			}
		})
	}
}

// FuzzLog: no log makes reading or joining panic; what is joined without an error holds only
// packages of the database or of the log, and of two that differ in the log alone, the one whose
// log has no frames is the database as it is.
func FuzzLog(f *testing.F) {
	base, log := tinyDatabase(), tinyLog()
	f.Add(base, log)
	f.Add(base, log[:len(log)-1])
	f.Fuzz(func(t *testing.T, base, log []byte) {
		main, _ := visit(t, base)
		changes, _ := visit(t, resum(log))
		contents, err := join(main, changes)
		known := append(names(main.contents.Packages), names(changes.contents.Packages)...)
		for _, name := range names(contents.Packages) {
			if err == nil && !slices.Contains(known, name) {
				t.Errorf("%s is in neither", name)
			}
		}
		if len(changes.tree.pages) > 0 || main.form != sqlite {
			return
		}
		joined, err := joinFiles(record.File{Data: main.encode()}, record.File{Data: changes.encode()})
		if err != nil || !bytes.Equal(joined.Data, main.contents.Encode()) {
			t.Errorf("a log without frames changed the database: %v", err)
		}
	})
}
