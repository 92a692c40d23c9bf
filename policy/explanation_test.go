package policy

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// TestExplainDecidesAsEvaluateDoes: telling changes nothing, and every rule is told.
func TestExplainDecidesAsEvaluateDoes(t *testing.T) {
	in := image1()
	in.Policies = append(Starter(), policyOf(t, "defaults: {maxDatabaseAge: 72h}", rulesOf("severity: [critical], fixable: true"))...)
	in.Findings = append(in.Findings, vulnerability("CVE-2024-1", libssl, advisory.Critical, "3.3.3-r0"), vulnerability("CVE-2024-2", crypto, advisory.Critical, "3.3.3-r0"))
	want := Evaluate(in)
	got, told := Explain(in)
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
		t.Errorf("(-evaluated +explained):\n%s", diff)
	}
	if len(told.Rules) != len(want.Rules) || len(want.Effects) != len(want.Rules) {
		t.Fatalf("%d rules told, %d effects, of %d", len(told.Rules), len(want.Effects), len(want.Rules))
	}
	for i, r := range told.Rules {
		if r.ID != want.Rules[i].ID || r.Asks == "" {
			t.Errorf("rule %d is told as %+v", i, r)
		}
		if r.Result == verdict.Fail && r.Found == 0 && len(r.Offenders) > 0 {
			t.Errorf("rule %s fails without evidence", r.ID)
		}
	}
	if want.ValidUntil != "" && told.ValidUntilBecause == "" {
		t.Error("it is not said why the verdict ends")
	}
}

func TestExplainWithoutAPolicyInScope(t *testing.T) {
	_, told := Explain(image1())
	if len(told.Rules) != 1 || told.Rules[0].ID != ScopeRule || told.Rules[0].Stages[verdict.Run].Outcome != verdict.Deny {
		t.Errorf("told %+v", told.Rules)
	}
}

// TestWithoutDigests: nothing but the digests is missing.
func TestWithoutDigests(t *testing.T) {
	in := image1()
	in.Policies = Starter()
	want := Evaluate(in)
	in.WithoutDigests = true
	got := Evaluate(in)
	if !got.Inputs.Facts.IsZero() || !got.Inputs.Policy.IsZero() || want.Inputs.Facts.IsZero() {
		t.Error("digests were made, or none was made before")
	}
	want.Inputs, got.Inputs = verdict.Inputs{}, verdict.Inputs{}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
		t.Errorf("(-with +without):\n%s", diff)
	}
}

// TestTheTurnIsNamed: what ends a verdict is said, the same whatever the order of the policies.
func TestTheTurnIsNamed(t *testing.T) {
	in := image1()
	in.Policies = append(policyOf(t, "defaults: {verdictMaxAge: 24h}", rulesOf("kev: true")), Starter()...)
	_, told := Explain(in)
	slices.Reverse(in.Policies)
	_, again := Explain(in)
	if told.ValidUntilBecause == "" || told.ValidUntilBecause != again.ValidUntilBecause {
		t.Errorf("%q, and in another order %q", told.ValidUntilBecause, again.ValidUntilBecause)
	}
}
