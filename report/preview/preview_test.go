package preview

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/verdict"
)

// judged is a verdict with one rule, at the stage build.
func judged(of, id string, result verdict.Result, outcome verdict.Outcome) Judged {
	return Judged{
		Verdict: &verdict.Verdict{Outcome: map[verdict.Stage]verdict.Outcome{verdict.Build: outcome}, EvaluatedAt: "2026-11-22T10:00:00Z",
			Rules: []verdict.Rule{{Policy: of, ID: id, Result: result, Message: id + " says"}}},
		Effects: []policy.Effect{{verdict.Build: outcome}},
	}
}

func TestCompare(t *testing.T) {
	pass, fail, unknown := judged("p", "a", verdict.Pass, verdict.Allow), judged("p", "a", verdict.Fail, verdict.Deny), judged("p", "a", verdict.Unknown, verdict.Deny)
	warned := judged("p", "a", verdict.Fail, verdict.Warn)
	stored := judged("q", "a", verdict.Fail, verdict.Deny)
	stored.Effects = nil
	rule := func(from, to verdict.Result) []Rule { return []Rule{{"p", "a", from, to, "a says", ""}} }
	for name, test := range map[string]struct {
		before, after Judged
		change        Change
		from, to      string
		rules         []Rule
	}{
		"nothing changes":                  {pass, pass, None, "allow", "allow", []Rule{}},
		"denied":                           {pass, fail, Denied, "allow", "deny", rule("pass", "fail")},
		"warned of":                        {pass, warned, Warned, "allow", "warn", rule("pass", "fail")},
		"denied for what is not known":     {pass, unknown, Unknown, "allow", "deny", rule("pass", "unknown")},
		"denied as before, and not known":  {fail, unknown, Unknown, "deny", "deny", rule("fail", "unknown")},
		"denied, known at last":            {unknown, fail, Other, "deny", "deny", rule("unknown", "fail")},
		"milder":                           {fail, pass, Allowed, "deny", "allow", rule("fail", "pass")},
		"milder, the rule as before":       {fail, warned, Allowed, "deny", "warn", rule("fail", "fail")},
		"no verdict, and denied":           {Judged{}, fail, Denied, "none", "deny", rule("", "fail")},
		"no verdict, and allowed":          {Judged{}, pass, None, "none", "allow", []Rule{}},
		"no verdict, and not known":        {Judged{}, unknown, Unknown, "none", "deny", rule("", "unknown")},
		"a rule of another policy's place": {stored, pass, Allowed, "deny", "allow", []Rule{{"q", "a", "fail", "pass", "a says", ""}}},
		"a rule that is gone":              {stored, judged("p", "b", verdict.Pass, verdict.Allow), Allowed, "deny", "allow", []Rule{{"q", "a", "fail", "", "a says", ""}}},
	} {
		got := Compare("x.json", inventory.Target{Repository: "registry.example/pay/app"}, verdict.Build, test.before, test.after)
		want := Image{Path: "x.json", Owner: "registry.example/pay", Repository: "registry.example/pay/app", Change: test.change,
			From: test.from, To: test.to, Rules: test.rules, StoredAt: got.StoredAt}
		if diff := cmp.Diff(want, got.Keep(), cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestOwnerOf(t *testing.T) {
	labelled := inventory.Target{Repository: "registry.example/pay/app"}
	labelled.Config.Labels = map[string]string{"org.opencontainers.image.authors": " team@example.com "}
	var endless inventory.Target
	endless.Config.Labels = map[string]string{"org.opencontainers.image.authors": strings.Repeat("é", 1e6)}
	for want, target := range map[string]inventory.Target{
		strings.Repeat("é", 100) + "…": endless, "team@example.com": labelled, "registry.example/pay": {Repository: "registry.example/pay/app"},
		"docker.io/library": {Repository: "docker.io/library/alpine"}, "app": {Repository: "app"}, "(no name)": {},
	} {
		if got := OwnerOf(target); got != want {
			t.Errorf("%+v is %s's, want %s", target, got, want)
		}
	}
}

// TestTheOrderDoesNotMatter: whatever the order in which images are added, the document is the same.
func TestTheOrderDoesNotMatter(t *testing.T) {
	var images []Image
	for _, change := range Changes() {
		for _, owner := range []string{"b", "a"} {
			images = append(images, Image{Path: owner, Owner: owner, Change: change, From: "allow", To: "deny"}, Image{Path: owner + "2", Owner: owner, Change: change, From: "none", To: "deny"})
		}
	}
	make := func() Preview {
		var p Preview
		for _, i := range rand.Perm(len(images)) {
			p.Add(images[i], true)
		}
		for _, i := range rand.Perm(3) {
			p.AddUnreadable(File{Path: string(rune('a' + i)), Why: "x"})
		}
		p.Finish()
		return p
	}
	first := make()
	for range 10 {
		if diff := cmp.Diff(first, make(), cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
			t.Fatalf("(-one order +another):\n%s", diff)
		}
	}
	if s := first.Summary; s.Reports != len(images) || s.Unreadable != 3 || s.Before["unknown"] != 3 || s.WithoutVerdict != len(images)/2 || len(s.Owners) != 2 {
		t.Errorf("summary %+v", s)
	}
	if first.Images[0].Change != Denied || first.Images[0].Owner != "a" {
		t.Errorf("the first is %+v", first.Images[0])
	}
}
