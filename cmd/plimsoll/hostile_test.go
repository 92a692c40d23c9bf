package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/assemble"
)

// outcome is what one run of the command line left behind.
type outcome struct {
	status         int
	stdout, stderr string
}

// plimsoll runs the command line in this process, with a home of its own.
func plimsoll(t *testing.T, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	home := t.TempDir()
	p := program{stdout: &stdout, stderr: &stderr, environ: []string{"HOME=" + home}}
	status := p.execute(t.Context(), args)
	return outcome{status, stdout.String(), stderr.String()}
}

// refused wants status 1, one sentence that matches pattern, and nothing on standard output.
func refused(t *testing.T, o outcome, pattern string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(o.stderr), "\n")
	switch {
	case o.status != exitFailed:
		t.Errorf("status %d, want %d\n%s%s", o.status, exitFailed, o.stdout, o.stderr)
	case o.stdout != "":
		t.Errorf("half a result on standard output: %.200q", o.stdout)
	case len(lines) != 1 || !strings.HasPrefix(lines[0], "plimsoll: "):
		t.Errorf("want one sentence on standard error, got\n%s", o.stderr)
	case !regexp.MustCompile(pattern).MatchString(lines[0]):
		t.Errorf("%q does not match %q", lines[0], pattern)
	}
}

func ordinaryFiles() []assemble.File {
	return []assemble.File{
		{Path: "etc/os-release", Body: []byte("ID=alpine\nVERSION_ID=3.20.3\n")},
		{Path: "lib/apk/db/installed", Body: []byte("P:musl\nV:1.2.5-r0\nA:x86_64\no:musl\n\n")},
		{Path: "bin/sh", Mode: 0o755, Body: bytes.Repeat([]byte("content "), 2000)},
	}
}

