package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/verdict"
)

func withoutKEV(in *Input) {
	in.Database.Sources = slices.DeleteFunc(in.Database.Sources, func(s Source) bool { return s.Name == "kev" })
}

func TestExpressions(t *testing.T) {
	likely, half := 0.9, 0.5
	epss := func(id string, score *float64) finding.Finding {
		return with(vulnerability(id, libssl, advisory.High, "4"), func(f *finding.Finding) { f.EPSS = score })
	}
	cases := []struct {
		name, rule string
		findings   []finding.Finding
		change     func(*Input)
		want       verdict.Result
	}{
		{"where finds one", "where: f.epss > 0.5", []finding.Finding{epss("CVE-1", &likely)}, nil, verdict.Fail},
		{"where finds none", "where: f.epss > 0.5", []finding.Finding{epss("CVE-1", &half)}, nil, verdict.Pass},
		{"a missing value is unknown", "where: f.epss > 0.5", []finding.Finding{epss("CVE-1", nil)}, nil, verdict.Unknown},
		{"a missing value beside an offender", "where: f.epss > 0.5", []finding.Finding{epss("CVE-1", nil), epss("CVE-2", &likely)}, nil, verdict.Fail},
		{"a missing value that does not matter", `where: f.epss > 0.5 && f.severity == "low"`, []finding.Finding{epss("CVE-1", nil)}, nil, verdict.Pass},
		{"a missing value that does not matter, the other way", `where: f.severity == "low" && f.epss > 0.5`, []finding.Finding{epss("CVE-1", nil)}, nil, verdict.Pass},
		{"a missing value, or something that holds", "where: f.epss > 0.5 || f.fixable", []finding.Finding{epss("CVE-1", nil)}, nil, verdict.Fail},
		{"a missing value is asked for", "where: '!has(f.epss)'", []finding.Finding{epss("CVE-1", nil)}, nil, verdict.Fail},
		{"an unknown severity", `where: f.severity == "low"`, []finding.Finding{vulnerability("CVE-1", libssl, 0)}, nil, verdict.Unknown},
		{"an unknown severity is asked for", "where: '!f.rated'", []finding.Finding{vulnerability("CVE-1", libssl, 0)}, nil, verdict.Fail},
		{"what only vulnerabilities have is asked of them alone", "where: f.epss > 0.5", []finding.Finding{runsAsRoot()}, nil, verdict.Pass},
		{"what all findings have is asked of all", `where: f.severity == "medium"`, []finding.Finding{runsAsRoot()}, nil, verdict.Fail},
		{"the kind is asked for", `where: f.kind == "config" || f.epss > 0.5`, []finding.Finding{runsAsRoot()}, nil, verdict.Fail},
		{"the database does not hold what is exploited", "where: f.kev", []finding.Finding{epss("CVE-1", nil)}, withoutKEV, verdict.Unknown},
		{"nor, and nothing was found", "where: f.kev", nil, withoutKEV, verdict.Unknown},
		{"nor, and it is denied not to be", "where: '!f.kev'", []finding.Finding{epss("CVE-1", nil)}, withoutKEV, verdict.Unknown},
		{"nor, and it is asked whether it is known", "where: has(f.kev)", []finding.Finding{epss("CVE-1", nil)}, withoutKEV, verdict.Unknown},
		{"nor, in a loop", "expr: '!findings.exists(x, x.kev)'", nil, withoutKEV, verdict.Unknown},
		{"packages were not understood", "where: f.epss > 0.5", nil, func(in *Input) { in.Coverage.Set("packages/rpm", inventory.Unknown) }, verdict.Unknown},
		{"the package", `where: f.package.named("pkg:apk/alpine/openssl") && f.package.source == "openssl"`, []finding.Finding{epss("CVE-1", nil)}, nil, verdict.Fail},
		{"a package that cannot be read", `where: f.package.type == "apk"`, []finding.Finding{vulnerability("CVE-1", "no purl", advisory.Low)}, nil, verdict.Unknown},
		{"the image in a where", `where: f.fixable && image.os == "none"`, []finding.Finding{epss("CVE-1", nil)}, nil, verdict.Fail},
		{"expr holds", "expr: size(packages) < 400", nil, nil, verdict.Pass},
		{"expr does not hold", "expr: size(packages) < 2", nil, nil, verdict.Fail},
		{"expr holds of what was seen", "expr: size(packages) < 400", nil, func(in *Input) { in.Coverage.Set("packages/rpm", inventory.Unknown) }, verdict.Unknown},
		{"expr does not hold of what was seen", "expr: size(packages) < 2", nil, func(in *Input) { in.Coverage.Set("packages/rpm", inventory.Unknown) }, verdict.Fail},
		{"expr reads what was not looked at", `expr: 'image.user != "root"'`, nil, func(in *Input) { delete(in.Coverage.States, "config") }, verdict.Fail},
		{"expr reads what is not known", "expr: image.size < 1000", nil, nil, verdict.Unknown},
		{"expr reads a label", `expr: '"tier" in image.labels'`, nil, nil, verdict.Fail},
		{"expr reads a label that is not there", `expr: 'image.labels["tier"] == "1"'`, nil, nil, verdict.Error},
		{"expr reads a label that may not be there", `expr: 'image.labels[?"tier"].orValue("") == ""'`, nil, nil, verdict.Pass},
		{"expr counts open findings", "expr: findings.filter(f, f.fixable).size() < 1", []finding.Finding{epss("CVE-1", nil)}, nil, verdict.Fail},
		{"expr over a missing value", "expr: '!findings.exists(f, f.epss > 0.5)'", []finding.Finding{epss("CVE-1", nil)}, nil, verdict.Unknown},
		{"expr reads the workload", `expr: 'workload.labels.exposure != "internet"'`, nil, nil, verdict.Deferred},
		{"expr is decided without the workload", `expr: 'image.os == "none" || workload.labels.exposure != "internet"'`, nil, nil, verdict.Pass},
		{"expr reads the workload and what is not known", `expr: 'image.size < 10 || workload.labels.exposure != "internet"'`, nil, nil, verdict.Unknown},
		{"expr divides by nothing", "expr: 1 / size(findings) > 0", nil, nil, verdict.Error},
		{"a pattern that is none", `expr: '!packages.exists(p, p.name.like("[a"))'`, nil, nil, verdict.Error},
		{"an error is not hidden by coverage", "expr: 1 / size(findings) > 0", nil, func(in *Input) { in.Coverage = inventory.Coverage{} }, verdict.Error},
		{"where goes wrong for one finding (CVE-2025-46342)", "where: 1 / size(f.fixedIn) > 5", []finding.Finding{vulnerability("CVE-1", libssl, advisory.Low)}, nil, verdict.Error},
		{"endless", "expr: " + endless(4), many(200), nil, verdict.Error},
		{"long, and not endless", "expr: " + endless(2), many(200), nil, verdict.Fail},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := image1()
			in.Policies, in.Findings = policyOf(t, "rules:\n  - id: r\n    "+c.rule), c.findings
			if c.change != nil {
				c.change(&in)
			}
			if got := Evaluate(in).Rules[0]; got.Result != c.want {
				t.Errorf("%s (%s), want %s", got.Result, got.Message, c.want)
			}
		})
	}
}

