package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/verdict"
)

func (p *program) waiverCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "waiver",
		Short: "Write, list and check waivers: exceptions that end",
		Args:  p.subcommandOnly,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.waiverNewCommand(), p.waiverListCommand(), p.waiverLintCommand())
	return c
}

// waiverFlags are those of waiver new alone.
type waiverFlags struct {
	draft   policy.Draft
	expires string
	out     string
}

func (p *program) waiverNewCommand() *cobra.Command {
	var flags waiverFlags
	d := &flags.draft
	c := &cobra.Command{
		Use:   "new",
		Short: "Write a waiver",
		Long: `New writes a waiver that is valid, to standard output or as one more document of a file. It names
vulnerabilities, rules, or both; a rule's waiver without vulnerabilities waives the rule. Somebody
answers for it, somebody else has approved it, and it ends.

Without --id, the id is made of the year and of what the waiver says. A file that holds a waiver of
the same id is left as it is.`,
		Example: `  plimsoll waiver new --vulnerability CVE-2026-1 --purl pkg:deb/debian/openssl --image 'registry.example/pay/**' \
    --owner team-pay@example.com --approved-by appsec@example.com --reason 'the server path is not linked' \
    --expires 30d --out waivers.yaml`,
		Args: p.noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return p.waiverNew(flags) },
	}
	set := c.Flags()
	set.StringVar(&d.ID, "id", "", "the waiver's `ID`")
	set.StringArrayVar(&d.Vulnerabilities, "vulnerability", nil, "`ID` of a vulnerability, such as CVE-2026-1; may be given several times")
	set.StringArrayVar(&d.Rules, "rule", nil, "`ID` of a rule; may be given several times")
	set.StringArrayVar(&d.PURLs, "purl", nil, "package, as a `PATTERN` of package URLs; may be given several times (default: all)")
	set.StringArrayVar(&d.Images, "image", nil, "image, as a `PATTERN` of repository names; may be given several times (default: all)")
	set.StringArrayVar(&d.Digests, "digest", nil, "`DIGEST` of an image; may be given several times (default: all)")
	set.StringVar(&d.Owner, "owner", "", "`WHO` answers for it")
	set.StringVar(&d.Approver, "approved-by", "", "`WHO`, other than the owner, has approved it")
	set.StringVar(&d.Reason, "reason", "", "`WHY`, in one line")
	set.StringVar(&flags.expires, "expires", "", "when it ends: a `TIME` (RFC 3339), or 30d or 72h from now")
	set.StringVar(&d.Decision, "decision", string(policy.AcceptRisk), "the `DECISION`: not_affected, accept_risk, false_positive or under_investigation")
	set.StringVar(&d.Justification, "justification", "", "why it is not affected, in OpenVEX's `WORD`")
	set.StringVar(&d.Action, "action", "", "`WHAT` will be done")
	set.StringVar(&d.Ticket, "ticket", "", "`TICKET` where it is tracked")
	set.StringVar(&d.EndWhen, "end-when", "", "what ends it earlier: fixAvailable or componentChanged (`EVENT`)")
	set.StringVar(&flags.out, "out", "", "add it to `FILE`, which may not exist yet")
	return c
}

