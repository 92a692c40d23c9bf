package dsse

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// Key is a public key and the time in which it counts. Only ParseKey and NewKey make one; the
// zero Key verifies nothing.
type Key struct {
	id     string
	public crypto.PublicKey // *ecdsa.PublicKey on P-256, or ed25519.PublicKey
	pkix   []byte
	// NotBefore and NotAfter bound when the key counts, both included; zero is no bound.
	NotBefore, NotAfter time.Time
}

// NewKey takes an ECDSA key on P-256 or an Ed25519 key.
func NewKey(public crypto.PublicKey) (Key, error) {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		if k == nil || k.Curve != elliptic.P256() {
			return Key{}, errors.New("an ECDSA key must be on the curve P-256")
		}
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return Key{}, fmt.Errorf("an Ed25519 key has %d bytes, not %d", ed25519.PublicKeySize, len(k))
		}
	default:
		return Key{}, fmt.Errorf("a key of type %T is not supported; use ECDSA on P-256 or Ed25519", public)
	}
	pkix, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return Key{}, err
	}
	sum := sha256.Sum256(pkix)
	return Key{id: hex.EncodeToString(sum[:]), public: public, pkix: pkix}, nil
}

// ParseKey reads a public key: one PEM block "PUBLIC KEY" (PKIX), and nothing after it.
func ParseKey(text []byte) (Key, error) {
	block, rest := pem.Decode(text)
	switch {
	case block == nil:
		return Key{}, errors.New(`there is no PEM block; a public key begins with "-----BEGIN PUBLIC KEY-----"`)
	case block.Type != "PUBLIC KEY":
		return Key{}, fmt.Errorf("the PEM block is a %.60q; want a PUBLIC KEY", block.Type)
	case len(bytes.TrimSpace(rest)) > 0:
		return Key{}, errors.New("something follows the PEM block; give one key alone")
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return Key{}, err
	}
	return NewKey(public)
}

// ID is the SHA-256 of the key's PKIX DER form in hexadecimal digits; "" of the zero Key.
func (k Key) ID() string { return k.id }

// PKIX is the key's PKIX DER form.
func (k Key) PKIX() []byte { return bytes.Clone(k.pkix) }

// PEM is the key as ParseKey reads it.
func (k Key) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.pkix})
}

// Counts tells whether the key counts at a time.
func (k Key) Counts(now time.Time) bool {
	return k.public != nil && !(!k.NotBefore.IsZero() && now.Before(k.NotBefore)) && !(!k.NotAfter.IsZero() && now.After(k.NotAfter))
}

// VerifyMessage tells whether the key made a signature of a message. It does not look at the time.
func (k Key) VerifyMessage(message, signature []byte) bool {
	switch public := k.public.(type) {
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(message)
		return ecdsa.VerifyASN1(public, sum[:], signature)
	case ed25519.PublicKey:
		return ed25519.Verify(public, message, signature)
	default:
		return false
	}
}

// Signer signs messages with a key.
type Signer interface {
	Key() Key
	// SignMessage returns the signature in the form that Key.VerifyMessage reads.
	SignMessage(ctx context.Context, message []byte) ([]byte, error)
}

// privateKey is a key in memory.
type privateKey struct {
	key    Key
	signer crypto.Signer
}

// NewSigner signs with a private key in memory: ECDSA on P-256, or Ed25519.
func NewSigner(private crypto.Signer) (Signer, error) {
	if private == nil {
		return nil, errors.New("there is no private key")
	}
	key, err := NewKey(private.Public())
	if err != nil {
		return nil, err
	}
	return privateKey{key, private}, nil
}

func (p privateKey) Key() Key { return p.key }

func (p privateKey) SignMessage(_ context.Context, message []byte) ([]byte, error) {
	if _, ok := p.key.public.(ed25519.PublicKey); ok {
		return p.signer.Sign(rand.Reader, message, crypto.Hash(0))
	}
	sum := sha256.Sum256(message)
	return p.signer.Sign(rand.Reader, sum[:], crypto.SHA256)
}
