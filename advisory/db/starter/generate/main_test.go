package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory/db"
)

func TestReadSources(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sources.tsv")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# why\nshard\tasOf\tlicence\tattribution\nosv/Go\t2026-08-21\tCC-BY-4.0\tGo Vulnerability Database\n")
	got, err := readSources(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]db.SourceInfo{"osv/Go": {AsOf: time.Date(2026, 8, 21, 0, 0, 0, 0, time.UTC), Licence: "CC-BY-4.0", Attribution: "Go Vulnerability Database"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for text, message := range map[string]string{
		"\nosv/Go\t2026-08-21\tMIT": ":1: want four columns",
		"#\nosv/Go\ttoday\tMIT\tGo": `:2: "today": want YYYY-MM-DD`,
	} {
		write(text)
		if _, err := readSources(path); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%q: error %v, want %q", text, err, message)
		}
	}
}

// NOTICE is generated, and so is not to be edited.
func TestNoticeIsThatOfTheSources(t *testing.T) {
	sources, err := readSources(filepath.Join("..", "sources.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "NOTICE"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(committed), noticeOf(sources)); diff != "" {
		t.Errorf("run make starter (-NOTICE +sources.tsv)\n%s", diff)
	}
}

// What is missing or malformed is an error, and nothing is written.
func TestRunRefuses(t *testing.T) {
	out := t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "sources.tsv"), []byte("osv/Go\t2026-08-21\tCC-BY-4.0\tGo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, arguments := range map[string][]string{
		"no day":     {"--out", out, "--as-of", "today"},
		"no input":   {"--out", out, "--as-of", "2026-11-22", "--from", filepath.Join(out, "nothing")},
		"no sources": {"--out", filepath.Join(out, "nothing"), "--as-of", "2026-11-22"},
	} {
		if err := run(t.Context(), arguments); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if entries, err := os.ReadDir(out); err != nil || len(entries) != 1 {
		t.Errorf("%d files, %v", len(entries), err)
	}
}
