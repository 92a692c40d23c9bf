package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/report/diff"
	"plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/report/table"
)

// diffFlags are those of diff alone.
type diffFlags struct {
	target   targetFlags
	database databaseFlags
	output   outputFlags
	failOn   string
}

func (p *program) diffCommand() *cobra.Command {
	var flags diffFlags
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "Show what changed from one target to another",
		Long: `Diff compares two targets of any kind: images, bills of materials, reports. It says which
findings are fixed, new or still there and why, and which packages, settings and layers changed.
Both are looked up in the same advisories, so that what differs is the targets' doing; where one
of them was not looked at, it says that nothing can be said.

Exit status: 0 whatever changed; 3 if --fail-on is given and met.`,
		Example: `  plimsoll diff app-1.tar app-2.tar
  plimsoll diff report-of-last-week.json ./image-layout --fail-on high`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{fmt.Errorf("%s wants two targets, and got %d: see %s --help", c.CommandPath(), len(args), c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return p.diff(c.Context(), args[0], args[1], flags) },
	}
	flags.target.register(c.Flags())
	flags.database.register(c.Flags())
	flags.output.register(c.Flags())
	c.Flags().StringVar(&flags.failOn, "fail-on", "", "exit with status 3 if a new finding is of `SEVERITY` or worse; what is unclear or unknown counts")
	return c
}

func (p *program) diff(ctx context.Context, a, b string, flags diffFlags) error {
	threshold, err := parseFailOn(flags.failOn)
	if err != nil {
		return err
	}
	if err := flags.output.check(); err != nil {
		return err
	}
	look := []finding.Kind{finding.Vulnerability, finding.Config}
	before, err := p.analyse(ctx, a, look, flags.target, flags.database)
	if err != nil {
		return err
	}
	after, err := p.analyse(ctx, b, look, flags.target, flags.database)
	if err != nil {
		return err
	}
	before.report.EvaluatedAt = after.report.EvaluatedAt // one run
	d := diff.Of(&before.report, &after.report)
	if err := p.writeDiff(d, flags.output); err != nil {
		return err
	}
	if threshold != nil && brings(d, *threshold) {
		return errDenied
	}
	return nil
}

// parseFailOn reads --fail-on; nil if it is not given.
func parseFailOn(word string) (*advisory.Severity, error) {
	if word == "" {
		return nil, nil
	}
	severity, err := advisory.ParseSeverity(word)
	if err != nil {
		return nil, usageError{fmt.Errorf("--fail-on: %w", err)}
	}
	return &severity, nil
}

// brings tells whether B has anything new that is as bad as the threshold. What cannot be rated,
// what may be new, and what B was looked at worse for than A, is taken to be.
func brings(d *diff.Diff, threshold advisory.Severity) bool {
	for _, f := range d.Findings {
		isNew := f.Status == diff.New || f.Status == diff.Unclear && f.In == "b"
		if isNew && (f.Severity == advisory.SeverityUnknown || f.Severity >= threshold) {
			return true
		}
	}
	return d.LostSight()
}

func (p *program) writeDiff(d *diff.Diff, flags outputFlags) error {
	write := json.WriteDiff
	if flags.format != "json" {
		write = table.Sink{Options: p.tableOptions(flags)}.WriteDiff
	}
	return p.write(func(w io.Writer) error {
		if err := write(w, d); err != nil {
			return fmt.Errorf("writing the diff: %w", err)
		}
		return nil
	})
}
