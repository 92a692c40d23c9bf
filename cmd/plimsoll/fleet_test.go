package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/internal/assemble"
	"plimsoll.dev/plimsoll/report"
	reportjson "plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/report/preview"
	"plimsoll.dev/plimsoll/verdict"
)

// storedReport writes a report of an image that runs as root.
func storedReport(t *testing.T) []byte {
	t.Helper()
	o := plimsoll(t, "check", writeImage(t, layer(t, assemble.Gzip, ordinaryFiles()...)), "--as", "registry.example/team/app", "--quiet", "--format", "json", "--now", "2026-11-22T10:00:00Z")
	if o.status != exitDenied {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	return []byte(o.stdout)
}

// TestFleetsAreReadTheSameEverywhere: the document does not depend on how many reports are read
// at a time, and no file is left out.
func TestFleetsAreReadTheSameEverywhere(t *testing.T) {
	content, dir := storedReport(t), t.TempDir()
	for i := range 40 {
		name := fmt.Sprintf("%02d.json", i)
		switch {
		case i%10 == 3:
			content := bytes.Replace(content, []byte(`"replay"`), []byte(`"again"`), 1)
			writeReport(t, filepath.Join(dir, "odd", name), content)
		case i%10 == 7:
			writeReport(t, filepath.Join(dir, "other", name), []byte(`{"schema": {"type": "object"}}`))
		default:
			writeReport(t, filepath.Join(dir, name), bytes.Replace(content, []byte("team/app"), fmt.Appendf(nil, "team-%d/app", i%3), 1))
		}
	}
	path := filepath.Join(t.TempDir(), "policy.yaml")
	writeReport(t, path, []byte("apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: p}\nrules: [{id: kev, deny: {kev: true}}]\n"))
	preview := func(processors int) string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		o := plimsoll(t, "policy", "preview", "--policy", path, "--against", dir, "--format", "json", "--now", "2026-11-22T10:00:00Z")
		if o.status != exitDone {
			t.Fatalf("status %d\n%s", o.status, o.stderr)
		}
		return o.stdout
	}
	one := preview(1)
	for _, processors := range []int{2, 8} {
		if diff := cmp.Diff(one, preview(processors)); diff != "" {
			t.Errorf("%d at a time (-one +several):\n%s", processors, diff)
		}
	}
}

func writeReport(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestFleetCountsEveryImage: each platform's report counts, and one that was not scanned is
// unknown; what cannot be read is, too.
func TestFleetCountsEveryImage(t *testing.T) {
	decoder, err := reportjson.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := decoder.Report(storedReport(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var all bytes.Buffer
	err = (reportjson.Sink{}).WriteAll(&all, &report.Reports{Schema: report.ReportsSchema, Reports: []report.Report{*stored, *stored},
		Missed: []report.Missed{{Platform: "linux/s390x", Why: "it is not there"}}})
	if err != nil {
		t.Fatal(err)
	}
	writeReport(t, filepath.Join(dir, "all.json"), all.Bytes())
	writeReport(t, filepath.Join(dir, "empty.json"), nil)
	writeReport(t, filepath.Join(dir, "new.json"), []byte(`{"schema": "plimsoll.dev/report/v9"}`))
	if err := os.Symlink("all.json", filepath.Join(dir, "link.json")); err != nil {
		t.Fatal(err)
	}
	got := preview.Preview{Schema: preview.Schema, Stage: verdict.Build}
	f := &fleet{decoder: decoder, judge: func(path string, r *report.Report) preview.Image {
		return preview.Compare(path, r.Target, verdict.Build, preview.Judged{Verdict: r.Verdict}, preview.Judged{Verdict: r.Verdict})
	}}
	if err := f.look(t.Context(), []string{dir}, &got); err != nil {
		t.Fatal(err)
	}
	var unreadable, other []string
	for _, file := range got.Unreadable {
		unreadable = append(unreadable, filepath.Base(file.Path))
	}
	for _, file := range got.Other {
		other = append(other, filepath.Base(file.Path))
	}
	want := [][]string{{"all.json", "empty.json", "new.json"}, {"link.json"}}
	if diff := cmp.Diff(want, [][]string{unreadable, other}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Summary.Reports != 2 || got.Summary.After["unknown"] != 3 {
		t.Errorf("summary %+v", got.Summary)
	}
}
