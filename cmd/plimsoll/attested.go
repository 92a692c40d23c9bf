package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"plimsoll.dev/plimsoll/advisory/vex"
	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom"
	"plimsoll.dev/plimsoll/inventory/sbom/bill"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/ship"
)

// gather reads what is said of an image and verifies it, if the line asks for it: beside the image
// in its registry, or in the files that were named. Where there is neither, nothing is gathered, and
// what a policy asks about evidence stays open.
func (p *program) gather(ctx context.Context, a *analysis, l *line) error {
	if l.by == nil {
		if a.report.Evidence != nil { // it counts, as all that a stored report holds
			p.warn("the evidence was verified when the report was made, and is not now: give --trust")
		}
		return nil
	}
	a.report.Evidence = nil
	if !policy.ReadsEvidence(l.policies) && !policy.NamesVEXSigners(l.policies) {
		return nil
	}
	g := &gathering{by: l.by.bounded(), about: a, name: cmp.Or(image.RepositoryOf(l.as), a.facts.Target.Repository), verdicts: policy.ReadsVerdicts(l.policies), vex: policy.NamesVEXSigners(l.policies)}
	g.all.Gathered, g.all.Items = true, []policy.Attestation{}
	found, err := p.evidenceOf(ctx, a, l, &g.all)
	if err != nil {
		return err
	}
	if found == nil {
		p.warn("no evidence was gathered: the image is in no registry that is asked; give its evidence with --bundle")
		return nil
	}
	if err := g.take(ctx, found); err != nil {
		return err
	}
	if g.all.Incomplete != "" && g.vex {
		p.warn("VEX documents count as unsigned, since a newer one may be among what was not read: " + g.all.Incomplete)
	}
	for _, why := range g.refused[:min(len(g.refused), 3)] {
		p.warn("evidence does not count: " + why)
	}
	if more := len(g.refused) - 3; more > 0 {
		p.warn(fmt.Sprintf("%d more pieces of evidence do not count: see plimsoll verify", more))
	}
	a.report.Evidence, a.signedVEX, a.signedVEXDigests = &g.all, g.statements, g.documents
	return nil
}

// gatherVEX reads the VEX documents that are attached to an image. The evidence stays that of the
// report: it is an input that the report holds.
func (p *program) gatherVEX(ctx context.Context, a *analysis, l *line) error {
	if l.by == nil || !policy.NamesVEXSigners(l.policies) {
		return nil
	}
	recorded := a.report.Evidence
	err := p.gather(ctx, a, l)
	a.report.Evidence = recorded
	return err
}

// evidenceOf finds the evidence; nil if there is no place to look in.
func (p *program) evidenceOf(ctx context.Context, a *analysis, l *line, all *policy.Attestations) ([]ship.Found, error) {
	target := a.facts.Target
	switch {
	case len(l.bundles) > 0 && target.Digest.IsZero():
		return nil, fmt.Errorf("--bundle: %s has no manifest digest, which evidence would be about: check the image in its registry or in an OCI layout", target.Reference)
	case len(l.bundles) > 0:
		read, err := readBundles(l.bundles, target.Digest)
		return read.evidence, err
	case !a.inRegistry || target.Repository == "" || target.Digest.IsZero() || p.global.offline:
		return nil, nil
	}
	return p.evidenceBeside(ctx, target, l.remote, all)
}

// evidenceBeside reads what lies beside an image in its registry, and beside the index that lists it.
func (p *program) evidenceBeside(ctx context.Context, target inventory.Target, remote remoteFlags, all *policy.Attestations) (found []ship.Found, err error) {
	repository, err := p.openRepository(ctx, target.Repository, registry.Read, remote)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, repository.Close()) }()
	subjects := []ship.Subject{{Digest: target.Digest}}
	if !target.IndexDigest.IsZero() {
		if err := lists(ctx, repository, target); err != nil {
			return nil, err
		}
		subjects = append(subjects, ship.Subject{Digest: target.IndexDigest})
	}
	found = []ship.Found{}
	for _, subject := range subjects {
		reading, err := ship.Read(ctx, repository, subject)
		if err != nil {
			return nil, err
		}
		found = append(found, reading.Evidence...)
		if !reading.Complete() {
			all.Incomplete = cmp.Or(all.Incomplete, whyIncomplete(reading))
		}
	}
	return found, nil
}

