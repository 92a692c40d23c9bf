package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/dsse"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/ship"
	"plimsoll.dev/plimsoll/verdict"
)

// berth is a repository of the yard with an index of two images, beside which anybody lays down
// what they like.
type berth struct {
	*yard
	at                  *registry.Repository
	index, amd64, arm64 image.Digest
	listed              map[image.Digest][]any // entries of the fallback tags, in a registry that does not list
}

// newBerth pushes a layout of two platforms under a name of its own.
func (y *yard) newBerth(t *testing.T, name, layout string, referrers bool) *berth {
	t.Helper()
	b := &berth{yard: y, index: y.push(t, name, layout), at: y.repository(t, name)}
	there, err := resolveName(t.Context(), b.at, "v1")
	if err != nil || len(there.children) != 2 || there.children[0].platform.Architecture != "amd64" {
		t.Fatalf("%v, %v", there, err)
	}
	b.amd64, b.arm64 = there.children[0].digest, there.children[1].digest
	if !referrers {
		b.listed = map[image.Digest][]any{}
	}
	return b
}

// verdict is that on an image, as ship has it, from one hour until another.
func (b *berth) verdict(t *testing.T, about image.Digest, outcome verdict.Outcome, from, until int, also ...image.Digest) evidence.Statement {
	t.Helper()
	return verdictUnder(t, b.at.Name(), about, outcome, from, until, also...)
}

func verdictUnder(t *testing.T, repository string, about image.Digest, outcome verdict.Outcome, from, until int, also ...image.Digest) evidence.Statement {
	t.Helper()
	at := func(hours int) string {
		return time.Now().UTC().Add(time.Duration(hours) * time.Hour).Format(time.RFC3339)
	}
	statement, err := evidence.VSA(verdict.Verdict{
		Outcome:     map[verdict.Stage]verdict.Outcome{"build": "allow", "ship": outcome, "admit": "allow", "run": "allow"},
		Inputs:      verdict.Inputs{Subject: verdict.Subject{Repository: repository, Digest: about}, Facts: about, Findings: about, Policy: about, Engine: "plimsoll 1"},
		EvaluatedAt: at(from), ValidUntil: at(until),
	}, evidence.Maker{ID: "https://ci.example/plimsoll"}, also...)
	if err != nil {
		t.Fatal(err)
	}
	return statement
}

// scan is what a scanner says of an image: signed, and no verdict.
func (b *berth) scan(t *testing.T, about image.Digest) evidence.Statement {
	t.Helper()
	now := time.Now().UTC().Format(time.RFC3339)
	statement, err := evidence.VulnerabilitiesOf(nil, evidence.Scanner{URI: "https://ci.example/plimsoll", DB: evidence.ScannerDB{LastUpdate: now}},
		evidence.ScanTime{ScanStartedOn: now, ScanFinishedOn: now}).Statement(evidence.SubjectOf("", about))
	if err != nil {
		t.Fatal(err)
	}
	return statement
}

