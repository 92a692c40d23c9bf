package policy

import (
	"slices"
	"time"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/verdict"
)

// Input is all that a verdict depends on. A stored report holds all of it but the policies.
type Input struct {
	// Facts are what the image holds. Their own coverage is not read: Coverage is.
	Facts    inventory.Facts
	Findings []finding.Finding
	// Coverage is that of the facts merged with that of the findings.
	Coverage inventory.Coverage
	Database Database
	Policies []Policy
	// Repository is the name, without tag and digest, that the image carries or will carry;
	// empty if it has none.
	Repository string
	Engine     string // the program's name and version
	Now        time.Time
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

// The rules that are Plimsoll's own. A policy cannot have a rule of these names.
const (
	ScopeRule       = "scope"        // a policy is in scope for the image
	DatabaseAgeRule = "database-age" // the advisories are not older than defaults.maxDatabaseAge
)

func ownIDs() []string { return []string{ScopeRule, DatabaseAgeRule} }

// Evaluate decides. The result depends on the input alone: not on the order of its findings,
// policies, sources and packages, and on no clock.
func Evaluate(in Input) verdict.Verdict {
	now := in.Now.UTC().Truncate(time.Second)
	policies := slices.SortedFunc(slices.Values(in.Policies), Policy.compare)
	covering := slices.DeleteFunc(slices.Clone(policies), func(p Policy) bool { return !p.Covers(in.Repository) })
	s := newSubject(in)

	v := verdict.Verdict{
		Outcome:     map[verdict.Stage]verdict.Outcome{},
		Rules:       []verdict.Rule{},
		Inputs:      inputs(in, s, policies),
		EvaluatedAt: now.Format(time.RFC3339),
	}
	for _, stage := range verdict.Stages() {
		v.Outcome[stage] = verdict.Allow
	}
	if len(covering) == 0 {
		addOutOfScope(&v, in.Repository)
	}
	for _, p := range covering {
		for _, r := range p.rules {
			p.add(&v, r, r.evaluate(p, s))
		}
		if p.defaults.maxDatabaseAge > 0 {
			p.add(&v, rule{id: DatabaseAgeRule}, p.databaseAge(s, now))
		}
	}
	if until, ok := validUntil(covering, s, now); ok {
		v.ValidUntil = until.Format(time.RFC3339)
	}
	return v
}

// addOutOfScope records that nobody has drawn a line for the image. There is no policy whose
// defaults could make it milder, so it is denied.
func addOutOfScope(v *verdict.Verdict, repository string) {
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
	for _, stage := range verdict.Stages() {
		v.Outcome[stage] = verdict.Deny
	}
}

// add records a rule's result and what it means at each stage.
func (p Policy) add(v *verdict.Verdict, r rule, result verdict.Rule) {
	v.Rules = append(v.Rules, result)
	for _, stage := range verdict.Stages() {
		v.Outcome[stage] = verdict.Stricter(v.Outcome[stage], p.outcome(stage, r, result.Result))
	}
}

// outcome is what a rule's result means at a stage. A stage at which the rule is off allows,
// whatever the result; a result that this version does not know is denied.
func (p Policy) outcome(stage verdict.Stage, r rule, result verdict.Result) verdict.Outcome {
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
		return p.defaults.onUnknown
	case verdict.Error:
		return p.defaults.onError
	default:
		return verdict.Deny
	}
}

// evaluate asks a rule of all findings of its kind.
func (r rule) evaluate(p Policy, s *subject) verdict.Rule {
	var found findings
	for _, f := range s.findings {
		if f.Kind == r.criteria.kind() && counts(f.Status) {
			found.add(f, r.criteria, p.defaults, s)
		}
	}
	result := verdict.Rule{Policy: p.name, ID: r.id}
	unseen := r.criteria.unseen(s)
	switch {
	case len(found.offenders) > 0:
		result.Result = verdict.Fail
		result.Offenders = keys(found.offenders)
		result.Message = r.failMessage(found.offenders, s)
		result.Fix = r.criteria.fix(found.offenders, s)
	case len(found.undecided) > 0 || len(unseen) > 0:
		result.Result = verdict.Unknown
		result.Offenders = keys(found.undecided)
		result.Message = r.criteria.unknownMessage(found, unseen, s)
		result.Fix = p.unknownFix(found, unseen, s)
	case len(found.waived) > 0:
		result.Result = verdict.Waived
		result.Offenders = keys(found.waived)
		result.Message = "waived: " + r.criteria.phrase(len(found.waived))
	default:
		result.Result = verdict.Pass
		result.Message = r.criteria.phrase(0)
	}
	return result
}

// counts tells whether a finding of a status can offend. A status that this version does not
// know does.
func counts(s finding.Status) bool { return s != finding.NotAffected && s != finding.Fixed }

// findings are those that a rule speaks of.
type findings struct {
	offenders, waived, undecided []finding.Finding
	doubts                       [doubts]int // how many findings are undecided for each reason
}

func (found *findings) add(f finding.Finding, c criteria, d defaults, s *subject) {
	answer, why := c.judge(f, s, d)
	switch {
	case answer == no:
	case f.Status == finding.Waived:
		found.waived = append(found.waived, f)
	case answer == yes:
		found.offenders = append(found.offenders, f)
	default:
		found.undecided = append(found.undecided, f)
		for _, doubt := range why {
			found.doubts[doubt]++
		}
	}
}

// keys returns the findings' keys, sorted.
func keys(list []finding.Finding) []string {
	var keys []string
	for _, f := range list {
		keys = append(keys, f.Key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
