package pacman

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// TestPacmansOwnWord lets pacman install a package and compares what it wrote with what it says.
func TestPacmansOwnWord(t *testing.T) {
	testparts.Program(t, "pacman", "apt install pacman-package-manager")
	if os.Getuid() != 0 {
		testparts.Missing(t, "pacman installs as root only, and the test runs as somebody else")
	}
	root := t.TempDir()
	database := filepath.Join(root, "db")
	write(t, filepath.Join(root, "pacman.conf"), "[options]\nSigLevel = Never\nArchitecture = auto\n")
	write(t, filepath.Join(root, "in/.PKGINFO"), "pkgname = r-mass\npkgbase = r-recommended\npkgver = 1:7.3-60\npkgdesc = d\nurl = u\nbuilddate = 1\npackager = p\nsize = 1\narch = any\nlicense = GPL-2.0-only\n")
	write(t, filepath.Join(root, "in/usr/lib/R/a b"), "content")
	archive := filepath.Join(root, "r-mass.pkg.tar.gz")
	run(t, "tar", "-czf", archive, "-C", filepath.Join(root, "in"), ".PKGINFO", "usr")
	pacman := func(arguments ...string) string {
		return run(t, "pacman", append([]string{"--config", filepath.Join(root, "pacman.conf"), "-r", root, "-b", database, "--cachedir", root,
			"--logfile", filepath.Join(root, "log"), "--noconfirm"}, arguments...)...)
	}
	if err := os.Mkdir(database, 0o755); err != nil {
		t.Fatal(err)
	}
	pacman("-U", archive)
	name, version, _ := strings.Cut(strings.TrimSpace(pacman("-Q")), " ")
	folder := filepath.Join(database, "local", name+"-"+version)
	contents, err := parseDescription(bytes.NewReader(read(t, filepath.Join(folder, "desc"))))
	want := []record.Package{{Name: name, Version: version, Arch: "any", SourceName: "r-recommended", SourceVersion: version, Licenses: []string{"GPL-2.0-only"}}}
	if diff := cmp.Diff(want, contents.Packages); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	contents, err = parseFiles(bytes.NewReader(read(t, filepath.Join(folder, "files"))))
	if diff := cmp.Diff([]record.PathSum{record.SumPath("usr/lib/R/a b")}, contents.Packages[0].Owns); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func run(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	out, err := exec.Command(name, arguments...).Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, arguments, err)
	}
	return string(out)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
