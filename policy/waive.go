package policy

import (
	"fmt"
	"slices"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/verdict"
)

// expiringWithin is how long before its end a waiver is said to end soon.
const expiringWithin = 7 * 24 * time.Hour

// waiving applies waivers for one evaluation, and remembers what became of each.
type waiving struct {
	s       *subject
	waivers []*waived
	// signedOnly tells that what nobody has signed does not count.
	signedOnly bool
}

// waived is a waiver, and what became of it.
type waived struct {
	*Waiver
	applied  []string
	foreign  string // why it is not about this image
	refused  string // why a policy does not honour it
	ended    string
	overlaps []string
}

func newWaiving(in *Input, s *subject, signedOnly bool) *waiving {
	w := &waiving{s: s, signedOnly: signedOnly}
	for _, waiver := range slices.SortedFunc(slices.Values(in.Waivers), compareWaivers) {
		_, why := waiver.about(in)
		w.waivers = append(w.waivers, &waived{Waiver: &waiver, foreign: why})
	}
	return w
}

// view is a subject under one policy: what it has waived.
type view struct {
	*waiving
	policy *Policy
	// findings are those that are waived whatever the rule, with the waiver.
	findings map[*finding.Finding]*waived
	// unsigned are the ids of waivers that count here though nobody has signed them.
	unsigned map[string]bool
}

func (w *waiving) under(p *Policy) *view {
	v := &view{waiving: w, policy: p, findings: map[*finding.Finding]*waived{}, unsigned: map[string]bool{}}
	for i := range w.s.findings {
		f := &w.s.findings[i]
		if !counts(f.Status) {
			continue // it needs no waiver
		}
		if by := v.waiverOf("", f); by != nil {
			v.findings[f] = by
		}
	}
	return v
}

// open tells whether a finding counts: it is not waived, and neither fixed nor without effect.
func (v *view) open(f *finding.Finding) bool { return counts(f.Status) && v.findings[f] == nil }

// waiverOf returns the first waiver that counts for an offender of a rule. Without a rule, only
// waivers count that name none; without a finding, only those that name no vulnerability. Each
// waiver is judged alone: two that overlap do not widen one another. One that is signed goes first.
func (v *view) waiverOf(rule string, f *finding.Finding) *waived {
	var first *waived
	var all []*waived
	for _, w := range v.waivers {
		signed := v.policy.waivers.signed(w.Waiver)
		if v.signedOnly && !signed || !w.means(v.s, rule, f) || !v.honours(w, f) {
			continue
		}
		all = append(all, w)
		if first == nil || signed && !v.policy.waivers.signed(first.Waiver) {
			first = w
		}
	}
	for _, w := range all {
		if w != first {
			w.overlaps = append(w.overlaps, first.id)
		}
	}
	if first != nil {
		first.applied = append(first.applied, keyOf(rule, f))
		if !v.policy.waivers.signed(first.Waiver) {
			v.unsigned[first.id] = true
		}
	}
	return first
}

// signed tells whether somebody who may approve waivers, and does not answer for the risk, has signed
// the waiver's file.
func (t waiverTerms) signed(w *Waiver) bool {
	return slices.ContainsFunc(w.signers, func(signer string) bool { return t.honour(signer) && !sameIdentity(signer, w.owner) })
}

func keyOf(rule string, f *finding.Finding) string {
	if f == nil {
		return "rule|" + rule
	}
	return f.Key
}

// means tells whether a waiver is about an offender of a rule.
func (w *waived) means(s *subject, rule string, f *finding.Finding) bool {
	if w.foreign != "" || w.decision == UnderInvestigation || (len(w.rules) == 0) != (rule == "") ||
		rule != "" && !slices.Contains(w.rules, rule) {
		return false
	}
	if f == nil {
		return len(w.vulnerabilities) == 0 && len(w.purls) == 0
	}
	return w.names(s, f)
}

