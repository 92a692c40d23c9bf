package policy

import (
	"fmt"
	"slices"
	"time"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/verdict"
)

// asking is one rule being asked of all rows that it is about.
type asking struct {
	*judgement
	view *view
	rule *rule

	offenders, waived, undecided []row
	waivedDoubts                 int            // how many of the waived nobody knows to offend
	doubts                       map[string]int // what rows lack → how many
	waivers                      []string       // ids of those that count for a row
	mends                        []string       // what the policy's owner can do about it
	waiting                      bool           // the row that is asked about lacks only what comes later
	deferred                     []row
	deferredTo                   verdict.Stage
	err                          error

	current    question
	activation activation
}

// row is one of the things that a rule is asked of.
type row struct {
	key     string
	finding *finding.Finding
	pkg     *inventory.Package
	file    *inventory.File
}

// rowsOf returns what a rule is asked of.
func (s *subject) rowsOf(about about) []row {
	if rows, known := s.rows[about]; known {
		return rows
	}
	var rows []row
	switch about {
	case aboutVulnerability, aboutConfig, aboutFinding:
		for i := range s.findings {
			f := &s.findings[i]
			wanted := about == aboutFinding || (f.Kind == finding.Vulnerability) == (about == aboutVulnerability)
			if wanted && counts(f.Status) {
				rows = append(rows, row{key: f.Key, finding: f})
			}
		}
	case aboutPackage:
		for _, p := range s.listed {
			rows = append(rows, row{key: "package|" + p.PURL, pkg: p})
		}
	case aboutSetuid:
		rows = fileRows("setuid|", s.facts.Files.Setuid)
	case aboutUnowned:
		rows = fileRows("unowned|", s.facts.Files.Unowned)
	case aboutImage, aboutSecret, aboutMalware:
		rows = []row{{}}
	}
	s.rows[about] = rows
	return rows
}

func fileRows(prefix string, files []inventory.File) []row {
	rows := make([]row, len(files))
	for i := range files {
		rows[i] = row{key: prefix + absolute(files[i].Path), file: &files[i]}
	}
	return rows
}

// result asks the rule of every row, and says what came out.
func (a *asking) result() verdict.Rule {
	a.doubts = map[string]int{}
	for _, r := range a.s.rowsOf(a.rule.about) {
		a.add(r)
	}
	result := verdict.Rule{Policy: a.view.policy.name, ID: a.rule.id}
	unseen := a.rule.unseen(a.s)
	if a.rule.about == aboutUnowned && a.s.facts.Files.UnownedCount > len(a.s.facts.Files.Unowned) {
		unseen = append(unseen, "more unowned files than are listed")
	}
	possible := len(a.offenders) + len(a.undecided) + len(a.deferred)
	switch fails := len(a.offenders) >= a.rule.atLeast; {
	case a.err != nil:
		result.Result, result.Message = verdict.Error, a.err.Error()
		result.Fix = "mend the rule's expression in policy " + a.view.policy.name
	case fails && a.rule.about == aboutImage && a.waivedAsAWhole():
		result.Result, result.Message = verdict.Waived, a.waivedWords()+a.failMessage()
	case fails:
		result.Result, result.Offenders = verdict.Fail, keys(a.offenders)
		result.Message, result.Fix = a.failMessage(), a.fix()
	case len(a.undecided) > 0 && possible >= a.rule.atLeast || len(unseen) > 0 && a.matters():
		result.Result, result.Offenders = verdict.Unknown, keys(a.undecided)
		result.Message, result.Fix = a.unknownMessage(unseen), a.unknownFix(unseen)
	case len(a.deferred) > 0 && possible >= a.rule.atLeast:
		result.Result, result.Offenders = verdict.Deferred, keys(a.deferred)
		result.Message = a.deferredMessage()
	case len(a.offenders)+len(a.waived) >= a.rule.atLeast:
		result.Result, result.Offenders = verdict.Waived, keys(a.waived)
		result.Message = a.waivedWords() + a.phrase(len(a.waived)-a.waivedDoubts)
		if a.waivedDoubts > 0 {
			result.Message += fmt.Sprintf(", and %d of which that is not known", a.waivedDoubts)
		}
	default:
		result.Result, result.Message = verdict.Pass, a.phrase(len(a.offenders))
	}
	return result
}

// matters tells whether what was not seen could make the rule fail: not if a condition on the
// image already rules it out.
func (a *asking) matters() bool {
	q := a.question(row{})
	for i := range a.rule.tests {
		t := &a.rule.tests[i]
		if t.criterion.about == aboutImage && len(t.criterion.dimensions) == 0 && t.ask(q) == no {
			return false
		}
	}
	return true
}

// waivedAsAWhole tells whether a rule about the image is waived.
func (a *asking) waivedAsAWhole() bool { return a.noteWaiver(a.view.waiverOf(a.rule.id, nil)) }

// noteWaiver remembers the waiver that counts, if one does.
func (a *asking) noteWaiver(by *waived) bool {
	if by != nil && !slices.Contains(a.waivers, by.id) {
		a.waivers = append(a.waivers, by.id)
	}
	return by != nil
}

