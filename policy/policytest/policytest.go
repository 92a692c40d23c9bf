// Package policytest is tests of policies: documents of the kind PolicyTest, in which the owner
// of a policy says of images what shall become of them.
//
// Parse reads tests as strictly as policies are read. A test has cases; each begins with an image,
// a stored report or the built-in clean image, about which everything is known and nothing is
// wrong; patches it, and says what is expected of the policy. Run evaluates every case with
// policy.Evaluate, as any gate does, and says what differs. It also says which rules no case made
// fail, and which none made pass: a rule that was never seen to fail may as well not be there.
//
// A test asks of one policy at a time. It reads files only through Sources, and has no clock.
package policytest

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/verdict"
)

// Test is one document, checked. Only Parse makes one.
type Test struct {
	file     string
	policy   string // metadata.name of the policy
	place    place  // where it is named
	policies []reference
	base     reference // empty for the clean image
	cases    []testCase
}

// File is the name that Parse was given.
func (t *Test) File() string { return t.file }

// Policy is the metadata.name of the policy that the test is about.
func (t *Test) Policy() string { return t.policy }

// Policies are the files of policies that the test names, as it names them.
func (t *Test) Policies() []string {
	var names []string
	for _, r := range t.policies {
		names = append(names, r.name)
	}
	return names
}

// place is where something stands in the file.
type place struct{ line, column int }

func placeOf(n *yaml.Node) place { return place{n.Line, n.Column} }

// reference is a file that a test names.
type reference struct {
	name  string
	place place
}

// testCase is one case as it is written; what it extends is not in it.
type testCase struct {
	name     string
	place    place
	extends  int // the number of another case of the test, -1 for none
	depth    int // how many cases it extends, each by the next
	at       time.Time
	stage    verdict.Stage // empty if it does not say
	as       string
	waivers  []waivers
	vex      []vex
	patch    *yaml.Node // nil for none; it was checked
	evidence *yaml.Node // the same
	expect   expectation
}

// waivers are a file of waivers, or one that stands in the test itself.
type waivers struct {
	file     reference
	inline   []policy.Waiver
	signedBy []string
}

// vex is a file of VEX statements, or a statement that stands in the test itself.
type vex struct {
	file     reference
	inline   *advisory.VEXStatement
	signedBy []string
}

// expectation is what shall become of a case.
type expectation struct {
	outcome verdict.Outcome // empty if it does not say
	rules   []expectedRule  // in the order in which they are written
}

// expectedRule is the result that a rule shall have.
type expectedRule struct {
	id    string
	want  verdict.Result
	place place
}

// Sources read what tests name beside themselves. A function that is nil makes a test that wants
// it an error.
type Sources struct {
	// File reads a file by the name that the test gives it.
	File func(name string) ([]byte, error)
	// Base reads a report: Facts, Findings, Coverage, Database, ScannedAt, and Now, which is when
	// it was evaluated.
	Base func(report []byte) (policy.Input, error)
	// VEX reads a VEX document.
	VEX func(name string, document []byte) ([]advisory.VEXStatement, error)
}

// Schema names the JSON form of Results.
const Schema = "plimsoll.dev/policytest/v1"

// Results are what came out of tests, and the JSON document that says so.
type Results struct {
	Schema string    `json:"schema"`
	Tests  []*Result `json:"tests"`
}

// Held tells whether every case of every test came out as expected.
func (r *Results) Held() bool {
	return !slices.ContainsFunc(r.Tests, func(t *Result) bool { return !t.Held() })
}

// Covered tells whether every rule was seen to fail and to pass.
func (r *Results) Covered() bool {
	return !slices.ContainsFunc(r.Tests, func(t *Result) bool { return !t.Covered() })
}

// Result is what came out of one test.
type Result struct {
	File   string `json:"file"`
	Policy string `json:"policy"`
	Cases  []Case `json:"cases"`
	Rules  []Rule `json:"rules"`
}

// Held tells whether every case came out as expected.
func (r *Result) Held() bool {
	return !slices.ContainsFunc(r.Cases, func(c Case) bool { return !c.Held() })
}

// Covered tells whether every rule was seen to fail and to pass.
func (r *Result) Covered() bool {
	return !slices.ContainsFunc(r.Rules, func(rule Rule) bool { return !rule.Covered() })
}

// Case is what came out of one case.
type Case struct {
	Name    string          `json:"name"`
	Line    int             `json:"line"`
	Stage   verdict.Stage   `json:"stage"`
	Outcome verdict.Outcome `json:"outcome"` // at the stage
	// Differences are what came out otherwise than expected.
	Differences []Difference `json:"differences"`
}

// Held tells whether the case came out as expected.
func (c *Case) Held() bool { return len(c.Differences) == 0 }

// Difference is something that came out otherwise than expected.
type Difference struct {
	Rule    string `json:"rule,omitempty"` // the rule's id; empty for the outcome
	Want    string `json:"want"`
	Got     string `json:"got"`
	Message string `json:"message"` // the rule's, with the reason
}

// Rule says what the cases saw of a rule.
type Rule struct {
	ID       string `json:"id"`
	Failed   bool   `json:"failed"`   // some case made it fail
	Passed   bool   `json:"passed"`   // some case made it pass
	Deferred bool   `json:"deferred"` // some case deferred it: it cannot be decided yet
}

// Covered tells whether a rule was seen on both sides of its line. One that is deferred has no
// sides yet.
func (r Rule) Covered() bool { return r.Failed && r.Passed || r.Deferred }
