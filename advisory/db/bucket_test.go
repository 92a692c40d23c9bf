package db

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// bucket is a copy of OSV's bucket with feeds beside it, to be built in tests.
type bucket struct {
	records   map[string][]string // by ecosystem: records as JSON
	epss, kev string
}

// write puts the bucket into a folder.
func (b bucket) write(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	list := ""
	for _, base := range slices.Sorted(maps.Keys(b.records)) {
		list += base + "\n"
		writeTestFile(t, filepath.Join(root, "osv", base, "all.zip"), zipOf(t, b.records[base]))
	}
	writeTestFile(t, filepath.Join(root, "osv", "ecosystems.txt"), []byte(list))
	if b.epss != "" {
		var compressed bytes.Buffer
		w := gzip.NewWriter(&compressed)
		if _, err := w.Write([]byte(b.epss)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		writeTestFile(t, filepath.Join(root, "epss", "epss_scores-current.csv.gz"), compressed.Bytes())
	}
	if b.kev != "" {
		writeTestFile(t, filepath.Join(root, "kev", "known_exploited_vulnerabilities.json"), []byte(b.kev))
	}
	return root
}

func zipOf(t testing.TB, records []string) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, record := range records {
		var head struct{ ID string }
		if err := json.Unmarshal([]byte(record), &head); err != nil {
			head.ID = "malformed"
		}
		entry, err := w.Create(head.ID + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(record)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

func writeTestFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// build builds the bucket in memory.
func (b bucket) build(t testing.TB, options Options) ([]byte, Stats) {
	t.Helper()
	file, stats, err := BuildBytes(t.Context(), b.write(t), options)
	if err != nil {
		t.Fatal(err)
	}
	return file, stats
}

// open builds the bucket and opens what was built.
func (b bucket) open(t testing.TB) *DB {
	t.Helper()
	file, _ := b.build(t, Options{AsOf: testDay()})
	return openTest(t, file)
}

func openTest(t testing.TB, file []byte) *DB {
	t.Helper()
	d, err := OpenBytes(file)
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

func testDay() time.Time { return time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) }

// sample is a bucket with one of everything.
func sample() bucket {
	return bucket{
		records: map[string][]string{
			"Alpine": {
				`{"id":"ALPINE-CVE-2024-0001","modified":"2024-02-01T00:00:00Z","upstream":["CVE-2024-0001"],
				  "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
				  "affected":[{"package":{"ecosystem":"Alpine:v3.20","name":"openssl"},
				    "versions":["3.3.0-r0","3.3.1-r0"],
				    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.3.3-r0"}]}]},
				   {"package":{"ecosystem":"Alpine:v3.19","name":"openssl"},
				    "ranges":[{"type":"ECOSYSTEM","events":[{"fixed":"3.1.8-r0"},{"introduced":"3.1.0-r0"}]}]}]}`,
				`{"id":"ALPINE-CVE-2016-0682","modified":"2024-02-01T00:00:00Z","upstream":["CVE-2016-0682"],
				  "affected":[{"package":{"ecosystem":"Alpine:v3.20","name":"db"},
				    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"0"}]}]}]}`,
			},
			"Debian": {
				`{"id":"DEBIAN-CVE-2024-0001","modified":"2024-03-01T00:00:00Z","published":"2024-01-05T10:00:00Z","upstream":["CVE-2024-0001"],
				  "affected":[{"package":{"ecosystem":"Debian:12","name":"openssl"},"ecosystem_specific":{"urgency":"unimportant"},
				    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]},
				   {"package":{"ecosystem":"Debian:10","name":"openssl"},"ecosystem_specific":{"urgency":"end-of-life"},
				    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}`,
				`{"id":"DSA-5000-1","modified":"2024-01-09T20:29:18.787394Z","published":"2021-11-01T00:00:00Z",
				  "upstream":["DEBIAN-CVE-2021-35550","CVE-2021-35550","CVE-2021-35556"],
				  "affected":[{"package":{"ecosystem":"Debian:12","name":"openjdk-11"},"versions":["11.0.12+7-2"],
				    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"11.0.13+8-1~deb11u1"}]}]}]}`,
			},
			"Go": {
				`{"id":"GO-2024-0001","modified":"2026-12-24T00:00:00Z","aliases":["CVE-2024-0001","GHSA-aaaa-bbbb-cccc"],"related":["CVE-2000-0001"],
				  "affected":[{"package":{"ecosystem":"Go","name":"example.com/m"},"versions":["0.9.0"],
				    "ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"last_affected":"1.2.0"},{"introduced":"2.0.0"},{"fixed":"2.1.0"}]},
				              {"type":"GIT","events":[{"introduced":"0"}]}]}]}`,
				`{"id":"GHSA-aaaa-bbbb-cccc","modified":"2024-02-01T00:00:00Z","withdrawn":"2024-03-01T00:00:00Z","aliases":["CVE-2024-0001"],
				  "database_specific":{"severity":"MODERATE"},
				  "affected":[{"package":{"ecosystem":"Go","name":"example.com/m"},
				    "ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}`,
			},
			"OSS-Fuzz": {
				`{"id":"OSV-2024-1","modified":"2024-02-01T00:00:00Z","aliases":["CVE-2024-0002"],
				  "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:X"}],
				  "affected":[{"package":{"ecosystem":"OSS-Fuzz","name":"libpng"},"versions":["1.0","1.1"],
				    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"1.0"},{"fixed":"1.2"}]}]}]}`,
			},
		},
		epss: "#model_version:v2026.06.15,score_date:2026-08-16T00:00:00Z\ncve,epss,percentile\n" +
			"CVE-1999-0001,0.03351,0.87650\nCVE-2024-0001,1,1.00000\nCVE-2024-0002,0.00001,0\n",
		kev: `{"catalogVersion":"2026.08.07","dateReleased":"2026-08-07T16:45:47.0648Z",
		       "vulnerabilities":[{"cveID":"CVE-2024-0001","dateAdded":"2024-02-03"}]}`,
	}
}
