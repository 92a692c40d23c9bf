package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/docs/schema"
	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/ship"
)

// bundle returns the bundle of a statement, by one of the yard's keys.
func (y *yard) bundle(t *testing.T, key, predicateType string, predicate any, about ...image.Digest) []byte {
	t.Helper()
	var subjects []evidence.Subject
	for _, digest := range about {
		subjects = append(subjects, evidence.SubjectOf("", digest))
	}
	statement, err := evidence.NewStatement(predicateType, predicate, subjects...)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := evidence.OpenSigner(t.Context(), y.file(key+".key"), evidence.Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := evidence.SignStatement(t.Context(), signer, statement)
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

// attach signs a statement about an image of single, and attaches it.
func (y *yard) attach(t *testing.T, key, predicateType string, predicate any, about image.Digest) {
	t.Helper()
	bundle := ship.Bundle{Content: y.bundle(t, key, predicateType, predicate, about), PredicateType: predicateType, Created: time.Now()}
	if _, err := ship.Attach(t.Context(), y.repository(t, "single"), []image.Digest{about}, []ship.Bundle{bundle}); err != nil {
		t.Fatal(err)
	}
}

// digestOf is the digest of a name in the yard.
func (y *yard) digestOf(t *testing.T, repository, identifier string) image.Digest {
	t.Helper()
	found, err := y.repository(t, repository).Document(t.Context(), identifier, image.MaxDocument)
	if err != nil {
		t.Fatal(err)
	}
	return found.Digest
}

func policyOf(rules string) string {
	return "apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: proved}\nactions: {build: warn, ship: deny, admit: deny, run: warn}\n" + rules
}

// provenanceBy is SLSA provenance v1 by a builder, of a source.
func provenanceBy(builder, ref string) any {
	return object{
		"buildDefinition": object{"buildType": "https://ci.example/v1", "externalParameters": object{"workflow": object{"repository": "https://git.example/shop/app", "ref": ref}}},
		"runDetails":      object{"builder": object{"id": builder}},
	}
}

// TestCheckAsksForEvidence: each kind of evidence that a policy can ask for lets an image through
// once it is attached, and not before; another's word never does.
func TestCheckAsksForEvidence(t *testing.T) {
	signature := func(y *yard, key string) {
		y.attach(t, key, evidence.CosignSignType, object{}, y.digestOf(t, "single", "v1"))
	}
	provenance := func(builder, ref string) func(y *yard, key string) {
		return func(y *yard, key string) {
			y.attach(t, key, evidence.ProvenanceType, provenanceBy(builder, ref), y.digestOf(t, "single", "v1"))
		}
	}
	attest := func(more ...string) func(y *yard, key string) {
		return func(y *yard, key string) {
			y.does(t, append([]string{"attest", y.name("single:v1"), "--policy", y.file("policy.yaml"), "--key", y.file(key + ".key"), "--to", y.name("single:v1"), "--quiet"}, more...)...)
		}
	}
	for name, c := range map[string]struct {
		deny string
		with func(y *yard, key string)
		says string
	}{
		"a signature":         {`{notSignedBy: [ci]}`, signature, "it is not signed by ci"},
		"provenance":          {`{notBuiltBy: {builder: ["https://ci.example/**"], source: ["https://git.example/shop/*"], ref: [refs/heads/main], by: [ci]}}`, provenance("https://ci.example/runner", "refs/heads/main"), "no provenance"},
		"a bill of materials": {`{sbomMissing: true}`, attest("--predicate", "sbom-cyclonedx"), "it has no complete and signed bill of materials"},
		"a verdict":           {`{verdictMissing: {by: [ci], maxAge: 24h}}`, attest(), "it has no valid verdict"},
		"any attestation": {`{missingAttestation: {type: "https://tests.example/**", by: [ci]}}`, func(y *yard, key string) {
			y.attach(t, key, "https://tests.example/v1", object{}, y.digestOf(t, "single", "v1"))
		}, "it has no attestation https://tests.example/**"},
	} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t, true)
			y.write(t, "proved.yaml", policyOf("rules: [{id: proved, deny: "+c.deny+"}]\n"))
			check := []string{"check", y.name("single:v1"), "--policy", y.file("proved.yaml"), "--stage", "ship", "--trust", y.file("ci.yaml")}
			wants(t, y.run(t, check[:len(check)-2]...), exitDenied, "proved") // nobody looked
			wants(t, y.run(t, check...), exitDenied, c.says)
			c.with(y, "stranger")
			wants(t, y.run(t, check...), exitDenied, "evidence does not count")
			c.with(y, "ci")
			wants(t, y.run(t, check...), exitDone, " ALLOW ")
			o := y.run(t, append(check, "--format", "json")...)
			valid(t, schema.Report, o.stdout)
			if r := decodeReport(t, o); r.Evidence == nil || len(r.Evidence.Items) != 1 || r.Verdict.Inputs.Evidence.IsZero() {
				t.Errorf("%+v", r.Evidence)
			}
		})
	}
}

