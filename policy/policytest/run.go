package policytest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/strictyaml"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/verdict"
)

// Run evaluates the cases. The policy must be among those given. An error says what of the test
// makes no sense, or cannot be read; what only comes out otherwise than expected is in the result.
func (t *Test) Run(policies []policy.Policy, sources Sources) (*Result, error) {
	d := newDecoder(t.file)
	p := t.chosen(d, policies)
	if p == nil {
		return nil, d.Err()
	}
	t.checkRules(d, p)
	if err := d.Err(); err != nil {
		return nil, err
	}
	result := &Result{File: t.file, Policy: t.policy, Cases: []Case{}, Rules: []Rule{}}
	for _, id := range p.Rules() {
		result.Rules = append(result.Rules, Rule{ID: id})
	}
	base, err := t.readBase(sources)
	if err != nil {
		return nil, err
	}
	for i := range t.cases {
		r := runner{test: t, sources: sources, base: base, policy: *p}
		if err := r.extend(i); err != nil {
			return nil, err
		}
		outcome := r.run()
		result.Cases = append(result.Cases, outcome.judge(&t.cases[i]))
		outcome.see(result.Rules)
	}
	return result, nil
}

// chosen returns the policy that the test names.
func (t *Test) chosen(d *decoder, policies []policy.Policy) *policy.Policy {
	var names []string
	for i := range policies {
		if policies[i].Name() == t.policy {
			return &policies[i]
		}
		names = append(names, policies[i].Name())
	}
	if len(names) == 0 {
		d.At(t.place.line, t.place.column, "no policies were given; name their files with policies: [FILE], or with --policy")
		return nil
	}
	d.At(t.place.line, t.place.column, "no policy %q is among those given; the nearest is %q: mend the name, or name its file with policies: [FILE]", t.policy, strictyaml.Nearest(t.policy, names))
	return nil
}

// checkRules refuses expectations of rules that the policy does not have.
func (t *Test) checkRules(d *decoder, p *policy.Policy) {
	known := append(p.Rules(), policy.ScopeRule, policy.SignedExceptionsRule)
	for _, c := range t.cases {
		for _, r := range c.expect.rules {
			if !slices.Contains(known, r.id) {
				d.At(r.place.line, r.place.column, "policy %s has no rule %q%s", t.policy, r.id, d.nearest(r.id, known))
			}
		}
	}
}

func (t *Test) readBase(sources Sources) (*policy.Input, error) {
	if t.base.name == "" {
		return nil, nil
	}
	data, err := t.read(t.base, sources)
	if err != nil {
		return nil, err
	}
	if sources.Base == nil {
		return nil, t.failed(t.base, errors.New("reports cannot be read here"))
	}
	base, err := sources.Base(data)
	if err != nil {
		return nil, t.failed(t.base, err)
	}
	return &base, nil
}

func (t *Test) read(r reference, sources Sources) ([]byte, error) {
	if sources.File == nil {
		return nil, t.failed(r, errors.New("files cannot be read here"))
	}
	data, err := sources.File(r.name)
	if err != nil {
		return nil, t.failed(r, err)
	}
	return data, nil
}

// failed is an error about a file that the test names.
func (t *Test) failed(r reference, err error) error {
	return fmt.Errorf("%s:%d:%d: reading %s: %w", t.file, r.place.line, r.place.column, r.name, err)
}

// runner is one case under way, with all that it extends.
type runner struct {
	test    *Test
	sources Sources
	base    *policy.Input
	policy  policy.Policy
	chain   []*testCase // the case last
	at      time.Time
	stage   verdict.Stage
	as      string
	input   policy.Input
}

// extend gathers what a case says, and what the cases that it extends do. The last word counts;
// patches, waivers and VEX documents are added.
func (r *runner) extend(number int) error {
	for at := number; at >= 0; at = r.test.cases[at].extends {
		r.chain = append(r.chain, &r.test.cases[at])
	}
	slices.Reverse(r.chain)
	r.stage = verdict.Build
	for _, c := range r.chain {
		if !c.at.IsZero() {
			r.at = c.at
		}
		if c.stage != "" {
			r.stage = c.stage
		}
		if c.as != "" {
			r.as = c.as
		}
	}
	r.compose()
	return r.exceptions()
}

// compose makes the image: the base, and the patches in their order.
func (r *runner) compose() {
	var base policy.Input
	switch {
	case r.base != nil:
		base = *r.base
		if r.at.IsZero() {
			r.at = base.Now
		}
	default:
		if r.at.IsZero() {
			r.at = defaultTime()
		}
		base = Clean(r.at)
	}
	doc := documentOf(base)
	for _, c := range r.chain {
		if c.patch != nil {
			newDecoder(r.test.file).patch(c.patch, "case.patch", &doc) // it was checked
		}
	}
	evidence := base.Evidence
	for _, c := range r.chain {
		if c.evidence != nil {
			newDecoder(r.test.file).evidence(c.evidence, "case.evidence", &evidence)
		}
	}
	if r.as != "" {
		doc.target.Reference, doc.target.Repository = r.as, image.RepositoryOf(r.as)
	}
	r.input = doc.input()
	r.input.Evidence = evidence
	r.input.Pinned = pinned(doc.target.Reference)
	r.input.Repository, r.input.Tag = doc.target.Repository, image.TagOf(doc.target.Reference)
	r.input.Policies, r.input.Now = []policy.Policy{r.policy}, r.at
}

