package table

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/preview"
	"plimsoll.dev/plimsoll/verdict"
)

// hostileText is what a name may hold that a terminal, or a build system, would act on.
const hostileText = "a\x1b[31m\n::error::b ##[x]\u202e\u200b\xff"

// harmless wants text that is printable and no command, line by line.
func harmless(t *testing.T, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is not printable", line)
		}
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##") {
			t.Errorf("%q is a command", line)
		}
	}
	if !strings.Contains(text, `\x1b`) {
		t.Errorf("the hostile name is not shown:\n%s", text)
	}
}

func TestHostileExplanation(t *testing.T) {
	h := hostileText
	var stages = map[verdict.Stage]policy.StageTold{}
	e := &report.Explanation{
		Reference: h, EvaluatedAt: h, Replay: true, Subject: verdict.Subject{Repository: h, Tag: h}, Stage: verdict.Build,
		Policies: []policy.PolicyTold{{Name: h, Owner: h}},
		Rules: []policy.RuleTold{{Rule: verdict.Rule{Policy: h, ID: h, Result: verdict.Result(h), Message: h, Fix: h}, Asks: h, CEL: "x" + h,
			Evidence: []policy.Evidence{{Key: h, What: h, Waiver: h}}, Found: 5, Stages: stages}},
		Waivers:    []verdict.Exception{{ID: h, State: verdict.ExceptionState(h), Why: h, Expires: h, Applied: []string{h}}},
		VEX:        []verdict.Exception{{ID: h, Vulnerability: h, State: verdict.Used}},
		ValidUntil: h, ValidUntilBecause: h,
	}
	for _, width := range []int{60, 160} {
		var b bytes.Buffer
		if err := (Sink{Options{Width: width, All: true}}).WriteExplanation(&b, e, true); err != nil {
			t.Fatal(err)
		}
		harmless(t, b.String())
	}
}

func TestHostilePreview(t *testing.T) {
	h := hostileText
	d := &preview.Preview{EvaluatedAt: h, Replay: true, Stage: verdict.Stage(h), Policies: []string{h}, With: []string{h}}
	for _, change := range preview.Changes() {
		d.Add(preview.Image{Path: h, Owner: h, Repository: h, Platform: h, Change: change, From: h, To: h,
			Rules: []preview.Rule{{Policy: h, ID: h, From: verdict.Result(h), To: verdict.Result(h + "x"), Message: h, Fix: h}, {ID: h, Message: h}}}, true)
	}
	d.AddUnreadable(preview.File{Path: h, Why: h})
	d.Other = []preview.File{{Path: h, Why: h}}
	d.Finish()
	var b bytes.Buffer
	if err := (Sink{Options{Width: 60, All: true}}).WritePreview(&b, d); err != nil {
		t.Fatal(err)
	}
	harmless(t, b.String())
}

// TestExplanationIsBounded: of much evidence a few lines are shown, and how many there are.
func TestExplanationIsBounded(t *testing.T) {
	r := policy.RuleTold{Rule: verdict.Rule{ID: "r", Result: verdict.Fail}, Found: 250}
	for range policy.MostEvidence {
		r.Evidence = append(r.Evidence, policy.Evidence{What: "one thing"})
	}
	for says, all := range map[string]bool{"· and 242 more: --all shows them": false, "· and 150 more\n": true} {
		var b bytes.Buffer
		e := &report.Explanation{Stage: verdict.Build, Rules: []policy.RuleTold{r}}
		if err := (Sink{Options{All: all}}).WriteExplanation(&b, e, false); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), says) {
			t.Errorf("want %q:\n%s", says, b.String())
		}
	}
}
