package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"plimsoll.dev/plimsoll/docs/schema"
	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/internal/assemble"
	"plimsoll.dev/plimsoll/ship"
)

// yard is a registry in memory with an image for two platforms under app:v1 and one image under
// single:v1, and keys with a trust document that believes the first of them.
type yard struct {
	host, home, dir string
	// fails makes the registry fail requests whose path holds this; empty for none.
	fails string
	// intercept, if set, answers a request in the registry's place if it returns true.
	intercept func(w http.ResponseWriter, r *http.Request) bool
}

const signedPolicy = "apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: users}\nactions: {build: warn, ship: deny, admit: deny, run: warn}\nrules: [{id: not-root, deny: {config: [user-root]}}]\n"

func newYard(t *testing.T, referrers bool) *yard {
	t.Helper()
	y := &yard{home: t.TempDir(), dir: t.TempDir()}
	inner := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)), ggcr.WithReferrersSupport(referrers))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if y.fails != "" && strings.Contains(r.URL.Path, y.fails) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if y.intercept != nil && y.intercept(w, r) {
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	y.host = strings.TrimPrefix(server.URL, "http://")
	y.push(t, "app", severalPlatforms(t))
	y.push(t, "single", y.single(t, "65532"))
	y.write(t, "policy.yaml", signedPolicy)
	for _, name := range []string{"ci", "stranger"} {
		private, public, err := evidence.GenerateKey(evidence.ECDSA, nil)
		if err != nil {
			t.Fatal(err)
		}
		y.write(t, name+".key", string(private))
		y.write(t, name+".pub", string(public))
		y.write(t, name+".yaml", "apiVersion: plimsoll.dev/v1\nkind: Trust\nmetadata: {name: "+name+"}\nkeys: [{name: "+name+", publicKey: "+name+".pub}]\n"+
			"roles: {verdicts: ["+name+"], scans: ["+name+"], vex: ["+name+"], provenance: ["+name+"]}\n")
	}
	return y
}

