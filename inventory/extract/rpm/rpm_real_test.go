package rpm

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// realDatabases is the folder in which osv-scalibr, a requirement of the tests, keeps databases
// that were taken out of images of distributions.
func realDatabases(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/google/osv-scalibr").Output()
	folder := filepath.Join(strings.TrimSpace(string(out)), "extractor/filesystem/os/rpm/testdata")
	if _, missing := os.Stat(filepath.Join(folder, "Packages.db")); err != nil || missing != nil {
		testparts.Missing(t, "the module github.com/google/osv-scalibr is not unpacked: go mod download")
	}
	return folder
}

// copyTo makes a folder with one file in it, as rpm writes beside what it reads.
func copyTo(t *testing.T, from, name string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), readFile(t, from), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestRealDatabasesAreReadAsRPMReadsThem(t *testing.T) {
	needs(t, "rpm")
	source := realDatabases(t)
	for _, test := range []struct{ name, file, as, backend string }{
		{"Fedora 38: sqlite", "rpmdb.sqlite", "rpmdb.sqlite", "sqlite"},
		{"CentOS 7: Berkeley DB", "Packages", "Packages", "bdb_ro"},
		{"one package with an epoch: Berkeley DB", "Packages_epoch", "Packages", "bdb_ro"},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := copyTo(t, filepath.Join(source, test.file), test.as)
			want := truth(t, folder, test.backend)
			if len(want) == 0 {
				t.Fatal("rpm lists nothing")
			}
			t.Logf("%d packages", len(want))
			check(t, filepath.Join(source, test.file), want)
		})
	}
}

// TestADamagedRealDatabase: the database of a CentOS 8 image, one of whose headers was on pages
// that are free again. rpm stops there with an error and says nothing of the rest.
func TestADamagedRealDatabase(t *testing.T) {
	needs(t, "rpm")
	file := filepath.Join(realDatabases(t), "timeout/Packages")
	got, err := visit(t, readFile(t, file))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range truth(t, copyTo(t, file, "Packages"), "bdb_ro") {
		i, found := slices.BinarySearchFunc(got.contents.Packages, p, record.Compare)
		if !found || !cmp.Equal(p, got.contents.Packages[i]) {
			t.Errorf("%s is missing or another", p.Name)
		}
	}
	checkGap(t, got.contents.Gaps, "a header cannot be read")
	const counted = 231 // by the database itself, with its counter
	if n := len(got.contents.Packages); n < 200 || n > counted-2 {
		t.Errorf("%d packages", n)
	}
}

// TestARealNDB: Debian's rpm cannot read this form. rpm -qa in openSUSE Leap 15.5, which the
// database is from, says 137 (osv-scalibr, rpm_test.go), of which five are keys; every header's
// sum is right, or there would be a gap.
func TestARealNDB(t *testing.T) {
	got, err := visit(t, readFile(t, filepath.Join(realDatabases(t), "Packages.db")))
	if err != nil || len(got.contents.Gaps) > 0 {
		t.Fatal(err, got.contents.Gaps)
	}
	if n := len(got.contents.Packages); n != 137-5 {
		t.Errorf("%d packages", n)
	}
	p := got.contents.Packages[1]
	if p.Name != "bash" || p.Version != "4.4-150400.25.22" || p.SourceName != "bash" || p.Vendor != "SUSE LLC <https://www.suse.com/>" || len(p.Owns) == 0 {
		t.Errorf("second package %+v", p)
	}
}
