package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/ship"
	"plimsoll.dev/plimsoll/verdict"
)

// verificationSchema names the JSON form of what verify finds.
const verificationSchema = "plimsoll.dev/verification/v1"

// verification is what came of verifying the evidence for one image.
type verification struct {
	Schema      string          `json:"schema"`
	EvaluatedAt time.Time       `json:"evaluatedAt"`
	Replay      bool            `json:"replay"` // made with --now: no gate accepts it
	Reference   string          `json:"reference"`
	Repository  string          `json:"repository"`
	Digest      image.Digest    `json:"digest"`
	Trust       trustUsed       `json:"trust"`
	Verified    bool            `json:"verified"` // all that is wanted is there and proved, and nothing is left unread
	Complete    bool            `json:"complete"`
	Wanted      []wantedResult  `json:"wanted"`
	Stage       verdict.Stage   `json:"stage,omitempty"`
	Denied      bool            `json:"denied"` // at the stage
	Verdict     *decided        `json:"verdict,omitempty"`
	Evidence    []piece         `json:"evidence"`
	Problems    []problemResult `json:"problems"`
}

type trustUsed struct {
	Name   string       `json:"name"`
	Digest image.Digest `json:"digest"`
}

// wantedResult is what became of one kind of evidence that was asked for.
type wantedResult struct {
	Predicate string `json:"predicate"`
	Verified  bool   `json:"verified"`
	Why       string `json:"why,omitempty"`
}

// decided is the verdict on the image: of an index, the strictest of its images'.
type decided struct {
	Outcome     map[verdict.Stage]verdict.Outcome `json:"outcome"`
	EvaluatedAt string                            `json:"evaluatedAt"` // the oldest
	ValidUntil  string                            `json:"validUntil,omitempty"`
	Images      []image.Digest                    `json:"images"`
}

// The states of evidence.
const (
	stateVerified = "verified"
	stateRefused  = "refused"
	stateUnsigned = "unsigned"
	stateUnasked  = "not-asked-for"
	stateUnread   = "not-read"
)

// piece is one thing that was found.
type piece struct {
	Layout        evidence.Layout `json:"layout"`
	Digest        image.Digest    `json:"digest"`
	Subject       image.Digest    `json:"subject"`
	PredicateType string          `json:"predicateType,omitempty"`
	State         string          `json:"state"`
	Signers       []signerResult  `json:"signers,omitempty"`
	SignedAt      string          `json:"signedAt,omitempty"` // as a trusted clock says
	StatedAt      string          `json:"statedAt,omitempty"` // as the statement says
	Why           string          `json:"why,omitempty"`
}

type signerResult struct {
	Name    string `json:"name"`
	KeyID   string `json:"keyID,omitempty"`
	Issuer  string `json:"issuer,omitempty"`
	Subject string `json:"subject,omitempty"`
}

type problemResult struct {
	Kind   ship.ProblemKind `json:"kind"`
	Digest image.Digest     `json:"digest,omitzero"`
	Count  int              `json:"count"`
	Why    string           `json:"why"`
}

// judge holds evidence against what is wanted.
type judge struct {
	proof  proof
	there  resolvedName
	chosen []predicate
	stage  verdict.Stage
	policy image.Digest // that a verdict must rest on; zero for any
}

// proved is evidence that was verified, and what it was made of.
type proved struct {
	found    ship.Found
	verified evidence.Verified
}

