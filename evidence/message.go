package evidence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"plimsoll.dev/plimsoll/evidence/dsse"
	"plimsoll.dev/plimsoll/image"
)

// Message is evidence that was signed in another form than an envelope: cosign's older signatures
// of images (package sigstore, ReadSignature).
type Message struct {
	// Statement says as an in-toto statement (JSON) what was signed. That it does is for whoever
	// read the message to answer for.
	Statement []byte
	// Content is what was signed, byte for byte, and Signature what was made of it.
	Content, Signature []byte
	// Certificate verifies the signature by the certificate that came with it; nil if there is
	// none, and a key has to have made it.
	Certificate func(ctx context.Context, now time.Time) (signer Identity, signedAt time.Time, err error)
}

// VerifyMessage verifies a message as Verify does a bundle: the same must hold.
func (v *Verifier) VerifyMessage(ctx context.Context, m Message, want Want) (Verified, error) {
	result, err := v.verifyMessage(ctx, m, want)
	if err != nil {
		return Verified{}, fmt.Errorf("verifying evidence for %s: %w", want.Subject, err)
	}
	return result, nil
}

func (v *Verifier) verifyMessage(ctx context.Context, m Message, want Want) (Verified, error) {
	if v == nil || v.trust.IsZero() {
		return Verified{}, ErrNoTrust
	}
	if err := errors.Join(want.check(), ctx.Err()); err != nil {
		return Verified{}, err
	}
	left := v.checks()
	cost := max(1, len(v.keys))
	if cost > left {
		return Verified{}, tooMuch()
	}
	v.spend(cost, left)
	s := signed{payloadType: PayloadType, payload: m.Statement}
	var err error
	if m.Certificate == nil {
		s.signers, err = v.keysOf(m, want.Now)
	} else {
		s.signers, s.at, err = v.certificateOf(ctx, m, want.Now)
	}
	if err != nil {
		return Verified{}, err
	}
	result, err := v.accept(s, want)
	if err != nil {
		return Verified{}, err
	}
	result.Digest = image.DigestOf(m.Content)
	return result, nil
}

// keysOf returns which of the trust's keys made the signature, and count now.
func (v *Verifier) keysOf(m Message, now time.Time) ([]Identity, error) {
	for _, key := range v.keys {
		if !key.VerifyMessage(m.Content, m.Signature) {
			continue
		}
		if !key.Counts(now) {
			return nil, fmt.Errorf("%w: key %.12s at %s", dsse.ErrKeyTime, key.ID(), now.UTC().Format(time.RFC3339))
		}
		return []Identity{{KeyID: key.ID()}}, nil
	}
	return nil, ErrStranger
}

func (v *Verifier) certificateOf(ctx context.Context, m Message, now time.Time) ([]Identity, time.Time, error) {
	if !v.trust.HasIdentities() {
		return nil, time.Time{}, fmt.Errorf("%w: it has a certificate, and the trust names keys only", ErrStranger)
	}
	signer, at, err := m.Certificate(ctx, now)
	if err == nil && at.IsZero() {
		err = errors.New("a certificate counts for minutes, and nothing proves when it was used")
	}
	return []Identity{{Issuer: signer.Issuer, Subject: signer.Subject}}, at, err
}
