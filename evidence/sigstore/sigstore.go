// Package sigstore verifies and makes signatures without a long-lived key: a certificate authority
// (Fulcio) confirms for some minutes that a key belongs to whoever logged in with an identity
// provider, and a timestamp authority (RFC 3161) or a transparency log (Rekor) confirms that the
// signature was made within those minutes.
//
// Whom to believe is explicit: a Verifier needs a trusted root, which is a document and never
// fetched, the identities that count, and how many proofs of time and of logging. It opens no
// connection; signing, which does, is package keyless.
//
// A signature proves that the identity said the payload, and when. What the payload says, and of
// which image, is for package evidence to look at: VerifyBundle returns the payload that was
// signed. Payloads are in-toto statements; a bundle that signs a file is for VerifyMessage.
//
// Bundles signed with a key are refused here: keys need none of this and are handled in package
// evidence. The two older layouts of cosign are read into the same form: ReadSignature,
// ReadAttestation.
//
// Limits: see the constants. The work is done by sigstore-go (decision 0029); what it leaves to
// its caller is done here: strict JSON, one name in a certificate, anchored patterns, each log
// entry bound to the signature, no signature from the future.
package sigstore

import (
	"errors"
	"fmt"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"plimsoll.dev/plimsoll/evidence/sigstore/trustedroot"
)

// The limits. Bundles in use have a certificate, a timestamp, an entry or two, and as many bytes as
// their payload needs; attestations stay below 16 MiB, which is also what GitHub stores.
const (
	MaxBundle       = 16 << 20 // bytes of a bundle
	MaxCertificates = 8        // certificates of a bundle
	MaxTimestamps   = 8        // timestamps of a bundle
	MaxLogEntries   = 8        // entries of transparency logs of a bundle
	MaxIdentities   = 256      // identities of a trust
	maxPEM          = 64 << 10 // bytes of a certificate's text in an annotation
	maxPayload      = 64 << 10 // bytes of a simple-signing payload; they have some 300
)

// The ways in which evidence is refused; test with errors.Is.
var (
	// ErrFormat: it is no bundle, or one beyond the limits.
	ErrFormat = errors.New("this is no Sigstore bundle that is read")
	// ErrProof: a signature, certificate, timestamp or log entry does not hold.
	ErrProof = errors.New("it is not proved")
	// ErrIdentity: the proof holds, but of an identity that the trust does not name.
	ErrIdentity = errors.New("it is signed by an identity that the trust does not name")
)

// Options say whom to believe.
type Options struct {
	// TrustedRoot is the trusted root document (trusted_root.json, media type
	// application/vnd.dev.sigstore.trustedroot+json;version=0.1).
	TrustedRoot []byte
	// Identities are those that count; at least one.
	Identities []Identity
	// LogEntries and Timestamps are how many transparency logs must have the signature, and how
	// many authorities must have timestamped it. Their sum is at least one. Without a timestamp,
	// the time is what a log of the first version (Rekor v1) promises; newer logs give none.
	LogEntries, Timestamps int
	// WithoutSCT accepts certificates that no certificate transparency log has seen. Private
	// authorities have no such log.
	WithoutSCT bool
}

// Verifier verifies bundles. New makes one; the zero Verifier verifies nothing.
type Verifier struct {
	verifier   *verify.Verifier
	identities []matcher
}

// New returns a verifier that believes what the options say, and nothing else.
func New(o Options) (*Verifier, error) {
	v, err := newVerifier(o)
	if err != nil {
		return nil, fmt.Errorf("reading the trust in Sigstore signatures: %w", err)
	}
	return v, nil
}

func newVerifier(o Options) (*Verifier, error) {
	identities, err := matchers(o.Identities)
	if err != nil {
		return nil, err
	}
	verifier, err := o.prover()
	if err != nil {
		return nil, err
	}
	return &Verifier{verifier, identities}, nil
}

// prover verifies all but who it was.
func (o Options) prover() (*verify.Verifier, error) {
	material, err := trustedroot.Read(o.TrustedRoot)
	if err != nil {
		return nil, fmt.Errorf("the trusted root: %w", err)
	}
	if err := o.check(material); err != nil {
		return nil, err
	}
	return verify.NewVerifier(material, o.thresholds()...)
}

// check refuses options that could verify nothing, or that do not say what they want.
func (o Options) check(material root.TrustedMaterial) error {
	switch {
	case o.LogEntries < 0 || o.Timestamps < 0 || o.LogEntries > MaxLogEntries || o.Timestamps > MaxTimestamps:
		return fmt.Errorf("%d log entries and %d timestamps are asked for; want 0 to %d and 0 to %d",
			o.LogEntries, o.Timestamps, MaxLogEntries, MaxTimestamps)
	case o.LogEntries+o.Timestamps == 0:
		return errors.New("neither a log entry nor a timestamp is asked for: nothing would prove when it was signed; ask for one")
	case len(material.FulcioCertificateAuthorities()) == 0:
		return errors.New("the trusted root names no certificate authority")
	case len(material.RekorLogs()) < o.LogEntries:
		return fmt.Errorf("log entries of %d transparency logs are asked for, and the trusted root names %d", o.LogEntries, len(material.RekorLogs()))
	case len(material.TimestampingAuthorities()) < o.Timestamps:
		return fmt.Errorf("timestamps of %d authorities are asked for, and the trusted root names %d", o.Timestamps, len(material.TimestampingAuthorities()))
	case len(material.CTLogs()) == 0 && !o.WithoutSCT:
		return errors.New("the trusted root names no certificate transparency log; say so in the trust if your authority has none")
	}
	return nil
}

func (o Options) thresholds() []verify.VerifierOption {
	options := []verify.VerifierOption{verify.WithoutStatementPredicate()}
	if o.Timestamps > 0 {
		options = append(options, verify.WithSignedTimestamps(o.Timestamps))
	} else {
		options = append(options, verify.WithObserverTimestamps(1))
	}
	if o.LogEntries > 0 {
		options = append(options, verify.WithTransparencyLog(o.LogEntries))
	}
	if !o.WithoutSCT {
		options = append(options, verify.WithSignedCertificateTimestamps(1))
	}
	return options
}