// judge verifies what was read, within one bound for all of it. What is beyond that may be a newer
// verdict, so it makes the result incomplete, as does what was not read.
func (j judge) judge(ctx context.Context, read gathered) (verification, error) {
	j.proof.verifier = j.proof.verifier.Bounded()
	result := verification{
		Schema: verificationSchema, Repository: j.there.repository, Digest: j.there.digest, Complete: read.complete, Stage: j.stage,
		Evidence: []piece{}, Problems: []problemResult{},
	}
	for _, p := range read.problems {
		result.Problems = append(result.Problems, problemResult{p.Kind, p.Digest, p.Count, p.Why})
	}
	var all []proved
	for _, each := range read.evidence {
		shown, verified, err := j.look(ctx, each)
		if err := ctx.Err(); err != nil {
			return verification{}, err
		}
		result.Evidence = append(result.Evidence, shown)
		switch {
		case err == nil:
			all = append(all, proved{each, verified})
		case errors.Is(err, evidence.ErrTooMuch):
			result.Complete = false
			result.Problems = append(result.Problems, problemResult{ship.NotLookedAt, each.Digest, 1, err.Error()})
		}
	}
	for _, each := range read.unread {
		result.Evidence = append(result.Evidence, piece{Layout: each.Layout, Digest: each.Digest, Subject: each.Subject, PredicateType: each.PredicateType, State: stateUnread, Why: unreadWhy})
	}
	result.Verified = result.Complete && len(j.chosen) > 0
	for _, wanted := range j.chosen {
		outcome := j.outcome(ctx, wanted, all, &result)
		result.Wanted = append(result.Wanted, outcome)
		result.Verified = result.Verified && outcome.Verified
	}
	if j.stage != "" {
		result.Denied = result.Verdict == nil || result.Verdict.Outcome[j.stage] == verdict.Deny
	}
	return result, nil
}

// errUnasked is why what is not of a kind that is wanted does not count.
var errUnasked = errors.New("it was not asked for")

// look verifies one thing that was found, if it is of a kind that is wanted.
func (j judge) look(ctx context.Context, each ship.Found) (piece, evidence.Verified, error) {
	shown := piece{Layout: each.Layout, Digest: each.Digest, Subject: each.Subject, PredicateType: each.PredicateType, State: stateUnasked}
	if each.Layout == evidence.BuildKitChild {
		shown.State, shown.Why = stateUnsigned, errUnsigned.Error()
		return shown, evidence.Verified{}, errUnsigned
	}
	types := j.types()
	if each.Layout == evidence.File { // what is a layout beside images is no bundle
		types = slices.DeleteFunc(types, func(t string) bool { return t == ship.SimpleSigningType })
	}
	if each.PredicateType != "" {
		if !slices.Contains(types, each.PredicateType) {
			return shown, evidence.Verified{}, errUnasked
		}
		types = []string{each.PredicateType}
	}
	var err error
	for _, predicateType := range types {
		each.PredicateType = predicateType
		var verified evidence.Verified
		if verified, err = j.verify(ctx, each); err == nil {
			shown.take(verified)
			return shown, verified, nil
		}
		if !errors.Is(err, evidence.ErrPredicate) {
			break
		}
	}
	shown.State, shown.Why = stateRefused, err.Error()
	return shown, evidence.Verified{}, err
}

// verify verifies one thing. Of a verdict, age and validity are looked at only once it is known
// which counts: an older one that is valid longer must not take the place of a newer one.
func (j judge) verify(ctx context.Context, each ship.Found) (evidence.Verified, error) {
	looser := j.proof
	if each.PredicateType == evidence.VerdictType {
		looser.want.Ended, looser.want.MaxAge = true, 0
	}
	return looser.Verify(ctx, each)
}

func (j judge) types() []string {
	var types []string
	for _, each := range j.chosen {
		types = append(types, each.types...)
	}
	return types
}

func (s *piece) take(verified evidence.Verified) {
	s.State, s.PredicateType = stateVerified, verified.Statement.PredicateType
	for _, who := range verified.Signers {
		s.Signers = append(s.Signers, signerResult(who))
	}
	if !verified.SignedAt.IsZero() {
		s.SignedAt = verified.SignedAt.UTC().Format(time.RFC3339)
	}
	if stated, says, err := verified.Statement.StatedTime(); err == nil && says {
		s.StatedAt = stated.UTC().Format(time.RFC3339)
	}
}

