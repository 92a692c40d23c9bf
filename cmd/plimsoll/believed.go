package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/ship"
)

// bundleSuffix makes of a file's name that of the file with its signatures, which lies beside it.
const bundleSuffix = ".sigstore.json"

// believed is whom --trust believes, and when.
type believed struct {
	proof proof
	trust evidence.Trust
	now   time.Time
}

// believe reads the trust document; nil if none was named.
func believe(path string, now time.Time) (*believed, error) {
	if path == "" {
		return nil, nil
	}
	by, trust, err := openProof(path)
	if err != nil {
		return nil, err
	}
	by.want.Now, by.role = now, evidence.Provenance
	return &believed{by, trust, now}, nil
}

// bounded is the same for one image: all that lies beside it is verified within one bound.
func (b *believed) bounded() *believed {
	one := *b
	one.proof.verifier = b.proof.verifier.Bounded()
	return &one
}

// demands tells whether what has this role must be signed: once the trust names anybody for it.
func (b *believed) demands(role evidence.Role) bool { return b != nil && b.trust.Lists(role) }

// signersOf returns who has signed a file, by the bundles in the file beside it.
func (b *believed) signersOf(ctx context.Context, path, predicateType string, subject image.Digest) ([]string, error) {
	beside := path + bundleSuffix
	content, err := readLimited(beside, 2*ship.MaxEvidence)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no %s", evidence.ErrAbsent, beside)
	}
	if err != nil {
		return nil, err
	}
	return b.signers(ctx, splitBundles(content), predicateType, subject)
}

func (b *believed) signers(ctx context.Context, bundles [][]byte, predicateType string, subject image.Digest) ([]string, error) {
	return b.proof.verifier.SignersOf(ctx, bundles, evidence.Want{Subject: subject, PredicateTypes: []string{predicateType}, Now: b.now})
}

// optional returns who has signed a file that need not be signed: nobody if nobody has, or if
// nobody is believed. Signatures that do not hold are told.
func (p *program) optional(ctx context.Context, by *believed, path, predicateType string, content []byte) []string {
	if by == nil {
		return nil
	}
	names, err := by.signersOf(ctx, path, predicateType, image.DigestOf(content))
	if err != nil && !errors.Is(err, evidence.ErrAbsent) {
		p.warn(fmt.Sprintf("%s counts as unsigned: %v", path, err))
	}
	return names
}

// unsignedError refuses a file that has to be signed.
func unsignedError(what, path string, role evidence.Role, why error) error {
	sign := fmt.Sprintf("plimsoll attest %s --predicate %s --key KEY", path, what)
	if !strings.HasPrefix(path, ociScheme) {
		sign += " --output " + path + bundleSuffix
	}
	return fmt.Errorf("the %s %s is not signed by anybody under roles.%s of the trust document: %w; have it signed: %s", what, path, role, why, sign)
}

// policySigned refuses a policy that has to be signed, and is not.
func (p *program) policySigned(ctx context.Context, by *believed, path string, content []byte, remote remoteFlags) error {
	if !by.demands(evidence.Policies) {
		return nil
	}
	var err error
	if reference, inRegistry := strings.CutPrefix(path, ociScheme); inRegistry {
		err = p.artifactSigned(ctx, by, reference, evidence.PolicyType, remote)
	} else {
		_, err = by.signersOf(ctx, path, evidence.PolicyType, image.DigestOf(content))
	}
	var unread *unreadError
	switch {
	case errors.As(err, &unread):
		return fmt.Errorf("whether the policy %s is signed by anybody under roles.policies of the trust document cannot be said: %w", path, err)
	case err != nil:
		return unsignedError("policy", path, evidence.Policies, err)
	}
	return nil
}

// unreadError says that signatures could not be read: there may be one.
type unreadError struct{ error }

func (e *unreadError) Unwrap() error { return e.error }

// signaturesKind is the kind of the cache's entries that are signatures of artifacts.
const signaturesKind = "signatures"

// artifactSigned looks for signatures of an artifact that is named by digest: in the cache, where
// they stay as good as they are, else beside the artifact in its registry.
func (p *program) artifactSigned(ctx context.Context, by *believed, reference, predicateType string, remote remoteFlags) error {
	name, identifier, err := registry.Split(reference)
	if err != nil {
		return err
	}
	subject, err := image.ParseDigest(identifier)
	if err != nil {
		return err
	}
	cache, err := p.openCache()
	if err != nil {
		return err
	}
	defer func() { _ = cache.Close() }()
	if kept, found := cache.Get(signaturesKind, subject.String()); found {
		if _, err := by.signers(ctx, splitBundles(kept), predicateType, subject); err == nil {
			return nil
		}
	}
	remote.insecure = false // as the policy itself
	bundles, incomplete, err := p.fetchBundles(ctx, name, subject, predicateType, remote)
	if err != nil {
		return &unreadError{err}
	}
	if _, err := by.signers(ctx, bundles, predicateType, subject); err != nil && incomplete != "" {
		return &unreadError{fmt.Errorf("%s, so a signature may be there: %w", incomplete, err)}
	} else if err != nil {
		return err
	}
	if err := cache.Put(signaturesKind, subject.String(), joinBundles(bundles)); err != nil {
		p.warn("the policy's signatures will be fetched again: " + err.Error())
	}
	return nil
}

// fetchBundles reads the bundles beside an artifact that may say what is asked for, and why these are
// not all; empty if they are.
func (p *program) fetchBundles(ctx context.Context, name string, subject image.Digest, predicateType string, remote remoteFlags) (bundles [][]byte, incomplete string, err error) {
	repository, err := p.openRepository(ctx, name, registry.Read, remote)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, repository.Close()) }()
	reading, err := ship.Read(ctx, repository, ship.Subject{Digest: subject})
	if err != nil {
		return nil, "", err
	}
	if !reading.Complete() {
		incomplete = whyIncomplete(reading)
	}
	for _, found := range reading.Evidence {
		if found.Layout == evidence.BundleReferrer && found.PredicateType == predicateType {
			bundles = append(bundles, found.Content)
		}
	}
	return bundles, incomplete, nil
}
