package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/verdict"
)

// clockTolerance is how far a source's date may lie in the future: clocks differ, and some dates
// have no time zone. Further ahead, its age cannot be told.
const clockTolerance = 24 * time.Hour

// databaseAge is the rule that every source that was used was checked lately enough. A source
// that is too old may lack what was found since, so the result is unknown, not fail.
func (p Policy) databaseAge(s *subject, now time.Time) verdict.Rule {
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
func (p Policy) sources(s *subject) []string {
	var names []string
	for _, r := range p.rules {
		if r.criteria.kev != nil {
			names = append(names, exploitedSource)
		}
	}
	if slices.Contains(Reads([]Policy{p}), finding.Vulnerability) {
		for dimension := range s.coverage.States {
			if name, ok := strings.CutPrefix(dimension, advisoriesDimension); ok {
				names = append(names, "osv/"+ecosystem.Base(name))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// validUntil is the first moment to come at which the verdict may change by time alone; false
// if there is none.
func validUntil(policies []Policy, s *subject, now time.Time) (until time.Time, ok bool) {
	consider := func(moment time.Time) {
		if moment.After(now) && (!ok || moment.Before(until)) {
			until, ok = moment, true
		}
	}
	for _, p := range policies {
		if p.defaults.verdictMaxAge > 0 {
			consider(now.Add(p.defaults.verdictMaxAge))
		}
		if p.defaults.maxDatabaseAge == 0 {
			continue
		}
		for _, name := range p.sources(s) {
			if source, found := s.source(name); found && !source.AsOf.IsZero() {
				consider(source.AsOf.UTC().Truncate(time.Second).Add(p.defaults.maxDatabaseAge))
			}
		}
	}
	return until, ok
}

// ageText is a duration as people say it: hours up to three days, then days.
func ageText(d time.Duration) string {
	if hours := int(d / time.Hour); hours <= 72 {
		return fmt.Sprintf("%d h", hours)
	}
	return count(int(d/(24*time.Hour)), "day", "days")
}
