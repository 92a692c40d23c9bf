package main

import (
	"context"
	"debug/buildinfo"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const someCommit = "3d2c8990123456789abcdef0123456789abcdef0"

func TestSourceOfAnArchive(t *testing.T) {
	for _, c := range []struct {
		name, line, epoch string
		commit            string
		seconds           int64
		fails             bool
	}{
		{name: "an archive that git made", line: someCommit + " 1790000000\n", commit: someCommit, seconds: 1790000000},
		{name: "a copy", line: "$Format:" + "%H %ct$\n"},
		{name: "SOURCE_DATE_EPOCH counts before the commit's date", line: someCommit + " 1790000000\n", epoch: "12", commit: someCommit, seconds: 12},
		{name: "SOURCE_DATE_EPOCH of a copy", line: "$Format:" + "%H %ct$\n", epoch: "12", seconds: 12},
		{name: "a short commit is a name for several", line: "3d2c899 1790000000\n", fails: true},
		{name: "no date", line: someCommit + "\n", fails: true},
		{name: "a date before 1970", line: someCommit + " -1\n", fails: true},
		{name: "an epoch that is none", line: someCommit + " 1\n", epoch: "yesterday", fails: true},
		{name: "nothing", line: "", fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.Mkdir(filepath.Join(root, "release"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "release", "commit.txt"), []byte(c.line), 0o644); err != nil {
				t.Fatal(err)
			}
			got, err := readSource(context.Background(), root, func(string) (string, bool) { return c.epoch, c.epoch != "" })
			if (err != nil) != c.fails {
				t.Fatalf("%v; should fail: %v", err, c.fails)
			}
			if err == nil && (got.commit != c.commit || got.date.Unix() != c.seconds || (got.why == "") != (c.commit != "")) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestSourceOfAClone(t *testing.T) {
	ctx, root := context.Background(), t.TempDir()
	for _, name := range []string{"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"} {
		t.Setenv(name, os.DevNull)
	}
	run := func(arguments ...string) string {
		t.Helper()
		out, err := git(ctx, root, arguments...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	run("init", "-q")
	t.Setenv("GIT_COMMITTER_DATE", "@1790000000 +0500")
	run("-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-q", "--allow-empty", "-m", "one")
	clean, err := commitOf(ctx, root)
	if err != nil {
		t.Fatal(err)
	}
	if clean.commit != run("rev-parse", "HEAD") || clean.date.Unix() != 1790000000 || clean.date.Location() != time.UTC {
		t.Errorf("a clone: got %+v", clean)
	}
	if err := clean.checkTag(ctx, root, "1.2.3"); err != nil {
		t.Errorf("without a tag: %v", err)
	}
	run("tag", "v1.2.3")
	if err := clean.checkTag(ctx, root, "1.2.3"); err != nil {
		t.Errorf("the tag of the version: %v", err)
	}
	if err := clean.checkTag(ctx, root, "1.2.4"); err == nil {
		t.Error("1.2.4 was built from what is tagged v1.2.3")
	}
	if err := os.WriteFile(filepath.Join(root, "new.go"), []byte("package new\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	changed, err := commitOf(ctx, root)
	if err != nil || changed.commit != "" || changed.why == "" {
		t.Errorf("with a new file: %+v, %v; should name no commit", changed, err)
	}
}

func TestDependencies(t *testing.T) {
	const sum = "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	const hexSum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	built := func(version string, modules ...*debug.Module) artifact {
		return artifact{name: "plimsoll", info: &buildinfo.BuildInfo{GoVersion: version, Deps: modules}}
	}
	a := &debug.Module{Path: "a.test/a", Version: "v1.0.0", Sum: sum}
	b := &debug.Module{Path: "b.test/b", Version: "v1.0.0", Replace: &debug.Module{Path: "c.test/c", Version: "v2.0.0+incompatible", Sum: sum}}
	digest := map[string]string{"dirHash": hexSum}
	standard := resource{URI: "pkg:golang/stdlib@1.26.8"}
	for _, c := range []struct {
		name  string
		made  []artifact
		want  []resource
		fails string
	}{
		{name: "a module of both binaries stands once", made: []artifact{built("go1.26.8", a), built("go1.26.8", a)},
			want: []resource{{URI: "pkg:golang/a.test/a@v1.0.0", Digest: digest}, standard}},
		{name: "what replaces a module was built in", made: []artifact{built("go1.26.8", b)},
			want: []resource{{URI: "pkg:golang/c.test/c@v2.0.0%2Bincompatible", Digest: digest}, standard}},
		{name: "a folder instead of a module", made: []artifact{built("go1.26.8", &debug.Module{Path: "a.test/a", Replace: &debug.Module{Path: "../a"}})},
			fails: "../a"},
		{name: "a sum that is too short", made: []artifact{built("go1.26.8", &debug.Module{Path: "a.test/a", Sum: "h1:AAAA"})}, fails: "a.test/a"},
		{name: "two versions of Go", made: []artifact{built("go1.26.8"), built("go1.26.9")}, fails: "go1.26.9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := dependencies(c.made)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Fatalf("%v; should speak of %s", err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheCallersSettingsDoNotGetThrough(t *testing.T) {
	caller := []string{"PATH=/bin", "GOFLAGS=-race", "GOAMD64=v4", "GOEXPERIMENT=x", "CGO_CFLAGS=-O0", "LANG=C"}
	if diff := cmp.Diff([]string{"PATH=/bin", "LANG=C"}, without(caller, "GO", "CGO_")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
