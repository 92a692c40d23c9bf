package keyless

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
)

const fulcio = "the certificate authority (Fulcio)"

// certificateAnswer is what Fulcio answers (fulcio.proto, SigningCertificate): the certificate first,
// in PEM, and those above it. A bundle has the first alone; the trusted root has the others.
type certificateAnswer struct {
	Embedded certificateChain `json:"signedCertificateEmbeddedSct"`
	Detached certificateChain `json:"signedCertificateDetachedSct"` // for an authority without a certificate transparency log
}

type certificateChain struct {
	Chain struct {
		Certificates []string `json:"certificates"`
	} `json:"chain"`
}

// certificate has the key certified for whom the token names (fulcio.proto,
// CreateSigningCertificate). A signing request proves that we have the key; Fulcio's other way,
// to sign the token's subject, would have us read the token as Fulcio does for each provider.
func (s *signer) certificate(ctx context.Context, token string, key *ecdsa.PrivateKey) ([]byte, error) {
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(struct {
		Request []byte `json:"certificateSigningRequest"`
	}{pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request})})
	if err != nil {
		return nil, err
	}
	q := question{of: fulcio, method: http.MethodPost, address: at(s.options.Services.Fulcio, "/api/v2/signingCert"),
		mediaType: jsonType, body: body, wants: jsonType, token: token,
		refused: "check its address, and that the identity token has not expired and is for the audience " + audience}
	answer, err := s.client.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	der, err := readCertificate(answer, key)
	if err != nil {
		return nil, fmt.Errorf("asking %s at %s: %w", q.of, hostOf(q.address), err)
	}
	return der, nil
}

// readCertificate returns the certificate of a key from Fulcio's answer. Whether it is to be
// believed is seen when the signature is verified.
func readCertificate(answer []byte, key *ecdsa.PrivateKey) ([]byte, error) {
	if err := checkJSON(answer); err != nil {
		return nil, err
	}
	var a certificateAnswer
	if err := json.Unmarshal(answer, &a); err != nil {
		return nil, fmt.Errorf("its answer: %w", err)
	}
	chain := append(a.Embedded.Chain.Certificates, a.Detached.Chain.Certificates...)
	if len(chain) == 0 {
		return nil, errors.New("its answer has no certificate")
	}
	block, _ := pem.Decode([]byte(chain[0]))
	if block == nil {
		return nil, errors.New("its answer has no certificate in PEM")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("its certificate: %w", err)
	}
	if !key.PublicKey.Equal(leaf.PublicKey) {
		return nil, errors.New("its certificate is of another key than ours")
	}
	return leaf.Raw, nil
}
