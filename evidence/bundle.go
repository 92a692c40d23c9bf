package evidence

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"plimsoll.dev/plimsoll/evidence/dsse"
	"plimsoll.dev/plimsoll/internal/strictjson"
)

// BundleMediaType is that of a Sigstore bundle, as it is written.
const BundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// MaxBundle is the largest bundle that is read: an envelope of the largest size, and room for
// certificates and log entries beside it.
const MaxBundle = dsse.MaxEnvelope + 1<<20

// bundle is what is read of a Sigstore bundle (github.com/sigstore/protobuf-specs) here: enough to
// verify one that was signed with a key, and to tell it from one with a certificate.
type bundle struct {
	keyed    bool // else it has a certificate
	envelope dsse.Envelope
}

// bundleDocument is a bundle's JSON form, and that of a DSSE envelope alone: cosign's older
// attestations are such. Each member is there or not; what is there in the other form is refused.
type bundleDocument struct {
	MediaType            string            `json:"mediaType"`
	VerificationMaterial *materialDocument `json:"verificationMaterial"`
	DSSEEnvelope         json.RawMessage   `json:"dsseEnvelope"`
	MessageSignature     json.RawMessage   `json:"messageSignature"`

	PayloadType *string `json:"payloadType"` // of an envelope alone
}

type materialDocument struct {
	PublicKey            *keyHint        `json:"publicKey"`
	Certificate          json.RawMessage `json:"certificate"`
	X509CertificateChain json.RawMessage `json:"x509CertificateChain"`
}

type keyHint struct {
	Hint string `json:"hint,omitempty"`
}

// parseBundle reads a bundle strictly. Nothing is verified.
func parseBundle(data []byte) (bundle, error) {
	if len(data) > MaxBundle {
		return bundle{}, fmt.Errorf("it has %d bytes, more than the %d that are read", len(data), MaxBundle)
	}
	// A log entry has some objects; a log's proof is a list of strings.
	const depth, objects = 32, 4096
	if err := strictjson.Check(data, strictjson.Limits{Depth: depth, Objects: objects}); err != nil {
		return bundle{}, err
	}
	var d bundleDocument
	if err := json.Unmarshal(data, &d); err != nil {
		return bundle{}, err
	}
	if d.PayloadType != nil {
		if d.MediaType != "" || d.VerificationMaterial != nil || d.DSSEEnvelope != nil {
			return bundle{}, errors.New("it is a DSSE envelope and a Sigstore bundle at once")
		}
		return keyedBundle(data)
	}
	return d.bundle()
}

func (d bundleDocument) bundle() (bundle, error) {
	material := d.VerificationMaterial
	switch {
	case d.MediaType == "":
		return bundle{}, errors.New("it is neither a Sigstore bundle (it has no mediaType) nor a DSSE envelope (it has no payloadType)")
	case !isBundleType(d.MediaType):
		return bundle{}, fmt.Errorf("its mediaType is %.80q; want %s", d.MediaType, BundleMediaType)
	case material == nil:
		return bundle{}, errors.New("it has no verificationMaterial")
	case d.MessageSignature != nil:
		return bundle{}, errors.New("it signs a message without saying anything of it; want a DSSE envelope with an in-toto statement")
	case d.DSSEEnvelope == nil:
		return bundle{}, errors.New("it has no dsseEnvelope")
	}
	certified := material.Certificate != nil || material.X509CertificateChain != nil
	switch {
	case certified && material.PublicKey != nil:
		return bundle{}, errors.New("it has a certificate and a public key; a bundle has one of them")
	case certified:
		return bundle{}, nil
	case material.PublicKey == nil:
		return bundle{}, errors.New("it has neither a certificate nor a public key")
	}
	b, err := keyedBundle(d.DSSEEnvelope)
	if id, ok := material.PublicKey.keyID(); ok {
		for i := range b.envelope.Signatures {
			if b.envelope.Signatures[i].KeyID == "" {
				b.envelope.Signatures[i].KeyID = id
			}
		}
	}
	return b, err
}

// keyID reads the hint as Sigstore's clients write it: the SHA-256 of the key in base64.
func (k keyHint) keyID() (string, bool) {
	sum, err := base64.StdEncoding.DecodeString(k.Hint)
	return hex.EncodeToString(sum), err == nil && len(sum) == sha256.Size
}

func keyedBundle(envelope []byte) (bundle, error) {
	e, err := dsse.Decode(envelope)
	return bundle{keyed: true, envelope: e}, err
}

// isBundleType tells the media types of the versions in use; 0.1 and 0.2 hold certificates as
// chains and are otherwise read alike.
func isBundleType(mediaType string) bool {
	switch mediaType {
	case BundleMediaType, "application/vnd.dev.sigstore.bundle+json;version=0.3",
		"application/vnd.dev.sigstore.bundle+json;version=0.2", "application/vnd.dev.sigstore.bundle+json;version=0.1":
		return true
	default:
		return false
	}
}

// encodeBundle writes an envelope that was signed with a key as a Sigstore bundle v0.3. The hint
// is the key's SHA-256 in base64, as Sigstore's clients write it; nothing is believed for it. The
// envelope has no key ids: cosign has others than ours, and refuses a signature with another.
func encodeBundle(e dsse.Envelope, key dsse.Key) ([]byte, error) {
	e.Signatures = slices.Clone(e.Signatures)
	for i := range e.Signatures {
		e.Signatures[i].KeyID = ""
	}
	envelope, err := dsse.Encode(e)
	if err != nil {
		return nil, err
	}
	sum, err := hex.DecodeString(key.ID())
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		MediaType            string          `json:"mediaType"`
		VerificationMaterial any             `json:"verificationMaterial"`
		DSSEEnvelope         json.RawMessage `json:"dsseEnvelope"`
	}{BundleMediaType, struct {
		PublicKey keyHint `json:"publicKey"`
	}{keyHint{base64.StdEncoding.EncodeToString(sum)}}, envelope})
}
