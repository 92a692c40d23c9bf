package sigstore

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/internal/strictjson"
)

// clockSkew is how far a trusted clock may run ahead of ours.
const clockSkew = 5 * time.Minute

// VerifyBundle verifies a bundle (v0.1 to v0.3, JSON) that holds an in-toto statement, and returns
// the statement as it was signed, who signed it, and the earliest time at which the signature is
// proved to have existed. A signature that is younger than now is refused: it could not have been
// there to decide upon.
//
// The caller must look at what the statement says of which image.
func (v *Verifier) VerifyBundle(ctx context.Context, document []byte, now time.Time) (payloadType string, payload []byte, signer evidence.Identity, signedAt time.Time, err error) {
	b, err := readBundle(document)
	if err == nil {
		err = checkStatement(b)
	}
	if err == nil {
		signer, signedAt, err = v.verify(ctx, b, verify.WithoutArtifactUnsafe(), now) // the statement's subject is the caller's to check
	}
	if err != nil {
		return "", nil, evidence.Identity{}, time.Time{}, fmt.Errorf("verifying a Sigstore bundle: %w", err)
	}
	return b.GetDsseEnvelope().GetPayloadType(), b.GetDsseEnvelope().GetPayload(), signer, signedAt, nil
}

// checkStatement wants an envelope, with a payload that is not too large for a statement.
func checkStatement(b *bundle.Bundle) error {
	size := len(b.GetDsseEnvelope().GetPayload())
	switch {
	case b.GetDsseEnvelope() == nil:
		return fmt.Errorf("%w: it signs a file and holds no statement", ErrFormat)
	case size > evidence.MaxStatement:
		return fmt.Errorf("%w: its statement has %d bytes, more than the %d that are read", ErrFormat, size, evidence.MaxStatement)
	}
	return nil
}

// VerifyMessage verifies a bundle that signs a message which it does not hold, a file or a
// simple-signing payload.
func (v *Verifier) VerifyMessage(ctx context.Context, document, message []byte, now time.Time) (evidence.Identity, time.Time, error) {
	b, err := readBundle(document)
	if err == nil && b.GetMessageSignature() == nil {
		err = fmt.Errorf("%w: it holds a statement and signs no file", ErrFormat)
	}
	if err != nil {
		return evidence.Identity{}, time.Time{}, fmt.Errorf("verifying a Sigstore bundle: %w", err)
	}
	signer, signedAt, err := v.verify(ctx, b, verify.WithArtifact(bytes.NewReader(message)), now)
	if err != nil {
		return evidence.Identity{}, time.Time{}, fmt.Errorf("verifying a Sigstore bundle: %w", err)
	}
	return signer, signedAt, nil
}

// readBundle reads a bundle within the limits. Nothing is verified.
func readBundle(document []byte) (*bundle.Bundle, error) {
	if len(document) > MaxBundle {
		return nil, fmt.Errorf("%w: it has %d bytes, more than the %d that are read", ErrFormat, len(document), MaxBundle)
	}
	const depth, objects = 32, 4096 // of what is not in base64; a bundle at our limits has some 200 objects
	if err := strictjson.Check(document, strictjson.Limits{Depth: depth, Objects: objects}); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	b := &bundle.Bundle{}
	if err := b.UnmarshalJSON(document); err != nil {
		return nil, fmt.Errorf("%w: %.500s", ErrFormat, err)
	}
	material := b.GetVerificationMaterial()
	certificates := len(material.GetX509CertificateChain().GetCertificates())
	timestamps := len(material.GetTimestampVerificationData().GetRfc3161Timestamps())
	entries := len(material.GetTlogEntries())
	switch {
	case certificates > MaxCertificates:
		return nil, fmt.Errorf("%w: it has %d certificates, more than the %d that are read", ErrFormat, certificates, MaxCertificates)
	case timestamps > MaxTimestamps:
		return nil, fmt.Errorf("%w: it has %d timestamps, more than the %d that are read", ErrFormat, timestamps, MaxTimestamps)
	case entries > MaxLogEntries:
		return nil, fmt.Errorf("%w: it has %d log entries, more than the %d that are read", ErrFormat, entries, MaxLogEntries)
	case material.GetPublicKey() != nil:
		return nil, fmt.Errorf("%w: it is signed with a key and not with a certificate", ErrFormat)
	}
	return b, nil
}

