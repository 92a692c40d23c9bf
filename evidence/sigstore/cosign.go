package sigstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"time"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/dsse"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/strictjson"
)

// The media types of the layers of cosign's older layouts (cosign, specs/SIGNATURE_SPEC.md and
// specs/ATTESTATION_SPEC.md).
const (
	SimpleSigningType = "application/vnd.dev.cosign.simplesigning.v1+json"
	EnvelopeType      = "application/vnd.dsse.envelope.v1+json"
)

// CosignSignPredicate is the predicate type with which cosign signs images since its third version;
// the older signatures are read as if they had it.
const CosignSignPredicate = "https://sigstore.dev/cosign/sign/v1"

// The annotations of such a layer.
const (
	signatureAnnotation   = "dev.cosignproject.cosign/signature"
	certificateAnnotation = "dev.sigstore.cosign/certificate"
	logAnnotation         = "dev.sigstore.cosign/bundle"
	timestampAnnotation   = "dev.sigstore.cosign/rfc3161timestamp"
	predicateAnnotation   = "predicateType"
)

// bundleV01 is the version of bundles whose log entries need a promise and no proof, as cosign's
// older layouts have it.
const bundleV01 = "application/vnd.dev.sigstore.bundle+json;version=0.1"

// Found is evidence in one of cosign's older layouts. Nothing of it is verified yet: verify it with
// Verifier.VerifyFound, or, if it has no certificate, hold Signature and Message against a key.
//
// The annotation with the chain of certificates is not read: intermediate certificates are those
// of the trusted root.
type Found struct {
	Layout evidence.Layout
	// Statement is the in-toto statement (JSON): of an attestation the payload itself; of a
	// signature, what the newer layout would say in its place.
	Statement []byte
	// Message is what was signed, byte for byte, and Signature what was made of it.
	Message, Signature []byte
	// Bundle is the same as a bundle (v0.1); nil if there is no certificate.
	Bundle []byte
}

// ReadSignature reads a layer of the image that a tag sha256-….sig names: a simple-signing payload
// and the annotations of its descriptor. The payload must be a signature of the image of that
// digest.
func ReadSignature(payload []byte, annotations map[string]string, digest image.Digest) (Found, error) {
	f, err := readSignature(payload, annotations, digest)
	if err != nil {
		return Found{}, fmt.Errorf("reading a cosign signature (tag .sig): %w: %w", ErrFormat, err)
	}
	return f, nil
}

func readSignature(payload []byte, annotations map[string]string, digest image.Digest) (Found, error) {
	optional, err := readSimpleSigning(payload, digest)
	if err != nil {
		return Found{}, err
	}
	signature, err := unbase64(annotations[signatureAnnotation])
	if err != nil {
		return Found{}, fmt.Errorf("annotation %s: %w", signatureAnnotation, err)
	}
	f := Found{Layout: evidence.CosignSignature, Message: payload, Signature: signature}
	f.Statement, err = json.Marshal(evidence.Statement{
		Type:          evidence.StatementType,
		Subject:       []evidence.Subject{{Digest: map[string]string{"sha256": digest.Hex()}}},
		PredicateType: CosignSignPredicate,
		Predicate:     optional,
	})
	if err != nil {
		return Found{}, err
	}
	sum := sha256.Sum256(payload)
	b := bundleDocument{MessageSignature: &messageSignature{messageDigest{"SHA2_256", sum[:]}, signature}}
	f.Bundle, err = b.complete(annotations)
	return f, err
}

// simpleSigning is the payload that cosign signs (cosign, specs/SIGNATURE_SPEC.md).
type simpleSigning struct {
	Critical struct {
		Image struct {
			Digest string `json:"docker-manifest-digest"`
		} `json:"image"`
		Type string `json:"type"`
	} `json:"critical"`
	Optional map[string]any `json:"optional"`
}

// readSimpleSigning checks a payload and returns what the signer added to it.
func readSimpleSigning(payload []byte, digest image.Digest) (json.RawMessage, error) {
	if len(payload) > maxPayload {
		return nil, fmt.Errorf("the payload has %d bytes, more than the %d that are read", len(payload), maxPayload)
	}
	const depth, objects = 16, 256
	if err := strictjson.Check(payload, strictjson.Limits{Depth: depth, Objects: objects}); err != nil {
		return nil, fmt.Errorf("the payload: %w", err)
	}
	var s simpleSigning
	if err := json.Unmarshal(payload, &s); err != nil {
		return nil, fmt.Errorf("the payload: %w", err)
	}
	const image = "cosign container image signature"
	switch {
	case s.Critical.Type != image:
		return nil, fmt.Errorf("the payload is a %.80q, not a %q", s.Critical.Type, image)
	case digest.IsZero() || s.Critical.Image.Digest != digest.String():
		return nil, fmt.Errorf("the payload is of image %.80q, not of %s", s.Critical.Image.Digest, digest)
	case s.Optional == nil:
		return json.RawMessage("{}"), nil
	}
	return json.Marshal(s.Optional)
}

