package schema_test

import (
	"bytes"
	"encoding"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/docs/schema"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/policy/policytest"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/diff"
	reportjson "plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/verdict"
)

// compile reads a schema and checks it against the draft's own. It may refer to the report's.
func compile(t *testing.T, text string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	for name, text := range map[string]string{"schema.json": text, "https://plimsoll.dev/schema/report.v1.schema.json": schema.Report} {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource(name, document); err != nil {
			t.Fatal(err)
		}
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func validate(compiled *jsonschema.Schema, document []byte) error {
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	return compiled.Validate(instance)
}

func TestGoldenDocumentsAreValid(t *testing.T) {
	for pattern, text := range map[string]string{"*.golden.json": schema.Report, "diff/*.golden.json": schema.Diff} {
		files, err := filepath.Glob("../../report/json/testdata/" + pattern)
		if err != nil || len(files) < 5 {
			t.Fatalf("found %d golden documents %s (%v), want 5 or more", len(files), pattern, err)
		}
		compiled := compile(t, text)
		for _, file := range files {
			document, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := validate(compiled, document); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

// TestResultsOfPolicyTestsAreValid: the transcript of policy test holds what it writes.
func TestResultsOfPolicyTestsAreValid(t *testing.T) {
	transcript, err := txtar.ParseFile("../../cmd/plimsoll/testdata/policy.txtar")
	if err != nil {
		t.Fatal(err)
	}
	compiled, found := compile(t, schema.PolicyTest), 0
	for _, file := range transcript.Files {
		if !strings.HasSuffix(file.Name, ".golden.json") {
			continue
		}
		found++
		if err := validate(compiled, file.Data); err != nil {
			t.Errorf("%s: %v", file.Name, err)
		}
		if validate(compiled, bytes.Replace(file.Data, []byte("policytest/v1"), []byte("policytest/v2"), 1)) == nil {
			t.Error("a result of another version is accepted")
		}
	}
	if found < 2 {
		t.Errorf("found %d results", found)
	}
}

// TestATargetMayBeNoImage: a bill of materials has a name, and need not have more.
func TestATargetMayBeNoImage(t *testing.T) {
	r := report.Report{Schema: report.Schema, EvaluatedAt: time.Unix(0, 0), Engine: report.Engine{Name: "plimsoll", Version: "1"},
		Target:   inventory.Target{Reference: "sbom:app.cdx.json"},
		Packages: []inventory.Package{{PURL: "pkg:npm/a@1", Type: "npm", Name: "a", Version: "1", Locations: []inventory.Location{{Path: "app/a"}}}},
		Verdict:  &verdict.Verdict{Outcome: map[verdict.Stage]verdict.Outcome{}, EvaluatedAt: "1970-01-01T00:00:00Z"},
	}
	for _, stage := range verdict.Stages() {
		r.Verdict.Outcome[stage] = verdict.Deny
	}
	r.Verdict.Inputs = verdict.Inputs{Facts: image.DigestOf(nil), Findings: image.DigestOf(nil), Engine: "plimsoll 1"}
	var b bytes.Buffer
	if err := (reportjson.Sink{}).Write(&b, &r); err != nil {
		t.Fatal(err)
	}
	if err := validate(compile(t, schema.Report), b.Bytes()); err != nil {
		t.Errorf("%v\n%s", err, b.Bytes())
	}
}

func TestReportsOnAllPlatformsAreValid(t *testing.T) {
	golden, err := os.Open("../../report/json/testdata/denied.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	defer golden.Close()
	one, err := reportjson.Decode(golden, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	compiled := compile(t, schema.Reports)
	all := report.Reports{Schema: report.ReportsSchema, Reports: []report.Report{*one, *one}}
	write := func() []byte {
		t.Helper()
		var b bytes.Buffer
		if err := (reportjson.Sink{}).WriteAll(&b, &all); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if err := validate(compiled, write()); err != nil {
		t.Error(err)
	}
	all.Missed = []report.Missed{{Platform: "linux/arm64", Why: "it is missing"}}
	all.Outcome = one.Verdict.Outcome
	if err := validate(compiled, write()); err != nil {
		t.Error(err)
	}
	if validate(compiled, bytes.Replace(write(), []byte("plimsoll.dev/report/v1"), []byte("plimsoll.dev/report/v2"), 1)) == nil {
		t.Error("a report of another version is accepted")
	}
	all.Outcome = map[verdict.Stage]verdict.Outcome{verdict.Build: verdict.Allow}
	if validate(compiled, write()) == nil {
		t.Error("an outcome of one stage is accepted")
	}
}

// TestAnUnpackedFileSystemIsValid: it has no digests and no layers, all of them or none.
func TestAnUnpackedFileSystemIsValid(t *testing.T) {
	compiled := compile(t, schema.Report)
	r := report.Report{Schema: report.Schema, Target: inventory.Target{Reference: "dir:x"},
		Packages: []inventory.Package{{PURL: "pkg:apk/a@1", Type: "apk", Name: "a", Locations: []inventory.Location{{Path: "lib/apk/db/installed"}}}},
		Manifest: inventory.ManifestRef{Digest: image.DigestOf(nil)}, Engine: report.Engine{Name: "plimsoll", Version: "1"}}
	write := func() []byte {
		t.Helper()
		var b bytes.Buffer
		if err := (reportjson.Sink{}).Write(&b, &r); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if err := validate(compiled, write()); err != nil {
		t.Errorf("%v\n%s", err, write())
	}
	r.Target.Layers = []inventory.TargetLayer{{DiffID: image.DigestOf(nil)}}
	if validate(compiled, write()) == nil {
		t.Error("layers without an imageID are accepted")
	}
}

func TestManifestsAreValid(t *testing.T) {
	compiled := compile(t, schema.Manifest)
	for name, m := range map[string]inventory.Manifest{
		"none": {Schema: inventory.ManifestSchema, Files: []inventory.Executable{}},
		"one": {Schema: inventory.ManifestSchema, Files: []inventory.Executable{
			{Path: "usr/bin/passwd", Size: 68248, Mode: 0o4755, SHA256: image.DigestOf([]byte("passwd"))}}},
	} {
		if err := validate(compiled, m.Encode()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStrangersAreRefused keeps the schema from passing everything.
func TestStrangersAreRefused(t *testing.T) {
	compiled := compile(t, schema.Report)
	golden, err := os.ReadFile("../../report/json/testdata/denied.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"another schema":           {`"plimsoll.dev/report/v1"`, `"plimsoll.dev/report/v2"`},
		"a time with a zone":       {`"2026-11-22T10:00:00Z"`, `"2026-11-22T10:00:00+00:00"`},
		"a time that never was":    {`"2026-11-22T10:00:00Z"`, `"2026-13-22T10:00:00Z"`},
		"a member that is unknown": {`"replay": false`, `"replay": false, "replayed": false`},
		"a member that is absent":  {`"replay": false,`, ``},
		"a severity of our own":    {`"severity": "critical"`, `"severity": "severe"`},
		"a state of our own":       {`"files": "full"`, `"files": "fine"`},
		"a dimension of our own":   {`"files": "full"`, `"folders": "full"`},
		"an outcome of our own":    {`"build": "warn"`, `"build": "maybe"`},
		"a stage of our own":       {`"build": "warn"`, `"brew": "warn"`},
		"half a digest":            {`"imageID": "sha256:`, `"imageID": "sha256:0`},
		"no list":                  {`"suppressed": [`, `"suppressed": null, "x": [`},
	} {
		changed := bytes.Replace(golden, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(changed, golden) {
			t.Errorf("%s: the golden report does not hold %s", name, change[0])
		} else if validate(compiled, changed) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestMembersMatchTheTypes holds each object of the schema against the Go struct that writes it:
// the same members, in the same order, and the same ones required.
func TestMembersMatchTheTypes(t *testing.T) {
	for root, text := range map[reflect.Type]string{
		reflect.TypeFor[report.Report]():      schema.Report,
		reflect.TypeFor[report.Reports]():     schema.Reports,
		reflect.TypeFor[inventory.Manifest](): schema.Manifest,
		reflect.TypeFor[diff.Diff]():          schema.Diff,
		reflect.TypeFor[policytest.Results](): schema.PolicyTest,
	} {
		var document node
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			t.Fatal(err)
		}
		(&comparison{t, document.Defs}).compare(root.Name(), root, &document)
	}
}

// node is the part of a schema that the comparison reads.
type node struct {
	Ref        string           `json:"$ref"`
	Type       string           `json:"type"`
	Required   []string         `json:"required"`
	Properties members          `json:"properties"`
	Items      *node            `json:"items"`
	Defs       map[string]*node `json:"$defs"`
}

// members keeps the order in which they are written.
type members struct {
	names []string
	nodes map[string]*node
}

func (m *members) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &m.nodes); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		m.names = append(m.names, name.(string))
		var skipped json.RawMessage
		if err := decoder.Decode(&skipped); err != nil {
			return err
		}
	}
	return nil
}

type comparison struct {
	t    *testing.T
	defs map[string]*node
}

func (c *comparison) compare(where string, goType reflect.Type, n *node) {
	c.t.Helper()
	if name, ok := strings.CutPrefix(n.Ref, "#/$defs/"); ok {
		n = c.defs[name]
	}
	if n != nil && strings.HasPrefix(n.Ref, "https://") {
		return // described by the schema of that name
	}
	if n == nil {
		c.t.Errorf("%s is not described", where)
		return
	}
	switch {
	case goType.Kind() == reflect.Pointer:
		c.compare(where, goType.Elem(), n)
	case writesItself(goType):
		// A string or an enumeration, or the coverage, whose members have no Go fields.
	case goType.Kind() == reflect.Slice:
		c.compare(where+"[]", goType.Elem(), n.Items)
	case goType.Kind() == reflect.Struct:
		c.compareStruct(where, goType, n)
	}
}

func writesItself(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

func (c *comparison) compareStruct(where string, goType reflect.Type, n *node) {
	c.t.Helper()
	var names, required []string
	for i := range goType.NumField() {
		name, options, _ := strings.Cut(goType.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
		if options == "" {
			required = append(required, name)
		}
		c.compare(where+"."+name, goType.Field(i).Type, n.Properties.nodes[name])
	}
	if diff := cmp.Diff(names, n.Properties.names); diff != "" {
		c.t.Errorf("members of %s (-type +schema):\n%s", where, diff)
	}
	if diff := cmp.Diff(required, n.Required); diff != "" {
		c.t.Errorf("required members of %s (-type +schema):\n%s", where, diff)
	}
}

func TestEnumerationsMatchTheConstants(t *testing.T) {
	severities := []string{}
	for s := advisory.SeverityUnknown; s <= advisory.Critical; s++ {
		severities = append(severities, s.String())
	}
	checkEnumerations(t, schema.Diff, map[string][]string{
		"$defs severity enum":                  severities,
		"$defs state enum":                     texts(inventory.Full, inventory.Partial, inventory.Unknown, inventory.NotRun),
		"$defs finding properties status enum": texts(diff.New, diff.Unclear, diff.Remaining, diff.Fixed),
		"$defs finding properties kind enum":   texts(finding.Vulnerability, finding.Config),
		"$defs reason enum": texts(diff.Upgraded, diff.Downgraded, diff.Replaced, diff.Added, diff.Removed,
			diff.Unchanged, diff.Configured, diff.NotSeen),
	})
	checkEnumerations(t, schema.Report, map[string][]string{
		"$defs severity enum":                                         severities,
		"$defs state enum":                                            texts(inventory.Full, inventory.Partial, inventory.Unknown, inventory.NotRun),
		"$defs finding properties kind enum":                          texts(finding.Vulnerability, finding.Config),
		"$defs finding properties fixState enum":                      texts(finding.FixAvailable, finding.NotFixed, finding.WontFix, finding.FixDeferred, finding.FixUnknown),
		"$defs finding properties status enum":                        texts(finding.Affected, finding.NotAffected, finding.Fixed, finding.UnderInvestigation, finding.Waived),
		"$defs suppressed properties reason enum":                     texts(finding.Withdrawn, finding.KernelHeaders, finding.OwnedByDistro),
		"$defs outcome enum":                                          texts(verdict.Allow, verdict.Warn, verdict.Deny),
		"$defs verdict properties outcome required":                   texts(verdict.Stages()...),
		"$defs verdict properties rules items properties result enum": texts(verdict.Pass, verdict.Fail, verdict.Waived, verdict.Unknown, verdict.Deferred, verdict.Error),
	})
}

// checkEnumerations wants the words at each path of a schema.
func checkEnumerations(t *testing.T, text string, words map[string][]string) {
	t.Helper()
	var document any
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	for path, want := range words {
		at := document
		for step := range strings.FieldsSeq(path) {
			at = at.(map[string]any)[step]
		}
		var got []string
		for _, word := range at.([]any) {
			got = append(got, word.(string))
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-constants +schema):\n%s", path, diff)
		}
	}
}

func texts[T ~string](words ...T) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = string(w)
	}
	return list
}
