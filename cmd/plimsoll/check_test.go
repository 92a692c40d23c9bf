package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/verdict"
)

// A stored report is checked for every stage without its image: the rules' results are those of
// the first check, and each stage does what the policy says about them.
func TestStagesFromAStoredReport(t *testing.T) {
	dir := t.TempDir()
	policy, stored := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "report.json")
	const text = "apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: baseline}\nactions: {build: off, ship: warn, admit: deny}\n" +
		"rules: [{id: root, deny: {config: [user-root]}}, {id: exploited, deny: {kev: true}}]\n"
	if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	image := exampleImages(t)["debian"]
	plimsoll(t, "check", image, "--policy", policy, "--format", "json", "--output", stored, "--quiet")
	data, err := os.ReadFile(stored)
	if err != nil {
		t.Fatal(err)
	}
	first := decodeReport(t, outcome{stdout: string(data)})
	if err := os.RemoveAll(image); err != nil {
		t.Fatal(err)
	}
	for stage, want := range map[string]int{"build": exitDone, "ship": exitDone, "admit": exitDenied, "run": exitDenied} {
		o := plimsoll(t, "check", stored, "--policy", policy, "--stage", stage, "--format", "json", "--quiet")
		if o.status != want {
			t.Errorf("%s: status %d, want %d\n%s", stage, o.status, want, o.stderr)
		}
		o.status = exitDone
		again := decodeReport(t, o)
		if diff := cmp.Diff(first.Verdict.Rules, again.Verdict.Rules); diff != "" {
			t.Errorf("%s: the rules' results: -first +again:\n%s", stage, diff)
		}
		if diff := cmp.Diff(first.Verdict.Inputs, again.Verdict.Inputs, cmp.Comparer(func(a, b verdict.Inputs) bool { return a == b })); diff != "" {
			t.Errorf("%s: the inputs: -first +again:\n%s", stage, diff)
		}
		if want := map[verdict.Stage]verdict.Outcome{verdict.Build: "allow", verdict.Ship: "warn", verdict.Admit: "deny", verdict.Run: "deny"}; !cmp.Equal(want, again.Verdict.Outcome) {
			t.Errorf("outcome %v", again.Verdict.Outcome)
		}
	}
}
