package sigstore

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/digitorus/timestamp"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"google.golang.org/protobuf/encoding/protojson"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/sigstore/keyless"
)

// token is an identity token of the subject; nobody here verifies its signature.
func token() string {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	return part(`{"alg":"RS256"}`) + "." + part(`{"iss":"`+issuer+`","email":"`+subject+`","email_verified":true,"aud":"sigstore","exp":4102444800}`) + ".c2VjcmV0"
}

// address is the base address of servers that act as the services, each under a path of its own.
func (s *services) address(t testing.TB) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /fulcio/api/v2/signingCert", s.serveCertificate(t))
	mux.HandleFunc("POST /tsa", s.serveTimestamp(t))
	mux.HandleFunc("POST /log1/api/v1/log/entries", s.serveLog1(t))
	mux.HandleFunc("POST /log2/api/v2/log/entries", s.serveLog2(t))
	mux.HandleFunc("POST /moved/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/tsa", http.StatusTemporaryRedirect)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func (s *services) serveCertificate(t testing.TB) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			Request struct {
				Key   struct{ Content string } `json:"publicKey"`
				Proof []byte                   `json:"proofOfPossession"`
			} `json:"publicKeyRequest"`
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil || r.Header.Get("Authorization") != "Bearer "+token() {
			http.Error(w, "who are you? "+r.Header.Get("Authorization"), http.StatusUnauthorized)
			return
		}
		block, _ := pem.Decode([]byte(request.Request.Key.Content))
		public := must[any](t)(x509.ParsePKIXPublicKey(block.Bytes)).(*ecdsa.PublicKey)
		if sum := sha256.Sum256([]byte(subject)); !ecdsa.VerifyASN1(public, sum[:], request.Request.Proof) {
			http.Error(w, "not your key", http.StatusBadRequest)
			return
		}
		leaf := s.leaf(t, &ecdsa.PrivateKey{PublicKey: *public}, s.now)
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw})
		_ = json.NewEncoder(w).Encode(map[string]any{"signedCertificateEmbeddedSct": map[string]any{"chain": map[string]any{"certificates": []string{string(text)}}}})
	}
}

func (s *services) serveTimestamp(t testing.TB) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request := must[*timestamp.Request](t)(timestamp.ParseRequest(must[[]byte](t)(io.ReadAll(r.Body))))
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(s.timestamp(t, request.HashedMessage, s.now))
	}
}

// proposal is what a client sends to the first version of the log: an envelope, or a digest and its
// signature.
type proposal struct {
	Kind string `json:"kind"`
	Spec struct {
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
	return b, nil
}

// serveLog1 answers as Rekor's first version does (its OpenAPI description, createLogEntry).
func (s *services) serveLog1(t testing.TB) http.HandlerFunc {
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
		entry := s.logged(t, b, s.now)
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

// serveLog2 answers as Rekor's second version does (rekor-tiles, rekor_service.proto).
func (s *services) serveLog2(t testing.TB) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			Entry struct {
				Digest    []byte `json:"digest"`
				Signature struct {
					Content  []byte `json:"content"`
					Verifier struct {
						Certificate rawBytes `json:"x509Certificate"`
					} `json:"verifier"`
				} `json:"signature"`
			} `json:"hashedRekordRequestV002"`
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		entry := s.entry2(t, "log2.example", request.Entry.Digest, request.Entry.Signature.Content, request.Entry.Signature.Verifier.Certificate.Bytes)
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(must[[]byte](t)(protojson.Marshal(entry)))
	}
}

func fixed(text string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return text, nil }
}

// What is signed verifies, with each set of services.
func TestSign(t *testing.T) {
	s := newServices(t)
	at := s.address(t)
	for _, c := range []struct {
		name           string
		tsa, log       string
		version        int
		entries, times int
	}{
		{"a timestamp", "/tsa", "", 0, 0, 1},
		{"a log of the first version", "", "/log1", 1, 1, 0},
		{"a log of the first version and a timestamp", "/tsa", "/log1", 1, 1, 1},
		{"a log of the second version and a timestamp", "/tsa", "/log2", 2, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := keyless.SignerOptions{Token: fixed(token()), Fulcio: at + "/fulcio/", RekorVersion: c.version, TrustedRoot: s.trustedRoot(t)}
			if c.tsa != "" {
				o.TimestampAuthority = at + c.tsa
			}
			if c.log != "" {
				o.Rekor = at + c.log
			}
			signer := must[evidence.Signer](t)(keyless.NewSigner(o))
			payload := statement("image", predicate)
			made := must[[]byte](t)(signer.Sign(t.Context(), evidence.PayloadType, payload))
			v := s.verifier(t, func(o *Options) { o.LogEntries, o.Timestamps = c.entries, c.times })
			_, got, who, when, err := v.VerifyBundle(t.Context(), made, s.now)
			if err != nil || !bytes.Equal(got, payload) || who.Name != "releases" || !when.Equal(s.now) {
				t.Errorf("verified %s of %v at %s: %v", got, who, when, err)
			}
			if !bytes.Contains(made, []byte(`bundle.v0.3+json`)) || bytes.Contains(made, []byte(token())) {
				t.Errorf("made %s", made)
			}
			again := must[[]byte](t)(signer.Sign(t.Context(), evidence.PayloadType, payload))
			one, two := must[map[string]any](t)(certificateOf(made)), must[map[string]any](t)(certificateOf(again))
			if fmt.Sprint(one) == fmt.Sprint(two) {
				t.Error("two signatures have one certificate, and so one key")
			}
		})
	}
}

