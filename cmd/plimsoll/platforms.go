package main

import (
	"context"
	"errors"
	"io/fs"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/verdict"
)

// platforms is what is known of every image that one name stands for.
type platforms struct {
	analyses []*analysis
	missed   []report.Missed
	decided  []verdict.Verdict // of a check, on the missed ones, too
}

// analyseAll does what analyse does, for every platform that the target is there for. An image
// that the medium does not have is missed; whatever else goes wrong ends the run.
func (p *program) analyseAll(ctx context.Context, target string, look []finding.Kind, chosen targetFlags, databaseChosen databaseFlags) (all *platforms, err error) {
	at, err := p.moment()
	if err != nil {
		return nil, err
	}
	r, err := p.read(ctx, target, chosen)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	opening := p.startOpening(ctx, look, databaseChosen)
	defer opening.close()
	there, err := r.source.Platforms(ctx)
	if err != nil {
		return nil, err
	}
	all = &platforms{}
	var firstMissing error
	for _, platform := range there {
		scanned, err := r.scan(ctx, platform)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			firstMissing = firstOf(firstMissing, err)
			all.missed = append(all.missed, report.Missed{Platform: platform.String(), Why: err.Error()})
			continue
		case err != nil:
			return nil, err
		}
		analysis, err := p.examine(ctx, scanned, at, look, opening)
		if err != nil {
			return nil, err
		}
		all.analyses = append(all.analyses, analysis)
	}
	if len(all.analyses) == 0 {
		return nil, firstOf(firstMissing, &image.PlatformError{Reference: target})
	}
	return all, nil
}

func firstOf(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// decideAll gathers evidence for every image, and decides.
func (p *program) decideAll(ctx context.Context, all *platforms, l *line) error {
	for _, a := range all.analyses {
		if err := p.gather(ctx, a, l); err != nil {
			return err
		}
	}
	all.decide(l)
	return nil
}

// decide decides on every image, and on those that were missed: nothing is known of them.
func (all *platforms) decide(l *line) {
	first := all.analyses[0]
	for _, a := range all.analyses {
		a.decide(l)
		all.decided = append(all.decided, *a.report.Verdict)
	}
	for _, missed := range all.missed {
		unknown := &analysis{facts: inventory.Facts{Target: first.facts.Target}}
		unknown.facts.Target.ImageID, unknown.facts.Target.Digest, unknown.facts.Target.Layers = image.Digest{}, image.Digest{}, nil
		unknown.facts.Target.Platform = missed.Platform
		unknown.report.EvaluatedAt, unknown.report.Database = first.report.EvaluatedAt, first.report.Database
		unknown.decide(l)
		all.decided = append(all.decided, *unknown.report.Verdict)
	}
}

// reports puts the document together.
func (all *platforms) reports() *report.Reports {
	r := &report.Reports{Schema: report.ReportsSchema, Missed: all.missed}
	for _, a := range all.analyses {
		r.Reports = append(r.Reports, a.report)
	}
	for _, v := range all.decided {
		if r.Outcome == nil {
			r.Outcome = map[verdict.Stage]verdict.Outcome{}
		}
		for _, stage := range verdict.Stages() {
			r.Outcome[stage] = verdict.Stricter(r.Outcome[stage], v.Outcome[stage])
		}
	}
	return r
}
