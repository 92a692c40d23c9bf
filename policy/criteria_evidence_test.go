package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/verdict"
)

func signature(signers ...string) Attestation {
	return Attestation{PredicateType: SignaturePredicates()[0], Signers: signers}
}

func provenance(change func(*Attestation)) Attestation {
	a := Attestation{PredicateType: ProvenancePredicates()[0], Signers: []string{"ci-main"}, Builder: "https://ci.example/release",
		SourceRepository: "https://git.example/team/app", SourceRef: "refs/heads/main"}
	if change != nil {
		change(&a)
	}
	return a
}

func billOf(complete bool, signers ...string) Attestation {
	return Attestation{PredicateType: SBOMPredicates()[0], Signers: signers, SBOM: &AttestedSBOM{Packages: 3, Complete: complete}}
}

func judged(result string, hoursAgo int, change func(*Attestation)) Attestation {
	a := Attestation{PredicateType: VerdictPredicate(), Signers: []string{"ci-main"}, StatedAt: now().Add(-time.Duration(hoursAgo) * time.Hour), Verdict: &AttestedVerdict{Result: result}}
	if change != nil {
		change(&a)
	}
	return a
}

func TestEvidenceCriteria(t *testing.T) {
	const (
		built = `notBuiltBy: {builder: ["https://ci.example/**"], source: ["https://git.example/**"], ref: ["refs/heads/*"], by: [ci-main]}`
		valid = "verdictMissing: {by: [ci-main], maxAge: 24h}"
		two   = "notSignedBy: {anyOf: [a, b, c], atLeast: 2}"
		test  = `missingAttestation: {type: "https://in-toto.io/attestation/test-result/*", by: [ci-main]}`
	)
	tested := Attestation{PredicateType: "https://in-toto.io/attestation/test-result/v0.1", Signers: []string{"ci-main"}}
	cases := []struct {
		name, rule string
		items      []Attestation
		incomplete verdict.Result // where not all could be read
		complete   verdict.Result
	}{
		{"signed", "notSignedBy: [ci-main]", []Attestation{signature("ci-main")}, verdict.Pass, verdict.Pass},
		{"cosign's older signature", "notSignedBy: [ci-main]", []Attestation{{PredicateType: SignaturePredicates()[1], Signers: []string{"ci-main"}}}, verdict.Pass, verdict.Pass},
		{"not signed", "notSignedBy: [ci-main]", nil, verdict.Unknown, verdict.Fail},
		{"signed by another", "notSignedBy: [ci-main]", []Attestation{signature("ci-lab")}, verdict.Unknown, verdict.Fail},
		{"a signed bill of materials is no signature", "notSignedBy: [ci-main]", []Attestation{billOf(true, "ci-main")}, verdict.Unknown, verdict.Fail},
		{"a list: each must have signed", "notSignedBy: [a, b]", []Attestation{signature("a")}, verdict.Unknown, verdict.Fail},
		{"a list: one after another", "notSignedBy: [a, b]", []Attestation{signature("a"), signature("b")}, verdict.Pass, verdict.Pass},
		{"two of three, in one", two, []Attestation{signature("a", "c")}, verdict.Pass, verdict.Pass},
		{"the same one twice", two, []Attestation{signature("a"), signature("a")}, verdict.Unknown, verdict.Fail},
		{"one of any", "notSignedBy: {anyOf: [a, b]}", []Attestation{signature("b")}, verdict.Pass, verdict.Pass},

		{"attested", test, []Attestation{tested}, verdict.Pass, verdict.Pass},
		{"attested by nobody", test, []Attestation{{PredicateType: tested.PredicateType}}, verdict.Unknown, verdict.Fail},
		{"another type", test, []Attestation{billOf(true, "ci-main")}, verdict.Unknown, verdict.Fail},

		{"built there", built, []Attestation{provenance(nil)}, verdict.Pass, verdict.Pass},
		{"built elsewhere", built, []Attestation{provenance(func(a *Attestation) { a.Builder = "https://laptop.example/x" })}, verdict.Unknown, verdict.Fail},
		{"built from a fork", built, []Attestation{provenance(func(a *Attestation) { a.SourceRepository = "https://evil.example/https://git.example/app" })}, verdict.Unknown, verdict.Fail},
		{"built from a tag", built, []Attestation{provenance(func(a *Attestation) { a.SourceRef = "refs/tags/v1" })}, verdict.Unknown, verdict.Fail},
		{"does not say from where", built, []Attestation{provenance(func(a *Attestation) { a.SourceRepository = "" })}, verdict.Unknown, verdict.Unknown},
		{"elsewhere, and does not say from where", built, []Attestation{provenance(func(a *Attestation) { a.Builder, a.SourceRepository = "https://laptop.example/x", "" })}, verdict.Unknown, verdict.Fail},
		{"built at the level", "notBuiltBy: {level: 3}", []Attestation{provenance(func(a *Attestation) { a.BuildLevel = 3 })}, verdict.Pass, verdict.Pass},
		{"built below the level", "notBuiltBy: {level: 3}", []Attestation{provenance(func(a *Attestation) { a.BuildLevel = 2 })}, verdict.Unknown, verdict.Fail},
		{"a builder of no level", "notBuiltBy: {level: 1}", []Attestation{provenance(nil)}, verdict.Unknown, verdict.Fail},
		{"a level is provenance's", "notBuiltBy: {level: 1}", []Attestation{signature("ci-main")}, verdict.Unknown, verdict.Fail},
		{"signed by another builder", built, []Attestation{provenance(func(a *Attestation) { a.Signers = []string{"ci-lab"} })}, verdict.Unknown, verdict.Fail},
		{"two that say half of it each", built, []Attestation{
			provenance(func(a *Attestation) { a.Builder = "https://laptop.example/x" }), provenance(func(a *Attestation) { a.SourceRef = "refs/tags/v1" })}, verdict.Unknown, verdict.Fail},

		{"a complete bill", "sbomMissing: true", []Attestation{billOf(true, "x")}, verdict.Pass, verdict.Pass},
		{"no bill", "sbomMissing: true", nil, verdict.Unknown, verdict.Fail},
		{"a bill that says something is missing", "sbomMissing: true", []Attestation{billOf(false, "x")}, verdict.Unknown, verdict.Fail},
		{"an unsigned bill", "sbomMissing: true", []Attestation{billOf(true)}, verdict.Unknown, verdict.Fail},
		{"a bill that could not be read", "sbomMissing: true", []Attestation{{PredicateType: SBOMPredicates()[1], Signers: []string{"x"}}}, verdict.Unknown, verdict.Unknown},

		{"passed", valid, []Attestation{judged("PASSED", 1, nil)}, verdict.Unknown, verdict.Pass},
		{"no verdict", valid, nil, verdict.Unknown, verdict.Fail},
		{"failed", valid, []Attestation{judged("FAILED", 1, nil)}, verdict.Unknown, verdict.Fail},
		{"too old", valid, []Attestation{judged("PASSED", 24, nil)}, verdict.Unknown, verdict.Fail},
		{"signed long ago, stated now", valid, []Attestation{judged("PASSED", 1, func(a *Attestation) { a.SignedAt = now().Add(-48 * time.Hour) })}, verdict.Unknown, verdict.Fail},
		{"no longer valid", valid, []Attestation{judged("PASSED", 1, func(a *Attestation) { a.Verdict.ValidUntil = now() })}, verdict.Unknown, verdict.Fail},
		{"valid still", valid, []Attestation{judged("PASSED", 1, func(a *Attestation) { a.Verdict.ValidUntil = now().Add(time.Second) })}, verdict.Unknown, verdict.Pass},
		{"a newer one failed", valid, []Attestation{judged("PASSED", 2, nil), judged("FAILED", 1, nil)}, verdict.Unknown, verdict.Fail},
		{"an equally new one failed", valid, []Attestation{judged("PASSED", 1, nil), judged("FAILED", 1, nil)}, verdict.Unknown, verdict.Fail},
		{"an older one failed", valid, []Attestation{judged("PASSED", 1, nil), judged("FAILED", 2, nil)}, verdict.Unknown, verdict.Pass},
		{"a stranger's newer one failed", valid, []Attestation{judged("PASSED", 2, nil), judged("FAILED", 1, func(a *Attestation) { a.Signers = []string{"ci-lab"} })}, verdict.Unknown, verdict.Pass},
		{"the newest ended, an older one is valid still", valid, []Attestation{judged("PASSED", 2, func(a *Attestation) { a.Verdict.ValidUntil = now().Add(99 * time.Hour) }), judged("PASSED", 1, func(a *Attestation) { a.Verdict.ValidUntil = now() })}, verdict.Unknown, verdict.Fail},
		{"nobody knows when it was made", valid, []Attestation{judged("PASSED", 1, func(a *Attestation) { a.StatedAt = time.Time{} })}, verdict.Unknown, verdict.Unknown},
	}
	for _, c := range cases {
		in := image1()
		in.Policies = policyOf(t, rulesOf(c.rule))
		in.Evidence.Items = c.items
		for state, want := range map[string]verdict.Result{"": verdict.Deferred, "complete": c.complete, "a list has too many pages": c.incomplete} {
			in.Evidence.Gathered, in.Evidence.Incomplete = state != "", strings.Replace(state, "complete", "", 1)
			got := Evaluate(in)
			if got.Rules[0].Result != want {
				t.Errorf("%s (%q): %s, want %s: %s", c.name, state, got.Rules[0].Result, want, got.Rules[0].Message)
			}
			if want != verdict.Pass && got.Outcome[verdict.Ship] != verdict.Deny {
				t.Errorf("%s (%q): %s at ship", c.name, state, got.Outcome[verdict.Ship])
			}
		}
	}
}

