// Package policy is the language in which the owner of a risk draws the line, and the one pure
// function that tells on which side of it an image is.
//
// Parse reads policies, and ParseWaivers reads waivers: YAML documents, read strictly. A key, a
// value or a feature of YAML that the language does not have is an error that names its line and
// column. Evaluate decides; it has no clock and does no input or output, so that equal inputs
// give an equal verdict at every gate, on every machine.
//
// A rule says what is denied in one of three ways. "deny" names criteria, and all of them must
// hold of one finding, package or file, or of the image; "where" is an expression in CEL that is
// asked of each finding; "expr" is one that must hold of the image. A rule fails if it finds an
// offender. If it finds none, it passes only if all was seen that it reads: else it is unknown,
// and unknown never counts as a pass. A rule whose input cannot exist yet is deferred.
//
// VEX statements and waivers are applied before the rules, by one function for every gate.
//
// Limits: a file has at most 1 MiB, a policy 1,000 rules, an expression 4,096 bytes. What
// expressions cost is counted in CEL's units and bounded for each and for all, so that no policy
// runs for longer than some seconds; time itself is no limit, since a verdict must not depend on
// how busy a machine is.
package policy

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// Policy is one policy document, checked. Only Parse makes one; a zero Policy is in scope for
// nothing.
type Policy struct {
	name, owner string
	version     int
	digest      image.Digest // of the file that holds it
	position    int          // among the documents of its file
	place       place
	scope       scope
	actions     actions
	defaults    defaults
	waivers     waiverTerms
	vexSigners  []string // whose attached VEX documents count
	signers     []string // all whom it names as signers; expressions aside
	rules       []rule
}

// scope says which repositories a policy is about. No images means all.
type scope struct{ images, except []glob }

// actions are what to do about a rule that fails, for each stage; verdict.Allow is "off". A
// stage that is not listed denies.
type actions map[verdict.Stage]verdict.Outcome

// defaults are a policy's answers where a rule has none.
type defaults struct {
	onUnknown, onError verdict.Outcome
	onStale            Stale
	unknownSeverity    advisory.Severity // SeverityUnknown if the policy does not say
	maxDatabaseAge     time.Duration     // 0 if the policy does not say
	verdictMaxAge      time.Duration     // 0 if the policy does not say
}

// Stale says what a gate does when all it has is a verdict that is no longer valid.
type Stale struct {
	AdmittedBefore verdict.Outcome // of a digest that this gate let through before
	New            verdict.Outcome // of any other
}

// waiverTerms say whose waivers a policy honours, and for how long.
type waiverTerms struct {
	approvers []string // "*" is anybody but the owner
	longest   map[advisory.Severity]time.Duration
}

// place is where something stands in its file.
type place struct{ line, column int }

// rule is one line that may not be crossed. It has tests, or an expression: one that is asked of
// each row, or one that must hold of the image.
type rule struct {
	id         string
	place      place
	message    string  // what to say when it fails; empty for our own words
	actions    actions // stages for which the rule overrides the policy's
	about      about
	tests      []test
	atLeast    int // how many offenders make it fail
	expression *expression
}

// Name is the policy's metadata.name.
func (p Policy) Name() string { return p.name }

// Owner is who answers for the policy, empty if it does not say.
func (p Policy) Owner() string { return p.owner }

// Version is the policy's metadata.version, 0 if it does not say.
func (p Policy) Version() int { return p.version }

// Digest is that of the exact bytes of the file that holds the policy.
func (p Policy) Digest() image.Digest { return p.digest }

// OnStale is what a gate does with a verdict that is no longer valid.
func (p Policy) OnStale() Stale { return p.defaults.onStale }

// Rules returns the ids of the policy's rules, in its order, its own among them: that of the
// database's age, if defaults.maxDatabaseAge is set.
func (p Policy) Rules() []string {
	var ids []string
	for _, r := range p.rules {
		ids = append(ids, r.id)
	}
	if p.defaults.maxDatabaseAge > 0 {
		ids = append(ids, DatabaseAgeRule)
	}
	return ids
}

// Reads returns the kinds of finding that the policies' rules ask about, sorted: what has to be
// looked for before they can be evaluated.
func Reads(policies []Policy) []finding.Kind {
	var kinds []finding.Kind
	for _, p := range policies {
		for i := range p.rules {
			for _, dimension := range p.rules[i].reads() {
				switch dimension {
				case advisoriesDimension:
					kinds = append(kinds, finding.Vulnerability)
				case configDimension:
					kinds = append(kinds, finding.Config)
				}
			}
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// Covers tells whether the policy is about a repository: a name without tag and digest, as the
// reference spells it. A local image without a name has none; a policy for everything covers it,
// and no other does.
func (p Policy) Covers(repository string) bool {
	if len(p.rules) == 0 {
		return false
	}
	holds := func(g glob) bool {
		if repository == "" {
			return g == "**"
		}
		return g.matches(repository)
	}
	return (len(p.scope.images) == 0 || slices.ContainsFunc(p.scope.images, holds)) &&
		!slices.ContainsFunc(p.scope.except, holds)
}

// compare is the order in which policies are evaluated; the order in which they were given does
// not matter.
func (p Policy) compare(other Policy) int {
	return cmp.Or(strings.Compare(p.name, other.name), strings.Compare(p.digest.Hex(), other.digest.Hex()),
		cmp.Compare(p.position, other.position))
}

// on returns what to do at a stage about a rule that failed.
func (p Policy) on(stage verdict.Stage, r *rule) verdict.Outcome {
	if action, ok := r.actions[stage]; ok {
		return action
	}
	if action, ok := p.actions[stage]; ok {
		return action
	}
	return verdict.Deny
}
