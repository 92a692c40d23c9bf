package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/verdict"
)

// checkFlags are those of check alone.
type checkFlags struct {
	target   targetFlags
	database databaseFlags
	output   outputFlags
	line     lineFlags
	stage    string
	all      bool
}

func (p *program) checkCommand() *cobra.Command {
	var flags checkFlags
	c := &cobra.Command{
		Use:   "check TARGET",
		Short: "Hold an image against a policy: may it ship?",
		Long: `Check scans an image and evaluates a policy over what it finds. The report says which rules
failed, what offends them, and the smallest change that mends it.

A report that was stored is evaluated again without its image: with the findings that it holds, or,
with --db, with those of another database.

Exit status: 0 allowed, or allowed with warnings; 3 denied at the stage asked for.`,
		Example: `  plimsoll check ./image-layout
  plimsoll check app.tar --policy policy.yaml --as registry.example/app:1.2 --stage ship
  plimsoll check app.tar --policy strict
  plimsoll check app.tar --policy policy.yaml --waivers waivers.yaml --vex app.openvex.json
  plimsoll check report.json --stage admit`,
		Args: p.oneTarget,
		RunE: func(c *cobra.Command, args []string) error { return p.check(c.Context(), args[0], flags) },
	}
	flags.target.register(c.Flags())
	flags.database.register(c.Flags())
	flags.output.register(c.Flags())
	flags.line.register(c.Flags())
	registerStage(c.Flags(), &flags.stage)
	registerAllPlatforms(c.Flags(), &flags.all)
	return c
}

func (p *program) check(ctx context.Context, target string, flags checkFlags) error {
	stage, err := verdict.ParseStage(flags.stage)
	if err != nil {
		return usageError{fmt.Errorf("--stage: %w", err)}
	}
	if err := flags.output.check(); err != nil {
		return err
	}
	at, err := p.moment()
	if err != nil {
		return err
	}
	line, err := p.readLine(ctx, flags.line, flags.target.remote, at.now)
	if err != nil {
		return err
	}
	flags.database.asStored, flags.database.by = flags.database.path == "", line.by
	if flags.all {
		return p.checkAll(ctx, target, line, stage, flags)
	}
	a, err := p.analyse(ctx, target, policy.Reads(line.policies), flags.target, flags.database)
	if err != nil {
		return err
	}
	if err := p.gather(ctx, a, line); err != nil {
		return err
	}
	a.decide(line)
	p.warnOfExceptions(a.report.Verdict)
	if err := p.writeReport(&a.report, flags.output); err != nil {
		return err
	}
	if a.report.Verdict.Outcome[stage] == verdict.Deny {
		return errDenied
	}
	return p.revived(a.report.Verdict)
}

// revived refuses a verdict that rests on a waiver which has ended, and which only --now revives.
func (p *program) revived(v *verdict.Verdict) error {
	if p.global.now == "" {
		return nil
	}
	for _, w := range v.Waivers {
		ends, err := time.Parse(time.RFC3339, w.Expires)
		if counts := w.State == verdict.Used || w.State == verdict.Expiring; counts && (err != nil || !time.Now().Before(ends)) {
			return fmt.Errorf("waiver %s ended on %s, and --now revives it: no gate accepts a replay; leave --now out, or see plimsoll policy replay", w.ID, w.Expires)
		}
	}
	return nil
}

// checkAll checks the images for all platforms; the strictest verdict decides.
func (p *program) checkAll(ctx context.Context, target string, line *line, stage verdict.Stage, flags checkFlags) error {
	if err := checkAllPlatforms(flags.target); err != nil {
		return err
	}
	all, err := p.analyseAll(ctx, target, policy.Reads(line.policies), flags.target, flags.database)
	if err != nil {
		return err
	}
	if err := p.decideAll(ctx, all, line); err != nil {
		return err
	}
	reports := all.reports()
	if err := p.writeReports(reports, flags.output); err != nil {
		return err
	}
	if reports.Outcome[stage] == verdict.Deny {
		return errDenied
	}
	return nil
}
