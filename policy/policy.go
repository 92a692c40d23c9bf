// Package policy is the language in which the owner of a risk draws the line, and the one pure
// function that tells on which side of it an image is.
//
// Parse reads YAML documents strictly: a key, a value or a feature of YAML that a policy does not
// have is an error that names its line and column. Evaluate decides; it has no clock and does no
// input or output, so that equal inputs give an equal verdict at every gate, on every machine.
//
// A rule denies findings. In this version it asks of vulnerabilities for their severity, whether
// a fix is known, whether they are known to be exploited, and in which package they are; or it
// asks of the image's configuration for the checks of package imageconfig. All criteria of a rule
// must hold of one finding; a list holds if one of its members does. A rule fails if it finds an
// offender. If it finds none, it passes only if all was seen that it reads: else it is unknown,
// and unknown never counts as a pass.
//
// Waivers, expressions and criteria on secrets, licences and evidence are not read yet; they are
// refused, not ignored. A file has at most 1 MiB.
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
	scope       scope
	actions     actions
	defaults    defaults
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
	unknownSeverity    advisory.Severity // SeverityUnknown if the policy does not say
	maxDatabaseAge     time.Duration     // 0 if the policy does not say
	verdictMaxAge      time.Duration     // 0 if the policy does not say
}

// rule is one line that may not be crossed.
type rule struct {
	id       string
	message  string  // what to say when it fails; empty for our own words
	actions  actions // stages for which the rule overrides the policy's
	criteria criteria
}

// Name is the policy's metadata.name.
func (p Policy) Name() string { return p.name }

// Owner is who answers for the policy, empty if it does not say.
func (p Policy) Owner() string { return p.owner }

// Version is the policy's metadata.version, 0 if it does not say.
func (p Policy) Version() int { return p.version }

// Digest is that of the exact bytes of the file that holds the policy.
func (p Policy) Digest() image.Digest { return p.digest }

// Reads returns the kinds of finding that the policies' rules ask about, sorted: what has to be
// looked for before they can be evaluated.
func Reads(policies []Policy) []finding.Kind {
	var kinds []finding.Kind
	for _, p := range policies {
		for _, r := range p.rules {
			kinds = append(kinds, r.criteria.kind())
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
func (p Policy) on(stage verdict.Stage, r rule) verdict.Outcome {
	if action, ok := r.actions[stage]; ok {
		return action
	}
	if action, ok := p.actions[stage]; ok {
		return action
	}
	return verdict.Deny
}
