package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/verdict"
)

// waiversOf reads waivers, of which each needs only what makes it special.
func waiversOf(t testing.TB, specials ...string) []Waiver {
	t.Helper()
	var list []Waiver
	for i, special := range specials {
		keys := map[string]string{
			"metadata": "{id: W-" + string(rune('1'+i)) + ", owner: pay@example.com, approvedBy: appsec@example.com}",
			"match":    "{vulnerabilities: [CVE-1]}", "decision": "accept_risk", "reason": "not reachable", "expires": "2026-12-30T00:00:00Z",
		}
		for _, line := range strings.Split(special, "\n") {
			if key, value, ok := strings.Cut(line, ": "); ok {
				keys[key] = value
			}
		}
		text := "apiVersion: plimsoll.dev/v1\nkind: Waiver\n"
		for _, key := range []string{"metadata", "match", "decision", "justification", "reason", "actionStatement", "expires", "endWhen"} {
			if keys[key] != "" {
				text += key + ": " + keys[key] + "\n"
			}
		}
		parsed, err := ParseWaivers("waiver.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, parsed...)
	}
	return list
}

const byAppsec = "waivers: {approvers: [appsec@example.com], longest: {critical: 60d, high: 90d}}"

func TestWaivers(t *testing.T) {
	critical := vulnerability("CVE-1", libssl, advisory.Critical)
	alias := with(critical, func(f *finding.Finding) { f.ID, f.Aliases = "GHSA-1", []string{"CVE-1"} })
	setuid := inventory.FileFacts{Setuid: []inventory.File{{Path: "usr/bin/su", Mode: 0o4755}}}
	cases := []struct {
		name    string
		waivers []string
		terms   string
		rule    string
		finding finding.Finding
		change  func(*Input)
		result  verdict.Result
		state   verdict.ExceptionState // of the first waiver
	}{
		{name: "by its id", result: verdict.Waived, state: verdict.Used},
		{name: "by an alias", finding: alias, result: verdict.Waived, state: verdict.Used},
		{name: "another vulnerability", waivers: []string{"match: {vulnerabilities: [CVE-2]}"}, result: verdict.Fail, state: verdict.Unused},
		{name: "or inside a list", waivers: []string{"match: {vulnerabilities: [CVE-2, CVE-1]}"}, result: verdict.Waived, state: verdict.Used},
		{name: "binary package", waivers: []string{`match: {vulnerabilities: [CVE-1], purls: ["pkg:apk/alpine/libssl3"]}`}, result: verdict.Waived, state: verdict.Used},
		{name: "source package, in its version", waivers: []string{`match: {vulnerabilities: [CVE-1], purls: ["pkg:apk/alpine/openssl@3.3.2-r0"]}`}, result: verdict.Waived, state: verdict.Used},
		{name: "with qualifiers", waivers: []string{`match: {vulnerabilities: [CVE-1], purls: ["pkg:apk/alpine/libssl3@3.3.2-r0?arch=aarch64"]}`}, result: verdict.Waived, state: verdict.Used},
		{name: "another version", waivers: []string{`match: {vulnerabilities: [CVE-1], purls: ["pkg:apk/alpine/openssl@3.3.3-r0"]}`}, result: verdict.Fail, state: verdict.Unused},
		{name: "and across lists", waivers: []string{`match: {vulnerabilities: [CVE-1], purls: ["pkg:apk/alpine/libssl3"], images: [other/**]}`}, result: verdict.Fail, state: verdict.Unused},
		{name: "the image", waivers: []string{`match: {vulnerabilities: [CVE-1], images: ["registry.example/**"]}`}, result: verdict.Waived, state: verdict.Used},
		{name: "an image without a name", waivers: []string{`match: {vulnerabilities: [CVE-1], images: ["**"]}`}, change: func(in *Input) { in.Repository = "" }, result: verdict.Fail, state: verdict.Unused},
		{name: "the digest", waivers: []string{`match: {vulnerabilities: [CVE-1], digests: ["` + image1().Facts.Target.Digest.String() + `"]}`}, result: verdict.Waived, state: verdict.Used},
		{name: "another digest", waivers: []string{`match: {vulnerabilities: [CVE-1], digests: ["sha256:` + strings.Repeat("0", 64) + `"]}`}, result: verdict.Fail, state: verdict.Unused},
		{name: "the rule", waivers: []string{"match: {rules: [r]}"}, result: verdict.Waived, state: verdict.Used},
		{name: "another rule", waivers: []string{"match: {rules: [other]}"}, result: verdict.Fail, state: verdict.Unused},
		{name: "vulnerability and rule", waivers: []string{"match: {rules: [r], vulnerabilities: [CVE-1]}"}, result: verdict.Waived, state: verdict.Used},
		{name: "vulnerability and another rule", waivers: []string{"match: {rules: [other], vulnerabilities: [CVE-1]}"}, result: verdict.Fail, state: verdict.Unused},
		{name: "two that overlap waive no more than each", waivers: []string{
			`match: {vulnerabilities: [CVE-1], images: [other/**]}`, `match: {vulnerabilities: [CVE-2]}`}, result: verdict.Fail, state: verdict.Unused},
		{name: "ended", waivers: []string{"expires: 2026-11-22T10:00:00Z"}, result: verdict.Fail, state: verdict.Expired},
		{name: "ends in a second", waivers: []string{"expires: 2026-11-22T10:00:01Z"}, result: verdict.Waived, state: verdict.Expiring},
		{name: "nobody may approve", terms: "waivers: {longest: {critical: 60d}}", result: verdict.Fail, state: verdict.Refused},
		{name: "somebody else may approve", terms: "waivers: {approvers: [ciso@example.com]}", result: verdict.Fail, state: verdict.Refused},
		{name: "anybody may approve", terms: `waivers: {approvers: ["*"]}`, result: verdict.Waived, state: verdict.Used},
		{name: "longer than the policy grants", terms: "waivers: {approvers: [appsec@example.com], longest: {critical: 14d}}", result: verdict.Fail, state: verdict.Refused},
		{name: "as long as the policy grants, since it was approved", terms: "waivers: {approvers: [appsec@example.com], longest: {critical: 45d}}",
			waivers: []string{"metadata: {id: W-1, owner: a@example.com, approvedBy: appsec@example.com, approvedAt: 2026-11-15T00:00:00Z}"}, result: verdict.Waived, state: verdict.Used},
		{name: "too long since it was approved", terms: "waivers: {approvers: [appsec@example.com], longest: {critical: 45d}}",
			waivers: []string{"metadata: {id: W-1, owner: a@example.com, approvedBy: appsec@example.com, approvedAt: 2026-11-14T00:00:00Z}"}, result: verdict.Fail, state: verdict.Refused},
		{name: "of what nobody has rated, as long as the strictest limit", finding: with(critical, func(f *finding.Finding) { f.Severity = 0 }),
			terms: "waivers: {approvers: [appsec@example.com], longest: {critical: 14d, low: 90d}}", result: verdict.Unknown, state: verdict.Refused},
		{name: "approved in the future", waivers: []string{"metadata: {id: W-1, owner: a@example.com, approvedBy: appsec@example.com, approvedAt: 2026-11-23T00:00:00Z}"}, result: verdict.Fail, state: verdict.Refused},
		{name: "until there is a fix: there is none", waivers: []string{"endWhen: fixAvailable"}, result: verdict.Waived, state: verdict.Used},
		{name: "until there is a fix: there is one", waivers: []string{"endWhen: fixAvailable"}, finding: vulnerability("CVE-1", libssl, advisory.Critical, "4"), result: verdict.Fail, state: verdict.Ended},
		{name: "until there is a fix: nobody knows", waivers: []string{"endWhen: fixAvailable"}, finding: with(critical, func(f *finding.Finding) { f.FixState = finding.FixUnknown }), result: verdict.Fail, state: verdict.Ended},
		{name: "until the component changes", waivers: []string{"endWhen: componentChanged\n" + `match: {vulnerabilities: [CVE-1], purls: ["pkg:apk/alpine/openssl@3.3.2-r0"]}`}, result: verdict.Waived, state: verdict.Used},
		{name: "the component has changed", waivers: []string{"endWhen: componentChanged\n" + `match: {vulnerabilities: [CVE-1], purls: ["pkg:apk/alpine/openssl@3.3.1-r0"]}`}, result: verdict.Fail, state: verdict.Unused},
		{name: "under investigation", waivers: []string{"decision: under_investigation"}, result: verdict.Fail, state: verdict.Unused},
		{name: "waived, and packages were not understood", change: func(in *Input) { in.Coverage.Set("packages/rpm", inventory.Unknown) }, result: verdict.Unknown, state: verdict.Used},
		{name: "not waived, for nobody knows how severe it is, and waived if it were", finding: with(critical, func(f *finding.Finding) { f.Severity = 0 }), result: verdict.Waived, state: verdict.Used},
		{name: "a rule of the image", rule: "rules: [{id: r, deny: {registry: [registry.example]}}]", waivers: []string{"match: {rules: [r]}"}, result: verdict.Waived, state: verdict.Used},
		{name: "a rule of the image, for a package", rule: "rules: [{id: r, deny: {registry: [registry.example]}}]", waivers: []string{`match: {rules: [r], purls: ["pkg:apk/**"]}`}, result: verdict.Fail, state: verdict.Unused},
		{name: "an expression of the image", rule: "rules: [{id: r, expr: size(packages) < 2}]", waivers: []string{"match: {rules: [r]}"}, result: verdict.Waived, state: verdict.Used},
		{name: "a rule of packages, for one", rule: `rules: [{id: r, deny: {component: ["pkg:apk/alpine/libssl3"]}}]`, waivers: []string{`match: {rules: [r], purls: ["pkg:apk/alpine/openssl"]}`}, result: verdict.Waived, state: verdict.Used},
		{name: "a rule of packages, for another", rule: `rules: [{id: r, deny: {component: ["pkg:apk/alpine/**"]}}]`, waivers: []string{`match: {rules: [r], purls: ["pkg:apk/alpine/libssl3"]}`}, result: verdict.Fail, state: verdict.Used},
		{name: "a rule of files", rule: "rules: [{id: r, deny: {setuid: any}}]", waivers: []string{"match: {rules: [r]}"},
			change: func(in *Input) { in.Facts.Files = setuid; in.Coverage.Set("files", inventory.Full) }, result: verdict.Waived, state: verdict.Used},
		{name: "a rule of the configuration", rule: "rules: [{id: r, deny: {config: [user-root]}}]", waivers: []string{"match: {rules: [r]}"}, finding: runsAsRoot(), result: verdict.Waived, state: verdict.Used},
		{name: "what counts of several", rule: "rules: [{id: r, deny: {severity: [critical], atLeast: 2}}]", change: func(in *Input) {
			in.Findings = append(in.Findings, vulnerability("CVE-2", libssl, advisory.Critical))
		}, result: verdict.Waived, state: verdict.Used},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := image1()
			if c.waivers == nil {
				c.waivers = []string{""}
			}
			if c.terms == "" {
				c.terms = byAppsec
			}
			if c.rule == "" {
				c.rule = rulesOf("severity: [critical]")
			}
			if c.finding.Key == "" {
				c.finding = critical
			}
			in.Findings = []finding.Finding{c.finding}
			in.Policies, in.Waivers = policyOf(t, c.terms, c.rule), waiversOf(t, c.waivers...)
			if c.change != nil {
				c.change(&in)
			}
			got := Evaluate(in)
			if got.Rules[0].Result != c.result || got.Waivers[0].State != c.state {
				t.Errorf("%s (%s), waiver %s (%s); want %s, %s", got.Rules[0].Result, got.Rules[0].Message, got.Waivers[0].State, got.Waivers[0].Why, c.result, c.state)
			}
		})
	}
}

