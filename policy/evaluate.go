package policy

import (
	"slices"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/verdict"
)

// Input is all that a verdict depends on. A stored report holds all of it but the policies, the
// waivers and the VEX documents.
type Input struct {
	// Facts are what the image holds. Their own coverage is not read: Coverage is.
	Facts inventory.Facts
	// Findings are what is wrong with it. What an earlier evaluation made of them, their status
	// among it, is not read.
	Findings []finding.Finding
	// Coverage is that of the facts merged with that of the findings.
	Coverage inventory.Coverage
	Database Database
	Policies []Policy
	Waivers  []Waiver
	// VEX are statements that nobody is known to have signed, SignedVEX those of documents whose
	// signatures were verified.
	VEX       []advisory.VEXStatement
	SignedVEX []SignedVEX
	// VEXDigests are those of the documents that the statements are from, signed or not.
	VEXDigests []image.Digest
	// Repository is the name, without tag and digest, that the image carries or will carry;
	// empty if it has none. Tag is the tag, if that is known.
	Repository, Tag string
	// Pinned tells whether that name has a digest, so that nobody can change what it means.
	Pinned bool
	// Evidence is what is said of the image and was verified.
	Evidence  Attestations
	Engine    string    // the program's name and version
	ScannedAt time.Time // when the image was scanned, if not now
	Now       time.Time
	// WithoutDigests leaves the digests out of the verdict's inputs: they cost more than all else,
	// and who compares thousands of outcomes shows none of them. Such a verdict is for no gate.
	WithoutDigests bool
}

// Database is what is known of the advisory database behind the findings; zero without one.
type Database struct {
	Digest  image.Digest
	Sources []Source
}

// Source is one source of the database.
type Source struct {
	Name string    // such as osv/Debian or kev
	AsOf time.Time // when it was last checked; zero if that is not known
}

// Decided is what an evaluation ends in: the verdict, and the findings with the status that VEX
// and waivers give them.
type Decided struct {
	verdict.Verdict
	Findings []finding.Finding
	// Effects are what each of the verdict's rules means at each stage, in the rules' order.
	Effects []Effect
}

// Effect is what one rule's result means at each stage.
type Effect map[verdict.Stage]verdict.Outcome

// The rules that are Plimsoll's own. A policy cannot have a rule of these names.
const (
	ScopeRule = "scope" // a policy is in scope for the image
	// SignedExceptionsRule is that what counts as an exception is signed: it is there if it fails.
	SignedExceptionsRule = "signed-exceptions"
	DatabaseAgeRule      = "database-age" // the advisories are not older than defaults.maxDatabaseAge
)

func ownIDs() []string { return []string{ScopeRule, DatabaseAgeRule, SignedExceptionsRule} }

// Evaluate decides. The result depends on the input alone: not on the order of its findings,
// policies, sources, packages, waivers and statements, and on no clock.
func Evaluate(in Input) Decided { return evaluate(in, nil) }

// evaluate decides, and has what each rule asked and found written down if tell is not nil.
func evaluate(in Input, tell *Explanation) Decided {
	now := in.Now.UTC().Truncate(time.Second)
	if in.ScannedAt.IsZero() {
		in.ScannedAt = now
	}
	s := newSubject(in, now)
	policies := slices.SortedFunc(slices.Values(in.Policies), Policy.compare)
	covering := slices.DeleteFunc(slices.Clone(policies), func(p Policy) bool { return !p.Covers(in.Repository) })
	run := &judgement{s: s, waiving: newWaiving(&in, s, false), telling: tell, verdict: verdict.Verdict{
		Outcome:     map[verdict.Stage]verdict.Outcome{},
		Rules:       []verdict.Rule{},
		EvaluatedAt: now.Format(time.RFC3339),
		Inputs:      inputs(in, s, policies),
	}}
	run.verdict.VEX, run.unsignedVEX = s.applyVEX(&in, covering, false)
	for _, stage := range verdict.Stages() {
		run.verdict.Outcome[stage] = verdict.Allow
	}
	if len(covering) == 0 {
		run.effects = append(run.effects, addOutOfScope(&run.verdict, in.Repository))
	}
	for i := range covering {
		run.policy(&covering[i])
	}
	run.withoutUnsigned(&in, covering)
	run.verdict.Waivers = run.waiving.report()
	run.turnsOfWaivers()
	run.verdict.ValidUntil = formatTime(run.until)
	if tell != nil {
		tell.of(run, policies)
	}
	return Decided{run.verdict, run.told(len(covering)), run.effects}
}