// TestSignersWhomNobodyKnows: a name that the policy and the trust spell differently is told.
func TestSignersWhomNobodyKnows(t *testing.T) {
	y := newYard(t, true)
	y.write(t, "proved.yaml", policyOf("vex: {signers: [supplier]}\nrules: [{id: proved, deny: {notSignedBy: {anyOf: [c1, ci]}}}]\n"))
	check := []string{"check", y.name("single:v1"), "--policy", y.file("proved.yaml"), "--trust", y.file("ci.yaml")}
	o := y.run(t, check...)
	wants(t, o, exitDone, `asks for the signer "c1", whom the trust document ci does not name`)
	wants(t, o, exitDone, `the signer "supplier"`)
	if strings.Contains(o.stderr, `the signer "ci"`) {
		t.Error(o.stderr)
	}
}

// TestBuildLevels: what provenance is worth is the trust's word, not the provenance's.
func TestBuildLevels(t *testing.T) {
	y := newYard(t, true)
	y.write(t, "proved.yaml", policyOf("rules: [{id: built, deny: {notBuiltBy: {level: 3}}}]\n"))
	check := []string{"check", y.name("single:v1"), "--policy", y.file("proved.yaml"), "--stage", "ship", "--trust"}
	y.attach(t, "ci", evidence.ProvenanceType, provenanceBy("https://ci.example/runner", "refs/heads/main"), y.digestOf(t, "single", "v1"))
	wants(t, y.run(t, append(check, y.file("ci.yaml"))...), exitDenied, "at SLSA build level 3")
	for level, status := range map[string]int{"2": exitDenied, "3": exitDone} {
		y.write(t, "levels.yaml", string(y.read(t, "ci.yaml"))+"builders: [{id: \"https://ci.example/*\", level: "+level+", by: [ci]}]\n")
		wants(t, y.run(t, append(check, y.file("levels.yaml"))...), status, "built")
	}
}

// TestIncompleteEvidenceIsNoPass: where not all could be read, a verdict that failed may be there.
func TestIncompleteEvidenceIsNoPass(t *testing.T) {
	y := newYard(t, true)
	digest := y.digestOf(t, "single", "v1")
	y.write(t, "proved.yaml", policyOf("rules: [{id: proved, deny: {verdictMissing: {by: [ci]}}}]\n"))
	y.does(t, "attest", y.name("single:v1"), "--policy", y.file("policy.yaml"), "--key", y.file("ci.key"), "--to", y.name("single:v1"), "--quiet")
	check := []string{"check", y.name("single:v1"), "--policy", y.file("proved.yaml"), "--stage", "ship", "--trust", y.file("ci.yaml")}
	wants(t, y.run(t, check...), exitDone, " ALLOW ")
	incomplete(t, y, digest)
	wants(t, y.run(t, check...), exitDenied, "evidence that could not all be read")
	y.fails = "/referrers/"
	wants(t, y.run(t, check...), exitFailed, "reading evidence")
}

// TestEvidenceOfTheIndex: what is said of the index holds for the image that was chosen from it,
// BuildKit's attestations in it too, once somebody has signed it. A sibling's verdict does not.
func TestEvidenceOfTheIndex(t *testing.T) {
	y := newYard(t, true)
	another := y.push(t, "single", y.single(t, "another"))
	y.push(t, "single", y.single(t, "65532"))
	digest := y.digestOf(t, "single", "v1")
	index := y.built(t, "built", digest, evidence.ProvenanceType, provenanceBy("https://ci.example/runner", "refs/heads/main"))
	y.write(t, "proved.yaml", policyOf(`rules: [{id: built, deny: {notBuiltBy: {builder: ["https://ci.example/**"], by: [ci]}}}, {id: signed, deny: {notSignedBy: [ci]}}]`+"\n"))
	check := []string{"check", y.name("single:built"), "--policy", y.file("proved.yaml"), "--stage", "ship", "--trust", y.file("ci.yaml")}
	wants(t, y.run(t, check...), exitDenied, "no provenance")
	y.attach(t, "stranger", evidence.CosignSignType, object{}, index)
	wants(t, y.run(t, check...), exitDenied, "no provenance")
	y.attach(t, "ci", evidence.CosignSignType, object{}, index)
	o := y.run(t, append(check, "--format", "json")...)
	r := decodeReport(t, o)
	layouts := map[string]bool{}
	for _, item := range r.Evidence.Items {
		layouts[item.Layout] = true
	}
	if o.status != exitDone || len(r.Evidence.Items) != 2 || !layouts["buildkit-attestation"] {
		t.Errorf("status %d: %+v\n%s", o.status, r.Evidence, o.stderr)
	}
	y.write(t, "report.json", o.stdout)
	check[1] = y.file("report.json")
	wants(t, y.run(t, check...), exitDone, " ALLOW ") // the report names the index
	lying := strings.Replace(o.stdout, index.String(), y.built(t, "other", another, evidence.ProvenanceType, object{}).String(), 1)
	y.write(t, "report.json", lying)
	wants(t, y.run(t, check...), exitFailed, "does not list the image")
}