// verify verifies that somebody whom the trust names has signed, and when.
func (v *Verifier) verify(ctx context.Context, b *bundle.Bundle, artifact verify.ArtifactPolicyOption, now time.Time) (evidence.Identity, time.Time, error) {
	leaf, signedAt, err := v.prove(ctx, b, artifact, now)
	if err != nil {
		return evidence.Identity{}, time.Time{}, err
	}
	signer, err := v.identify(leaf)
	if err != nil {
		return evidence.Identity{}, time.Time{}, err
	}
	return signer, signedAt, nil
}

// prove verifies what sigstore-go does, and what it leaves open, but not who it was.
func (v *Verifier) prove(ctx context.Context, b *bundle.Bundle, artifact verify.ArtifactPolicyOption, now time.Time) (*x509.Certificate, time.Time, error) {
	none := func(err error) (*x509.Certificate, time.Time, error) { return nil, time.Time{}, err }
	switch {
	case v == nil || v.verifier == nil:
		return none(errors.New("there is no trust to verify it with"))
	case now.IsZero():
		return none(errors.New("no time was given to verify it at"))
	case ctx.Err() != nil:
		return none(ctx.Err())
	}
	leaf, err := leafOf(b)
	if err != nil {
		return none(err)
	}
	if err := bindLogEntries(b, leaf); err != nil {
		return none(fmt.Errorf("%w: %w", ErrProof, err))
	}
	// Identities are compared by identify, where the trust's own name of the signer is known.
	result, err := v.verifier.Verify(b, verify.NewPolicy(artifact, verify.WithoutIdentitiesUnsafe()))
	if err != nil {
		return none(fmt.Errorf("%w: %.2000s", ErrProof, err))
	}
	signedAt, err := earliest(result.VerifiedTimestamps, now)
	if err != nil {
		return none(fmt.Errorf("%w: %w", ErrProof, err))
	}
	return leaf, signedAt, nil
}

func leafOf(b *bundle.Bundle) (*x509.Certificate, error) {
	content, err := b.VerificationContent()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	leaf := content.Certificate()
	if leaf == nil {
		return nil, fmt.Errorf("%w: it has no certificate", ErrFormat)
	}
	return leaf, nil
}

// bindLogEntries holds every log entry of a bundle, whoever's log it is from, against the bundle's
// own signature and certificate: an entry of another artifact proves nothing, and a bundle that
// carries one is not what it says (CVE-2026-22703).
//
// sigstore-go looks only at entries that count towards the threshold, and takes an entry of the
// second version whose checkpoint has the form of the first version's for whatever it is of.
func bindLogEntries(b *bundle.Bundle, leaf *x509.Certificate) error {
	entries, err := b.TlogEntries()
	if err != nil {
		return err
	}
	content, err := b.SignatureContent()
	if err != nil {
		return err
	}
	for i, entry := range entries {
		if err := bindLogEntry(entry, content.Signature(), leaf); err != nil {
			return fmt.Errorf("log entry %d: %w", i+1, err)
		}
	}
	return nil
}

func bindLogEntry(entry *tlog.Entry, signature []byte, leaf *x509.Certificate) error {
	if err := tlog.ValidateEntry(entry); err != nil {
		return err
	}
	logged, ok := entry.PublicKey().(*x509.Certificate)
	switch {
	case len(signature) == 0 || !bytes.Equal(entry.Signature(), signature):
		return errors.New("it is of another signature")
	case !ok || !logged.Equal(leaf):
		return errors.New("it is of another certificate")
	case entry.IsRekorV2() && firstVersionCheckpoint(entry):
		return errors.New("it is of the second version, with a checkpoint of the first")
	}
	return nil
}

// firstVersionCheckpoint tells whether an entry's checkpoint has the form of Rekor v1: the name in
// its first line ends in the number of a tree.
func firstVersionCheckpoint(entry *tlog.Entry) bool {
	checkpoint := entry.TransparencyLogEntry().GetInclusionProof().GetCheckpoint().GetEnvelope()
	name, _, _ := strings.Cut(checkpoint, "\n")
	return regexp.MustCompile(` - [0-9]+$`).MatchString(name)
}

// earliest returns the earliest time at which the signature is proved to have existed.
func earliest(times []verify.TimestampVerificationResult, now time.Time) (time.Time, error) {
	var first time.Time
	for _, t := range times {
		if first.IsZero() || t.Timestamp.Before(first) {
			first = t.Timestamp
		}
	}
	switch {
	case first.IsZero():
		return time.Time{}, errors.New("nothing proves when it was signed")
	case first.After(now.Add(clockSkew)):
		return time.Time{}, fmt.Errorf("it was signed at %s, and it is %s", first.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	return first.UTC(), nil
}
