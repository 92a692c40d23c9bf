package table

import (
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/policy"
)

// evidence says what was verified, and who signed it.
func (p *page) evidence(gathered *policy.Attestations) {
	if gathered == nil {
		return
	}
	var items []string
	for i := range gathered.Items {
		a := &gathered.Items[i]
		items = append(items, predicateWords(a)+", signed by "+clean(strings.Join(a.Signers, " and ")))
	}
	slices.Sort(items)
	if len(items) == 0 {
		items = []string{"none that anybody whom the trust names has signed"}
	}
	p.note(plain, "Evidence", slices.Compact(items))
	if gathered.Incomplete != "" {
		p.note(caution, "Warning", []string{clean(gathered.Incomplete) + ": what is not in this list may be there"})
	}
}

// predicateWords is what a statement is, in the words of --predicate where there is one.
func predicateWords(a *policy.Attestation) string {
	switch {
	case slices.Contains(policy.SignaturePredicates(), a.PredicateType):
		return "signature"
	case slices.Contains(policy.ProvenancePredicates(), a.PredicateType):
		words := "provenance"
		if a.Builder != "" {
			words += " by " + clean(a.Builder)
		}
		return words
	case a.SBOM != nil && a.SBOM.Complete:
		return "complete bill of materials"
	case slices.Contains(policy.SBOMPredicates(), a.PredicateType):
		return "bill of materials"
	case a.PredicateType == policy.VerdictPredicate() && a.Verdict != nil:
		return "verdict, " + strings.ToLower(clean(a.Verdict.Result))
	default:
		return clean(a.PredicateType)
	}
}
