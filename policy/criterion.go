package policy

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/verdict"
)

// about is what a criterion is asked of: every vulnerability, every package, or the image once.
type about string

// What criteria are asked of. Criteria of the image go with those of anything else in one rule.
const (
	aboutImage         about = "image"
	aboutVulnerability about = "vulnerability"
	aboutConfig        about = "configuration finding"
	aboutPackage       about = "package"
	aboutSetuid        about = "setuid file"
	aboutUnowned       about = "unowned executable"
	aboutSecret        about = "secret"
	aboutMalware       about = "malware"
	aboutFinding       about = "finding" // of whatever kind; no criterion asks so, only where
)

// criterion is one key that deny may have: the row of the language's reference.
type criterion struct {
	name    string
	about   about
	form    string // how its value is written
	reads   string // what it reads
	example string // a value
	peers   string // the fields of StackRox and NeuVector that it answers
	// dimensions are what has to be seen in full, beside what the rule's rows come from: names of
	// the coverage, or prefixes of names that end in a slash.
	dimensions []string
	// source is the source of the database that it asks; the rule is unknown without it.
	source string
	// from is the first stage at which its input exists, for inputs that are no part of a scan.
	// Where the input is missing, the rule is deferred.
	from verdict.Stage
	// arrived tells whether that input is there; nil if this version never has it.
	arrived func(s *subject) bool
	// read reads the value.
	read func(d *decoder, n *yaml.Node, what string) test
}

// test is a criterion with its value: one condition of a rule.
type test struct {
	criterion *criterion
	// ask answers for one row; cel says the same in CEL.
	ask func(q *question) answer
	cel string
	// turns returns the moments at which time alone may change the answer for a row.
	turns func(q *question) []time.Time
	// lacks says what a row has not, if it is undecided: "no known severity".
	lacks string
	// doubt says it in more words, if they depend on the image; nil for none.
	doubt func(q *question) string
	// mend says what the owner of the policy can do about undecided rows.
	mend string
	// before and after say in words what is asked for: before and after the name of the row.
	before, after string
	// verdicts tells whether it asks about a verdict that was made before.
	verdicts bool
	// says tells in words what holds of an image, for criteria of the image.
	says func(q *question) string
	// remedy is what its developers can do, if that is the same for all rows.
	remedy string
}

// question is one row, and what is known of it.
type question struct {
	s        *subject
	view     *view
	defaults *defaults
	finding  *finding.Finding
	pkg      *inventory.Package
	file     *inventory.File
}

// answer is whether a condition holds. The order is that of "and": the least answer wins.
type answer uint8

const (
	no answer = iota
	undecided
	yes
)

// waits tells whether a criterion's input is missing because it comes later.
func (c *criterion) waits(s *subject) bool {
	return c.from != "" && (c.arrived == nil || !c.arrived(s))
}

func answerOf(holds bool) answer {
	if holds {
		return yes
	}
	return no
}

func not(a answer) answer { return yes - a }

// criteria returns all criteria, in the order of the reference.
func allCriteria() []*criterion {
	return slices.Concat(vulnerabilityCriteria(), packageCriteria(), fileCriteria(), imageCriteria(), evidenceCriteria(), findingCriteria(), laterCriteria())
}

// age is how long ago a moment was.
func (s *subject) age(moment time.Time) time.Duration { return s.now.Sub(moment) }

// atLeastAgo answers whether a moment lies at least that long ago; undecided if it is not known.
func (s *subject) atLeastAgo(moment string, limit time.Duration) answer {
	t, ok := timeOf(moment)
	if !ok {
		return undecided
	}
	return answerOf(s.age(t) >= limit)
}

// after returns the moment that lies a while after another, if that is known.
func after(moment string, d time.Duration) []time.Time {
	t, ok := timeOf(moment)
	if !ok {
		return nil
	}
	return []time.Time{t.Add(d)}
}

func timeOf(moment string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, moment)
	return t.UTC(), err == nil && !t.IsZero()
}

// celString writes a string as CEL, whose escapes are Go's.
func celString(s string) string { return strconv.Quote(s) }

func celList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = celString(w)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func celDuration(d time.Duration) string { return `duration("` + hours(d) + `")` }

// celAge is the condition that a moment lies at least that long ago.
func celAge(moment string, d time.Duration) string {
	return "now - " + moment + " >= " + celDuration(d)
}
