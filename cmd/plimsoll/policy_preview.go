package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/report/preview"
	"plimsoll.dev/plimsoll/report/table"
	"plimsoll.dev/plimsoll/verdict"
)

// previewFlags are those of policy preview alone.
type previewFlags struct {
	line    lineFlags
	remote  remoteFlags
	with    []string
	against string
	stage   string
	output  outputFlags
}

func (p *program) policyPreviewCommand() *cobra.Command {
	var flags previewFlags
	c := &cobra.Command{
		Use:   "preview --policy NEW --against FOLDER",
		Short: "Say what another policy would do to stored reports",
		Long: `Preview evaluates every report in a folder (*.json, also in folders below) under another policy, and
compares with what holds now: the verdicts that the reports hold, made at their own time, or what the
policies of --with make of them now. It says which images would newly be denied, unknown, warned of
or treated milder, by which rules, and whose they are: the label org.opencontainers.image.authors, else
the first two parts of the repository's name.

What is no report is counted and named; a report that cannot be read counts as unknown.

Exit status: 0 whatever would change.`,
		Example: `  plimsoll policy preview --policy new.yaml --against reports/
  plimsoll policy preview --policy new.yaml --with old.yaml --against reports/ --stage admit --format json`,
		Args: p.noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return p.policyPreview(c.Context(), flags) },
	}
	flags.line.registerFiles(c.Flags())
	flags.remote.register(c.Flags())
	c.Flags().StringArrayVar(&flags.with, "with", nil, "policy `FILE` that holds now; may be given several times (default: the verdicts in the reports)")
	c.Flags().StringVar(&flags.against, "against", ".", "`FOLDER` of reports, or one report")
	registerStage(c.Flags(), &flags.stage)
	registerFormat(c.Flags(), &flags.output.format)
	c.Flags().BoolVar(&flags.output.all, "all", false, "list every image in the table")
	return c
}

func (p *program) policyPreview(ctx context.Context, flags previewFlags) error {
	stage, err := verdict.ParseStage(flags.stage)
	if err != nil {
		return usageError{fmt.Errorf("--stage: %w", err)}
	}
	if err := flags.output.check(); err != nil {
		return err
	}
	if len(flags.line.policies) == 0 {
		return usageError{errors.New("policy preview wants --policy: the policy to try")}
	}
	at, err := p.moment()
	if err != nil {
		return err
	}
	line, err := p.readLine(ctx, flags.line, flags.remote, at.now)
	if err != nil {
		return err
	}
	document := newPreview(at, stage, line)
	holds := *line
	if len(flags.with) > 0 {
		if holds.policies, err = p.readPolicies(ctx, flags.with, line.by, flags.remote); err != nil {
			return err
		}
		document.With = policyNames(holds.policies)
	}
	look := policy.Reads(append(holds.policies[:len(holds.policies):len(holds.policies)], line.policies...))
	return p.compareReports(ctx, []string{flags.against}, document, flags.output, func(path string, r *report.Report) preview.Image {
		before := preview.Judged{Verdict: r.Verdict}
		if len(flags.with) > 0 {
			before = evaluateStored(r, &holds, at, look)
		}
		return preview.Compare(path, r.Target, stage, before, evaluateStored(r, line, at, look))
	})
}

// compareReports looks at all reports and writes what would change.
func (p *program) compareReports(ctx context.Context, paths []string, document *preview.Preview, flags outputFlags, judge func(string, *report.Report) preview.Image) error {
	decoder, err := json.NewDecoder()
	if err != nil {
		return err
	}
	f := &fleet{decoder: decoder, judge: judge, all: flags.everything}
	if err := f.look(ctx, paths, document); err != nil {
		return err
	}
	return p.write(func(w io.Writer) error {
		if flags.format == "json" {
			return json.WritePreview(w, document)
		}
		return table.Sink{Options: p.tableOptions(flags)}.WritePreview(w, document)
	})
}

func formatMoment(t time.Time) string { return t.UTC().Format(time.RFC3339) }
