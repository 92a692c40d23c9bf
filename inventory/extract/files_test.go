package extract

import (
	"archive/tar"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/inventory"
)

// executable is a file that can be executed.
func executable(name string) tar.Header { return withMode(file(name, "#!/bin/sh\n"), 0o755) }

func withMode(h tar.Header, mode int64) tar.Header {
	h.Mode = mode
	return h
}

// paths lists files with their modes.
func paths(files []inventory.File) []string {
	var list []string
	for _, f := range files {
		list = append(list, f.Path+" "+strconv.FormatUint(uint64(f.Mode), 8))
	}
	return list
}

// fileGaps lists what is not known of files.
func (s scanned) fileGaps() []string {
	var lines []string
	for _, g := range s.coverage.Gaps {
		if g.Dimension == filesDimension {
			lines = append(lines, g.Code+" "+g.Path)
		}
	}
	return lines
}

const listOfA = "var/lib/dpkg/info/a.list"

func TestFiles(t *testing.T) {
	const site = "usr/local/lib/python3.11/site-packages/"
	debian := func(list string, more ...tar.Header) layer {
		return append(layer{file(status, debs("a=1")), file(listOfA, list)}, more...)
	}
	for _, test := range []struct {
		name    string
		layers  []layer
		unowned []string
		gaps    []string
	}{
		{"an image from scratch", []layer{{executable("app"), file("data", "x")}}, []string{"app 755"}, nil},
		{"listed, and not", []layer{debian("/usr/bin/a\n", executable("usr/bin/a"), executable("usr/bin/b"))}, []string{"usr/bin/b 755"}, nil},
		{"listed by a link in the root", []layer{debian("/bin/a\n", symlink("bin", "usr/bin"), executable("usr/bin/a"))}, nil, nil},
		{"listed by a link below the root", []layer{debian("/usr/sbin/a\n/sbin/b\n", symlink("usr/sbin", "bin"), symlink("sbin", "usr/sbin"), executable("usr/bin/a"), executable("usr/bin/b"))}, nil, nil},
		{"listed by a link below a link", []layer{debian("/lib/a/x\n", symlink("lib", "usr/lib"), symlink("usr/lib/a", "a-1"), executable("usr/lib/a-1/x"))}, nil, nil},
		{"a link to the file alone is no name of it", []layer{debian("/usr/bin/a\n", symlink("usr/bin/a", "../../opt/a"), executable("opt/a"))}, []string{"opt/a 755"}, nil},
		{"added by a later layer", []layer{debian("/usr/bin/a\n", executable("usr/bin/a")), {executable("usr/bin/a"), executable("usr/bin/dropped")}}, []string{"usr/bin/dropped 755"}, nil},
		{"a package's own scripts", []layer{debian("/.\n", executable("var/lib/dpkg/info/a.postinst"), executable("var/lib/dpkg/info/b.postinst"))},
			[]string{"var/lib/dpkg/info/b.postinst 755"}, nil},
		{"what a removed package left", []layer{{file(status, "Package: a\nVersion: 1\nStatus: deinstall ok config-files\n"), file(listOfA, "/etc/init.d/a\n"),
			executable("etc/init.d/a"), executable("var/lib/dpkg/info/a.postrm")}}, nil, nil},
		{"no list of a package", []layer{{file(status, debs("a=1", "b=1")), file(listOfA, "/usr/bin/a\n"), executable("usr/bin/b")}}, nil, []string{"no-file-list " + status}},
		{"the list of an architecture", []layer{{file(status, "Package: a\nVersion: 1\nArchitecture: amd64\n"), file("var/lib/dpkg/info/a:amd64.list", "/usr/bin/a\n"),
			executable("usr/bin/a")}}, nil, nil},
		{"distroless", []layer{{file("var/lib/dpkg/status.d/a", debs("a=1")), file("var/lib/dpkg/status.d/a.md5sums", "d41d8cd98f00b204e9800998ecf8427e  usr/bin/a\n"),
			executable("usr/bin/a"), executable("app")}}, []string{"app 755"}, nil},
		{"distroless without sums", []layer{{file("var/lib/dpkg/status.d/a", debs("a=1")), executable("app")}}, nil, []string{"no-file-list var/lib/dpkg/status.d/a"}},
		{"a damaged database", []layer{debian("/usr/bin/a\n", executable("app")), {file(status, debs("a=1")+"Package: b\n")}}, nil, []string{"no-file-list " + status}},
		{"a deleted database", []layer{debian("/usr/bin/a\n", executable("usr/bin/a")), {whiteout("var/lib/dpkg", "status")}}, nil, []string{"no-file-list " + status}},
		{"a distribution without its database", []layer{{file("etc/os-release", "ID=debian\n"), executable("usr/bin/a")}}, nil, []string{"no-file-list " + status}},
		{"apk", []layer{{file(installed, "P:a\nV:1\nF:usr/bin\nR:a\n\n"), executable("usr/bin/a"), executable("usr/bin/b")}}, []string{"usr/bin/b 755"}, nil},
		{"pacman", []layer{{file("var/lib/pacman/local/a-1-1/desc", "%NAME%\na\n\n%VERSION%\n1-1\n"), file("var/lib/pacman/local/a-1-1/files", "%FILES%\nusr/bin/a\n"),
			executable("var/lib/pacman/local/a-1-1/install"), executable("usr/bin/a"), executable("usr/bin/b")}}, []string{"usr/bin/b 755"}, nil},
		{"a list of rpm's packages without their files", []layer{{file("var/lib/rpmmanifest/container-manifest-1", "a-1-2.noarch\n"), executable("usr/bin/a")}}, nil,
			[]string{"no-file-list var/lib/rpmmanifest/container-manifest-1"}},
		{"a bill that speaks for the system", []layer{{file("sbom.json", cycloneDXBill("pkg:apk/wolfi/a@1")), executable("usr/bin/a")}}, nil, []string{"no-file-list sbom.json"}},
		{"npm", []layer{{file("app/node_modules/a/package.json", `{"name": "a", "version": "1"}`), executable("app/node_modules/a/cli.js"), executable("app/node_modules/.bin/a"),
			file("app/node_modules/@s/b/package.json", `{"name": "@s/b", "version": "1"}`), executable("app/node_modules/@s/b/cli.js"),
			executable("app/node_modules/@s/dropped"), executable("app/node_modules/dropped/x")}}, []string{"app/node_modules/@s/dropped 755", "app/node_modules/dropped/x 755"}, nil},
		{"npm: an application does not speak for what lies beside it", []layer{{file("app/package.json", `{"name": "a", "version": "1"}`), executable("app/server.js")}},
			[]string{"app/server.js 755"}, nil},
		{"Python: a list of files", []layer{{file(site+"a-1.dist-info/METADATA", "Name: a\nVersion: 1\n"), file(site+"a-1.dist-info/RECORD", "b/x.so,,\n../../../bin/a,,\n"),
			executable(site + "b/x.so"), executable("usr/local/bin/a"), executable("usr/local/bin/b")}}, []string{"usr/local/bin/b 755"}, nil},
		{"Python: the folder of the package's name", []layer{{file(site+"a-1.egg-info/PKG-INFO", "Name: a\nVersion: 1\n"), executable(site + "a/x.so"), executable(site + "b/x.so")}},
			[]string{site + "b/x.so 755"}, nil},
		{"conda", []layer{{file("opt/conda/conda-meta/a-1-0.json", `{"name": "a", "version": "1", "files": ["bin/a"]}`), executable("opt/conda/bin/a"),
			executable("opt/conda/bin/b"), executable("opt/conda/pkgs/a-1-0/bin/a")}}, []string{"opt/conda/bin/b 755"}, nil},
		{"gems", []layer{{file("usr/lib/ruby/gems/3.1.0/specifications/a-1.gemspec", gemspec("a", "1")), executable("usr/lib/ruby/gems/3.1.0/gems/a-1/x.so"),
			executable("usr/lib/ruby/gems/3.1.0/extensions/x/3.1.0/a-1/x.so"), executable("usr/lib/ruby/gems/3.1.0/gems/b-1/x.so")}},
			[]string{"usr/lib/ruby/gems/3.1.0/gems/b-1/x.so 755"}, nil},
		{"a folder of packages in the root is not all of the system", []layer{{file("usr/specifications/a-1.gemspec", gemspec("a", "1")), executable("usr/bin/x")}}, []string{"usr/bin/x 755"}, nil},
		{"Composer", []layer{{file("app/vendor/composer/installed.json", phpLock("v/a")), executable("app/vendor/v/a/x"), executable("app/vendor/bin/a"), executable("app/vendor/v/b/x")}},
			[]string{"app/vendor/v/b/x 755"}, nil},
		{"Composer: a name that climbs", []layer{{file("app/vendor/composer/installed.json", phpLock("v/../../..")), executable("app/x")}}, []string{"app/x 755"}, nil},
		{"Nix", []layer{{executable("nix/store/00000000000000000000000000000000-hello-2.12/bin/hello"), executable("nix/dropped")}}, []string{"nix/dropped 755"}, nil},
		{"a program that is recognised is a package", []layer{{withMode(file("opt/bash", "\x7fELF@(#)Bash version 5.2.15(1)"), 0o755)}}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := scan(t, false, test.layers...)
			if diff := cmp.Diff(test.unowned, paths(got.files.Unowned)); diff != "" {
				t.Errorf("unowned (-want +got):\n%s", diff)
			}
			if got.files.UnownedCount != len(test.unowned) {
				t.Errorf("%d unowned, want %d", got.files.UnownedCount, len(test.unowned))
			}
			if diff := cmp.Diff(test.gaps, got.fileGaps()); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
			if state := got.coverage.State(filesDimension); (state == inventory.Full) != (len(test.gaps) == 0) {
				t.Errorf("files are %s", state)
			}
		})
	}
}

