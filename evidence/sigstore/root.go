package sigstore

import (
	"context"
	"fmt"
	"time"

	"github.com/sigstore/sigstore-go/pkg/verify"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/sigstore/trustedroot"
)

// ForTrust returns a verifier of the certificates that a trust believes. It asks for what the
// trusted root can confirm: an entry in a transparency log if it names one, else a timestamp; and
// that a certificate transparency log has seen the certificate, if it names one.
func ForTrust(trust evidence.Trust) (*Verifier, error) {
	options, err := confirmable(trust.Root())
	if err != nil {
		return nil, fmt.Errorf("reading the trust in Sigstore signatures: %w", err)
	}
	for _, who := range trust.Identities() {
		options.Identities = append(options.Identities, Identity{Name: who.Name, Issuer: who.Issuer, Subject: who.Subject, SubjectPattern: who.Pattern})
	}
	return New(options)
}

// confirmable are the options that ask for what a trusted root can confirm, without identities.
func confirmable(document []byte) (Options, error) {
	material, err := trustedroot.Read(document)
	if err != nil {
		return Options{}, fmt.Errorf("the trusted root: %w", err)
	}
	options := Options{TrustedRoot: document, WithoutSCT: len(material.CTLogs()) == 0}
	if len(material.RekorLogs()) > 0 {
		options.LogEntries = 1
	} else {
		options.Timestamps = 1
	}
	return options, nil
}

// Checker tells whoever has just signed something whether it will hold against a trusted root. It
// asks for what ForTrust asks for, and takes any signer: it finds services that do not belong
// together, and proves nothing to anybody else.
type Checker struct{ prover Verifier }

// NewChecker returns a checker that believes a trusted root.
func NewChecker(document []byte) (*Checker, error) {
	options, err := confirmable(document)
	if err != nil {
		return nil, err
	}
	prover, err := options.prover()
	if err != nil {
		return nil, err
	}
	return &Checker{Verifier{verifier: prover}}, nil
}

// Check returns whom a bundle, which must hold a statement, is signed by. Nobody has named them.
func (c *Checker) Check(ctx context.Context, document []byte, now time.Time) (evidence.Identity, error) {
	b, err := readBundle(document)
	if err != nil {
		return evidence.Identity{}, err
	}
	if err := checkStatement(b); err != nil {
		return evidence.Identity{}, err
	}
	leaf, _, err := c.prover.prove(ctx, b, verify.WithoutArtifactUnsafe(), now) // the caller has made the statement
	if err != nil {
		return evidence.Identity{}, err
	}
	return identityOf(leaf)
}
