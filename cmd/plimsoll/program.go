package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
)

// program is one run of plimsoll: its streams, its environment and its global flags.
type program struct {
	stdout, stderr io.Writer
	environ        []string
	global         globalFlags
	origins        map[string]string // of flags that the command line did not set, by name
	forgetting     sync.Once         // the warning that nothing is remembered
}

// globalFlags are accepted by every subcommand.
type globalFlags struct {
	quiet     bool
	logFormat string
	output    string
	noCache   bool
	offline   bool
	cacheDir  string
	now       string
}

// The exit statuses, as docs/contract.md fixes them.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitDenied = 3
)

// usageError is a mistake in the command line.
type usageError struct{ error }

// errDenied ends a run whose result is a denial. The report has said why.
var errDenied = errors.New("denied")

// execute runs the command line and returns its exit status.
func (p *program) execute(ctx context.Context, args []string) int {
	root := p.command()
	root.SetArgs(args)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errDenied):
		return exitDenied
	case errors.As(err, &usage):
		p.complain(err)
		return exitUsage
	case ctx.Err() != nil:
		p.complain(errors.New("interrupted; nothing was written"))
		return exitFailed
	default:
		p.complain(err)
		return exitFailed
	}
}

func (p *program) complain(err error) {
	if p.global.logFormat == "json" {
		p.logger().Error(err.Error())
		return
	}
	text := report.Clean(err.Error())
	var refused *policy.ParseError
	if errors.As(err, &refused) { // a problem for each line
		text = cleanLines(err.Error())
	}
	fmt.Fprintf(p.stderr, "plimsoll: %s\n", text)
}

// command builds the command tree.
func (p *program) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "plimsoll",
		Short: "Scan container images and hold them against one policy",
		Long: `Plimsoll says whether a container image may ship: what is inside it, what is wrong
with it, and the smallest change that mends it.

A target is one of these; what exists as a file or folder is taken for that:
  registry.example/app:1.2, app@sha256:...   an image in a registry
  docker:NAME, podman:NAME, containerd:NAME  an image that an engine on this host holds
  FILE (docker-archive:, oci-archive:)       what docker save, podman save or skopeo copy wrote
  FOLDER (oci:DIR[:TAG], dir:DIR)            an OCI layout, else an unpacked root file system
  FILE (sbom:)                               a bill of materials (CycloneDX, SPDX), or a report of plimsoll

Exit status: 0 done, and allowed; 1 something failed; 2 wrong usage; 3 denied.
Every flag can also be set in the environment: --cache-dir as PLIMSOLL_CACHE_DIR. A file plimsoll.yaml
in the working folder may hold policy, waivers, vex, trust, db, stage and as: see plimsoll config --help.`,
		SilenceErrors: true, SilenceUsage: true,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("%q is no command: see plimsoll --help", args[0])}
			}
			return nil
		},
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
		PersistentPreRunE: func(c *cobra.Command, _ []string) error { return p.prepare(c.Flags()) },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w: see %s --help", err, c.CommandPath())}
	})
	flags := root.PersistentFlags()
	flags.BoolVarP(&p.global.quiet, "quiet", "q", false, "no progress and no warnings")
	flags.StringVar(&p.global.logFormat, "log-format", "text", "form of warnings and errors: text or json")
	flags.StringVarP(&p.global.output, "output", "o", "", "write the result to `FILE` instead of standard output")
	flags.BoolVar(&p.global.noCache, "no-cache", false, "neither read nor write remembered results")
	flags.BoolVar(&p.global.offline, "offline", false, "use no network")
	flags.StringVar(&p.global.cacheDir, "cache-dir", "", "`FOLDER` for remembered results (default: the user's cache folder)")
	flags.StringVar(&p.global.now, "now", "", "evaluate as of `TIME` (RFC 3339); marks the result as a replay")
	root.AddCommand(p.scanCommand(), p.checkCommand(), p.attestCommand(), p.verifyCommand(), p.lockCommand(), p.reproduceCommand(), p.sbomCommand(), p.diffCommand(), p.policyCommand(), p.waiverCommand(),
		p.dbCommand(), p.configCommand(), p.versionCommand())
	return root
}

