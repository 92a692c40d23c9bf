package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/ship"
	"plimsoll.dev/plimsoll/verdict"
)

// compareSigned looks for the signed verdict that is the derived one, byte for byte. It returns
// who signed it, or why it was not found.
func (p *program) compareSigned(ctx context.Context, derived verdict.Verdict, flags lineFlags, remote remoteFlags) (by string, differences []string, err error) {
	subject := derived.Inputs.Subject
	if subject.Repository == "" || subject.Digest.IsZero() {
		return "", []string{"the verdict is about no digest under a name, so none like it can have been signed"}, nil
	}
	now, _, err := p.evaluatedAt()
	if err != nil {
		return "", nil, err
	}
	verifier, _, err := openProof(flags.trust)
	if err != nil {
		return "", nil, err
	}
	verifier.verifier = verifier.verifier.Bounded()
	verifier.want = evidence.Want{Repository: subject.Repository, Now: now, Ended: true}
	name := subject.Repository + "@" + subject.Digest.String()
	_, read, err := p.readEvidence(ctx, name, verifyFlags{remote: remote, bundles: flags.bundles})
	if err != nil && len(flags.bundles) == 0 {
		err = fmt.Errorf("looking for the signed verdict: %w; if the image is gone, give the bundle that was signed, with --bundle", err)
	}
	if err != nil {
		return "", nil, err
	}
	var others []string
	for _, each := range read.evidence {
		if each.PredicateType == "" {
			each.PredicateType = evidence.VerdictType
		}
		if each.PredicateType != evidence.VerdictType {
			continue
		}
		signers, why := isDerived(ctx, verifier, each, derived)
		if why == "" {
			return "signed by " + report.Clean(signers) + ": " + each.Digest.String() + "\n", nil, nil
		}
		others = append(others, why)
	}
	for _, problem := range read.problems {
		others = append(others, fmt.Sprintf("%s %s: %s", problem.Kind, problem.Digest, problem.Why))
	}
	return "", append([]string{"no verdict that was signed for " + name + " is the one that follows from the inputs"}, clean(others)...), nil
}

// isDerived says who signed the derived verdict; else why it is not what is there.
func isDerived(ctx context.Context, verifier proof, each ship.Found, derived verdict.Verdict) (signers, why string) {
	verified, err := verifier.Verify(ctx, each)
	if err != nil {
		return "", err.Error()
	}
	said, err := evidence.VerdictOf(verified.Statement)
	if err != nil {
		return "", err.Error()
	}
	was, errWas := verdict.CanonicalJSON(said)
	is, errIs := verdict.CanonicalJSON(derived)
	if errWas != nil || errIs != nil || !bytes.Equal(was, is) {
		return "", fmt.Sprintf("%s is another verdict, of %s", each.Digest, said.EvaluatedAt)
	}
	return strings.Join(verified.Names(), ", "), ""
}

func clean(lines []string) []string {
	cleaned := make([]string, len(lines))
	for i, line := range lines {
		cleaned[i] = report.Clean(line)
	}
	return cleaned
}
