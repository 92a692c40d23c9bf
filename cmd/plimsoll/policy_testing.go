package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/advisory/vex"
	"plimsoll.dev/plimsoll/internal/printable"
	"plimsoll.dev/plimsoll/internal/strictyaml"
	"plimsoll.dev/plimsoll/inventory/sbom"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/policy/policytest"
	reportjson "plimsoll.dev/plimsoll/report/json"
)

// policyTestFlags are those of policy test alone.
type policyTestFlags struct {
	policies       []string
	format         string
	allowUncovered bool
	remote         remoteFlags
}

func (p *program) policyTestCommand() *cobra.Command {
	var flags policyTestFlags
	c := &cobra.Command{
		Use:   "test FILE_OR_DIR...",
		Short: "Run the tests of policies",
		Long: `Test evaluates the cases of documents of the kind PolicyTest, and says which came out otherwise than
expected, with the rule's reason; and which rules no case made fail, or none made pass. In a folder it
finds every file (.yaml, .yml) of tests, at any depth.

The policy is the one that the test names: among --policy, else in the files that it lists under policies.

Exit status: 0 every case holds and every rule is covered; 3 not so.`,
		Example: `  plimsoll policy test policies/
  plimsoll policy test baseline.test.yaml --policy draft.yaml
  plimsoll policy test policies/ --format json --output tests.json`,
		Args: someFiles,
		RunE: func(c *cobra.Command, args []string) error { return p.policyTest(c.Context(), args, flags) },
	}
	c.Flags().StringArrayVar(&flags.policies, "policy", nil, "policy `FILE`, or the name of a ready one; counts before those that the test names; may be given several times")
	flags.remote.register(c.Flags())
	c.Flags().StringVarP(&flags.format, "format", "f", "table", "`FORMAT` of the result: table or json")
	c.Flags().BoolVar(&flags.allowUncovered, "allow-uncovered", false, "exit 0 though no case made some rule fail, or pass")
	return c
}

func (p *program) policyTest(ctx context.Context, args []string, flags policyTestFlags) error {
	if flags.format != "table" && flags.format != "json" {
		return usageError{fmt.Errorf("--format %q: want table or json", flags.format)}
	}
	var given []policy.Policy
	if len(flags.policies) > 0 {
		var err error
		if given, err = p.readPolicies(ctx, flags.policies, nil, flags.remote); err != nil {
			return err
		}
	}
	files, err := testFiles(args)
	if err != nil {
		return err
	}
	run := policyTestRun{Results: policytest.Results{Schema: policytest.Schema},
		read: func(path string) ([]policy.Policy, error) {
			return p.readPolicies(ctx, []string{path}, nil, flags.remote)
		}}
	for _, file := range files {
		if err := run.file(file, given); err != nil {
			return err
		}
	}
	write := run.writeTable
	if flags.format == "json" {
		write = run.writeJSON
	}
	if err := p.write(write); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	if !run.Held() || !run.Covered() && !flags.allowUncovered {
		return errDenied
	}
	return nil
}

// testFiles finds the files of tests among files and in folders.
func testFiles(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, fmt.Errorf("reading tests: %w", err)
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(arg, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() || !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)) {
				return err
			}
			content, err := readLimited(path, policy.MaxSize)
			if err == nil && strictyaml.Kind(content) == "PolicyTest" {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("reading tests: %w", err)
		}
		if len(files) == before {
			return nil, fmt.Errorf("folder %s holds no policy test: write one of kind: PolicyTest", arg)
		}
	}
	return files, nil
}

// policyTestRun is a run of all tests.
type policyTestRun struct {
	policytest.Results
	read func(path string) ([]policy.Policy, error)
}

// file runs the tests of a file. What they name is read from its folder.
func (r *policyTestRun) file(path string, given []policy.Policy) error {
	content, err := readLimited(path, policy.MaxSize)
	if err != nil {
		return fmt.Errorf("reading tests: %w", err)
	}
	tests, err := policytest.Parse(path, content)
	if err != nil {
		return err
	}
	beside := func(name string) string {
		if filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(filepath.Dir(path), name)
	}
	for i := range tests {
		policies := slices.Clone(given)
		if !slices.ContainsFunc(given, func(p policy.Policy) bool { return p.Name() == tests[i].Policy() }) {
			for _, name := range tests[i].Policies() {
				parsed, err := r.read(beside(name))
				if err != nil {
					return err
				}
				policies = append(policies, parsed...)
			}
		}
		result, err := tests[i].Run(policies, policytest.Sources{
			File: func(name string) ([]byte, error) { return readLimited(beside(name), sbom.MaxSize) },
			Base: readBase,
			VEX: func(name string, data []byte) ([]advisory.VEXStatement, error) {
				document, err := vex.Decode(name, data)
				return document.Statements, err
			},
		})
		if err != nil {
			return err
		}
		r.Tests = append(r.Tests, result)
	}
	return nil
}

// readBase reads the report that a test begins with.
func readBase(data []byte) (policy.Input, error) {
	r, err := reportjson.Decode(bytes.NewReader(data), sbom.MaxSize)
	if err != nil {
		return policy.Input{}, err
	}
	scanned := r.ScannedAt
	if scanned.IsZero() {
		scanned = r.EvaluatedAt
	}
	return policy.Input{
		Facts: reportFacts(r), Findings: r.Findings, Coverage: r.Coverage, Database: databaseInput(r.Database),
		ScannedAt: scanned, Now: r.EvaluatedAt,
	}, nil
}

func (r *policyTestRun) writeJSON(w io.Writer) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r.Results); err != nil {
		return err
	}
	_, err := w.Write(printable.JSON(b.Bytes()))
	return err
}

// writeTable lists the cases, what differs, and what no case saw.
func (r *policyTestRun) writeTable(w io.Writer) error {
	var b strings.Builder
	cases, failed, rules, uncovered := 0, 0, 0, 0
	for _, t := range r.Tests {
		fmt.Fprintf(&b, "%s: policy %s\n", t.File, t.Policy)
		for i := range t.Cases {
			c := &t.Cases[i]
			cases++
			if c.Held() {
				fmt.Fprintf(&b, "  ok      %s\n", c.Name)
				continue
			}
			failed++
			fmt.Fprintf(&b, "  FAILED  %s (line %d, stage %s)\n", c.Name, c.Line, c.Stage)
			for _, d := range c.Differences {
				fmt.Fprintf(&b, "            %s: expected %s, came %s\n              %s\n", whatDiffers(d), d.Want, d.Got, d.Message)
			}
		}
		for _, rule := range t.Rules {
			rules++
			if words := notSeen(rule); words != "" {
				uncovered++
				fmt.Fprintf(&b, "  UNCOVERED  rule %s: %s\n", rule.ID, words)
			}
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%s, %d failed; %s, %d uncovered\n", counted(cases, "case"), failed, counted(rules, "rule"), uncovered)
	_, err := io.WriteString(w, cleanLines(b.String()))
	return err
}

func whatDiffers(d policytest.Difference) string {
	if d.Rule == "" {
		return "outcome"
	}
	return "rule " + d.Rule
}

// notSeen says what no case saw of a rule; empty if all was seen.
func notSeen(rule policytest.Rule) string {
	switch {
	case rule.Covered():
		return ""
	case !rule.Failed && !rule.Passed:
		return "no case makes it fail, and none makes it pass"
	case !rule.Failed:
		return "no case makes it fail"
	default:
		return "no case makes it pass"
	}
}
