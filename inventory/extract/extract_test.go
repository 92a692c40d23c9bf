package extract

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
)

const (
	status    = "var/lib/dpkg/status"
	installed = "lib/apk/db/installed"
)

// debs writes a dpkg database of packages given as NAME=VERSION.
func debs(packages ...string) string {
	var b strings.Builder
	for _, p := range packages {
		name, version, _ := strings.Cut(p, "=")
		fmt.Fprintf(&b, "Package: %s\nVersion: %s\nStatus: install ok installed\n\n", name, version)
	}
	return b.String()
}

// apks writes the same for apk.
func apks(packages ...string) string {
	var b strings.Builder
	for _, p := range packages {
		name, version, _ := strings.Cut(p, "=")
		fmt.Fprintf(&b, "P:%s\nV:%s\n\n", name, version)
	}
	return b.String()
}

// phpLock writes a file of Composer's that lists one package.
func phpLock(name string) string { return `{"packages": [{"name": "` + name + `", "version": "1"}]}` }

type layer = []tar.Header

func TestPackages(t *testing.T) {
	for _, test := range []struct {
		name   string
		layers []layer
		want   []string // purl, then layer:path of each location
		gaps   []string
	}{
		{"empty image", nil, nil, nil},
		{"hard case 25: added in three layers", []layer{
			{file(status, debs("a=1"))}, {file(status, debs("a=1", "b=1"))}, {file(status, debs("a=1", "b=1", "c=1"))},
		}, []string{"pkg:deb/a@1 0:" + status, "pkg:deb/b@1 1:" + status, "pkg:deb/c@1 2:" + status}, nil},
		{"hard case 25: upgraded", []layer{
			{file(status, debs("a=1", "b=1"))}, {file(status, debs("a=2", "b=1"))}, {file("etc/hosts", "")}, {file(status, debs("a=2", "b=1", "c=1"))},
		}, []string{"pkg:deb/a@2 1:" + status, "pkg:deb/b@1 0:" + status, "pkg:deb/c@1 3:" + status}, nil},
		{"hard case 25: removed and installed again", []layer{
			{file(status, debs("a=1", "b=1"))}, {file(status, debs("b=1"))}, {file(status, debs("a=1", "b=1"))},
		}, []string{"pkg:deb/a@1 2:" + status, "pkg:deb/b@1 0:" + status}, nil},
		{"hard case 25: database deleted and made anew", []layer{
			{file(status, debs("a=1"))}, {whiteout("var/lib/dpkg", "status")}, {file(status, debs("a=1"))},
		}, []string{"pkg:deb/a@1 2:" + status}, nil},
		{"hard case 25: folder replaced", []layer{
			{file(status, debs("a=1"))}, {opaque("var/lib"), file(status, debs("a=1"))},
		}, []string{"pkg:deb/a@1 1:" + status}, nil},
		{"hard case 26: database deleted", []layer{
			{file(status, debs("a=1"))}, {whiteout("var/lib/dpkg", "status")},
		}, nil, []string{"packages/deb deleted-database " + status}},
		{"hard case 26: folder emptied", []layer{
			{file(status, debs("a=1"))}, {opaque("var/lib")},
		}, nil, []string{"packages/deb deleted-database " + status}},
		{"hard case 26: database moved", []layer{
			{file(installed, apks("a=1"))}, {whiteout("lib/apk/db", "installed"), file("usr/"+installed, apks("a=1"))},
		}, []string{"pkg:apk/a@1 1:usr/" + installed}, nil},
		{"distribution without its database", []layer{
			{file("etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\n")},
		}, nil, []string{"packages/apk missing-database " + installed}},
		{"hard case 26: rpm's database deleted, its journal left over", []layer{
			{file("usr/lib/sysimage/rpm/rpmdb.sqlite", ""), file("usr/lib/sysimage/rpm/rpmdb.sqlite-journal", "")},
			{whiteout("usr/lib/sysimage/rpm", "rpmdb.sqlite")},
		}, nil, []string{"packages/rpm deleted-database usr/lib/sysimage/rpm/rpmdb.sqlite"}},
		{"rpm's journal alone, of a distribution that has rpm", []layer{
			{file("etc/os-release", "ID=fedora\n"), file("usr/lib/sysimage/rpm/rpmdb.sqlite-journal", "")},
		}, nil, []string{"packages/rpm missing-database usr/lib/sysimage/rpm/rpmdb.sqlite"}},
		{"rpm's journal alone, deleted", []layer{
			{file("usr/lib/sysimage/rpm/rpmdb.sqlite-journal", "")}, {whiteout("usr/lib/sysimage/rpm", "rpmdb.sqlite-journal")},
		}, nil, nil},
		{"rpm's log alone", []layer{
			{file("etc/os-release", "ID=fedora\n"), file("usr/lib/sysimage/rpm/rpmdb.sqlite-wal", "")},
		}, nil, []string{
			"packages/rpm unreadable-database usr/lib/sysimage/rpm/rpmdb.sqlite-wal",
			"packages/rpm missing-database usr/lib/sysimage/rpm/rpmdb.sqlite",
		}},
		{"sums of a package's files alone", []layer{
			{file("etc/os-release", "ID=debian\n"), file(status+".d/a.md5sums", "0123  usr/bin/a\n")},
		}, nil, []string{"packages/deb missing-database " + status}},
		{"derived distribution with another's database", []layer{
			{file("etc/os-release", "ID=raspbian\nID_LIKE=debian\n"), file(installed, apks("a=1"))},
		}, []string{"pkg:apk/raspbian/a@1?distro=raspbian 0:" + installed}, []string{"packages/deb missing-database " + status}},
		{"hard case 27: database behind a folder's link", []layer{
			{symlink("lib", "usr/lib"), file("usr/"+installed, apks("a=1"))},
		}, []string{"pkg:apk/a@1 0:usr/" + installed}, nil},
		{"hard case 27: database somewhere else, in two layers", []layer{
			{symlink("var/lib/dpkg", "/opt/packages"), file("opt/packages/status", debs("a=1"))},
			{file("opt/packages/status", debs("a=1", "b=1"))},
		}, []string{"pkg:deb/a@1 0:opt/packages/status", "pkg:deb/b@1 1:opt/packages/status"}, nil},
		{"hard case 27: database is a hard link into a lower layer", []layer{
			{file("opt/status", debs("a=1"))}, {hardlink(status, "opt/status")},
		}, []string{"pkg:deb/a@1 0:" + status}, nil},
		{"hard case 27: link that goes in a circle", []layer{{symlink(status, "status")}}, nil, nil},
		{"hard case 16: distroless", []layer{
			{file(status+".d/b", "Package: b\nVersion: 1\n"), file(status+".d/b.md5sums", "0123  usr/bin/b\n")},
			{file("opt/a", "Package: a\nVersion: 1\n"), symlink(status+".d/a", "/opt/a")},
		}, []string{"pkg:deb/a@1 1:opt/a", "pkg:deb/b@1 0:" + status + ".d/b"}, nil},
		{"one package at two places", []layer{
			{file(status, debs("a=1"))}, {file(status+".d/a", debs("a=1"))},
		}, []string{"pkg:deb/a@1 0:" + status + " 1:" + status + ".d/a"}, nil},
		{"distribution in the purl", []layer{
			{symlink("etc/os-release", "../usr/lib/os-release"), file("usr/lib/os-release", "ID=debian\nVERSION_ID=12\n"), file(status, debs("a=1:1"))},
		}, []string{"pkg:deb/debian/a@1:1?distro=debian-12 0:" + status}, nil},
		{"an rpm list behind a link, in two layers", []layer{
			{symlink("var/lib/rpmmanifest", "/opt/rpm"), file("opt/rpm/container-manifest-1", "a-1-2.noarch\n")},
			{file("opt/rpm/container-manifest-1", "a-1-2.noarch\nb-3-4.noarch\n")},
		}, []string{"pkg:rpm/a@1-2?arch=noarch 0:opt/rpm/container-manifest-1", "pkg:rpm/b@3-4?arch=noarch 1:opt/rpm/container-manifest-1"}, nil},
		{"hard case 9: a deb's python module, and pip's copy beside it", []layer{
			{file(status, debs("python3-a=1")), file("var/lib/dpkg/info/python3-a.list", "/.\n/usr/lib/python3/dist-packages/a-1.egg-info\n"),
				file("usr/lib/python3/dist-packages/a-1.egg-info", "Name: a\nVersion: 1\n")},
			{file("usr/local/lib/python3.11/dist-packages/a-1.dist-info/METADATA", "Name: A\nVersion: 1\n")},
		}, []string{
			"pkg:deb/python3-a@1 0:" + status,
			"pkg:pypi/a@1 1:usr/local/lib/python3.11/dist-packages/a-1.dist-info/METADATA",
			"pkg:pypi/a@1 of pkg:deb/python3-a@1 0:usr/lib/python3/dist-packages/a-1.egg-info",
		}, nil},
		{"hard case 9: a deb's node module, and npm's copy beside it", []layer{
			{file(status, debs("node-a=1")), file("var/lib/dpkg/info/node-a.list", "/.\n/usr/share/nodejs/a/package.json\n"),
				file("usr/share/nodejs/a/package.json", `{"name": "a", "version": "1"}`)},
			{file("app/node_modules/a/package.json", `{"name": "a", "version": "1"}`)},
		}, []string{
			"pkg:deb/node-a@1 0:" + status, "pkg:npm/a@1 1:app/node_modules/a/package.json",
			"pkg:npm/a@1 of pkg:deb/node-a@1 0:usr/share/nodejs/a/package.json",
		}, nil},
		{"hard case 27: pnpm's hard links into its store", []layer{
			{file("root/store/v3/00/0123", `{"name": "a", "version": "1"}`), hardlink("srv/node_modules/a/package.json", "root/store/v3/00/0123"),
				file("srv/pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  b@1:\n")},
			{hardlink("srv/copy/package.json", "root/store/v3/00/0123")},
		}, []string{"pkg:npm/a@1 0:srv/copy/package.json 0:srv/node_modules/a/package.json"}, nil},
		{"hard case 26: what was installed is deleted, the lock file stays", []layer{
			{file("app/package-lock.json", `{"packages": {"node_modules/b": {"version": "1"}}}`), file("app/node_modules/a/package.json", `{"name": "a", "version": "1"}`)},
			{whiteout("app", "node_modules")},
		}, []string{"pkg:npm/b@1 0:app/package-lock.json"}, nil},
		{"what is installed comes in a later layer than the lock file", []layer{
			{file("app/uv.lock", "[[package]]\nname = \"b\"\nversion = \"1\"\n")},
			{file("app/.venv/lib/python3.11/site-packages/a-1.dist-info/METADATA", "Name: a\nVersion: 1\n")},
		}, []string{"pkg:pypi/a@1 1:app/.venv/lib/python3.11/site-packages/a-1.dist-info/METADATA"}, nil},
		{"part of a database", []layer{{file(status, debs("a=1")+"Package: b\n")}},
			[]string{"pkg:deb/a@1 0:" + status}, []string{"packages/deb malformed-entry " + status}},
		{"a lock file counts where nothing is installed", []layer{
			{file("one/composer.lock", phpLock("a/a")), file("two/composer.lock", phpLock("b/b")), file("two/vendor/composer/installed.json", phpLock("c/c"))},
		}, []string{"pkg:composer/a/a@1 0:one/composer.lock", "pkg:composer/c/c@1 0:two/vendor/composer/installed.json"}, nil},
		{"what is installed came in a later layer", []layer{
			{file("app/composer.lock", phpLock("a/a"))}, {file("app/vendor/composer/installed.json", phpLock("b/b"))},
		}, []string{"pkg:composer/b/b@1 1:app/vendor/composer/installed.json"}, nil},
		{"what is installed was deleted", []layer{
			{file("app/composer.lock", phpLock("a/a")), file("app/vendor/composer/installed.json", phpLock("b/b"))}, {whiteout("app", "vendor")},
		}, []string{"pkg:composer/a/a@1 0:app/composer.lock"}, nil},
		{"Arch Linux", []layer{
			{file("etc/os-release", "ID=arch\n"), file("var/lib/pacman/local/ALPM_DB_VERSION", "9\n"),
				file("var/lib/pacman/local/a-1-1/desc", "%NAME%\na\n\n%VERSION%\n1-1\n\n%ARCH%\nany\n"), file("var/lib/pacman/local/a-1-1/mtree", "")},
		}, []string{"pkg:alpm/arch/a@1-1?arch=any 0:var/lib/pacman/local/a-1-1/desc"}, nil},
		{"Arch Linux, its packages behind a link", []layer{
			{file("etc/os-release", "ID=arch\n"), symlink("var/lib/pacman", "/opt/pacman"), file("opt/pacman/local/ALPM_DB_VERSION", "9\n"),
				file("opt/pacman/local/a-1-1/desc", "%NAME%\na\n\n%VERSION%\n1-1\n")},
		}, nil, []string{"packages/alpm unreadable-database opt/pacman/local/ALPM_DB_VERSION"}},
		{"Gentoo", []layer{
			{file("etc/os-release", "ID=gentoo\n"), file("var/db/pkg/app-arch/bzip2-1.0.8-r4/PF", "bzip2-1.0.8-r4\n"), file("var/db/pkg/app-arch/bzip2-1.0.8-r4/LICENSE", "BZIP2\n")},
		}, []string{"pkg:ebuild/app-arch/bzip2@1.0.8-r4 0:var/db/pkg/app-arch/bzip2-1.0.8-r4/PF"}, nil},
		{"Gentoo without its database", []layer{{file("etc/os-release", "ID=gentoo\n")}}, nil, []string{"packages/ebuild missing-database var/db/pkg/"}},
		{"Nix", []layer{
			{file("nix/store/0123456789abcdfghijklmnpqrsvwxyz-openssl-3.0.13/lib/a", ""), file("nix/store/0123456789abcdfghijklmnpqrsvwxyz-openssl-3.0.13/lib/b", ""),
				file("nix/store/1123456789abcdfghijklmnpqrsvwxyz-openssl-3.0.13-bin/bin/openssl", ""), file("nix/store/2123456789abcdfghijklmnpqrsvwxyz-python3.11-six-1.16.0/x", ""),
				file("nix/store/3123456789abcdfghijklmnpqrsvwxyz-script.sh", ""), file("nix/store/4123456789abcdfghijklmnpqrsvwxyz-etc/passwd", ""), file("nix/store/short-a-1/x", "")},
		}, []string{
			"pkg:nix/openssl@3.0.13 0:nix/store/0123456789abcdfghijklmnpqrsvwxyz-openssl-3.0.13 0:nix/store/1123456789abcdfghijklmnpqrsvwxyz-openssl-3.0.13-bin",
			"pkg:nix/python3.11-six@1.16.0 0:nix/store/2123456789abcdfghijklmnpqrsvwxyz-python3.11-six-1.16.0",
		}, nil},
		{"program without a package, in two files", []layer{
			{file("usr/local/bin/python3.11", "\x7fELF\x003.11.2\x00")}, {file("usr/local/lib/libpython3.11.so.1.0", "\x7fELF\x003.11.2\x00")},
		}, []string{"pkg:generic/python@3.11.2 0:usr/local/bin/python3.11 1:usr/local/lib/libpython3.11.so.1.0"}, nil},
		{"hard case 9: program of a package, and its copy beside it", []layer{{
			file(status, debs("bash=5.2")), file("var/lib/dpkg/info/bash.list", "/.\n/bin/bash\n"), symlink("bin", "usr/bin"),
			file("usr/bin/bash", "\x7fELF@(#)Bash version 5.2.15(1)"), file("opt/bash", "\x7fELF@(#)Bash version 5.2.15(1)"),
		}}, []string{"pkg:deb/bash@5.2 0:" + status, "pkg:generic/bash@5.2.15 0:opt/bash"}, nil},
		{"program with two versions", []layer{{file("opt/bash", "\x7fELF@(#)Bash version 5.2.15 @(#)Bash version 5.1.4")}},
			[]string{"pkg:generic/bash 0:opt/bash"}, []string{"packages/generic unversioned-package opt/bash"}},
		{"program with two versions, of a package", []layer{{
			file(status, debs("bash=5.2")), file("var/lib/dpkg/info/bash.list", "/opt/bash\n"),
			file("opt/bash", "\x7fELF@(#)Bash version 5.2.15 @(#)Bash version 5.1.4"),
		}}, []string{"pkg:deb/bash@5.2 0:" + status}, nil},
		{"hard case 27: program with other names as hard links", []layer{{
			file("usr/bin/git", "\x7fELFgit/2.39.5\x00"), hardlink("usr/bin/git-shell", "usr/bin/git"),
		}}, []string{"pkg:generic/git@2.39.5 0:usr/bin/git"}, nil},
		{"hard case 27: content under the first of many names", []layer{
			{file("bin/[", "\x7fELFBusyBox v1.36.1 (2024)"), hardlink("bin/busybox", "bin/["), hardlink("bin/sh", "bin/[")}, {file("etc/hosts", "")},
		}, []string{"pkg:generic/busybox@1.36.1 0:bin/[ 0:bin/busybox"}, nil},
		{"program deleted", []layer{{file("opt/bash", "\x7fELF@(#)Bash version 5.2.15")}, {whiteout("opt", "bash")}}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := scan(t, false, test.layers...)
			if diff := cmp.Diff(test.want, got.lines()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.gaps, got.gaps()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCoverage(t *testing.T) {
	full := scan(t, false).coverage.States // of an image without files
	for dimension, state := range full {
		if state != inventory.Full {
			t.Errorf("%s of an empty image: %s, want full", dimension, state)
		}
	}
	for _, test := range []struct {
		name      string
		layer     layer
		dimension string
		want      inventory.State
	}{
		{"looked everywhere, found none", nil, "packages/deb", inventory.Full},
		{"part of a database", layer{file(installed, "V:1\n")}, "packages/apk", inventory.Partial},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := map[string]inventory.State{test.dimension: test.want}
			for other, state := range full {
				if other != test.dimension && other != filesDimension {
					want[other] = state
				}
			}
			got := scan(t, false, test.layer).coverage.States
			delete(got, filesDimension) // see TestFiles
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestHardCase9OwnersOfTheTail: what a package of pacman's, portage's or chisel's brought is marked.
func TestHardCase9OwnersOfTheTail(t *testing.T) {
	const description = "usr/lib/R/library/MASS/DESCRIPTION"
	module := file(description, "Package: MASS\nVersion: 7\nBuilt: R\n")
	wall := `{"jsonwall":"1.0"}` + "\n" + `{"kind":"package","name":"r","version":"1"}` + "\n" +
		`{"kind":"path","path":"/` + description + `","slices":["r_libs"]}` + "\n"
	for owner, layer := range map[string]layer{
		"pkg:alpm/r@4-1": {module, file("var/lib/pacman/local/r-4-1/desc", "%NAME%\nr\n\n%VERSION%\n4-1\n"), file("var/lib/pacman/local/r-4-1/files", "%FILES%\nusr/\n"+description+"\n")},
		"pkg:ebuild/dev-lang/R@4": {module, file("var/db/pkg/dev-lang/R-4/PF", "R-4\n"),
			file("var/db/pkg/dev-lang/R-4/CONTENTS", "dir /usr\nobj /"+description+" 0123 1\n")},
		"pkg:deb/r@1": {module, file("var/lib/chisel/manifest.wall", zstandard(t, wall))},
	} {
		i := slices.IndexFunc(scan(t, false, layer).packages, func(p inventory.Package) bool { return p.Name == "MASS" && p.OwnedBy == owner })
		if i < 0 {
			t.Errorf("the R package is not part of %s: %v", owner, scan(t, false, layer).packages)
		}
	}
}

func zstandard(t *testing.T, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(text), nil))
}

func TestHardCase27WhatIsNotReadAgainIsAGap(t *testing.T) {
	got := scan(t, true,
		layer{file("opt/status", debs("a=1"))},
		layer{symlink(status, "/opt/status"), file("opt/status", debs("a=1", "b=1"))})
	want := []Late{{0, "opt/status", []string{"dpkg"}}, {1, "opt/status", []string{"dpkg"}}}
	if diff := cmp.Diff(want, got.missing); diff != "" {
		t.Error(diff)
	}
	if len(got.packages) > 0 {
		t.Errorf("packages %v from a database that was not read", got.packages)
	}
	if diff := cmp.Diff([]string{"packages/deb unreadable-database opt/status"}, got.gaps()); diff != "" {
		t.Error(diff)
	}
	if state := got.coverage.State("packages/deb"); state != inventory.Partial {
		t.Errorf("state %s, want partial", state)
	}
}

// runningTest returns the running test's file: a Go program.
func runningTest(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the running test is no ELF file on " + runtime.GOOS)
	}
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestAGoProgramInDisguise takes the running test for a Go program, once as it is, once with the
// name of its note changed, and once as a hard link.
func TestAGoProgramInDisguise(t *testing.T) {
	content := []byte(runningTest(t))
	head := content[:rootfs.HeadSize]
	disguised := slices.Concat(bytes.ReplaceAll(head, []byte("Go\x00\x00"), []byte("No\x00\x00")), content[rootfs.HeadSize:])
	got := scan(t, false,
		layer{file("bin/plain", string(content)), file("bin/disguised", string(disguised))},
		layer{hardlink("bin/linked", "bin/disguised")})
	i := slices.IndexFunc(got.packages, func(p inventory.Package) bool { return p.Name == "stdlib" })
	if i < 0 {
		t.Fatalf("no standard library in %v", got.packages)
	}
	var paths []string
	for _, location := range got.packages[i].Locations {
		paths = append(paths, location.Path)
	}
	if diff := cmp.Diff([]string{"bin/disguised", "bin/linked", "bin/plain"}, paths); diff != "" {
		t.Error(diff)
	}
	if !slices.ContainsFunc(got.missing, func(l Late) bool { return l.Path == "bin/disguised" }) {
		t.Errorf("missing %v, want bin/disguised among them", got.missing)
	}
}

func TestJoinIsDeterministic(t *testing.T) {
	layers := []layer{
		{file(status, debs("c=1", "a=1", "b=1")), file(status+".d/z", debs("z=1")), file("a.jar", ""), file("b/yarn.lock", "")},
		{file(installed, apks("y=1", "x=1")+"V:1\n"), file(status, debs("b=1", "a=1", "d=1"))},
	}
	want := scan(t, false, layers...)
	for range 20 {
		if diff := cmp.Diff(want.lines(), scan(t, false, layers...).lines()); diff != "" {
			t.Fatal(diff)
		}
	}
	if !slices.IsSortedFunc(want.packages, inventory.ComparePackages) {
		t.Errorf("not sorted: %v", want.lines())
	}
}

// TestExtractorsKeepTheirWord checks what Join relies on, for every extractor there is.
func TestExtractorsKeepTheirWord(t *testing.T) {
	names := map[string]bool{}
	if all := All(); all[len(all)-1].Name() != "program" {
		t.Error("programs are not last: packages that assemble after them could not claim them")
	}
	for _, e := range All() {
		if names[e.Name()] {
			t.Errorf("%s is listed twice", e.Name())
		}
		names[e.Name()] = true
		for _, known := range e.Known() {
			if folder, isFolder := strings.CutSuffix(known, "/"); isFolder {
				known = folder + "/any"
			}
			entry := &rootfs.Entry{Path: known, Kind: rootfs.Regular}
			if e.Wants(entry, nil) == rootfs.Ignore {
				t.Errorf("%s does not want %s", e.Name(), known)
			}
			data, err := e.Visit(context.Background(), &rootfs.File{Entry: entry, Reader: strings.NewReader("")})
			if err != nil || data == nil {
				t.Errorf("%s returns nothing for an empty %s (%v): it would pass for not read", e.Name(), known, err)
			}
		}
		if e.Wants(&rootfs.Entry{Path: "etc/hostname", Kind: rootfs.Regular}, []byte("host\n")) != rootfs.Ignore {
			t.Errorf("%s wants etc/hostname", e.Name())
		}
	}
}