func (p *program) waiverNew(flags waiverFlags) error {
	at, err := p.moment()
	if err != nil {
		return err
	}
	d := flags.draft
	if d.Expires, err = parseExpiry(flags.expires, at.now); err != nil {
		return usageError{err}
	}
	for _, needed := range []struct{ flag, value string }{{"--owner", d.Owner}, {"--approved-by", d.Approver}, {"--reason", d.Reason}} {
		if needed.value == "" {
			return usageError{fmt.Errorf("waiver new wants %s: see plimsoll waiver new --help", needed.flag)}
		}
	}
	if len(d.Vulnerabilities)+len(d.Rules) == 0 {
		return usageError{errors.New("waiver new wants --vulnerability or --rule: what is waived")}
	}
	d.Approved = at.now
	if d.ID == "" {
		d.ID = idOf(d)
	}
	text := d.Text()
	if _, err := policy.ParseWaivers("the new waiver", []byte(text)); err != nil {
		return usageError{err}
	}
	if flags.out == "" {
		return p.write(func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	return appendWaiver(flags.out, d.ID, text)
}

// idOf makes an id of the year and of what the waiver says, so that two branches which each add
// one do not choose the same.
func idOf(d policy.Draft) string {
	return fmt.Sprintf("W-%d-%s", d.Approved.Year(), image.DigestOf([]byte(d.Text())).Hex()[:8])
}

// parseExpiry reads a time, or a number of days or hours from now.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	const most = 3650 * 24 * time.Hour
	expires, err := time.Parse(time.RFC3339, text)
	if err != nil {
		var n int
		var unit string
		if read, _ := fmt.Sscanf(text, "%d%s", &n, &unit); read != 2 || n < 1 || n > 100_000 || unit != "d" && unit != "h" {
			return time.Time{}, fmt.Errorf("--expires %q: want a time such as 2026-12-30T00:00:00Z, or days or hours from now such as 30d", text)
		}
		length := time.Duration(n) * map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour}[unit]
		expires = now.Add(length)
	}
	switch {
	case !expires.After(now):
		return time.Time{}, fmt.Errorf("--expires %q: that is not after now: want a time to come", text)
	case expires.Sub(now) > most:
		return time.Time{}, fmt.Errorf("--expires %q: that is more than ten years from now: end it earlier, and decide anew then", text)
	}
	return expires.UTC(), nil
}

