package policy

import (
	"slices"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
)

// criteria are what a rule asks of one finding; all that are set must hold. Parse sees to it
// that either config is set, and nothing else, or at least one of the others.
type criteria struct {
	severities []advisory.Severity
	fixable    *bool
	kev        *bool
	packages   []packageGlob
	config     []string
}

func (c criteria) kind() finding.Kind {
	if len(c.config) > 0 {
		return finding.Config
	}
	return finding.Vulnerability
}

// answer is whether a criterion holds. The order is that of "and": the least answer wins.
type answer uint8

const (
	no answer = iota
	undecided
	yes
)

func answerOf(holds bool) answer {
	if holds {
		return yes
	}
	return no
}

// doubt is why a finding could not be decided.
type doubt uint8

const (
	noSeverity doubt = iota // nobody rates it, and the policy does not say what to assume
	noFixState              // its source does not say whether there is a fix
	noPackage               // its package cannot be read
	doubts     = iota
)

// judge asks the criteria of a finding of their kind. The doubts are those that made the answer
// undecided.
func (c criteria) judge(f finding.Finding, s *subject, d defaults) (answer, []doubt) {
	if len(c.config) > 0 {
		return answerOf(slices.Contains(c.config, f.ID)), nil
	}
	result, why := yes, []doubt(nil)
	for _, asked := range []struct {
		answer answer
		doubt  doubt
	}{
		{c.judgeSeverity(f, d), noSeverity},
		{c.judgeFix(f), noFixState},
		{c.judgeExploited(f), 0},
		{c.judgePackage(f, s), noPackage},
	} {
		result = min(result, asked.answer)
		if asked.answer == undecided {
			why = append(why, asked.doubt)
		}
	}
	if result != undecided {
		return result, nil
	}
	return undecided, why
}

func (c criteria) judgeSeverity(f finding.Finding, d defaults) answer {
	switch {
	case len(c.severities) == 0, slices.Contains(c.severities, f.Severity):
		return yes
	case f.Severity != advisory.SeverityUnknown:
		return no
	case d.unknownSeverity != advisory.SeverityUnknown:
		return answerOf(slices.Contains(c.severities, d.unknownSeverity))
	default:
		return undecided
	}
}

func (c criteria) judgeFix(f finding.Finding) answer {
	if c.fixable == nil {
		return yes
	}
	switch f.FixState {
	case finding.FixAvailable:
		return answerOf(*c.fixable)
	case finding.NotFixed, finding.WontFix, finding.FixDeferred:
		return answerOf(!*c.fixable)
	default:
		return undecided
	}
}

func (c criteria) judgeExploited(f finding.Finding) answer {
	return answerOf(c.kev == nil || *c.kev == f.KEV)
}

// judgePackage matches the package, or the source package that it was built from.
func (c criteria) judgePackage(f finding.Finding, s *subject) answer {
	if len(c.packages) == 0 {
		return yes
	}
	path, version, ok := splitPURL(f.Package)
	if !ok {
		return undecided
	}
	sourcePath, sourceVersion := s.sourceOf(f.Package, path, version)
	return answerOf(slices.ContainsFunc(c.packages, func(g packageGlob) bool {
		return g.matches(path, version) || g.matches(sourcePath, sourceVersion)
	}))
}
