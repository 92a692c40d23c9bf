// Package keyless signs without a long-lived key: an identity provider's token is exchanged for a
// certificate (Fulcio), and a timestamp authority (RFC 3161) or a transparency log (Rekor) confirms
// when it was used. It connects to the addresses that it is given and to nothing else, and returns
// nothing that does not hold against a trusted root: services that do not belong together are found
// when signing, and not by those who verify.
//
// The services are spoken to by small clients of our own: Sigstore's links what verifying needs not,
// OpenPGP among it (decision 0034). What they answer is a stranger's until it is verified, and so it is
// bounded in size and time; no redirect is followed, since a token is the power to sign; and a token
// is in no error.
package keyless

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/dsse"
	"plimsoll.dev/plimsoll/evidence/sigstore"
	"plimsoll.dev/plimsoll/evidence/sigstore/trustedroot"
)

// Options say who signs, and which services confirm it. No service has a default: a signature in the
// public log is public for ever, with the name of who made it.
type Options struct {
	Token    Token
	Services Services
	// TrustedRoot is the document (trusted_root.json) that what is signed must hold against.
	TrustedRoot []byte
	// Authorities are those that the services may have their TLS certificates from; nil for the
	// system's.
	Authorities *x509.CertPool
	// Signed, if there is one, is told after each signature whom it is of.
	Signed func(evidence.Identity)
}

// signer makes a key for each signature, and forgets it.
type signer struct {
	options Options
	client  client
	checker *sigstore.Checker
}

// NewSigner returns a signer that connects to the services named, when it signs.
func NewSigner(o Options) (evidence.Signer, error) {
	s, err := newSigner(o)
	if err != nil {
		return nil, fmt.Errorf("preparing to sign without a key: %w", err)
	}
	return s, nil
}

func newSigner(o Options) (*signer, error) {
	if o.Token == nil {
		return nil, errors.New("no identity token is named; say where it comes from")
	}
	if err := o.Services.check(); err != nil {
		return nil, err
	}
	material, err := trustedroot.Read(o.TrustedRoot)
	if err != nil {
		return nil, fmt.Errorf("the trusted root: %w", err)
	}
	if err := o.Services.checkAgainst(material); err != nil {
		return nil, err
	}
	checker, err := sigstore.NewChecker(o.TrustedRoot)
	if err != nil {
		return nil, err
	}
	return &signer{o, newClient(o.Authorities), checker}, nil
}

// Sign implements evidence.Signer.
func (s *signer) Sign(ctx context.Context, payloadType string, payload []byte) ([]byte, error) {
	made, err := s.sign(ctx, payloadType, payload)
	if err != nil {
		return nil, fmt.Errorf("signing without a key: %w", err)
	}
	return made, nil
}

func (s *signer) sign(ctx context.Context, payloadType string, payload []byte) ([]byte, error) {
	if len(payload) > evidence.MaxStatement {
		return nil, fmt.Errorf("the payload has %d bytes, more than the %d that are signed", len(payload), evidence.MaxStatement)
	}
	token, err := s.options.Token(ctx)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signed, err := sign(ctx, key, payloadType, payload)
	if err != nil {
		return nil, err
	}
	if signed.certificate, err = s.certificate(ctx, token, key); err != nil {
		return nil, err
	}
	made, err := s.confirmed(ctx, signed)
	if err != nil {
		return nil, err
	}
	who, err := s.checker.Check(ctx, made, time.Now())
	if err != nil {
		return nil, fmt.Errorf("what was signed does not hold against the trusted root; check that the root is that of the services named: %w", err)
	}
	if s.options.Signed != nil {
		s.options.Signed(who)
	}
	return made, nil
}

// unconfirmed is what was signed: an envelope with one signature, and the certificate of its key.
type unconfirmed struct {
	payloadType string
	payload     []byte
	signature   []byte
	envelope    []byte // all of these as JSON
	certificate []byte // DER
}

// sign signs with a key. The envelope has no key id: the key is that of the certificate.
func sign(ctx context.Context, key *ecdsa.PrivateKey, payloadType string, payload []byte) (unconfirmed, error) {
	by, err := dsse.NewSigner(key)
	if err != nil {
		return unconfirmed{}, err
	}
	e, err := dsse.Sign(ctx, payloadType, payload, by)
	if err != nil {
		return unconfirmed{}, err
	}
	e.Signatures[0].KeyID = ""
	envelope, err := dsse.Encode(e)
	return unconfirmed{payloadType: payloadType, payload: payload, signature: e.Signatures[0].Sig, envelope: envelope}, err
}

// material is the verification material of a bundle (sigstore_bundle.proto) as JSON.
type material struct {
	Certificate rawBytes          `json:"certificate"`
	Entries     []json.RawMessage `json:"tlogEntries,omitempty"`
	Timestamps  timestamps        `json:"timestampVerificationData"`
}

type rawBytes struct {
	Bytes []byte `json:"rawBytes"`
}

type timestamps struct {
	RFC3161 []timestampAnswer `json:"rfc3161Timestamps,omitempty"`
}

type timestampAnswer struct {
	Answer []byte `json:"signedTimestamp"`
}

// confirmed has the services confirm what was signed, and returns the bundle. Logs come last: what
// they take stays there.
func (s *signer) confirmed(ctx context.Context, signed unconfirmed) ([]byte, error) {
	m := material{Certificate: rawBytes{signed.certificate}}
	for _, address := range s.options.Services.TimestampAuthorities {
		answer, err := s.timestamp(ctx, address, signed.signature)
		if err != nil {
			return nil, err
		}
		m.Timestamps.RFC3161 = append(m.Timestamps.RFC3161, timestampAnswer{answer})
	}
	for _, log := range s.options.Services.Logs {
		entry, err := s.log(ctx, log, signed)
		if err != nil {
			return nil, err
		}
		m.Entries = append(m.Entries, entry)
	}
	return json.Marshal(struct {
		MediaType string          `json:"mediaType"`
		Material  material        `json:"verificationMaterial"`
		Envelope  json.RawMessage `json:"dsseEnvelope"`
	}{evidence.BundleMediaType, m, signed.envelope})
}
