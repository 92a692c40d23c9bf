package evidence

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"plimsoll.dev/plimsoll/evidence/dsse"
)

// KeySigner signs with a key: in a file, in the environment, or behind a command. It is a Signer,
// and a dsse.Signer for what is signed without a bundle around it.
type KeySigner struct{ dsse.Signer }

// Sign returns a Sigstore bundle v0.3 with a hint at the key and no log entry or timestamp: it can
// be made and verified without a network.
func (s KeySigner) Sign(ctx context.Context, payloadType string, payload []byte) ([]byte, error) {
	if s.Signer == nil {
		return nil, errors.New("signing: there is no key")
	}
	if len(payload) > MaxStatement {
		return nil, fmt.Errorf("signing: the payload has %d bytes, more than %d", len(payload), MaxStatement)
	}
	envelope, err := dsse.Sign(ctx, payloadType, payload, s.Signer)
	if err != nil {
		return nil, err
	}
	return encodeBundle(envelope, s.Key())
}

// SignStatement encodes a statement and signs it.
func SignStatement(ctx context.Context, signer Signer, s Statement) ([]byte, error) {
	payload, err := Encode(s)
	if err != nil {
		return nil, err
	}
	return signer.Sign(ctx, PayloadType, payload)
}

// Secrets is where keys and their passphrases come from besides files.
type Secrets struct {
	// Environment looks a variable up, as os.LookupEnv does.
	Environment func(name string) (value string, found bool)
	// Ask asks a person for a passphrase; nil if nobody can be asked.
	Ask func(prompt string) ([]byte, error)

	answered func() // called once the passphrase is known; nil if nobody waits for that
}

// passphrase returns the passphrase of a key: from PLIMSOLL_KEY_PASSWORD, else from
// COSIGN_PASSWORD, else from a person. A variable that is set and empty is an empty passphrase.
func (s Secrets) passphrase(of string) ([]byte, error) {
	if s.answered != nil {
		defer s.answered()
	}
	for _, name := range []string{"PLIMSOLL_KEY_PASSWORD", "COSIGN_PASSWORD"} {
		if value, found := s.lookUp(name); found {
			return []byte(value), nil
		}
	}
	if s.Ask == nil {
		return nil, errors.New("it is encrypted; set PLIMSOLL_KEY_PASSWORD")
	}
	return s.Ask("Passphrase of " + of + ": ")
}

func (s Secrets) lookUp(name string) (string, bool) {
	if s.Environment == nil {
		return "", false
	}
	return s.Environment(name)
}

// OpenSigner opens the key that a user named:
//
//	FILE            a private key in PEM: PKCS #8, or encrypted as cosign does
//	env:NAME        the same, in an environment variable (env://NAME too)
//	exec:PATH ARGS  a command that holds the key, its words parted by spaces: see OpenCommand
func OpenSigner(ctx context.Context, where string, secrets Secrets) (KeySigner, error) {
	signer, err := openSigner(ctx, where, secrets)
	if err != nil {
		name, _, _ := strings.Cut(where, " ") // a command's arguments may hold a secret
		return KeySigner{}, fmt.Errorf("opening the signing key %s: %w", name, err)
	}
	return KeySigner{signer}, nil
}

// BeginSigner opens a key as OpenSigner does, beside other work: a passphrase costs a quarter of a
// second on purpose (scrypt). It returns once nobody is asked for anything any more. failed learns
// early of a key that cannot be opened; wait returns the key, and has to be called.
func BeginSigner(ctx context.Context, where string, secrets Secrets, failed func(error)) (wait func() (KeySigner, error)) {
	var signer KeySigner
	var err error
	asked, done := make(chan struct{}), make(chan struct{})
	secrets.answered = sync.OnceFunc(func() { close(asked) })
	go func() {
		defer close(done)
		if signer, err = OpenSigner(ctx, where, secrets); err != nil {
			failed(err)
		}
	}()
	select {
	case <-asked:
	case <-done:
	}
	return func() (KeySigner, error) {
		<-done
		return signer, err
	}
}

func openSigner(ctx context.Context, where string, secrets Secrets) (dsse.Signer, error) {
	if command, ok := strings.CutPrefix(where, "exec:"); ok {
		return OpenCommand(ctx, strings.Fields(command))
	}
	text, err := readKey(where, secrets)
	if err != nil {
		return nil, err
	}
	private, err := ParsePrivateKey(text, func() ([]byte, error) { return secrets.passphrase(where) })
	if err != nil {
		return nil, err
	}
	return dsse.NewSigner(private)
}

// readKey returns the PEM text of a private key. Its content never goes into an error.
func readKey(where string, secrets Secrets) ([]byte, error) {
	if name, ok := strings.CutPrefix(where, "env:"); ok {
		name = strings.TrimPrefix(name, "//")
		value, found := secrets.lookUp(name)
		if !found || value == "" {
			return nil, fmt.Errorf("the environment variable %s is not set; put a private key in PEM into it", name)
		}
		return []byte(value), nil
	}
	info, err := os.Stat(where)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil, fmt.Errorf("it is not a file of at most %d bytes", maxKeyFile)
	}
	return os.ReadFile(where)
}

// SignerOf signs with a private key in memory: ECDSA on P-256, or Ed25519.
func SignerOf(private crypto.Signer) (KeySigner, error) {
	signer, err := dsse.NewSigner(private)
	return KeySigner{signer}, err
}
