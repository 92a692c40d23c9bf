package sigstoretest

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"google.golang.org/protobuf/encoding/protojson"

	"plimsoll.dev/plimsoll/evidence/dsse"
)

// Token is an identity token of the subject; nobody here verifies its signature.
func Token() string {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	return part(`{"alg":"RS256"}`) + "." + part(`{"iss":"`+Issuer+`","email":"`+Subject+`","email_verified":true,"aud":"sigstore","exp":4102444800}`) + ".c2VjcmV0"
}

// The services' paths below the address that Serve returns, as clients name them.
const (
	Fulcio    = "/fulcio"
	Timestamp = "/tsa"
	Log1      = "/log1" // Rekor's first version
	Log2      = "/log2" // and its second
)

// Requests are what the services are asked, as patterns of net/http.
const (
	AskFulcio    = "POST " + Fulcio + "/api/v2/signingCert"
	AskTimestamp = "POST " + Timestamp
	AskLog1      = "POST " + Log1 + "/api/v1/log/entries"
	AskLog2      = "POST " + Log2 + "/api/v2/log/entries"
)

// Serve returns the address of servers that act as the services, each under a path of its own.
// Others may take their place, by what they are asked.
func (s *Instance) Serve(t testing.TB, instead map[string]http.HandlerFunc) string {
	t.Helper()
	handlers := map[string]http.HandlerFunc{
		AskFulcio: s.ServeCertificate(t, s.Now), AskTimestamp: s.ServeTimestamp(t, s.Now), AskLog1: s.ServeLog1(t), AskLog2: s.ServeLog2(t),
	}
	maps.Copy(handlers, instead)
	mux := http.NewServeMux()
	for pattern, handler := range handlers {
		mux.HandleFunc(pattern, handler)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// certificateRequest is what Fulcio is asked (fulcio.proto, CreateSigningCertificateRequest): with a
// signing request, or with a key that has signed the subject.
type certificateRequest struct {
	SigningRequest []byte `json:"certificateSigningRequest"`
	Key            struct {
		Public struct{ Content string } `json:"publicKey"`
		Proof  []byte                   `json:"proofOfPossession"`
	} `json:"publicKeyRequest"`
}

// key returns the key to be certified, once it is proved that the client has it.
func (c certificateRequest) key() (*ecdsa.PublicKey, error) {
	if block, _ := pem.Decode(c.SigningRequest); block != nil {
		request, err := x509.ParseCertificateRequest(block.Bytes)
		if err != nil {
			return nil, err
		}
		public, ok := request.PublicKey.(*ecdsa.PublicKey)
		if !ok {
			return nil, errors.New("not a key of ECDSA")
		}
		return public, request.CheckSignature()
	}
	block, _ := pem.Decode([]byte(c.Key.Public.Content))
	if block == nil {
		return nil, errors.New("no key")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	public, ok := parsed.(*ecdsa.PublicKey)
	if sum := sha256.Sum256([]byte(Subject)); !ok || !ecdsa.VerifyASN1(public, sum[:], c.Key.Proof) {
		return nil, errors.New("not your key")
	}
	return public, nil
}

// SigningRequest is one for a key that nobody has, in PEM and base64 as Fulcio is sent it.
func SigningRequest(t testing.TB) string {
	t.Helper()
	der := Must[[]byte](t)(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, NewKey(t)))
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

// ServeCertificate answers as Fulcio does, with certificates of a time.
func (s *Instance) ServeCertificate(t testing.TB, at time.Time, change ...func(*x509.Certificate)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+Token() {
			http.Error(w, "who are you? "+r.Header.Get("Authorization"), http.StatusUnauthorized)
			return
		}
		var request certificateRequest
		err := json.NewDecoder(r.Body).Decode(&request)
		var public *ecdsa.PublicKey
		if err == nil {
			public, err = request.key()
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		leaf := s.Leaf(t, &ecdsa.PrivateKey{PublicKey: *public}, at, change...)
		var chain []string
		for _, c := range []*x509.Certificate{leaf, s.Intermediate, s.root} {
			chain = append(chain, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})))
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"signedCertificateEmbeddedSct": map[string]any{"chain": map[string]any{"certificates": chain}}})
	}
}

// ServeTimestamp answers as a timestamp authority does (RFC 3161, section 3.4), with a time.
func (s *Instance) ServeTimestamp(t testing.TB, at time.Time) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		var request *timestamp.Request
		if err == nil {
			request, err = timestamp.ParseRequest(content)
		}
		if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" {
			http.Error(w, fmt.Sprint("no request: ", err), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(s.Timestamp(t, request.HashedMessage, at))
	}
}

