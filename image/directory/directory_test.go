package directory

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/rootfs"
)

// write makes files below dir; a content of "-> x" makes a symbolic link to x.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func layerOf(t *testing.T, dir string) image.Layer {
	t.Helper()
	d, err := Open(dir, "dir:"+dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	img, err := d.Image(t.Context(), image.DefaultPlatform())
	if err != nil {
		t.Fatal(err)
	}
	if !img.ID.IsZero() || len(img.Layers) != 1 || !img.Layers[0].DiffID.IsZero() {
		t.Fatalf("image %+v", img)
	}
	return img.Layers[0]
}

// kinds lists what a pass over the layer found: kind and link of each path.
func kinds(t *testing.T, layer image.Layer) map[string]string {
	t.Helper()
	index, err := rootfs.Read(t.Context(), layer, rootfs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, e := range index.Entries {
		found[e.Path] = map[rootfs.Kind]string{rootfs.Regular: "file", rootfs.Directory: "folder", rootfs.Symlink: "-> " + e.Link, rootfs.Device: "device"}[e.Kind]
	}
	if len(index.Problems) > 0 {
		t.Errorf("problems %v", index.Problems)
	}
	return found
}

func TestAFolderIsALayer(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("long/", 60) + "name"
	write(t, dir, map[string]string{
		"etc/os-release": "ID=x\n", "bin/sh": "#!", "lib": "-> usr/lib", "usr/lib/a": "a", "out": "-> ../../../etc", "up/../dangling": "-> nowhere",
		"caf\xc3\xa9": "utf-8", "raw\xff": "not utf-8", "with space\nand line": "x", long: "deep",
	})
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "bin/sh"), 0o755|fs.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	layer := layerOf(t, dir)
	got := kinds(t, layer)
	for path, want := range map[string]string{
		"etc": "folder", "etc/os-release": "file", "bin/sh": "file", "lib": "-> usr/lib", "usr/lib/a": "file", "out": "-> ../../../etc",
		"dangling": "-> nowhere", "caf\xc3\xa9": "file", "raw\xff": "file", "with space\nand line": "file", long: "file", "pipe": "device",
	} {
		if got[path] != want {
			t.Errorf("%q is %q, want %q", path, got[path], want)
		}
	}
	if unread := layer.Unread(); len(unread) > 0 {
		t.Errorf("not read: %v", unread)
	}
}

func content(t *testing.T, layer image.Layer) []byte {
	t.Helper()
	stream, err := layer.Blob(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	all, err := io.ReadAll(stream)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestTheSameFilesGiveTheSameBytes: whatever their times and the order in which they were made.
func TestTheSameFilesGiveTheSameBytes(t *testing.T) {
	var sums [2][sha256.Size]byte
	for i, names := range [][]string{{"a", "b/c", "b/d"}, {"b/d", "b/c", "a"}} {
		dir := t.TempDir()
		for _, name := range names {
			write(t, dir, map[string]string{name: "content of " + name})
		}
		if err := os.Chtimes(filepath.Join(dir, "a"), time.Unix(int64(i), 0), time.Unix(int64(i), 0)); err != nil {
			t.Fatal(err)
		}
		layer := layerOf(t, dir)
		sums[i] = sha256.Sum256(content(t, layer))
		if again := sha256.Sum256(content(t, layer)); again != sums[i] {
			t.Error("a second walk gave other bytes")
		}
	}
	if sums[0] != sums[1] {
		t.Error("the bytes differ")
	}
}

// TestWhatCouldNotBeReadIsListed: no file is missed silently.
func TestWhatCouldNotBeReadIsListed(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": "a", "b/.wh.c": "", ".wh..wh..opq": "", ".wh.d/e": "e"})
	layer := layerOf(t, dir)
	if got := kinds(t, layer); len(got) != 2 {
		t.Errorf("found %v", got)
	}
	var paths []string
	for _, u := range layer.Unread() {
		paths = append(paths, u.Path)
	}
	if diff := cmp.Diff([]string{".wh..wh..opq", ".wh.d", "b/.wh.c"}, paths); diff != "" {
		t.Error(diff)
	}

	w := &walker{ctx: t.Context(), unread: &unread{}}
	if err := w.visit("root", nil, &fs.PathError{Op: "open", Path: "root", Err: fs.ErrPermission}); err != nil {
		t.Error(err)
	}
	if got := w.unread.list(); len(got) != 1 || got[0].Why != "permission denied" {
		t.Errorf("listed %v", got)
	}
	for range 2 * maxUnread {
		w.unread.add(time.Now().String(), "")
	}
	if got := w.unread.list(); len(got) != maxUnread+1 || !strings.Contains(got[maxUnread].Why, "more than 1000") {
		t.Errorf("listed %d", len(got))
	}
}

// TestAFileThatChanges: the stream stays a tar, and the file is listed.
func TestAFileThatChanges(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"shorter": func(path string) error { return os.Truncate(path, 3) },
		"gone":    func(path string) error { return os.Truncate(path, 0) },
		"longer": func(path string) error {
			return os.WriteFile(path, bytes.Repeat([]byte("y"), 700_000), 0o644)
		},
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 600_000), 0o644); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		before, err := file.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if err := change(path); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w := &walker{ctx: t.Context(), tar: tar.NewWriter(&out), buffer: make([]byte, 4096)}
		if err := w.header(&tar.Header{Typeflag: tar.TypeReg, Name: "file", Size: before.Size()}); err != nil {
			t.Fatal(err)
		}
		why, err := w.content(file, before)
		if err != nil || !strings.Contains(why, "while it was read") {
			t.Errorf("%s: %q, %v", name, why, err)
		}
		if err := w.tar.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTheKernelsFilesAreLeftOut: /proc of this very process, which never ends.
func TestTheKernelsFilesAreLeftOut(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has /proc")
	}
	_, err := Open("/proc", "dir:/proc")
	if err == nil || !strings.Contains(err.Error(), "kernel makes up") {
		t.Errorf("error %v", err)
	}
	root, err := os.OpenRoot("/")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	info, err := root.Stat("proc")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := &walker{ctx: t.Context(), root: root, tar: tar.NewWriter(&out), unread: &unread{}, device: 0}
	if err := w.folder("proc", info); !errors.Is(err, fs.SkipDir) {
		t.Errorf("/proc is walked: %v", err)
	}
}

func TestTheWalkEndsWithItsReader(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": strings.Repeat("x", 1<<20), "b": "b"})
	layer := layerOf(t, dir)
	stream, err := layer.Blob(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Close(); err != nil { // waits for the walk
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stream, err = layer.Blob(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(stream); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
	if err := stream.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open(filepath.Join(dir, "nothing"), ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "b"), ""); err == nil {
		t.Error("a file was opened as a folder")
	}
}