// addOutOfScope records that nobody has drawn a line for the image. There is no policy whose
// defaults could make it milder, so it is denied.
func addOutOfScope(v *verdict.Verdict, repository string) Effect {
	name := "an image without a name"
	if repository != "" {
		name = repository
	}
	v.Rules = append(v.Rules, verdict.Rule{
		ID:      ScopeRule,
		Result:  verdict.Unknown,
		Message: "no policy is in scope for " + name,
		Fix:     "name the image with --as, or choose a policy whose scope.images covers it with --policy",
	})
	effect := Effect{}
	for _, stage := range verdict.Stages() {
		v.Outcome[stage], effect[stage] = verdict.Deny, verdict.Deny
	}
	return effect
}

// judgement is one evaluation under way.
type judgement struct {
	s       *subject
	waiving *waiving
	costs   evaluation
	verdict verdict.Verdict
	effects []Effect // of the verdict's rules
	views   []*view
	ends    []int // of each view's policy: how many rules there are with its own
	// unsignedVEX are the statements that were applied though nobody has signed them.
	unsignedVEX []string
	telling     *Explanation // nil unless the evaluation is to be explained

	// until is the first moment to come at which time alone may change the verdict, zero if there
	// is none; turn says what happens then.
	until time.Time
	turn  turn
}

// policy evaluates one policy that is in scope.
func (j *judgement) policy(p *Policy) {
	v := j.waiving.under(p)
	j.views = append(j.views, v)
	for i := range p.rules {
		r := &p.rules[i]
		asking := asking{judgement: j, view: v, rule: r}
		result := asking.result()
		j.add(p, r, result, asking.deferredTo)
		if j.telling != nil {
			j.telling.rule(&asking)
		}
	}
	if p.defaults.maxDatabaseAge > 0 {
		j.add(p, &rule{id: DatabaseAgeRule}, j.s.databaseAgeRule(p), "")
		if j.telling != nil {
			j.telling.databaseAge(p, j)
		}
	}
	j.ends = append(j.ends, len(j.verdict.Rules))
	j.turnsOfTerms(p)
	j.ages(p)
}

// add records a rule's result and what it means at each stage.
func (j *judgement) add(p *Policy, r *rule, result verdict.Rule, deferredTo verdict.Stage) {
	j.verdict.Rules = append(j.verdict.Rules, result)
	effect := Effect{}
	for _, stage := range verdict.Stages() {
		effect[stage] = p.outcome(stage, r, result.Result, deferredTo)
		j.verdict.Outcome[stage] = verdict.Stricter(j.verdict.Outcome[stage], effect[stage])
	}
	j.effects = append(j.effects, effect)
}

// outcome is what a rule's result means at a stage. A stage at which the rule is off allows,
// whatever the result, and one that warns about a rule that fails does no more about one that
// cannot be answered. A deferred rule waits until the stage at which its input exists; from
// there on its input is missing, and the result as good as unknown. A result that this version
// does not know is denied.
func (p *Policy) outcome(stage verdict.Stage, r *rule, result verdict.Result, deferredTo verdict.Stage) verdict.Outcome {
	action := p.on(stage, r)
	if action == verdict.Allow {
		return verdict.Allow
	}
	switch result {
	case verdict.Pass, verdict.Waived:
		return verdict.Allow
	case verdict.Fail:
		return action
	case verdict.Unknown:
		return milder(action, p.defaults.onUnknown)
	case verdict.Deferred:
		if slices.Index(verdict.Stages(), stage) < slices.Index(verdict.Stages(), deferredTo) {
			return verdict.Allow
		}
		return milder(action, p.defaults.onUnknown)
	case verdict.Error:
		return milder(action, p.defaults.onError)
	default:
		return verdict.Deny
	}
}

// milder returns the milder of two outcomes, of which neither is to allow.
func milder(a, b verdict.Outcome) verdict.Outcome {
	if verdict.Stricter(a, b) == a {
		return b
	}
	return a
}

// counts tells whether a finding of a status can offend. A status that this version does not
// know does.
func counts(s finding.Status) bool { return s != finding.NotAffected && s != finding.Fixed }

// told returns the findings with their statuses. One is waived if every policy in scope has it
// waived, whatever the rule.
func (j *judgement) told(policies int) []finding.Finding {
	findings := slices.Clone(j.s.findings)
	for i := range findings {
		f := &j.s.findings[i]
		by := ""
		for _, v := range j.views {
			w := v.findings[f]
			if w == nil {
				by = ""
				break
			}
			if by == "" {
				by = w.id
			}
		}
		if by != "" && policies > 0 && counts(f.Status) {
			findings[i].Status, findings[i].Waiver = finding.Waived, by
		}
	}
	return findings
}
