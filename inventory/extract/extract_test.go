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
		{"part of a database", []layer{{file(status, debs("a=1")+"Package: b\n")}},
			[]string{"pkg:deb/a@1 0:" + status}, []string{"packages/deb malformed-entry " + status}},
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
		{"kinds that nothing reads", []layer{{
			file("var/lib/rpm/rpmdb.sqlite", ""), file("app/package-lock.json", ""), file("app/node_modules/a/package.json", ""),
			file("usr/lib/python3/a-1.dist-info/METADATA", ""), file("opt/a.jar", ""),
		}}, nil, []string{
			"packages/maven no-extractor opt/a.jar", "packages/npm no-extractor app/node_modules/a/package.json",
			"packages/pypi no-extractor usr/lib/python3/a-1.dist-info/METADATA", "packages/rpm no-extractor var/lib/rpm/rpmdb.sqlite",
		}},
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
	full := map[string]inventory.State{"packages/apk": inventory.Full, "packages/deb": inventory.Full, "packages/generic": inventory.Full, "packages/golang": inventory.Full}
	for _, test := range []struct {
		name      string
		layer     layer
		dimension string
		want      inventory.State
	}{
		{"looked everywhere, found none", nil, "packages/deb", inventory.Full},
		{"part of a database", layer{file(installed, "V:1\n")}, "packages/apk", inventory.Partial},
		{"nothing reads it", layer{file("a.jar", "")}, "packages/maven", inventory.Unknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := map[string]inventory.State{test.dimension: test.want}
			for other, state := range full {
				if other != test.dimension {
					want[other] = state
				}
			}
			if diff := cmp.Diff(want, scan(t, false, test.layer).coverage.States); diff != "" {
				t.Error(diff)
			}
		})
	}
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

// TestAGoProgramInDisguise takes the running test for a Go program, once as it is, once with the
// name of its note changed, and once as a hard link.
func TestAGoProgramInDisguise(t *testing.T) {
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

func TestUnsupportedTypes(t *testing.T) {
	for path, want := range map[string]string{
		"usr/lib/sysimage/rpm/Packages.db":                          "rpm",
		"var/lib/rpm/Packages":                                      "rpm",
		"var/lib/rpmmanifest/container-manifest-2":                  "rpm",
		"srv/Packages":                                              "",
		"var/lib/pacman/local/bash-5-1/desc":                        "alpm",
		"var/lib/chisel/manifest.wall":                              "deb",
		"usr/share/nodejs/a/package.json":                           "",
		"usr/lib/node_modules/npm/package.json":                     "npm",
		"app/yarn.lock":                                             "npm",
		"opt/venv/lib/python3.11/site-packages/a.egg-info":          "pypi",
		"opt/venv/lib/python3.11/site-packages/a.egg-info/PKG-INFO": "pypi",
		"usr/share/doc/METADATA":                                    "",
		"app/Cargo.lock":                                            "cargo",
		"app/Gemfile.lock":                                          "gem",
		"usr/lib/ruby/gems/3.1.0/specifications/a-1.gemspec":        "gem",
		"app/vendor/composer/installed.json":                        "composer",
		"app/app.deps.json":                                         "nuget",
		"opt/conda/conda-meta/a.json":                               "conda",
		"opt/app.war":                                               "maven",
		"etc/a.json":                                                "",
		"var/lib/dpkg/status":                                       "",
		"lib/apk/db/installed":                                      "",
		"":                                                          "",
	} {
		if got := unsupportedType(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