func certificateOf(document []byte) (map[string]any, error) {
	var b struct {
		Material struct {
			Certificate map[string]any `json:"certificate"`
		} `json:"verificationMaterial"`
	}
	err := json.Unmarshal(document, &b)
	return b.Material.Certificate, err
}

// The token is in no error, whatever a service answers; no redirect is followed; what does not
// verify is not returned.
func TestSignFails(t *testing.T) {
	s, other := newServices(t), newServices(t)
	at := s.address(t)
	good := keyless.SignerOptions{Token: fixed(token()), Fulcio: at + "/fulcio", TimestampAuthority: at + "/tsa"}
	wrong := strings.Replace(token(), ".c2", ".d2", 1)
	for _, c := range []struct {
		name   string
		change func(*keyless.SignerOptions)
		want   string
	}{
		{"a token that is not taken", func(o *keyless.SignerOptions) { o.Token = fixed(wrong) }, "401"},
		{"a service that redirects", func(o *keyless.SignerOptions) { o.TimestampAuthority = at + "/moved/" }, "307"},
		{"a service that is not there", func(o *keyless.SignerOptions) { o.Fulcio = at + "/nothing" }, "404"},
		{"a trusted root of others", func(o *keyless.SignerOptions) { o.TrustedRoot = other.trustedRoot(t) }, "verif"},
		{"no token", func(o *keyless.SignerOptions) { o.Token = keyless.FromEnvironment("PLIMSOLL_TEST_NO_SUCH_VARIABLE") }, "no identity token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := good
			c.change(&o)
			made, err := must[evidence.Signer](t)(keyless.NewSigner(o)).Sign(t.Context(), evidence.PayloadType, statement("image", predicate))
			if err == nil || made != nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("signed %s, %v; want an error with %q", made, err, c.want)
			}
			if strings.Contains(err.Error(), wrong) || strings.Contains(err.Error(), token()) {
				t.Errorf("the token is in the error: %v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := must[evidence.Signer](t)(keyless.NewSigner(good)).Sign(ctx, evidence.PayloadType, statement("image", predicate)); err == nil {
		t.Error("signed after the context ended")
	}
	if _, err := must[evidence.Signer](t)(keyless.NewSigner(good)).Sign(t.Context(), evidence.PayloadType, make([]byte, evidence.MaxStatement+1)); err == nil {
		t.Error("signed a statement that is too large")
	}
}

func TestSignerOptions(t *testing.T) {
	good := keyless.SignerOptions{Token: fixed(token()), Fulcio: "https://fulcio.example", TimestampAuthority: "https://tsa.example/api/v1/timestamp"}
	for _, c := range []struct {
		name   string
		change func(*keyless.SignerOptions)
		want   string // a part of the error, empty for none
	}{
		{"good", func(*keyless.SignerOptions) {}, ""},
		{"nothing", func(o *keyless.SignerOptions) { *o = keyless.SignerOptions{} }, "token"},
		{"no authority", func(o *keyless.SignerOptions) { o.Fulcio = "" }, "Fulcio"},
		{"no time", func(o *keyless.SignerOptions) { o.TimestampAuthority = "" }, "when"},
		{"a log of no version", func(o *keyless.SignerOptions) { o.Rekor = "https://log.example" }, "version 0"},
		{"a log of the second version without a timestamp", func(o *keyless.SignerOptions) {
			o.Rekor, o.RekorVersion, o.TimestampAuthority = "https://log.example", 2, ""
		}, "confirms no time"},
		{"not https", func(o *keyless.SignerOptions) { o.Fulcio = "http://fulcio.example" }, "https"},
		{"not https, on this machine", func(o *keyless.SignerOptions) { o.Fulcio = "http://127.0.0.1:5555" }, ""},
		{"a file", func(o *keyless.SignerOptions) { o.Fulcio = "file:///tmp/x" }, "no address"},
		{"credentials", func(o *keyless.SignerOptions) { o.Fulcio = "https://me:secret@fulcio.example" }, "credentials"},
		{"a root that is none", func(o *keyless.SignerOptions) { o.TrustedRoot = []byte("{}") }, "trusted root"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := good
			c.change(&o)
			_, err := keyless.NewSigner(o)
			if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret")) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	t.Setenv("PLIMSOLL_TEST_TOKEN", token()+"\n")
	t.Setenv("PLIMSOLL_TEST_NO_TOKEN", "hunter2")
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		source func(context.Context) (string, error)
		good   bool
	}{
		"environment":             {keyless.FromEnvironment("PLIMSOLL_TEST_TOKEN"), true},
		"file":                    {keyless.FromFile(file), true},
		"command":                 {keyless.FromCommand("cat", file), true},
		"no token in environment": {keyless.FromEnvironment("PLIMSOLL_TEST_NO_TOKEN"), false},
		"no variable":             {keyless.FromEnvironment("PLIMSOLL_TEST_NO_SUCH_VARIABLE"), false},
		"no file":                 {keyless.FromFile(file + "x"), false},
		"failing command":         {keyless.FromCommand("false"), false},
		"silent command":          {keyless.FromCommand("true"), false},
		"no command":              {keyless.FromCommand("/no/such/program"), false},
	} {
		got, err := c.source(t.Context())
		if (err == nil) != c.good || c.good && got != token() || err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
