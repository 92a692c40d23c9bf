package policytest_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/policy/policytest"
	"plimsoll.dev/plimsoll/report"
	reportjson "plimsoll.dev/plimsoll/report/json"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sources read what tests name from a folder.
func sources(dir string) policytest.Sources {
	return policytest.Sources{
		File: func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) },
		Base: func(data []byte) (policy.Input, error) {
			r, err := reportjson.Decode(bytes.NewReader(data), 1<<20)
			if err != nil {
				return policy.Input{}, err
			}
			in := policy.Input{
				Facts:    inventory.Facts{Target: r.Target, Distro: r.Distro, Packages: r.Packages, Files: r.Files},
				Findings: r.Findings, Coverage: r.Coverage, ScannedAt: r.ScannedAt, Now: r.EvaluatedAt,
			}
			if r.Database != nil {
				for _, s := range r.Database.Sources {
					in.Database.Sources = append(in.Database.Sources, policy.Source{Name: s.Name, AsOf: s.AsOf})
				}
			}
			return in, nil
		},
	}
}

// runFile runs the tests of a file against the policies that it names.
func runFile(t *testing.T, file string) []*policytest.Result {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tests, err := policytest.Parse(filepath.Base(file), data)
	if err != nil {
		t.Fatal(err)
	}
	var results []*policytest.Result
	for i := range tests {
		var policies []policy.Policy
		for _, name := range tests[i].Policies() {
			data, err := os.ReadFile(filepath.Join(filepath.Dir(file), name))
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := policy.Parse(name, data)
			if err != nil {
				t.Fatal(err)
			}
			policies = append(policies, parsed...)
		}
		result, err := tests[i].Run(policies, sources(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, result)
	}
	return results
}

// checkFile runs a file of tests, all of which must hold, with every rule covered.
func checkFile(t *testing.T, file string) {
	t.Helper()
	for _, result := range runFile(t, file) {
		for _, c := range result.Cases {
			for _, d := range c.Differences {
				t.Errorf("%s:%d: %s: want %s, got %s: %s", file, c.Line, c.Name, strings.TrimSpace(d.Rule+" "+d.Want), d.Got, d.Message)
			}
		}
		for _, r := range result.Rules {
			if !r.Covered() {
				t.Errorf("%s: rule %s of policy %s: failed %v, passed %v", file, r.ID, result.Policy, r.Failed, r.Passed)
			}
		}
	}
}

// The policy, the waiver and the tests that the language was designed by (the design's sketch of
// a policy, its tests and a waiver), in the language's names.
func TestTheSketch(t *testing.T) { checkFile(t, "testdata/sketch/policy.test.yaml") }

// The base of the sketch's tests is the clean image as a report.
func TestTheCleanImageAsAReport(t *testing.T) {
	at := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	in := policytest.Clean(at)
	r := report.Report{
		Schema: report.Schema, EvaluatedAt: at, Target: in.Facts.Target, Distro: in.Facts.Distro, Packages: in.Facts.Packages,
		Findings: in.Findings, Coverage: in.Coverage, Database: &report.Database{Digest: in.Database.Digest},
		Engine: report.Engine{Name: "plimsoll", Version: "test"},
	}
	for _, s := range in.Database.Sources {
		r.Database.Sources = append(r.Database.Sources, report.Source{Name: s.Name, AsOf: s.AsOf})
	}
	var got bytes.Buffer
	if err := (reportjson.Sink{}).Write(&got, &r); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/sketch/clean-image.json", got.String())
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Each file of testdata/refused is no test; the .txt beside it is what its author is told.
func TestRefusedFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/refused/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in testdata/refused: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests, err := policytest.Parse(filepath.Base(file), data)
			if err == nil && len(tests) == 1 { // what can be told only when the policy is known
				_, err = tests[0].Run(policy.Starter(), sources("testdata"))
			}
			if err == nil {
				t.Fatal("it is accepted")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", err.Error()+"\n")
		})
	}
}

const head = "apiVersion: plimsoll.dev/v1\nkind: PolicyTest\npolicy: starter\ncases:\n"

