package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/verdict"
)

// phrase says in words what the rule denies, and how many there are: "3 critical vulnerabilities
// with a fix", "no vulnerability known to be exploited".
func (a *asking) phrase(n int) string {
	r := a.rule
	one, many := string(r.about), string(r.about)+"s"
	switch r.about {
	case aboutVulnerability:
		many = "vulnerabilities"
	case aboutConfig:
		one, many = "finding", "findings"
	}
	switch {
	case r.expression != nil && r.about == aboutImage:
		return choose(n == 0, "the expression holds of the image", "the expression does not hold of the image")
	case r.expression != nil:
		return count(n, one, many) + " that the rule's expression asks for"
	}
	var before, after string
	for i := range r.tests {
		before, after = before+r.tests[i].before, after+r.tests[i].after
	}
	if r.about == aboutImage {
		return choose(n == 0, "it is no image", "it is an image") + after
	}
	return count(n, before+one, before+many) + after
}

// failMessage says how many offenders there are, and which is the worst.
func (a *asking) failMessage() string {
	r := a.rule
	var list []finding.Finding
	for _, o := range a.offenders {
		if o.finding != nil {
			list = append(list, *o.finding)
		}
	}
	n := len(a.offenders)
	if len(list) > 0 {
		n = distinctIDs(list)
	}
	switch {
	case r.message != "":
		return countPattern().ReplaceAllLiteralString(r.message, strconv.Itoa(n))
	case r.about == aboutConfig:
		var titles []string
		for _, f := range list {
			titles = append(titles, cmp.Or(f.Title, f.ID))
		}
		return some(slices.Compact(titles), "; ")
	case r.about == aboutImage:
		return a.imageMessage()
	case len(list) == 0:
		return a.phrase(n) + ": " + some(a.rowNames(a.offenders), ", ")
	}
	message := a.phrase(n)
	if packages := distinctPackages(list); packages > 1 && !r.asks("package") {
		message += fmt.Sprintf(" in %d packages", packages)
	}
	return message + choose(n > 1, "; the worst is ", ": ") + a.s.describe(slices.MinFunc(list, worstFirst))
}

// imageMessage says what is wrong with the image.
func (a *asking) imageMessage() string {
	if a.rule.expression != nil {
		return a.phrase(1) + ": " + a.rule.expression.text
	}
	q := a.question(row{})
	var says []string
	for i := range a.rule.tests {
		if t := &a.rule.tests[i]; t.says != nil {
			says = append(says, t.says(q))
		}
	}
	return strings.Join(says, ", and ")
}

// asks tells whether the rule has a criterion.
func (r *rule) asks(criterion string) bool {
	return slices.ContainsFunc(r.tests, func(t test) bool { return t.criterion.name == criterion })
}

// rowNames says which packages or files rows are.
func (a *asking) rowNames(rows []row) []string {
	var names []string
	for _, r := range rows {
		switch {
		case r.pkg != nil:
			names = append(names, a.s.nameOf(r.pkg.PURL))
		case r.file != nil:
			names = append(names, absolute(r.file.Path))
		}
	}
	return sortedSet(names)
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
func (a *asking) unknownMessage(unseen []string) string {
	var reasons []string
	for _, lack := range slices.Sorted(maps.Keys(a.doubts)) {
		n := a.doubts[lack]
		switch a.rule.about {
		case aboutImage:
			reasons = append(reasons, "it has "+lack)
		case aboutPackage:
			reasons = append(reasons, fmt.Sprintf("%s %s", count(n, "package has", "packages have"), lack))
		default:
			reasons = append(reasons, fmt.Sprintf("%s %s", count(n, "finding has", "findings have"), lack))
		}
	}
	for _, dimension := range unseen {
		reasons = append(reasons, a.s.unseenWords(dimension))
	}
	if a.rule.about == aboutImage {
		return "whether " + a.asked() + " cannot be said: " + some(reasons, "; ")
	}
	return a.phrase(len(a.offenders)) + " was found, but " + some(reasons, "; ")
}

// asked says what the rule asks of the image.
func (a *asking) asked() string {
	if a.rule.expression != nil {
		return "the expression holds of the image"
	}
	return a.phrase(1)
}

// deferredMessage says what the rule waits for.
func (a *asking) deferredMessage() string {
	var inputs []string
	for i := range a.rule.tests {
		if c := a.rule.tests[i].criterion; c.waits(a.s) {
			input, _, _ := strings.Cut(c.reads, ":")
			inputs = append(inputs, c.name+" reads "+input)
		}
	}
	if len(inputs) == 0 {
		inputs = append(inputs, "the expression reads "+choose(a.deferredTo == verdict.Ship, "evidence about the image", "what runs the image"))
	}
	text := fmt.Sprintf("%s: not there before the stage %s", strings.Join(inputs, "; "), a.deferredTo)
	if a.rule.readsEvidence() {
		text += ", and from then on it must be gathered (check --trust)"
	}
	return text
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
	case "epss":
		return "the database does not hold EPSS scores"
	}
	if strings.Contains(dimension, " ") {
		return "there are " + dimension
	}
	words := fmt.Sprintf("%s is %s", dimension, s.coverage.State(dimension))
	for _, g := range s.gaps {
		if g.Dimension == dimension {
			return words + " (" + gapWords(g) + ")"
		}
	}
	return words
}

// incompleteWords says what is the matter with a dimension, or with the first of its kind.
func (s *subject) incompleteWords(asked string) string {
	for _, dimension := range append(s.notFull(asked+"/"), s.notFull(asked)...) {
		if state, ok := s.coverage.States[dimension]; ok && state != inventory.Full {
			return s.unseenWords(dimension)
		}
	}
	return asked + " was not looked at"
}

func gapWords(g inventory.Gap) string {
	words := cmp.Or(g.Why, g.Code)
	if g.Path != "" {
		words = g.Path + ": " + words
	}
	return words
}

// unknownFix is the next step for whoever wants an answer.
func (a *asking) unknownFix(unseen []string) string {
	var steps []string
	add := func(step string) {
		if !slices.Contains(steps, step) {
			steps = append(steps, step)
		}
	}
	for _, mend := range a.mends {
		add(fmt.Sprintf(mend, a.view.policy.name))
	}
	for _, dimension := range unseen {
		switch {
		case dimension == packagesDimension, dimension == advisoriesDimension, a.s.coverage.State(dimension) == inventory.NotRun:
			add("scan for what the rule reads (--find)")
		case !strings.Contains(dimension, "/") && a.s.coverage.States[dimension] == "", strings.HasPrefix(dimension, advisoriesDimension):
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

func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
