package json

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/internal/example"
	"plimsoll.dev/plimsoll/verdict"
)

var update = flag.Bool("update", false, "write the golden files anew")

var _ report.Sink = Sink{}

func encode(t testing.TB, r *report.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (Sink{}).Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	for name, r := range example.All() {
		if name == "many" {
			continue // long, and nothing new in it
		}
		got := encode(t, r)
		path := filepath.Join("testdata", name+".golden.json")
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("read the golden file: %v: run go test ./report/json -update", err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-golden +written):\n%s", path, diff)
		}
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for name, r := range example.All() {
		if name == "hostile" {
			continue // holds bytes that JSON has no characters for
		}
		document := encode(t, r)
		decoded, err := Decode(bytes.NewReader(document), 1<<20)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		options := cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b image.Digest) bool { return a == b }),
			cmpopts.SortSlices(func(a, b inventory.Gap) bool { return a.Dimension+a.Path < b.Dimension+b.Path })}
		if diff := cmp.Diff(r, decoded, options); diff != "" {
			t.Errorf("%s (-written +read):\n%s", name, diff)
		}
	}
}

func TestTheSameBytesEverywhere(t *testing.T) {
	here := example.Denied()
	there := example.Denied()
	zone := time.FixedZone("elsewhere", 5*3600+1800)
	there.EvaluatedAt = there.EvaluatedAt.In(zone).Add(999 * time.Millisecond)
	for i := range there.Database.Sources {
		there.Database.Sources[i].AsOf = there.Database.Sources[i].AsOf.In(zone)
	}
	if diff := cmp.Diff(string(encode(t, here)), string(encode(t, there))); diff != "" {
		t.Errorf("another time zone (-UTC +elsewhere):\n%s", diff)
	}
}

func TestListsAreNeverNull(t *testing.T) {
	r := &report.Report{Schema: report.Schema, Packages: []inventory.Package{{PURL: "pkg:deb/debian/a@1"}},
		Database: &report.Database{}, Verdict: &verdict.Verdict{Outcome: map[verdict.Stage]verdict.Outcome{}}}
	document := encode(t, r)
	if bytes.Contains(document, []byte("null")) {
		t.Errorf("a list is null:\n%s", document)
	}
	if r.Findings != nil || r.Packages[0].Locations != nil || r.Database.Sources != nil || r.Verdict.Rules != nil {
		t.Error("writing changed the report")
	}
}

func TestMarkupIsLeftAlone(t *testing.T) {
	r := example.Denied()
	r.Coverage.AddGap(inventory.Gap{Dimension: "files", Code: "x", Why: "a <b> & c"}, inventory.Partial)
	document := encode(t, r)
	for _, want := range []string{"install -y openssl <mirror>", "a <b> & c"} {
		if !bytes.Contains(document, []byte(want)) {
			t.Errorf("%q was escaped", want)
		}
	}
}

func TestNothingIsPrintedRaw(t *testing.T) {
	// The value survives, the characters do not appear.
	hostile := "a\x1b[31m\u009b\u202e\u2066\u200b\u2028\U000e0041##[x]###y\x7f\u00a0z"
	r := &report.Report{Schema: report.Schema, Target: inventory.Target{Reference: hostile}}
	document := encode(t, r)
	checkPrintable(t, document)
	var back struct{ Target struct{ Reference string } }
	if err := json.Unmarshal(document, &back); err != nil {
		t.Fatal(err)
	}
	if back.Target.Reference != hostile {
		t.Errorf("read back %q, want %q", back.Target.Reference, hostile)
	}
	checkPrintable(t, encode(t, example.Hostile()))
}

