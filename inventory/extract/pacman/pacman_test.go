package pacman

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const description = `%NAME%
gcc-libs

%VERSION%
13.2.1-5

%BASE%
gcc

%DESC%
Runtime libraries shipped by GCC

%ARCH%
x86_64

%LICENSE%
GPL-3.0-or-later
LGPL-2.1-or-later

%VALIDATION%
pgp

%DEPENDS%
glibc>=2.27

`

func TestDescriptions(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []record.Package
		gap        string
	}{
		{name: "of a base with several packages", text: description, want: []record.Package{{Name: "gcc-libs", Version: "13.2.1-5", Arch: "x86_64",
			SourceName: "gcc", SourceVersion: "13.2.1-5", Licenses: []string{"GPL-3.0-or-later", "LGPL-2.1-or-later"}}}},
		{name: "epoch, no base", text: "%NAME%\na\n\n%VERSION%\n1:2-1\n", want: []record.Package{{Name: "a", Version: "1:2-1", SourceName: "a", SourceVersion: "1:2-1"}}},
		{name: "a value that looks like a field", text: "%NAME%\na\n\n%VERSION%\n1-1\n\n%DESC%\n%NAME%\nb\n", want: []record.Package{{Name: "a", Version: "1-1", SourceName: "a", SourceVersion: "1-1"}}},
		{name: "huge description", text: "%DESC%\n" + strings.Repeat("x", 1<<20) + "\n\n%NAME%\na\n\n%VERSION%\n1-1\n", want: []record.Package{{Name: "a", Version: "1-1", SourceName: "a", SourceVersion: "1-1"}}},
		{name: "no version", text: "%NAME%\na\n", gap: "no version"},
		{name: "no name", text: "%VERSION%\n1\n", gap: "no package name"},
		{name: "space in the name", text: "%NAME%\na b\n\n%VERSION%\n1\n", gap: "no package name"},
		{name: "huge version", text: "%NAME%\na\n\n%VERSION%\n" + strings.Repeat("1", 1<<20) + "\n", gap: "too long"},
		{name: "empty", gap: "no package name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			contents, err := parseDescription(strings.NewReader(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, contents.Packages); diff != "" {
				t.Error(diff)
			}
			if len(contents.Gaps) > 0 != (test.gap != "") || test.gap != "" && !strings.Contains(contents.Gaps[0].Why, test.gap) {
				t.Errorf("gaps %v, want one that says %q", contents.Gaps, test.gap)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	contents, err := parseFiles(strings.NewReader("%FILES%\nusr/\nusr/lib/libgcc_s.so\nusr/share/a b\n\n%BACKUP%\netc/a\t0123\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []record.PathSum{record.SumPath("usr/lib/libgcc_s.so"), record.SumPath("usr/share/a b")}
	if diff := cmp.Diff(want, contents.Packages[0].Owns); diff != "" {
		t.Error(diff)
	}
}

func TestWants(t *testing.T) {
	for path, want := range map[string]rootfs.Want{
		"var/lib/pacman/local/bash-5.2-1/desc": rootfs.Stream, "var/lib/pacman/local/bash-5.2-1/files": rootfs.Stream,
		"var/lib/pacman/local/ALPM_DB_VERSION": rootfs.Stream, "var/lib/pacman/local/bash-5.2-1/mtree": rootfs.Ignore,
		"var/lib/pacman/sync/core.db": rootfs.Ignore, "srv/var/lib/pacman/local/a-1/desc": rootfs.Ignore,
	} {
		if got := New().Wants(&rootfs.Entry{Path: path}, nil); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// FuzzDescription: no input makes the parser panic; a package has a name, a version and a source
// that are words, or there is a gap; the result does not depend on how the text arrives.
func FuzzDescription(f *testing.F) {
	f.Add([]byte(description))
	f.Add([]byte("%NAME%\r\na\r\n%%\n%\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		contents, err := parseDescription(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		again, _ := parseDescription(iotest.HalfReader(bytes.NewReader(text)))
		if diff := cmp.Diff(contents, again); diff != "" {
			t.Fatal(diff)
		}
		if len(contents.Packages)+len(contents.Gaps) != 1 {
			t.Fatalf("%d packages, %d gaps", len(contents.Packages), len(contents.Gaps))
		}
		for _, p := range contents.Packages {
			for _, word := range []string{p.Name, p.Version, p.SourceName} {
				if !record.IsWord([]byte(word)) {
					t.Errorf("%q is not a word", word)
				}
			}
		}
	})
}
