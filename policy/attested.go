package policy

import (
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// Attestations are what is said of the image and was verified, as plain values: whose word counts
// is decided before they get here. What could not be verified is not among them.
type Attestations struct {
	// Gathered tells whether anybody looked. If not, rules that read evidence are deferred.
	Gathered bool `json:"gathered"`
	// Incomplete is why not all that is there could be read and verified; empty if all was. What
	// was not found may then be there.
	Incomplete string        `json:"incomplete,omitempty"`
	Items      []Attestation `json:"items"`
}

// Attestation is one verified statement. A member that is empty is not known, or is none of its
// predicate's.
type Attestation struct {
	PredicateType string       `json:"predicateType"`
	Signers       []string     `json:"signers"`           // as the trust calls them
	SignedAt      time.Time    `json:"signedAt,omitzero"` // as a trusted clock says
	StatedAt      time.Time    `json:"statedAt,omitzero"` // as the predicate says
	Layout        string       `json:"layout,omitempty"`  // how it lies beside the image
	Digest        image.Digest `json:"digest,omitzero"`   // of the bytes that hold it

	// Of SLSA provenance.
	Builder          string `json:"builder,omitempty"`
	BuildType        string `json:"buildType,omitempty"`
	SourceRepository string `json:"sourceRepository,omitempty"`
	SourceRef        string `json:"sourceRef,omitempty"`
	// BuildLevel is the SLSA build level that the trust gives this builder's provenance by these
	// signers; 0 if it gives none.
	BuildLevel int `json:"buildLevel,omitempty"`

	SBOM    *AttestedSBOM    `json:"sbom,omitempty"`    // of a bill of materials that could be read
	Verdict *AttestedVerdict `json:"verdict,omitempty"` // of a verification summary that could be read
}

// AttestedSBOM is what a signed bill of materials says of itself.
type AttestedSBOM struct {
	Packages int  `json:"packages"`
	Complete bool `json:"complete"` // it says that nothing is missing
}

// AttestedVerdict is what a signed verdict says.
type AttestedVerdict struct {
	Result     string    `json:"result"` // PASSED or FAILED
	ValidUntil time.Time `json:"validUntil,omitzero"`
	By         string    `json:"by,omitempty"` // URI of the verifier
}

// The types of predicate that criteria ask for (SLSA, CycloneDX, SPDX and cosign; evidence has the
// same, and policy may not import it).
const (
	verdictPredicate = "https://slsa.dev/verification_summary/v1"
	passedResult     = "PASSED"
)

// SignaturePredicates are the types that say nothing but "I have signed this image": cosign 3's, and
// cosign's older simple signing. Provenance or a bill of materials that somebody has signed is no
// signature of the image.
func SignaturePredicates() []string {
	return []string{"https://sigstore.dev/cosign/sign/v1", "application/vnd.dev.cosign.simplesigning.v1+json"}
}

// ProvenancePredicates are the types of SLSA provenance.
func ProvenancePredicates() []string {
	return []string{"https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"}
}

// SBOMPredicates are the types of bills of materials.
func SBOMPredicates() []string {
	return []string{"https://cyclonedx.org/bom", "https://spdx.dev/Document"}
}

// VerdictPredicate is the type of a verdict.
func VerdictPredicate() string { return verdictPredicate }

// ReadsEvidence tells whether the policies' rules ask about evidence: whether it has to be gathered
// before they can be evaluated.
func ReadsEvidence(policies []Policy) bool {
	return slices.ContainsFunc(policies, func(p Policy) bool {
		return slices.ContainsFunc(p.rules, func(r rule) bool { return r.readsEvidence() })
	})
}

// ReadsVerdicts tells whether the policies' rules ask for a verdict that was made before. If none
// does, who gathers evidence leaves verdicts out: to attach one must not change what the next rests on.
func ReadsVerdicts(policies []Policy) bool {
	return slices.ContainsFunc(policies, func(p Policy) bool {
		return slices.ContainsFunc(p.rules, func(r rule) bool {
			return slices.ContainsFunc(r.tests, func(t test) bool { return t.verdicts }) || r.uses(evidenceVariable)
		})
	})
}

// NamesVEXSigners tells whether one of the policies lets signed VEX documents count.
func NamesVEXSigners(policies []Policy) bool {
	return slices.ContainsFunc(policies, func(p Policy) bool { return len(p.vexSigners) > 0 })
}

// SignersNamed returns those whom the policies name as signers, each once; not those whom only
// expressions name. A trust that does not know one of them can never meet what is asked of it.
func SignersNamed(policies []Policy) []string {
	var names []string
	for _, p := range policies {
		names = append(names, p.signers...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (r *rule) readsEvidence() bool {
	return slices.ContainsFunc(r.tests, func(t test) bool { return t.criterion.arrived != nil }) || r.uses(evidenceVariable)
}

// uses tells whether the rule's expression reads a variable.
func (r *rule) uses(variable string) bool {
	return r.expression != nil && slices.Contains(r.expression.variables, variable)
}

// made is when it was made: the older of what the predicate says and of the signature's time, so
// that neither can make it younger. Zero if it says neither.
func (a *Attestation) made() time.Time {
	if a.StatedAt.IsZero() || !a.SignedAt.IsZero() && a.SignedAt.Before(a.StatedAt) {
		return a.SignedAt
	}
	return a.StatedAt
}

// by tells whether one of the names has signed it; without names, anybody.
func (a *Attestation) by(names []string) bool {
	if len(names) == 0 {
		return len(a.Signers) > 0
	}
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(a.Signers, name) })
}

// sorted returns the evidence in an order that does not depend on how it was gathered.
func (a Attestations) sorted() Attestations {
	type named struct {
		Attestation
		name string // of its content
	}
	items := make([]named, len(a.Items))
	for i, item := range a.Items {
		item.Signers = sortedSet(slices.Clone(item.Signers))
		item.SignedAt, item.StatedAt = item.SignedAt.UTC(), item.StatedAt.UTC()
		if item.Verdict != nil {
			v := *item.Verdict
			v.ValidUntil = v.ValidUntil.UTC()
			item.Verdict = &v
		}
		items[i] = named{item, verdict.DigestJSON(item).Hex()}
	}
	slices.SortFunc(items, func(a, b named) int { return strings.Compare(a.name, b.name) })
	a.Items = make([]Attestation, len(items))
	for i := range items {
		a.Items[i] = items[i].Attestation
	}
	return a
}

// digest names the evidence; zero if none was gathered.
func (a Attestations) digest() image.Digest {
	if !a.Gathered {
		return image.Digest{}
	}
	return verdict.DigestJSON(a)
}

// anyEvidence answers whether there is evidence of which something holds. Where not all could be
// read, what was not found may be there.
func (s *subject) anyEvidence(holds func(a *Attestation) answer) answer {
	if !s.evidence.Gathered {
		return undecided
	}
	result := no
	if s.evidence.Incomplete != "" {
		result = undecided
	}
	for i := range s.evidence.Items {
		result = max(result, holds(&s.evidence.Items[i]))
	}
	return result
}

// signatures answers whether at least so many of the names have signed the image.
func (s *subject) signatures(names []string, least int) answer {
	signers := map[string]bool{}
	for i := range s.evidence.Items {
		s.evidence.Items[i].addSigners(names, signers)
	}
	switch {
	case !s.evidence.Gathered:
		return undecided
	case len(signers) >= least:
		return yes
	case s.evidence.Incomplete != "":
		return undecided
	default:
		return no
	}
}

// addSigners adds those of the names that have signed the image with this.
func (a *Attestation) addSigners(names []string, signers map[string]bool) {
	if !slices.Contains(SignaturePredicates(), a.PredicateType) {
		return
	}
	for _, name := range names {
		if slices.Contains(a.Signers, name) {
			signers[name] = true
		}
	}
}
