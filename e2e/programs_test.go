package e2e

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/assemble"
	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
)

// TestPrograms: the content of Debian packages without the package database: every program is
// recognised with the version that its package has, and nothing else is.
func TestPrograms(t *testing.T) {
	products := map[string]string{
		"apache2-bin": "apache", "bash": "bash", "busybox-static": "busybox", "curl": "curl", "erlang-base": "erlang",
		"git": "git", "gpg": "gnupg", "haproxy": "haproxy", "libcurl4": "curl", "liblua5.4-0": "lua", "libnode108": "node",
		"libpython3.11": "python", "libruby3.1": "ruby", "libsqlite3-0": "sqlite", "libssl3": "openssl",
		"mariadb-server-core": "mariadb", "memcached": "memcached", "nginx": "nginx", "openjdk-17-jre-headless": "java",
		"openssh-server": "openssh", "openssl": "openssl", "perl-base": "perl", "pgbouncer": "pgbouncer",
		"php8.2-cli": "php", "postgresql-15": "postgresql", "python3.11-minimal": "python", "redis-tools": "redis",
		"slapd": "openldap", "varnish": "varnish", "wordpress": "wordpress",
	}
	debs := debianPrograms(t)
	if len(debs) != len(products) {
		t.Fatalf("%d packages were downloaded, the test knows %d", len(debs), len(products))
	}
	var want []string
	var layers []assemble.Blob
	dir := t.TempDir()
	for _, d := range debs {
		if products[d.name] == "" {
			t.Fatalf("the test does not know the package %s", d.name)
		}
		want = append(want, products[d.name]+"@"+upstream(d.version))
		layer, err := assemble.LayerIn(dir, d.files(t), assemble.None)
		if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, layer)
	}
	slices.Sort(want)
	without := reportOf(t, layout(t, layers))
	if diff := cmp.Diff(slices.Compact(want), programs(t, without)); diff != "" {
		t.Errorf("without the database (-packages +plimsoll):\n%s", diff)
	}

	database, err := assemble.Layer(databaseOf(t, debs), assemble.None)
	if err != nil {
		t.Fatal(err)
	}
	with := reportOf(t, layout(t, append(layers, database)))
	if got := programs(t, with); len(got) > 0 {
		t.Errorf("with the database these appear twice: %v", got)
	}
	if got := rows(with, "deb"); len(got) != len(debs) {
		t.Errorf("%d packages in the database, want %d", len(got), len(debs))
	}
}

// programs lists a report's programs as name@version.
func programs(t *testing.T, r *report.Report) []string {
	t.Helper()
	var list []string
	for _, p := range r.Packages {
		if p.Type != "generic" {
			continue
		}
		if p.Confidence != inventory.Low {
			t.Errorf("%s has confidence %q", p.PURL, p.Confidence)
		}
		list = append(list, p.Name+"@"+p.Version)
	}
	slices.Sort(list)
	return list
}

// upstream is the version of what a Debian package packs: without epoch and revision, and without
// what was taken out (+dfsg) or back (+really) or is a build's number (Java's).
func upstream(version string) string {
	_, version, _ = cutLast(":"+version, ":")
	version, _, _ = cutLast(version, "-")
	if _, really, back := strings.Cut(version, "+really"); back {
		version = really
	}
	version, _, _ = strings.Cut(version, "+")
	return version
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

// deb is a downloaded package.
type deb struct{ path, name, version string }

// debianPrograms returns the packages that tools/programs.sh keeps.
func debianPrograms(t *testing.T) []deb {
	t.Helper()
	testparts.Shared(t)
	folder, err := programsFolder()
	if err != nil {
		t.Fatal(err)
	}
	if folder == "" {
		testparts.Missing(t, "tools/programs.sh has no packages here: run it to see why")
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.deb"))
	if err != nil {
		t.Fatal(err)
	}
	var debs []deb
	for _, path := range paths {
		fields := strings.Fields(string(dpkgDeb(t, "--show", "--showformat", "${Package} ${Version}", path)))
		debs = append(debs, deb{path, fields[0], fields[1]})
	}
	return debs
}

var programsFolder = sync.OnceValues(func() (string, error) {
	command := exec.Command("../tools/programs.sh")
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("tools/programs.sh: %w\n%s", err, &complaint)
	}
	return strings.TrimSpace(string(out)), nil
})

func dpkgDeb(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.Command("dpkg-deb", args...).Output()
	if err != nil {
		t.Fatalf("dpkg-deb %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// files are those that the package installs.
func (d deb) files(t *testing.T) []assemble.File {
	t.Helper()
	var files []assemble.File
	archive := tar.NewReader(bytes.NewReader(dpkgDeb(t, "--fsys-tarfile", d.path)))
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Name == "./" {
			continue
		}
		link := header.Linkname
		if header.Typeflag == tar.TypeLink {
			link = strings.TrimPrefix(link, "./")
		}
		body, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, assemble.File{Path: strings.TrimPrefix(header.Name, "./"), Mode: uint32(header.Mode),
			Type: header.Typeflag, Link: link, Body: body})
	}
}

// databaseOf is what dpkg would have written: the status and the lists of files.
func databaseOf(t *testing.T, debs []deb) []assemble.File {
	t.Helper()
	var status bytes.Buffer
	var files []assemble.File
	for _, d := range debs {
		status.Write(dpkgDeb(t, "--field", d.path, "Package", "Version", "Architecture", "Source"))
		fmt.Fprint(&status, "Status: install ok installed\n\n")
		var list bytes.Buffer
		for _, f := range d.files(t) {
			fmt.Fprintf(&list, "/%s\n", strings.TrimSuffix(f.Path, "/"))
		}
		files = append(files, assemble.File{Path: "var/lib/dpkg/info/" + d.name + ".list", Body: list.Bytes()})
	}
	return append(files, assemble.File{Path: "var/lib/dpkg/status", Body: status.Bytes()})
}

// layout writes an image of layers.
func layout(t *testing.T, layers []assemble.Blob) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	if err := assemble.WriteLayout(dir, "v1", assemble.Image{Platform: image.DefaultPlatform(), Layers: layers}); err != nil {
		t.Fatal(err)
	}
	return dir
}
