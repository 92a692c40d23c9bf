package table

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/verdict"
)

// fewEvidence is how much of what a rule found is shown without Options.All.
const fewEvidence = 8

// WriteExplanation writes how a verdict came about: what decides first, and the outcome last,
// nearest to the prompt. Verbose has rules shown in CEL, too.
func (s Sink) WriteExplanation(w io.Writer, e *report.Explanation, verbose bool) error {
	p := s.page()
	p.explained(e)
	rules := slices.Clone(e.Rules)
	slices.SortStableFunc(rules, func(a, b policy.RuleTold) int { return resultRank(a.Result) - resultRank(b.Result) })
	for _, r := range rules {
		p.blank()
		p.ruleTold(e.Stage, r, verbose)
	}
	p.blank()
	p.note(plain, "Waivers", p.most(exceptionWords(e.Waivers)))
	p.note(plain, "VEX", p.most(exceptionWords(e.VEX)))
	if e.ValidUntil != "" {
		p.note(plain, "Valid", []string{"until " + clean(e.ValidUntil) + because(e.ValidUntilBecause)})
	}
	if e.Replay {
		p.note(caution, "Replay", []string{"evaluated as of " + clean(e.EvaluatedAt) + "; no gate accepts this result"})
	}
	p.blank()
	p.outcomes(e.Outcome)
	if _, err := w.Write(p.text.Bytes()); err != nil {
		return fmt.Errorf("write the explanation as a table: %w", err)
	}
	return nil
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": then " + clean(why)
}

// explained says what was evaluated, and under which policies.
func (p *page) explained(e *report.Explanation) {
	name := e.Reference
	if e.Subject.Repository != "" && !strings.HasPrefix(e.Reference, e.Subject.Repository) {
		name += " as " + e.Subject.Repository
		if e.Subject.Tag != "" {
			name += ":" + e.Subject.Tag
		}
	}
	p.lines("", p.each(bold, wrap(clean(name), p.Width)))
	for _, told := range e.Policies {
		words := "policy " + clean(told.String())
		if told.Owner != "" {
			words += " of " + clean(told.Owner)
		}
		if !told.InScope {
			words += " (not in scope for this image)"
		}
		p.lines("", wrap(words, p.Width))
	}
}

func (p *page) ruleTold(stage verdict.Stage, r policy.RuleTold, verbose bool) {
	width := p.Width - ruleMargin
	name := r.ID
	if r.Policy != "" {
		name = r.Policy + "/" + r.ID
	}
	lines := p.each(bold, wrap(clean(name), width))
	add := func(s style, words string) { lines = append(lines, p.each(s, wrap(words, width))...) }
	if r.Asks != "" {
		add(plain, "asks: "+clean(r.Asks))
	}
	if verbose && !strings.HasSuffix(r.Asks, r.CEL) {
		add(faint, "CEL:  "+clean(r.CEL))
	}
	if r.Message != "" {
		add(plain, map[bool]string{true: "why:  ", false: "says: "}[r.Result == verdict.Unknown]+clean(r.Message))
	}
	few := fewEvidence
	if p.All {
		few = len(r.Evidence)
	}
	for _, e := range r.Evidence[:min(few, len(r.Evidence))] {
		what := "· " + clean(e.What)
		if e.Waiver != "" {
			what += " (waived by " + cleanName(e.Waiver) + ")"
		}
		add(plain, what)
	}
	switch hidden := r.Found - min(few, len(r.Evidence)); {
	case hidden > 0 && len(r.Evidence) > few:
		add(faint, fmt.Sprintf("· and %d more: --all shows them", hidden))
	case hidden > 0:
		add(faint, fmt.Sprintf("· and %d more", hidden))
	}
	if r.Fix != "" {
		add(good, "→ "+clean(r.Fix))
	}
	add(plain, "then: "+stageWords(stage, r.Stages))
	p.ruleLines(resultStyle(r.Result), clean(string(r.Result)), lines)
}

// stageWords says what each stage does about a rule, the one that was asked for first.
func stageWords(first verdict.Stage, stages map[verdict.Stage]policy.StageTold) string {
	order := []verdict.Stage{first}
	for _, stage := range verdict.Stages() {
		if stage != first {
			order = append(order, stage)
		}
	}
	var words []string
	for _, stage := range order {
		told := stages[stage]
		word := string(stage) + " " + map[verdict.Outcome]string{verdict.Allow: "allows", verdict.Warn: "warns", verdict.Deny: "denies"}[told.Outcome]
		if told.Action == "off" {
			word += " (off)"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// exceptionWords says what became of waivers or statements.
func exceptionWords(list []verdict.Exception) []string {
	var items []string
	for _, e := range list {
		item := cleanName(e.ID)
		if e.Vulnerability != "" {
			item += " (" + cleanName(e.Vulnerability) + ")"
		}
		item += ": " + clean(string(e.State))
		if n := len(e.Applied); n > 0 {
			item += " for " + count(n, "thing", "things")
		}
		if e.Why != "" {
			item += ", " + clean(e.Why)
		}
		if e.Expires != "" {
			item += "; ends " + clean(e.Expires)
		}
		items = append(items, item)
	}
	return items
}
