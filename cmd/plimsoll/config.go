package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/verdict"
)

// settingsFile is the file in the working folder that holds what flags and environment do not say.
const settingsFile = "plimsoll.yaml"

// settings fills in flags that neither the command line nor the environment set.
func (p *program) settings(flags *pflag.FlagSet) error {
	wanted := slices.ContainsFunc(policy.SettingKeys(), func(key string) bool { return flags.Lookup(key) != nil })
	if !wanted {
		return nil
	}
	content, err := readLimited(settingsFile, policy.MaxSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %s of the working folder: %w", settingsFile, err)
	}
	settings, err := policy.ParseSettings(settingsFile, content)
	if err != nil {
		return err
	}
	for _, key := range policy.SettingKeys() {
		flag := flags.Lookup(key)
		values, found := settings.Values[key]
		if flag == nil || flag.Changed || !found {
			continue
		}
		if p.underCI() {
			return weakens(key, fmt.Sprintf("%s:%d", settingsFile, settings.Lines[key]))
		}
		for _, value := range values {
			if err := flags.Set(key, value); err != nil {
				return fmt.Errorf("%s:%d: %s: %w", settingsFile, settings.Lines[key], key, err)
			}
		}
		p.origins[key] = fmt.Sprintf("%s:%d", settingsFile, settings.Lines[key])
	}
	return nil
}

func (p *program) configCommand() *cobra.Command {
	var line lineFlags
	var database databaseFlags
	var stage, format string
	c := &cobra.Command{
		Use:   "config",
		Short: "Show the settings that are in effect, and where each is from",
		Long: `Config shows what a command here and now would go by, and where each value is from: a flag, the
environment, plimsoll.yaml in the working folder, or a default. The first of these that says
something counts; lists are not joined.

plimsoll.yaml holds policy, waivers and vex (a value or a list), trust, db, stage and as. An unknown key is
an error. In the environment, several policies, waivers or VEX documents are separated by commas.

In a CI job, nothing that decides about the gate is taken from the working folder, which the change
under test could write: what plimsoll.yaml says, or a database of your own that lies there, is an error
unless a flag or the environment says it; a default cache folder there is not used; and a target shaped
like an image's name that exists as a path too is an error. A CI job is where CI is set (to anything but
false or 0), or TF_BUILD, JENKINS_URL, TEAMCITY_VERSION or CODEBUILD_BUILD_ID. CI=false says it is none.`,
		Example: `  plimsoll config
  PLIMSOLL_POLICY=policy.yaml plimsoll config --stage ship --format json`,
		Args: p.noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return p.config(c.Flags(), format) },
	}
	line.register(c.Flags())
	database.register(c.Flags())
	registerStage(c.Flags(), &stage)
	registerFormat(c.Flags(), &format)
	return c
}

func registerStage(flags flagSet, stage *string) {
	flags.StringVar(stage, "stage", string(verdict.Build), "the `STAGE` whose outcome counts: build, ship, admit or run")
}

func registerFormat(flags flagSet, format *string) {
	flags.StringVarP(format, "format", "f", "table", "`FORMAT` of the result: table or json")
}

func checkFormat(format string) error { return (&outputFlags{format: format}).check() }

// setting is one value in effect.
type setting struct {
	Key    string   `json:"key"`
	Values []string `json:"values"`
	From   string   `json:"from"`
}

func (p *program) config(flags *pflag.FlagSet, format string) error {
	if err := checkFormat(format); err != nil {
		return err
	}
	var list []setting
	keys := append(policy.SettingKeys(), "cache-dir", "no-cache", "offline", "now", "quiet", "log-format")
	for _, key := range keys {
		list = append(list, p.effective(flags.Lookup(key)))
	}
	p.warnOfVariables(flags)
	return p.write(func(w io.Writer) error {
		if format == "json" {
			return json.WriteDocument(w, "settings", struct {
				Settings []setting `json:"settings"`
			}{list})
		}
		return printSettings(w, list)
	})
}

func printSettings(w io.Writer, list []setting) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SETTING\tVALUE\tFROM")
	for _, s := range list {
		values := s.Values
		if len(values) == 0 {
			values = []string{"-"}
		}
		for i, value := range values {
			key, from := s.Key, s.From
			if i > 0 {
				key, from = "", ""
			}
			fmt.Fprintf(table, "%s\t%s\t%s\n", key, report.Clean(value), report.Clean(from))
		}
	}
	return table.Flush()
}

// effective is a flag's value, and where it is from.
func (p *program) effective(flag *pflag.Flag) setting {
	s := setting{Key: flag.Name, Values: []string{}, From: "default"}
	switch {
	case isList(flag):
		s.Values = append(s.Values, flag.Value.(pflag.SliceValue).GetSlice()...)
	case flag.Value.String() != "":
		s.Values = append(s.Values, flag.Value.String())
	}
	if origin := p.origins[flag.Name]; origin != "" {
		s.From = origin
	} else if flag.Changed {
		s.From = "flag --" + flag.Name
	}
	if len(s.Values) == 0 {
		s.Values = append(s.Values, p.defaultOf(flag.Name)...)
	}
	return s
}

// defaultOf says what counts where a flag is empty.
func (p *program) defaultOf(key string) []string {
	switch key {
	case "policy":
		return []string{"the starter policy"}
	case "db":
		if path, err := p.databasePath(); err == nil {
			if _, err := os.Stat(path); err == nil {
				return []string{path}
			}
		}
		return []string{"the starter database"}
	case "cache-dir":
		if path, err := p.cacheFolder(); err == nil {
			return []string{path}
		}
	}
	return nil
}

// warnOfVariables names variables that no flag answers to: a typing error in one may leave the
// gate open.
func (p *program) warnOfVariables(flags *pflag.FlagSet) {
	known := map[string]bool{"KEY_PASSWORD": true} // a passphrase is no flag's: it would be seen by all
	var learn func(c *cobra.Command)
	learn = func(c *cobra.Command) {
		for _, set := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
			set.VisitAll(func(f *pflag.Flag) { known[strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))] = true })
		}
		for _, child := range c.Commands() {
			learn(child)
		}
	}
	learn(p.command())
	flags.VisitAll(func(f *pflag.Flag) { known[strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))] = true })
	for _, variable := range p.environ {
		name, _, _ := strings.Cut(variable, "=")
		if key, ours := strings.CutPrefix(name, "PLIMSOLL_"); ours && !known[key] {
			p.warn("the environment variable " + name + " is no flag's: it changes nothing")
		}
	}
}