func checkPrintable(t *testing.T, document []byte) {
	t.Helper()
	for i, line := range strings.Split(string(document), "\n") {
		unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
		if !utf8.ValidString(line) || strings.ContainsFunc(line, unprintable) || report.Line(line) != line {
			t.Errorf("line %d: %q", i+1, line)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := string(encode(t, example.Denied()))
	for name, test := range map[string]struct{ document, says string }{
		"nothing":                 {"", "is it the JSON that scan or check wrote?"},
		"no JSON":                 {"SEVERITY PACKAGE", "is it the JSON that scan or check wrote?"},
		"an SBOM":                 {`{"bomFormat": "CycloneDX"}`, `its schema is ""`},
		"another version":         {strings.Replace(good, "report/v1", "report/v2", 1), `its schema is "plimsoll.dev/report/v2"`},
		"half of one":             {good[:len(good)/2], "unexpected end"},
		"two of them":             {good + good, "there is more after the document"},
		"an unknown member":       {strings.Replace(good, `"replay"`, `"comment": "", "replay"`, 1), `unknown field "comment"`},
		"an unknown severity":     {strings.Replace(good, `"severity": "critical"`, `"severity": "severe"`, 1), `severity "severe"`},
		"an unknown state":        {strings.Replace(good, `"files": "full"`, `"files": "fine"`, 1), `coverage of files is "fine"`},
		"an unknown kind":         {strings.Replace(good, `"kind": "config"`, `"kind": "style"`, 1), `kind is "style"`},
		"an unknown fix state":    {strings.Replace(good, `"fixState": "wont-fix"`, `"fixState": "never"`, 1), `fixState is "never"`},
		"an unknown status":       {strings.Replace(good, `"status": "waived"`, `"status": "ignored"`, 1), `status is "ignored"`},
		"an unknown reason":       {strings.Replace(good, `"reason": "withdrawn"`, `"reason": "dull"`, 1), `reason is "dull"`},
		"an unknown rule result":  {strings.Replace(good, `"result": "unknown"`, `"result": "maybe"`, 1), `result is "maybe"`},
		"an unknown outcome":      {strings.Replace(good, `"admit": "deny"`, `"admit": "perhaps"`, 1), `outcome of admit is "perhaps"`},
		"a verdict without stage": {strings.Replace(good, `"admit": "deny",`, ``, 1), `outcome of admit is ""`},
		"a strange digest":        {strings.Replace(good, `"imageID": "sha256:`, `"imageID": "md5:`, 1), `digest "md5:`},
		"too much":                {strings.Repeat(" ", 1<<20) + good, "larger than 1048576 bytes"},
	} {
		_, err := Decode(strings.NewReader(test.document), 1<<20)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: the error is %q, want it to say %q", name, err, test.says)
		}
	}
}

// FuzzDecode: whatever is read can be written, and what was written is read as the same again,
// printable on any terminal.
func FuzzDecode(f *testing.F) {
	r := example.Denied()
	r.Packages, r.Findings = r.Packages[:1], r.Findings[:2] // short, so that mutations hit
	f.Add(encode(f, r))
	f.Add(encode(f, example.Empty()))
	f.Add([]byte(`{"schema":"plimsoll.dev/report/v1","coverage":{"packages/\u001b":"full","gaps":[{"why":"\ud83d<"}]}}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		first, err := Decode(bytes.NewReader(document), 1<<20)
		if err != nil {
			return
		}
		written := encode(t, first)
		checkPrintable(t, written)
		second, err := Decode(bytes.NewReader(written), 8<<20)
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, written)
		}
		if again := encode(t, second); !bytes.Equal(written, again) {
			t.Errorf("written once:\n%s\nwritten again:\n%s", written, again)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	document := encode(b, example.All()["many"])
	decoder, err := NewDecoder()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(document)))
	for b.Loop() {
		if _, err := decoder.Report(document); err != nil {
			b.Fatal(err)
		}
	}
}

// TestReportsAreReadBack: one by one they are what they were, and as strictly read as one alone.
func TestReportsAreReadBack(t *testing.T) {
	all := &report.Reports{Schema: report.ReportsSchema, Reports: []report.Report{*example.Denied(), *example.Allowed()},
		Missed: []report.Missed{{Platform: "linux/s390x", Why: "it is not there"}}}
	var b bytes.Buffer
	if err := (Sink{}).WriteAll(&b, all); err != nil {
		t.Fatal(err)
	}
	decoder, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	read, err := decoder.Reports(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := (Sink{}).WriteAll(&again, read); err != nil || again.String() != b.String() {
		t.Errorf("%v, (-written +read and written):\n%s", err, cmp.Diff(b.String(), again.String()))
	}
	for name, broken := range map[string]string{
		"another version inside": strings.Replace(b.String(), "report/v1", "report/v9", 1),
		"an unknown word inside": strings.Replace(b.String(), `"result": "fail"`, `"result": "maybe"`, 1),
		"an unknown member":      strings.Replace(b.String(), `"missed"`, `"missing"`, 1),
	} {
		if _, err := decoder.Reports([]byte(broken)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

func TestSchemaOf(t *testing.T) {
	for document, want := range map[string]string{
		`{"schema": "a"`: "a", "\n { \"schema\"\t:\"b\",": "b", `{"x": 1, "schema": "c"}`: "c", `{}`: "", `{"schema": "\u0064"}`: "d",
	} {
		if got, err := SchemaOf([]byte(document)); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", document, got, err, want)
		}
	}
	for _, document := range []string{"", "[", `{"schema": 1}`, `{"schema"`, `{"schema": "x`} {
		if got, err := SchemaOf([]byte(document)); err == nil {
			t.Errorf("%s: %q", document, got)
		}
	}
}
