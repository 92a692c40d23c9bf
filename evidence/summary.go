package evidence

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"time"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// Resource names something by URI and digest (in-toto's ResourceDescriptor).
type Resource struct {
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest,omitempty"`
}

// Maker is who made a verdict, and from what.
type Maker struct {
	ID        string     // URI of the verifier, such as https://ci.example/plimsoll
	Version   string     // of Plimsoll
	PolicyURI string     // where the policy is to be found; may be empty
	Inputs    []Resource // the attestations that went into it
	Replay    bool       // made for another day; cannot be signed
}

// summary is a SLSA verification summary (https://slsa.dev/spec/v1.2/verification_summary), with
// the whole verdict in a member named by a URI, as the specification has extensions.
type summary struct {
	Verifier           verifierID `json:"verifier"`
	TimeVerified       string     `json:"timeVerified"`
	ResourceURI        string     `json:"resourceUri"`
	Policy             Resource   `json:"policy"`
	InputAttestations  []Resource `json:"inputAttestations,omitempty"`
	VerificationResult string     `json:"verificationResult"`
	VerifiedLevels     []string   `json:"verifiedLevels"`
	SLSAVersion        string     `json:"slsaVersion"`
	Extension          *extension `json:"https://plimsoll.dev/verdict/v1,omitempty"`
}

type verifierID struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version,omitempty"`
}

// extension is the verdict, member for member as in a report.
type extension struct {
	Replay bool `json:"replay"`
	verdict.Verdict
}

// The results of a verification summary.
const (
	passed = "PASSED"
	failed = "FAILED"
)

// VSA states a verdict as a SLSA verification summary: PASSED if no stage denies, else FAILED,
// which is stated too. It is about the digest in the verdict's subject, and about the other
// digests given, which the caller knows to be the same content.
//
// No SLSA level is verified here, and none is claimed: the level is SLSA_BUILD_LEVEL_UNEVALUATED.
func VSA(v verdict.Verdict, by Maker, others ...image.Digest) (Statement, error) {
	if err := checkVerdict(v, by.Replay); err != nil {
		return Statement{}, fmt.Errorf("stating a verdict: %w", err)
	}
	if by.ID == "" {
		return Statement{}, errors.New("stating a verdict: say who made it, by a URI")
	}
	s := summary{
		Verifier:     verifierID{ID: by.ID},
		TimeVerified: v.EvaluatedAt, ResourceURI: ResourceURI(v.Inputs.Subject.Repository, v.Inputs.Subject.Digest),
		Policy:            Resource{URI: by.PolicyURI, Digest: map[string]string{"sha256": v.Inputs.Policy.Hex()}},
		InputAttestations: by.Inputs, VerificationResult: ResultOf(v), VerifiedLevels: levelsOf(v),
		SLSAVersion: "1.2", Extension: &extension{Verdict: v},
	}
	if by.Version != "" {
		s.Verifier.Version = map[string]string{"plimsoll": by.Version}
	}
	subjects := []Subject{SubjectOf(v.Inputs.Subject.Repository, v.Inputs.Subject.Digest)}
	for _, digest := range others {
		subjects = append(subjects, SubjectOf(v.Inputs.Subject.Repository, digest))
	}
	return NewStatement(VerdictType, s, subjects...)
}

// VerdictOf reads back the verdict of a verification summary that VSA made. What stands in two
// places must say the same in both: other readers read the other place.
func VerdictOf(s Statement) (verdict.Verdict, error) {
	v, err := verdictOf(s)
	if err != nil {
		return verdict.Verdict{}, fmt.Errorf("reading a verdict: %w", err)
	}
	return v, nil
}

func verdictOf(s Statement) (verdict.Verdict, error) {
	if s.PredicateType != VerdictType {
		return verdict.Verdict{}, fmt.Errorf("the statement is a %.80q; want %s", s.PredicateType, VerdictType)
	}
	var read summary
	if err := json.Unmarshal(s.Predicate, &read); err != nil {
		return verdict.Verdict{}, err
	}
	if read.Extension == nil {
		return verdict.Verdict{}, errors.New("it is another tool's verification summary: it has no outcome for each stage")
	}
	v := read.Extension.Verdict
	if err := checkVerdict(v, read.Extension.Replay); err != nil {
		return verdict.Verdict{}, err
	}
	switch {
	case read.VerificationResult != ResultOf(v):
		return verdict.Verdict{}, fmt.Errorf("it says %.20q, and its outcomes mean %s", read.VerificationResult, ResultOf(v))
	case !slices.Equal(read.VerifiedLevels, levelsOf(v)):
		return verdict.Verdict{}, fmt.Errorf("it claims the levels %.80q", read.VerifiedLevels)
	case read.TimeVerified != v.EvaluatedAt:
		return verdict.Verdict{}, errors.New("its timeVerified is not the time of the verdict")
	case read.Policy.Digest["sha256"] != v.Inputs.Policy.Hex():
		return verdict.Verdict{}, errors.New("its policy is not that of the verdict")
	case read.ResourceURI != ResourceURI(v.Inputs.Subject.Repository, v.Inputs.Subject.Digest):
		return verdict.Verdict{}, fmt.Errorf("its resourceUri %.120q is not the subject of the verdict", read.ResourceURI)
	case !s.About(v.Inputs.Subject.Digest):
		return verdict.Verdict{}, errors.New("the verdict's digest is not among the statement's subjects")
	}
	return v, nil
}

