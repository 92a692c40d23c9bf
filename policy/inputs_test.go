package policy

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/verdict"
)

// Each recorded input is named by one member of the verdict's inputs, and by no other.
func TestEachInputShows(t *testing.T) {
	start := func() Input {
		in := image1()
		in.Findings = []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical)}
		in.Policies = policyOf(t, byAppsec, rulesOf("severity: [critical]"))
		in.Waivers = waiversOf(t, "")
		in.VEX = []advisory.VEXStatement{statement(advisory.VEXAffected, purlProduct(libssl))}
		in.VEXDigests = []image.Digest{image.DigestOf([]byte("vex"))}
		in.ScannedAt = now().Add(-time.Hour)
		in.Evidence.Gathered = true
		return in
	}
	before := Evaluate(start())
	cases := map[string]func(*Input){
		"facts":       func(in *Input) { in.Facts.Packages = in.Facts.Packages[1:] },
		"findings":    func(in *Input) { in.Findings[0].Severity = advisory.Low },
		"database":    func(in *Input) { in.Database.Digest = image.DigestOf([]byte("newer")) },
		"policy":      func(in *Input) { in.Policies = policyOf(t, byAppsec, rulesOf("severity: [high]")) },
		"waivers":     func(in *Input) { in.Waivers = waiversOf(t, "reason: another") },
		"vex":         func(in *Input) { in.VEXDigests = append(in.VEXDigests, image.DigestOf([]byte("another"))) },
		"evidence":    func(in *Input) { in.Evidence.Items = append(in.Evidence.Items, signature("a")) },
		"subject  ":   func(in *Input) { in.Pinned = true },
		"engine":      func(in *Input) { in.Engine = "plimsoll 1.0.1" },
		"scannedAt":   func(in *Input) { in.ScannedAt = in.ScannedAt.Add(time.Second) },
		"subject ":    func(in *Input) { in.Facts.Target.Base = &inventory.Base{Name: "debian:12"} },
		"subject":     func(in *Input) { in.Repository = "registry.example/other" },
		"evaluatedAt": func(in *Input) { in.Now = in.Now.Add(time.Second) },
	}
	for name, change := range cases {
		in := start()
		change(&in)
		name = strings.TrimSpace(name)
		if diff := cmp.Diff([]string{name}, changed(t, before, Evaluate(in))); diff != "" {
			t.Errorf("%s changed; the members that did: -want +got:\n%s", name, diff)
		}
	}
	if got := changed(t, before, Evaluate(start())); got != nil {
		t.Errorf("nothing changed, and %v did", got)
	}
}

// changed returns the members of the inputs that differ, and evaluatedAt if that does.
func changed(t *testing.T, a, b Decided) []string {
	t.Helper()
	members := func(d Decided) map[string]any {
		text, err := json.Marshal(d.Inputs)
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]any{}
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		m["evaluatedAt"] = d.EvaluatedAt
		return m
	}
	var names []string
	after := members(b)
	for name, value := range members(a) {
		if !cmp.Equal(value, after[name]) {
			names = append(names, name)
		}
	}
	return names
}

// The same content under two names has two verdicts; a name that no policy is about is unknown.
func TestOneContentTwoNames(t *testing.T) {
	in := image1()
	in.Findings = []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical)}
	in.Policies = append(policyOf(t, "scope: {images: [registry.example/prod/**]}", rulesOf("severity: [critical]")),
		policyOf(t, "scope: {images: [registry.example/lab/**]}", rulesOf("kev: true"))...)
	for repository, want := range map[string]verdict.Outcome{
		"registry.example/prod/app": verdict.Deny, "registry.example/lab/app": verdict.Allow, "registry.example/other/app": verdict.Deny,
	} {
		in.Repository = repository
		got := Evaluate(in)
		if got.Outcome[verdict.Ship] != want || got.Inputs.Subject.Repository != repository {
			t.Errorf("%s: %s, subject %s", repository, got.Outcome[verdict.Ship], got.Inputs.Subject.Repository)
		}
		if unknown := got.Rules[0].ID == ScopeRule && got.Rules[0].Result == verdict.Unknown; unknown != (repository == "registry.example/other/app") {
			t.Errorf("%s: first rule %s is %s", repository, got.Rules[0].ID, got.Rules[0].Result)
		}
	}
}

// A deferred rule lets an image pass the stages before its input can exist, and no later one.
func TestDeferred(t *testing.T) {
	for name, c := range map[string]struct {
		rule string
		want map[verdict.Stage]verdict.Outcome
	}{
		"signatures come before an image is shipped": {rulesOf("notSignedBy: [ci-main]"),
			map[verdict.Stage]verdict.Outcome{verdict.Build: "allow", verdict.Ship: "deny", verdict.Admit: "deny", verdict.Run: "deny"}},
		"what runs it is known when it is admitted": {`rules: [{id: r, expr: 'workload.labels.x == "y"'}]`,
			map[verdict.Stage]verdict.Outcome{verdict.Build: "allow", verdict.Ship: "allow", verdict.Admit: "deny", verdict.Run: "deny"}},
		"secrets could be searched for, and are not": {rulesOf("secret: any"),
			map[verdict.Stage]verdict.Outcome{verdict.Build: "deny", verdict.Ship: "deny", verdict.Admit: "deny", verdict.Run: "deny"}},
	} {
		in := image1()
		in.Policies = policyOf(t, c.rule)
		got := Evaluate(in)
		if got.Rules[0].Result != verdict.Deferred {
			t.Errorf("%s: %s (%s)", name, got.Rules[0].Result, got.Rules[0].Message)
		}
		if diff := cmp.Diff(c.want, got.Outcome); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// Of an image about which nothing is known, no criterion's rule passes.
func TestNothingKnownPassesNoCriterion(t *testing.T) {
	for _, c := range allCriteria() {
		for _, value := range append(values()[c.name], c.example) {
			if c.name == "scanAge" {
				continue // it is known: the image is scanned now
			}
			in := Input{Policies: policyOf(t, rulesOf(c.name+": "+value)), Now: now()}
			if got := Evaluate(in).Rules[0]; got.Result == verdict.Pass || got.Result == verdict.Waived {
				t.Errorf("%s: %s is %s of an image about which nothing is known", c.name, value, got.Result)
			}
		}
	}
}
