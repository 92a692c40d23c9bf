package main

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/ship"
)

type object map[string]any

// store writes a document of one layer, and returns its digest.
func (y *yard) store(t *testing.T, reference, layerType string, layer []byte, annotations map[string]string) image.Descriptor {
	t.Helper()
	r := y.repository(t, "single")
	empty, err := r.WriteBlob(t.Context(), []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	digest, err := r.WriteBlob(t.Context(), layer)
	if err != nil {
		t.Fatal(err)
	}
	return y.document(t, reference, image.MediaTypeManifest, object{
		"schemaVersion": 2, "mediaType": image.MediaTypeManifest,
		"config": object{"mediaType": "application/vnd.oci.image.config.v1+json", "digest": empty, "size": 2},
		"layers": []any{object{"mediaType": layerType, "digest": digest, "size": len(layer), "annotations": annotations}},
	})
}

// document writes a document under a tag, or by its digest if there is none.
func (y *yard) document(t *testing.T, reference, mediaType string, value any) image.Descriptor {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	d := image.Descriptor{MediaType: mediaType, Digest: image.DigestOf(content), Size: int64(len(content))}
	if reference == "" {
		reference = d.Digest.String()
	}
	if _, err := y.repository(t, "single").WriteDocument(t.Context(), reference, mediaType, content, registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestCosignsOlderLayouts: a signature and an attestation with a key, as cosign wrote them before
// its third version; and the same for another image, by another key, altered.
func TestCosignsOlderLayouts(t *testing.T) {
	y := newYard(t, true)
	y.report(t)
	digest := decodeReport(t, outcome{stdout: string(y.read(t, "report.json"))}).Target.Digest
	y.does(t, "attest", y.file("report.json"), "--key", y.file("ci.key"), "--output", y.file("verdict.json"))
	var bundle struct {
		Envelope json.RawMessage `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal(y.read(t, "verdict.json"), &bundle); err != nil {
		t.Fatal(err)
	}
	verify := []string{"verify", y.name("single:v1"), "--trust", y.file("ci.yaml"), "--format", "json", "--predicate"}
	tag := "sha256-" + digest.Hex()
	y.store(t, tag+".att", "application/vnd.dsse.envelope.v1+json", bundle.Envelope, map[string]string{"predicateType": evidence.VerdictType, "dev.cosignproject.cosign/signature": ""})
	o := y.run(t, append(verify, "verdict", "--stage", "ship")...)
	if v := decodeVerification(t, o); o.status != exitDone || v.Evidence[0].Layout != evidence.CosignAttestation || v.Evidence[0].State != stateVerified {
		t.Errorf("the attestation: status %d\n%s", o.status, o.stdout)
	}
	y.store(t, tag+".att", "application/vnd.dsse.envelope.v1+json", bundle.Envelope, map[string]string{"predicateType": "https://example.com/another"})
	wants(t, y.run(t, append(verify, "verdict")...), exitDenied, "the signed statement says")

	signed := func(subject image.Digest) []byte {
		return []byte(`{"critical":{"identity":{"docker-reference":""},"image":{"docker-manifest-digest":"` + subject.String() + `"},"type":"cosign container image signature"},"optional":null}`)
	}
	sign := func(key string, payload []byte) map[string]string {
		signer, err := evidence.OpenSigner(t.Context(), y.file(key), evidence.Secrets{})
		if err != nil {
			t.Fatal(err)
		}
		signature, err := signer.SignMessage(t.Context(), payload)
		if err != nil {
			t.Fatal(err)
		}
		return map[string]string{"dev.cosignproject.cosign/signature": base64.StdEncoding.EncodeToString(signature)}
	}
	right, wrong := signed(digest), signed(image.DigestOf(nil))
	for name, c := range map[string]struct {
		payload     []byte
		annotations map[string]string
		status      int
		text        string
	}{
		"a signature":            {right, sign("ci.key", right), exitDone, `"keyID"`},
		"of a stranger":          {right, sign("stranger.key", right), exitDenied, "nobody whom the trust names signed it"},
		"of another image":       {wrong, sign("ci.key", wrong), exitDenied, "for-another-digest"},
		"made for another image": {right, sign("ci.key", wrong), exitDenied, "nobody whom the trust names signed it"},
	} {
		t.Run(name, func(t *testing.T) {
			y.store(t, tag+".sig", ship.SimpleSigningType, c.payload, c.annotations)
			wants(t, y.run(t, append(verify, "signature")...), c.status, c.text)
		})
	}
}

// TestBuildKitsProvenanceIsUnsigned: it is shown, and proves nothing.
func TestBuildKitsProvenanceIsUnsigned(t *testing.T) {
	y := newYard(t, true)
	y.report(t)
	digest := decodeReport(t, outcome{stdout: string(y.read(t, "report.json"))}).Target.Digest
	found, err := y.repository(t, "single").Document(t.Context(), digest.String(), image.MaxDocument)
	if err != nil {
		t.Fatal(err)
	}
	statement, err := evidence.NewStatement(evidence.ProvenanceType, object{"runDetails": object{"builder": object{"id": "https://example.com/b"}}}, evidence.SubjectOf("", digest))
	if err != nil {
		t.Fatal(err)
	}
	content, err := evidence.Encode(statement)
	if err != nil {
		t.Fatal(err)
	}
	child := y.store(t, "", evidence.PayloadType, content, map[string]string{"in-toto.io/predicate-type": evidence.ProvenanceType})
	y.document(t, "built", image.MediaTypeIndex, object{"schemaVersion": 2, "mediaType": image.MediaTypeIndex, "manifests": []any{
		object{"mediaType": image.MediaTypeManifest, "digest": digest, "size": found.Size, "platform": object{"os": "linux", "architecture": image.DefaultPlatform().Architecture}},
		object{"mediaType": child.MediaType, "digest": child.Digest, "size": child.Size, "platform": object{"os": "unknown", "architecture": "unknown"},
			"annotations": object{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest}},
	}})
	o := y.run(t, "verify", y.name("single:built"), "--trust", y.file("ci.yaml"), "--predicate", "provenance", "--format", "json")
	if v := decodeVerification(t, o); o.status != exitDenied || len(v.Evidence) != 1 || v.Evidence[0].State != stateUnsigned || v.Verified || !strings.Contains(v.Wanted[0].Why, "nobody has signed it") {
		t.Errorf("status %d\n%s", o.status, o.stdout)
	}
	// An attestation is no image: the index has one, and the report is about it.
	o = y.does(t, "attest", y.file("report.json"), "--key", y.file("ci.key"), "--to", y.name("single:built"))
	if strings.Count(o.stdout, "attached ") != 2 {
		t.Errorf("%s%s", o.stdout, o.stderr)
	}
	wants(t, y.run(t, "verify", y.name("single:built"), "--trust", y.file("ci.yaml"), "--stage", "ship"), exitDone, "VERIFIED")
}

// TestNotationsSignaturesAreNotRead: one is shown, with the reason, and nothing is verified by it;
// what else is there counts as it did.
func TestNotationsSignaturesAreNotRead(t *testing.T) {
	y := newYard(t, true)
	y.report(t)
	digest := decodeReport(t, outcome{stdout: string(y.read(t, "report.json"))}).Target.Digest
	y.does(t, "attest", y.file("report.json"), "--key", y.file("ci.key"), "--to", y.name("single:v1"))
	r := y.repository(t, "single")
	empty, err := r.WriteBlob(t.Context(), []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := r.Document(t.Context(), digest.String(), image.MaxDocument)
	if err != nil {
		t.Fatal(err)
	}
	signature := y.document(t, "", image.MediaTypeManifest, object{
		"schemaVersion": 2, "mediaType": image.MediaTypeManifest,
		"config":  object{"mediaType": ship.NotationType, "digest": empty, "size": 2},
		"layers":  []any{object{"mediaType": "application/jose+json", "digest": empty, "size": 2}},
		"subject": object{"mediaType": image.MediaTypeManifest, "digest": digest, "size": subject.Size},
	})
	verify := func(predicate string) (outcome, verification) {
		o := y.run(t, "verify", y.name("single:v1"), "--trust", y.file("ci.yaml"), "--predicate", predicate, "--format", "json")
		return o, decodeVerification(t, o)
	}
	shown := func(v verification) bool {
		return slices.ContainsFunc(v.Evidence, func(p piece) bool {
			return p.Layout == evidence.NotationReferrer && p.Digest == signature.Digest && p.State == stateUnread && strings.Contains(p.Why, "not read here")
		})
	}
	if o, v := verify("verdict"); o.status != exitDone || !v.Verified || !v.Complete || !shown(v) {
		t.Errorf("a verdict beside it: status %d\n%s", o.status, o.stdout)
	}
	if o, v := verify("signature"); o.status != exitDenied || v.Verified || !shown(v) || !strings.Contains(v.Wanted[0].Why, "Notary Project") {
		t.Errorf("a signature: status %d\n%s", o.status, o.stdout)
	}
	o := y.run(t, "verify", y.name("single:v1"), "--trust", y.file("ci.yaml"), "--predicate", "verdict")
	wants(t, o, exitDone, "not-read "+ship.NotationType+" (notation-referrer, "+signature.Digest.String()[:19]+")")
}

// TestCosignAgrees: cosign verifies what attest attaches, and verify what cosign signs with a key,
// in both of its layouts.
func TestCosignAgrees(t *testing.T) {
	cosign := testparts.Cosign(t)
	y := newYard(t, true)
	private, public, err := evidence.GenerateKey(evidence.ECDSA, []byte("correct"))
	if err != nil {
		t.Fatal(err)
	}
	y.write(t, "cosign.key", string(private))
	y.write(t, "ci.pub", string(public))
	run := func(args ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), cosign, args...)
		command.Dir = y.dir
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + y.home, "COSIGN_PASSWORD=correct", "HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1", "NO_PROXY=127.0.0.1"}
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("cosign %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	y.report(t)
	digest := decodeReport(t, outcome{stdout: string(y.read(t, "report.json"))}).Target.Digest
	name := y.name("single@" + digest.String())
	p := program{stdout: os.Stderr, stderr: os.Stderr, environ: []string{"HOME=" + y.home, "COSIGN_PASSWORD=correct"}}
	if status := p.execute(t.Context(), []string{"attest", y.file("report.json"), "--key", y.file("cosign.key"), "--to", name}); status != exitDone {
		t.Fatalf("attest: status %d", status)
	}
	run("verify-attestation", "--key", "ci.pub", "--insecure-ignore-tlog=true", "--type", evidence.VerdictType, name)
	y.write(t, "signed.yaml", policyOf("rules: [{id: signed, deny: {notSignedBy: [ci]}}]\n"))
	check := []string{"check", name, "--policy", y.file("signed.yaml"), "--trust", y.file("ci.yaml"), "--stage", "ship"}
	wants(t, y.run(t, check...), exitDenied, "it is not signed by ci")
	run("sign", "--key", "cosign.key", "--tlog-upload=false", "--use-signing-config=false", "--new-bundle-format=false", "--yes", name)
	wants(t, y.run(t, check...), exitDone, "signature, signed by ci")
	verify := []string{"verify", name, "--trust", y.file("ci.yaml"), "--predicate", "signature", "--format", "json"}
	o := y.run(t, verify...)
	if v := decodeVerification(t, o); o.status != exitDone || !strings.Contains(o.stdout, string(evidence.CosignSignature)) || !v.Verified {
		t.Errorf("the older layout: status %d\n%s", o.status, o.stdout)
	}
	run("sign", "--key", "cosign.key", "--tlog-upload=false", "--use-signing-config=false", "--new-bundle-format=true", "--yes", name)
	wants(t, y.run(t, check...), exitDone, "signature, signed by ci")
	o = y.run(t, append(verify, "--predicate", "verdict")...)
	if v := decodeVerification(t, o); o.status != exitDone || len(v.Evidence) != 3 || !v.Verified {
		t.Errorf("the newer layout: status %d\n%s", o.status, o.stdout)
	}
}