// sign signs a statement with one of the yard's keys; change may alter its bytes before.
func (y *yard) sign(t *testing.T, key string, statement evidence.Statement, change ...func([]byte) []byte) []byte {
	t.Helper()
	signer, err := evidence.OpenSigner(t.Context(), y.file(key+".key"), evidence.Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := evidence.Encode(statement)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		payload = c(payload)
	}
	bundle, err := signer.Sign(t.Context(), evidence.PayloadType, payload)
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

// replaced puts one text in the place of another, which must be there.
func replaced(t *testing.T, was, is string) func([]byte) []byte {
	return func(content []byte) []byte {
		if !bytes.Contains(content, []byte(was)) {
			t.Fatalf("%s is not in %s", was, content)
		}
		return bytes.Replace(content, []byte(was), []byte(is), 1)
	}
}

// reenveloped changes what a bundle's envelope holds, and keeps its signatures.
func reenveloped(t *testing.T, bundle []byte, change func(*dsse.Envelope)) []byte {
	t.Helper()
	var document map[string]json.RawMessage
	if err := json.Unmarshal(bundle, &document); err != nil {
		t.Fatal(err)
	}
	envelope, err := dsse.Decode(document["dsseEnvelope"])
	if err != nil {
		t.Fatal(err)
	}
	change(&envelope)
	if document["dsseEnvelope"], err = dsse.Encode(envelope); err != nil {
		t.Fatal(err)
	}
	altered, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return altered
}

// lay puts bundles beside a document without looking at them, as whoever may push can. Each calls
// itself a verdict, the later the newer.
func (b *berth) lay(t *testing.T, subject image.Digest, bundles ...[]byte) {
	t.Helper()
	found, err := b.at.Document(t.Context(), subject.String(), image.MaxDocument)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.at.WriteBlob(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	written := map[image.Digest]bool{}
	for i, bundle := range bundles {
		digest := image.DigestOf(bundle)
		if !written[digest] {
			if _, err := b.at.WriteBlob(t.Context(), bundle); err != nil {
				t.Fatal(err)
			}
			written[digest] = true
		}
		annotations := map[string]string{"dev.sigstore.bundle.predicateType": evidence.VerdictType,
			"org.opencontainers.image.created": time.Date(2026, 11, 22, 0, 0, i, 0, time.UTC).Format(time.RFC3339)}
		manifest, err := json.Marshal(object{
			"schemaVersion": 2, "mediaType": image.MediaTypeManifest, "artifactType": ship.BundleType, "annotations": annotations,
			"config":  object{"mediaType": "application/vnd.oci.empty.v1+json", "digest": image.DigestOf([]byte("{}")), "size": 2},
			"layers":  []any{object{"mediaType": ship.BundleType, "digest": digest, "size": len(bundle)}},
			"subject": object{"mediaType": image.MediaTypeManifest, "digest": subject, "size": found.Size},
		})
		if err != nil {
			t.Fatal(err)
		}
		b.put(t, image.DigestOf(manifest).String(), image.MediaTypeManifest, manifest)
		if b.listed != nil {
			b.listed[subject] = append(b.listed[subject], object{"mediaType": image.MediaTypeManifest, "digest": image.DigestOf(manifest),
				"size": len(manifest), "artifactType": ship.BundleType, "annotations": annotations})
		}
	}
	if b.listed != nil {
		tagged, err := json.Marshal(object{"schemaVersion": 2, "mediaType": image.MediaTypeIndex, "manifests": b.listed[subject]})
		if err != nil {
			t.Fatal(err)
		}
		b.put(t, "sha256-"+subject.Hex(), image.MediaTypeIndex, tagged)
	}
}

func (b *berth) put(t *testing.T, reference, mediaType string, content []byte) {
	t.Helper()
	if _, err := b.at.WriteDocument(t.Context(), reference, mediaType, content, registry.Condition{}); err != nil {
		t.Fatal(err)
	}
}

// negative is one way in which evidence is none, and what the user is told.
type negative struct {
	name   string
	lay    func(t *testing.T, b *berth)
	ask    ask
	status int
	text   string
}

// ask is how a case is asked: for the image for linux/amd64, with the trust in ci, unless it says
// otherwise.
type ask struct {
	index  bool
	trust  string
	maxAge string
}

func (a ask) arguments(b *berth) []string {
	arguments := []string{"verify", b.at.Name() + ":v1", "--stage", "ship", "--trust", b.file(cmp.Or(a.trust, "ci.yaml")), "--max-age", cmp.Or(a.maxAge, "0")}
	if !a.index {
		arguments = append(arguments, "--platform", "linux/amd64")
	}
	return arguments
}

// TestNegativeMatrix: what does not prove that an image may ship, through plimsoll verify, at
// registries that list referrers and at those that do not; beside each what does prove it.
func TestNegativeMatrix(t *testing.T) {
	for _, referrers := range []bool{true, false} {
		y := newYard(t, referrers)
		key := string(y.read(t, "ci.pub"))
		trust := func(name, window, roles string) {
			y.write(t, name, fmt.Sprintf("apiVersion: plimsoll.dev/v1\nkind: Trust\nmetadata: {name: ci}\nkeys: [{name: ci, publicKey: %q%s}]\nroles: {%s}\n", key, window, roles))
		}
		trust("expired.yaml", ", notAfter: 2026-01-01T00:00:00Z", "verdicts: [ci]")
		trust("future.yaml", ", notBefore: 2999-01-01T00:00:00Z", "verdicts: [ci]")
		trust("scanner.yaml", "", "scans: [ci]")
		layout := severalPlatforms(t)
		for i, c := range negatives() {
			t.Run(fmt.Sprintf("referrers %v/%s", referrers, c.name), func(t *testing.T) {
				b := y.newBerth(t, fmt.Sprintf("case%d", i), layout, referrers)
				c.lay(t, b)
				wants(t, y.run(t, c.ask.arguments(b)...), c.status, c.text)
			})
		}
	}
}

// good is a verdict on the image for linux/amd64 that lets it ship.
func (b *berth) good(t *testing.T) evidence.Statement {
	t.Helper()
	return b.verdict(t, b.amd64, "allow", -1, 9)
}

// negatives are the cases, those of signatures first.
func negatives() []negative {
	return append(append(negativeSignatures(), negativeSubjects()...), negativeTimes()...)
}

func negativeSignatures() []negative {
	const stranger, none = "nobody whom the trust names signed it", "there is none for"
	good := func(t *testing.T, b *berth) { b.lay(t, b.amd64, b.sign(t, "ci", b.good(t))) }
	return []negative{
		{"good", good, ask{}, exitDone, "VERIFIED"},
		{"missing evidence", func(*testing.T, *berth) {}, ask{}, exitDenied, none},
		{"wrong key", func(t *testing.T, b *berth) { b.lay(t, b.amd64, b.sign(t, "stranger", b.good(t))) }, ask{}, exitDenied, stranger},
		{"wrong key, and the trusted one's id", func(t *testing.T, b *berth) {
			signer, err := evidence.OpenSigner(t.Context(), b.file("ci.key"), evidence.Secrets{})
			if err != nil {
				t.Fatal(err)
			}
			b.lay(t, b.amd64, reenveloped(t, b.sign(t, "stranger", b.good(t)), func(e *dsse.Envelope) { e.Signatures[0].KeyID = signer.Key().ID() }))
		}, ask{}, exitDenied, stranger},
		{"expired key", good, ask{trust: "expired.yaml"}, exitDenied, "the key that signed it is outside its validity"},
		{"key of the future", good, ask{trust: "future.yaml"}, exitDenied, "the key that signed it is outside its validity"},
		{"a trusted key that may sign other things", good, ask{trust: "scanner.yaml"}, exitDenied, "whoever signed it may not sign this"},
		{"replaced payload", func(t *testing.T, b *berth) {
			denied := b.sign(t, "ci", b.verdict(t, b.amd64, "deny", -1, 9))
			b.lay(t, b.amd64, reenveloped(t, denied, func(e *dsse.Envelope) {
				e.Payload = replaced(t, `"ship":"deny"`, `"ship":"allow"`)(replaced(t, `"FAILED","verifiedLevels":["FAILED"]`, `"PASSED","verifiedLevels":["SLSA_BUILD_LEVEL_UNEVALUATED"]`)(e.Payload))
			}))
		}, ask{}, exitDenied, stranger},
		{"right signature, wrong predicate", func(t *testing.T, b *berth) { b.lay(t, b.amd64, b.sign(t, "ci", b.scan(t, b.amd64))) }, ask{}, exitDenied, none},
		{"a member twice in the bundle", func(t *testing.T, b *berth) {
			b.lay(t, b.amd64, replaced(t, `{"mediaType"`, `{"mediaType":"x","mediaType"`)(b.sign(t, "ci", b.good(t))))
		}, ask{}, exitDenied, "twice"},
		{"a member twice in what is signed", func(t *testing.T, b *berth) {
			b.lay(t, b.amd64, b.sign(t, "ci", b.verdict(t, b.amd64, "deny", -1, 9), replaced(t, `"ship":"deny"`, `"ship":"deny","ship":"allow"`)))
		}, ask{}, exitDenied, "twice"},
		{"a replay, signed", func(t *testing.T, b *berth) {
			b.lay(t, b.amd64, b.sign(t, "ci", b.good(t), replaced(t, `"replay":false`, `"replay":true`)))
		}, ask{}, exitDenied, "it is a replay"},
		{"truncated", func(t *testing.T, b *berth) {
			bundle := b.sign(t, "ci", b.good(t))
			b.lay(t, b.amd64, bundle[:len(bundle)/2])
		}, ask{}, exitDenied, "what is there does not count"},
	}
}

func negativeSubjects() []negative {
	const another, others = "for-another-digest", "none is about the image"
	return []negative{
		{"good, of the index", func(t *testing.T, b *berth) {
			b.lay(t, b.index, b.sign(t, "ci", b.verdict(t, b.amd64, "allow", -1, 9, b.index)), b.sign(t, "ci", b.verdict(t, b.arm64, "allow", -1, 9, b.index)))
		}, ask{index: true}, exitDone, "VERIFIED"},
		{"wrong digest", func(t *testing.T, b *berth) {
			b.lay(t, b.amd64, b.sign(t, "ci", b.verdict(t, image.DigestOf([]byte("another")), "allow", -1, 9)))
		}, ask{}, exitDenied, another},
		{"another name for the same content", func(t *testing.T, b *berth) {
			b.lay(t, b.amd64, b.sign(t, "ci", verdictUnder(t, b.name("sandbox"), b.amd64, "allow", -1, 9)))
		}, ask{}, exitDenied, "may have another verdict"},
		{"that of an image for its index", func(t *testing.T, b *berth) { b.lay(t, b.index, b.sign(t, "ci", b.good(t))) }, ask{index: true}, exitDenied, another},
		{"that of an image, which names the index", func(t *testing.T, b *berth) {
			b.lay(t, b.index, b.sign(t, "ci", b.verdict(t, b.amd64, "allow", -1, 9, b.index)))
		}, ask{index: true}, exitDenied, others + " linux/arm64"},
		{"a verdict on the index itself", func(t *testing.T, b *berth) {
			b.lay(t, b.index, b.sign(t, "ci", b.verdict(t, b.index, "allow", -1, 9)))
		}, ask{index: true}, exitDenied, others + " linux/amd64"},
		{"that of the index for one of its images", func(t *testing.T, b *berth) {
			b.lay(t, b.amd64, b.sign(t, "ci", b.verdict(t, b.index, "allow", -1, 9)))
		}, ask{}, exitDenied, another},
		{"that of the index, which names one of its images", func(t *testing.T, b *berth) {
			b.lay(t, b.amd64, b.sign(t, "ci", b.verdict(t, b.index, "allow", -1, 9, b.amd64)))
		}, ask{}, exitDenied, others},
		{"that of a sibling", func(t *testing.T, b *berth) {
			b.lay(t, b.amd64, b.sign(t, "ci", b.verdict(t, b.arm64, "allow", -1, 9)))
		}, ask{}, exitDenied, another},
		{"that of a sibling, which names the image", func(t *testing.T, b *berth) {
			b.lay(t, b.amd64, b.sign(t, "ci", b.verdict(t, b.arm64, "allow", -1, 9, b.amd64)))
		}, ask{}, exitDenied, others},
		{"the index, of which one image is denied", func(t *testing.T, b *berth) {
			b.lay(t, b.index, b.sign(t, "ci", b.verdict(t, b.amd64, "allow", -1, 9, b.index)), b.sign(t, "ci", b.verdict(t, b.arm64, "deny", -1, 9, b.index)))
		}, ask{index: true}, exitDenied, "DENIED at ship"},
	}
}

func negativeTimes() []negative {
	// two lays down two verdicts, by whom and what they say, the older first.
	two := func(olderBy string, older verdict.Outcome, newerBy string, newer verdict.Outcome) func(*testing.T, *berth) {
		return func(t *testing.T, b *berth) {
			b.lay(t, b.amd64, b.sign(t, newerBy, b.verdict(t, b.amd64, newer, -1, 9)), b.sign(t, olderBy, b.verdict(t, b.amd64, older, -2, 99)))
		}
	}
	return []negative{
		{"old verdict: its validity is over", func(t *testing.T, b *berth) {
			b.lay(t, b.amd64, b.sign(t, "ci", b.verdict(t, b.amd64, "allow", -3, -2)))
		}, ask{}, exitDenied, "the verdict was valid until"},
		{"old verdict: older than is asked for", func(t *testing.T, b *berth) {
			b.lay(t, b.amd64, b.sign(t, "ci", b.verdict(t, b.amd64, "allow", -3, 9)))
		}, ask{maxAge: "2h"}, exitDenied, "it is too old"},
		{"old verdict: one that passed beside a newer one that failed", two("ci", "allow", "ci", "deny"), ask{}, exitDenied, "DENIED at ship"},
		{"old verdict: one that is valid beside a newer one that ended", func(t *testing.T, b *berth) {
			b.lay(t, b.amd64, b.sign(t, "ci", b.verdict(t, b.amd64, "allow", -3, 99)), b.sign(t, "ci", b.verdict(t, b.amd64, "allow", -2, -1)))
		}, ask{}, exitDenied, "the verdict was valid until"},
		{"old verdict: one that failed beside a newer one that passed", two("ci", "deny", "ci", "allow"), ask{}, exitDone, "VERIFIED"},
		{"verdict by a stranger: a newer one that passed", two("ci", "deny", "stranger", "allow"), ask{}, exitDenied, "DENIED at ship"},
		{"verdict by a stranger: a newer one that failed", two("ci", "allow", "stranger", "deny"), ask{}, exitDone, "VERIFIED"},
		{"verdict of the future", func(t *testing.T, b *berth) {
			b.lay(t, b.amd64, b.sign(t, "ci", b.verdict(t, b.amd64, "allow", 3, 9)))
		}, ask{}, exitDenied, "it is from the future"},
	}
}

// TestAThousandAttestations: the one that is right is found among a thousand; with more than are
// looked at, the image is not verified, though the right one was seen.
func TestAThousandAttestations(t *testing.T) {
	const most = 1000
	for _, referrers := range []bool{true, false} {
		y := newYard(t, referrers)
		layout := severalPlatforms(t)
		for i, c := range []struct {
			name      string
			strangers int
			right     bool // the newest is
			complete  bool
			status    int
			text      string
		}{
			{"of which one is right", most - 1, true, true, exitDone, "VERIFIED"},
			{"of which none is right", most, false, true, exitDenied, "nobody whom the trust names signed it"},
			{"and one more, the right one among them", most, true, false, exitDenied, "could not be read to its end"},
		} {
			t.Run(fmt.Sprintf("referrers %v/%s", referrers, c.name), func(t *testing.T) {
				b := y.newBerth(t, fmt.Sprintf("thousand%d", i), layout, referrers)
				bundles := make([][]byte, c.strangers)
				stranger := y.sign(t, "stranger", b.good(t))
				for i := range bundles {
					bundles[i] = stranger
				}
				if c.right {
					bundles = append(bundles, y.sign(t, "ci", b.good(t)))
				}
				b.lay(t, b.amd64, bundles...)
				o := y.run(t, "verify", b.at.Name()+":v1", "--platform", "linux/amd64", "--trust", y.file("ci.yaml"), "--stage", "ship", "--format", "json")
				v := decodeVerification(t, o)
				if v.Complete != c.complete || len(v.Evidence) != most || v.Verified != (c.status == exitDone) {
					t.Errorf("complete %v, verified %v, %d found, problems %+v", v.Complete, v.Verified, len(v.Evidence), v.Problems)
				}
				if v.Wanted[0].Verified != c.right {
					t.Errorf("found: %v", v.Wanted[0].Verified)
				}
				if text := v.text(); o.status != c.status || !strings.Contains(text, c.text) {
					t.Errorf("status %d, want %d and %q\n%.1000s", o.status, c.status, c.text, text)
				}
			})
		}
	}
}

// TestTooManySignatures: each of a few bundles takes many checks of signatures, with the many keys of
// a trust. Together they take no more than is done for one image: the rest is not looked at, and the
// image not verified.
func TestTooManySignatures(t *testing.T) {
	y := newYard(t, true)
	b := y.newBerth(t, "heavy", severalPlatforms(t), true)
	trust := fmt.Sprintf("apiVersion: plimsoll.dev/v1\nkind: Trust\nmetadata: {name: many}\nroles: {verdicts: [ci], scans: [%s]}\nkeys:\n- {name: ci, publicKey: ci.pub}\n", strings.Join(names(dsse.MaxKeys-1), ", "))
	for _, name := range names(dsse.MaxKeys - 1) {
		_, public, err := evidence.GenerateKey(evidence.ECDSA, nil)
		if err != nil {
			t.Fatal(err)
		}
		trust += fmt.Sprintf("- {name: %s, publicKey: %q}\n", name, public)
	}
	y.write(t, "many.yaml", trust)
	verify := []string{"verify", b.at.Name() + ":v1", "--platform", "linux/amd64", "--trust", y.file("many.yaml"), "--stage", "ship"}
	b.lay(t, b.amd64, y.sign(t, "ci", b.good(t)))
	y.does(t, verify...)
	const each = dsse.MaxKeys * dsse.MaxSignatures
	for i := range 20_000/each + 1 {
		b.lay(t, b.amd64, reenveloped(t, y.sign(t, "stranger", b.good(t)), func(e *dsse.Envelope) {
			e.Signatures = nil
			for n := range dsse.MaxSignatures {
				e.Signatures = append(e.Signatures, dsse.Signature{Sig: fmt.Appendf(nil, "%d %d", i, n)})
			}
		}))
	}
	o := y.run(t, verify...)
	wants(t, o, exitDenied, "could not be read to its end")
	wants(t, o, exitDenied, "more than 20000 signatures would be checked")
	y.write(t, "passed.yaml", policyOf("rules: [{id: passed, deny: {verdictMissing: {by: [ci]}}}]\n"))
	check := []string{"check", b.at.Name() + ":v1", "--platform", "linux/amd64", "--trust", y.file("many.yaml"), "--policy", y.file("passed.yaml"), "--stage", "ship"}
	wants(t, y.run(t, check...), exitDenied, "evidence that could not all be read")
}

func names(number int) []string {
	list := make([]string, number)
	for i := range list {
		list[i] = fmt.Sprintf("k%d", i)
	}
	return list
}
