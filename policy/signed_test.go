package policy

import (
	"slices"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// What nobody has signed counts at build alone. The results are the same at every stage; a rule of
// our own denies from ship on.
func TestSignedWaivers(t *testing.T) {
	unsigned := waiversOf(t, "")
	cases := []struct {
		name    string
		terms   string
		waivers []Waiver
		counts  bool // from ship on
	}{
		{"a file", byAppsec, unsigned, false},
		{"signed by an approver", byAppsec, []Waiver{unsigned[0].Signed("appsec@example.com")}, true},
		{"signed by a stranger", byAppsec, []Waiver{unsigned[0].Signed("ci-lab")}, false},
		{"signed by several", byAppsec, []Waiver{unsigned[0].Signed("ci-lab").Signed("appsec@example.com")}, true},
		{"signed by anybody, where anybody may", "waivers: {approvers: ['*']}", []Waiver{unsigned[0].Signed("ci-lab")}, true},
		{"signed by the owner alone", "waivers: {approvers: ['*']}", []Waiver{unsigned[0].Signed("Pay@example.com")}, false},
		{"not signed, where anybody may", "waivers: {approvers: ['*']}", unsigned, false},
		{"a signed one beside it", byAppsec, append(slices.Clone(unsigned), waiversOf(t, "", "")[1].Signed("appsec@example.com")), true},
	}
	for _, c := range cases {
		in := image1()
		in.Findings = []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical)}
		in.Policies = policyOf(t, c.terms, rulesOf("severity: [critical]"))
		in.Waivers = c.waivers
		got := Evaluate(in)
		checkSignedExceptions(t, c.name, got, verdict.Waived, c.counts)
		if got.Findings[0].Status != finding.Waived {
			t.Errorf("%s: the finding is %s", c.name, got.Findings[0].Status)
		}
	}
}

// checkSignedExceptions checks an image whose first rule is left to an exception.
func checkSignedExceptions(t *testing.T, name string, got Decided, result verdict.Result, signed bool) {
	t.Helper()
	if got.Rules[0].Result != result || got.Outcome[verdict.Build] != verdict.Allow {
		t.Errorf("%s: %s, %s at build", name, got.Rules[0].Result, got.Outcome[verdict.Build])
	}
	for _, stage := range verdict.Stages()[1:] {
		if (got.Outcome[stage] == verdict.Allow) != signed {
			t.Errorf("%s: %s at %s", name, got.Outcome[stage], stage)
		}
	}
	own := slices.ContainsFunc(got.Rules, func(r verdict.Rule) bool { return r.ID == SignedExceptionsRule && r.Result == verdict.Fail })
	if own == signed || len(got.Effects) != len(got.Rules) {
		t.Errorf("%s: rules %+v, %d effects", name, got.Rules, len(got.Effects))
	}
}

func TestSignedVEX(t *testing.T) {
	says := statement(advisory.VEXNotAffected, purlProduct(libssl))
	says.Justification = "component_not_present"
	cases := []struct {
		name   string
		change func(in *Input)
		result verdict.Result
		counts bool // from ship on
	}{
		{"a file", func(in *Input) { in.VEX = []advisory.VEXStatement{says} }, verdict.Pass, false},
		{"signed by whom the policy names", func(in *Input) { in.SignedVEX = []SignedVEX{{says, []string{"supplier"}}} }, verdict.Pass, true},
		{"signed by others", func(in *Input) { in.SignedVEX = []SignedVEX{{says, []string{"somebody"}}} }, verdict.Fail, false},
		{"both", func(in *Input) {
			in.VEX, in.SignedVEX = []advisory.VEXStatement{says}, []SignedVEX{{says, []string{"supplier"}}}
		}, verdict.Pass, true},
		{"a policy that names nobody beside it", func(in *Input) {
			in.SignedVEX = []SignedVEX{{says, []string{"supplier"}}}
			in.Policies = append(in.Policies, policyOf(t, rulesOf("kev: true"))...)
		}, verdict.Fail, false},
		{"such a policy that is not in scope", func(in *Input) {
			in.SignedVEX = []SignedVEX{{says, []string{"supplier"}}}
			in.Policies = append(in.Policies, policyOf(t, "scope: {images: [x]}", rulesOf("kev: true"))...)
		}, verdict.Pass, true},
	}
	for _, c := range cases {
		in := image1()
		in.Findings = []finding.Finding{vulnerability(says.Vulnerabilities[0], libssl, advisory.Critical)}
		in.Policies = policyOf(t, "vex: {signers: [supplier]}", rulesOf("severity: [critical]"))
		c.change(&in)
		got := Evaluate(in)
		if c.result == verdict.Fail {
			failed := slices.ContainsFunc(got.Rules, func(r verdict.Rule) bool { return r.ID == "r" && r.Result == verdict.Fail })
			if !failed || got.VEX[0].State != verdict.Refused || !strings.Contains(got.VEX[0].Why, "vex.signers") {
				t.Errorf("%s: %+v, %+v", c.name, got.Rules, got.VEX)
			}
			continue
		}
		checkSignedExceptions(t, c.name, got, c.result, c.counts)
	}
}

// An exception that makes no difference need not be signed, and one policy's action is not another's.
func TestUnsignedWhereItDoesNotMatter(t *testing.T) {
	in := image1()
	in.Findings = []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical)}
	in.Waivers = waiversOf(t, "")
	in.Policies = policyOf(t, byAppsec, rulesOf("kev: true"))
	if got := Evaluate(in); len(got.Rules) != 1 || got.Outcome[verdict.Run] != verdict.Allow {
		t.Errorf("no rule asks: %+v, %s", got.Rules, got.Outcome[verdict.Run])
	}
	in.Policies = policyOf(t, byAppsec, "actions: {ship: warn, admit: deny, run: off}", rulesOf("severity: [critical]"))
	got := Evaluate(in).Outcome
	if got[verdict.Ship] != verdict.Warn || got[verdict.Admit] != verdict.Deny || got[verdict.Run] != verdict.Allow {
		t.Errorf("the policy's actions are not kept: %v", got)
	}
	decided, told := Explain(in)
	last := len(told.Rules) - 1
	if len(told.Rules) != len(decided.Rules) || told.Rules[last].ID != SignedExceptionsRule || told.Rules[last].Stages[verdict.Ship].Outcome != verdict.Warn {
		t.Errorf("it is not explained: %+v", told.Rules)
	}
}

// Who has signed what is an input.
func TestSignersAreInputs(t *testing.T) {
	in := image1()
	in.Policies = policyOf(t, byAppsec, rulesOf("kev: true"))
	in.Waivers = waiversOf(t, "")
	in.VEXDigests = []image.Digest{image.DigestOf([]byte("vex"))}
	in.SignedVEX = []SignedVEX{{statement(advisory.VEXAffected, purlProduct(libssl)), nil}}
	before := Evaluate(in).Inputs
	in.Waivers = []Waiver{in.Waivers[0].Signed("a")}
	in.SignedVEX = []SignedVEX{{in.SignedVEX[0].VEXStatement, []string{"a"}}}
	after := Evaluate(in).Inputs
	if before.Waivers == after.Waivers || before.VEX == after.VEX || before.Waivers.IsZero() {
		t.Error("the digests do not say who has signed")
	}
}