func gemspec(name, version string) string {
	return "Gem::Specification.new do |s|\n  s.name = \"" + name + "\".freeze\n  s.version = \"" + version + "\"\nend\n"
}

// TestSetuid: of the merged view, whoever may execute them, with the layer that the content is from.
func TestSetuid(t *testing.T) {
	got := scan(t, false,
		layer{withMode(file("bin/su", "a"), 0o4755), withMode(file("bin/wall", "b"), 0o2755), withMode(file("bin/none", "c"), 0o755), withMode(file("bin/gone", "d"), 0o4755)},
		layer{withMode(file("bin/su", "e"), 0o6711), withMode(file("tmp/x", "f"), 0o4600), hardlink("bin/also", "bin/wall"), whiteout("bin", "gone"),
			{Typeflag: tar.TypeDir, Name: "srv/", Mode: 0o2775}})
	want := []inventory.File{
		{Path: "bin/also", Mode: 0o2755, Layer: got.diffIDs[0]}, {Path: "bin/su", Mode: 0o6711, Layer: got.diffIDs[1]},
		{Path: "bin/wall", Mode: 0o2755, Layer: got.diffIDs[0]}, {Path: "tmp/x", Mode: 0o4600, Layer: got.diffIDs[1]},
	}
	if diff := cmp.Diff(paths(want), paths(got.files.Setuid)); diff != "" {
		t.Error(diff)
	}
	for i, f := range got.files.Setuid {
		if f.Layer != want[i].Layer {
			t.Errorf("%s is of layer %s, want %s", f.Path, f.Layer, want[i].Layer)
		}
	}
}

// TestFileListsAreBounded: what is not listed is counted, or a gap.
func TestFileListsAreBounded(t *testing.T) {
	var many layer
	for i := range inventory.MostUnowned + 1 {
		many = append(many, withMode(executable("bin/"+strings.Repeat("x", i/100)+strconv.Itoa(i)), 0o4755))
	}
	got := scan(t, false, many)
	if len(got.files.Unowned) != inventory.MostUnowned || got.files.UnownedCount != inventory.MostUnowned+1 {
		t.Errorf("%d of %d listed", len(got.files.Unowned), got.files.UnownedCount)
	}
	if len(got.files.Setuid) != inventory.MostSetuid {
		t.Errorf("%d with a setuid bit", len(got.files.Setuid))
	}
	if diff := cmp.Diff([]string{tooManyFiles + " "}, got.fileGaps()); diff != "" {
		t.Error(diff)
	}
}
