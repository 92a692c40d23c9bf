package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/advisory/vex"
	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/verdict"
)

// lineFlags choose where the line is drawn: by which policies, with which exceptions, for which
// name.
type lineFlags struct {
	policies, waivers, vex []string
	as                     string
	trust                  string
	bundles                []string
}

func (l *lineFlags) register(flags flagSet) {
	l.registerFiles(flags)
	flags.StringVar(&l.as, "as", "", "the `NAME` that the image will carry; policies are scoped by it")
	flags.StringArrayVar(&l.bundles, "bundle", nil, "with --trust, read signed evidence from `FILE` in place of the image's registry; may be given several times")
}

// registerFiles declares all that is not about one image.
func (l *lineFlags) registerFiles(flags flagSet) {
	flags.StringArrayVar(&l.policies, "policy", nil, "policy `FILE`, oci://NAME@sha256:DIGEST for one in a registry, or a ready policy by its name: "+strings.Join(policy.ReadyNames(), ", ")+"; may be given several times, and the strictest wins (default: starter)")
	flags.StringArrayVar(&l.waivers, "waivers", nil, "`FILE` of waivers; may be given several times")
	flags.StringArrayVar(&l.vex, "vex", nil, "VEX document `FILE`: OpenVEX, CycloneDX or CSAF; may be given several times")
	flags.StringVar(&l.trust, "trust", "", "trust document `FILE`: who may sign evidence, waivers, VEX, policies and databases")
}

// line is what an image is held against.
type line struct {
	policies   []policy.Policy
	waivers    []policy.Waiver
	vex        []advisory.VEXStatement
	signedVEX  []policy.SignedVEX
	vexDigests []image.Digest
	as         string

	by      *believed // nil without --trust: then nothing counts as signed
	bundles []string
	remote  remoteFlags
}

