package sigstore

import (
	"fmt"
	"testing"

	"plimsoll.dev/plimsoll/evidence"
)

// TestForTrust: the identities of a trust document count, and no others; without a root nothing
// is verified.
func TestForTrust(t *testing.T) {
	s := newServices(t)
	payload := statement("app", evidence.ProvenanceType)
	b := s.signed(t, payload, s.now)
	b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.logged(t, b, s.now))
	document := encode(t, b)
	who := releases()[0]
	trustIn := func(subject, root string) evidence.Trust {
		trust, err := evidence.ParseTrust("trust.yaml", fmt.Appendf(nil, "apiVersion: plimsoll.dev/v1\nkind: Trust\nmetadata: {name: t}\n"+
			"identities: [{name: release, issuer: %q, %s}]\nroles: {provenance: [release]}\n%s", who.Issuer, subject, root))
		if err != nil {
			t.Fatal(err)
		}
		return trust
	}
	unseen := *s
	unseen.certificateLog = newServices(t).certificateLog // one that the root does not name
	quiet := unseen.signed(t, payload, s.now)
	quiet.VerificationMaterial.TlogEntries = append(quiet.VerificationMaterial.TlogEntries, s.logged(t, quiet, s.now))
	root := fmt.Sprintf("root: %q\n", s.trustedRoot(t))
	exact := fmt.Sprintf("subject: %q", who.Subject)
	for name, c := range map[string]struct {
		trust    evidence.Trust
		document []byte
		holds    bool
	}{
		"exact":         {trustIn(exact, root), document, true},
		"a pattern":     {trustIn(fmt.Sprintf("subjectPattern: %q", who.Subject[:len(who.Subject)-1]+"*"), root), document, true},
		"somebody else": {trustIn(`subject: "else@example.com"`, root), document, false},
		"a certificate that no log has seen (kyverno#17125)": {trustIn(exact, root), encode(t, quiet), false},
	} {
		verifier, err := ForTrust(c.trust)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, _, _, _, err := verifier.VerifyBundle(t.Context(), c.document, s.now); (err == nil) != c.holds {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ForTrust(trustIn(exact, "")); err == nil {
		t.Error("there is a verifier without a root")
	}
}
