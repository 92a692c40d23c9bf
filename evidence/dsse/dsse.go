// Package dsse reads, makes and verifies DSSE envelopes (Dead Simple Signing Envelope, v1.0.2,
// github.com/secure-systems-lab/dsse): a payload, its type, and signatures over both.
//
// It is what the gates import to hold a snapshot against a key, so it needs the standard library
// alone (a test in internal/invariants says so). It knows keys and no names, no certificates, no
// predicates: whom to believe is said elsewhere.
//
// Keys are ECDSA on P-256 with SHA-256, signatures in ASN.1 DER, and Ed25519 over the message
// itself: what cosign makes and what Sigstore's tools read. A key id is a hint of a stranger; it
// only says which key to try first.
//
// Limits: an envelope has at most MaxEnvelope bytes and MaxSignatures signatures; it is verified
// with at most MaxKeys keys.
package dsse

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"plimsoll.dev/plimsoll/internal/strictjson"
)

// The limits.
const (
	// MaxEnvelope is the largest envelope in bytes: a payload of 10 MiB in base64, and room for
	// what is around it.
	MaxEnvelope = 15 << 20
	// MaxSignatures is the most signatures of an envelope; people use one or two.
	MaxSignatures = 16
	// MaxKeys is the most keys that an envelope is verified with: together with MaxSignatures it
	// bounds the work that a stranger's envelope can cause.
	MaxKeys = 64
	// maxSignature is the largest signature in bytes: the largest in use here has 72.
	maxSignature = 256
	// maxName bounds payload types and key ids.
	maxName = 1 << 10
)

// Envelope is a payload of a type, and signatures over both.
type Envelope struct {
	PayloadType string
	Payload     []byte
	Signatures  []Signature
}

// Signature is one signature, and a hint at the key that made it.
type Signature struct {
	KeyID string
	Sig   []byte
}

// PAE is what is signed (pre-authentication encoding, DSSE protocol): the lengths make sure that
// no type and payload have the encoding of another type and payload.
func PAE(payloadType string, payload []byte) []byte {
	const most = 64 // the fixed words and two decimal lengths
	b := make([]byte, 0, len(payloadType)+len(payload)+most)
	b = append(b, "DSSEv1 "...)
	b = strconv.AppendInt(b, int64(len(payloadType)), 10)
	b = append(b, ' ')
	b = append(b, payloadType...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(len(payload)), 10)
	b = append(b, ' ')
	return append(b, payload...)
}

// document is an envelope's JSON form.
type document struct {
	Payload     *string             `json:"payload"`
	PayloadType *string             `json:"payloadType"`
	Signatures  []documentSignature `json:"signatures"`
}

type documentSignature struct {
	KeyID string `json:"keyid,omitempty"`
	Sig   string `json:"sig"`
}

// Encode writes the envelope as JSON, in one line. Equal envelopes have equal bytes.
func Encode(e Envelope) ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	payload := base64.StdEncoding.EncodeToString(e.Payload)
	d := document{Payload: &payload, PayloadType: &e.PayloadType}
	for _, s := range e.Signatures {
		d.Signatures = append(d.Signatures, documentSignature{KeyID: s.KeyID, Sig: base64.StdEncoding.EncodeToString(s.Sig)})
	}
	encoded, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("writing a DSSE envelope: %w", err)
	}
	return encoded, nil
}

// Decode reads an envelope. A member that stands twice is refused, one that DSSE does not know is
// passed over. Base64 is the standard alphabet with padding, and nothing else: DSSE lets a reader
// take both alphabets, and two encodings of one signature are one too many. Nothing is verified.
func Decode(data []byte) (Envelope, error) {
	e, err := decode(data)
	if err != nil {
		return Envelope{}, fmt.Errorf("reading a DSSE envelope: %w", err)
	}
	return e, nil
}

func decode(data []byte) (Envelope, error) {
	if len(data) > MaxEnvelope {
		return Envelope{}, fmt.Errorf("it has %d bytes, more than the %d that are read", len(data), MaxEnvelope)
	}
	const depth, objects = 32, 256 // an envelope has two levels and an object for each signature
	if err := strictjson.Check(data, strictjson.Limits{Depth: depth, Objects: objects}); err != nil {
		return Envelope{}, err
	}
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		return Envelope{}, err
	}
	switch {
	case d.Payload == nil:
		return Envelope{}, errors.New("it has no payload")
	case d.PayloadType == nil:
		return Envelope{}, errors.New("it has no payloadType")
	case len(d.Signatures) > MaxSignatures:
		return Envelope{}, tooManySignatures(len(d.Signatures))
	}
	e := Envelope{PayloadType: *d.PayloadType}
	var err error
	if e.Payload, err = unbase64(*d.Payload); err != nil {
		return Envelope{}, fmt.Errorf("payload: %w", err)
	}
	for i, s := range d.Signatures {
		sig, err := unbase64(s.Sig)
		if err != nil {
			return Envelope{}, fmt.Errorf("signature %d: %w", i+1, err)
		}
		e.Signatures = append(e.Signatures, Signature{KeyID: s.KeyID, Sig: sig})
	}
	return e, e.check()
}

func (e Envelope) check() error {
	switch {
	case e.PayloadType == "" || len(e.PayloadType) > maxName:
		return fmt.Errorf("its payloadType has %d bytes; want 1 to %d", len(e.PayloadType), maxName)
	case len(e.Signatures) == 0:
		return errors.New("it has no signature")
	case len(e.Signatures) > MaxSignatures:
		return tooManySignatures(len(e.Signatures))
	}
	for i, s := range e.Signatures {
		if len(s.Sig) == 0 || len(s.Sig) > maxSignature {
			return fmt.Errorf("signature %d has %d bytes; want 1 to %d", i+1, len(s.Sig), maxSignature)
		}
		if len(s.KeyID) > maxName {
			return fmt.Errorf("the key id of signature %d has %d bytes; want at most %d", i+1, len(s.KeyID), maxName)
		}
	}
	return nil
}

func tooManySignatures(n int) error {
	return fmt.Errorf("it has %d signatures, more than the %d that are read", n, MaxSignatures)
}

// unbase64 reads base64 that has no second spelling: no line breaks, no stray bits at the end.
func unbase64(s string) ([]byte, error) {
	for i := range len(s) {
		if s[i] == '\n' || s[i] == '\r' { // encoding/base64 passes over them
			return nil, fmt.Errorf("there is a line break in the base64, at character %d", i+1)
		}
	}
	return base64.StdEncoding.Strict().DecodeString(s)
}