// pinned tells whether a name has a digest.
func pinned(name string) bool {
	_, digest, found := strings.Cut(name, "@")
	_, err := image.ParseDigest(digest)
	return found && err == nil
}

func (r *runner) exceptions() error {
	for _, c := range r.chain {
		for _, w := range c.waivers {
			if err := r.addWaivers(w); err != nil {
				return err
			}
		}
		for _, v := range c.vex {
			if err := r.addVEX(v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *runner) addWaivers(w waivers) error {
	for _, waiver := range w.inline {
		r.input.Waivers = append(r.input.Waivers, waiver.Signed(w.signedBy...))
	}
	if w.file.name == "" {
		return nil
	}
	data, err := r.test.read(w.file, r.sources)
	if err != nil {
		return err
	}
	parsed, err := policy.ParseWaivers(w.file.name, data)
	if err != nil {
		return r.test.failed(w.file, err)
	}
	for _, waiver := range parsed {
		r.input.Waivers = append(r.input.Waivers, waiver.Signed(w.signedBy...))
	}
	return nil
}

func (r *runner) addVEX(v vex) error {
	if v.inline != nil {
		statement := *v.inline
		if len(statement.Products) == 0 {
			statement.Products = []advisory.VEXProduct{{ID: "this image", Digests: []string{r.input.Facts.Target.ImageID.String()}}}
		}
		r.addStatements(v, statement)
		return nil
	}
	data, err := r.test.read(v.file, r.sources)
	if err != nil {
		return err
	}
	if r.sources.VEX == nil {
		return r.test.failed(v.file, errors.New("VEX documents cannot be read here; write the statement out: {vulnerabilities: [ID], status: STATUS, impact: WHY}"))
	}
	statements, err := r.sources.VEX(v.file.name, data)
	if err != nil {
		return r.test.failed(v.file, err)
	}
	r.addStatements(v, statements...)
	r.input.VEXDigests = append(r.input.VEXDigests, image.DigestOf(data))
	return nil
}

func (r *runner) addStatements(v vex, statements ...advisory.VEXStatement) {
	if len(v.signedBy) == 0 {
		r.input.VEX = append(r.input.VEX, statements...)
		return
	}
	for _, statement := range statements {
		r.input.SignedVEX = append(r.input.SignedVEX, policy.SignedVEX{VEXStatement: statement, SignedBy: v.signedBy})
	}
}

// evaluated is what came out of a case.
type evaluated struct {
	policy.Decided
	stage      verdict.Stage
	policy     string
	repository string
}

func (r *runner) run() evaluated {
	return evaluated{policy.Evaluate(r.input), r.stage, r.policy.Name(), r.input.Repository}
}

// judge compares with what was expected.
func (e *evaluated) judge(c *testCase) Case {
	result := Case{Name: c.name, Line: c.place.line, Stage: e.stage, Outcome: e.Outcome[e.stage], Differences: []Difference{}}
	if want := c.expect.outcome; want != "" && want != result.Outcome {
		result.Differences = append(result.Differences, Difference{Want: string(want), Got: string(result.Outcome), Message: e.reason()})
	}
	for _, expected := range c.expect.rules {
		got := e.rule(expected.id)
		if got.Result != expected.want {
			result.Differences = append(result.Differences, Difference{expected.id, string(expected.want), string(got.Result), got.Message})
		}
	}
	return result
}

// notEvaluated stands for the result of a rule that had none.
const notEvaluated verdict.Result = "not evaluated"

func (e *evaluated) rule(id string) verdict.Rule {
	for _, r := range e.Rules {
		if r.ID == id {
			return r
		}
	}
	if id == policy.ScopeRule {
		return verdict.Rule{ID: id, Result: verdict.Pass, Message: "the policy is in scope"}
	}
	if id == policy.SignedExceptionsRule {
		return verdict.Rule{ID: id, Result: verdict.Pass, Message: "every waiver and VEX statement that makes a difference is signed"}
	}
	return verdict.Rule{ID: id, Result: notEvaluated, Message: fmt.Sprintf("policy %s is not in scope for %s; give the case a name with as", e.policy, e.repository)}
}

// reason says which rules made the outcome what it is.
func (e *evaluated) reason() string {
	reason := ""
	for _, r := range e.Rules {
		if r.Result == verdict.Pass {
			continue
		}
		if reason != "" {
			reason += "; "
		}
		reason += fmt.Sprintf("%s is %s: %s", r.ID, r.Result, r.Message)
	}
	if reason == "" {
		return "every rule passes"
	}
	return reason
}

// see notes which rules failed, passed or were deferred. The advisories' age has no failure: too
// old is unknown.
func (e *evaluated) see(rules []Rule) {
	for i := range rules {
		for _, r := range e.Rules {
			if r.ID != rules[i].ID {
				continue
			}
			rules[i].Failed = rules[i].Failed || r.Result == verdict.Fail || r.Result == verdict.Unknown && r.ID == policy.DatabaseAgeRule
			rules[i].Passed = rules[i].Passed || r.Result == verdict.Pass
			rules[i].Deferred = rules[i].Deferred || r.Result == verdict.Deferred
		}
	}
}