// waivedWords says by which waivers.
func (a *asking) waivedWords() string { return "waived by " + some(sortedSet(a.waivers), ", ") + ": " }

// question is made once for all rows of a rule.
func (a *asking) question(r row) *question {
	if a.current.s == nil {
		a.current = question{s: a.s, view: a.view, defaults: &a.view.policy.defaults}
	}
	a.current.finding, a.current.pkg, a.current.file = r.finding, r.pkg, r.file
	return &a.current
}

// add asks the rule of one row.
func (a *asking) add(r row) {
	a.waiting = false
	answer, lacks := a.ask(a.question(r))
	if answer == no {
		return
	}
	if a.rule.about != aboutImage && a.isWaived(r) {
		a.waived = append(a.waived, r)
		if answer != yes {
			a.waivedDoubts++
		}
		return
	}
	if answer == yes {
		a.offenders = append(a.offenders, r)
		return
	}
	if a.waiting {
		a.deferred = append(a.deferred, r)
		return
	}
	a.undecided = append(a.undecided, r)
	for _, lack := range lacks {
		a.doubts[lack]++
	}
}

func (a *asking) isWaived(r row) bool { return a.noteWaiver(a.waiverOfRow(r)) }

// waiverOfRow returns the waiver that counts for a row, nil if none does.
func (a *asking) waiverOfRow(r row) *waived {
	if r.finding != nil && a.view.findings[r.finding] != nil {
		return a.view.findings[r.finding]
	}
	stand := r.finding
	if stand == nil { // a package or a file stands in for a finding: it has a key and a package
		stand = &finding.Finding{Key: r.key, ID: r.key}
		if r.pkg != nil {
			stand.Package = r.pkg.PURL
		}
	}
	return a.view.waiverOf(a.rule.id, stand)
}

// ask answers for one row, and says what it lacked if it is undecided. All conditions must hold;
// the first that does not decides.
func (a *asking) ask(q *question) (answer, []string) {
	if a.rule.expression != nil {
		return a.askExpression(q)
	}
	result := yes
	var lacks []string
	var waits []*criterion
	var turns time.Time // the next moment at which time alone may change the answer
	for i := range a.rule.tests {
		t := &a.rule.tests[i]
		answer := t.ask(q)
		if t.turns != nil {
			turns = a.s.sooner(turns, t.turns(q)...)
		} else if answer == no {
			return no, nil
		}
		result = min(result, answer)
		switch {
		case answer != undecided:
		case t.criterion.waits(q.s):
			waits = append(waits, t.criterion)
		default:
			lacks = append(lacks, t.lack(q))
			if t.mend != "" && !slices.Contains(a.mends, t.mend) {
				a.mends = append(a.mends, t.mend)
			}
		}
	}
	a.turns(turn{turnOfRule, a.rule.id}, turns)
	if result == undecided && len(lacks) == 0 {
		for _, c := range waits {
			a.wait(c.from)
			lacks = append(lacks, c.reads)
		}
	}
	return result, lacks
}

// wait defers the rule, because of one row, to a stage: the latest of those that its inputs come
// at.
func (a *asking) wait(stage verdict.Stage) {
	a.waiting = true
	if slices.Index(verdict.Stages(), stage) > slices.Index(verdict.Stages(), a.deferredTo) {
		a.deferredTo = stage
	}
}

func (a *asking) askExpression(q *question) (answer, []string) {
	if a.err != nil {
		return no, nil
	}
	x := a.rule.expression
	a.activation.e, a.activation.q = x.environment, q
	result, lacks, err := x.ask(&a.activation, &a.costs)
	if err != nil {
		a.err = err
		return no, nil
	}
	if x.readsNow {
		a.turns(turn{turnOfRule, a.rule.id}, a.s.now.Add(expressionLife))
	}
	if a.rule.about == aboutImage { // expr says what must hold
		result = not(result)
	}
	if result == undecided {
		a.waitForVariables(lacks)
	}
	for i := range lacks {
		lacks[i] = "no known " + lacks[i]
	}
	return result, lacks
}

// waitForVariables defers the rule if all that its expression lacks are variables that come later.
func (a *asking) waitForVariables(lacks []string) {
	later := map[string]verdict.Stage{workloadVariable: verdict.Admit, evidenceVariable: verdict.Ship}
	if slices.ContainsFunc(lacks, func(lack string) bool { return later[lack] == "" }) {
		return
	}
	for _, lack := range lacks {
		a.wait(later[lack])
	}
}

// lack says what a row has not that the test needs.
func (t *test) lack(q *question) string {
	if t.doubt != nil {
		return t.doubt(q)
	}
	return t.lacks
}

// keys returns the rows' keys, sorted.
func keys(rows []row) []string {
	var keys []string
	for _, r := range rows {
		if r.key != "" {
			keys = append(keys, r.key)
		}
	}
	return sortedSet(keys)
}
