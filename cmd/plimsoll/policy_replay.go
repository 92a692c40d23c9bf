package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/preview"
	"plimsoll.dev/plimsoll/verdict"
)

func (p *program) policyReplayCommand() *cobra.Command {
	var flags previewFlags
	var at string
	c := &cobra.Command{
		Use:   "replay --at TIME REPORT…",
		Short: "Say what the verdict on stored reports would be at another time",
		Long: `Replay evaluates stored reports as of another time, with what they hold: ages that a policy asks for
are counted to that time, and waivers and the database's age are judged by it. It compares with the
verdict that each report holds.

A replay knows no more than the reports do: what was found after the time is taken for known, and what
would be found by then is not. It is marked as a replay, and no gate accepts it.

Exit status: 0 whatever the verdicts are.`,
		Example: `  plimsoll policy replay --at 2026-12-24T00:00:00Z --policy policy.yaml --waivers waivers.yaml report.json
  plimsoll policy replay --at 2026-12-24T00:00:00Z --policy policy.yaml reports/ --format json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("%s wants reports, or folders of them: see %s --help", c.CommandPath(), c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return p.policyReplay(c.Context(), args, at, flags) },
	}
	flags.line.registerFiles(c.Flags())
	flags.remote.register(c.Flags())
	c.Flags().StringVar(&at, "at", "", "`TIME` to evaluate as of (RFC 3339)")
	registerStage(c.Flags(), &flags.stage)
	registerFormat(c.Flags(), &flags.output.format)
	c.Flags().BoolVar(&flags.output.all, "all", false, "list every image in the table")
	return c
}

func (p *program) policyReplay(ctx context.Context, paths []string, at string, flags previewFlags) error {
	stage, err := verdict.ParseStage(flags.stage)
	if err != nil {
		return usageError{fmt.Errorf("--stage: %w", err)}
	}
	if err := flags.output.check(); err != nil {
		return err
	}
	if at == "" {
		return usageError{errors.New("policy replay wants --at: a time such as 2026-12-24T00:00:00Z")}
	}
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return usageError{fmt.Errorf("--at %q: want a time such as 2026-12-24T00:00:00Z", at)}
	}
	line, err := p.readLine(ctx, flags.line, flags.remote, when)
	if err != nil {
		return err
	}
	replayed := moment{now: when.UTC().Truncate(time.Second), replay: true}
	p.warn("this is a replay as of " + formatMoment(replayed.now) + ": no gate accepts it")
	look := policy.Reads(line.policies)
	digest := policy.DigestOf(line.policies)
	var later, others atomic.Int64
	flags.output.everything = true
	err = p.compareReports(ctx, paths, newPreview(replayed, stage, line), flags.output, func(path string, r *report.Report) preview.Image {
		if r.EvaluatedAt.After(replayed.now) && (r.ScannedAt.IsZero() || r.ScannedAt.After(replayed.now)) {
			later.Add(1)
		}
		if r.Verdict != nil && r.Verdict.Inputs.Policy != digest {
			others.Add(1)
		}
		return preview.Compare(path, r.Target, stage, preview.Judged{Verdict: r.Verdict}, evaluateStored(r, line, replayed, look))
	})
	if n := later.Load(); n > 0 && err == nil {
		p.warn(fmt.Sprintf("%d of the reports are of scans after that time: what they found is taken for known then", n))
	}
	if n := others.Load(); n > 0 && err == nil {
		p.warn(fmt.Sprintf("%d of the verdicts were made under other policies: what differs there is not time's doing alone", n))
	}
	return err
}
