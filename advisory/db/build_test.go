package db

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBuildIsDeterministic(t *testing.T) {
	b := sample()
	first, _ := b.build(t, Options{AsOf: testDay()})
	for base := range b.records {
		slices.Reverse(b.records[base]) // the order of an archive's entries means nothing
	}
	for _, processors := range []int{1, 2, 8} {
		previous := runtime.GOMAXPROCS(processors)
		again, _ := b.build(t, Options{AsOf: testDay()})
		runtime.GOMAXPROCS(previous)
		if !bytes.Equal(first, again) {
			t.Errorf("with %d processors the file differs", processors)
		}
	}
}

func TestBuildWritesTheFileWhole(t *testing.T) {
	folder := t.TempDir()
	out := filepath.Join(folder, "advisories.db")
	writeTestFile(t, out, []byte("the old one"))
	stats, err := Build(t.Context(), sample().write(t), out, Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(out)
	if err != nil {
		t.Fatal(err)
	}
	if d.Digest() != stats.Digest {
		t.Errorf("digest %s, built %s", d.Digest(), stats.Digest)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if got := len(ask(t, openTest(t, readTestFile(t, out)), "Alpine:v3.20", "openssl", "1")); got != 1 {
		t.Errorf("%d answers", got)
	}
	wantFiles(t, folder, "advisories.db")
}

func readTestFile(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func wantFiles(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got)\n%s", diff)
	}
}

func TestStats(t *testing.T) {
	b := sample()
	b.records["Go"] = append(b.records["Go"], `{"id":"GO-2024-0002","modified":"2024-02-01T00:00:00Z",
		"affected":[{"package":{"ecosystem":"Go","name":"example.com/odd"},"versions":["odd"],
		  "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"never"}]}]},
		 {"package":{"ecosystem":"npm","name":"elsewhere"},"versions":["1.0.0"]}]}`)
	_, stats := b.build(t, Options{AsOf: testDay()})
	var got []ShardStats
	for _, s := range stats.Shards {
		if s.Bytes == 0 {
			t.Errorf("%s has no size", s.Name)
		}
		s.Bytes = 0
		got = append(got, s)
	}
	want := []ShardStats{
		{Name: "epss", Records: 3}, {Name: "kev", Records: 1},
		{Name: "osv/Alpine", Records: 2, Packages: 2, Entries: 3},
		{Name: "osv/Debian", Records: 2, Packages: 2, Entries: 3},
		{Name: "osv/Go", Records: 3, Packages: 2, Entries: 3, UnparsableVersions: 2, FutureDated: 1},
		{Name: "osv/OSS-Fuzz", Records: 1, Packages: 1, Entries: 1, UnknownRatings: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestBuildLeavesOut(t *testing.T) {
	file, _ := sample().build(t, Options{
		Include:       func(shard string) bool { return shard != "osv/Go" && shard != "kev" },
		OnlyKnownEPSS: true,
	})
	d := openTest(t, file)
	var names []string
	for _, s := range d.Sources() {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"epss", "osv/Alpine", "osv/Debian", "osv/OSS-Fuzz"}, names); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, ok, err := d.EPSS("CVE-1999-0001"); ok || err != nil {
		t.Errorf("EPSS of a CVE that no record names: %v, %v", ok, err)
	}
	if _, ok, err := d.EPSS("CVE-2024-0002"); !ok || err != nil {
		t.Errorf("EPSS of a CVE that a record names: %v, %v", ok, err)
	}
	if _, ok, err := d.KEV("CVE-2024-0001"); ok || err != nil {
		t.Errorf("KEV: %v, %v", ok, err)
	}
}

func TestMissing(t *testing.T) {
	b := sample()
	b.epss, b.kev = "", ""
	from := b.write(t)
	if err := os.Remove(filepath.Join(from, "osv", "Go", "all.zip")); err != nil {
		t.Fatal(err)
	}
	_, stats, err := BuildBytes(t.Context(), from, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"osv/Go/all.zip",
		"epss/epss_scores-current.csv.gz",
		"kev/known_exploited_vulnerabilities.json",
	}
	if diff := cmp.Diff(want, stats.Missing); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestBuildRefuses(t *testing.T) {
	for _, test := range []struct {
		name    string
		spoil   func(t *testing.T, from string)
		message string
	}{
		{"an empty folder", func(t *testing.T, from string) {
			if err := os.RemoveAll(filepath.Join(from, "osv")); err != nil {
				t.Fatal(err)
			}
		}, "neither osv/ecosystems.txt nor ecosystems.txt"},
		{"no archive", func(t *testing.T, from string) {
			writeTestFile(t, filepath.Join(from, "osv", "ecosystems.txt"), []byte("Nowhere\n"))
		}, "no ecosystem that ecosystems.txt names has an all.zip"},
		{"a path for an ecosystem", func(t *testing.T, from string) {
			writeTestFile(t, filepath.Join(from, "osv", "ecosystems.txt"), []byte("../../etc\n"))
		}, `"../../etc" is no ecosystem's name`},
		{"a malformed record", func(t *testing.T, from string) {
			writeTestFile(t, filepath.Join(from, "osv", "Go", "all.zip"), zipOf(t, []string{`{"id":"GO-1","modified":17}`}))
		}, `reading osv/Go/all.zip, entry "GO-1.json": decoding an OSV record`},
		{"a record twice", func(t *testing.T, from string) {
			record := sample().records["Go"][0]
			writeTestFile(t, filepath.Join(from, "osv", "Go", "all.zip"), zipOf(t, []string{record, record}))
		}, "making osv/Go: record GO-2024-0001 is there twice"},
		{"half an archive", func(t *testing.T, from string) {
			archive := filepath.Join(from, "osv", "Go", "all.zip")
			content := readTestFile(t, archive)
			writeTestFile(t, archive, content[:len(content)/2])
		}, "reading osv/Go/all.zip: zip: not a valid zip file; fetch it again"},
		{"half of EPSS", func(t *testing.T, from string) {
			file := filepath.Join(from, "epss", "epss_scores-current.csv.gz")
			content := readTestFile(t, file)
			writeTestFile(t, file, content[:len(content)/2])
		}, "unexpected EOF"},
		{"KEV of another form", func(t *testing.T, from string) {
			writeTestFile(t, filepath.Join(from, "kev", "known_exploited_vulnerabilities.json"), []byte(`{}`))
		}, "it has no list of vulnerabilities"},
	} {
		t.Run(test.name, func(t *testing.T) {
			from, folder := sample().write(t), t.TempDir()
			test.spoil(t, from)
			_, err := Build(t.Context(), from, filepath.Join(folder, "advisories.db"), Options{})
			if err == nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("error %v, want %q", err, test.message)
			}
			wantFiles(t, folder)
		})
	}
}

func TestBuildStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	folder := t.TempDir()
	_, err := Build(ctx, sample().write(t), filepath.Join(folder, "advisories.db"), Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	wantFiles(t, folder)
}
