package osv

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type file struct{ name, content string }

func zipOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, f := range files {
		entry, err := w.Create(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(f.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

// readAll returns the ids of an archive's records.
func readAll(ctx context.Context, archive []byte, limits Limits) ([]string, error) {
	a, err := NewArchive(bytes.NewReader(archive), int64(len(archive)), "Go/all.zip", limits)
	if err != nil {
		return nil, err
	}
	var ids []string
	for record, err := range a.Records(ctx) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, record.ID)
	}
	return ids, nil
}

func minimal(id string) file {
	return file{id + ".json", `{"id":"` + id + `","modified":"2024-01-01T00:00:00Z"}`}
}

func TestRecords(t *testing.T) {
	archive := zipOf(t, minimal("GO-1"), file{"folder/", ""}, minimal("GO-2"))
	ids, err := readAll(t.Context(), archive, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"GO-1", "GO-2"}, ids); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestArchivesThatAreRefused(t *testing.T) {
	bomb := file{"GO-9.json", `{"id":"GO-9","details":"` + strings.Repeat("a", 1<<20) + `"}`}
	corrupt := zipOf(t, minimal("GO-1"))
	corrupt[40] ^= 0xff // within the record
	for _, test := range []struct {
		name    string
		archive []byte
		limits  Limits
		message string
	}{
		{"no zip", []byte("PK"), DefaultLimits(), "reading Go/all.zip: zip: not a valid zip file; fetch it again"},
		{"a file of another kind", zipOf(t, file{"README", ""}), DefaultLimits(), `entry "README" is not a record`},
		{"a malformed record", zipOf(t, minimal("GO-1"), file{"GO-2.json", "{"}), DefaultLimits(), `reading Go/all.zip, entry "GO-2.json": decoding`},
		{"flipped bits", corrupt, DefaultLimits(), `entry "GO-1.json"`},
		{"too many", zipOf(t, minimal("GO-1"), minimal("GO-2")), Limits{Entries: 1, EntryBytes: 1 << 20, TotalBytes: 1 << 20}, "2 entries, over the limit of 1"},
		{"a large record", zipOf(t, bomb), Limits{Entries: 9, EntryBytes: 1000, TotalBytes: 1 << 30}, "over the limit of 1000 bytes for a record"},
		{"large in all", zipOf(t, minimal("GO-1"), minimal("GO-2"), minimal("GO-3")), Limits{Entries: 9, EntryBytes: 1000, TotalBytes: 100}, "100 for an archive"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := readAll(t.Context(), test.archive, test.limits)
			if err == nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("error %v, want %q", err, test.message)
			}
			if strings.Contains(test.message, "limit") && !errors.Is(err, ErrLimit) {
				t.Errorf("%v is not ErrLimit", err)
			}
		})
	}
}

func TestRecordsStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := readAll(ctx, zipOf(t, minimal("GO-1")), DefaultLimits()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestReadEcosystems(t *testing.T) {
	got, err := ReadEcosystems(strings.NewReader("Debian\nDebian:12\nRed Hat\r\n\ncrates.io\n[EMPTY]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Debian", "Red Hat", "crates.io", "[EMPTY]"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, name := range []string{"..", "../x", "a/b", `a\b`, ".hidden", "a\x00", strings.Repeat("a", 101)} {
		if _, err := ReadEcosystems(strings.NewReader(name)); err == nil {
			t.Errorf("%q was taken for an ecosystem", name)
		}
	}
	if _, err := ReadEcosystems(strings.NewReader(strings.Repeat("Go\n", maxListLength))); !errors.Is(err, ErrLimit) {
		t.Errorf("a long list: %v", err)
	}
}

// FuzzArchive: whatever the bytes are, reading them does not panic, does not go on beyond the
// limits, and yields records that have an id.
func FuzzArchive(f *testing.F) {
	f.Add(zipOf(f, minimal("GO-1"), minimal("GO-2")))
	f.Add(zipOf(f, file{"GO-1.json", "[]"}))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, archive []byte) {
		ids, err := readAll(t.Context(), archive, Limits{Entries: 100, EntryBytes: 1 << 16, TotalBytes: 1 << 18})
		if len(ids) > 100 {
			t.Errorf("%d records", len(ids))
		}
		for _, id := range ids {
			if id == "" {
				t.Errorf("a record has no id (%v)", err)
			}
		}
	})
}
