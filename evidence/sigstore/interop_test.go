package sigstore_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"github.com/sigstore/sigstore-go/pkg/sign"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/sigstore"
	"plimsoll.dev/plimsoll/evidence/sigstore/keyless"
	"plimsoll.dev/plimsoll/evidence/sigstore/sigstoretest"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/testparts"
)

const predicate = "https://example.com/predicate/v1"

// world is cosign, an image in a registry in memory, and an instance of Sigstore; no other host
// can be reached.
type world struct {
	*sigstoretest.Instance
	folder     string
	repository name.Repository
	digest     image.Digest
}

// newWorld skips the test where cosign is not installed.
func newWorld(t *testing.T) *world {
	t.Helper()
	testparts.Cosign(t)
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	w := &world{Instance: sigstoretest.New(t), folder: t.TempDir()}
	w.repository = sigstoretest.Must[name.Repository](t)(name.NewRepository(strings.TrimPrefix(server.URL, "http://") + "/app"))
	content := sigstoretest.Must[v1.Image](t)(random.Image(64, 1))
	digest := sigstoretest.Must[v1.Hash](t)(content.Digest())
	w.digest = sigstoretest.Must[image.Digest](t)(image.ParseDigest(digest.String()))
	if err := remote.Write(w.repository.Digest(digest.String()), content); err != nil {
		t.Fatal(err)
	}
	w.write(t, "root.json", w.TrustedRoot(t))
	w.write(t, "predicate.json", []byte(`{"a": 1}`))
	return w
}

// verifier wants log entries and timestamps of the instance, and whom it certifies.
func (w *world) verifier(t *testing.T, entries, timestamps int) *sigstore.Verifier {
	t.Helper()
	return sigstoretest.Must[*sigstore.Verifier](t)(sigstore.New(sigstore.Options{TrustedRoot: w.TrustedRoot(t), LogEntries: entries, Timestamps: timestamps,
		Identities: []sigstore.Identity{{Name: "releases", Issuer: sigstoretest.Issuer, Subject: sigstoretest.Subject}}}))
}

func (w *world) image() string { return w.repository.Digest(w.digest.String()).String() }

func (w *world) write(t *testing.T, file string, content []byte) string {
	t.Helper()
	path := filepath.Join(w.folder, file)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// cosign runs cosign in a folder of its own, and lets it reach no other host than this one.
func (w *world) cosign(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "cosign", arguments...)
	command.Dir = w.folder
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.folder, "COSIGN_PASSWORD=",
		"HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1"}
	out, err := command.CombinedOutput()
	return string(out), err
}