func starterTest(t *testing.T, cases string) *policytest.Result {
	t.Helper()
	tests, err := policytest.Parse("test.yaml", []byte(head+cases))
	if err != nil {
		t.Fatal(err)
	}
	result, err := tests[0].Run(policy.Starter(), policytest.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// A case that does not hold says what was expected, what came, and why.
func TestDifferences(t *testing.T) {
	result := starterTest(t, `
  - name: exploited
    patch: {findings: [{id: CVE-2026-1, severity: low, kev: true}]}
    expect: {outcome: allow, pass: [known-exploited, not-root]}
`)
	want := []policytest.Case{{Name: "exploited", Line: 6, Stage: "build", Outcome: "deny", Differences: []policytest.Difference{
		{Want: "allow", Got: "deny", Message: "known-exploited is fail: 1 vulnerability known to be exploited: CVE-2026-1 in openssl 3.0.17-1~deb12u2"},
		{Rule: "known-exploited", Want: "pass", Got: "fail", Message: "1 vulnerability known to be exploited: CVE-2026-1 in openssl 3.0.17-1~deb12u2"},
	}}}
	if diff := cmp.Diff(want, result.Cases); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if result.Held() || result.Covered() {
		t.Error("a test with a difference, or with rules that no case made fail, is said to be in order")
	}
}

func TestRuleCoverage(t *testing.T) {
	result := starterTest(t, `
  - {name: clean, expect: {outcome: allow}}
  - {name: root, patch: {target: {config: {user: "0"}}}, expect: {fail: [not-root]}}
`)
	want := []policytest.Rule{{ID: "known-exploited", Passed: true}, {ID: "critical-with-fix", Passed: true}, {ID: "not-root", Failed: true, Passed: true}}
	if diff := cmp.Diff(want, result.Rules); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The clean image passes every ready policy, whatever the day, but for what is deferred.
func TestTheCleanImageHasNothingWrong(t *testing.T) {
	for _, name := range policy.ReadyNames() {
		p, _ := policy.Ready(name)
		for _, at := range []time.Time{time.Date(2020, 2, 29, 0, 0, 0, 0, time.UTC), time.Date(2031, 12, 31, 23, 59, 59, 0, time.UTC)} {
			in := policytest.Clean(at)
			in.Policies, in.Repository, in.Tag = p, in.Facts.Target.Repository, "1.0"
			for _, r := range policy.Evaluate(in).Rules {
				if r.Result != "pass" && r.Result != "deferred" {
					t.Errorf("%s on %s: rule %s: %s: %s", name, at.Format(time.DateOnly), r.ID, r.Result, r.Message)
				}
			}
		}
	}
}

// Every member of the document that patch takes is one of the report, by the report's name.
func TestPatchTakesTheReportsNames(t *testing.T) {
	in := policytest.Clean(time.Now())
	encoded, err := json.Marshal(report.Report{Target: in.Facts.Target, Distro: in.Facts.Distro, ScannedAt: time.Now(), Database: &report.Database{}, Files: inventory.FileFacts{UnownedCount: 1}})
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &members); err != nil {
		t.Fatal(err)
	}
	_, err = policytest.Parse("test.yaml", []byte(head+"  - {name: a, patch: {nothing: 1}, expect: {outcome: allow}}\n"))
	_, list, found := strings.Cut(err.Error(), "(known: ")
	if !found {
		t.Fatal(err)
	}
	for _, name := range strings.Split(strings.TrimSuffix(list, ")"), ", ") {
		if _, ok := members[name]; !ok {
			t.Errorf("a report has no member %s", name)
		}
		members[name] = nil
	}
	var missing []string
	for name, left := range members {
		if left != nil {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	// What an evaluation does not read.
	if diff := cmp.Diff([]string{"engine", "evaluatedAt", "replay", "schema", "suppressed"}, missing); diff != "" {
		t.Errorf("members of a report that patch does not take: -want +got:\n%s", diff)
	}
}

func TestReadyPolicies(t *testing.T) {
	for _, name := range policy.ReadyNames() {
		t.Run(name, func(t *testing.T) { checkFile(t, "../ready/"+name+".test.yaml") })
	}
}

// Ten policies, each described by the sentence that it begins with, were written from
// docs/policy-reference.md alone.
func TestTenPoliciesFromThePage(t *testing.T) {
	files, err := filepath.Glob("testdata/ten/*.test.yaml")
	if err != nil || len(files) != 10 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { checkFile(t, file) })
	}
}

// So were nine more, by somebody who had seen nothing but the page; what they found unclear was
// mended there.
func TestPoliciesOfAReaderOfThePage(t *testing.T) {
	files, err := filepath.Glob("testdata/from-the-page/*.test.yaml")
	if err != nil || len(files) != 9 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { checkFile(t, file) })
	}
}

// What the page says of expressions is so.
func TestExpressionsOfThePage(t *testing.T) { checkFile(t, "testdata/page/expressions.test.yaml") }

