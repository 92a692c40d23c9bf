package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// Explanation is an evaluation told in full: what each rule asks, what answered it, and what each
// stage does about that.
type Explanation struct {
	// Policies are all that were given, also those that are not about the image.
	Policies []PolicyTold
	// Rules are those of every policy in scope, in the order of the verdict's.
	Rules []RuleTold
	// ValidUntilBecause says what happens when the verdict ceases to be valid; empty if nothing does.
	ValidUntilBecause string
}

// PolicyTold is one policy, and whether it is about the image.
type PolicyTold struct {
	Name    string       `json:"name"`
	Version int          `json:"version,omitempty"`
	Owner   string       `json:"owner,omitempty"`
	Digest  image.Digest `json:"digest"`
	InScope bool         `json:"inScope"`
}

// RuleTold is one rule's result with what it asks and what it found.
type RuleTold struct {
	verdict.Rule
	Asks string `json:"asks"`          // in words
	CEL  string `json:"cel,omitempty"` // the same in CEL
	// Evidence is what decided the result, worst first, at most MostEvidence; Found is how much
	// there is.
	Evidence []Evidence                  `json:"evidence"`
	Found    int                         `json:"found"`
	Stages   map[verdict.Stage]StageTold `json:"stages"`
}

// StageTold is what a stage does about a rule.
type StageTold struct {
	Action  string          `json:"action"` // about one that fails: off, warn or deny
	Outcome verdict.Outcome `json:"outcome"`
}

// Evidence is one thing that a rule found.
type Evidence struct {
	Key    string `json:"key"`
	What   string `json:"what"`             // by name, with its fix if there is one
	Waiver string `json:"waiver,omitempty"` // that waives it
}

// MostEvidence is how many things are told of one rule.
const MostEvidence = 100

// Explain decides as Evaluate does, and says how it came to the verdict.
func Explain(in Input) (Decided, Explanation) {
	var e Explanation
	decided := evaluate(in, &e)
	return decided, e
}

// of completes the explanation of an evaluation.
func (e *Explanation) of(j *judgement, policies []Policy) {
	for i := range policies {
		p := &policies[i]
		e.Policies = append(e.Policies, PolicyTold{p.name, p.version, p.owner, p.digest, p.Covers(j.verdict.Inputs.Subject.Repository)})
	}
	e.ValidUntilBecause = j.turn.String()
	if len(e.Rules) == 0 { // no policy is in scope
		for i, r := range j.verdict.Rules {
			e.Rules = append(e.Rules, RuleTold{Rule: r, Asks: "a policy is in scope for the image", Evidence: []Evidence{},
				Stages: stagesTold(j.effects[i], func(verdict.Stage) verdict.Outcome { return verdict.Deny })})
		}
	}
}

// rule tells the rule that was added last.
func (e *Explanation) rule(a *asking) {
	told := e.last(a.judgement, a.view.policy, a.rule)
	told.Asks, told.CEL = a.asks(), a.rule.cel()
	var rows []row
	switch told.Result {
	case verdict.Fail:
		rows = a.offenders
	case verdict.Unknown:
		rows = append(slices.Clone(a.undecided), a.offenders...)
	case verdict.Waived:
		rows = a.waived
	case verdict.Deferred:
		rows = a.deferred
	}
	rows = slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.key == "" })
	slices.SortFunc(rows, compareRows)
	told.Found = len(rows)
	for _, r := range rows[:min(len(rows), MostEvidence)] {
		told.Evidence = append(told.Evidence, a.evidence(r))
	}
	e.Rules = append(e.Rules, told)
}

// databaseAge tells the rule of the database's age, which was added last.
func (e *Explanation) databaseAge(p *Policy, j *judgement) {
	told := e.last(j, p, &rule{id: DatabaseAgeRule})
	told.Asks = "every source of advisories that was used was last checked at most " + ageText(p.defaults.maxDatabaseAge) + " ago"
	e.Rules = append(e.Rules, told)
}

// last returns what is known of the rule that was added last.
func (e *Explanation) last(j *judgement, p *Policy, r *rule) RuleTold {
	at := len(j.verdict.Rules) - 1
	return RuleTold{Rule: j.verdict.Rules[at], Evidence: []Evidence{},
		Stages: stagesTold(j.effects[at], func(stage verdict.Stage) verdict.Outcome { return p.on(stage, r) })}
}

func stagesTold(effect Effect, on func(verdict.Stage) verdict.Outcome) map[verdict.Stage]StageTold {
	stages := map[verdict.Stage]StageTold{}
	for _, stage := range verdict.Stages() {
		action := string(on(stage))
		if action == string(verdict.Allow) {
			action = "off"
		}
		stages[stage] = StageTold{Action: action, Outcome: effect[stage]}
	}
	return stages
}

// compareRows orders what a rule found: findings worst first, all else by key.
func compareRows(a, b row) int {
	if a.finding != nil && b.finding != nil {
		return worstFirst(*a.finding, *b.finding)
	}
	return strings.Compare(a.key, b.key)
}

// evidence names one thing that the rule found.
func (a *asking) evidence(r row) Evidence {
	e := Evidence{Key: r.key}
	switch {
	case r.finding != nil && r.finding.Kind == finding.Vulnerability:
		e.What = severityWord(r.finding.Severity) + ": " + a.s.describe(*r.finding) + exploitedWords(r.finding)
	case r.finding != nil:
		e.What = strings.TrimSuffix(r.finding.ID+": "+r.finding.Title, ": ")
	default:
		e.What = strings.Join(a.rowNames([]row{r}), "")
	}
	if w := a.waiverOfRow(r); w != nil {
		e.Waiver = w.id
	}
	return e
}

func exploitedWords(f *finding.Finding) string {
	switch {
	case f.KEV:
		return ", known to be exploited"
	case f.EPSS != nil && *f.EPSS >= 0.1:
		return ", EPSS " + strconv.FormatFloat(*f.EPSS, 'f', 2, 64)
	default:
		return ""
	}
}

// asks says in words what the rule denies, or what must hold.
func (a *asking) asks() string {
	r := a.rule
	switch {
	case r.expression != nil && r.about == aboutImage:
		return "of the image must hold " + r.expression.text
	case r.expression != nil:
		return "denies any " + string(r.about) + " of which holds " + r.expression.text
	case r.atLeast > 1:
		return "denies an image with " + strings.Replace(a.phrase(r.atLeast), strconv.Itoa(r.atLeast), strconv.Itoa(r.atLeast)+" or more", 1)
	case r.about == aboutImage:
		return "denies " + strings.TrimPrefix(a.phrase(1), "it is ")
	default:
		return "denies any " + strings.TrimPrefix(a.phrase(1), "1 ")
	}
}

// cel is the rule in CEL: its expression, or its criteria.
func (r *rule) cel() string {
	if r.expression != nil {
		return r.expression.text
	}
	var conditions []string
	for i := range r.tests {
		if c := r.tests[i].cel; c != "" {
			conditions = append(conditions, c)
		}
	}
	return strings.Join(conditions, " && ")
}

// String is the policy with its version, for people: baseline 3.
func (p PolicyTold) String() string {
	if p.Version == 0 {
		return p.Name
	}
	return fmt.Sprintf("%s %d", p.Name, p.Version)
}