// appendWaiver adds a document to a file, which appears whole or stays as it was.
func appendWaiver(path, id, text string) error {
	before, err := readLimited(path, policy.MaxSize)
	if err != nil && !isAbsent(err) {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	if strings.TrimSpace(string(before)) != "" {
		held, err := policy.ParseWaivers(path, before)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(held, func(w policy.Waiver) bool { return w.ID() == id }) {
			return fmt.Errorf("%s holds a waiver %s already: change that one, or choose another --id", path, id)
		}
		text = strings.TrimRight(string(before), "\n") + "\n---\n" + text
	}
	if _, err := policy.ParseWaivers(path, []byte(text)); err != nil {
		return err // too large, or what stood there changes what follows
	}
	err = writeWhole(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// waiverListFlags are those of waiver list alone.
type waiverListFlags struct {
	policies []string
	remote   remoteFlags
	at       string
	report   string
	as       string
	author   string
	format   string
}

func (p *program) waiverListCommand() *cobra.Command {
	var flags waiverListFlags
	c := &cobra.Command{
		Use:   "list FILE…",
		Short: "List waivers: what they waive, who answers, when they end",
		Long: `List shows the waivers of files with their state at this time, or that of --at: active, expiring
(within a week), expired, or not yet approved. With a report, it says what becomes of each under the
policies: used, expiring, unused, expired, ended or refused, and why.

With --format openvex, the waivers that are in force are written as an OpenVEX document for others to
read. OpenVEX has no end: write it anew, with a higher version, when a waiver ends.`,
		Example: `  plimsoll waiver list waivers.yaml
  plimsoll waiver list waivers.yaml --report report.json --policy policy.yaml
  plimsoll waiver list waivers.yaml --at 2026-12-24T00:00:00Z --format json
  plimsoll waiver list waivers.yaml --format openvex --output app.openvex.json`,
		Args: waiverFiles,
		RunE: func(c *cobra.Command, args []string) error { return p.waiverList(c.Context(), args, flags) },
	}
	c.Flags().StringVar(&flags.at, "at", "", "`TIME` to look at them (RFC 3339; default: now)")
	c.Flags().StringVar(&flags.report, "report", "", "`REPORT` to hold them against")
	c.Flags().StringVar(&flags.as, "as", "", "the `NAME` that the report's image will carry")
	c.Flags().StringArrayVar(&flags.policies, "policy", nil, "policy `FILE`, or oci://NAME@sha256:DIGEST, whose word counts; may be given several times (default: the starter policy)")
	c.Flags().StringVar(&flags.author, "author", "", "`WHO` says so, in OpenVEX (default: who approved all of the waivers)")
	flags.remote.register(c.Flags())
	c.Flags().StringVarP(&flags.format, "format", "f", "table", "`FORMAT` of the result: table, json or openvex")
	return c
}

func waiverFiles(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError{fmt.Errorf("%s wants files of waivers: see %s --help", c.CommandPath(), c.CommandPath())}
	}
	return nil
}

// waiverRow is one waiver of a list.
type waiverRow struct {
	ID              string   `json:"id"`
	Vulnerabilities []string `json:"vulnerabilities,omitempty"`
	Rules           []string `json:"rules,omitempty"`
	PURLs           []string `json:"purls,omitempty"`
	Images          []string `json:"images,omitempty"`
	Decision        string   `json:"decision"`
	Owner           string   `json:"owner"`
	Approver        string   `json:"approvedBy"`
	Ticket          string   `json:"ticket,omitempty"`
	Reason          string   `json:"reason"`
	Expires         string   `json:"expires"`
	State           string   `json:"state"`
	Why             string   `json:"why,omitempty"`
	Applied         []string `json:"applied,omitempty"`
}

func (p *program) waiverList(ctx context.Context, paths []string, flags waiverListFlags) error {
	if !slices.Contains([]string{"table", "json", "openvex"}, flags.format) {
		return usageError{fmt.Errorf("--format %q: want table, json or openvex", flags.format)}
	}
	at, err := p.moment()
	if err != nil {
		return err
	}
	if flags.at != "" {
		if at.now, err = time.Parse(time.RFC3339, flags.at); err != nil {
			return usageError{fmt.Errorf("--at %q: want a time such as 2026-12-24T00:00:00Z", flags.at)}
		}
		at = moment{at.now.UTC().Truncate(time.Second), true}
	}
	waivers, err := p.readWaivers(ctx, paths, nil)
	if err != nil {
		return err
	}
	if flags.format == "openvex" {
		return p.write(func(w io.Writer) error { return p.writeOpenVEX(w, waivers, flags.author, at) })
	}
	rows := waiverRows(waivers, at.now)
	if flags.report != "" {
		if err := p.heldAgainst(ctx, rows, waivers, flags, at); err != nil {
			return err
		}
	}
	return p.write(func(w io.Writer) error {
		if flags.format == "json" {
			return json.WriteDocument(w, "list of waivers", struct {
				At      string      `json:"at"`
				Waivers []waiverRow `json:"waivers"`
			}{formatMoment(at.now), rows})
		}
		return printWaivers(w, rows)
	})
}

// waiverRows lists waivers with what time alone says of them.
func waiverRows(waivers []policy.Waiver, now time.Time) []waiverRow {
	const soon = 7 * 24 * time.Hour
	rows := []waiverRow{}
	for _, w := range waivers {
		state := "active"
		switch {
		case !now.Before(w.Expires()):
			state = string(verdict.Expired)
		case now.Before(w.Approved()):
			state = "not yet approved"
		case w.Decision() == policy.UnderInvestigation:
			state = "waives nothing"
		case w.Expires().Sub(now) <= soon:
			state = string(verdict.Expiring)
		}
		rows = append(rows, waiverRow{
			ID: w.ID(), Vulnerabilities: w.Vulnerabilities(), Rules: w.Rules(), PURLs: w.Purls(), Images: w.Images(),
			Decision: string(w.Decision()), Owner: w.Owner(), Approver: w.Approver(), Ticket: w.Ticket(), Reason: w.Reason(),
			Expires: formatMoment(w.Expires()), State: state,
		})
	}
	return rows
}

// heldAgainst has rows say what becomes of their waivers for one report.
func (p *program) heldAgainst(ctx context.Context, rows []waiverRow, waivers []policy.Waiver, flags waiverListFlags, at moment) error {
	policies, err := p.readPolicies(ctx, flags.policies, nil, flags.remote)
	if err != nil {
		return err
	}
	document, err := readDocument(flags.report)
	if err != nil {
		return err
	}
	if document == nil || document.stored == nil {
		return usageError{fmt.Errorf("--report %s: it is no report of plimsoll: write one with plimsoll check --format json", flags.report)}
	}
	a := again(document, at, policy.Reads(policies))
	in := a.input(&line{policies: policies, waivers: waivers, as: flags.as})
	in.WithoutDigests = true
	// The verdict has them in the order of their ids, and equal ids in the order of their files' digests.
	told := map[string][]verdict.Exception{}
	for _, e := range policy.Evaluate(in).Waivers {
		told[e.ID] = append(told[e.ID], e)
	}
	for i := range rows {
		if list := told[rows[i].ID]; len(list) == 1 {
			rows[i].State, rows[i].Why, rows[i].Applied = string(list[0].State), list[0].Why, list[0].Applied
		} else {
			rows[i].State, rows[i].Why = "ambiguous", "several waivers have this id"
		}
	}
	return nil
}

func printWaivers(w io.Writer, rows []waiverRow) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WAIVER\tWHAT\tOWNER\tAPPROVED BY\tENDS\tSTATE")
	for _, r := range rows {
		state := r.State
		if n := len(r.Applied); n > 1 {
			state += fmt.Sprintf(" for %d", n)
		}
		if r.Why != "" {
			state += ": " + r.Why
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", report.Clean(r.ID), report.Clean(r.what()), report.Clean(r.Owner),
			report.Clean(r.Approver), report.Clean(r.Expires), report.Clean(state))
	}
	return table.Flush()
}

// what says in few words what is waived.
func (r waiverRow) what() string {
	words := few(r.Vulnerabilities)
	if len(r.Rules) > 0 {
		words = strings.TrimPrefix(words+" under rule "+few(r.Rules), " under ")
	}
	if len(r.PURLs) > 0 {
		words += " in " + few(r.PURLs)
	}
	if len(r.Images) > 0 {
		words += " of " + few(r.Images)
	}
	return words
}

func few(words []string) string {
	const most = 2
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s +%d", strings.Join(words[:most], ", "), len(words)-most)
}

func (p *program) waiverLintCommand() *cobra.Command {
	var policies []string
	var remote remoteFlags
	c := &cobra.Command{
		Use:   "lint FILE…",
		Short: "Check files of waivers",
		Long: `Lint says what is wrong with waivers, with file, line and column: what cannot be read, what has ended
or is not approved yet, and what overlaps. With a policy, also which are approved by nobody whom it
names, and which last longer than it grants for any severity.

Exit status: 0 nothing is wrong; 1 something is.`,
		Example: `  plimsoll waiver lint waivers.yaml
  plimsoll waiver lint waivers/*.yaml --policy policy.yaml`,
		Args: waiverFiles,
		RunE: func(c *cobra.Command, args []string) error {
			return p.waiverLint(c.Context(), args, policies, remote)
		},
	}
	c.Flags().StringArrayVar(&policies, "policy", nil, "policy `FILE`, or oci://NAME@sha256:DIGEST, to hold them against; may be given several times")
	remote.register(c.Flags())
	return c
}

func (p *program) waiverLint(ctx context.Context, paths, policyPaths []string, remote remoteFlags) error {
	at, err := p.moment()
	if err != nil {
		return err
	}
	var policies []policy.Policy
	if len(policyPaths) > 0 {
		if policies, err = p.readPolicies(ctx, policyPaths, nil, remote); err != nil {
			return err
		}
	}
	waivers, problems, err := p.readEachWaiver(ctx, paths)
	if err != nil {
		return err
	}
	problems = append(problems, policy.LintWaivers(waivers, policies, at.now)...)
	err = p.write(func(w io.Writer) error {
		for _, problem := range problems {
			fmt.Fprintln(w, report.Clean(problem.Error()))
		}
		return nil
	})
	if err == nil && len(problems) > 0 {
		err = fmt.Errorf("the waivers have problems, listed above: %d in all; mend them", len(problems))
	}
	return err
}

// readEachWaiver reads files, and goes on after one that holds mistakes.
func (p *program) readEachWaiver(ctx context.Context, paths []string) (waivers []policy.Waiver, problems []policy.Problem, err error) {
	for _, path := range paths {
		read, err := p.readWaivers(ctx, []string{path}, nil)
		var mistakes *policy.ParseError
		switch {
		case errors.As(err, &mistakes):
			problems = append(problems, mistakes.Problems...)
		case err != nil:
			return nil, nil, err
		default:
			waivers = append(waivers, read...)
		}
	}
	return waivers, problems, nil
}
