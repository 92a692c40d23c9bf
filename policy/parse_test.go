package policy

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each file of testdata/refused is no policy; the .txt beside it is what its author is told.
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
			policies, err := Parse(filepath.Base(file), data)
			var refused *ParseError
			if !errors.As(err, &refused) || policies != nil {
				t.Fatalf("got %d policies and error %v, want none and a *ParseError", len(policies), err)
			}
			compareGolden(t, strings.TrimSuffix(file, ".yaml")+".txt", err.Error()+"\n")
		})
	}
}

func compareGolden(t *testing.T, file, got string) {
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

func TestParseReadsEveryKey(t *testing.T) {
	const text = `
apiVersion: plimsoll.dev/v1
kind: Policy
metadata: {name: baseline, owner: appsec@example.com, version: 3}
scope: {images: ["registry.example/**"], except: ["registry.example/sandbox/**"]}
actions: {build: off, ship: warn, admit: deny}
defaults: {onUnknown: warn, onError: warn, onStale: {admittedBefore: warn, new: deny}, unknownSeverity: high, maxDatabaseAge: 72h, verdictMaxAge: 7d}
waivers: {approvers: ["appsec@example.com"], longest: {critical: 14d, high: 90d}}
vex: {signers: [supplier, appsec]}
rules:
  - id: everything
    deny: {severity: [critical, unknown], fixable: true, kev: false, package: ["pkg:deb/debian/openssl", "pkg:npm/%40angular/*@4.*?arch=amd64"], atLeast: 3}
    message: "{{.Count}} of them"
    actions: {build: deny}
  - id: not-root
    deny: {config: [user-root]}
  - id: likely-exploited
    where: f.epss > 0.5 && f.severity in ["high", "critical"]
  - id: small-surface
    expr: size(packages) < 400
`
	policies, err := Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	rules := policies[0].rules
	policies[0].rules = nil
	want := []Policy{{
		name: "baseline", owner: "appsec@example.com", version: 3, digest: image.DigestOf([]byte(text)),
		scope:   scope{images: []glob{"registry.example/**"}, except: []glob{"registry.example/sandbox/**"}},
		actions: actions{verdict.Build: verdict.Allow, verdict.Ship: verdict.Warn, verdict.Admit: verdict.Deny},
		defaults: defaults{
			onUnknown: verdict.Warn, onError: verdict.Warn, onStale: Stale{AdmittedBefore: verdict.Warn, New: verdict.Deny},
			unknownSeverity: advisory.High, maxDatabaseAge: 72 * time.Hour, verdictMaxAge: 7 * 24 * time.Hour,
		},
		waivers: waiverTerms{approvers: []string{"appsec@example.com"}, longest: map[advisory.Severity]time.Duration{
			advisory.Critical: 14 * 24 * time.Hour, advisory.High: 90 * 24 * time.Hour}},
		vexSigners: []string{"supplier", "appsec"},
		signers:    []string{"supplier", "appsec"},
	}}
	exported := cmp.AllowUnexported(Policy{}, scope{}, defaults{}, waiverTerms{}, image.Digest{})
	if diff := cmp.Diff(want, policies, exported, cmpopts.IgnoreFields(Policy{}, "rules", "place")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var got []string
	for _, r := range rules {
		got = append(got, r.id+": "+string(r.about)+" ×"+strconv.Itoa(r.atLeast)+" "+r.message)
		for _, test := range r.tests {
			got = append(got, "  "+test.criterion.name+": "+test.cel)
		}
		if r.expression != nil {
			got = append(got, "  "+r.expression.text)
		}
	}
	if diff := cmp.Diff([]string{
		"everything: vulnerability ×3 {{.Count}} of them",
		`  severity: !f.rated || f.severity in ["critical", "unknown"]`,
		"  fixable: f.fixable",
		"  kev: !f.kev",
		`  package: ["pkg:deb/debian/openssl", "pkg:npm/%40angular/*@4.*?arch=amd64"].exists(g, f.package.named(g))`,
		"not-root: configuration finding ×1 ",
		`  config: f.id in ["user-root"]`,
		"likely-exploited: vulnerability ×1 ",
		`  f.epss > 0.5 && f.severity in ["high", "critical"]`,
		"small-surface: image ×1 ",
		"  size(packages) < 400",
	}, got); diff != "" {
		t.Errorf("rules: -want +got:\n%s", diff)
	}
	policies[0].rules = rules
	if diff := cmp.Diff([]finding.Kind{finding.Config, finding.Vulnerability}, Reads(policies)); diff != "" {
		t.Errorf("kinds of finding that the policies read: -want +got:\n%s", diff)
	}
}

func TestParseReadsSeveralDocuments(t *testing.T) {
	const text = "---\n---\n" + onlyExploited + "---\n# an empty one\n---\n" + onlyRoot
	policies, err := Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(policies) != 2 || policies[0].Name() != "exploited" || policies[1].Name() != "root" {
		t.Fatalf("got %d policies, want exploited and root", len(policies))
	}
	for _, p := range policies {
		if p.Digest() != image.DigestOf([]byte(text)) {
			t.Errorf("policy %s has digest %s, want that of the file", p.Name(), p.Digest())
		}
	}
}

const onlyExploited = `
apiVersion: plimsoll.dev/v1
kind: Policy
metadata: {name: exploited}
rules: [{id: known-exploited, deny: {kev: true}}]
`

const onlyRoot = `
apiVersion: plimsoll.dev/v1
kind: Policy
metadata: {name: root}
rules: [{id: not-root, deny: {config: [user-root]}}]
`

func TestParseTakesWindowsLineEndsAndByteOrderMark(t *testing.T) {
	text := "\ufeff" + strings.ReplaceAll(onlyExploited, "\n", "\r\n")
	if _, err := Parse("policy.yaml", []byte(text)); err != nil {
		t.Error(err)
	}
}

func TestParseBoundsTheFile(t *testing.T) {
	fill := func(size int) []byte {
		return append([]byte(onlyExploited+"#"), bytes.Repeat([]byte("x"), size-len(onlyExploited)-1)...)
	}
	if _, err := Parse("policy.yaml", fill(MaxSize)); err != nil {
		t.Errorf("a file of the largest size is refused: %v", err)
	}
	if _, err := Parse("policy.yaml", fill(MaxSize+1)); err == nil {
		t.Error("a file over the largest size is read")
	}
}

// No file may keep the reader busy: the worst known shapes at the largest size, each well within
// what a person waits for.
func TestParseIsQuickOnHostileFiles(t *testing.T) {
	shapes := map[string]string{
		"open brackets":  strings.Repeat("[", MaxSize),
		"open mappings":  strings.Repeat("{a: ", MaxSize/4),
		"nested lists":   strings.Repeat("- ", MaxSize/2),
		"empty lines":    strings.Repeat("\n", MaxSize-1) + "@",
		"bad last line":  strings.Repeat("a\n", MaxSize/2-1) + "@",
		"comments":       strings.Repeat("# x\n", MaxSize/4),
		"documents":      strings.Repeat("---\n", MaxSize/4),
		"unknown keys":   strings.Repeat("abcdefgh: 1\n", MaxSize/12),
		"one long key":   strings.Repeat("k", MaxSize),
		"open quote":     "a: \"" + strings.Repeat("x\n", MaxSize/2-2),
		"anchors":        strings.Repeat("- &a x\n", MaxSize/7),
		"question marks": strings.Repeat("? ", MaxSize/2),
	}
	for name, text := range shapes {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			if _, err := Parse("policy.yaml", []byte(text)); err == nil {
				t.Error("a hostile file is a policy")
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %s", took)
			} else {
				t.Logf("took %s", took)
			}
		})
	}
}

func TestStarter(t *testing.T) {
	policies, err := Parse("starter.yaml", []byte(StarterText()))
	if err != nil {
		t.Fatal(err)
	}
	if len(policies) != 1 || len(Starter()) != 1 {
		t.Fatalf("the starter policy has %d documents, want 1", len(policies))
	}
	if !Starter()[0].Covers("") || !Starter()[0].Covers("registry.example/team/app") {
		t.Error("the starter policy does not cover every image")
	}
}