// endless is an expression with loops inside loops.
func endless(depth int) string {
	text := "f0.id == 'x'"
	for i := range depth {
		text = fmt.Sprintf("findings.exists(f%d, %s)", i, text)
	}
	return text
}

func many(n int) []finding.Finding {
	var list []finding.Finding
	for i := range n {
		list = append(list, vulnerability(fmt.Sprintf("CVE-2024-%d", i), libssl, advisory.Low))
	}
	return list
}

// However many expressions a policy has, all of them together cost no more than is allowed.
func TestExpressionsTogetherAreBounded(t *testing.T) {
	rules := "rules:\n"
	for i := range 200 {
		rules += fmt.Sprintf("  - id: r%d\n    expr: %s\n", i, endless(3))
	}
	in := image1()
	in.Policies, in.Findings = policyOf(t, rules), many(200)
	results := map[verdict.Result]int{}
	got := Evaluate(in)
	for _, r := range got.Rules {
		results[r.Result]++
	}
	if results[verdict.Error] != 200 || got.Outcome[verdict.Admit] != verdict.Deny {
		t.Errorf("%v, outcome %v", results, got.Outcome)
	}
}

func TestRefusedExpressions(t *testing.T) {
	const head = "apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: x}\nrules:\n  - id: r\n    "
	for name, c := range map[string]struct{ rule, want string }{
		"a member that is not there":             {"where: f.epps > 0.5", `p.yaml:6:13: rule.where: there is no member "epps"; the nearest known one is "epss"`},
		"in quotes":                              {`where: "f.epps > 0.5"`, `p.yaml:6:14: rule.where: there is no member "epps"; the nearest known one is "epss"`},
		"in a block":                             {"where: |\n      f.kev &&\n      f.epps > 0.5", `p.yaml:8:8: rule.where: there is no member "epps"; the nearest known one is "epss"`},
		"a variable that is not there":           {"expr: size(package) < 3", `p.yaml:6:16: rule.expr: reserved identifier: package`},
		"a wrong type":                           {`where: f.epss == "high"`, `p.yaml:6:19: rule.where: found no matching overload for '_==_' applied to '(double, string)'`},
		"no truth":                               {"expr: size(packages)", "p.yaml:6:11: rule.expr: it gives a int, and not true or false"},
		"no CEL":                                 {"expr: size(packages", "p.yaml:6:24: rule.expr: Syntax error: missing ')' at '<EOF>'"},
		"a call that goes out (CVE-2026-4789)":   {`expr: 'http.Get("https://169.254.169.254/").size() > 0'`, `p.yaml:6:12: rule.expr: there is no variable or function "http"`},
		"a call to the cluster (CVE-2026-22039)": {`expr: 'resource.Get("v1", "secrets", "ns", "n") == image'`, `p.yaml:6:12: rule.expr: there is no variable or function "resource"`},
		"f in expr":                              {"expr: f.kev", "p.yaml:6:11: rule.expr speaks of f, the finding that is asked about, and is asked of the image; write where, or speak of findings"},
		"the stage":                              {`expr: 'stage == "admit"'`, `p.yaml:6:12: rule.expr: there is no variable or function "stage"; the nearest known one is "image"`},
		"too long":                               {"expr: " + strings.Repeat("true && ", 600) + "true", "p.yaml:6:11: rule.expr is longer than 4096 characters; write several rules"},
		"too deep":                               {"expr: " + strings.Repeat("(", 300) + "true" + strings.Repeat(")", 300), "p.yaml:6:11: rule.expr: expression recursion limit exceeded: 64"},
		"an object of ours":                      {`expr: 'Finding{id: "x"} == Finding{}'`, ""},
		"deny and where":                         {"deny: {kev: true}\n    where: f.kev", "p.yaml:5:5: a rule has more than one of deny, where and expr; write one of deny, where and expr"},
	} {
		t.Run(name, func(t *testing.T) {
			policies, err := Parse("p.yaml", []byte(head+c.rule+"\n"))
			if c.want == "" { // it is read, and no pass
				in := image1()
				if in.Policies = policies; err == nil && Evaluate(in).Rules[0].Result != verdict.Error {
					t.Errorf("%s is evaluated", c.rule)
				}
				return
			}
			got := ""
			if err != nil {
				got, _, _ = strings.Cut(err.Error(), "\n")
			}
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// FuzzExpression: no text panics, and an image about which nothing is known passes no rule that
// reads anything.
func FuzzExpression(f *testing.F) {
	for _, text := range []string{"f.epss > 0.5", "size(packages) < 3", "findings.exists(x, x.kev)", "image.labels[?\"a\"].orValue(\"\") == \"\"",
		"workload.labels.a == 'b'", "now - image.created > duration('1h')", "f.fixedIn.exists(v, v.like('1.*'))", "coverage.complete('packages')", "[1,2].map(x, x)", "'a' + 'b' == 'ab'"} {
		f.Add(text)
	}
	e, err := newEnvironment()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x, issues, err := e.compile(text)
		if err != nil || issues != nil {
			return
		}
		in := image1()
		in.Findings = []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical), runsAsRoot()}
		s := newSubject(in, now())
		v := newWaiving(&in, s, false).under(&Policy{})
		q := &question{s: s, view: v, defaults: &defaults{}, finding: &s.findings[0], pkg: s.listed[0], file: &inventory.File{Path: "a"}}
		first, _, err1 := x.ask(&activation{e: e, q: q}, &evaluation{})
		again, _, err2 := x.ask(&activation{e: e, q: q}, &evaluation{})
		if first != again || (err1 == nil) != (err2 == nil) {
			t.Errorf("%q is %d (%v), and then %d (%v)", text, first, err1, again, err2)
		}
	})
}
