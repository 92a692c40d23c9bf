package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/verdict"
)

// clockTolerance is how far a source's date may lie in the future: clocks differ, and some dates
// have no time zone. Further ahead, its age cannot be told.
const clockTolerance = 24 * time.Hour

// databaseAgeRule is the rule that every source that was used was checked lately enough. A source
// that is too old may lack what was found since, so the result is unknown, not fail.
func (s *subject) databaseAgeRule(p *Policy) verdict.Rule {
	now := s.now
	result := verdict.Rule{Policy: p.name, ID: DatabaseAgeRule, Result: verdict.Pass}
	limit := p.defaults.maxDatabaseAge
	var stale []string
	oldest, oldestName := time.Duration(-1), ""
	for _, name := range p.sources(s) {
		source, _ := s.source(name)
		age := now.Sub(source.AsOf)
		switch {
		case source.AsOf.IsZero():
			stale = append(stale, fmt.Sprintf("when %s was last checked is not known", name))
		case age < -clockTolerance:
			stale = append(stale, fmt.Sprintf("%s is dated %s, in the future", name, source.AsOf.UTC().Format(time.DateOnly)))
		case age > limit:
			stale = append(stale, fmt.Sprintf("%s was last checked %s ago", name, ageText(age)))
		case oldestName == "" || age > oldest:
			oldest, oldestName = max(age, 0), name
		}
	}
	switch {
	case len(stale) > 0:
		result.Result = verdict.Unknown
		result.Message = fmt.Sprintf("%s; the policy asks for at most %s", some(stale, "; "), ageText(limit))
		result.Fix = "use a newer advisory database: plimsoll db build"
	case oldestName == "":
		result.Message = "no advisory was needed"
	default:
		result.Message = fmt.Sprintf("the oldest source, %s, was last checked %s ago, within %s", oldestName, ageText(oldest), ageText(limit))
	}
	return result
}

// sources returns the names of the database's sources that the policy's rules depend on for this
// image, sorted.
func (p *Policy) sources(s *subject) []string {
	var names []string
	for _, r := range p.rules {
		if slices.Contains(r.sources(), exploitedSource) {
			names = append(names, exploitedSource)
		}
	}
	if slices.Contains(Reads([]Policy{*p}), finding.Vulnerability) {
		names = append(names, s.usedSources()...)
	}
	return sortedSet(names)
}

// ages notes the moments at which a policy's limits of age are reached.
func (j *judgement) ages(p *Policy) {
	if p.defaults.verdictMaxAge > 0 {
		j.turns(turn{turnOfVerdict, p.name}, j.s.now.Add(p.defaults.verdictMaxAge))
	}
	if p.defaults.maxDatabaseAge == 0 {
		return
	}
	for _, name := range p.sources(j.s) {
		if source, found := j.s.source(name); found && !source.AsOf.IsZero() {
			j.turns(turn{turnOfSource, name}, source.AsOf.UTC().Truncate(time.Second).Add(p.defaults.maxDatabaseAge))
		}
	}
}

// turn is what happens at a moment at which time alone may change a verdict.
type turn struct {
	kind turnKind
	of   string // the rule, waiver, source or policy
}

// turnKind is a way in which time changes a verdict.
type turnKind string

// The ways, with the words for them.
const (
	turnOfRule    turnKind = "rule %s asks for an age, and its answer may change"
	turnOfWaiver  turnKind = "waiver %s begins or ceases to count"
	turnOfSource  turnKind = "%s becomes older than the policy's maxDatabaseAge"
	turnOfVerdict turnKind = "policy %s has a verdict decided again after its verdictMaxAge"
)

func (t turn) String() string {
	if t.kind == "" {
		return ""
	}
	return fmt.Sprintf(string(t.kind), t.of)
}

func (t turn) compare(other turn) int {
	return cmp.Or(strings.Compare(string(t.kind), string(other.kind)), strings.Compare(t.of, other.of))
}

// turns keeps the first moment to come. Of several things at one moment it names the same one
// whatever their order.
func (j *judgement) turns(what turn, moments ...time.Time) {
	for _, moment := range moments {
		if !moment.After(j.s.now) {
			continue
		}
		earlier := j.until.IsZero() || moment.Before(j.until)
		if earlier || moment.Equal(j.until) && what.compare(j.turn) < 0 {
			j.until, j.turn = moment, what
		}
	}
}

// sooner is the first moment to come among a first and more; zero if there is none.
func (s *subject) sooner(first time.Time, more ...time.Time) time.Time {
	for _, moment := range more {
		if moment.After(s.now) && (first.IsZero() || moment.Before(first)) {
			first = moment
		}
	}
	return first
}

// ageText is a duration as people say it: hours up to three days, then days.
func ageText(d time.Duration) string {
	if hours := int(d / time.Hour); hours <= 72 {
		return fmt.Sprintf("%d h", hours)
	}
	return count(int(d/(24*time.Hour)), "day", "days")
}