// outcome tells whether one kind of evidence is there and proved.
func (j judge) outcome(ctx context.Context, wanted predicate, all []proved, result *verification) wantedResult {
	outcome := wantedResult{Predicate: wanted.name}
	of := slices.DeleteFunc(slices.Clone(all), func(each proved) bool {
		return !slices.Contains(wanted.types, each.verified.Statement.PredicateType)
	})
	var err error
	switch {
	case len(of) == 0:
		err = j.missing(wanted, result.Evidence)
	case wanted.types[0] == evidence.VerdictType:
		result.Verdict, err = j.verdict(ctx, of)
	}
	if err != nil {
		outcome.Why = err.Error()
	}
	outcome.Verified = err == nil
	return outcome
}

// unreadWhy is why a Notary Project signature is not verified (decision 0035).
const unreadWhy = "it is a Notary Project signature, which is not read here: verify it with notation, or have the image signed with cosign, too"

// missing says why nothing of a kind counts: because there is none, or none that holds.
func (j judge) missing(wanted predicate, all []piece) error {
	for _, each := range all {
		if each.State == stateUnread && slices.Contains(wanted.types, ship.SimpleSigningType) {
			return fmt.Errorf("what is there does not count: %s", each.Why)
		}
		if (each.State == stateRefused || each.State == stateUnsigned) && (each.PredicateType == "" || slices.Contains(wanted.types, each.PredicateType)) {
			return fmt.Errorf("what is there does not count: %s", each.Why)
		}
	}
	return fmt.Errorf("there is none for %s that anybody signed", j.there)
}

// verdict returns the verdict on the image; on an index, that on each of its images.
func (j judge) verdict(ctx context.Context, all []proved) (*decided, error) {
	d := &decided{Outcome: map[verdict.Stage]verdict.Outcome{}}
	if len(j.there.children) == 0 {
		return nil, fmt.Errorf("%s lists no image that something could run", j.there)
	}
	for _, c := range j.there.children {
		v, err := j.latest(ctx, c, all)
		if err != nil {
			return nil, err
		}
		for stage, outcome := range v.Outcome {
			d.Outcome[stage] = verdict.Stricter(d.Outcome[stage], outcome)
		}
		d.Images = append(d.Images, c.digest)
		d.EvaluatedAt = earlier(d.EvaluatedAt, v.EvaluatedAt)
		d.ValidUntil = earlier(d.ValidUntil, v.ValidUntil)
	}
	return d, nil
}

// earlier is the earlier of two times in UTC, in which "" is no time.
func earlier(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

// latest returns the newest verdict on an image, if that is still valid and not too old.
func (j judge) latest(ctx context.Context, c child, all []proved) (verdict.Verdict, error) {
	verdicts := make([]evidence.Verified, len(all))
	for i := range all {
		verdicts[i] = all[i].verified
	}
	v, from, err := evidence.LatestVerdict(c.digest, verdicts)
	if errors.Is(err, evidence.ErrAbsent) {
		return verdict.Verdict{}, fmt.Errorf("none is about the image %s itself: the verdicts that are there are about others", c)
	}
	if err != nil {
		return verdict.Verdict{}, err
	}
	for _, each := range all {
		if !slices.ContainsFunc(from, func(one evidence.Verified) bool { return one.Digest == each.verified.Digest }) {
			continue
		}
		each.found.PredicateType = evidence.VerdictType
		if _, err := j.proof.Verify(ctx, each.found); err != nil {
			return v, err
		}
		if said, err := evidence.VerdictOf(each.verified.Statement); err != nil || !j.policy.IsZero() && said.Inputs.Policy != j.policy {
			return v, errors.Join(err, fmt.Errorf("it rests on another policy, %s, than the %s that is asked for: check the image with that one", said.Inputs.Policy, j.policy))
		}
	}
	return v, nil
}
