package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
)

// phrase says in words what the criteria ask for, and how many there are: "3 critical
// vulnerabilities with a fix", "no vulnerability known to be exploited".
func (c criteria) phrase(n int) string {
	if c.kind() == finding.Config {
		return count(n, "finding", "findings") + " of " + strings.Join(c.config, " or ")
	}
	var rated string
	if len(c.severities) > 0 {
		names := make([]string, len(c.severities))
		for i, severity := range c.severities {
			names[i] = severityWord(severity)
		}
		rated = orList(names) + " "
	}
	words := count(n, rated+"vulnerability", rated+"vulnerabilities")
	if c.fixable != nil {
		words += choose(*c.fixable, " with a fix", " without a fix")
	}
	if c.kev != nil {
		words += choose(*c.kev, " known to be exploited", " not known to be exploited")
	}
	if len(c.packages) > 0 {
		words += " in the packages that the rule names"
	}
	return words
}

// failMessage says how many offenders there are, and which is the worst.
func (r rule) failMessage(offenders []finding.Finding, s *subject) string {
	n := distinctIDs(offenders)
	if r.message != "" {
		return countPattern().ReplaceAllLiteralString(r.message, strconv.Itoa(n))
	}
	if r.criteria.kind() == finding.Config {
		var titles []string
		for _, f := range offenders {
			titles = append(titles, cmp.Or(f.Title, f.ID))
		}
		return some(slices.Compact(titles), "; ")
	}
	message := r.criteria.phrase(n)
	if packages := distinctPackages(offenders); packages > 1 && len(r.criteria.packages) == 0 {
		message += fmt.Sprintf(" in %d packages", packages)
	}
	return message + choose(n > 1, "; the worst is ", ": ") + s.describe(slices.MinFunc(offenders, worstFirst))
}

// describe names a vulnerability as a developer would: CVE-2024-5535 in openssl 3.0.14-1
// (fixed in 3.0.15-1).
func (s *subject) describe(f finding.Finding) string {
	words := f.ID
	if f.Package != "" {
		words += " in " + s.nameOf(f.Package)
	}
	if f.FixState == finding.FixAvailable && len(f.FixedIn) > 0 {
		words += " (fixed in " + orList(f.FixedIn[:min(len(f.FixedIn), 3)]) + ")"
	}
	return words
}

// nameOf returns a package's name and version; the purl if the facts do not know it.
func (s *subject) nameOf(purl string) string {
	p, ok := s.packages[purl]
	switch {
	case !ok:
		return purl
	case p.Version == "":
		return p.Name
	default:
		return p.Name + " " + p.Version
	}
}

// worstFirst orders by what to look at first: exploited, then severe, then likely to be
// exploited, then easily mended.
func worstFirst(a, b finding.Finding) int {
	return cmp.Or(
		-compareBool(a.KEV, b.KEV),
		-cmp.Compare(a.Severity, b.Severity),
		-cmp.Compare(likelihood(a), likelihood(b)),
		-compareBool(a.FixState == finding.FixAvailable, b.FixState == finding.FixAvailable),
		finding.Compare(a, b),
	)
}

func likelihood(f finding.Finding) float64 {
	if f.EPSS == nil {
		return -1
	}
	return *f.EPSS
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

// unknownMessage says why the rule can neither fail nor pass.
func (c criteria) unknownMessage(found findings, unseen []string, s *subject) string {
	var reasons []string
	for doubt, n := range found.doubts {
		if n > 0 {
			reasons = append(reasons, fmt.Sprintf("%s %s", count(n, "finding has", "findings have"), doubtWords(doubt)))
		}
	}
	for _, dimension := range unseen {
		reasons = append(reasons, s.unseenWords(dimension))
	}
	return c.phrase(0) + " was found, but " + some(reasons, "; ")
}

func doubtWords(doubt int) string {
	return [doubts]string{
		noSeverity: "no known severity",
		noFixState: "no word on whether there is a fix",
		noPackage:  "a package that cannot be read",
	}[doubt]
}

// unseenWords says what is the matter with a dimension, with the first gap as the example.
func (s *subject) unseenWords(dimension string) string {
	switch dimension {
	case packagesDimension:
		return "packages were not looked for"
	case advisoriesDimension:
		return "no advisories were looked up"
	case exploitedSource:
		return "the database does not hold what is known to be exploited"
	}
	words := fmt.Sprintf("%s is %s", dimension, s.coverage.State(dimension))
	for _, g := range s.gaps {
		if g.Dimension == dimension {
			return words + " (" + gapWords(g) + ")"
		}
	}
	return words
}

func gapWords(g inventory.Gap) string {
	words := cmp.Or(g.Why, g.Code)
	if g.Path != "" {
		words = g.Path + ": " + words
	}
	return words
}

// unknownFix is the next step for whoever wants an answer.
func (p Policy) unknownFix(found findings, unseen []string, s *subject) string {
	var steps []string
	add := func(step string) {
		if !slices.Contains(steps, step) {
			steps = append(steps, step)
		}
	}
	if found.doubts[noSeverity] > 0 {
		add("set defaults.unknownSeverity in policy " + p.name)
	}
	for _, dimension := range unseen {
		switch {
		case dimension == packagesDimension, dimension == advisoriesDimension, s.coverage.State(dimension) == inventory.NotRun:
			add("scan for what the rule reads (--find)")
		case dimension == exploitedSource, strings.HasPrefix(dimension, advisoriesDimension):
			add("use an advisory database that covers it: plimsoll db build")
		default:
			add("repair or remove what could not be read; coverage.gaps in the report lists it")
		}
	}
	return strings.Join(steps, "; ")
}

func severityWord(s advisory.Severity) string {
	if s == advisory.SeverityUnknown {
		return "unrated"
	}
	return s.String()
}

// count says how many there are: "no fix", "1 fix", "3 fixes".
func count(n int, one, many string) string {
	switch n {
	case 0:
		return "no " + one
	case 1:
		return "1 " + one
	default:
		return strconv.Itoa(n) + " " + many
	}
}

// some joins the first few words of a list and says how many more there are.
func some(words []string, separator string) string {
	const most = 3
	if len(words) > most {
		words = append(slices.Clone(words[:most]), fmt.Sprintf("and %d more", len(words)-most))
	}
	return strings.Join(words, separator)
}

func choose(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

func distinctIDs(list []finding.Finding) int {
	ids := map[string]bool{}
	for _, f := range list {
		ids[f.ID] = true
	}
	return len(ids)
}

func distinctPackages(list []finding.Finding) int {
	packages := map[string]bool{}
	for _, f := range list {
		packages[f.Package] = true
	}
	return len(packages)
}
