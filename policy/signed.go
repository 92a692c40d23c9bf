package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/verdict"
)

// withoutUnsigned holds the image against the policies once more, without the waivers and VEX
// statements that nobody has signed, if any made a difference. What the rules then come to is what
// they would be worth from the stage ship on; a rule of our own says so, and acts there.
func (j *judgement) withoutUnsigned(in *Input, covering []Policy) {
	if len(j.unsignedVEX) == 0 && !slices.ContainsFunc(j.views, func(v *view) bool { return len(v.unsigned) > 0 }) {
		return
	}
	s := newSubject(*in, j.s.now)
	strict := &judgement{s: s, waiving: newWaiving(in, s, true), verdict: verdict.Verdict{Outcome: map[verdict.Stage]verdict.Outcome{}}}
	s.applyVEX(in, covering, true)
	for i := range covering {
		strict.policy(&covering[i])
	}
	j.turns(strict.turn, strict.until)
	from := 0
	for i := range covering {
		j.signedExceptions(&covering[i], j.views[i], strict, from, j.ends[i])
		from = j.ends[i]
	}
}

// signedExceptions adds the rule that exceptions are signed, if a policy's rules come to something
// else without those that are not. It is off at build, where a file's word counts; from ship on it
// does what the rules would do.
func (j *judgement) signedExceptions(p *Policy, v *view, strict *judgement, from, to int) {
	effect := Effect{}
	for _, stage := range verdict.Stages() {
		effect[stage] = verdict.Allow
	}
	var words []string
	for i := from; i < to; i++ {
		with, without := j.verdict.Rules[i], strict.verdict.Rules[i]
		if with.Result == without.Result && slices.Equal(with.Offenders, without.Offenders) {
			continue
		}
		words = append(words, fmt.Sprintf("%s would be %s", without.ID, without.Result))
		for _, stage := range verdict.Stages()[1:] { // all but build
			if outcome := strict.effects[i][stage]; verdict.Stricter(j.effects[i][stage], outcome) != j.effects[i][stage] {
				effect[stage] = verdict.Stricter(effect[stage], outcome)
			}
		}
	}
	if len(words) == 0 {
		return
	}
	unsigned := append(slices.Sorted(maps.Keys(v.unsigned)), j.unsignedVEX...)
	j.addOwn(p, verdict.Rule{
		Policy: p.name, ID: SignedExceptionsRule, Result: verdict.Fail,
		Message: fmt.Sprintf("%s: not signed by anybody whom the policy names, and so for build alone; without, %s", some(unsigned, ", "), some(words, ", ")),
		Fix:     signedFix(len(v.unsigned) > 0, len(j.unsignedVEX) > 0),
	}, effect)
}

func signedFix(waivers, vex bool) string {
	var words []string
	if waivers {
		words = append(words, "have the file of waivers signed by one of waivers.approvers")
	}
	if vex {
		words = append(words, "have the VEX document signed by one of vex.signers")
	}
	return strings.Join(words, ", and ")
}

// addOwn adds a rule of our own whose actions are not the policy's.
func (j *judgement) addOwn(p *Policy, r verdict.Rule, effect Effect) {
	j.verdict.Rules = append(j.verdict.Rules, r)
	j.effects = append(j.effects, effect)
	for stage, outcome := range effect {
		j.verdict.Outcome[stage] = verdict.Stricter(j.verdict.Outcome[stage], outcome)
	}
	if j.telling != nil {
		j.telling.signedExceptions(p, j)
	}
}

// signedExceptions tells the rule about signatures, which was added last.
func (e *Explanation) signedExceptions(p *Policy, j *judgement) {
	told := e.last(j, p, &rule{id: SignedExceptionsRule})
	effect := j.effects[len(j.effects)-1]
	told.Asks = "waivers and VEX statements that count are signed by somebody whom the policy names; at build they need not be"
	told.Stages = stagesTold(effect, func(stage verdict.Stage) verdict.Outcome { return effect[stage] })
	e.Rules = append(e.Rules, told)
}