// prepare fills in flags from the environment and from plimsoll.yaml, and checks the global ones.
func (p *program) prepare(flags *pflag.FlagSet) error {
	p.origins = map[string]string{}
	if err := p.environment(flags); err != nil {
		return err
	}
	if err := p.settings(flags); err != nil {
		return err
	}
	if p.global.logFormat != "text" && p.global.logFormat != "json" {
		return usageError{fmt.Errorf("--log-format %q: want text or json", p.global.logFormat)}
	}
	_, _, err := p.evaluatedAt()
	return err
}

// environment fills in flags that the command line did not set.
func (p *program) environment(flags *pflag.FlagSet) error {
	for _, variable := range p.environ {
		name, value, _ := strings.Cut(variable, "=")
		key, ok := strings.CutPrefix(name, "PLIMSOLL_")
		if !ok || value == "" {
			continue
		}
		flag := flags.Lookup(strings.ToLower(strings.ReplaceAll(key, "_", "-")))
		if flag == nil || flag.Changed {
			continue // another subcommand's, or the command line has said it
		}
		values := []string{value}
		if isList(flag) {
			values = strings.Split(value, ",")
		}
		for _, value := range values {
			if err := flags.Set(flag.Name, value); err != nil {
				return usageError{fmt.Errorf("environment variable %s: %w", name, err)}
			}
		}
		p.origins[flag.Name] = "environment " + name
	}
	return nil
}

// isList tells whether a flag may be given several times, each time with one value.
func isList(flag *pflag.Flag) bool { return flag.Value.Type() == "stringArray" }

// evaluatedAt returns the time of the run in UTC and whole seconds, and whether it was given.
func (p *program) evaluatedAt() (now time.Time, replay bool, err error) {
	if p.global.now == "" {
		return time.Now().UTC().Truncate(time.Second), false, nil
	}
	now, err = time.Parse(time.RFC3339, p.global.now)
	if err != nil {
		return time.Time{}, false, usageError{fmt.Errorf("--now %q: want a time such as 2026-11-22T10:00:00Z", p.global.now)}
	}
	return now.UTC().Truncate(time.Second), true, nil
}

// logger writes what is not the result to standard error.
func (p *program) logger() *slog.Logger {
	if p.global.quiet && p.global.logFormat != "json" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewJSONHandler(p.stderr, nil))
}

// warn tells the user something that does not change the result.
func (p *program) warn(message string) {
	switch {
	case p.global.quiet:
	case p.global.logFormat == "json":
		p.logger().Warn(message)
	default:
		fmt.Fprintf(p.stderr, "plimsoll: warning: %s\n", report.Clean(message))
	}
}

// write hands the result to produce: standard output, or --output's file, which appears only
// when it is whole.
func (p *program) write(produce func(io.Writer) error) error {
	if p.global.output == "" {
		return produce(p.stdout)
	}
	if err := writeWhole(p.global.output, produce); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

// writeWhole writes a file that appears only when it is whole. What is no regular file (a pipe,
// /dev/null) is written to as it is.
func writeWhole(path string, produce func(io.Writer) error) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(produce(file), file.Close())
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".plimsoll-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // of no effect once renamed
	if err := produce(file); err != nil {
		file.Close()
		return err
	}
	if err := errors.Join(file.Chmod(0o644), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func (p *program) getenv(name string) string {
	for i := len(p.environ) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(p.environ[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// terminalWidth returns the width of w in columns, 0 if it is no terminal.
func terminalWidth(w io.Writer) int {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width <= 0 {
		return 80
	}
	return width
}

// folder returns a folder for the user's data of one kind, as the XDG base directory
// specification has it.
func (p *program) folder(variable, fallback string) (string, error) {
	if base := p.getenv(variable); filepath.IsAbs(base) {
		return filepath.Join(base, "plimsoll"), nil
	}
	home := p.getenv("HOME")
	if home == "" {
		return "", fmt.Errorf("neither %s nor HOME is set", variable)
	}
	return filepath.Join(home, fallback, "plimsoll"), nil
}
