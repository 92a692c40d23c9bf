package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	reportjson "plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/ship"
)

// attestFlags are those of attest alone.
type attestFlags struct {
	target     targetFlags
	database   databaseFlags
	line       lineFlags
	all        bool
	key        string
	keyless    keylessFlags
	to         string
	predicates []string
	manifest   string
	maker      string
	format     string
}

func (p *program) attestCommand() *cobra.Command {
	var flags attestFlags
	c := &cobra.Command{
		Use:   "attest REPORT...|IMAGE|FILE --key KEY|--identity-token TOKEN [--to NAME]",
		Short: "Sign what was found out and decided, and attach it to the image",
		Long: `Attest signs statements about an image: the verdict of a stored report, a denial too, and what else
--predicate names. With --policy, and what else a report's verdict rests on, it is derived again first.
An image in place of reports is checked first, as plimsoll check would.

With --to, the statements are attached to the image of that name in its registry: to the manifest
that was evaluated, and to the index, once all images of it were (give a report for each, or
--all-platforms). What is there must be what was evaluated, by digest, and have the name that it was
evaluated under. Without --to, the result is the signed bundles, one a line, for --output.

With --predicate policy, waivers, vex or database, it is a FILE of that kind that is signed, which
lies beside it as FILE.sigstore.json for whoever checks with --trust; or a policy in a registry, named
oci://NAME@sha256:DIGEST, to which the signature is attached.

The key is a FILE with a private key in PEM, env:NAME for one in the environment, or exec:PATH ARGS
for a command that holds it. The passphrase comes from PLIMSOLL_KEY_PASSWORD or COSIGN_PASSWORD, else
from the terminal.

Without a key, Sigstore's services confirm who signs: --identity-token names an OpenID Connect token
(a FILE with it, env:NAME, exec:PATH ARGS for a command that writes it, or github-actions for the
job's own), --fulcio-url who certifies it, and --timestamp-server-url, --rekor-url or both what proves
when; or --signing-config names all of them. No other service is asked. What is signed must hold
against --trusted-root (or the root of --trust), as verify would ask, before anything is written or
attached. --ca-file counts for the services, too.

A replay (--now) is never signed. Exit status: 0 signed, whatever the verdict; 1 nothing was, or not
all was attached.`,
		Example: `  plimsoll check registry.example/app:1.2 --policy policy.yaml --format json --output report.json
  plimsoll attest report.json --key ci.key --to registry.example/app:1.2
  plimsoll attest registry.example/app:1.2 --policy strict --all-platforms --key env:SIGNING_KEY \
      --to registry.example/app:1.2 --predicate verdict,sbom-cyclonedx,vulns
  plimsoll attest report.json --key ci.key --output app.sigstore.jsonl
  plimsoll attest report.json --identity-token env:SIGSTORE_ID_TOKEN --signing-config services.json \
      --trusted-root trusted_root.json --to registry.example/app:1.2
  plimsoll attest waivers.yaml --predicate waivers --key appsec.key --output waivers.yaml.sigstore.json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("%s wants reports of plimsoll check, or an image: see %s --help", c.CommandPath(), c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return p.attest(c.Context(), args, flags) },
	}
	flags.target.register(c.Flags())
	flags.database.register(c.Flags())
	flags.line.register(c.Flags())
	registerAllPlatforms(c.Flags(), &flags.all)
	registerFormat(c.Flags(), &flags.format)
	c.Flags().StringVar(&flags.key, "key", "", "the private `KEY` to sign with: FILE, env:NAME or exec:PATH ARGS")
	flags.keyless.register(c.Flags())
	c.Flags().StringVar(&flags.to, "to", "", "the `NAME` in a registry, with a tag or digest, whose image it is attached to")
	c.Flags().StringSliceVar(&flags.predicates, "predicate", []string{"verdict"}, "`KINDS` of statements: verdict, sbom-cyclonedx, sbom-spdx, vulns, openvex (the documents of --vex), manifest; or one of policy, waivers, vex, database, of a file")
	c.Flags().StringVar(&flags.manifest, "manifest", "", "`FILE` with the list of executable files that a stored report names (plimsoll scan --manifest)")
	c.Flags().StringVar(&flags.maker, "verifier-id", "https://plimsoll.dev/plimsoll", "`URI` that names who decides, for readers of the statement")
	return c
}

// attesting is one run of attest.
type attesting struct {
	flags      attestFlags
	predicates []predicate
	signer     evidence.Signer
	vex        []json.RawMessage
	analyses   []*analysis
}

func (p *program) attest(ctx context.Context, targets []string, flags attestFlags) error {
	a := &attesting{flags: flags}
	var err error
	if a.predicates, err = p.checkAttest(flags); err != nil {
		return err
	}
	if a.predicates[0].about == ofFile {
		return p.attestFile(ctx, targets, a)
	}
	if a.wants("openvex") {
		if a.vex, err = readOpenVEX(flags.line.vex); err != nil {
			return err
		}
	}
	if err := p.evaluateAndOpen(ctx, targets, a); err != nil {
		return err
	}
	for _, each := range a.analyses {
		if err := a.checkSignable(each); err != nil {
			return err
		}
	}
	if flags.to == "" {
		return p.writeBundles(ctx, a)
	}
	return p.attachBundles(ctx, a)
}

// evaluateAndOpen opens the key while the image is looked at. A key that cannot be opened ends both.
func (p *program) evaluateAndOpen(ctx context.Context, targets []string, a *attesting) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	opened := p.beginSigner(ctx, a.flags, stop)
	analyses, err := p.evaluated(ctx, targets, a)
	signer, keyErr := opened()
	a.analyses, a.signer = analyses, signer
	return cmp.Or(keyErr, err)
}

func (a *attesting) wants(kind string) bool {
	return slices.ContainsFunc(a.predicates, func(p predicate) bool { return p.name == kind })
}

// checkAttest looks at the flags before anything is done.
func (p *program) checkAttest(flags attestFlags) ([]predicate, error) {
	chosen, err := parsePredicates(flags.predicates, false)
	_, replay, timeErr := p.evaluatedAt()
	how := flags.keyless.check(flags.key, flags.line.trust, p.global.offline)
	switch {
	case err != nil:
		return nil, err
	case timeErr != nil:
		return nil, timeErr
	case how != nil:
		return nil, how
	case replay:
		return nil, errors.New("with --now the result is a replay, made for another day than the one it was made on, and no replay is signed: leave --now out")
	case slices.ContainsFunc(chosen, func(c predicate) bool { return c.name == "openvex" }) && len(flags.line.vex) == 0:
		return nil, usageError{errors.New("--predicate openvex: name the documents with --vex")}
	case flags.to != "" && p.global.offline:
		return nil, errors.New("with --offline no registry is spoken to: write bundles to a file with --output, or leave --offline out")
	}
	return chosen, checkFormat(flags.format)
}

// evaluated returns what was found out and decided: as reports tell, or by checking an image now.
func (p *program) evaluated(ctx context.Context, targets []string, a *attesting) ([]*analysis, error) {
	var analyses []*analysis
	for _, target := range targets {
		document, err := p.documentAt(target)
		switch {
		case err != nil:
			return nil, err
		case document == nil && len(targets) > 1:
			return nil, usageError{fmt.Errorf("%s is no report: give reports of plimsoll check, or one image", target)}
		case document != nil && document.stored == nil:
			return nil, fmt.Errorf("%s is a bill of materials: what it says of an image is its maker's word, and is not signed for; attest the image, or a report on it", target)
		case document == nil:
			return p.checkedNow(ctx, target, a)
		}
		stored, err := storedAnalysis(target, document, a)
		if err != nil {
			return nil, err
		}
		if err := p.checkDerived(ctx, target, document, a); err != nil {
			return nil, err
		}
		analyses = append(analyses, stored)
	}
	return analyses, nil
}

// storedAnalysis is what a report tells, if it tells what its verdict rests on.
func storedAnalysis(path string, document *scanned, a *attesting) (*analysis, error) {
	r := document.stored
	switch {
	case r.Replay:
		return nil, fmt.Errorf("%s is a replay, made with --now for another day than the one it was made on, and no replay is signed: check the image again without --now", path)
	case r.Verdict == nil && a.wants("verdict"):
		return nil, fmt.Errorf("%s holds no verdict: it was written by scan; write one with plimsoll check, or name what to sign with --predicate", path)
	}
	if r.Verdict != nil {
		if err := unchanged(path, document); err != nil {
			return nil, err
		}
	}
	stored := &analysis{facts: document.Facts, report: *r}
	stored.facts.Target.Reference = r.Target.Reference
	if a.wants("manifest") {
		if a.flags.manifest == "" {
			return nil, usageError{fmt.Errorf("--predicate manifest: %s names the list of executable files by digest only; give the list with --manifest", path)}
		}
		content, err := readLimited(a.flags.manifest, evidence.MaxStatement)
		if err != nil {
			return nil, fmt.Errorf("--manifest: %w", err)
		}
		if got := image.DigestOf(content); got != r.Manifest.Digest {
			return nil, fmt.Errorf("--manifest: %s has the digest %s, and %s names %s: give the list of the same scan", a.flags.manifest, got, path, r.Manifest.Digest)
		}
		stored.manifest = content
	}
	return stored, nil
}

// checkDerived derives a stored verdict again, if the policies are named that it is said to follow
// from. Without them it is signed as it stands, and flags that would have no part in it are refused.
func (p *program) checkDerived(ctx context.Context, path string, document *scanned, a *attesting) error {
	l := a.flags.line
	switch {
	case document.stored.Verdict == nil || !a.wants("verdict"):
		return nil
	case len(l.policies) == 0 && p.haveNoPart(a):
		return usageError{fmt.Errorf("%s is a report, whose verdict is signed as it stands: leave --waivers, --vex, --bundle, --as and --trust out, or give all that it rests on, --policy too, and it is derived again first", path)}
	case len(l.policies) == 0:
		return nil
	}
	recorded := *document.stored.Verdict
	derived, line, err := p.derive(ctx, document, l, a.flags.target.remote)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if differences := compareVerdicts(recorded, derived, line); len(differences) > 0 {
		return fmt.Errorf("%s: its verdict does not follow from what is named, and is not signed: %s; check the image again", path, strings.Join(differences, "; "))
	}
	return nil
}

// haveNoPart tells whether the command line names what has no part in a verdict that is signed as it
// stands; what settings name is for whatever is decided.
func (p *program) haveNoPart(a *attesting) bool {
	l := a.flags.line
	given := func(key string, is bool) bool { return is && p.origins[key] == "" }
	return given("waivers", len(l.waivers) > 0) || given("bundle", len(l.bundles) > 0) || given("as", l.as != "") ||
		given("vex", len(l.vex) > 0 && !a.wants("openvex")) || given("trust", l.trust != "" && a.flags.key != "")
}

// checkedNow checks an image as plimsoll check does, under the name that it is attached to.
func (p *program) checkedNow(ctx context.Context, target string, a *attesting) ([]*analysis, error) {
	flags := a.flags
	if flags.line.as == "" && flags.to != "" {
		flags.line.as, _, _ = strings.Cut(flags.to, "@")
	}
	at, err := p.moment()
	if err != nil {
		return nil, err
	}
	line, err := p.readLine(ctx, flags.line, flags.target.remote, at.now)
	if err != nil {
		return nil, err
	}
	flags.database.by = line.by
	look := policy.Reads(line.policies)
	if a.wants("vulns") && !slices.Contains(look, finding.Vulnerability) {
		look = append(look, finding.Vulnerability)
	}
	if flags.all {
		if err := checkAllPlatforms(flags.target); err != nil {
			return nil, err
		}
		all, err := p.analyseAll(ctx, target, look, flags.target, flags.database)
		if err != nil {
			return nil, err
		}
		if err := p.decideAll(ctx, all, line); err != nil {
			return nil, err
		}
		for _, missed := range all.missed {
			p.warn("not scanned: " + missed.Platform + ": " + missed.Why)
		}
		return all.analyses, nil
	}
	one, err := p.analyse(ctx, target, look, flags.target, flags.database)
	if err != nil {
		return nil, err
	}
	if err := p.gather(ctx, one, line); err != nil {
		return nil, err
	}
	one.decide(line)
	p.warnOfExceptions(one.report.Verdict)
	return []*analysis{one}, nil
}

// checkSignable refuses what no statement could be about.
func (a *attesting) checkSignable(each *analysis) error {
	r := &each.report
	switch {
	case r.Replay:
		return errors.New("a replay is not signed: leave --now out")
	case r.Target.Digest.IsZero():
		return fmt.Errorf("%s has no manifest digest, which a statement would be about: check the image in its registry or in an OCI layout", r.Target.Reference)
	case r.Target.Repository == "":
		return fmt.Errorf("%s has no name, and policies are scoped by name: say with --as under which it was, or is to be, checked", r.Target.Reference)
	case r.Verdict != nil && (r.Verdict.Inputs.Subject.Digest != r.Target.Digest || r.Verdict.Inputs.Subject.Repository != r.Target.Repository):
		return fmt.Errorf("the verdict is about %s@%s, and the report about %s@%s: check the image again", r.Verdict.Inputs.Subject.Repository, r.Verdict.Inputs.Subject.Digest, r.Target.Repository, r.Target.Digest)
	case a.wants("manifest") && each.manifest == nil:
		return fmt.Errorf("%s holds no list of executable files: attest the image itself, or leave manifest out of --predicate", r.Target.Reference)
	}
	return nil
}

// signAll signs what is asked for about one image.
func (p *program) signAll(ctx context.Context, a *attesting, each *analysis, also []image.Digest) (bundles []ship.Bundle, digests []image.Digest, err error) {
	now, _, err := p.evaluatedAt()
	if err != nil {
		return nil, nil, err
	}
	s := &stater{analysis: each, maker: makerOf(a.flags.maker, a.flags.line.policies, each.report.Engine.Version), vex: a.vex, also: also}
	for _, kind := range a.predicates {
		statements, err := s.statements(kind.name)
		if err != nil {
			return nil, nil, fmt.Errorf("%s of %s: %w", kind.name, each.report.Target.Reference, err)
		}
		for _, statement := range statements {
			content, err := evidence.SignStatement(ctx, a.signer, statement)
			if err != nil {
				return nil, nil, err
			}
			bundles = append(bundles, ship.Bundle{Content: content, PredicateType: statement.PredicateType, Created: now})
		}
	}
	return bundles, s.digests(), nil
}

// writeBundles writes bundles as the result, one a line.
func (p *program) writeBundles(ctx context.Context, a *attesting) error {
	var lines bytes.Buffer
	for _, each := range a.analyses {
		bundles, _, err := p.signAll(ctx, a, each, nil)
		if err != nil {
			return err
		}
		for _, b := range bundles {
			if err := json.Compact(&lines, b.Content); err != nil {
				return err
			}
			lines.WriteByte('\n')
		}
	}
	return p.write(func(w io.Writer) error {
		_, err := w.Write(lines.Bytes())
		return err
	})
}

// attachedRow is one line of attest's result.
type attachedRow struct {
	PredicateType string       `json:"predicateType"`
	Subject       image.Digest `json:"subject"`
	Manifest      image.Digest `json:"manifest"`
	Tag           string       `json:"tag,omitempty"`
}

// signedBundles are those about one image, and the digests that they are attached to.
type signedBundles struct {
	bundles []ship.Bundle
	digests []image.Digest
}

// attachBundles attaches the statements to what the name stands for, if that was evaluated.
func (p *program) attachBundles(ctx context.Context, a *attesting) (err error) {
	name, identifier, err := registry.Split(a.flags.to)
	if err != nil {
		return usageError{fmt.Errorf("--to: %w", err)}
	}
	repository, err := p.openRepository(ctx, name, registry.Write, a.flags.target.remote)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, repository.Close()) }()
	there, err := resolveName(ctx, repository, identifier)
	if err != nil {
		return err
	}
	for _, each := range a.analyses {
		if err := matches(there, each); err != nil {
			return err
		}
	}
	also := p.indexOf(there, a.analyses)
	made := make([]signedBundles, len(a.analyses)) // all, before the first is attached
	for i, each := range a.analyses {
		if made[i].bundles, made[i].digests, err = p.signAll(ctx, a, each, also); err != nil {
			return err
		}
	}
	var rows []attachedRow
	for _, each := range made {
		attached, err := ship.Attach(ctx, repository, each.digests, each.bundles)
		for i, one := range attached {
			rows = append(rows, attachedRow{each.bundles[i%len(each.bundles)].PredicateType, one.Subject, one.Manifest, one.Tag})
		}
		if err != nil {
			return fmt.Errorf("%d statements were attached before this failed (attaching them again changes nothing): %w", len(rows), err)
		}
	}
	return p.writeAttached(there, rows, a.flags.format)
}

// matches refuses an image that is not the one in the registry, or was evaluated under another name.
func matches(there resolvedName, each *analysis) error {
	target := each.report.Target
	if target.Repository != there.repository {
		return fmt.Errorf("the image was evaluated under the name %s, and --to names %s: the same content under another name has another verdict; check it with --as %s", target.Repository, there.repository, there.repository)
	}
	if !slices.ContainsFunc(there.children, func(c child) bool { return c.digest == target.Digest }) {
		return fmt.Errorf("what was evaluated is %s, and the registry has %s, which is another image: check that one", target.Digest, there)
	}
	return nil
}

// indexOf returns the index, once all images of it were evaluated: who asks for a verdict on it
// may run any of them.
func (p *program) indexOf(there resolvedName, analyses []*analysis) []image.Digest {
	if !there.isIndex() {
		return nil
	}
	for _, c := range there.children {
		if !slices.ContainsFunc(analyses, func(a *analysis) bool { return a.report.Target.Digest == c.digest }) {
			p.warn(fmt.Sprintf("nothing is attached to the index %s: its image for %s was not evaluated; give a report for each platform, or --all-platforms", there.digest, c))
			return nil
		}
	}
	return []image.Digest{there.digest}
}

func (p *program) writeAttached(there resolvedName, rows []attachedRow, format string) error {
	return p.write(func(w io.Writer) error {
		if format == "json" {
			return reportjson.WriteDocument(w, "list of what was attached", struct {
				Repository string        `json:"repository"`
				Attached   []attachedRow `json:"attached"`
			}{there.repository, rows})
		}
		for _, row := range rows {
			where := ""
			if row.Tag != "" {
				where = ", listed under the tag " + row.Tag
			}
			if _, err := fmt.Fprintf(w, "attached %s to %s@%s%s\n", row.PredicateType, report.Clean(there.repository), row.Subject, where); err != nil {
				return err
			}
		}
		return nil
	})
}
