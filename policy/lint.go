package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/verdict"
)

// Warnings says what of a policy makes no difference, though it is written as it should be: its
// author will have meant something else. The name is that of its file.
func (p Policy) Warnings(file string) []Problem {
	var list []Problem
	warn := func(at place, format string, arguments ...any) {
		list = append(list, Problem{File: file, Line: at.line, Column: at.column, What: fmt.Sprintf(format, arguments...)})
	}
	if len(p.scope.images) > 0 && !slices.ContainsFunc(p.scope.images, func(g glob) bool { return !slices.Contains(p.scope.except, g) }) {
		warn(p.place, "policy %s is in scope for no image: scope.except takes away all that scope.images names", p.name)
	}
	if len(p.waivers.longest) > 0 && len(p.waivers.approvers) == 0 {
		warn(p.place, "policy %s says how long waivers may last, and lets nobody approve any; name somebody in waivers.approvers", p.name)
	}
	same := map[string]*rule{}
	for i := range p.rules {
		r := &p.rules[i]
		asks := r.conditions()
		switch first := same[asks]; {
		case first != nil:
			warn(r.place, "rule %s asks the same as rule %s in line %d; keep one of them", r.id, first.id, first.place.line)
		case len(r.waitsFor()) > 0:
			warn(r.place, "rule %s is deferred: this version has no input for %s", r.id, strings.Join(r.waitsFor(), " and "))
		case p.isOff(r):
			warn(r.place, "rule %s is off at every stage: whatever it finds makes no difference", r.id)
		}
		if same[asks] == nil {
			same[asks] = r
		}
		if r.expression != nil && len(r.expression.variables) == 0 {
			warn(r.place, "the expression of rule %s speaks of nothing: its answer is the same for every image", r.id)
		}
	}
	return list
}

// conditions is what a rule asks, however it is ordered.
func (r *rule) conditions() string {
	if r.expression != nil {
		return string(r.about) + " " + r.expression.text
	}
	texts := make([]string, len(r.tests))
	for i, t := range r.tests {
		texts[i] = t.criterion.name + " " + t.cel
	}
	slices.Sort(texts)
	return fmt.Sprint(r.atLeast, texts, r.later())
}

// later tells apart rules that read what does not exist yet, whose values have no CEL.
func (r *rule) later() string {
	if len(r.waitsFor()) > 0 {
		return r.id
	}
	return ""
}

// waitsFor returns the criteria of a rule whose input does not exist yet.
func (r *rule) waitsFor() []string {
	var names []string
	for _, t := range r.tests {
		if t.criterion.from != "" && t.criterion.arrived == nil {
			names = append(names, t.criterion.name)
		}
	}
	return names
}

func (p Policy) isOff(r *rule) bool {
	return !slices.ContainsFunc(verdict.Stages(), func(s verdict.Stage) bool { return p.on(s, r) != verdict.Allow })
}

// Warnings says what of a waiver makes no difference at a time. The name is that of its file.
func (w Waiver) Warnings(file string, now time.Time) []Problem {
	var list []Problem
	warn := func(format string, arguments ...any) {
		list = append(list, Problem{File: file, Line: w.place.line, Column: w.place.column, What: fmt.Sprintf(format, arguments...)})
	}
	if !now.Before(w.expires) {
		warn("waiver %s ended on %s; take it away", w.id, w.expires.Format(time.DateOnly))
	}
	if w.decision == UnderInvestigation {
		warn("waiver %s waives nothing: what is under investigation counts", w.id)
	}
	return list
}