// VerifierOf is the URI of who made a verification summary; empty if it does not say.
func VerifierOf(s Statement) string {
	var read summary
	if s.PredicateType != VerdictType || json.Unmarshal(s.Predicate, &read) != nil {
		return ""
	}
	return read.Verifier.ID
}

// checkVerdict refuses what no gate could act on.
func checkVerdict(v verdict.Verdict, replay bool) error {
	subject := v.Inputs.Subject
	switch {
	case replay:
		return errors.New("it is a replay, made for another day than the one it was made on; evaluate without --now")
	case subject.Digest.IsZero():
		return errors.New("its subject has no manifest digest; evaluate the image where it has one, in a registry or a layout")
	case subject.Repository == "":
		return errors.New("its subject has no name, and policies are scoped by name; name the image with --as")
	case v.Inputs.Policy.IsZero():
		return errors.New("it was made without a policy")
	}
	for _, stage := range verdict.Stages() {
		if !slices.Contains([]verdict.Outcome{verdict.Allow, verdict.Warn, verdict.Deny}, v.Outcome[stage]) {
			return fmt.Errorf("its outcome at %s is %.20q; want allow, warn or deny", stage, v.Outcome[stage])
		}
	}
	if len(v.Outcome) != len(verdict.Stages()) {
		return fmt.Errorf("it has outcomes for %d stages; there are %d", len(v.Outcome), len(verdict.Stages()))
	}
	evaluated, err := time.Parse(time.RFC3339, v.EvaluatedAt)
	if err != nil {
		return fmt.Errorf("its time: %w", err)
	}
	until, err := time.Parse(time.RFC3339, cmp.Or(v.ValidUntil, v.EvaluatedAt))
	if err != nil {
		return fmt.Errorf("the end of its validity: %w", err)
	}
	if until.Before(evaluated) {
		return errors.New("its validity ends before it begins")
	}
	return nil
}

// ResultOf is what a verification summary says in one word: PASSED if no stage denies, else FAILED.
func ResultOf(v verdict.Verdict) string {
	for _, stage := range verdict.Stages() {
		if outcome := v.Outcome[stage]; outcome != verdict.Allow && outcome != verdict.Warn {
			return failed
		}
	}
	return passed
}

func levelsOf(v verdict.Verdict) []string {
	if ResultOf(v) == failed {
		return []string{failed}
	}
	return []string{"SLSA_BUILD_LEVEL_UNEVALUATED"}
}

// ResourceURI names an image in a repository as a package URL (purl-spec, type oci).
func ResourceURI(repository string, digest image.Digest) string {
	return "pkg:oci/" + url.PathEscape(path.Base(repository)) + "@" + url.QueryEscape(digest.String()) +
		"?repository_url=" + url.QueryEscape(repository)
}

// LatestVerdict returns which of several verified verdicts counts for an image: of those that are on
// its own digest (a statement may be about an index as well) the newest. Of equally new ones, for each
// stage the strictest outcome counts, until the first of them ends; all of them are returned. An older
// one that passed must not outlive a newer one that failed; that somebody took the newer one away only
// its end of validity and Want.MaxAge can bound.
func LatestVerdict(on image.Digest, all []Verified) (verdict.Verdict, []Verified, error) {
	var latest verdict.Verdict
	var from []Verified
	var when time.Time
	for _, verified := range all {
		v, err := VerdictOf(verified.Statement)
		if err != nil {
			return verdict.Verdict{}, nil, err
		}
		if v.Inputs.Subject.Digest != on {
			continue
		}
		evaluated, err := time.Parse(time.RFC3339, v.EvaluatedAt)
		if err != nil {
			return verdict.Verdict{}, nil, err
		}
		switch {
		case len(from) == 0 || evaluated.After(when):
			latest, from, when = v, []Verified{verified}, evaluated
		case evaluated.Equal(when):
			latest, from = stricter(latest, v), append(from, verified)
		}
	}
	if len(from) == 0 {
		return verdict.Verdict{}, nil, fmt.Errorf("choosing a verdict on %s: %w", on, ErrAbsent)
	}
	return latest, from, nil
}

// stricter is the one that fails, with the strictest outcomes of both and the end that comes first.
func stricter(a, b verdict.Verdict) verdict.Verdict {
	joined, other := a, b
	if ResultOf(b) == failed {
		joined, other = b, a
	}
	joined.Outcome = maps.Clone(joined.Outcome)
	for stage, outcome := range other.Outcome {
		joined.Outcome[stage] = verdict.Stricter(joined.Outcome[stage], outcome)
	}
	if joined.ValidUntil == "" || other.ValidUntil != "" && endsBefore(other, joined) {
		joined.ValidUntil = other.ValidUntil
	}
	return joined
}

// endsBefore compares the ends of two verdicts that were read, and so are times.
func endsBefore(a, b verdict.Verdict) bool {
	one, err := time.Parse(time.RFC3339, a.ValidUntil)
	two, otherErr := time.Parse(time.RFC3339, b.ValidUntil)
	return err == nil && (otherErr != nil || one.Before(two))
}
