package evidence

import (
	"context"
	"errors"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/evidence/dsse"
)

// TestVerifyMessage: what was signed without an envelope is held against the same trust.
func TestVerifyMessage(t *testing.T) {
	ci, other := keyFor(t), keyFor(t)
	statement, err := NewStatement(CosignSignType, map[string]any{}, SubjectOf("", child()))
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := Encode(statement)
	if err != nil {
		t.Fatal(err)
	}
	content := []byte("what cosign signed")
	message := func(by KeySigner, signed string) Message {
		signature, err := by.SignMessage(t.Context(), []byte(signed))
		if err != nil {
			t.Fatal(err)
		}
		return Message{Statement: encoded, Content: content, Signature: signature}
	}
	certified := func(who Identity, at time.Time, err error) Message {
		return Message{Statement: encoded, Content: content, Certificate: func(context.Context, time.Time) (Identity, time.Time, error) { return who, at, err }}
	}
	roles := map[Role][]string{Provenance: {"ci"}}
	keys := trustIn(t, map[string]KeySigner{"ci": ci}, roles)
	ended := trustIn(t, map[string]KeySigner{"ci": ci}, roles, "  notAfter: 2026-11-01T00:00:00Z")
	scans := trustIn(t, map[string]KeySigner{"ci": ci}, map[Role][]string{Scans: {"ci"}})
	release := Identity{Issuer: "https://issuer.example", Subject: "https://host.example/org/a"}
	identities := trustIn(t, nil, roles, "identities:", "- {name: ci, issuer: https://issuer.example, subjectPattern: https://host.example/org/*}")
	want := Want{Subject: child(), PredicateTypes: []string{CosignSignType}, Now: now()}
	failed := errors.New("the chain does not hold")
	for _, c := range []struct {
		name    string
		trust   Trust
		message Message
		change  func(*Want)
		refused error
	}{
		{"a key", keys, message(ci, string(content)), nil, nil},
		{"a certificate", identities, certified(release, now(), nil), nil, nil},
		{"another key", keys, message(other, string(content)), nil, ErrStranger},
		{"another message", keys, message(ci, "else"), nil, ErrStranger},
		{"a key that has ended", ended, message(ci, string(content)), nil, dsse.ErrKeyTime},
		{"a key for other things", scans, message(ci, string(content)), nil, ErrRole},
		{"another image", keys, message(ci, string(content)), func(w *Want) { w.Subject = index() }, ErrSubject},
		{"another predicate", keys, message(ci, string(content)), func(w *Want) { w.PredicateTypes = []string{ProvenanceType} }, ErrPredicate},
		{"no age that is known", keys, message(ci, string(content)), func(w *Want) { w.MaxAge = time.Hour }, ErrStale},
		{"another certificate", identities, certified(Identity{Issuer: release.Issuer, Subject: "https://host.example/other/a"}, now(), nil), nil, ErrStranger},
		{"a certificate that does not hold", identities, certified(release, now(), failed), nil, failed},
		{"a certificate, and keys only", keys, certified(release, now(), nil), nil, ErrStranger},
		{"a certificate of tomorrow", identities, certified(release, now().Add(24*time.Hour), nil), nil, ErrFuture},
	} {
		t.Run(c.name, func(t *testing.T) {
			verifier, err := NewVerifier(c.trust)
			if err != nil {
				t.Fatal(err)
			}
			wanted := want
			if c.change != nil {
				c.change(&wanted)
			}
			verified, err := verifier.VerifyMessage(t.Context(), c.message, wanted)
			if !errors.Is(err, c.refused) || (err == nil) != (c.refused == nil) {
				t.Fatalf("%v, want %v", err, c.refused)
			}
			if err == nil && (len(verified.Signers) != 1 || verified.Signers[0].Name != "ci") {
				t.Errorf("signed by %v", verified.Signers)
			}
		})
	}
	verifier, err := NewVerifier(identities)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verifier.VerifyMessage(t.Context(), certified(release, time.Time{}, nil), want); err == nil {
		t.Error("a certificate counts, and nothing proves when it was used")
	}
	if _, err := new(Verifier).VerifyMessage(t.Context(), message(ci, string(content)), want); !errors.Is(err, ErrNoTrust) {
		t.Errorf("without a trust: %v", err)
	}
}

// TestEnded: a verdict past its end counts only for who looks back.
func TestEnded(t *testing.T) {
	ci := keyFor(t)
	verifier, err := NewVerifier(trustIn(t, map[string]KeySigner{"ci": ci}, map[Role][]string{Verdicts: {"ci"}}))
	if err != nil {
		t.Fatal(err)
	}
	bundle := signedBy(t, ci, vsa(t, theVerdict("allow")))
	want := wantVerdict()
	want.Now, want.MaxAge = now().AddDate(1, 0, 0), 0
	if _, err := verifier.Verify(t.Context(), bundle, want); !errors.Is(err, ErrStale) {
		t.Errorf("a year later: %v", err)
	}
	want.Ended = true
	if _, err := verifier.Verify(t.Context(), bundle, want); err != nil {
		t.Errorf("looking back: %v", err)
	}
	want.MaxAge = time.Hour
	if _, err := verifier.Verify(t.Context(), bundle, want); !errors.Is(err, ErrStale) {
		t.Errorf("looking back an hour: %v", err)
	}
}