// built writes an index of an image and of BuildKit's attestation about it, which the index calls
// provenance whatever it is.
func (y *yard) built(t *testing.T, tag string, about image.Digest, predicateType string, predicate any) image.Digest {
	t.Helper()
	statement, err := evidence.NewStatement(predicateType, predicate, evidence.SubjectOf("", about))
	if err != nil {
		t.Fatal(err)
	}
	content, err := evidence.Encode(statement)
	if err != nil {
		t.Fatal(err)
	}
	found, err := y.repository(t, "single").Document(t.Context(), about.String(), image.MaxDocument)
	if err != nil {
		t.Fatal(err)
	}
	child := y.store(t, "", evidence.PayloadType, content, map[string]string{"in-toto.io/predicate-type": evidence.ProvenanceType})
	return y.document(t, tag, image.MediaTypeIndex, object{"schemaVersion": 2, "mediaType": image.MediaTypeIndex, "manifests": []any{
		object{"mediaType": image.MediaTypeManifest, "digest": about, "size": found.Size, "platform": object{"os": "linux", "architecture": image.DefaultPlatform().Architecture}},
		object{"mediaType": child.MediaType, "digest": child.Digest, "size": child.Size, "platform": object{"os": "unknown", "architecture": "unknown"},
			"annotations": object{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": about}},
	}}).Digest
}

// TestEvidenceInFiles: with --bundle no registry is asked, and an image in a layout has evidence, too.
func TestEvidenceInFiles(t *testing.T) {
	y := newYard(t, true)
	dir := y.single(t, "65532")
	y.push(t, "single", dir)
	digest := y.digestOf(t, "single", "v1")
	y.write(t, "proved.yaml", policyOf("rules: [{id: signed, deny: {notSignedBy: [ci]}}]\n"))
	y.write(t, "app.sigstore.json", string(y.bundle(t, "ci", evidence.CosignSignType, object{}, digest)))
	check := []string{"check", dir, "--as", "registry.example/app:v1", "--policy", y.file("proved.yaml"), "--stage", "ship", "--offline"}
	wants(t, y.run(t, append(check, "--trust", y.file("ci.yaml"))...), exitDenied, "no evidence was gathered")
	wants(t, y.run(t, append(check, "--bundle", y.file("app.sigstore.json"))...), exitUsage, "--trust")
	check = append(check, "--trust", y.file("ci.yaml"), "--bundle", y.file("app.sigstore.json"))
	wants(t, y.run(t, check...), exitDone, " ALLOW ")
	y.write(t, "app.sigstore.json", string(y.bundle(t, "ci", evidence.CosignSignType, object{}, image.DigestOf(nil))))
	wants(t, y.run(t, check...), exitDenied, "it is about something else")

	// Reproduced with the evidence that the report holds, and told if that was changed.
	y.write(t, "app.sigstore.json", string(y.bundle(t, "ci", evidence.CosignSignType, object{}, digest)))
	y.does(t, append(check, "--format", "json", "--output", y.file("report.json"))...)
	reproduce := []string{"reproduce", y.file("report.json"), "--policy", y.file("proved.yaml")}
	wants(t, y.run(t, reproduce...), exitDone, "byte for byte")
	y.write(t, "report.json", strings.Replace(string(y.read(t, "report.json")), `"ci"`, `"cd"`, 1))
	wants(t, y.run(t, reproduce...), exitDenied, "evidence differs")
	refused(t, y.run(t, "attest", y.file("report.json"), "--key", y.file("ci.key")), "its evidence differ")
	refused(t, y.run(t, "check", y.file("report.json"), "--policy", y.file("proved.yaml")), "its evidence differ")
	y.write(t, "report.json", strings.Replace(string(y.read(t, "report.json")), `"cd"`, `"ci"`, 1))
	wants(t, y.run(t, "check", y.file("report.json"), "--policy", y.file("proved.yaml"), "--stage", "ship"), exitDone, "is not now: give --trust")
	wants(t, y.run(t, "policy", "explain", y.file("report.json")), exitDone, "rests on other policies")
}

const rootWaiver = `apiVersion: plimsoll.dev/v1
kind: Waiver
metadata: {id: W-1, owner: team@corp, approvedBy: ci, approvedAt: 2026-11-20T00:00:00Z}
match: {rules: [not-root]}
decision: accept_risk
reason: it has to bind a low port
expires: 2999-01-01T00:00:00Z
`

// TestSignedWaivers: from ship on, a waiver counts only with its approver's signature.
func TestSignedWaivers(t *testing.T) {
	y := newYard(t, true)
	y.push(t, "single", y.single(t, "root"))
	y.write(t, "policy.yaml", signedPolicy+"waivers: {approvers: [ci, stranger]}\n")
	y.write(t, "waivers.yaml", rootWaiver)
	y.write(t, "trust.yaml", strings.Replace(string(y.read(t, "ci.yaml")), "roles: {", "roles: {waivers: [ci], ", 1))
	check := []string{"check", y.name("single:v1"), "--policy", y.file("policy.yaml"), "--waivers", y.file("waivers.yaml"), "--trust", y.file("trust.yaml"), "--stage"}
	sign := func(key string) {
		y.does(t, "attest", y.file("waivers.yaml"), "--predicate", "waivers", "--key", y.file(key+".key"), "--output", y.file("waivers.yaml.sigstore.json"))
	}
	wants(t, y.run(t, append(check, "build")...), exitDone, " ALLOW ")
	wants(t, y.run(t, append(check, "ship")...), exitDenied, "signed-exceptions")
	sign("stranger")
	wants(t, y.run(t, append(check, "ship")...), exitDenied, "counts as unsigned")
	sign("ci")
	wants(t, y.run(t, append(check, "ship")...), exitDone, " ALLOW ")
	wants(t, y.run(t, "verify", y.file("waivers.yaml"), "--predicate", "waivers", "--trust", y.file("trust.yaml")), exitDone, "VERIFIED")
	y.does(t, append(check, "ship", "--format", "json", "--output", y.file("report.json"))...)
	reproduce := []string{"reproduce", y.file("report.json"), "--policy", y.file("policy.yaml"), "--waivers", y.file("waivers.yaml")}
	wants(t, y.run(t, reproduce...), exitDenied, "waivers differs")
	y.write(t, "waivers.yaml", rootWaiver+"# changed after it was signed\n")
	wants(t, y.run(t, append(check, "ship")...), exitDenied, "it is about something else")
	wants(t, y.run(t, "verify", y.file("waivers.yaml"), "--predicate", "waivers", "--trust", y.file("trust.yaml")), exitDenied, "NOT VERIFIED")
}

// TestReproduceSignedWaivers: who signed is an input like any other.
func TestReproduceSignedWaivers(t *testing.T) {
	y := newYard(t, true)
	y.push(t, "single", y.single(t, "root"))
	y.write(t, "policy.yaml", signedPolicy+"waivers: {approvers: [ci]}\n")
	y.write(t, "waivers.yaml", rootWaiver)
	y.write(t, "trust.yaml", strings.Replace(string(y.read(t, "ci.yaml")), "roles: {", "roles: {waivers: [ci], ", 1))
	y.does(t, "attest", y.file("waivers.yaml"), "--predicate", "waivers", "--key", y.file("ci.key"), "--output", y.file("waivers.yaml.sigstore.json"))
	exceptions := []string{"--policy", y.file("policy.yaml"), "--waivers", y.file("waivers.yaml"), "--trust", y.file("trust.yaml")}
	y.does(t, append([]string{"check", y.name("single:v1"), "--stage", "ship", "--format", "json", "--output", y.file("report.json")}, exceptions...)...)
	y.does(t, "attest", y.file("report.json"), "--key", y.file("ci.key"), "--to", y.name("single:v1"))
	wants(t, y.run(t, append([]string{"reproduce", y.file("report.json")}, exceptions...)...), exitDone, "signed by ci")
}

// TestSignedPolicies: once the trust says who may sign policies, no other counts: in a file, in a
// registry, and from the cache without one.
func TestSignedPolicies(t *testing.T) {
	y := newYard(t, true)
	y.write(t, "trust.yaml", strings.Replace(string(y.read(t, "ci.yaml")), "roles: {", "roles: {policies: [ci], ", 1))
	check := func(policy string, more ...string) outcome {
		return y.run(t, append([]string{"check", y.name("single:v1"), "--policy", policy, "--trust", y.file("trust.yaml")}, more...)...)
	}
	file := y.file("policy.yaml")
	wants(t, check("starter", "--stage", "run"), exitDenied, "critical-with-fix") // it is part of the program
	refused(t, check(file), "is not signed by anybody under roles.policies .* there is no .*sigstore.json; have it signed: plimsoll attest")
	y.does(t, "attest", file, "--predicate", "policy", "--key", y.file("stranger.key"), "--output", file+bundleSuffix)
	refused(t, check(file), "nobody whom the trust names signed it")
	y.does(t, "attest", file, "--predicate", "policy", "--key", y.file("ci.key"), "--output", file+bundleSuffix)
	wants(t, check(file), exitDone, " ALLOW ")

	name := strings.TrimSpace(y.does(t, "policy", "push", file, "oci://"+y.name("policies/base:v1")).stdout)
	wants(t, y.run(t, "verify", name, "--trust", y.file("ci.yaml")), exitUsage, "say --predicate policy")
	refused(t, check(name), "is not signed by anybody")
	_, digest, _ := strings.Cut(name, "@")
	named, err := image.ParseDigest(digest)
	if err != nil {
		t.Fatal(err)
	}
	y.lost(t, "policies/base", named)
	refused(t, check(name), "not all evidence could be read: absent: .* so a signature may be there")
	wants(t, y.run(t, "verify", name, "--predicate", "policy", "--trust", y.file("trust.yaml")), exitDenied, "there is none for")
	wants(t, y.run(t, "attest", name, "--predicate", "policy", "--key", y.file("ci.key")), exitDone, "attached")
	wants(t, check(name), exitDone, " ALLOW ")
	wants(t, y.run(t, "verify", name, "--predicate", "policy", "--trust", y.file("trust.yaml")), exitDenied, "policy: verified") // verify wants all to be readable, too
	y.fails = "/policies/"
	wants(t, check(name), exitDone, " ALLOW ") // both are remembered
	if err := os.RemoveAll(y.home); err != nil {
		t.Fatal(err)
	}
	refused(t, check(name), "policies/base")
}

// TestOneFileAtATime: what attest refuses to sign as a file.
func TestOneFileAtATime(t *testing.T) {
	y := newYard(t, true)
	attest := func(args ...string) outcome {
		return y.run(t, append([]string{"attest", "--key", y.file("ci.key")}, args...)...)
	}
	wants(t, attest(y.file("policy.yaml"), "--predicate", "policy,waivers"), exitUsage, "name one alone")
	wants(t, attest(y.file("policy.yaml"), y.file("policy.yaml"), "--predicate", "policy"), exitUsage, "one file at a time")
	wants(t, attest(y.file("policy.yaml"), "--predicate", "policy", "--to", y.name("single:v1")), exitUsage, "leave --to out")
	wants(t, attest("oci://"+y.name("x")+"@"+image.DigestOf(nil).String(), "--predicate", "waivers"), exitUsage, "give a file")
	refused(t, attest(y.file("policy.yaml"), "--predicate", "waivers"), "waiver")
	refused(t, attest(y.file("policy.yaml"), "--predicate", "database"), "")
	refused(t, attest(y.file("absent.yaml"), "--predicate", "vex"), "no such file")
	refused(t, attest(y.file("policy.yaml"), "--predicate", "policy", "--now", "2026-11-22T10:00:00Z"), "no replay is signed")
	wants(t, y.run(t, "verify", y.file("policy.yaml"), "--predicate", "policy", "--stage", "ship", "--trust", y.file("ci.yaml")), exitUsage, "--stage")
}

// TestAttachedVEX: a document beside the image counts if the policy names who signed it.
func TestAttachedVEX(t *testing.T) {
	y := newYard(t, true)
	digest := y.digestOf(t, "single", "v1")
	id := firstVulnerability(t, y)
	y.write(t, "vulns.yaml", policyOf("vex: {signers: [ci]}\nrules: [{id: none, deny: {vulnerability: ["+id+"]}}]\n"))
	document := object{
		"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://supplier.example/1", "author": "ci", "timestamp": "2026-11-20T00:00:00Z", "version": 1,
		"statements": []any{object{"vulnerability": object{"name": id}, "status": "not_affected", "justification": "vulnerable_code_not_present",
			"products": []any{object{"@id": evidence.ResourceURI(y.name("single"), digest)}}}},
	}
	check := []string{"check", y.name("single:v1"), "--policy", y.file("vulns.yaml"), "--stage", "ship", "--trust", y.file("ci.yaml")}
	wants(t, y.run(t, check...), exitDenied, id)
	y.attach(t, "stranger", evidence.OpenVEXType, document, digest)
	wants(t, y.run(t, check...), exitDenied, id)
	y.attach(t, "ci", evidence.OpenVEXType, document, digest)
	wants(t, y.run(t, check...), exitDone, " ALLOW ")
	wants(t, y.run(t, check[:len(check)-2]...), exitDenied, id)
	y.does(t, append(check, "--format", "json", "--output", y.file("report.json"))...)
	reproduce := []string{"reproduce", y.file("report.json"), "--policy", y.file("vulns.yaml")}
	wants(t, y.run(t, reproduce...), exitDenied, "vex is missing")
	y.does(t, "attest", y.file("report.json"), "--key", y.file("ci.key"), "--to", y.name("single:v1"))
	wants(t, y.run(t, append(reproduce, "--trust", y.file("ci.yaml"))...), exitDone, "signed by ci")
	y.write(t, "attested.yaml", policyOf(`rules: [{id: attested, deny: {missingAttestation: {type: "https://openvex.dev/**", by: [ci]}}}]`+"\n"))
	wants(t, y.run(t, "check", y.name("single:v1"), "--policy", y.file("attested.yaml"), "--stage", "ship", "--trust", y.file("ci.yaml")), exitDone, " ALLOW ")
	incomplete(t, y, digest) // a newer statement, that it is affected, may be there
	wants(t, y.run(t, check...), exitDenied, "count as unsigned")

	// The same document in a file: signed it counts at ship, too.
	content, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	y.push(t, "fresh", y.single(t, "1000"))
	y.write(t, "app.vex.json", strings.ReplaceAll(string(content), digest.Hex(), y.digestOf(t, "fresh", "v1").Hex()))
	y.write(t, "app.vex.json", strings.ReplaceAll(string(y.read(t, "app.vex.json")), "single", "fresh"))
	fresh := []string{"check", y.name("fresh:v1"), "--policy", y.file("vulns.yaml"), "--vex", y.file("app.vex.json"), "--trust", y.file("ci.yaml"), "--stage"}
	wants(t, y.run(t, append(fresh, "build")...), exitDone, " ALLOW ")
	wants(t, y.run(t, append(fresh, "ship")...), exitDenied, "signed-exceptions")
	y.does(t, "attest", y.file("app.vex.json"), "--predicate", "vex", "--key", y.file("ci.key"), "--output", y.file("app.vex.json"+bundleSuffix))
	wants(t, y.run(t, append(fresh, "ship")...), exitDone, " ALLOW ")
}

// firstVulnerability is one that the starter database knows of single:v1.
func firstVulnerability(t *testing.T, y *yard) string {
	t.Helper()
	o := y.does(t, "scan", y.name("single:v1"), "--format", "json")
	for _, f := range decodeReport(t, o).Findings {
		if strings.HasPrefix(f.ID, "CVE-") {
			return f.ID
		}
	}
	t.Fatal("nothing is found in the image")
	return ""
}

// TestSignedDatabase: once the trust says who may sign databases, no other is used; the one inside
// the program is part of it.
func TestSignedDatabase(t *testing.T) {
	y := newYard(t, true)
	y.does(t, "scan", y.name("single:v1")) // unpacks the starter database into the cache
	unpacked, err := filepath.Glob(filepath.Join(y.home, ".cache/plimsoll/*.db"))
	if err != nil || len(unpacked) != 1 {
		t.Fatalf("%v: %q", err, unpacked)
	}
	content, err := os.ReadFile(unpacked[0])
	if err != nil {
		t.Fatal(err)
	}
	path := y.file("advisories.db")
	y.write(t, "advisories.db", string(content))
	y.write(t, "trust.yaml", strings.Replace(string(y.read(t, "ci.yaml")), "roles: {", "roles: {database: [ci], ", 1))
	check := func(more ...string) outcome {
		return y.run(t, append([]string{"check", y.name("single:v1"), "--trust", y.file("trust.yaml"), "--stage", "ship"}, more...)...)
	}
	wants(t, check(), exitDenied, "critical-with-fix")
	refused(t, check("--db", path), "the database .* is not signed by anybody under roles.database")
	y.does(t, "attest", path, "--predicate", "database", "--key", y.file("stranger.key"), "--output", path+bundleSuffix)
	refused(t, check("--db", path), "nobody whom the trust names signed it")
	refused(t, y.run(t, "db", "status", "--db", path, "--trust", y.file("trust.yaml")), "nobody whom the trust names signed it")
	y.does(t, "attest", path, "--predicate", "database", "--key", y.file("ci.key"), "--output", path+bundleSuffix)
	wants(t, check("--db", path), exitDenied, "critical-with-fix")
	y.does(t, "db", "status", "--db", path, "--trust", y.file("trust.yaml"))
	y.does(t, "verify", path, "--predicate", "database", "--trust", y.file("trust.yaml"))
	content[len(content)/2] ^= 1 // in a block that this image has no part in
	y.write(t, "advisories.db", string(content))
	refused(t, y.run(t, "verify", path, "--predicate", "database", "--trust", y.file("trust.yaml")), "the database is damaged")
	refused(t, y.run(t, "attest", path, "--predicate", "database", "--key", y.file("ci.key")), "the database is damaged")

}

// TestVerifyAFile: provenance of a file, such as a binary of a release, in a bundle beside it.
func TestVerifyAFile(t *testing.T) {
	y := newYard(t, true)
	y.write(t, "binary", "\x7fELF and so on")
	verify := func(more ...string) outcome {
		return y.run(t, append([]string{"verify", y.file("binary"), "--trust", y.file("ci.yaml"), "--predicate", "provenance"}, more...)...)
	}
	wants(t, verify(), exitDenied, "there is none for")
	bundle := y.bundle(t, "ci", evidence.ProvenanceType, provenanceBy("https://ci.example/runner", "refs/tags/v1"), image.DigestOf(y.read(t, "binary")))
	y.write(t, "binary"+bundleSuffix, string(bundle))
	y.write(t, "release.json", string(bundle))
	wants(t, verify(), exitDone, "VERIFIED")
	wants(t, verify("--bundle", y.file("release.json")), exitDone, "VERIFIED")
	wants(t, verify("--stage", "ship"), exitUsage, "verdict")
	wants(t, verify("--platform", "linux/amd64"), exitUsage, "neither platforms nor stages")
	y.write(t, "binary", "\x7fELF and something else")
	wants(t, verify(), exitDenied, "it is about something else")
}

// TestVerdictsUnderAnotherName: with --as, a verdict counts that was made under that name.
func TestVerdictsUnderAnotherName(t *testing.T) {
	y := newYard(t, true)
	y.write(t, "proved.yaml", policyOf("rules: [{id: passed, deny: {verdictMissing: {by: [ci]}}}]\n"))
	y.does(t, "attest", y.name("single:v1"), "--policy", y.file("policy.yaml"), "--key", y.file("ci.key"), "--to", y.name("single:v1"), "--quiet")
	check := []string{"check", y.name("single:v1"), "--policy", y.file("proved.yaml"), "--stage", "ship", "--trust", y.file("ci.yaml")}
	wants(t, y.run(t, check...), exitDone, " ALLOW ")
	wants(t, y.run(t, append(check, "--as", "registry.example/prod/app:v1")...), exitDenied, "may have another verdict")
}

// TestDerivedBeforeItIsSigned: with the policy that a report rests on, its outcome is what follows from
// it, or is not signed.
func TestDerivedBeforeItIsSigned(t *testing.T) {
	y := newYard(t, true)
	y.push(t, "single", y.single(t, "root"))
	pinned := y.name("single@" + y.digestOf(t, "single", "v1").String())
	y.does(t, "check", pinned, "--policy", y.file("policy.yaml"), "--format", "json", "--output", y.file("report.json"), "--quiet")
	attest := func(more ...string) outcome {
		return y.run(t, append([]string{"attest", y.file("report.json"), "--key", y.file("ci.key")}, more...)...)
	}
	wants(t, y.run(t, "reproduce", y.file("report.json"), "--policy", y.file("policy.yaml")), exitDone, "byte for byte")
	wants(t, attest("--policy", y.file("policy.yaml")), exitDone, "dsseEnvelope")
	refused(t, attest("--policy", "strict"), "does not follow .* policy differs")
	y.write(t, "report.json", strings.Replace(string(y.read(t, "report.json")), `"deny"`, `"allow"`, 1))
	refused(t, attest("--policy", y.file("policy.yaml")), "does not follow .* the verdict is another")
	wants(t, attest("--waivers", y.file("absent.yaml")), exitUsage, "signed as it stands")
	wants(t, attest("--trust", y.file("absent.yaml")), exitUsage, "signed as it stands")
}

// TestChildrenAreWhatTheySay: who signs an index stands for provenance and bills in it, if that is
// theirs to sign, and never for a verdict; whatever the index calls it.
func TestChildrenAreWhatTheySay(t *testing.T) {
	y := newYard(t, true)
	digest := y.digestOf(t, "single", "v1")
	y.write(t, "trust.yaml", strings.Replace(string(y.read(t, "ci.yaml")), "roles: {verdicts: [ci], scans: [ci], vex: [ci], ", "roles: {", 1))
	y.does(t, "attest", y.name("single:v1"), "--policy", y.file("policy.yaml"), "--key", y.file("ci.key"), "--output", y.file("verdict.json"), "--quiet")
	var bundle struct {
		Envelope struct{ Payload []byte } `json:"dsseEnvelope"`
	}
	var statement struct{ Predicate map[string]any }
	err := json.Unmarshal(y.read(t, "verdict.json"), &bundle)
	if err == nil {
		err = json.Unmarshal(bundle.Envelope.Payload, &statement)
	}
	if err != nil {
		t.Fatal(err)
	}
	many := make([]object, 200_001) // more than was read of a claim once
	for i := range many {
		many[i] = object{}
	}
	statement.Predicate["x"] = many
	for name, c := range map[string]struct {
		deny, predicateType string
		predicate           any
	}{
		"a verdict":           {"{verdictMissing: {by: [ci]}}", evidence.VerdictType, statement.Predicate},
		"a bill of materials": {"{missingAttestation: {type: \"https://cyclonedx.org/bom\", by: [ci]}}", evidence.CycloneDXType, object{"bomFormat": "CycloneDX"}},
	} {
		t.Run(name, func(t *testing.T) {
			y.write(t, "proved.yaml", policyOf("rules: [{id: proved, deny: "+c.deny+"}]\n"))
			index := y.built(t, "built", digest, c.predicateType, c.predicate)
			y.attach(t, "ci", evidence.CosignSignType, object{}, index)
			wants(t, y.run(t, "check", y.name("single:built"), "--policy", y.file("proved.yaml"), "--stage", "ship", "--trust", y.file("trust.yaml")), exitDenied, "proved")
		})
	}
}

// TestASiblingsBill: a bill of materials that names the index, too, is of the image whose it is.
func TestASiblingsBill(t *testing.T) {
	y := newYard(t, true)
	found, err := y.repository(t, "app").Document(t.Context(), "v1", image.MaxDocument)
	if err != nil {
		t.Fatal(err)
	}
	index, err := image.ParseIndex(found.Content)
	if err != nil {
		t.Fatal(err)
	}
	first := index.Manifests[0]
	bundle := ship.Bundle{Content: y.bundle(t, "ci", evidence.CycloneDXType, object{"bomFormat": "CycloneDX"}, first.Digest, found.Digest), PredicateType: evidence.CycloneDXType, Created: time.Now()}
	if _, err := ship.Attach(t.Context(), y.repository(t, "app"), []image.Digest{first.Digest, found.Digest}, []ship.Bundle{bundle}); err != nil {
		t.Fatal(err)
	}
	y.write(t, "proved.yaml", policyOf(`rules: [{id: billed, deny: {missingAttestation: {type: "https://cyclonedx.org/bom", by: [ci]}}}]`+"\n"))
	for _, m := range index.Manifests {
		status := exitDenied
		if m.Digest == first.Digest {
			status = exitDone
		}
		wants(t, y.run(t, "check", y.name("app:v1"), "--platform", m.Platform.String(), "--policy", y.file("proved.yaml"), "--stage", "ship", "--trust", y.file("ci.yaml")), status, "billed")
	}
}

// TestWhatAReferrerSaysOfItsLength: a length that is not true makes a reading incomplete, as any other
// content does that is not what it is said to be.
func TestWhatAReferrerSaysOfItsLength(t *testing.T) {
	y := newYard(t, true)
	digest := y.digestOf(t, "single", "v1")
	r := y.repository(t, "single")
	blob, err := r.WriteBlob(t.Context(), []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := r.Document(t.Context(), digest.String(), image.MaxDocument)
	if err != nil {
		t.Fatal(err)
	}
	y.document(t, "", image.MediaTypeManifest, object{
		"schemaVersion": 2, "mediaType": image.MediaTypeManifest, "artifactType": ship.BundleType,
		"config":  object{"mediaType": "application/vnd.oci.empty.v1+json", "digest": blob, "size": 2},
		"layers":  []any{object{"mediaType": ship.BundleType, "digest": blob, "size": 300}},
		"subject": object{"mediaType": image.MediaTypeManifest, "digest": digest, "size": subject.Size},
	})
	wants(t, y.run(t, "verify", y.name("single:v1"), "--trust", y.file("ci.yaml")), exitDenied, "its descriptor says 300")
}

// TestVerifyWantsAPolicy: a verdict under another policy is not the one that is asked for.
func TestVerifyWantsAPolicy(t *testing.T) {
	y := newYard(t, true)
	y.does(t, "attest", y.name("single:v1"), "--policy", y.file("policy.yaml"), "--key", y.file("ci.key"), "--to", y.name("single:v1"), "--quiet")
	verify := []string{"verify", y.name("single:v1"), "--trust", y.file("ci.yaml"), "--stage", "ship", "--policy"}
	wants(t, y.run(t, append(verify, y.file("policy.yaml"))...), exitDone, "VERIFIED")
	wants(t, y.run(t, append(verify, "strict")...), exitDenied, "it rests on another policy")
	wants(t, y.run(t, append(verify, y.file("policy.yaml"), "--policy", "strict")...), exitDenied, "it rests on another policy")
	wants(t, y.run(t, "verify", y.name("single:v1"), "--trust", y.file("ci.yaml"), "--policy", "strict", "--predicate", "signature"), exitUsage, "ask for a verdict")
	wants(t, y.run(t, "verify", "--expect", y.file("absent.yaml"), "--policy", "strict"), exitUsage, "leave --bundle")
	y.write(t, "trust.yaml", strings.Replace(string(y.read(t, "ci.yaml")), "roles: {", "roles: {policies: [ci], ", 1))
	refused(t, y.run(t, "verify", y.name("single:v1"), "--trust", y.file("trust.yaml"), "--policy", y.file("policy.yaml")), "is not signed by anybody under roles.policies")
}

// TestSettingsOfVerify: what the environment says of stages and policies has a part in verdicts alone.
func TestSettingsOfVerify(t *testing.T) {
	y := newYard(t, true)
	y.attach(t, "ci", evidence.CosignSignType, object{}, y.digestOf(t, "single", "v1"))
	for predicate, status := range map[string]int{"signature": exitDone, "verdict": exitDenied} {
		var stdout, stderr bytes.Buffer
		p := program{stdout: &stdout, stderr: &stderr, environ: []string{"HOME=" + y.home, "PLIMSOLL_STAGE=ship", "PLIMSOLL_POLICY=strict"}}
		if got := p.execute(t.Context(), []string{"verify", y.name("single:v1"), "--trust", y.file("ci.yaml"), "--predicate", predicate}); got != status {
			t.Errorf("%s: status %d, want %d: %s%s", predicate, got, status, stdout.String(), stderr.String())
		}
	}
}

// TestSettingsOfAttest: what the environment names for whatever is decided does not keep a report from
// being signed as it stands.
func TestSettingsOfAttest(t *testing.T) {
	y := newYard(t, true)
	path := y.report(t)
	for name, c := range map[string]struct {
		environ []string
		args    []string
		status  int
	}{
		"a trust":                             {[]string{"PLIMSOLL_TRUST=" + y.file("ci.yaml"), "PLIMSOLL_AS=registry.example/app"}, nil, exitDone},
		"its policy":                          {[]string{"PLIMSOLL_TRUST=" + y.file("ci.yaml"), "PLIMSOLL_POLICY=" + y.file("policy.yaml")}, nil, exitDone},
		"another policy":                      {[]string{"PLIMSOLL_POLICY=strict"}, nil, exitFailed},
		"another policy, and no verdict":      {[]string{"PLIMSOLL_POLICY=strict"}, []string{"--predicate", "sbom-cyclonedx"}, exitDone},
		"a document that has no part":         {nil, []string{"--vex", y.file("policy.yaml")}, exitUsage},
		"a trust that the command line names": {nil, []string{"--trust", y.file("ci.yaml")}, exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			o := plimsollWith(t, append(c.environ, "HOME="+y.home), append([]string{"attest", path, "--key", y.file("ci.key")}, c.args...)...)
			if o.status != c.status {
				t.Errorf("status %d, want %d: %s", o.status, c.status, o.stderr)
			}
		})
	}
}