// What an expression does not find in evidence that could not all be read is not known, however it
// asks.
func TestExpressionsOnEvidence(t *testing.T) {
	cases := []struct {
		name, expr string
		incomplete verdict.Result
		complete   verdict.Result // expr says what must hold
	}{
		{"found", `evidence.exists(e, "ci-main" in e.signers)`, verdict.Pass, verdict.Pass},
		{"not found", `evidence.exists(e, "other" in e.signers)`, verdict.Unknown, verdict.Fail},
		{"all", `evidence.all(e, "ci-main" in e.signers)`, verdict.Unknown, verdict.Pass},
		{"not all", `evidence.all(e, "other" in e.signers)`, verdict.Fail, verdict.Fail},
		{"the number", "size(evidence) < 5", verdict.Unknown, verdict.Pass},
		{"some at all", "evidence != []", verdict.Unknown, verdict.Pass},
		{"a number of those", `evidence.filter(e, "ci-main" in e.signers).size() == 1`, verdict.Unknown, verdict.Pass},
		{"whatever it is", "evidence.exists_one(e, true)", verdict.Unknown, verdict.Pass},
		{"our function finds it", `evidence.signedBy(["ci-main"], 1)`, verdict.Pass, verdict.Pass},
		{"our function does not", `evidence.signedBy(["ci-main", "x"], 2)`, verdict.Unknown, verdict.Fail},
		{"the image decides", `image.tag == "" || true || size(evidence) == 9`, verdict.Pass, verdict.Pass},
		{"inside another loop", `["ci-main"].all(n, evidence.exists(e, n in e.signers))`, verdict.Pass, verdict.Pass},
	}
	for _, c := range cases {
		in := image1()
		in.Policies = policyOf(t, "rules: [{id: r, expr: '"+c.expr+"'}]")
		in.Evidence = Attestations{Gathered: true, Items: []Attestation{signature("ci-main")}}
		if got := Evaluate(in).Rules[0]; got.Result != c.complete {
			t.Errorf("%s: %s, want %s: %s", c.name, got.Result, c.complete, got.Message)
		}
		in.Evidence.Incomplete = "a list has too many pages"
		if got := Evaluate(in).Rules[0]; got.Result != c.incomplete {
			t.Errorf("%s, incomplete: %s, want %s: %s", c.name, got.Result, c.incomplete, got.Message)
		}
	}
}