// writeImage writes a layout of one image with the layers given.
func writeImage(t *testing.T, layers ...assemble.Blob) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "image")
	if err := assemble.WriteLayout(dir, "v1", assemble.Image{Platform: image.DefaultPlatform(), Layers: layers}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func layer(t *testing.T, compression assemble.Compression, files ...assemble.File) assemble.Blob {
	t.Helper()
	blob, err := assemble.Layer(files, compression)
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

func stored(t *testing.T, blob assemble.Blob) []byte {
	t.Helper()
	stream, err := blob.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(stream); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestDamagedLayers: a layer whose bytes are cut or changed, and named by what they are, so that
// only its inside is wrong.
func TestDamagedLayers(t *testing.T) {
	for name, compression := range map[string]assemble.Compression{"tar": assemble.None, "gzip": assemble.Gzip, "zstd": assemble.Zstd} {
		whole := layer(t, compression, ordinaryFiles()...)
		content := stored(t, whole)
		for _, at := range []int{1, len(content) / 4, len(content) / 2, len(content) * 3 / 4, len(content) - 1} {
			t.Run(fmt.Sprintf("%s cut at %d of %d", name, at, len(content)), func(t *testing.T) {
				cut := assemble.NewBlob(whole.MediaType, content[:at], whole.DiffID)
				refused(t, plimsoll(t, "scan", writeImage(t, cut)), `reading layer 1 of 1`)
			})
			t.Run(fmt.Sprintf("%s changed at %d of %d", name, at, len(content)), func(t *testing.T) {
				changed := bytes.Clone(content)
				changed[at] ^= 0x55
				blob := assemble.NewBlob(whole.MediaType, changed, whole.DiffID)
				refused(t, plimsoll(t, "scan", writeImage(t, blob)), `reading layer 1 of 1`)
			})
		}
	}
}

func TestWrongDigests(t *testing.T) {
	good := layer(t, assemble.Gzip, ordinaryFiles()...)
	other := layer(t, assemble.Gzip, assemble.File{Path: "other", Body: []byte("x")})
	t.Run("diffID", func(t *testing.T) {
		lie := good
		lie.DiffID = other.DiffID
		refused(t, plimsoll(t, "scan", writeImage(t, lie)), regexp.QuoteMeta(good.DiffID.String())+`.*`+regexp.QuoteMeta(other.DiffID.String()))
	})
	for _, document := range []string{"index", "layer", "manifest and configuration"} {
		t.Run("altered "+document, func(t *testing.T) {
			dir := writeImage(t, good)
			blobs, err := filepath.Glob(filepath.Join(dir, "blobs", "sha256", "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range blobs {
				isLayer := filepath.Base(path) == good.Digest.Hex()
				if isLayer != (document == "layer") || document == "index" {
					continue
				}
				content, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				content[len(content)/2] ^= 1
				if err := os.WriteFile(path, content, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if document == "index" {
				if err := os.WriteFile(filepath.Join(dir, "index.json"), []byte(`{"manifests":`), 0o644); err != nil {
					t.Fatal(err)
				}
				refused(t, plimsoll(t, "scan", dir), `index\.json`)
				return
			}
			refused(t, plimsoll(t, "scan", dir), `sha256:[0-9a-f]{64}.*sha256:[0-9a-f]{64}`)
		})
	}
}

// TestHostileEntries: names and links that try to leave the image, circles, devices. The scan
// goes on, and nothing outside is touched.
func TestHostileEntries(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	files := append(ordinaryFiles(),
		assemble.File{Path: "../../../../" + outside, Body: []byte("x")},
		assemble.File{Path: "/" + outside, Body: []byte("x")},
		assemble.File{Path: "loop/a", Type: tar.TypeSymlink, Link: "b"},
		assemble.File{Path: "loop/b", Type: tar.TypeSymlink, Link: "a"},
		assemble.File{Path: "self", Type: tar.TypeSymlink, Link: "self"},
		assemble.File{Path: "self/below", Body: []byte("x")},
		assemble.File{Path: "etc/passwd", Type: tar.TypeSymlink, Link: "../../../../../etc/passwd"},
		assemble.File{Path: "dev/sda", Type: tar.TypeBlock},
		assemble.File{Path: "dev/pipe", Type: tar.TypeFifo},
		assemble.File{Path: "hard", Type: tar.TypeLink, Link: "../../../../etc/shadow"},
		assemble.File{Path: "evil\x1b[31m::error::\n", Mode: 0o755, Body: []byte("x")})
	o := plimsoll(t, "scan", writeImage(t, layer(t, assemble.Gzip, files...)), "--quiet")
	if o.status != exitDone {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	if strings.ContainsAny(o.stdout, "\x1b") || strings.Contains(o.stdout, "\n::") {
		t.Errorf("the image wrote to the terminal:\n%q", o.stdout)
	}
	if _, err := os.Lstat(outside); err == nil {
		t.Error("the image wrote a file outside")
	}
}

// TestDamagedPackageDatabases: scan and sbom write what they could read, with the gap in the
// coverage, and fail; check leaves it to the policy, and the starter policy denies.
func TestDamagedPackageDatabases(t *testing.T) {
	const stanza = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2\n\n"
	debian := assemble.File{Path: "etc/os-release", Body: []byte("ID=debian\nVERSION_ID=12\n")}
	alpine := assemble.File{Path: "etc/os-release", Body: []byte("ID=alpine\nVERSION_ID=3.20.3\n")}
	for name, files := range map[string][]assemble.File{
		"dpkg cut short":  {debian, {Path: "var/lib/dpkg/status", Body: []byte(stanza + "Package: libc6\nStatus: install ok inst")}},
		"dpkg of NULs":    {debian, {Path: "var/lib/dpkg/status", Body: make([]byte, 4096)}},
		"dpkg is no text": {debian, {Path: "var/lib/dpkg/status", Body: []byte("\x1f\x8b\x08\x00 nothing of the kind\n")}},
		"apk cut short":   {alpine, {Path: "lib/apk/db/installed", Body: []byte("P:musl\nV:1.2.5-r0\n\nP:busybox\nV")}},
		"apk of NULs":     {alpine, {Path: "lib/apk/db/installed", Body: make([]byte, 4096)}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := writeImage(t, layer(t, assemble.Gzip, files...))
			path := files[1].Path
			o := plimsoll(t, "scan", dir, "--quiet", "--format", "json")
			if o.status != exitFailed || !strings.Contains(o.stderr, "package database "+path+" is damaged") {
				t.Errorf("scan: status %d, want %d and the database's path\n%s", o.status, exitFailed, o.stderr)
			}
			if !strings.Contains(o.stdout, `"path": "`+path+`"`) {
				t.Errorf("the report's coverage does not name %s", path)
			}
			if o := plimsoll(t, "sbom", dir, "--quiet"); o.status != exitFailed || !strings.Contains(o.stderr, path) {
				t.Errorf("sbom: status %d, want %d and the database's path\n%s", o.status, exitFailed, o.stderr)
			}
			if o := plimsoll(t, "check", dir, "--quiet"); o.status != exitDenied {
				t.Errorf("check: status %d, want %d\n%s", o.status, exitDenied, o.stdout)
			}
		})
	}
}

func TestLimitsNameTheirFlags(t *testing.T) {
	program := bytes.Clone(goProgram(t))
	dir := writeImage(t, layer(t, assemble.Gzip, append(ordinaryFiles(), assemble.File{Path: "bin/program", Mode: 0o755, Body: program})...))
	for _, limit := range []string{"--max-entries=2", "--max-inflated=10KiB", "--max-file-size=1KiB"} {
		flag, _, _ := strings.Cut(limit, "=")
		t.Run(flag, func(t *testing.T) {
			refused(t, plimsoll(t, "scan", dir, limit), regexp.QuoteMeta(flag))
		})
	}
	if o := plimsoll(t, "scan", dir, "--max-memory=1KiB", "--quiet"); o.status != exitDone {
		t.Errorf("with little memory: status %d\n%s", o.status, o.stderr)
	}
}

// goProgram is this test's own binary: a real Go program.
func goProgram(t *testing.T) []byte {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestFilesThatAreNoImages(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"empty.tar":   "",
		"text.tar":    "plain text, and a good deal of it",
		"broken.gz":   "\x1f\x8b\x08\x00garbage",
		"broken.zst":  "\x28\xb5\x2f\xfdgarbage",
		"archive.zip": "PK\x03\x04garbage",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { refused(t, plimsoll(t, "scan", path), regexp.QuoteMeta(name)) })
	}
}

func TestDamagedDatabases(t *testing.T) {
	home := t.TempDir()
	var stdout, stderr bytes.Buffer
	p := program{stdout: &stdout, stderr: &stderr, environ: []string{"HOME=" + home}}
	if status := p.execute(t.Context(), []string{"db", "status"}); status != exitDone {
		t.Fatal(stderr.String())
	}
	whole := unpackedStarter(t, home)
	image := writeImage(t, layer(t, assemble.Gzip, ordinaryFiles()...))
	path := filepath.Join(t.TempDir(), "damaged.db")
	try := func(name string, content []byte) {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
			refused(t, plimsoll(t, "scan", image, "--db", path), `damaged\.db`)
		})
	}
	for _, length := range []int{0, 7, 100, len(whole) / 2, len(whole) - 1} {
		try(fmt.Sprintf("cut to %d of %d", length, len(whole)), whole[:length])
	}
	for _, at := range []int{0, 9, 40, 200} { // magic, version, root digest, table
		changed := bytes.Clone(whole)
		changed[at] ^= 0x10
		try(fmt.Sprintf("bit flipped in byte %d", at), changed)
	}
	try("text", bytes.Repeat([]byte("text "), 1000))
}

// unpackedStarter is the starter database where it was unpacked.
func unpackedStarter(t *testing.T, home string) []byte {
	t.Helper()
	var largest []byte
	err := filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if len(content) > len(largest) {
			largest = content
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(largest) < 1<<20 {
		t.Fatal("the starter database was not unpacked")
	}
	return largest
}