// honours tells whether the policy lets a waiver count now for a finding, nil for a rule.
func (v *view) honours(w *waived, f *finding.Finding) bool {
	switch now := v.s.now; {
	case !now.Before(w.expires):
		return false // it is told as expired
	case now.Before(w.approved):
		w.refused = "it was approved in the future"
		return false
	case !v.policy.waivers.honour(w.approver):
		w.refused = fmt.Sprintf("policy %s does not let %s approve waivers", v.policy.name, w.approver)
		return false
	}
	if f == nil || f.Kind == "" { // a rule, or a row that is no finding
		return true
	}
	if longest, limited := v.policy.longest(f.Severity); limited && v.life(w) > longest {
		w.refused = fmt.Sprintf("it lasts longer than the %s that policy %s grants for %s findings", ageText(longest), v.policy.name, severityWord(f.Severity))
		return false
	}
	if w.endWhen == FixAvailable && fixable(f) != no {
		w.ended = choose(fixable(f) == yes, "there is a fix", "there may be a fix")
		return false
	}
	return true
}

// life is how long a waiver lasts: since it was approved, else from now on.
func (v *view) life(w *waived) time.Duration {
	from := v.s.now
	if !w.approved.IsZero() {
		from = w.approved
	}
	return w.expires.Sub(from)
}

// honour tells whether somebody may approve waivers.
func (t waiverTerms) honour(approver string) bool {
	return slices.ContainsFunc(t.approvers, func(named string) bool { return named == "*" || sameIdentity(named, approver) })
}

// longest returns how long a waiver of a finding of a severity may last. What nobody has rated is
// what the policy says, else it may be the worst: the shortest counts.
func (p *Policy) longest(severity advisory.Severity) (limit time.Duration, limited bool) {
	if limit, limited = p.waivers.longest[severity]; limited || severity != advisory.SeverityUnknown {
		return limit, limited
	}
	if p.defaults.unknownSeverity != advisory.SeverityUnknown {
		limit, limited = p.waivers.longest[p.defaults.unknownSeverity]
		return limit, limited
	}
	for _, each := range p.waivers.longest {
		if !limited || each < limit {
			limit, limited = each, true
		}
	}
	return limit, limited
}

// report says what became of each waiver.
func (w *waiving) report() []verdict.Exception {
	var list []verdict.Exception
	for _, each := range w.waivers {
		e := verdict.Exception{ID: each.id, Applied: sortedSet(each.applied), Expires: formatTime(each.expires)}
		e.State, e.Why = each.state(w.s.now)
		list = append(list, e)
	}
	return list
}

func (w *waived) state(now time.Time) (state verdict.ExceptionState, why string) {
	overlaps := sortedSet(w.overlaps)
	switch {
	case len(w.applied) > 0:
		if len(overlaps) > 0 {
			why = "some of it is waived by " + some(overlaps, ", ") + " already"
		}
		if w.expires.Sub(now) <= expiringWithin {
			return verdict.Expiring, why
		}
		return verdict.Used, why
	case !now.Before(w.expires):
		return verdict.Expired, "it ended on " + w.expires.Format(time.DateOnly)
	case w.refused != "":
		return verdict.Refused, w.refused
	case w.ended != "":
		return verdict.Ended, w.ended
	case len(overlaps) > 0:
		return verdict.Unused, "what it is about is waived by " + some(overlaps, ", ") + " already"
	case w.foreign != "":
		return verdict.Unused, w.foreign
	case w.decision == UnderInvestigation:
		return verdict.Unused, "what is under investigation is not waived"
	default:
		return verdict.Unused, "nothing that was found is what it is about"
	}
}

// turnsOfWaivers notes the moments at which a waiver begins or ceases to count.
func (j *judgement) turnsOfWaivers() {
	for _, each := range j.waiving.waivers {
		if each.foreign != "" {
			continue
		}
		j.turns(turn{turnOfWaiver, each.id}, each.expires)
		if !each.approved.IsZero() {
			j.turns(turn{turnOfWaiver, each.id}, each.approved)
		}
	}
}

// turnsOfTerms notes the moments at which waivers that are too long now cease to be.
func (j *judgement) turnsOfTerms(p *Policy) {
	for _, each := range j.waiving.waivers {
		for _, longest := range p.waivers.longest {
			if each.approved.IsZero() && each.foreign == "" {
				j.turns(turn{turnOfWaiver, each.id}, each.expires.Add(-longest))
			}
		}
	}
}