// Incomplete evidence of which nothing is known is not even known to be there.
func TestNoKnownEvidence(t *testing.T) {
	for _, expr := range []string{"evidence.exists(e, true)", "!evidence.all(e, false)", "size(evidence.map(e, 1)) > 0"} {
		in := image1()
		in.Policies = policyOf(t, "rules: [{id: r, expr: '"+expr+"'}]")
		in.Evidence = Attestations{Gathered: true, Incomplete: "an index was too large"}
		if got := Evaluate(in).Rules[0]; got.Result != verdict.Unknown {
			t.Errorf("%s: %s", expr, got.Result)
		}
	}
}

func TestNotPinned(t *testing.T) {
	in := image1()
	in.Policies = policyOf(t, rulesOf("notPinned: true"))
	for name, c := range map[string]struct {
		repository string
		pinned     bool
		want       verdict.Result
	}{
		"by a tag": {"registry.example/app", false, verdict.Fail}, "by its digest": {"registry.example/app", true, verdict.Pass}, "without a name": {"", false, verdict.Unknown},
	} {
		in.Repository, in.Pinned = c.repository, c.pinned
		if got := Evaluate(in).Rules[0]; got.Result != c.want {
			t.Errorf("%s: %s, want %s", name, got.Result, c.want)
		}
	}
}

// The digest of the evidence does not depend on the order in which it was gathered, and a verdict on
// a verdict ends when that does.
func TestEvidenceIsAnInput(t *testing.T) {
	in := image1()
	in.Policies = policyOf(t, rulesOf("verdictMissing: {maxAge: 24h}"))
	if got := Evaluate(in).Inputs.Evidence; !got.IsZero() {
		t.Errorf("nothing was gathered, and its digest is %s", got)
	}
	in.Evidence = Attestations{Gathered: true, Items: []Attestation{judged("PASSED", 2, nil), signature("b", "a"), signature("a")}}
	before := Evaluate(in)
	slices.Reverse(in.Evidence.Items)
	slices.Reverse(in.Evidence.Items[1].Signers)
	if after := Evaluate(in); before.Inputs.Evidence.IsZero() || before.Inputs != after.Inputs {
		t.Error("the digest of the evidence depends on the order")
	}
	if want := "2026-11-23T08:00:00Z"; before.ValidUntil != want {
		t.Errorf("valid until %s, want %s", before.ValidUntil, want)
	}
	in.Evidence.Incomplete = "an index was too large"
	if Evaluate(in).Inputs.Evidence == before.Inputs.Evidence {
		t.Error("the digest of the evidence does not depend on whether it is all")
	}
}
