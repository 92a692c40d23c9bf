package epss

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory"
)

func compressed(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const header = "cve,epss,percentile\n"

func TestRead(t *testing.T) {
	date := time.Date(2026, 8, 16, 0, 0, 0, 0, time.UTC)
	one := []advisory.EPSS{{CVE: "CVE-1999-0001", Score: 0.03351, Percentile: 0.8765}}
	for _, test := range []struct {
		name, text string
		want       Scores
	}{
		{"today's form", "#model_version:v2026.06.15,score_date:2026-08-16T00:00:00Z\n" + header + "CVE-1999-0001,0.03351,0.87650\n",
			Scores{Model: "v2026.06.15", Date: date, Entries: one}},
		{"the form of before 2026", "#model_version:v2025.03.14,score_date:2026-08-16T02:00:00+0200\n" + header + "CVE-1999-0001,0.03351,0.87650",
			Scores{Model: "v2025.03.14", Date: date, Entries: one}},
		{"no comment, lines of Windows", "cve,epss,percentile\r\nCVE-1999-0001,3.351e-02,0.87650\r\n", Scores{Entries: one}},
		{"no entries", header, Scores{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Read(bytes.NewReader(compressed(t, test.text)), "epss.csv.gz")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	whole := compressed(t, header+strings.Repeat("CVE-1999-0001,0.1,0.1\n", 1000))
	for name, test := range map[string]struct {
		file    []byte
		message string
	}{
		"no gzip":              {[]byte(header), "reading epss.csv.gz: gzip: invalid header; fetch it again"},
		"half of it":           {whole[:len(whole)-9], "unexpected EOF; fetch it again"},
		"nothing":              {compressed(t, ""), "it is empty"},
		"other columns":        {compressed(t, "cve,score\n"), "line 1: want the columns"},
		"no CVE":               {compressed(t, header+"GHSA-1,0.1,0.1\n"), `line 2: "GHSA-1" is no CVE id`},
		"a score of no form":   {compressed(t, header+"CVE-1999-0001,high,0.1\n"), `"high" is not a number from 0 to 1`},
		"a score above 1":      {compressed(t, header+"CVE-1999-0001,1.1,0.1\n"), "not a number from 0 to 1"},
		"not a number":         {compressed(t, header+"CVE-1999-0001,NaN,0.1\n"), "not a number from 0 to 1"},
		"a negative one":       {compressed(t, header+"CVE-1999-0001,0.1,-0.1\n"), "not a number from 0 to 1"},
		"a missing percentile": {compressed(t, header+"CVE-1999-0001,0.1\n"), `"" is not a number`},
		"a date of no form":    {compressed(t, "#score_date:today\n"+header), `score date "today"`},
		"a line without end":   {compressed(t, strings.Repeat("a", 1<<20)), "token too long"},
		"a bomb":               {compressed(t, header+strings.Repeat("CVE-1999-0001,0.1,0.1\n", 1<<16)), "inflates to more than 1048576 bytes"},
	} {
		_, err := read(bytes.NewReader(test.file), "epss.csv.gz", 1<<20)
		if err == nil || !strings.Contains(err.Error(), test.message) {
			t.Errorf("%s: error %v, want %q", name, err, test.message)
		}
	}
}

// FuzzRead: whatever the file is, reading it does not panic, and every score accepted is a share
// of a CVE.
func FuzzRead(f *testing.F) {
	f.Add(compressed(f, "#model_version:v1,score_date:2026-08-16T00:00:00Z\n"+header+"CVE-1999-0001,0.1,0.2\n"), false)
	f.Add([]byte(header+"CVE-1999-0001,1e-3,1\n"), true)
	f.Fuzz(func(t *testing.T, file []byte, compress bool) {
		if compress {
			file = compressed(t, string(file))
		}
		scores, err := read(bytes.NewReader(file), "epss.csv.gz", 1<<20)
		if err != nil {
			return
		}
		for _, e := range scores.Entries {
			if _, ok := advisory.ParseCVE(e.CVE); !ok || !(e.Score >= 0 && e.Score <= 1 && e.Percentile >= 0 && e.Percentile <= 1) {
				t.Errorf("accepted %+v", e)
			}
		}
	})
}