func (w *world) mustCosign(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := w.cosign(t, arguments...)
	if err != nil {
		t.Fatalf("cosign %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return out
}

// layers returns the layers of a manifest and the annotations of their descriptors.
func (w *world) layers(t *testing.T, reference name.Reference) (contents [][]byte, annotations []map[string]string) {
	t.Helper()
	found := sigstoretest.Must[v1.Image](t)(remote.Image(reference))
	for _, d := range sigstoretest.Must[*v1.Manifest](t)(found.Manifest()).Layers {
		l := sigstoretest.Must[v1.Layer](t)(remote.Layer(w.repository.Digest(d.Digest.String())))
		reader := sigstoretest.Must[io.ReadCloser](t)(l.Compressed())
		contents = append(contents, sigstoretest.Must[[]byte](t)(io.ReadAll(reader)))
		annotations = append(annotations, d.Annotations)
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return contents, annotations
}

// bundles returns the bundles that refer to the image.
func (w *world) bundles(t *testing.T) [][]byte {
	t.Helper()
	var bundles [][]byte
	referrers := sigstoretest.Must[v1.ImageIndex](t)(remote.Referrers(w.repository.Digest(w.digest.String())))
	for _, d := range sigstoretest.Must[*v1.IndexManifest](t)(referrers.IndexManifest()).Manifests {
		contents, _ := w.layers(t, w.repository.Digest(d.Digest.String()))
		bundles = append(bundles, contents...)
	}
	return bundles
}

// rawManifest is a manifest to be written as it is.
type rawManifest []byte

func (m rawManifest) RawManifest() ([]byte, error)        { return m, nil }
func (m rawManifest) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// attach puts a bundle beside the image in the form of cosign 3 (cosign, specs/BUNDLE_SPEC.md).
func (w *world) attach(t *testing.T, bundle []byte, predicateType string) {
	t.Helper()
	const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	empty := []byte("{}")
	for _, blob := range [][]byte{empty, bundle} {
		if err := remote.WriteLayer(w.repository, static.NewLayer(blob, bundleType)); err != nil {
			t.Fatal(err)
		}
	}
	subject := sigstoretest.Must[*v1.Descriptor](t)(remote.Head(w.repository.Digest(w.digest.String())))
	m := sigstoretest.Must[[]byte](t)(json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "artifactType": bundleType,
		"config":  map[string]any{"mediaType": "application/vnd.oci.empty.v1+json", "size": len(empty), "digest": image.DigestOf(empty).String()},
		"layers":  []any{map[string]any{"mediaType": bundleType, "size": len(bundle), "digest": image.DigestOf(bundle).String()}},
		"subject": map[string]any{"mediaType": subject.MediaType, "size": subject.Size, "digest": subject.Digest.String()},
		"annotations": map[string]string{"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": predicateType,
			"org.opencontainers.image.created": w.Now.Format(time.RFC3339)},
	}))
	if err := remote.Put(w.repository.Digest(image.DigestOf(m).String()), rawManifest(m)); err != nil {
		t.Fatal(err)
	}
}

func (w *world) statement(predicateType string) []byte {
	return fmt.Appendf(nil, `{"_type":%q,"subject":[{"digest":{"sha256":%q}}],"predicateType":%q,"predicate":{}}`, evidence.StatementType, w.digest.Hex(), predicateType)
}

// keyed is a bundle that is signed with a key, in the form that package evidence writes.
func keyed(t *testing.T, payload []byte, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	sum := sha256.Sum256((&sign.DSSEData{Data: payload, PayloadType: evidence.PayloadType}).PreAuthEncoding())
	return sigstoretest.Encode(t, &protobundle.Bundle{
		MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
		VerificationMaterial: &protobundle.VerificationMaterial{Content: &protobundle.VerificationMaterial_PublicKey{
			PublicKey: &protocommon.PublicKeyIdentifier{Hint: base64.StdEncoding.EncodeToString(sigstoretest.KeyID(t, key))}}},
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{Payload: payload, PayloadType: evidence.PayloadType,
			Signatures: []*protodsse.Signature{{Sig: sigstoretest.Must[[]byte](t)(ecdsa.SignASN1(rand.Reader, key, sum[:]))}}}},
	})
}

func publicKey(t *testing.T, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: sigstoretest.Must[[]byte](t)(x509.MarshalPKIXPublicKey(key.Public()))})
}

