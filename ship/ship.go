// Package ship acts at the registry: it attaches evidence to images, reads what is attached, and
// holds what a registry has against a lock file of what it should have.
//
//	repository, err := registry.OpenRepository(ctx, "registry.example/app", registry.Write, registry.Options{})
//	...
//	attached, err := ship.Attach(ctx, repository, []image.Digest{index, amd64, arm64},
//		[]ship.Bundle{{Content: bundle, PredicateType: "https://slsa.dev/verification_summary/v1", Created: now}})
//
// where the bundle's statement names all three. And to read:
//
//	reading, err := ship.Read(ctx, repository, ship.Subject{Digest: amd64, Index: index})
//	if err == nil && !reading.Complete() {
//		// there may be more than was read: unknown, which is never a pass
//	}
//
// A registry is not believed. What it returns for a digest has to have it; a referrer has to name
// the digest that was asked for, whatever the list says; addresses, credentials and time are the
// business of image/registry, all of whose requests go through its guard. Nor is what it holds
// believed: the predicate type of something found is what that says of itself, until a verifier
// has looked at it. Nothing is verified here but digests.
//
// Whoever may push may attach as much as they like, so reading is bounded: by maxDescriptors,
// MaxEvidence for each and maxTotal for all, by what image/registry reads of a list, and in time
// by the context. What is beyond the bounds makes a reading incomplete, which is a state of its own.
//
// Nothing is deleted. Evidence of other kinds than those of evidence.Layout is passed over, and of
// Notary Project signatures is told only that they are there (decision 0035).
package ship

import (
	"context"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
)

const (
	// MaxEvidence is the largest evidence that is attached or read: 10 MiB.
	MaxEvidence = evidence.MaxStatement
	// maxDescriptors is how many things that are said to be evidence are looked at for one digest.
	maxDescriptors = 1000
	// maxTotal is how many bytes are read for one digest, in manifests and evidence.
	maxTotal = 64 << 20
	// maxManifest is how long the manifest of evidence may be. Cosign's tags have one layer, of
	// about 5 KiB with its annotations, for each signature.
	maxManifest = 4 << 20
)

// The media types of evidence and of what holds it.
const (
	// BundleType is that of a Sigstore bundle (protobuf-specs, sigstore_bundle.proto, v0.3), and
	// the artifact type of its manifest (cosign, specs/BUNDLE_SPEC.md).
	BundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	// SimpleSigningType is that of what cosign signed before it wrote bundles. It holds no
	// statement, so it stands in the place of the predicate type, too.
	SimpleSigningType = "application/vnd.dev.cosign.simplesigning.v1+json"
	// NotationType is the artifact type of a Notary Project signature (notaryproject/specifications,
	// signature-specification.md), and stands in the place of its predicate type.
	NotationType = "application/vnd.cncf.notary.signature"

	envelopeType  = "application/vnd.dsse.envelope.v1+json" // cosign, specs/ATTESTATION_SPEC.md
	statementType = "application/vnd.in-toto+json"          // BuildKit, attestation-storage.md
	emptyType     = "application/vnd.oci.empty.v1+json"     // image-spec v1.1, "Guidance for an Empty Descriptor"
)

// The annotations that say what evidence is.
const (
	annotationContent       = "dev.sigstore.bundle.content"
	annotationPredicateType = "dev.sigstore.bundle.predicateType"
	annotationCreated       = "org.opencontainers.image.created"

	annotationSignature          = "dev.cosignproject.cosign/signature"
	annotationCosignPredicate    = "predicateType"
	annotationReferenceType      = "vnd.docker.reference.type"
	annotationReferenceDigest    = "vnd.docker.reference.digest"
	annotationStatementPredicate = "in-toto.io/predicate-type"
)

// Verifier decides whether evidence proves what it says. An error means that it does not.
type Verifier interface {
	Verify(ctx context.Context, found Found) (evidence.Verified, error)
}

// fallbackTag is where referrers of a digest are listed in a registry that does not do so itself
// (distribution-spec v1.1, "Referrers Tag Schema").
func fallbackTag(subject image.Digest) string { return "sha256-" + subject.Hex() }
