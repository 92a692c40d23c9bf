package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/report"
	reportjson "plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/verdict"
)

func (p *program) writeVerification(v verification, format string) error {
	return p.write(func(w io.Writer) error {
		if format == "json" {
			return reportjson.WriteDocument(w, "verification", v)
		}
		_, err := io.WriteString(w, v.text())
		return err
	})
}

// text is the verification for people. All of it may be strangers' words.
func (v *verification) text() string {
	var b strings.Builder
	line := func(format string, arguments ...any) {
		b.WriteString(report.Clean(fmt.Sprintf(format, arguments...)) + "\n")
	}
	line("%s@%s", v.Repository, v.Digest)
	line("%s", v.summary())
	if v.Replay {
		line("  as of %s, given with --now: a replay, which no gate accepts", v.EvaluatedAt.Format(time.RFC3339))
	}
	for _, wanted := range v.Wanted {
		if wanted.Verified {
			line("  %s: verified", wanted.Predicate)
		} else {
			line("  %s: not verified: %s", wanted.Predicate, wanted.Why)
		}
	}
	if v.Verdict != nil {
		var outcomes []string
		for _, stage := range verdict.Stages() {
			outcomes = append(outcomes, fmt.Sprintf("%s: %s", stage, v.Verdict.Outcome[stage]))
		}
		line("  verdict of %s, valid until %s: %s", v.Verdict.EvaluatedAt, cmp.Or(v.Verdict.ValidUntil, "no end that it states"), strings.Join(outcomes, ", "))
	}
	if len(v.Evidence) > 0 {
		line("found:")
	}
	for _, each := range v.Evidence {
		line("  %s", each.text())
	}
	for _, problem := range v.Problems {
		line("  problem: %s %s: %s", problem.Kind, problem.Digest, problem.Why)
	}
	return b.String()
}

func (v *verification) summary() string {
	switch {
	case !v.Complete:
		return "NOT VERIFIED: the evidence could not be read to its end, and what was not read may matter"
	case !v.Verified:
		return "NOT VERIFIED"
	case v.Denied:
		return fmt.Sprintf("VERIFIED, and DENIED at %s", v.Stage)
	default:
		return "VERIFIED"
	}
}

func (s *piece) text() string {
	text := fmt.Sprintf("%s %s (%s, %.19s)", s.State, cmp.Or(s.PredicateType, "what says nothing of its kind"), s.Layout, s.Digest)
	for _, who := range s.Signers {
		text += fmt.Sprintf(", signed by %s", who.Name)
		if who.Subject != "" {
			text += fmt.Sprintf(" (%s of %s)", who.Subject, who.Issuer)
		} else {
			text += fmt.Sprintf(" (key %.12s)", who.KeyID)
		}
	}
	if s.SignedAt != "" {
		text += ", signed at " + s.SignedAt
	}
	if s.StatedAt != "" {
		text += ", made at " + s.StatedAt
	}
	if s.Why != "" {
		text += ": " + s.Why
	}
	return text
}
