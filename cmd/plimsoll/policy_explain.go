package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/report/table"
	"plimsoll.dev/plimsoll/verdict"
)

func (p *program) policyExplainCommand() *cobra.Command {
	var flags checkFlags
	verbose := false
	c := &cobra.Command{
		Use:   "explain TARGET",
		Short: "Say how an image's verdict comes about, rule by rule",
		Long: `Explain evaluates policies as check does, and tells all of it: for each rule of each policy in
scope its result, what it asks, what was found, worst first, why it cannot be answered if it cannot,
the fix, and what each stage does about it; then what became of waivers and VEX statements; then how
long the verdict holds, and what ends it.

Exit status: 0 whatever the verdict is.`,
		Example: `  plimsoll policy explain report.json
  plimsoll policy explain app.tar --policy policy.yaml --as registry.example/app:1.2 --stage admit
  plimsoll policy explain report.json --verbose --all`,
		Args: p.oneTarget,
		RunE: func(c *cobra.Command, args []string) error {
			return p.policyExplain(c.Context(), args[0], flags, verbose)
		},
	}
	flags.target.register(c.Flags())
	flags.database.register(c.Flags())
	flags.line.register(c.Flags())
	registerStage(c.Flags(), &flags.stage)
	registerFormat(c.Flags(), &flags.output.format)
	c.Flags().BoolVar(&flags.output.all, "all", false, "list everything that was found, up to 100 for a rule")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "say in CEL, too, what each rule asks")
	return c
}

func (p *program) policyExplain(ctx context.Context, target string, flags checkFlags, verbose bool) error {
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
	a, err := p.analyse(ctx, target, policy.Reads(line.policies), flags.target, flags.database)
	if err != nil {
		return err
	}
	if err := p.gather(ctx, a, line); err != nil {
		return err
	}
	if !a.restedOn.IsZero() && a.restedOn != policy.DigestOf(line.policies) {
		p.warn("the verdict in the report rests on other policies: give them with --policy to have it explained")
	}
	decided, told := policy.Explain(a.input(line))
	explanation := report.Explain(&a.report, stage, decided, told)
	return p.write(func(w io.Writer) error {
		if flags.output.format == "json" {
			return json.WriteExplanation(w, explanation)
		}
		return table.Sink{Options: p.tableOptions(flags.output)}.WriteExplanation(w, explanation, verbose)
	})
}