// ReadAttestation reads a layer of the image that a tag sha256-….att names: a DSSE envelope of an
// in-toto statement, and the annotations of its descriptor. Of which image the statement is, is the
// caller's to check, as with a bundle.
func ReadAttestation(envelope []byte, annotations map[string]string) (Found, error) {
	f, err := readAttestation(envelope, annotations)
	if err != nil {
		return Found{}, fmt.Errorf("reading a cosign attestation (tag .att): %w: %w", ErrFormat, err)
	}
	return f, nil
}

func readAttestation(document []byte, annotations map[string]string) (Found, error) {
	if len(document) > MaxBundle {
		return Found{}, fmt.Errorf("the envelope has %d bytes, more than the %d that are read", len(document), MaxBundle)
	}
	const depth, objects = 16, 256
	if err := strictjson.Check(document, strictjson.Limits{Depth: depth, Objects: objects}); err != nil {
		return Found{}, fmt.Errorf("the envelope: %w", err)
	}
	var e envelope
	if err := json.Unmarshal(document, &e); err != nil {
		return Found{}, fmt.Errorf("the envelope: %w", err)
	}
	switch {
	case e.PayloadType != evidence.PayloadType:
		return Found{}, fmt.Errorf("the payload is of type %.80q, not %q", e.PayloadType, evidence.PayloadType)
	case len(e.Payload) > evidence.MaxStatement:
		return Found{}, fmt.Errorf("the statement has %d bytes, more than the %d that are read", len(e.Payload), evidence.MaxStatement)
	case len(e.Signatures) != 1 || len(e.Signatures[0].Sig) == 0:
		return Found{}, fmt.Errorf("the envelope has %d signatures; cosign writes one", len(e.Signatures))
	}
	if err := e.agrees(annotations[predicateAnnotation]); err != nil {
		return Found{}, err
	}
	f := Found{
		Layout: evidence.CosignAttestation, Statement: e.Payload,
		Message: dsse.PAE(e.PayloadType, e.Payload), Signature: e.Signatures[0].Sig,
	}
	b := bundleDocument{Envelope: &e}
	var err error
	f.Bundle, err = b.complete(annotations)
	return f, err
}

// agrees holds the annotation by which a registry's client chooses among attestations, and which
// nobody signed, against the statement.
func (e envelope) agrees(annotation string) error {
	var statement struct {
		PredicateType string `json:"predicateType"`
	}
	if err := json.Unmarshal(e.Payload, &statement); err != nil {
		return fmt.Errorf("the statement: %w", err)
	}
	if annotation != "" && annotation != statement.PredicateType {
		return fmt.Errorf("its annotation says the predicate type %.200q, the signed statement says %.200q", annotation, statement.PredicateType)
	}
	return nil
}

// VerifyFound verifies evidence in one of cosign's older layouts that has a certificate: like
// VerifyBundle.
func (v *Verifier) VerifyFound(ctx context.Context, f Found, now time.Time) (evidence.Identity, time.Time, error) {
	switch {
	case f.Bundle == nil:
		return evidence.Identity{}, time.Time{}, fmt.Errorf("%w: it has no certificate and is signed with a key", ErrFormat)
	case f.Layout == evidence.CosignSignature:
		return v.VerifyMessage(ctx, f.Bundle, f.Message, now)
	}
	_, payload, signer, signedAt, err := v.VerifyBundle(ctx, f.Bundle, now)
	if err == nil && !bytes.Equal(payload, f.Statement) {
		err = fmt.Errorf("%w: the statement is not what was signed", ErrProof)
	}
	if err != nil {
		return evidence.Identity{}, time.Time{}, err
	}
	return signer, signedAt, nil
}

// bundleDocument is a bundle's JSON form (github.com/sigstore/protobuf-specs, sigstore_bundle.proto):
// those members that the older layouts can fill.
type bundleDocument struct {
	MediaType        string            `json:"mediaType"`
	Material         material          `json:"verificationMaterial"`
	MessageSignature *messageSignature `json:"messageSignature,omitempty"`
	Envelope         *envelope         `json:"dsseEnvelope,omitempty"`
}

type material struct {
	Chain      chain       `json:"x509CertificateChain"`
	Entries    []logEntry  `json:"tlogEntries,omitempty"`
	Timestamps *timestamps `json:"timestampVerificationData,omitempty"`
}

type chain struct {
	Certificates []rawBytes `json:"certificates"`
}

type rawBytes struct {
	Bytes []byte `json:"rawBytes"`
}

type timestamps struct {
	List []signedTimestamp `json:"rfc3161Timestamps"`
}

type signedTimestamp struct {
	Bytes []byte `json:"signedTimestamp"`
}