// A finding that every policy has waived is told as waived; it stays in the report.
func TestWaivedFindingsAreTold(t *testing.T) {
	in := image1()
	in.Findings = []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical)}
	in.Waivers = waiversOf(t, "")
	strict := strings.ReplaceAll(byAppsec, "appsec", "ciso")
	for name, c := range map[string]struct {
		policies []Policy
		want     finding.Status
	}{
		"one policy":                         {policyOf(t, byAppsec, rulesOf("kev: true")), finding.Waived},
		"two policies, one does not":         {slices.Concat(policyOf(t, byAppsec, rulesOf("kev: true")), policyOf(t, strict, rulesOf("kev: true"))), finding.Affected},
		"no policy in scope":                 {policyOf(t, "scope: {images: [x]}", byAppsec, rulesOf("kev: true")), finding.Affected},
		"a policy that is not in scope does": {slices.Concat(policyOf(t, "scope: {images: [x]}", byAppsec, rulesOf("kev: true")), policyOf(t, strict, rulesOf("kev: true"))), finding.Affected},
	} {
		in.Policies = c.policies
		got := Evaluate(in).Findings
		if len(got) != 1 || got[0].Status != c.want || (got[0].Waiver == "W-1") != (c.want == finding.Waived) {
			t.Errorf("%s: %+v, want one, %s", name, got, c.want)
		}
	}
	if in.Findings[0].Status != finding.Affected || in.Findings[0].Waiver != "" {
		t.Error("the input was changed")
	}
}

