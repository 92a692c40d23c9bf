package policy

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWarnings(t *testing.T) {
	const text = `apiVersion: plimsoll.dev/v1
kind: Policy
metadata: {name: odd}
scope: {images: ["a/**"], except: ["b/**", "a/**"]}
waivers: {longest: {high: 3d}}
rules:
  - {id: one, deny: {severity: [high], fixable: true}}
  - {id: two, deny: {fixable: true, severity: [high]}}
  - {id: three, deny: {kev: true}, actions: {build: off, ship: off, admit: off, run: off}}
  - {id: four, deny: {secret: any}}
  - {id: five, expr: 1 < 2}
  - {id: six, deny: {severity: [high], fixable: true, atLeast: 2}}
`
	policies, err := Parse("odd.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range policies[0].Warnings("odd.yaml") {
		got = append(got, w.Error())
	}
	want := []string{
		"odd.yaml:1:1: policy odd is in scope for no image: scope.except takes away all that scope.images names",
		"odd.yaml:1:1: policy odd says how long waivers may last, and lets nobody approve any; name somebody in waivers.approvers",
		"odd.yaml:8:5: rule two asks the same as rule one in line 7; keep one of them",
		"odd.yaml:9:5: rule three is off at every stage: whatever it finds makes no difference",
		"odd.yaml:10:5: rule four is deferred: this version has no input for secret",
		"odd.yaml:11:5: the expression of rule five speaks of nothing: its answer is the same for every image",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWarningsOfAWaiver(t *testing.T) {
	const text = `apiVersion: plimsoll.dev/v1
kind: Waiver
metadata: {id: W-1, owner: a@example.com, approvedBy: b@example.com}
match: {vulnerabilities: [CVE-1]}
decision: under_investigation
reason: we are looking
expires: 2026-11-22T00:00:00Z
`
	waivers, err := ParseWaivers("w.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time][]string{
		time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC): {"w.yaml:3:16: waiver W-1 waives nothing: what is under investigation counts"},
		time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC): {"w.yaml:3:16: waiver W-1 ended on 2026-11-22; take it away", "w.yaml:3:16: waiver W-1 waives nothing: what is under investigation counts"},
	} {
		var got []string
		for _, w := range waivers[0].Warnings("w.yaml", at) {
			got = append(got, w.Error())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// Of the ready policies, only what is deferred makes no difference.
func TestReadyPoliciesHaveNoWarnings(t *testing.T) {
	for _, name := range ReadyNames() {
		policies, ok := Ready(name)
		if !ok || len(policies) != 1 || policies[0].Name() != name {
			t.Fatalf("%s: %d policies", name, len(policies))
		}
		for _, w := range policies[0].Warnings(name) {
			if r := policies[0].rules; !waits(r, w.Line) {
				t.Error(w)
			}
		}
	}
}

// waits tells whether the rule in a line waits for its input.
func waits(rules []rule, line int) bool {
	for i := range rules {
		if rules[i].place.line == line {
			return len(rules[i].waitsFor()) > 0
		}
	}
	return false
}
