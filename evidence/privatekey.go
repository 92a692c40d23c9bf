package evidence

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"plimsoll.dev/plimsoll/evidence/dsse"
)

// The PEM types of private keys. cosign wrote the older encrypted one up to 2.0, and writes the
// newer one since; both hold PKCS #8 in a box of scrypt and NaCl.
const (
	plainKey        = "PRIVATE KEY"
	encryptedKey    = "ENCRYPTED SIGSTORE PRIVATE KEY"
	oldEncryptedKey = "ENCRYPTED COSIGN PRIVATE KEY"
	// maxKeyFile is the largest private key in PEM: those in use have some 700 bytes.
	maxKeyFile = 64 << 10
)

// Algorithm is a kind of key.
type Algorithm string

// The algorithms.
const (
	ECDSA   Algorithm = "ecdsa-p256"
	Ed25519 Algorithm = "ed25519"
)

// GenerateKey makes a key pair, both in PEM. The private key is encrypted with the passphrase, as
// cosign does it and can read it; with a nil passphrase it is not encrypted.
func GenerateKey(algorithm Algorithm, passphrase []byte) (private, public []byte, err error) {
	key, err := newKey(algorithm)
	if err != nil {
		return nil, nil, fmt.Errorf("making a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("making a key: %w", err)
	}
	known, err := dsse.NewKey(key.Public())
	if err != nil {
		return nil, nil, fmt.Errorf("making a key: %w", err)
	}
	block := pem.Block{Type: plainKey, Bytes: der}
	if passphrase != nil {
		boxed, err := encrypted.Encrypt(der, passphrase)
		if err != nil {
			return nil, nil, fmt.Errorf("encrypting a key: %w", err)
		}
		block = pem.Block{Type: encryptedKey, Bytes: boxed}
	}
	return pem.EncodeToMemory(&block), known.PEM(), nil
}

func newKey(algorithm Algorithm) (crypto.Signer, error) {
	switch algorithm {
	case ECDSA:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case Ed25519:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	default:
		return nil, fmt.Errorf("there is no algorithm %.40q; want %s or %s", string(algorithm), ECDSA, Ed25519)
	}
}

// ParsePrivateKey reads a private key: one PEM block that GenerateKey or cosign wrote. The
// passphrase is asked for only if there is need.
func ParsePrivateKey(text []byte, passphrase func() ([]byte, error)) (crypto.Signer, error) {
	block, rest := pem.Decode(text)
	switch {
	case len(text) > maxKeyFile:
		return nil, fmt.Errorf("the key has more than %d bytes", maxKeyFile)
	case block == nil:
		return nil, errors.New(`there is no PEM block; a private key begins with "-----BEGIN"`)
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, errors.New("something follows the PEM block; give one key alone")
	}
	der := block.Bytes
	switch block.Type {
	case plainKey:
	case encryptedKey, oldEncryptedKey:
		secret, err := passphrase()
		if err != nil {
			return nil, err
		}
		if der, err = encrypted.Decrypt(block.Bytes, secret); err != nil {
			return nil, fmt.Errorf("it cannot be decrypted; check the passphrase: %w", err)
		}
	default:
		return nil, fmt.Errorf("the PEM block is a %.60q; want a %s (PKCS #8: openssl pkcs8 -topk8 makes one), or a key of cosign's", block.Type, plainKey)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("what is in the PEM block is no PKCS #8 private key")
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a key of type %T cannot sign", key)
	}
	_, err = dsse.NewKey(signer.Public())
	return signer, err
}
