package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/report/table"
)

// scanFlags are those of scan alone.
type scanFlags struct {
	target   targetFlags
	database databaseFlags
	output   outputFlags
	find     []string
	failOn   string
	manifest string
	all      bool
}

func (p *program) scanCommand() *cobra.Command {
	var flags scanFlags
	c := &cobra.Command{
		Use:   "scan TARGET",
		Short: "Show what is in an image and what is wrong with it",
		Long: `Scan reads an image, lists its packages and reports the vulnerabilities that the advisory
database knows for them. It decides nothing: see plimsoll check.`,
		Example: `  plimsoll scan ./image-layout
  plimsoll scan app.tar --format json --output report.json
  plimsoll scan oci:./layout:1.2 --fail-on high
  plimsoll scan registry.example/app:1.2 --all-platforms
  plimsoll scan docker:app:1.2`,
		Args: p.oneTarget,
		RunE: func(c *cobra.Command, args []string) error { return p.scan(c.Context(), args[0], flags) },
	}
	flags.target.register(c.Flags())
	flags.database.register(c.Flags())
	flags.output.register(c.Flags())
	c.Flags().StringSliceVar(&flags.find, "find", []string{"vuln"}, "`KINDS` to look for: vuln, config")
	c.Flags().StringVar(&flags.failOn, "fail-on", "", "exit with status 3 if a finding is of `SEVERITY` or worse; unknown counts as worse")
	c.Flags().StringVar(&flags.manifest, "manifest", "", "also write the list of executable files to `FILE`")
	registerAllPlatforms(c.Flags(), &flags.all)
	return c
}

func (p *program) scan(ctx context.Context, target string, flags scanFlags) error {
	threshold, err := parseFailOn(flags.failOn)
	if err != nil {
		return err
	}
	if err := flags.output.check(); err != nil {
		return err
	}
	look, err := parseFind(flags.find)
	if err != nil {
		return err
	}
	if flags.all {
		return p.scanAll(ctx, target, look, threshold, flags)
	}
	analysis, err := p.analyse(ctx, target, look, flags.target, flags.database)
	if err != nil {
		return err
	}
	if flags.manifest != "" && analysis.manifest == nil {
		return usageError{fmt.Errorf("--manifest: %s holds no list of executable files: scan the image itself", target)}
	}
	if err := p.writeReport(&analysis.report, flags.output); err != nil {
		return err
	}
	if flags.manifest != "" {
		if err := writeFile(flags.manifest, analysis.manifest); err != nil {
			return fmt.Errorf("writing the manifest: %w", err)
		}
	}
	err = unreadable(analysis.report.Coverage)
	if threshold != nil && reaches(&analysis.report, *threshold) {
		if err != nil {
			p.complain(err)
		}
		return errDenied
	}
	return err
}

// scanAll scans the images for all platforms.
func (p *program) scanAll(ctx context.Context, target string, look []finding.Kind, threshold *advisory.Severity, flags scanFlags) error {
	if flags.manifest != "" {
		return usageError{errors.New("--manifest: one file cannot hold the lists of all platforms: choose one with --platform")}
	}
	if err := checkAllPlatforms(flags.target); err != nil {
		return err
	}
	all, err := p.analyseAll(ctx, target, look, flags.target, flags.database)
	if err != nil {
		return err
	}
	reports := all.reports()
	if err := p.writeReports(reports, flags.output); err != nil {
		return err
	}
	met := len(reports.Missed) > 0 // what was not scanned is taken to be as bad
	var damaged error
	for i := range reports.Reports {
		met = met || threshold != nil && reaches(&reports.Reports[i], *threshold)
		damaged = firstOf(damaged, unreadable(reports.Reports[i].Coverage))
	}
	if threshold != nil && met {
		if damaged != nil {
			p.complain(damaged)
		}
		return errDenied
	}
	return damaged
}

// parseFind reads --find.
func parseFind(words []string) ([]finding.Kind, error) {
	var kinds []finding.Kind
	for _, word := range words {
		switch word {
		case "vuln":
			kinds = append(kinds, finding.Vulnerability)
		case "config":
			kinds = append(kinds, finding.Config)
		case "secret", "license":
			return nil, usageError{fmt.Errorf("--find %s: this version looks for vuln and config only", word)}
		default:
			return nil, usageError{fmt.Errorf("--find %.40q: want vuln or config", word)}
		}
	}
	return kinds, nil
}

// reaches tells whether anything is as bad as the threshold. What cannot be rated, and what
// could not be looked at, is taken to be.
func reaches(r *report.Report, threshold advisory.Severity) bool {
	for _, f := range r.Findings {
		if f.Status != finding.Affected && f.Status != "" {
			continue
		}
		if f.Severity == advisory.SeverityUnknown || f.Severity >= threshold {
			return true
		}
	}
	return r.Database != nil && !r.Coverage.Complete("packages/", "advisories/")
}

// outputFlags choose how a report is written.
type outputFlags struct {
	format     string
	all        bool
	everything bool // also what has not changed
}

func (o *outputFlags) register(flags flagSet) {
	flags.StringVarP(&o.format, "format", "f", "table", "`FORMAT` of the report: table or json")
	flags.BoolVar(&o.all, "all", false, "list every finding in the table")
}

func (o *outputFlags) check() error {
	if o.format != "table" && o.format != "json" {
		return usageError{fmt.Errorf("--format %q: want table or json", o.format)}
	}
	return nil
}

// sink is a format that reports can be written in, one alone or those on all platforms.
type sink interface {
	report.Sink
	WriteAll(w io.Writer, all *report.Reports) error
}

// sink returns the format asked for.
func (p *program) sink(flags outputFlags) sink {
	if flags.format == "json" {
		return json.Sink{}
	}
	return table.Sink{Options: p.tableOptions(flags)}
}

// tableOptions fit the table to the terminal, if it goes to one.
func (p *program) tableOptions(flags outputFlags) table.Options {
	options := table.Options{All: flags.all, Width: 100}
	if width := terminalWidth(p.stdout); width > 0 && p.global.output == "" {
		options.Width = width
		options.Color = p.getenv("NO_COLOR") == ""
	}
	return options
}

// writeReport writes a report in the format asked for.
func (p *program) writeReport(r *report.Report, flags outputFlags) error {
	if flags.format == "json" {
		p.warnOfAge(r)
	}
	return p.write(func(w io.Writer) error {
		if err := p.sink(flags).Write(w, r); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		return nil
	})
}

// writeReports writes the reports on all platforms in the format asked for.
func (p *program) writeReports(all *report.Reports, flags outputFlags) error {
	if flags.format == "json" {
		p.warnOfAge(&all.Reports[0]) // they rest on the same database
	}
	for _, missed := range all.Missed {
		p.warn("not scanned: " + missed.Platform + ": " + missed.Why)
	}
	return p.write(func(w io.Writer) error {
		if err := p.sink(flags).WriteAll(w, all); err != nil {
			return fmt.Errorf("writing the reports: %w", err)
		}
		return nil
	})
}

// writeFile writes a file beside the result, whole or not at all.
func writeFile(path string, content []byte) error {
	return writeWhole(filepath.Clean(path), func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}