// proposal is what a client sends to the first version of the log: an envelope, or a digest and its
// signature.
type proposal struct {
	Kind    string `json:"kind"`
	Version string `json:"apiVersion"`
	Spec    struct {
		Content struct {
			Envelope  string   `json:"envelope"`
			Verifiers [][]byte `json:"verifiers"`
		} `json:"proposedContent"`
		Data struct {
			Hash struct {
				Value string `json:"value"`
			} `json:"hash"`
		} `json:"data"`
		Signature struct {
			Content []byte `json:"content"`
			Key     struct {
				Content []byte `json:"content"`
			} `json:"publicKey"`
		} `json:"signature"`
	} `json:"spec"`
}

// bundle is what is proposed, as a bundle.
func (p proposal) bundle() (*protobundle.Bundle, error) {
	if p.Version != "0.0.1" {
		return nil, fmt.Errorf("a proposed %q of version %q", p.Kind, p.Version)
	}
	b := &protobundle.Bundle{}
	text := p.Spec.Signature.Key.Content
	if p.Kind == "dsse" && len(p.Spec.Content.Verifiers) == 1 {
		text = p.Spec.Content.Verifiers[0]
		e := &protodsse.Envelope{}
		if err := protojson.Unmarshal([]byte(p.Spec.Content.Envelope), e); err != nil {
			return nil, err
		}
		b.Content = &protobundle.Bundle_DsseEnvelope{DsseEnvelope: e}
	} else {
		digest, err := hex.DecodeString(p.Spec.Data.Hash.Value)
		if err != nil {
			return nil, err
		}
		b.Content = &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
			MessageDigest: &protocommon.HashOutput{Algorithm: protocommon.HashAlgorithm_SHA2_256, Digest: digest}, Signature: p.Spec.Signature.Content}}
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("no certificate in a proposed %q", p.Kind)
	}
	b.VerificationMaterial = &protobundle.VerificationMaterial{Content: &protobundle.VerificationMaterial_Certificate{
		Certificate: &protocommon.X509Certificate{RawBytes: block.Bytes}}}
	return b, checkSignature(b)
}

// checkSignature wants the signature of an envelope to be the certificate's, as the log does.
func checkSignature(b *protobundle.Bundle) error {
	e := b.GetDsseEnvelope()
	if e == nil {
		return nil
	}
	leaf, err := x509.ParseCertificate(b.VerificationMaterial.GetCertificate().GetRawBytes())
	if err != nil {
		return err
	}
	if len(e.Signatures) != 1 {
		return fmt.Errorf("%d signatures", len(e.Signatures))
	}
	return leaf.CheckSignature(x509.ECDSAWithSHA256, dsse.PAE(e.PayloadType, e.Payload), e.Signatures[0].Sig)
}

// ServeLog1 answers as Rekor's first version does (its OpenAPI description, createLogEntry).
func (s *Instance) ServeLog1(t testing.TB) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var p proposal
		err := json.NewDecoder(r.Body).Decode(&p)
		var b *protobundle.Bundle
		if err == nil {
			b, err = p.bundle()
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		entry := s.Logged(t, b, s.Now)
		const id = "24296fb24b8ad77a0000000000000000000000000000000000000000000000000000000000000001"
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("ETag", id)
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{id: map[string]any{
			"body": entry.CanonicalizedBody, "integratedTime": entry.IntegratedTime, "logIndex": entry.LogIndex, "logID": hex.EncodeToString(entry.LogId.KeyId),
			"verification": map[string]any{"signedEntryTimestamp": entry.InclusionPromise.SignedEntryTimestamp, "inclusionProof": map[string]any{
				"checkpoint": entry.InclusionProof.Checkpoint.Envelope, "hashes": []string{}, "logIndex": 0,
				"rootHash": hex.EncodeToString(entry.InclusionProof.RootHash), "treeSize": entry.InclusionProof.TreeSize}},
		}})
	}
}

// ServeLog2 answers as Rekor's second version does (rekor-tiles, rekor_service.proto).
func (s *Instance) ServeLog2(t testing.TB) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			Entry struct {
				Digest    []byte `json:"digest"`
				Signature struct {
					Content  []byte `json:"content"`
					Verifier struct {
						Certificate struct {
							Bytes []byte `json:"rawBytes"`
						} `json:"x509Certificate"`
					} `json:"verifier"`
				} `json:"signature"`
			} `json:"hashedRekordRequestV002"`
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		entry := s.Entry2(t, "log2.example", request.Entry.Digest, request.Entry.Signature.Content, request.Entry.Signature.Verifier.Certificate.Bytes)
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(Must[[]byte](t)(protojson.Marshal(entry)))
	}
}
