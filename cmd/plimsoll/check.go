package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/verdict"
)

// checkFlags are those of check alone.
type checkFlags struct {
	target   targetFlags
	database databaseFlags
	output   outputFlags
	policies []string
	as       string
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

Exit status: 0 allowed, or allowed with warnings; 3 denied at the stage asked for.`,
		Example: `  plimsoll check ./image-layout
  plimsoll check app.tar --policy policy.yaml --as registry.example/app:1.2 --stage ship`,
		Args: p.oneTarget,
		RunE: func(c *cobra.Command, args []string) error { return p.check(c.Context(), args[0], flags) },
	}
	flags.target.register(c.Flags())
	flags.database.register(c.Flags())
	flags.output.register(c.Flags())
	c.Flags().StringArrayVar(&flags.policies, "policy", nil, "policy `FILE`; may be given several times, and the strictest wins (default: the starter policy)")
	c.Flags().StringVar(&flags.as, "as", "", "the `NAME` that the image will carry; policies are scoped by it")
	c.Flags().StringVar(&flags.stage, "stage", string(verdict.Build), "the `STAGE` whose outcome is the exit status: build, ship, admit or run")
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
	policies, err := readPolicies(flags.policies)
	if err != nil {
		return err
	}
	decide := func(a *analysis) verdict.Verdict { return a.decide(policies, flags.as) }
	if flags.all {
		return p.checkAll(ctx, target, policy.Reads(policies), stage, decide, flags)
	}
	a, err := p.analyse(ctx, target, policy.Reads(policies), flags.target, flags.database)
	if err != nil {
		return err
	}
	decided := decide(a)
	a.report.Verdict = &decided
	if err := p.writeReport(&a.report, flags.output); err != nil {
		return err
	}
	if decided.Outcome[stage] == verdict.Deny {
		return errDenied
	}
	return nil
}

// checkAll checks the images for all platforms; the strictest verdict decides.
func (p *program) checkAll(ctx context.Context, target string, look []finding.Kind, stage verdict.Stage, decide func(*analysis) verdict.Verdict, flags checkFlags) error {
	if err := checkAllPlatforms(flags.target); err != nil {
		return err
	}
	all, err := p.analyseAll(ctx, target, look, flags.target, flags.database)
	if err != nil {
		return err
	}
	all.decide(decide)
	reports := all.reports()
	if err := p.writeReports(reports, flags.output); err != nil {
		return err
	}
	if reports.Outcome[stage] == verdict.Deny {
		return errDenied
	}
	return nil
}

// decide evaluates the policies over what was found, under the name that the image will carry.
func (a *analysis) decide(policies []policy.Policy, as string) verdict.Verdict {
	if as != "" {
		a.facts.Target.Repository = image.RepositoryOf(as)
		a.report.Target.Repository = a.facts.Target.Repository
	}
	return policy.Evaluate(policy.Input{
		Facts: a.facts, Findings: a.report.Findings, Coverage: a.report.Coverage,
		Database: databaseInput(a.report.Database), Policies: policies,
		Repository: a.facts.Target.Repository, Engine: engineName + " " + engineVersion(),
		Now: a.report.EvaluatedAt,
	})
}

// readPolicies reads policy files; without any, the starter policy stands.
func readPolicies(paths []string) ([]policy.Policy, error) {
	if len(paths) == 0 {
		return policy.Starter(), nil
	}
	var policies []policy.Policy
	for _, path := range paths {
		if strings.HasPrefix(path, "oci://") {
			return nil, usageError{fmt.Errorf("--policy %s: policies in a registry cannot be read yet: give a file", path)}
		}
		content, err := readLimited(path, policy.MaxSize)
		if err != nil {
			return nil, fmt.Errorf("reading the policy: %w", err)
		}
		parsed, err := policy.Parse(path, content)
		if err != nil {
			return nil, err
		}
		policies = append(policies, parsed...)
	}
	return policies, nil
}

// readLimited reads a file of at most limit bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes: split it", path, limit)
	}
	return content, err
}

// databaseInput is what a verdict depends on of the database.
func databaseInput(d *report.Database) policy.Database {
	if d == nil {
		return policy.Database{}
	}
	input := policy.Database{Digest: d.Digest}
	for _, s := range d.Sources {
		input.Sources = append(input.Sources, policy.Source{Name: s.Name, AsOf: s.AsOf})
	}
	return input
}
