package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/ship"
)

// Policies call the types of evidence what evidence calls them; they may not import one another.
func TestPoliciesKnowTheTypesOfEvidence(t *testing.T) {
	for name, c := range map[string]struct{ want, got []string }{
		"signatures": {[]string{evidence.CosignSignType, ship.SimpleSigningType}, policy.SignaturePredicates()},
		"provenance": {[]string{evidence.ProvenanceType, evidence.OldProvenance}, policy.ProvenancePredicates()},
		"bills":      {[]string{evidence.CycloneDXType, evidence.SPDXType}, policy.SBOMPredicates()},
		"verdicts":   {[]string{evidence.VerdictType}, []string{policy.VerdictPredicate()}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func TestPinned(t *testing.T) {
	const digest = "@sha256:4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
	for name, c := range map[string]struct {
		as, reference string
		want          bool
	}{
		"a tag":                {"", "registry.example/app:1", false},
		"a digest":             {"", "registry.example/app" + digest, true},
		"a tag and a digest":   {"", "registry.example/app:1" + digest, true},
		"half a digest":        {"", "registry.example/app@sha256:4a5e", false},
		"a layout":             {"", "oci:dir", false},
		"the name it will get": {"registry.example/app:1", "registry.example/app" + digest, false},
		"that with a digest":   {"registry.example/app" + digest, "oci:dir", true},
	} {
		if got := pinned(c.as, c.reference); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
