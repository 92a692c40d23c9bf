package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/internal/strictyaml"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/policy/policytest"
	"plimsoll.dev/plimsoll/report"
)

func (p *program) policyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "policy",
		Short: "Check, test and explain policies, and try them before they count",
		Args:  p.subcommandOnly,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.policyLintCommand(), p.policyTestCommand(), p.policyExplainCommand(), p.policyPreviewCommand(),
		p.policyReplayCommand(), p.policyPushCommand())
	return c
}

// someFiles refuses a command line without a file.
func someFiles(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError{fmt.Errorf("%s wants a file: see %s --help", c.CommandPath(), c.CommandPath())}
	}
	return nil
}

func (p *program) policyLintCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lint FILE...",
		Short: "Say what is wrong with policies, waivers and policy tests",
		Long: `Lint reads files of policies, of waivers or of policy tests, each by the kind of its documents, and
prints every problem with file, line, column and the next step. It warns of what makes no difference:
rules that are off everywhere, or ask what another asks; waivers that have ended.

Exit status: 0 no problem, whatever the warnings; 1 problems.`,
		Example: "  plimsoll policy lint policy.yaml waivers.yaml policy.test.yaml",
		Args:    someFiles,
		RunE:    func(_ *cobra.Command, args []string) error { return p.policyLint(args) },
	}
}

func (p *program) policyLint(paths []string) error {
	at, err := p.moment()
	if err != nil {
		return err
	}
	problems := 0
	err = p.write(func(w io.Writer) error {
		for _, path := range paths {
			content, err := readLimited(path, policy.MaxSize)
			if err != nil {
				return fmt.Errorf("reading what to lint: %w", err)
			}
			found, warnings, is := lint(path, content, at)
			problems += found
			fmt.Fprint(w, warnings)
			if found == 0 {
				fmt.Fprintf(w, "%s: %s\n", report.Clean(path), is)
			}
		}
		return nil
	})
	if err == nil && problems > 0 {
		err = fmt.Errorf("%s: mend what is listed", counted(problems, "problem"))
	}
	return err
}

// lint reads a file by the kind of its documents. It returns how many problems it has, the lines
// that say so, and what the file is.
func lint(path string, content []byte, at moment) (problems int, lines, is string) {
	var err error
	var warnings []policy.Problem
	switch strictyaml.Kind(content) {
	case "Waiver":
		var waivers []policy.Waiver
		waivers, err = policy.ParseWaivers(path, content)
		for _, w := range waivers {
			warnings = append(warnings, w.Warnings(path, at.now)...)
		}
		is = counted(len(waivers), "waiver")
	case "PolicyTest":
		var tests []policytest.Test
		tests, err = policytest.Parse(path, content)
		is = counted(len(tests), "policy test")
	default:
		var policies []policy.Policy
		policies, err = policy.Parse(path, content)
		rules := 0
		for _, each := range policies {
			warnings = append(warnings, each.Warnings(path)...)
			rules += len(each.Rules())
		}
		is = counted(len(policies), "policy") + ", " + counted(rules, "rule")
	}
	var refused *policy.ParseError
	if errors.As(err, &refused) {
		problems = len(refused.Problems) + refused.More
		lines = cleanLines(refused.Error()) + "\n"
	}
	for _, w := range warnings {
		lines += report.Clean(fmt.Sprintf("%s:%d:%d: warning: %s", w.File, w.Line, w.Column, w.What)) + "\n"
	}
	return problems, lines, is
}

// cleanLines is report.Clean for a text whose ends of lines are ours.
func cleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = report.Clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// counted says how many there are: 1 rule, 3 policies.
func counted(n int, one string) string {
	switch {
	case n == 1:
		return "1 " + one
	case one[len(one)-1] == 'y':
		return fmt.Sprintf("%d %sies", n, one[:len(one)-1])
	default:
		return fmt.Sprintf("%d %ss", n, one)
	}
}

// readyPolicy finds a ready policy by its name. A file of that name does not stand in its place:
// whoever may write to the working folder would draw the line. It is ./NAME.
func readyPolicy(name string) ([]policy.Policy, bool) { return policy.Ready(name) }
