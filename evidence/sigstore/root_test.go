package sigstore

import (
	"fmt"
	"testing"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/sigstore/sigstoretest"
)

// TestForTrust: the identities of a trust document count, and no others; without a root nothing
// is verified.
func TestForTrust(t *testing.T) {
	s := sigstoretest.New(t)
	payload := sigstoretest.Statement("app", evidence.ProvenanceType)
	b := s.Signed(t, payload, s.Now)
	b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged(t, b, s.Now))
	document := sigstoretest.Encode(t, b)
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
	unseen.CertificateLog = sigstoretest.NewKey(t) // one that the root does not name
	quiet := unseen.Signed(t, payload, s.Now)
	quiet.VerificationMaterial.TlogEntries = append(quiet.VerificationMaterial.TlogEntries, s.Logged(t, quiet, s.Now))
	root := fmt.Sprintf("root: %q\n", s.TrustedRoot(t))
	exact := fmt.Sprintf("subject: %q", who.Subject)
	for name, c := range map[string]struct {
		trust    evidence.Trust
		document []byte
		holds    bool
	}{
		"exact":         {trustIn(exact, root), document, true},
		"a pattern":     {trustIn(fmt.Sprintf("subjectPattern: %q", who.Subject[:len(who.Subject)-1]+"*"), root), document, true},
		"somebody else": {trustIn(`subject: "else@example.com"`, root), document, false},
		"a certificate that no log has seen (kyverno#17125)": {trustIn(exact, root), sigstoretest.Encode(t, quiet), false},
	} {
		verifier, err := ForTrust(c.trust)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, _, _, _, err := verifier.VerifyBundle(t.Context(), c.document, s.Now); (err == nil) != c.holds {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ForTrust(trustIn(exact, "")); err == nil {
		t.Error("there is a verifier without a root")
	}
}

// TestChecker: who has just signed is told whether it holds, and whom it is of. It is held against what
// the root names, as ForTrust does.
func TestChecker(t *testing.T) {
	s := sigstoretest.New(t)
	stamped, logged := s.Signed(t, sigstoretest.Statement("app", predicate), s.Now), s.Signed(t, sigstoretest.Statement("app", predicate), s.Now)
	s.AddTimestamp(t, stamped, s.Now)
	logged.VerificationMaterial.TlogEntries = append(logged.VerificationMaterial.TlogEntries, s.Logged(t, logged, s.Now))
	file := s.SignedFile(t, []byte("app"), s.Now)
	s.AddTimestamp(t, file, s.Now)
	for _, c := range []struct {
		name     string
		root     []byte
		document []byte
		holds    bool
	}{
		{"a log entry", s.TrustedRoot(t), sigstoretest.Encode(t, logged), true},
		{"a timestamp, and a root with a log", s.TrustedRoot(t), sigstoretest.Encode(t, stamped), false},
		{"a timestamp, and a root without a log", s.TrustedRoot(t, sigstoretest.Logs), sigstoretest.Encode(t, stamped), true},
		{"others", sigstoretest.New(t).TrustedRoot(t, sigstoretest.Logs), sigstoretest.Encode(t, stamped), false},
		{"a file", s.TrustedRoot(t, sigstoretest.Logs), sigstoretest.Encode(t, file), false},
		{"no bundle", s.TrustedRoot(t), []byte("{}"), false},
	} {
		who, err := must[*Checker](t)(NewChecker(c.root)).Check(t.Context(), c.document, s.Now)
		if (err == nil) != c.holds || c.holds && who != (evidence.Identity{Issuer: issuer, Subject: subject}) {
			t.Errorf("%s: %v, %v", c.name, who, err)
		}
	}
	if _, err := (&Checker{}).Check(t.Context(), sigstoretest.Encode(t, logged), s.Now); err == nil {
		t.Error("the zero Checker believes")
	}
	if _, err := NewChecker([]byte("{}")); err == nil {
		t.Error("there is a checker of no root")
	}
}
