package main

import (
	"bytes"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/ecosystem"
)

// TestTheStoryHolds runs the demo as make demo does, but into folders of its own.
func TestTheStoryHolds(t *testing.T) {
	t.Chdir("..") // what is suggested is typed at the root
	// The user's settings must not change the story; with this one plimsoll would not even start.
	t.Setenv("PLIMSOLL_NOW", "no time")
	var out, warnings bytes.Buffer
	dir := t.TempDir()
	d := demo{
		root: ".", dir: filepath.Join(dir, "demo"), plimsoll: filepath.Join(dir, "plimsoll"),
		out: &out, err: &warnings,
	}
	if err := d.run(t.Context()); err != nil {
		t.Fatalf("%v\n%s%s", err, out.String(), warnings.String())
	}
	shown := out.String()
	for _, want := range []string{
		"fail     known-exploited", "→ upgrade", "fail     not-root", // debian-v1: reasons, and what mends them
		"fail     critical-with-fix", "in app/package-lock.json", "upgrade minimist to 1.2.6", // alpine-v1
		"pass     known-exploited, critical-with-fix, not-root",
		"debian-v1  denied\n  debian-v2  allowed\n  alpine-v1  denied\n  alpine-v2  allowed\n",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("the demo does not show %q:\n%s", want, shown)
		}
	}
	if strings.Contains(shown, "\x1b") {
		t.Error("there are colours in a pipe")
	}
	checkSuggestions(t, d)
}

// checkSuggestions runs what the demo suggests to try next.
func checkSuggestions(t *testing.T, d demo) {
	for _, s := range suggestions(d.dir) {
		var out, warnings bytes.Buffer
		d.out, d.err = &out, &warnings
		status, err := d.execute(t.Context(), s.args)
		if err != nil || status != s.status || out.Len() == 0 {
			t.Errorf("plimsoll %s: status %d, %v; want %d\n%s", strings.Join(s.args, " "), status, err, s.status, warnings.String())
		}
	}
}

func TestAnotherVerdictThanTheStorysIsAnError(t *testing.T) {
	dir := t.TempDir()
	always := filepath.Join(dir, "plimsoll")
	if err := os.WriteFile(always, []byte("#!/bin/sh\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	d := demo{dir: dir, plimsoll: always, out: &bytes.Buffer{}, err: &bytes.Buffer{}}
	err := d.tell(t.Context(), 2, story()[1])
	if err == nil || !strings.Contains(err.Error(), "debian-v2 was denied, and by the story it is allowed") {
		t.Errorf("got %v", err)
	}
}

func TestTheSameProgramGivesTheSameLayouts(t *testing.T) {
	var sums [2]map[string][sha256.Size]byte
	for i := range sums {
		dir := t.TempDir()
		for _, s := range story() {
			for range i + 1 { // over what lies there is as good as anew
				if err := s.image.write(dir, []byte("a program")); err != nil {
					t.Fatal(err)
				}
			}
		}
		sums[i] = sumFiles(t, dir)
	}
	if len(sums[0]) == 0 {
		t.Fatal("nothing was written")
	}
	if diff := cmp.Diff(sums[0], sums[1]); diff != "" {
		t.Errorf("(-first +second)\n%s", diff)
	}
}

func sumFiles(t *testing.T, dir string) map[string][sha256.Size]byte {
	t.Helper()
	sums := map[string][sha256.Size]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		sums[path] = sha256.Sum256(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// TestPackagesAreInOrder: each list is sorted, names nothing twice, and no update goes back.
func TestPackagesAreInOrder(t *testing.T) {
	type row struct{ name, v1, v2 string }
	lists := map[ecosystem.Ordering][]row{}
	for _, p := range debianPackages() {
		lists[ecosystem.Deb] = append(lists[ecosystem.Deb], row{p.name, p.v1, p.v2})
	}
	for _, p := range alpinePackages() {
		lists[ecosystem.APK] = append(lists[ecosystem.APK], row{p.name, p.v1, p.v2})
	}
	for ordering, rows := range lists {
		if !slices.IsSortedFunc(rows, func(a, b row) int { return strings.Compare(a.name, b.name) }) {
			t.Errorf("%s: not sorted", ordering)
		}
		for i, r := range rows {
			if i > 0 && rows[i-1].name == r.name {
				t.Errorf("%s: %s twice", ordering, r.name)
			}
			if order, err := ordering.Compare(r.v1, r.v2); err != nil || order > 0 {
				t.Errorf("%s: %s goes from %s to %s (%v)", ordering, r.name, r.v1, r.v2, err)
			}
		}
	}
}