// The example of a test on the page can be read.
func TestExampleOfThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/policy-reference.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "## Tests\n")
	_, rest, _ = strings.Cut(rest, "```yaml\n")
	example, _, _ := strings.Cut(rest, "```")
	tests, err := policytest.Parse("example", []byte(example))
	if err != nil || len(tests) != 1 {
		t.Errorf("%d tests: %v", len(tests), err)
	}
}

// The page lists every key of a test, and no other.
func TestThePageListsEveryKey(t *testing.T) {
	page, err := os.ReadFile("../../docs/policy-reference.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| Key of a PolicyTest |")
	table, _, _ = strings.Cut(table, "\n\n")
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(table, -1) {
		listed = append(listed, m[1])
	}
	_, err = policytest.Parse("t", []byte("unknown: 1\ncases: [{unknown: 1, expect: {unknowns: 1}}]\n"))
	prefixes := map[string]string{"the policy test": "", "case": "cases[].", "case.expect": "cases[].expect."}
	var taken []string
	for _, m := range regexp.MustCompile(`unknown key "\w+" in ([\w. ]+); .*?\(known: ([^)]*)\)`).FindAllStringSubmatch(err.Error(), -1) {
		for _, key := range strings.Split(m[2], ", ") {
			if key = prefixes[m[1]] + key; key != "cases[].expect" {
				taken = append(taken, key)
			}
		}
	}
	if diff := cmp.Diff(taken, listed); diff != "" || len(taken) < 15 {
		t.Errorf("-taken +listed:\n%s", diff)
	}
}

// No file may keep the reader busy: shapes whose cost could grow with the square of their size, or
// worse, at the largest size.
func TestHostileFilesAreRefused(t *testing.T) {
	name := strings.Repeat("n", 400)
	shapes := map[string]struct{ head, each, end string }{
		"dimensions":       {head + "  - {name: a, expect: {outcome: allow}, patch: {coverage: {", "packages/#: full, ", "}}}\n"},
		"unknown extends":  {head, "  - {name: " + name + "#, extends: " + name + "-#, expect: {outcome: allow}}\n", ""},
		"cases":            {head, "  - {name: c#, expect: {outcome: allow}}\n", ""},
		"unknown members":  {head + "  - {name: a, expect: {outcome: allow}, patch: {findings: [{", "member#: 1, ", "}]}}\n"},
		"the same rules":   {head + "  - {name: a, expect: {fail: [", "r, ", "r]}}\n"},
		"patches of lists": {head + "  - {name: a, expect: {outcome: allow}, patch: {findings: [", "{id: a}, ", "{id: b}]}}\n"},
	}
	for shape, c := range shapes {
		t.Run(shape, func(t *testing.T) {
			var b strings.Builder
			b.WriteString(c.head)
			for i := 0; b.Len() < policy.MaxSize-2000; i++ {
				b.WriteString(strings.ReplaceAll(c.each, "#", strconv.Itoa(i)))
			}
			b.WriteString(c.end)
			if _, err := policytest.Parse("test.yaml", []byte(b.String())); err == nil {
				t.Error("it is accepted")
			}
		})
	}
}

// Each case of a chain applies all that it extends, so chains are short; and of many rules that
// the policy does not have, only the first are compared with those that it has.
func TestChainsAndRulesAreBounded(t *testing.T) {
	cases := "  - {name: c0, expect: {outcome: allow}}\n"
	for i := 1; i <= 17; i++ {
		cases += fmt.Sprintf("  - {name: c%d, extends: c%d, expect: {outcome: allow}}\n", i, i-1)
	}
	_, err := policytest.Parse("test.yaml", []byte(head+cases))
	if err == nil || !strings.Contains(err.Error(), "test.yaml:22:26: case.extends makes a chain of more than 16 cases") || strings.Count(err.Error(), "\n") > 0 {
		t.Errorf("a chain of 17: %v", err)
	}
	var ids []string
	for i := range 900 {
		ids = append(ids, fmt.Sprintf("rule-%d", i))
	}
	tests, err := policytest.Parse("test.yaml", []byte(head+"  - {name: a, expect: {fail: ["+strings.Join(ids, ", ")+"]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = tests[0].Run(policy.Starter(), policytest.Sources{})
	if err == nil || !strings.Contains(err.Error(), `has no rule "rule-0"; the nearest is "scope"`) || !strings.Contains(err.Error(), "and 890 more problems") {
		t.Errorf("900 rules that are not there: %v", err)
	}
}
