// Package evidence is what is said of an image and can be proved: in-toto statements, who signed
// them, and whom to believe.
//
// A Statement says something of a content, named by digest. It travels in a DSSE envelope or a
// Sigstore bundle. Whom to believe is a Trust, and there is no verifier without one: what a
// verifier returns is a Verified, and nothing else in Plimsoll counts as proof. Package dsse below
// this one needs the standard library alone, for the gates; package sigstore reads and verifies
// what Sigstore's tools write.
//
// Evidence is data from strangers until it is verified: its size and its number are bounded, and
// a document with two members of one name is refused, since two readers may see two of them.
package evidence

import (
	"context"
	"encoding/json"
	"time"

	"plimsoll.dev/plimsoll/image"
)

// StatementType is the type of an in-toto statement (in-toto attestation framework, spec/v1).
const StatementType = "https://in-toto.io/Statement/v1"

// PayloadType is the type of an in-toto statement in a DSSE envelope.
const PayloadType = "application/vnd.in-toto+json"

// MaxStatement is the largest statement that is made or read: 10 MiB.
const MaxStatement = 10 << 20

// Statement is an in-toto statement: a predicate about subjects.
type Statement struct {
	Type          string          `json:"_type"`
	Subject       []Subject       `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

// Subject is what a statement is about: content by its digests, and a name that proves nothing.
type Subject struct {
	Name   string            `json:"name,omitempty"`
	Digest map[string]string `json:"digest"` // algorithm → hexadecimal digits
}

// Layout is how evidence lies beside an image.
type Layout string

// The layouts.
const (
	BundleReferrer    Layout = "sigstore-bundle-referrer" // OCI 1.1 referrer, or the fallback tag
	CosignSignature   Layout = "cosign-signature-tag"     // sha256-….sig, simple signing
	CosignAttestation Layout = "cosign-attestation-tag"   // sha256-….att, DSSE envelopes
	BuildKitChild     Layout = "buildkit-attestation"     // unsigned in-toto children of an index
	NotationReferrer  Layout = "notation-referrer"        // Notary Project signatures, which are not read
	File              Layout = "file"
)

// Identity is a signer whom the trust names.
type Identity struct {
	Name    string // as the trust calls it
	KeyID   string // of a key: SHA-256 of its DER-encoded public key, hexadecimal
	Issuer  string // of a certificate: the identity provider
	Subject string // of a certificate: e-mail address or URI
}

// Verified is a statement whose signature, subject and signer were verified.
type Verified struct {
	Statement Statement
	Signers   []Identity // at least one, each once, in the order of their names
	SignedAt  time.Time  // as a trusted clock says; zero for a key without a timestamp
	Layout    Layout
	Digest    image.Digest // of the bytes that hold it
}

// Signer signs statements.
type Signer interface {
	// Sign returns the Sigstore bundle (v0.3, JSON) that holds the payload in a DSSE envelope.
	Sign(ctx context.Context, payloadType string, payload []byte) (bundle []byte, err error)
}