func whyIncomplete(reading ship.Reading) string {
	for _, problem := range reading.Problems {
		if problem.Kind != ship.ForAnother {
			return fmt.Sprintf("not all evidence could be read: %s: %s", problem.Kind, problem.Why)
		}
	}
	return "not all evidence could be read"
}

// lists refuses an index that does not list the image: what is said of it would not be said of the image.
func lists(ctx context.Context, repository *registry.Repository, target inventory.Target) error {
	there, err := resolveName(ctx, repository, target.IndexDigest.String())
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(there.children, func(c child) bool { return c.digest == target.Digest }) {
		return fmt.Errorf("the index %s does not list the image %s that is said to be from it: check the image again", there, target.Digest)
	}
	return nil
}

// gathering turns what was found into plain values, for policies.
type gathering struct {
	by       *believed
	about    *analysis
	name     string // that it is evaluated under: the same content under another has another verdict
	verdicts bool   // verdicts are asked for
	vex      bool   // VEX documents are

	all        policy.Attestations
	indexBy    []string // who has signed the index
	statements []policy.SignedVEX
	documents  []image.Digest
	vexBy      []image.Digest // the bundles that were read for them
	refused    []string
}

// take takes in what can be verified. BuildKit's attestations come last: nobody signs them, but
// whoever has signed the index that lists them by digest stands for them.
func (g *gathering) take(ctx context.Context, found []ship.Found) error {
	for _, each := range found {
		if each.Layout == evidence.BuildKitChild {
			continue
		}
		verified, err := g.verify(ctx, each)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err == nil {
			err = g.add(each.Subject, verified)
		}
		switch {
		case errors.Is(err, evidence.ErrTooMuch):
			g.all.Incomplete = cmp.Or(g.all.Incomplete, err.Error())
		case err != nil:
			g.refused = append(g.refused, fmt.Sprintf("%s: %v", each.Digest, err))
		}
	}
	for _, each := range found {
		if each.Layout == evidence.BuildKitChild {
			g.addChild(each)
		}
	}
	return nil
}

// verify verifies one thing. Whether a verdict is valid still, policies ask.
func (g *gathering) verify(ctx context.Context, each ship.Found) (evidence.Verified, error) {
	verifier := g.by.proof
	verifier.want.Repository, verifier.want.Ended = g.name, true
	if each.PredicateType == "" {
		each.PredicateType = ship.ClaimedType(each.Content)
	}
	if each.PredicateType == "" {
		return evidence.Verified{}, errors.New("it holds no statement")
	}
	verified, err := verifier.Verify(ctx, each)
	if index := g.about.facts.Target.IndexDigest; errors.Is(err, evidence.ErrSubject) && each.Layout == evidence.File && !index.IsZero() && !g.about.stored {
		each.Subject = index // the image was chosen from it, a moment ago
		return verifier.Verify(ctx, each)
	}
	return verified, err
}

// add takes in what was verified.
func (g *gathering) add(subject image.Digest, verified evidence.Verified) error {
	statement := verified.Statement
	switch role, _ := evidence.RoleOf(statement.PredicateType); {
	case role == evidence.VEX:
		if err := g.addVEX(verified); err != nil {
			return err
		}
	case role == evidence.Scans && !statement.About(g.about.facts.Target.Digest):
		return nil // what is in another image of the index, or in none of them
	case role == evidence.Verdicts && !g.verdicts:
		return nil
	case role == evidence.Verdicts:
		said, err := evidence.VerdictOf(statement)
		if err != nil || said.Inputs.Subject.Digest != g.about.facts.Target.Digest {
			return err // one on another image of the index is no evidence for this one
		}
	}
	if slices.Contains(policy.SignaturePredicates(), statement.PredicateType) && subject == g.about.facts.Target.IndexDigest {
		g.indexBy = append(g.indexBy, verified.Names()...)
	}
	g.item(verified, verified.Names())
	return nil
}