// cosign verifies what we sign, and refuses it of others.
func TestCosignVerifiesOurs(t *testing.T) {
	w := newWorld(t)
	key := sigstoretest.NewKey(t)
	w.write(t, "key.pub", publicKey(t, key))
	w.write(t, "other.pub", publicKey(t, sigstoretest.NewKey(t)))
	at := w.Serve(t, nil)
	without := func(payload []byte, services keyless.Services) []byte {
		services.Fulcio = at + sigstoretest.Fulcio
		signer := sigstoretest.Must[evidence.Signer](t)(keyless.NewSigner(keyless.Options{
			Token:    func(context.Context) (string, error) { return sigstoretest.Token(), nil },
			Services: services, TrustedRoot: w.TrustedRoot(t),
		}))
		return sigstoretest.Must[[]byte](t)(signer.Sign(t.Context(), evidence.PayloadType, payload))
	}
	byKey := []string{"--insecure-ignore-tlog", "--key"}
	byName := []string{"--trusted-root", "root.json", "--certificate-oidc-issuer", sigstoretest.Issuer, "--certificate-identity"}
	for _, c := range []struct {
		name          string
		predicateType string
		how           []string
		good, bad     string
		sign          func(payload []byte) []byte
	}{
		{"statement with a key", predicate, byKey, "key.pub", "other.pub", func(payload []byte) []byte { return keyed(t, payload, key) }},
		{"image signature with a key", sigstore.CosignSignPredicate, byKey, "key.pub", "other.pub", func(payload []byte) []byte { return keyed(t, payload, key) }},
		{"statement without a key, with the first log", predicate + "/first", byName, sigstoretest.Subject, "other@example.com", func(payload []byte) []byte {
			return without(payload, keyless.Services{Logs: []keyless.Log{{Address: at + sigstoretest.Log1, Version: 1}}})
		}},
		{"statement without a key, with the second log", predicate + "/second", byName, sigstoretest.Subject, "other@example.com", func(payload []byte) []byte {
			return without(payload, keyless.Services{TimestampAuthorities: []string{at + sigstoretest.Timestamp}, Logs: []keyless.Log{{Address: at + sigstoretest.Log2, Version: 2}}})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.attach(t, c.sign(w.statement(c.predicateType)), c.predicateType)
			arguments := []string{"verify-attestation", "--type", c.predicateType}
			if c.predicateType == sigstore.CosignSignPredicate {
				arguments = []string{"verify"}
			}
			arguments = append(append(arguments, "--allow-http-registry"), c.how...)
			w.mustCosign(t, append(append([]string{}, arguments...), c.good, w.image())...)
			if out, err := w.cosign(t, append(append([]string{}, arguments...), c.bad, w.image())...); err == nil {
				t.Errorf("cosign verified it with %s: %s", c.bad, out)
			}
		})
	}
}

// What cosign signs with a key lies in the older layouts as they are read here, and in bundles.
func TestCosignSignsWithKey(t *testing.T) {
	w := newWorld(t)
	w.mustCosign(t, "generate-key-pair")
	block, _ := pem.Decode(sigstoretest.Must[[]byte](t)(os.ReadFile(filepath.Join(w.folder, "cosign.pub"))))
	public := sigstoretest.Must[any](t)(x509.ParsePKIXPublicKey(block.Bytes)).(*ecdsa.PublicKey)
	offline := []string{"--key", "cosign.key", "--tlog-upload=false", "--use-signing-config=false", "--yes", "--allow-http-registry"}
	old, bundles := append(offline, "--new-bundle-format=false"), append(offline[:len(offline):len(offline)], "--new-bundle-format=true")
	attest := []string{"attest", "--predicate", "predicate.json", "--type", predicate}
	for _, arguments := range [][]string{append([]string{"sign"}, old...), append(attest[:len(attest):len(attest)], old...), append([]string{"sign"}, bundles...)} {
		w.mustCosign(t, append(arguments, w.image())...)
	}
	tag := func(suffix string) name.Reference { return w.repository.Tag("sha256-" + w.digest.Hex() + suffix) }
	contents, annotations := w.layers(t, tag(".sig"))
	signature := sigstoretest.Must[sigstore.Found](t)(sigstore.ReadSignature(contents[0], annotations[0], w.digest))
	if _, err := sigstore.ReadSignature(contents[0], annotations[0], image.DigestOf(nil)); !errors.Is(err, sigstore.ErrFormat) {
		t.Errorf("of another image: %v", err)
	}
	contents, annotations = w.layers(t, tag(".att"))
	attestation := sigstoretest.Must[sigstore.Found](t)(sigstore.ReadAttestation(contents[0], annotations[0]))
	for _, f := range []sigstore.Found{signature, attestation} {
		sum := sha256.Sum256(f.Message)
		if f.Bundle != nil || !ecdsa.VerifyASN1(public, sum[:], f.Signature) {
			t.Errorf("%s: not signed with cosign's key", f.Layout)
		}
		if !strings.Contains(string(f.Statement), w.digest.Hex()) {
			t.Errorf("%s: the statement is %s", f.Layout, f.Statement)
		}
	}
	found := w.bundles(t)
	if len(found) != 1 {
		t.Fatalf("there are %d bundles", len(found))
	}
	if _, _, _, _, err := w.verifier(t, 0, 1).VerifyBundle(t.Context(), found[0], w.Now); !errors.Is(err, sigstore.ErrFormat) {
		t.Errorf("a bundle with a key, which is not for this package: %v", err)
	}
}

