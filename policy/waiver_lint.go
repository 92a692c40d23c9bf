package policy

import (
	"fmt"
	"slices"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/image"
)

// LintWaivers says what is wrong with waivers that were read: what has ended or not begun, what
// overlaps, and, for each policy, whose word it does not take and what lasts too long. The
// problems stand in the order of the waivers.
func LintWaivers(waivers []Waiver, policies []Policy, now time.Time) []Problem {
	var problems []Problem
	for i := range waivers {
		w := &waivers[i]
		say := func(format string, arguments ...any) {
			problems = append(problems, Problem{File: w.file, Line: max(w.place.line, 1), Column: max(w.place.column, 1), What: "waiver " + w.id + " " + fmt.Sprintf(format, arguments...)})
		}
		switch {
		case !now.Before(w.expires):
			say("ended on %s; remove it, or decide anew", w.expires.Format(time.DateOnly))
		case now.Before(w.approved):
			say("is approved in the future, on %s; mend metadata.approvedAt", w.approved.Format(time.DateOnly))
		}
		for j := range waivers[:i] {
			switch earlier := &waivers[j]; {
			case earlier.id == w.id:
				say("has the id of the one in %s:%d; give each waiver an id of its own", earlier.file, earlier.place.line)
			case now.Before(earlier.expires) && now.Before(w.expires) && w.overlaps(earlier):
				say("overlaps with %s in %s:%d; one of them suffices", earlier.id, earlier.file, earlier.place.line)
			}
		}
		for j := range policies {
			for _, problem := range policies[j].lint(w, now) {
				say("%s", problem)
			}
		}
	}
	return problems
}

// lint says why a policy would not honour a waiver.
func (p *Policy) lint(w *Waiver, now time.Time) []string {
	var problems []string
	if !p.waivers.honour(w.approver) {
		who := "nobody's"
		if len(p.waivers.approvers) > 0 {
			who = "those of " + some(p.waivers.approvers, ", ")
		}
		problems = append(problems, fmt.Sprintf("is approved by %s, and policy %s takes %s; have it approved by somebody it names", w.approver, p.name, who))
	}
	if len(w.vulnerabilities) == 0 { // a rule's waiver has no severity
		return problems
	}
	from := now
	if !w.approved.IsZero() {
		from = w.approved
	}
	var longest time.Duration
	var unlimited []string
	for severity := advisory.SeverityUnknown; severity <= advisory.Critical; severity++ {
		limit, limited := p.longest(severity)
		if !limited {
			unlimited = append(unlimited, severityWord(severity))
		}
		longest = max(longest, limit)
	}
	if life := w.expires.Sub(from); longest > 0 && life > longest {
		counts := "counts for no finding"
		if len(unlimited) > 0 {
			counts = "counts for " + orList(unlimited) + " findings only"
		}
		problems = append(problems, fmt.Sprintf("lasts %s, longer than the %s that policy %s grants, and so %s; end it earlier", ageText(life), ageText(longest), p.name, counts))
	}
	return problems
}

// overlaps tells whether two waivers may waive the same thing. Patterns overlap if they are equal
// or one matches the other as it is written.
func (w *Waiver) overlaps(other *Waiver) bool {
	if w.decision == UnderInvestigation || other.decision == UnderInvestigation {
		return false
	}
	return meet(w.vulnerabilities, other.vulnerabilities, func(a, b string) bool { return a == b }) &&
		meet(w.rules, other.rules, func(a, b string) bool { return a == b }) &&
		(len(w.rules) == 0) == (len(other.rules) == 0) &&
		meet(w.digests, other.digests, func(a, b image.Digest) bool { return a == b }) &&
		meet(w.images, other.images, globsMeet) &&
		meet(w.purls, other.purls, packageGlobsMeet)
}

// meet tells whether one of each list overlaps; an empty list stands for all.
func meet[T any](a, b []T, same func(a, b T) bool) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	return slices.ContainsFunc(a, func(x T) bool {
		return slices.ContainsFunc(b, func(y T) bool { return same(x, y) })
	})
}

func globsMeet(a, b glob) bool { return a == b || a.matches(string(b)) || b.matches(string(a)) }

func packageGlobsMeet(a, b packageGlob) bool {
	return globsMeet(a.path, b.path) && (a.version == "" || b.version == "" || globsMeet(a.version, b.version))
}