// readLine reads what the flags name. Signatures must hold at the time given.
func (p *program) readLine(ctx context.Context, flags lineFlags, remote remoteFlags, at time.Time) (*line, error) {
	l := &line{as: flags.as, bundles: flags.bundles, remote: remote}
	if flags.trust == "" && len(flags.bundles) > 0 {
		return nil, usageError{errors.New("--bundle: name with --trust the document that says who may sign what")}
	}
	var err error
	if l.by, err = believe(flags.trust, at); err != nil {
		return nil, err
	}
	if l.policies, err = p.readPolicies(ctx, flags.policies, l.by, remote); err != nil {
		return nil, err
	}
	p.warnOfStrangers(l)
	if l.waivers, err = p.readWaivers(ctx, flags.waivers, l.by); err != nil {
		return nil, err
	}
	for _, path := range flags.vex {
		if err := p.addVEX(ctx, l, path); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// warnOfStrangers tells of signers whom a policy names and the trust does not.
func (p *program) warnOfStrangers(l *line) {
	if l.by == nil {
		return
	}
	for _, name := range policy.SignersNamed(l.policies) {
		if !l.by.trust.Names(name) {
			p.warn(fmt.Sprintf("a policy asks for the signer %q, whom the trust document %s does not name: nothing can count as signed by it", name, l.by.trust.Name()))
		}
	}
}

// addVEX reads a VEX document, and who has signed it.
func (p *program) addVEX(ctx context.Context, l *line, path string) error {
	document, content, err := readVEX(path)
	if err != nil {
		return err
	}
	l.vexDigests = append(l.vexDigests, document.Digest)
	signers := p.optional(ctx, l.by, path, evidence.VEXFileType, content)
	if len(signers) == 0 {
		l.vex = append(l.vex, document.Statements...)
		return nil
	}
	for _, statement := range document.Statements {
		l.signedVEX = append(l.signedVEX, policy.SignedVEX{VEXStatement: statement, SignedBy: signers})
	}
	return nil
}

// decide evaluates the policies over what was found, under the name that the image will carry.
func (a *analysis) decide(l *line) {
	decided := policy.Evaluate(a.input(l))
	a.report.Findings, a.report.Verdict = decided.Findings, &decided.Verdict
}

// input is all that the verdict will depend on.
func (a *analysis) input(l *line) policy.Input {
	if l.as != "" {
		a.facts.Target.Repository = image.RepositoryOf(l.as)
		a.report.Target.Repository = a.facts.Target.Repository
	}
	var attested policy.Attestations
	if a.report.Evidence != nil {
		attested = *a.report.Evidence
	}
	unsigned, signed := l.vex, slices.Concat(l.signedVEX, a.signedVEX)
	if attested.Incomplete != "" { // a newer statement, that it is affected, may not have been read
		for _, statement := range signed {
			unsigned = append(slices.Clip(unsigned), statement.VEXStatement)
		}
		signed = nil
	}
	return policy.Input{
		Facts: a.facts, Findings: a.report.Findings, Coverage: a.report.Coverage,
		Database: databaseInput(a.report.Database), Evidence: attested,
		Policies: l.policies, Waivers: l.waivers, VEX: unsigned, SignedVEX: signed,
		VEXDigests: slices.Concat(l.vexDigests, a.signedVEXDigests),
		Repository: a.facts.Target.Repository, Tag: tagOf(l.as, a.facts.Target.Reference, a.facts.Target.Repository),
		Pinned:    pinned(l.as, a.facts.Target.Reference),
		Engine:    engineName + " " + engineVersion(),
		ScannedAt: a.report.ScannedAt, Now: a.report.EvaluatedAt,
	}
}

// tagOf is the tag of the name that the image will carry, else of the one that it was read by: what
// follows the repository's name there. A layout's or an archive's own tags are none of a repository.
func tagOf(as, reference, repository string) string {
	if as != "" {
		repository = image.RepositoryOf(as)
		reference = as
	}
	at := strings.LastIndex(reference, repository+":")
	if repository == "" || at < 0 {
		return ""
	}
	tag, _, _ := strings.Cut(reference[at+len(repository)+1:], "@")
	return tag
}

// pinned tells whether the name that was asked for, or the one that the image will carry, has a digest.
func pinned(as, reference string) bool {
	_, digest, found := strings.Cut(cmp.Or(as, reference), "@")
	_, err := image.ParseDigest(digest)
	return found && err == nil
}

// warnOfExceptions says which waivers do not count, and which soon will not.
func (p *program) warnOfExceptions(v *verdict.Verdict) {
	for _, w := range v.Waivers {
		switch w.State {
		case verdict.Expiring:
			p.warn(fmt.Sprintf("waiver %s ends on %s", w.ID, w.Expires))
		case verdict.Used:
		default:
			p.warn(fmt.Sprintf("waiver %s is %s: %s", w.ID, w.State, w.Why))
		}
	}
	for _, e := range v.VEX {
		if e.State != verdict.Used {
			p.warn(fmt.Sprintf("VEX statement %s on %s is not used: %s", e.ID, e.Vulnerability, e.Why))
		}
	}
}

// covers tells whether a stored report looked for what is asked for; what is wrong with the
// configuration can be told from the report itself.
func covers(r *report.Report, look []finding.Kind) bool {
	for _, kind := range look {
		if kind == finding.Vulnerability && r.Database == nil {
			return false
		}
	}
	return true
}

// again makes a stored report ready to be evaluated again.
func again(stored *scanned, at moment, look []finding.Kind) *analysis {
	r := *stored.stored
	a := &analysis{facts: stored.Facts, report: r, stored: true, inRegistry: true}
	if r.ScannedAt.IsZero() {
		a.report.ScannedAt = r.EvaluatedAt
	}
	if r.Verdict != nil {
		a.restedOn = r.Verdict.Inputs.Policy
	}
	a.report.EvaluatedAt, a.report.Replay, a.report.Verdict = at.now, at.replay || r.Replay, nil
	a.report.Target.Reference = stored.Facts.Target.Reference
	a.report.Engine = report.Engine{Name: engineName, Version: engineVersion()}
	if r.Coverage.State("config") != "full" {
		a.configuration(look)
	}
	return a
}

// readPolicies reads policies, and finds ready ones by their names; without any, the starter policy stands.
func (p *program) readPolicies(ctx context.Context, paths []string, by *believed, remote remoteFlags) ([]policy.Policy, error) {
	if len(paths) == 0 {
		return policy.Starter(), nil
	}
	var policies []policy.Policy
	for _, path := range paths {
		if ready, ok := readyPolicy(path); ok {
			policies = append(policies, ready...)
			continue
		}
		content, err := p.readPolicy(ctx, path, remote)
		if err != nil {
			return nil, err
		}
		if err := p.policySigned(ctx, by, path, content, remote); err != nil {
			return nil, err
		}
		parsed, err := policy.Parse(path, content)
		if err != nil {
			return nil, err
		}
		policies = append(policies, parsed...)
	}
	return policies, nil
}

// readWaivers reads files of waivers, and who has signed them.
func (p *program) readWaivers(ctx context.Context, paths []string, by *believed) ([]policy.Waiver, error) {
	var waivers []policy.Waiver
	for _, path := range paths {
		content, err := readLimited(path, policy.MaxSize)
		if err != nil {
			return nil, fmt.Errorf("reading waivers: %w", err)
		}
		parsed, err := policy.ParseWaivers(path, content)
		if err != nil {
			return nil, err
		}
		signers := p.optional(ctx, by, path, evidence.WaiversType, content)
		for _, w := range parsed {
			waivers = append(waivers, w.Signed(signers...))
		}
	}
	return waivers, nil
}

// readVEX reads a VEX document, and returns its bytes, too.
func readVEX(path string) (vex.Document, []byte, error) {
	content, err := readLimited(path, vex.MaxSize)
	if err != nil {
		return vex.Document{}, nil, fmt.Errorf("reading a VEX document: %w", err)
	}
	document, err := vex.Decode(path, content)
	return calledByDigest(document), content, err
}

// calledByDigest calls a document that does not call itself anything by its digest.
func calledByDigest(document vex.Document) vex.Document {
	for i := range document.Statements {
		if s := &document.Statements[i]; s.Document == "" {
			s.Document = document.Digest.String()
		}
	}
	return document
}

// readLimited reads a file of at most limit bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes: split it", path, limit)
	}
	return content, err
}

// databaseInput is what a verdict depends on of the database.
func databaseInput(d *report.Database) policy.Database {
	if d == nil {
		return policy.Database{}
	}
	input := policy.Database{Digest: d.Digest}
	for _, s := range d.Sources {
		input.Sources = append(input.Sources, policy.Source{Name: s.Name, AsOf: s.AsOf})
	}
	return input
}