// We verify what cosign signs without a key, in bundles and in the older layouts.
func TestCosignSignsWithoutKey(t *testing.T) {
	w := newWorld(t)
	at := w.Serve(t, nil)
	service := func(path, version string) string {
		return "url=" + at + path + ",api-version=" + version + ",start-time=2024-01-01T00:00:00Z,operator=example"
	}
	w.mustCosign(t, "signing-config", "create", "--out", "services.json", "--fulcio", service("/fulcio", "1"),
		"--tsa", service("/tsa", "1"), "--tsa-config", "EXACT:1", "--rekor", service("/log2", "2"), "--rekor-config", "ANY")
	keyless := []string{"--signing-config", "services.json", "--trusted-root", "root.json", "--identity-token", sigstoretest.Token(), "--yes", "--allow-http-registry"}
	w.mustCosign(t, append(append([]string{"sign"}, keyless...), w.image())...)
	w.mustCosign(t, append(append([]string{"attest", "--predicate", "predicate.json", "--type", predicate}, keyless...), w.image())...)
	v := w.verifier(t, 1, 1)
	found := w.bundles(t)
	if len(found) != 2 {
		t.Fatalf("there are %d bundles", len(found))
	}
	for _, b := range found {
		payloadType, payload, signer, _, err := v.VerifyBundle(t.Context(), b, w.Now)
		if err != nil || payloadType != evidence.PayloadType || signer.Name != "releases" || !strings.Contains(string(payload), w.digest.Hex()) {
			t.Errorf("verified %s of %v: %v", payload, signer, err)
		}
	}
}

// The older layouts as cosign writes them without a key, with the first version of the log.
func TestCosignSignsWithoutKeyInOldLayouts(t *testing.T) {
	w := newWorld(t)
	at := w.Serve(t, nil)
	old := []string{"--use-signing-config=false", "--new-bundle-format=false", "--fulcio-url", at + "/fulcio", "--rekor-url", at + "/log1",
		"--trusted-root", "root.json", "--identity-token", sigstoretest.Token(), "--yes", "--allow-http-registry", w.image()}
	w.mustCosign(t, append([]string{"sign"}, old...)...)
	w.mustCosign(t, append([]string{"attest", "--predicate", "predicate.json", "--type", predicate}, old...)...)
	contents, annotations := w.layers(t, w.repository.Tag("sha256-"+w.digest.Hex()+".sig"))
	signature := sigstoretest.Must[sigstore.Found](t)(sigstore.ReadSignature(contents[0], annotations[0], w.digest))
	contents, annotations = w.layers(t, w.repository.Tag("sha256-"+w.digest.Hex()+".att"))
	attestation := sigstoretest.Must[sigstore.Found](t)(sigstore.ReadAttestation(contents[0], annotations[0]))
	v := w.verifier(t, 1, 0)
	for _, f := range []sigstore.Found{signature, attestation} {
		signer, signedAt, err := v.VerifyFound(t.Context(), f, w.Now)
		if err != nil || signer.Name != "releases" || !signedAt.Equal(w.Now) || !strings.Contains(string(f.Statement), w.digest.Hex()) {
			t.Errorf("%s: %s signed by %v at %s: %v", f.Layout, f.Statement, signer, signedAt, err)
		}
	}
}