// single writes a layout of one image.
func (y *yard) single(t *testing.T, user string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	img := assemble.Image{Platform: image.DefaultPlatform(), Config: image.Config{User: user}, Layers: []assemble.Blob{layer(t, assemble.Gzip, ordinaryFiles()...)}}
	if err := assemble.WriteLayout(dir, "v1", img); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (y *yard) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(y.file(name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (y *yard) file(name string) string { return filepath.Join(y.dir, name) }

func (y *yard) read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(y.file(name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// repository opens one for writing.
func (y *yard) repository(t *testing.T, name string) *registry.Repository {
	t.Helper()
	r, err := registry.OpenRepository(t.Context(), y.host+"/"+name, registry.Write, registry.Options{Keychain: authn.NewMultiKeychain()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// push stores a layout's image under v1, and returns the digest.
func (y *yard) push(t *testing.T, name, layout string) image.Digest {
	t.Helper()
	r := y.repository(t, name)
	entries, err := os.ReadDir(filepath.Join(layout, "blobs/sha256"))
	if err != nil {
		t.Fatal(err)
	}
	manifests := map[string][]byte{}
	for _, entry := range entries {
		content := y.content(t, layout, entry.Name())
		if bytes.Contains(content, []byte(image.MediaTypeManifest)) {
			manifests[entry.Name()] = content
		}
		if _, err := r.WriteBlob(t.Context(), content); err != nil {
			t.Fatal(err)
		}
	}
	var top image.Index
	content, err := os.ReadFile(filepath.Join(layout, "index.json"))
	if err == nil {
		top, err = image.ParseIndex(content)
	}
	if err != nil || len(top.Manifests) != 1 {
		t.Fatalf("%v, %d entries", err, len(top.Manifests))
	}
	put := func(reference, mediaType string, content []byte) {
		if _, err := r.WriteDocument(t.Context(), reference, mediaType, content, registry.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	root := top.Manifests[0]
	for hex, content := range manifests {
		if hex != root.Digest.Hex() {
			put("sha256:"+hex, image.MediaTypeManifest, content)
		}
	}
	put("v1", root.MediaType, manifests[root.Digest.Hex()])
	return root.Digest
}

func (y *yard) content(t *testing.T, layout, hex string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(layout, "blobs/sha256", hex))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// name is that of an image in the registry.
func (y *yard) name(rest string) string { return y.host + "/" + rest }

func (y *yard) run(t *testing.T, args ...string) outcome {
	t.Helper()
	return plimsollAt(t, y.home, args...)
}

// does runs what must work.
func (y *yard) does(t *testing.T, args ...string) outcome {
	t.Helper()
	o := y.run(t, args...)
	if o.status != exitDone {
		t.Fatalf("%q: status %d\n%s%s", args, o.status, o.stdout, o.stderr)
	}
	return o
}

// attestAll attests all platforms of app:v1.
func (y *yard) attestAll(t *testing.T, more ...string) {
	t.Helper()
	y.does(t, append([]string{"attest", y.name("app:v1"), "--policy", y.file("policy.yaml"), "--all-platforms", "--key", y.file("ci.key"), "--to", y.name("app:v1"), "--quiet"}, more...)...)
}

// report checks single:v1 and stores the report.
func (y *yard) report(t *testing.T, more ...string) string {
	t.Helper()
	path := y.file("report.json")
	y.does(t, append([]string{"check", y.name("single:v1"), "--policy", y.file("policy.yaml"), "--format", "json", "--output", path, "--quiet"}, more...)...)
	return path
}

// valid holds a document against its published schema.
func valid(t *testing.T, text, document string) {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
	if err == nil {
		err = compiled.Validate(instance)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, document)
	}
}

func decodeVerification(t *testing.T, o outcome) verification {
	t.Helper()
	valid(t, schema.Verification, o.stdout)
	var v verification
	if err := json.Unmarshal([]byte(o.stdout), &v); err != nil {
		t.Fatalf("%v: status %d\n%s%s", err, o.status, o.stdout, o.stderr)
	}
	return v
}

// wants holds the result of verify against a status and a text.
func wants(t *testing.T, o outcome, status int, text string) {
	t.Helper()
	if o.status != status || !strings.Contains(o.stdout+o.stderr, text) {
		t.Errorf("status %d, want %d and %q\n%s%s", o.status, status, text, o.stdout, o.stderr)
	}
}

// TestAttestAndVerify: what is signed of an index and all its images is verified on each of them,
// at registries that list referrers and at those that do not.
func TestAttestAndVerify(t *testing.T) {
	for name, referrers := range map[string]bool{"a registry with referrers": true, "a registry without": false} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t, referrers)
			y.attestAll(t, "--predicate", "verdict,sbom-cyclonedx,sbom-spdx,manifest")
			all := []string{"--trust", y.file("ci.yaml"), "--predicate", "verdict,sbom-cyclonedx,sbom-spdx,manifest"}
			o := y.run(t, append([]string{"verify", y.name("app:v1"), "--format", "json"}, all...)...)
			v := decodeVerification(t, o)
			// arm64 runs as root, and the strictest counts.
			if o.status != exitDone || !v.Verified || !v.Complete || len(v.Evidence) != 8 || v.Verdict.Outcome["ship"] != "deny" || v.Verdict.Outcome["build"] != "warn" || len(v.Verdict.Images) != 2 {
				t.Errorf("the index: status %d\n%s%s", o.status, o.stdout, o.stderr)
			}
			for _, piece := range v.Evidence {
				if piece.State != stateVerified || len(piece.Signers) != 1 || piece.Signers[0].Name != "ci" || piece.Layout != evidence.BundleReferrer {
					t.Errorf("%+v", piece)
				}
			}
			wants(t, y.run(t, append([]string{"verify", y.name("app:v1"), "--max-age", "24h"}, all...)...), exitDenied, "does not say when it was made")
			wants(t, y.run(t, append([]string{"verify", y.name("app:v1"), "--stage", "ship"}, all...)...), exitDenied, "DENIED at ship")
			wants(t, y.run(t, append([]string{"verify", y.name("app:v1"), "--stage", "ship", "--platform", "linux/amd64"}, all...)...), exitDone, "VERIFIED")
			wants(t, y.run(t, append([]string{"verify", y.name("app:v1"), "--stage", "ship", "--platform", "linux/arm64"}, all...)...), exitDenied, "DENIED")
		})
	}
}

// TestOnePlatformIsNotTheIndex: a verdict on one image says nothing of the index that lists others.
func TestOnePlatformIsNotTheIndex(t *testing.T) {
	y := newYard(t, true)
	o := y.does(t, "attest", y.name("app:v1"), "--platform", "linux/amd64", "--policy", y.file("policy.yaml"), "--key", y.file("ci.key"), "--to", y.name("app:v1"))
	if !strings.Contains(o.stderr, "nothing is attached to the index") || strings.Count(o.stdout, "attached ") != 1 {
		t.Errorf("%s%s", o.stdout, o.stderr)
	}
	wants(t, y.run(t, "verify", y.name("app:v1"), "--trust", y.file("ci.yaml")), exitDenied, "there is none for")
	wants(t, y.run(t, "verify", y.name("app:v1"), "--trust", y.file("ci.yaml"), "--platform", "linux/amd64", "--stage", "ship"), exitDone, "VERIFIED")
}

// TestNotVerified: each way in which evidence is none, through the commands.
func TestNotVerified(t *testing.T) {
	y := newYard(t, true)
	other := y.push(t, "single2", y.single(t, "root"))
	report := y.report(t)
	digest := decodeReport(t, outcome{stdout: string(y.read(t, "report.json"))}).Target.Digest
	attest := []string{"attest", report, "--key", y.file("ci.key")}
	verify := []string{"verify", y.name("single:v1"), "--trust", y.file("ci.yaml")}

	wants(t, y.run(t, verify...), exitDenied, "there is none for")
	wants(t, y.run(t, append(attest, "--to", y.name("single2:v1"))...), exitFailed, "has another verdict")
	y.push(t, "single", y.single(t, "root"))
	o := y.run(t, append(attest, "--to", y.name("single:v1"))...)
	wants(t, o, exitFailed, digest.String())
	wants(t, o, exitFailed, other.String()) // both digests are named
	y.does(t, append(attest, "--to", y.name("single@"+digest.String()))...)
	wants(t, y.run(t, verify...), exitDenied, "there is none for") // the tag has moved
	verify[1] = y.name("single@" + digest.String())
	wants(t, y.run(t, append(verify, "--stage", "ship")...), exitDone, "VERIFIED")
	wants(t, y.run(t, "verify", verify[1], "--trust", y.file("stranger.yaml")), exitDenied, "nobody whom the trust names signed it")
	wants(t, y.run(t, append(verify, "--predicate", "verdict,vulns")...), exitDenied, "vulns: not verified")
	wants(t, y.run(t, append(verify, "--signer", "somebody")...), exitDenied, "may not sign")
	later := time.Now().Add(2 * time.Hour).UTC().Format(time.RFC3339)
	wants(t, y.run(t, append(verify, "--now", later)...), exitDone, "a replay, which no gate accepts")
	wants(t, y.run(t, append(verify, "--now", later, "--max-age", "1h")...), exitDenied, "it is too old")
	wants(t, y.run(t, append(verify, "--now", "2020-01-01T00:00:00Z")...), exitDenied, "from the future")

	y.fails = "/referrers/"
	wants(t, y.run(t, verify...), exitFailed, "reading evidence")
	y.fails = ""
	incomplete(t, y, digest)
	o = y.run(t, append(verify, "--format", "json")...)
	if v := decodeVerification(t, o); o.status != exitDenied || v.Complete || v.Verified || len(v.Problems) != 1 || !v.Wanted[0].Verified {
		t.Errorf("incomplete: status %d\n%s", o.status, o.stdout)
	}
	wants(t, y.run(t, verify...), exitDenied, "could not be read to its end")
}

// incomplete adds a referrer of an image of single whose bundle the registry does not have.
func incomplete(t *testing.T, y *yard, subject image.Digest) {
	t.Helper()
	y.lost(t, "single", subject)
}

// lost adds a referrer whose bundle the registry does not have.
func (y *yard) lost(t *testing.T, name string, subject image.Digest) {
	t.Helper()
	gone := image.DigestOf([]byte("gone"))
	r := y.repository(t, name)
	found, err := r.Document(t.Context(), subject.String(), image.MaxDocument)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": image.MediaTypeManifest, "artifactType": ship.BundleType,
		"config":  map[string]any{"mediaType": "application/vnd.oci.empty.v1+json", "digest": image.DigestOf([]byte("{}")), "size": 2},
		"layers":  []any{map[string]any{"mediaType": ship.BundleType, "digest": gone, "size": 4}},
		"subject": map[string]any{"mediaType": image.MediaTypeManifest, "digest": subject, "size": found.Size},
	})
	if err == nil {
		_, err = r.WriteDocument(t.Context(), image.DigestOf(manifest).String(), image.MediaTypeManifest, manifest, registry.Condition{})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestNeverSigned: replays and what was changed are not.
func TestNeverSigned(t *testing.T) {
	y := newYard(t, true)
	attest := func(more ...string) outcome {
		return y.run(t, append([]string{"attest", y.file("report.json"), "--key", y.file("ci.key")}, more...)...)
	}
	y.report(t, "--now", "2026-11-22T10:00:00Z")
	refused(t, attest(), "is a replay, .* no replay is signed")
	path := y.report(t)
	refused(t, attest("--now", "2026-11-22T10:00:00Z"), "no replay is signed")
	content := y.read(t, "report.json")
	y.write(t, "report.json", strings.Replace(string(content), "1.2.5-r0", "1.2.6-r0", 1))
	refused(t, attest(), "was changed after it was made: its facts differ")
	y.write(t, "report.json", string(content))
	wants(t, attest("--key", ""), exitUsage, "--key")
	wants(t, attest("--predicate", "provenance"), exitUsage, "want verdict")
	wants(t, attest("--predicate", "openvex"), exitUsage, "--vex")
	wants(t, attest("--predicate", "manifest"), exitUsage, "--manifest")
	refused(t, attest("--key", "env:NOTHING"), "NOTHING is not set")
	y.does(t, "scan", y.name("single:v1"), "--format", "json", "--output", path)
	refused(t, attest(), "holds no verdict")
	y.does(t, "sbom", y.name("single:v1"), "--output", path)
	refused(t, attest(), "is a bill of materials")
	archive := y.file("app.tar")
	file, err := os.Create(archive)
	if err == nil {
		err = assemble.WriteDockerArchive(file, "example/app:v1", assemble.Image{Platform: image.DefaultPlatform(), Layers: []assemble.Blob{layer(t, assemble.Gzip, ordinaryFiles()...)}})
	}
	if err != nil {
		t.Fatal(err)
	}
	refused(t, y.run(t, "attest", archive, "--key", y.file("ci.key"), "--quiet"), "has no manifest digest")
}

// TestSecretsStaySecret: a passphrase is taken from the environment, and is in no error.
func TestSecretsStaySecret(t *testing.T) {
	y := newYard(t, true)
	private, _, err := evidence.GenerateKey(evidence.Ed25519, []byte("open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	path := y.report(t)
	for passphrase, want := range map[string]int{"open sesame": exitDone, "shut sesame": exitFailed} {
		var stdout, stderr bytes.Buffer
		p := program{stdout: &stdout, stderr: &stderr, environ: []string{"HOME=" + y.home, "KEY=" + string(private), "PLIMSOLL_KEY_PASSWORD=" + passphrase}}
		status := p.execute(t.Context(), []string{"attest", path, "--key", "env:KEY"})
		if status != want || strings.Contains(stderr.String(), "sesame") || strings.Contains(stderr.String(), "BEGIN") {
			t.Errorf("status %d, want %d: %s", status, want, stderr.String())
		}
	}
}

// TestBundlesInFiles: signed bundles are verified offline, and a payload that was replaced is not.
func TestBundlesInFiles(t *testing.T) {
	y := newYard(t, true)
	y.report(t)
	bundles := y.file("app.sigstore.jsonl")
	y.does(t, "attest", y.name("single:v1"), "--policy", y.file("policy.yaml"), "--key", y.file("ci.key"), "--predicate", "verdict,vulns,sbom-cyclonedx", "--output", bundles)
	digest := decodeReport(t, outcome{stdout: string(y.read(t, "report.json"))}).Target.Digest
	verify := func(name string, more ...string) outcome {
		return y.run(t, append([]string{"verify", y.name(name), "--trust", y.file("ci.yaml"), "--offline", "--bundle", bundles}, more...)...)
	}
	good := "single@" + digest.String()
	wants(t, verify(good, "--predicate", "verdict,vulns,sbom-cyclonedx", "--stage", "ship"), exitDone, "VERIFIED")
	wants(t, verify(good, "--predicate", "sbom-spdx"), exitDenied, "not verified")
	wants(t, verify("other@"+digest.String()), exitDenied, "may have another verdict")
	wants(t, verify("single@"+image.DigestOf(nil).String()), exitDenied, "is not among its subjects")
	wants(t, verify("single:v1"), exitUsage, "by its digest")
	lines := strings.Split(strings.TrimSpace(string(y.read(t, "app.sigstore.jsonl"))), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d bundles", len(lines))
	}
	var bundle map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &bundle); err != nil {
		t.Fatal(err)
	}
	envelope := bundle["dsseEnvelope"].(map[string]any)
	payload, err := base64.StdEncoding.DecodeString(envelope["payload"].(string))
	if err != nil {
		t.Fatal(err)
	}
	envelope["payload"] = base64.StdEncoding.EncodeToString(bytes.Replace(payload, []byte("PASSED"), []byte("FAILED"), 1))
	changed, err := json.MarshalIndent(bundle, "", " ")
	if err != nil || bytes.Equal(payload, []byte(envelope["payload"].(string))) {
		t.Fatal(err)
	}
	y.write(t, "app.sigstore.jsonl", string(changed))
	wants(t, verify(good), exitDenied, "nobody whom the trust names signed it")
	y.write(t, "app.sigstore.jsonl", "\n")
	refused(t, verify(good), "there is no signature in")
}

// TestTheNewestVerdictCounts: a denial takes the place of what passed before, and not the other
// way round.
func TestTheNewestVerdictCounts(t *testing.T) {
	y := newYard(t, true)
	root := y.push(t, "single", y.single(t, "root"))
	y.write(t, "lax.yaml", strings.ReplaceAll(signedPolicy, "deny,", "warn,"))
	y.does(t, "attest", y.name("single:v1"), "--policy", y.file("lax.yaml"), "--key", y.file("ci.key"), "--to", y.name("single:v1"), "--quiet")
	verify := []string{"verify", y.name("single@" + root.String()), "--trust", y.file("ci.yaml"), "--stage", "ship"}
	wants(t, y.run(t, verify...), exitDone, "VERIFIED")
	y.does(t, "attest", y.name("single:v1"), "--policy", y.file("policy.yaml"), "--key", y.file("ci.key"), "--to", y.name("single:v1"), "--quiet")
	wants(t, y.run(t, verify...), exitDenied, "DENIED at ship")
}

// TestLockAndExpect: what was locked holds, until something moves.
func TestLockAndExpect(t *testing.T) {
	y := newYard(t, true)
	y.attestAll(t)
	lock := y.file("plimsoll.lock.yaml")
	y.does(t, "lock", y.name("app:v1"), y.name("single:v1"), "--layers", "--output", lock)
	if !strings.Contains(string(y.read(t, "plimsoll.lock.yaml")), evidence.VerdictType) {
		t.Errorf("%s", y.read(t, "plimsoll.lock.yaml"))
	}
	expect := []string{"verify", "--expect", lock}
	wants(t, y.run(t, expect...), exitDone, "proves nothing")
	wants(t, y.run(t, append(expect, "--trust", y.file("ci.yaml"))...), exitDone, "HOLDS: 2 images")
	wants(t, y.run(t, append(expect, "--trust", y.file("stranger.yaml"))...), exitDenied, "evidence-missing")
	y.push(t, "single", y.single(t, "root"))
	o := y.run(t, append(expect, "--trust", y.file("ci.yaml"), "--format", "json")...)
	valid(t, schema.Comparison, o.stdout)
	var c comparison
	if err := json.Unmarshal([]byte(o.stdout), &c); err != nil || o.status != exitDenied || c.Holds || len(c.Findings) != 1 || c.Findings[0].Kind != ship.MovedTag {
		t.Errorf("status %d, %v\n%s", o.status, err, o.stdout)
	}
	y.fails = "/app/manifests/"
	wants(t, y.run(t, expect...), exitDenied, "unknown")
	wants(t, y.run(t, append(expect, y.name("app:v1"))...), exitUsage, "leave")
	wants(t, y.run(t, "lock"), exitUsage, "wants names")
}
