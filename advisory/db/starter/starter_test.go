package starter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/advisory/db"
	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/internal/testparts"
)

// findOpenSSL asks for something that has been known since 2022.
func findOpenSSL(t *testing.T, d *db.DB) {
	t.Helper()
	key, err := ecosystem.Deb.AppendKey(nil, "3.0.2-0ubuntu1")
	if err != nil {
		t.Fatal(err)
	}
	cursor, err := d.Lookup("Ubuntu:22.04:LTS", "openssl")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for cursor.Next() {
		if match := cursor.Match(key, "3.0.2-0ubuntu1"); match.State == db.Affected {
			record, err := cursor.Record()
			if err != nil {
				t.Fatal(err)
			}
			found = found || record.ID == "UBUNTU-CVE-2022-3602" && match.Fixed != ""
		}
	}
	if err := cursor.Err(); err != nil || !found {
		t.Errorf("CVE-2022-3602 found: %v, %v", found, err)
	}
}

func openStarter(t *testing.T, folder string) *db.DB {
	t.Helper()
	d, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func only(t *testing.T, folder string) (path string, modified time.Time) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d files in the cache folder, %v", len(entries), err)
	}
	info, err := entries[0].Info()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, entries[0].Name()), info.ModTime()
}

func TestOpenUnpacksOnce(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cache", "plimsoll")
	findOpenSSL(t, openStarter(t, folder))
	path, first := only(t, folder)
	digest, err := Digest()
	if err != nil || !strings.Contains(path, digest.Hex()) {
		t.Errorf("%s does not have the digest %s in its name, %v", path, digest, err)
	}
	findOpenSSL(t, openStarter(t, folder))
	if _, second := only(t, folder); !second.Equal(first) {
		t.Error("it was unpacked twice")
	}
}

func TestOpenReplacesWhatIsNotTheDatabase(t *testing.T) {
	folder := t.TempDir()
	findOpenSSL(t, openStarter(t, folder))
	path, _ := only(t, folder)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("half of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	findOpenSSL(t, openStarter(t, folder))
}

func TestOpenInMemory(t *testing.T) {
	findOpenSSL(t, openStarter(t, ""))
	file := filepath.Join(t.TempDir(), "a file where a folder should be")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	findOpenSSL(t, openStarter(t, file))
}

func TestItFits(t *testing.T) {
	if len(compressed) > 8<<20 {
		t.Errorf("it has %d bytes, and 8 MiB are its share of the binary", len(compressed))
	}
}

// Every result names the age of its data, and every source its licence.
func TestEverySourceHasADayAndALicence(t *testing.T) {
	for _, s := range openStarter(t, "").Sources() {
		if s.AsOf.IsZero() || s.Licence == "" || s.Attribution == "" || s.Records == 0 {
			t.Errorf("%+v", s)
		}
	}
}

// TestItIsMadeOfTheSharedData rebuilds some shards and compares digests: make starter is due
// if they differ.
func TestItIsMadeOfTheSharedData(t *testing.T) {
	rebuilt := map[string]bool{"osv/Hex": true, "osv/Go": true, "osv/Rocky Linux": true, "kev": true}
	file, _, err := db.BuildBytes(t.Context(), testparts.Shared(t, "data"), db.Options{
		Include: func(shard string) bool { return rebuilt[shard] }})
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := db.OpenBytes(file)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]db.Source{}
	for _, s := range openStarter(t, "").Sources() {
		want[s.Name] = s
	}
	for _, s := range fresh.Sources() {
		if want[s.Name].Digest != s.Digest {
			t.Errorf("%s has changed: run make starter", s.Name)
		}
	}
	if err := fresh.Close(); err != nil {
		t.Error(err)
	}
}
