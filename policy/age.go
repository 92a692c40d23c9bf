package policy

import (
	"fmt"
	"slices"
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
		for _, t := range r.tests {
			if t.criterion.source == exploitedSource {
				names = append(names, exploitedSource)
			}
		}
	}
	if slices.Contains(Reads([]Policy{*p}), finding.Vulnerability) {
		names = append(names, s.usedSources()...)
	}
	return sortedSet(names)
}

// ages returns the moments at which a policy's limits of age are reached.
func (p *Policy) ages(s *subject) []time.Time {
	var moments []time.Time
	if p.defaults.verdictMaxAge > 0 {
		moments = append(moments, s.now.Add(p.defaults.verdictMaxAge))
	}
	if p.defaults.maxDatabaseAge == 0 {
		return moments
	}
	for _, name := range p.sources(s) {
		if source, found := s.source(name); found && !source.AsOf.IsZero() {
			moments = append(moments, source.AsOf.UTC().Truncate(time.Second).Add(p.defaults.maxDatabaseAge))
		}
	}
	return moments
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