// What an earlier evaluation made of a finding does not count in the next.
func TestStatusOfTheInputDoesNotCount(t *testing.T) {
	for _, status := range []finding.Status{finding.NotAffected, finding.Fixed, finding.Waived, "harmless"} {
		in := image1()
		in.Findings = []finding.Finding{with(vulnerability("CVE-1", libssl, advisory.Critical), func(f *finding.Finding) { f.Status, f.Waiver, f.VEX = status, "W-9", "d#1" })}
		in.Policies = policyOf(t, rulesOf("severity: [critical]"))
		got := Evaluate(in)
		in.Findings[0] = vulnerability("CVE-1", libssl, advisory.Critical)
		if got.Inputs != Evaluate(in).Inputs {
			t.Errorf("%s: the digest of the findings depends on it", status)
		}
		if got.Rules[0].Result != verdict.Fail || got.Findings[0].Status != finding.Affected || got.Findings[0].Waiver+got.Findings[0].VEX != "" {
			t.Errorf("%s: %s, %+v", status, got.Rules[0].Result, got.Findings[0])
		}
	}
}

func TestOverlappingWaivers(t *testing.T) {
	in := image1()
	in.Findings = []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical), vulnerability("CVE-1", crypto, advisory.Critical)}
	in.Policies = policyOf(t, byAppsec, rulesOf("severity: [critical]"))
	in.Waivers = waiversOf(t, `match: {vulnerabilities: [CVE-1], purls: ["pkg:apk/alpine/libssl3"]}`, "")
	want := []verdict.Exception{
		{ID: "W-1", State: verdict.Used, Applied: []string{in.Findings[0].Key}, Expires: "2026-12-30T00:00:00Z"},
		{ID: "W-2", State: verdict.Used, Why: "some of it is waived by W-1 already", Applied: []string{in.Findings[1].Key}, Expires: "2026-12-30T00:00:00Z"},
	}
	if diff := cmp.Diff(want, Evaluate(in).Waivers); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRefusedWaivers(t *testing.T) {
	const good = "apiVersion: plimsoll.dev/v1\nkind: Waiver\nmetadata: {id: W-1, owner: a@example.com, approvedBy: b@example.com}\n" +
		"match: {vulnerabilities: [CVE-1]}\ndecision: accept_risk\nreason: r\nexpires: 2026-12-30T00:00:00Z\n"
	if _, err := ParseWaivers("w.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"no end":                      {"expires: 2026-12-30T00:00:00Z\n", "", "w.yaml:1:1: expires is missing; add it"},
		"an end without a zone":       {"2026-12-30T00:00:00Z", "2026-12-30T00:00:00", `w.yaml:7:10: expires is "2026-12-30T00:00:00"; write day, time and zone, such as 2026-12-30T00:00:00Z`},
		"a day":                       {"2026-12-30T00:00:00Z", "2026-12-30", `w.yaml:7:10: expires is "2026-12-30"; write day, time and zone, such as 2026-12-30T00:00:00Z`},
		"half a second":               {"00:00:00Z", "00:00:00.5Z", `w.yaml:7:10: expires is "2026-12-30T00:00:00.5Z"; write whole seconds`},
		"owner approves":              {"b@example.com", "A@example.com", "w.yaml:3:55: metadata.approvedBy is the owner; whoever answers for a risk cannot approve it: name somebody else"},
		"owner approves, other order": {"owner: a@example.com, approvedBy: b@example.com", "approvedBy: a@example.com, owner: a@example.com", "w.yaml:3:33: metadata.approvedBy is the owner; whoever answers for a risk cannot approve it: name somebody else"},
		"nobody approves":             {", approvedBy: b@example.com", "", "w.yaml:3:11: metadata.approvedBy is missing; add it"},
		"nothing is waived":           {"vulnerabilities: [CVE-1]", `purls: ["pkg:npm/a"]`, "w.yaml:4:8: match names neither vulnerabilities nor rules; name what is waived"},
		"all vulnerabilities":         {"CVE-1", "'*'", `w.yaml:4:27: match.vulnerabilities is "*"; a waiver names vulnerabilities one by one`},
		"an unknown key":              {"reason: r", "reason: r\nreasons: r", `w.yaml:7:1: unknown key "reasons" in the waiver; the nearest known key is "reason" (known: apiVersion, kind, metadata, match, decision, justification, reason, actionStatement, expires, endWhen)`},
		"a decision nobody knows":     {"accept_risk", "accept", `w.yaml:5:11: decision is "accept"; write not_affected, accept_risk, false_positive or under_investigation`},
		"a justification for a risk":  {"reason: r", "reason: r\njustification: component_not_present", "w.yaml:1:1: justification says why something is not affected, and the decision is accept_risk; leave it out"},
		"components without version":  {"reason: r", "reason: r\nendWhen: componentChanged", "w.yaml:1:1: endWhen is componentChanged; match.purls must name the components with their versions, such as pkg:deb/debian/openssl@3.0.11-1"},
		"approved after its end":      {"{id: W-1", "{id: W-1, approvedAt: 2027-01-01T00:00:00Z", "w.yaml:1:1: the waiver ends before it was approved; mend expires or metadata.approvedAt"},
		"a policy":                    {"kind: Waiver", "kind: Policy", `w.yaml:2:7: kind is "Policy"; a waiver file holds documents of the kind Waiver alone: move this one to a file of its own`},
		"an anchor":                   {"reason: r", "reason: &a r", "w.yaml:6:9: a YAML anchor (&a) is not allowed in a waiver; write the value out where it is needed"},
		"twice":                       {"apiVersion", good + "---\napiVersion", `w.yaml:11:16: waiver "W-1" stands already in line 3; give each waiver an id of its own`},
		"empty":                       {good, "# nothing\n", "w.yaml:1:1: the file holds no waiver; begin with apiVersion: plimsoll.dev/v1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseWaivers("w.yaml", []byte(strings.Replace(good, c.old, c.new, 1)))
			got := ""
			if err != nil {
				got, _, _ = strings.Cut(err.Error(), "\n")
			}
			if got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// FuzzParseWaivers: whatever is read as a waiver ends, names what it waives, and was approved by
// somebody else; and one that was never approved for a policy leaves the verdict as it was.
func FuzzParseWaivers(f *testing.F) {
	f.Add([]byte("apiVersion: plimsoll.dev/v1\nkind: Waiver\nmetadata: {id: W-1, owner: a, approvedBy: b}\nmatch: {vulnerabilities: [CVE-1]}\ndecision: accept_risk\nreason: r\nexpires: 2026-12-30T00:00:00Z\n"))
	f.Add([]byte("apiVersion: plimsoll.dev/v1\nkind: Waiver\nmetadata: {id: W-1, owner: a, approvedBy: b}\nmatch: {rules: [r], purls: ['pkg:npm/**@1'], images: [a/**]}\ndecision: not_affected\njustification: component_not_present\nreason: r\nexpires: 2026-12-30T00:00:00+02:00\nendWhen: fixAvailable\n"))
	in := image1()
	in.Findings = []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical), runsAsRoot()}
	in.Policies = policyOf(f, "rules: [{id: r, deny: {severity: [critical]}}, {id: root, deny: {config: [user-root]}}]")
	without := Evaluate(in)
	f.Fuzz(func(t *testing.T, data []byte) {
		waivers, err := ParseWaivers("w.yaml", data)
		if err != nil {
			return
		}
		for _, w := range waivers {
			if w.expires.IsZero() || len(w.vulnerabilities)+len(w.rules) == 0 || sameIdentity(w.owner, w.approver) || w.reason == "" {
				t.Errorf("a waiver that is none: %+v", w)
			}
		}
		in := in
		in.Waivers = waivers
		if diff := cmp.Diff(without.Rules, Evaluate(in).Rules); diff != "" {
			t.Errorf("waivers that nobody may approve count:\n%s", diff)
		}
	})
}

func TestValidUntilKnowsWaivers(t *testing.T) {
	in := image1()
	in.Findings = []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical)}
	in.Policies = policyOf(t, "waivers: {approvers: ['*']}", rulesOf("severity: [critical]"))
	in.Waivers = waiversOf(t, "expires: 2026-12-01T00:00:00Z", "match: {vulnerabilities: [CVE-1], images: [other]}\nexpires: 2026-11-23T00:00:00Z")
	if got := Evaluate(in).ValidUntil; got != "2026-12-01T00:00:00Z" {
		t.Errorf("valid until %s", got)
	}
	in.Now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	if got := Evaluate(in); got.Rules[0].Result != verdict.Fail {
		t.Errorf("after its end: %s", got.Rules[0].Result)
	}
}
