package schema_test

import (
	"bytes"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/docs/schema"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	reportjson "plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/report/preview"
	"plimsoll.dev/plimsoll/verdict"
)

// examined is an image with one vulnerability, under a policy and a waiver.
func examined(t *testing.T) policy.Input {
	t.Helper()
	const purl = "pkg:deb/debian/a@1"
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	in := policy.Input{
		Facts:    inventory.Facts{Target: inventory.Target{Reference: "x", Repository: "registry.example/team/app"}, Packages: []inventory.Package{{PURL: purl, Type: "deb", Name: "a", Version: "1"}}},
		Findings: []finding.Finding{{Key: finding.VulnerabilityKey("CVE-2026-1", purl), Kind: finding.Vulnerability, ID: "CVE-2026-1", Package: purl, Severity: advisory.Critical}},
		Now:      now, Repository: "registry.example/team/app", Tag: "1", Engine: "plimsoll 1",
	}
	in.Coverage.Set("packages/deb", inventory.Full)
	in.Coverage.Set("advisories/Debian:12", inventory.Full)
	var err error
	if in.Waivers, err = policy.ParseWaivers("w.yaml", []byte(policy.Draft{ID: "W-1", Owner: "a@example.com", Approver: "b@example.com",
		Vulnerabilities: []string{"CVE-2026-1"}, Decision: "accept_risk", Reason: "x", Expires: now.AddDate(0, 0, 3)}.Text())); err != nil {
		t.Fatal(err)
	}
	in.Policies, err = policy.Parse("p.yaml", []byte("apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: p, owner: c@example.com, version: 2}\n"+
		"defaults: {maxDatabaseAge: 72h}\nwaivers: {approvers: [b@example.com]}\nrules:\n- {id: a, deny: {severity: [critical]}}\n- {id: b, deny: {kev: true}}\n- {id: c, where: 'f.epss > 0.5'}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestExplanationsAreValid(t *testing.T) {
	compiled := compile(t, schema.Explanation)
	in := examined(t)
	denied := in
	denied.Waivers = nil
	outOfScope := in
	outOfScope.Policies = nil
	for name, in := range map[string]policy.Input{"waived": in, "denied": denied, "out of scope": outOfScope} {
		decided, told := policy.Explain(in)
		var b bytes.Buffer
		if err := reportjson.WriteExplanation(&b, report.Explain(&report.Report{Target: in.Facts.Target}, verdict.Build, decided, told)); err != nil {
			t.Fatal(err)
		}
		if err := validate(compiled, b.Bytes()); err != nil {
			t.Errorf("%s: %v\n%s", name, err, b.Bytes())
		}
		if validate(compiled, bytes.Replace(b.Bytes(), []byte(`"action"`), []byte(`"act"`), 1)) == nil {
			t.Errorf("%s: a stranger is accepted", name)
		}
	}
}

func TestPreviewsAreValid(t *testing.T) {
	compiled := compile(t, schema.Preview)
	in := examined(t)
	waived := policy.Evaluate(in)
	in.Waivers = nil
	denied := policy.Evaluate(in)
	judged := func(d *policy.Decided) preview.Judged { return preview.Judged{Verdict: &d.Verdict, Effects: d.Effects} }
	p := preview.Preview{Schema: preview.Schema, EvaluatedAt: "2026-11-22T10:00:00Z", Stage: verdict.Build, Policies: []string{"p"}}
	for _, before := range []preview.Judged{{}, judged(&waived), judged(&denied)} {
		for _, after := range []preview.Judged{judged(&waived), judged(&denied)} {
			p.Add(preview.Compare("a.json", in.Facts.Target, verdict.Build, before, after), true)
		}
	}
	p.AddUnreadable(preview.File{Path: "b.json", Why: "it is damaged"})
	p.Other = []preview.File{{Path: "c.json", Why: "it is none"}}
	p.Finish()
	empty := preview.Preview{Schema: preview.Schema, EvaluatedAt: "2026-11-22T10:00:00Z", Stage: verdict.Build, Policies: []string{"p"}}
	empty.Finish()
	for name, document := range map[string]*preview.Preview{"full": &p, "empty": &empty} {
		var b bytes.Buffer
		if err := reportjson.WritePreview(&b, document); err != nil {
			t.Fatal(err)
		}
		if err := validate(compiled, b.Bytes()); err != nil {
			t.Errorf("%s: %v\n%s", name, err, b.Bytes())
		}
		if validate(compiled, bytes.Replace(b.Bytes(), []byte(`"stage": "build"`), []byte(`"stage": "brew"`), 1)) == nil {
			t.Errorf("%s: a stranger is accepted", name)
		}
	}
}