// addVEX takes in the statements of a VEX document.
func (g *gathering) addVEX(verified evidence.Verified) error {
	if !g.vex || slices.Contains(g.vexBy, verified.Digest) { // one bundle may be attached to the index, too
		return nil
	}
	g.vexBy = append(g.vexBy, verified.Digest)
	document, err := vex.Decode(verified.Digest.String(), verified.Statement.Predicate)
	if err != nil {
		return err
	}
	g.documents = append(g.documents, document.Digest)
	for _, statement := range calledByDigest(document).Statements {
		g.statements = append(g.statements, policy.SignedVEX{VEXStatement: statement, SignedBy: verified.Names()})
	}
	return nil
}

// addChild takes in one of BuildKit's attestations, by those signers of its index who may sign such.
// What it is, its statement says, and not the index. Verdicts and VEX documents are signed themselves.
func (g *gathering) addChild(each ship.Found) {
	statement, err := evidence.ParseStatement(each.Content)
	if err != nil || !statement.About(g.about.facts.Target.Digest) {
		return
	}
	role, known := evidence.RoleOf(statement.PredicateType)
	if !known {
		role = g.by.proof.role
	}
	if role != evidence.Provenance && role != evidence.Scans {
		return
	}
	names := slices.DeleteFunc(slices.Clone(g.indexBy), func(name string) bool { return !g.by.trust.May(name, role) })
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	g.item(evidence.Verified{Statement: statement, Layout: each.Layout, Digest: each.Digest}, slices.Compact(names))
}

// item adds an attestation, once: a bundle may be attached to an image and to its index.
func (g *gathering) item(verified evidence.Verified, names []string) {
	made := attestationOf(g.by.trust, verified, names)
	if !slices.ContainsFunc(g.all.Items, func(other policy.Attestation) bool {
		return other.Digest == made.Digest && other.Layout == made.Layout && slices.Equal(other.Signers, made.Signers)
	}) {
		g.all.Items = append(g.all.Items, made)
	}
}

// attestationOf is a verified statement as policies read it. What cannot be read stays unknown.
func attestationOf(trust evidence.Trust, verified evidence.Verified, names []string) policy.Attestation {
	statement := verified.Statement
	a := policy.Attestation{
		PredicateType: statement.PredicateType, Signers: names,
		SignedAt: seconds(verified.SignedAt), Layout: string(verified.Layout), Digest: verified.Digest,
	}
	if stated, says, err := statement.StatedTime(); err == nil && says {
		a.StatedAt = seconds(stated)
	}
	if built, err := evidence.ProvenanceOf(statement); err == nil {
		a.BuildLevel = trust.BuildLevel(built.Builder, names)
		a.Builder, a.BuildType, a.SourceRepository, a.SourceRef = built.Builder, built.BuildType, built.Repository, built.Ref
	}
	if said, err := evidence.VerdictOf(statement); err == nil {
		a.Verdict = &policy.AttestedVerdict{Result: evidence.ResultOf(said), By: evidence.VerifierOf(statement)}
		if until, err := time.Parse(time.RFC3339, said.ValidUntil); err == nil {
			a.Verdict.ValidUntil = until.UTC()
		}
	}
	if slices.Contains(policy.SBOMPredicates(), statement.PredicateType) {
		if facts, err := sbom.Decode(statement.Predicate); err == nil {
			a.SBOM = &policy.AttestedSBOM{Packages: len(facts.Packages), Complete: bill.CompletenessOf(facts.Coverage) == bill.Complete}
		}
	}
	return a
}

// seconds is a time as reports write it.
func seconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