type messageSignature struct {
	Digest    messageDigest `json:"messageDigest"`
	Signature []byte        `json:"signature"`
}

type messageDigest struct {
	Algorithm string `json:"algorithm"`
	Digest    []byte `json:"digest"`
}

type envelope struct {
	Payload     []byte              `json:"payload"`
	PayloadType string              `json:"payloadType"`
	Signatures  []envelopeSignature `json:"signatures"`
}

type envelopeSignature struct {
	KeyID string `json:"keyid,omitempty"`
	Sig   []byte `json:"sig"`
}

type logEntry struct {
	Index          string      `json:"logIndex"`
	Log            logID       `json:"logId"`
	Kind           kindVersion `json:"kindVersion"`
	IntegratedTime string      `json:"integratedTime"`
	Promise        promise     `json:"inclusionPromise"`
	Body           []byte      `json:"canonicalizedBody"`
}

type logID struct {
	KeyID []byte `json:"keyId"`
}

type kindVersion struct {
	Kind    string `json:"kind"`
	Version string `json:"version"`
}

type promise struct {
	Timestamp []byte `json:"signedEntryTimestamp"`
}

// complete adds what the annotations prove, and returns the bundle; nil if there is no certificate.
func (b bundleDocument) complete(annotations map[string]string) ([]byte, error) {
	text := annotations[certificateAnnotation]
	if text == "" {
		return nil, nil
	}
	leaf, err := readCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("annotation %s: %w", certificateAnnotation, err)
	}
	b.MediaType = bundleV01
	b.Material.Chain.Certificates = []rawBytes{{leaf}}
	if entry := annotations[logAnnotation]; entry != "" {
		read, err := readLogEntry(entry)
		if err != nil {
			return nil, fmt.Errorf("annotation %s: %w", logAnnotation, err)
		}
		b.Material.Entries = []logEntry{read}
	}
	if timestamp := annotations[timestampAnnotation]; timestamp != "" {
		read, err := readTimestamp(timestamp)
		if err != nil {
			return nil, fmt.Errorf("annotation %s: %w", timestampAnnotation, err)
		}
		b.Material.Timestamps = &timestamps{[]signedTimestamp{{read}}}
	}
	return json.Marshal(b)
}

func readCertificate(text string) ([]byte, error) {
	if len(text) > maxPEM {
		return nil, fmt.Errorf("it has %d bytes, more than the %d that are read", len(text), maxPEM)
	}
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("want one certificate in PEM")
	}
	return block.Bytes, nil
}

// readLogEntry reads what Rekor's first version promised, as cosign wrote it.
func readLogEntry(text string) (logEntry, error) {
	var recorded struct {
		SignedEntryTimestamp []byte
		Payload              struct {
			Body           []byte `json:"body"`
			IntegratedTime int64  `json:"integratedTime"`
			LogIndex       int64  `json:"logIndex"`
			LogID          string `json:"logID"`
		}
	}
	if err := readAnnotation(text, &recorded); err != nil {
		return logEntry{}, err
	}
	log, err := hex.DecodeString(recorded.Payload.LogID)
	if err != nil {
		return logEntry{}, fmt.Errorf("logID: %w", err)
	}
	var body struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := readAnnotation(string(recorded.Payload.Body), &body); err != nil {
		return logEntry{}, fmt.Errorf("body: %w", err)
	}
	return logEntry{
		Index:          strconv.FormatInt(recorded.Payload.LogIndex, 10),
		Log:            logID{log},
		Kind:           kindVersion{body.Kind, body.APIVersion},
		IntegratedTime: strconv.FormatInt(recorded.Payload.IntegratedTime, 10),
		Promise:        promise{recorded.SignedEntryTimestamp},
		Body:           recorded.Payload.Body,
	}, nil
}

func readTimestamp(text string) ([]byte, error) {
	var recorded struct {
		SignedRFC3161Timestamp []byte
	}
	err := readAnnotation(text, &recorded)
	if err == nil && len(recorded.SignedRFC3161Timestamp) == 0 {
		err = errors.New("it has no SignedRFC3161Timestamp")
	}
	return recorded.SignedRFC3161Timestamp, err
}

func readAnnotation(text string, into any) error {
	if len(text) > MaxBundle {
		return fmt.Errorf("it has %d bytes, more than the %d that are read", len(text), MaxBundle)
	}
	const depth, objects = 16, 256
	if err := strictjson.Check([]byte(text), strictjson.Limits{Depth: depth, Objects: objects}); err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}

func unbase64(text string) ([]byte, error) {
	const longest = 2 << 10 // the largest signature in use, RSA's with 4,096 bits, has 684 characters
	if text == "" || len(text) > longest {
		return nil, fmt.Errorf("it has %d characters; want 1 to %d", len(text), longest)
	}
	return base64.StdEncoding.Strict().DecodeString(text)
}
