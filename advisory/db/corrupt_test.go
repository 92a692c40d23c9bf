package db

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// everything asks an open database all that the sample can be asked, and more: it returns what
// was found, and the first error.
func everything(d *DB) (found []string, err error) {
	note := func(what any, e error) {
		if e == nil {
			found = append(found, fmt.Sprintf("%+v", what))
		} else if err == nil {
			err = e
		}
	}
	for _, ecosystemName := range []string{"Alpine:v3.20", "Alpine:v3.19", "Debian:12", "Debian:10", "Go", "OSS-Fuzz"} {
		for _, name := range []string{"openssl", "db", "openjdk-11", "example.com/m", "libpng", "p"} {
			cursor, e := d.Lookup(ecosystemName, name)
			if e != nil {
				note(nil, e)
				continue
			}
			for cursor.Next() {
				record, e := cursor.Record()
				note(record, e)
				ratings, e := cursor.Ratings()
				note(ratings, e)
				for _, version := range []string{"1.1", "3.3.2-r0", "1.2.0"} {
					key := []byte(version)
					note(cursor.Match(key, version), cursor.Err())
					note(cursor.Match(nil, version), cursor.Err())
				}
			}
			note("end", cursor.Err())
		}
	}
	for _, cve := range []string{"CVE-2024-0001", "CVE-1999-0001", "CVE-2024-9999"} {
		ratings, e := d.RatingsOf(cve)
		note(ratings, e)
		score, ok, e := d.EPSS(cve)
		note([]any{score, ok}, e)
		entry, ok, e := d.KEV(cve)
		note([]any{entry, ok}, e)
	}
	return found, err
}

// Every bit counts: with one flipped, the database is refused when it is opened or when the block
// is touched, and what is found before that is what the original holds.
func TestFlippedBits(t *testing.T) {
	file, _ := sample().build(t, Options{})
	want, err := everything(openTest(t, file))
	if err != nil {
		t.Fatal(err)
	}
	for at := range file {
		spoiled := append([]byte{}, file...)
		spoiled[at] ^= 1 << (at % 8)
		d, err := OpenBytes(spoiled)
		if err == nil {
			var found []string
			found, err = everything(d)
			if rest := cmp.Diff(want, found); err == nil && rest != "" {
				t.Fatalf("byte %d: found something else (-want +got)\n%s", at, rest)
			}
		}
		if err == nil {
			t.Fatalf("byte %d of %d was changed, and nobody noticed", at, len(file))
		}
		if at >= len(magic) && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
			t.Fatalf("byte %d: %v", at, err)
		}
	}
}

func TestCutShort(t *testing.T) {
	file, _ := sample().build(t, Options{})
	path := filepath.Join(t.TempDir(), "advisories.db")
	for length := range file {
		if _, err := OpenBytes(file[:length]); err == nil {
			t.Fatalf("a file of %d bytes instead of %d was opened", length, len(file))
		}
		if length%97 != 0 {
			continue
		}
		writeTestFile(t, path, file[:length])
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Fatalf("a file of %d bytes: %v", length, err)
		}
	}
}

func TestAnotherVersion(t *testing.T) {
	file, _ := sample().build(t, Options{})
	newer := append([]byte{}, file...)
	binary.LittleEndian.PutUint32(newer[8:], formatVersion+1)
	_, err := OpenBytes(newer)
	if !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), "plimsoll db build") {
		t.Errorf("another format: %v", err)
	}
	other := append([]byte{}, file...)
	other[24] ^= 1
	if _, err := OpenBytes(other); !errors.Is(err, ErrVersion) {
		t.Errorf("other orderings: %v", err)
	}
	if _, err := OpenBytes([]byte("PK\x03\x04 something else entirely, and long enough for a header, to be sure")); err == nil ||
		!strings.Contains(err.Error(), "no advisory database") {
		t.Errorf("another kind of file: %v", err)
	}
}

func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	folder := t.TempDir()
	if _, err := Open(folder); err == nil {
		t.Error("a folder was opened")
	}
	if _, err := Open(filepath.Join(folder, "nothing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// A file that becomes shorter while it is open is an error, and not the end of the process.
func TestCutShortWhileOpen(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a mapped file cannot be cut short on this system")
	}
	b := largeSample()
	path := filepath.Join(t.TempDir(), "advisories.db")
	if _, err := Build(t.Context(), b.write(t), path, Options{}); err != nil {
		t.Fatal(err)
	}
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, headerLength); err != nil {
		t.Fatal(err)
	}
	_, err = d.Lookup("Alpine:v3.20", "package-77")
	if !errors.Is(err, ErrCorrupt) {
		t.Errorf("error %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

// What was read and checked stays as it was, whatever happens to the file afterwards.
func TestRewrittenWhileOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "advisories.db")
	if _, err := Build(t.Context(), sample().write(t), path, Options{}); err != nil {
		t.Fatal(err)
	}
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	want, err := everything(d)
	if err != nil {
		t.Fatal(err)
	}
	content := readTestFile(t, path)
	for i := range content {
		content[i] = 0xff
	}
	writeTestFile(t, path, content)
	got, err := everything(d)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestConcurrentReaders(t *testing.T) {
	d := largeSample().open(t)
	want := ask(t, d, "Alpine:v3.20", "package-77", "0.9-r0")
	if len(want) != 2 {
		t.Fatalf("%d answers", len(want))
	}
	fresh := largeSample().open(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 200 {
				cursor, err := fresh.Lookup("Alpine:v3.20", fmt.Sprintf("package-%d", (i*37)%600))
				if err != nil {
					t.Error(err)
					return
				}
				n := 0
				for cursor.Next() {
					if _, err := cursor.Record(); err != nil {
						t.Error(err)
					}
					n++
				}
				if n != 2 || cursor.Err() != nil {
					t.Errorf("%d entries, %v", n, cursor.Err())
				}
			}
		})
	}
	group.Wait()
}

// largeSample has enough records for many blocks.
func largeSample() bucket {
	b := bucket{records: map[string][]string{}}
	for i := range 1200 {
		b.records["Alpine"] = append(b.records["Alpine"], fmt.Sprintf(
			`{"id":"ALPINE-CVE-2024-%05d","modified":"2024-02-01T00:00:00Z","upstream":["CVE-2024-%05d"],
			  "affected":[{"package":{"ecosystem":"Alpine:v3.20","name":"package-%d"},
			  "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"%d.%d-r1"}]}]}]}`,
			i+10000, i+10000, i%600, i/100+1, i%100))
	}
	return b
}
