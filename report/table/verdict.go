package table

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/verdict"
)

// verdict writes the decision, large, and below it every rule that did not pass with its
// reason and its remedy.
func (p *page) verdict(v *verdict.Verdict) {
	if v == nil {
		return
	}
	p.blank()
	p.line(strings.Repeat("━", p.Width))
	p.outcomes(v.Outcome)
	p.line(strings.Repeat("━", p.Width))
	var passed []string
	for _, rule := range sortedRules(v.Rules) {
		if rule.Result == verdict.Pass {
			passed = append(passed, clean(rule.ID))
			continue
		}
		p.rule(rule)
	}
	if len(passed) > 0 {
		p.ruleLines(good, string(verdict.Pass), wrap(strings.Join(passed, ", "), p.Width-ruleMargin))
	}
	if v.ValidUntil != "" {
		p.ruleLines(plain, "valid", wrap("until "+clean(v.ValidUntil)+", then it must be decided again", p.Width-ruleMargin))
	}
}

// outcomes writes one line for each outcome, strictest first, with the stages it holds for.
func (p *page) outcomes(outcome map[verdict.Stage]verdict.Outcome) {
	for _, o := range []verdict.Outcome{verdict.Deny, verdict.Warn, verdict.Allow} {
		var stages []string
		for _, stage := range verdict.Stages() {
			if outcome[stage] == o {
				stages = append(stages, string(stage))
			}
		}
		if len(stages) > 0 {
			word := fmt.Sprintf(" %-6s", strings.ToUpper(string(o)))
			p.line(p.paint(badge(o), word), "  ", p.paint(bold, strings.Join(stages, " · ")))
		}
	}
	for _, stage := range verdict.Stages() {
		if _, decided := outcome[stage]; !decided {
			p.line(p.paint(badge(verdict.Deny), " NONE  "), "  ", p.paint(bold, string(stage)), ": no outcome is recorded")
		}
	}
}

// ruleMargin is where a rule's words begin.
const ruleMargin = 10

func (p *page) rule(rule verdict.Rule) {
	width := p.Width - ruleMargin
	lines := p.each(bold, wrap(clean(rule.ID), width))
	if rule.Message != "" {
		lines = append(lines, wrap(clean(rule.Message), width)...)
	}
	if rule.Fix != "" {
		lines = append(lines, p.each(good, wrap("→ "+clean(rule.Fix), width))...)
	}
	p.ruleLines(resultStyle(rule.Result), clean(string(rule.Result)), lines)
}

func (p *page) ruleLines(s style, word string, lines []string) {
	head := " " + p.paint(s, word) + strings.Repeat(" ", max(1, ruleMargin-1-len(word)))
	for _, line := range lines {
		p.line(head, line)
		head = strings.Repeat(" ", ruleMargin)
	}
}

func resultStyle(result verdict.Result) style {
	switch result {
	case verdict.Fail, verdict.Error:
		return bad
	case verdict.Unknown, verdict.Deferred:
		return caution
	default:
		return plain
	}
}

// sortedRules puts first what decides.
func sortedRules(rules []verdict.Rule) []verdict.Rule {
	rules = slices.Clone(rules)
	slices.SortStableFunc(rules, func(a, b verdict.Rule) int { return resultRank(a.Result) - resultRank(b.Result) })
	return rules
}

// resultRank is a result's place: what decides stands first.
func resultRank(r verdict.Result) int {
	return slices.Index([]verdict.Result{verdict.Fail, verdict.Error, verdict.Unknown, verdict.Deferred, verdict.Waived, verdict.Pass}, r)
}
