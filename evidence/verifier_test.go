package evidence

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/evidence/dsse"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// scanOf is what a scanner says of an image.
func scanOf(t testing.TB, digest image.Digest, finished string) Statement {
	t.Helper()
	s, err := VulnerabilitiesOf(nil, Scanner{URI: "https://plimsoll.dev", DB: ScannerDB{LastUpdate: "2026-11-22T00:00:00Z"}},
		ScanTime{finished, finished}).Statement(SubjectOf(app, digest))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reenvelope replaces what an envelope holds and keeps its signatures.
func reenvelope(t testing.TB, bundle []byte, change func(*dsse.Envelope)) []byte {
	t.Helper()
	var document map[string]json.RawMessage
	if err := json.Unmarshal(bundle, &document); err != nil {
		t.Fatal(err)
	}
	e, err := dsse.Decode(document["dsseEnvelope"])
	if err != nil {
		t.Fatal(err)
	}
	change(&e)
	if document["dsseEnvelope"], err = dsse.Encode(e); err != nil {
		t.Fatal(err)
	}
	altered, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return altered
}

// What has gone wrong in others' verifiers has a line here, named by its number: see
// docs/known-failures.md. "anything" is an error of no particular kind.
func TestVerify(t *testing.T) {
	ci, scanner, eve, old, young := keyFor(t), keyFor(t), keyFor(t), keyFor(t), keyFor(t)
	trust := trustIn(t, map[string]KeySigner{"ci": ci, "scanner": scanner},
		map[Role][]string{Verdicts: {"ci", "old", "young"}, Scans: {"scanner", "ci"}, VEX: {"scanner"}, Provenance: {"ci"}},
		fmt.Sprintf("- {name: old, publicKey: %q, notAfter: 2026-11-22T11:59:59Z}", old.Key().PEM()),
		fmt.Sprintf("- {name: young, publicKey: %q, notBefore: 2026-11-22T12:00:01Z}", young.Key().PEM()))
	verifier, err := NewVerifier(trust)
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(*Want)) Want {
		w := wantVerdict()
		f(&w)
		return w
	}
	scan := Want{Subject: child(), PredicateTypes: []string{VulnsType}, Now: now()}
	aged := func(w Want, age time.Duration) Want { w.MaxAge = age; return w }
	v := theVerdict(verdict.Deny)
	later := theVerdict(verdict.Allow)
	later.EvaluatedAt, later.ValidUntil = "2026-11-22T12:06:00Z", "2026-11-23T12:06:00Z"
	endless := theVerdict(verdict.Allow)
	endless.EvaluatedAt, endless.ValidUntil = "2026-11-21T11:00:00Z", ""
	custom, err := NewStatement("https://example.com/custom/v1", struct{}{}, SubjectOf(app, child()))
	if err != nil {
		t.Fatal(err)
	}
	wantCustom := Want{Subject: child(), PredicateTypes: []string{custom.PredicateType}, Now: now(), Role: Provenance}
	good := signedBy(t, ci, vsa(t, v))
	anything := errors.New("anything")
	cases := []struct {
		name   string
		bundle []byte
		want   Want
		err    error
	}{
		{"good", good, wantVerdict(), nil},
		{"good, by name", good, change(func(w *Want) { w.Names = []string{"young", "ci"} }), nil},
		{"good, by role", good, change(func(w *Want) { w.Role = Verdicts }), nil},
		{"good, with another hint", bytes.Replace(good, []byte(hintOf(ci)), []byte("key-7"), 1), wantVerdict(), nil},
		{"a second subject", signedBy(t, ci, vsa(t, v, index())), change(func(w *Want) { w.Subject = index() }), nil},
		{"a scan", signedBy(t, scanner, scanOf(t, child(), "2026-11-22T11:00:00Z")), aged(scan, 2*time.Hour), nil},
		{"a predicate of our own", signedBy(t, ci, custom), wantCustom, nil},

		{"wrong key", signedBy(t, eve, vsa(t, v)), wantVerdict(), ErrStranger},
		{"wrong key with the hint of a trusted one", bytes.Replace(signedBy(t, eve, vsa(t, v)), []byte(hintOf(eve)), []byte(hintOf(ci)), 1), wantVerdict(), ErrStranger},
		{"wrong key with the key id of a trusted one", reenvelope(t, signedBy(t, eve, vsa(t, v)), func(e *dsse.Envelope) { e.Signatures[0].KeyID = ci.Key().ID() }), wantVerdict(), ErrStranger},
		{"expired key (CVE-2026-54787)", signedBy(t, old, vsa(t, v)), wantVerdict(), dsse.ErrKeyTime},
		{"key of the future", signedBy(t, young, vsa(t, v)), wantVerdict(), dsse.ErrKeyTime},
		{"a trusted key with another role", signedBy(t, scanner, vsa(t, v)), wantVerdict(), ErrRole},
		{"a trusted key that was not asked for", good, change(func(w *Want) { w.Names = []string{"young"} }), ErrRole},
		{"a name that the trust does not have", good, change(func(w *Want) { w.Names = []string{"eve"} }), ErrRole},
		{"the trusted key's id, empty names", good, change(func(w *Want) { w.Names = []string{""} }), ErrRole},

		{"wrong digest (CVE-2023-47630)", good, change(func(w *Want) { w.Subject = image.DigestOf([]byte("other")) }), ErrSubject},
		{"the index for its child", good, change(func(w *Want) { w.Subject = index() }), ErrSubject},
		{"the image id for the manifest", good, change(func(w *Want) { w.Subject = v.Inputs.Subject.ImageID }), ErrSubject},
		{"a digest in the name", signedBy(t, ci, func() Statement {
			s := scanOf(t, index(), "2026-11-22T11:00:00Z")
			s.Subject[0].Name = child().Hex()
			return s
		}()), scan, ErrSubject},
		{"another name for the content", good, change(func(w *Want) { w.Repository = "registry.example/sandbox" }), ErrSubject},
		{"right signature, wrong predicate (CVE-2022-35929, CVE-2022-35930)", signedBy(t, ci, scanOf(t, child(), "2026-11-22T11:00:00Z")), wantVerdict(), ErrPredicate},
		{"a verdict for a scan", good, scan, ErrPredicate},
		{"replaced payload", reenvelope(t, good, func(e *dsse.Envelope) { e.Payload = bytes.Replace(e.Payload, []byte("deny"), []byte("warn"), 1) }), wantVerdict(), ErrStranger},
		{"replaced payload type", reenvelope(t, good, func(e *dsse.Envelope) { e.PayloadType = "text/plain" }), wantVerdict(), dsse.ErrPayloadType},
		{"another payload type, signed", func() []byte {
			payload, err := Encode(vsa(t, v))
			if err != nil {
				t.Fatal(err)
			}
			b, err := ci.Sign(t.Context(), "text/plain", payload)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}(), wantVerdict(), dsse.ErrPayloadType},
		{"a payload that can be read in two ways, signed", func() []byte {
			payload, err := Encode(vsa(t, v))
			if err != nil {
				t.Fatal(err)
			}
			b, err := ci.Sign(t.Context(), PayloadType, bytes.Replace(payload, []byte(`"replay":false`), []byte(`"replay":false,"replay":false`), 1))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}(), wantVerdict(), anything},
		{"a payload that is no statement, signed (CVE-2026-39395)", func() []byte {
			b, err := ci.Sign(t.Context(), PayloadType, []byte("not JSON"))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}(), wantVerdict(), anything},
		{"a replay, signed", signedBy(t, ci, func() Statement {
			s := vsa(t, v)
			s.Predicate = bytes.Replace(s.Predicate, []byte(`"replay":false`), []byte(`"replay":true`), 1)
			return s
		}()), wantVerdict(), anything},
		{"another tool's summary, signed", signedBy(t, ci, func() Statement {
			s := vsa(t, v)
			s.Predicate = bytes.Replace(s.Predicate, []byte(`plimsoll.dev/verdict`), []byte(`example.com/verdict`), 1)
			return s
		}()), wantVerdict(), anything},

		{"a verdict past its end", good, change(func(w *Want) { w.Now, w.MaxAge = now().Add(24*time.Hour), 0 }), ErrStale},
		{"a verdict within its end, older than asked for", good, change(func(w *Want) { w.MaxAge = 30 * time.Minute }), ErrStale},
		{"a verdict without an end, old", signedBy(t, ci, vsa(t, endless)), wantVerdict(), ErrStale},
		{"a verdict without an end, of any age", signedBy(t, ci, vsa(t, endless)), change(func(w *Want) { w.MaxAge = 0 }), nil},
		{"a verdict of the future", signedBy(t, ci, vsa(t, later)), wantVerdict(), ErrFuture},
		{"a scan of long ago (CVE-2024-23332)", signedBy(t, scanner, scanOf(t, child(), "2026-11-01T11:00:00Z")), aged(scan, time.Hour), ErrStale},
		{"a scan of the future", signedBy(t, scanner, scanOf(t, child(), "2026-12-01T11:00:00Z")), scan, ErrFuture},
		{"a scan with a time that is none", signedBy(t, scanner, scanOf(t, child(), "today")), scan, anything},
		{"no time at all, and an age asked for", signedBy(t, ci, custom), aged(wantCustom, time.Hour), ErrStale},

		{"truncated", good[:len(good)/2], wantVerdict(), anything},
		{"a duplicate member", bytes.Replace(good, []byte(`{"mediaType"`), []byte(`{"mediaType":"x","mediaType"`), 1), wantVerdict(), anything},
		{"nothing", nil, wantVerdict(), anything},
		{"a certificate, and nothing to verify it", certified("x"), wantVerdict(), ErrStranger},

		{"wanted: no subject", good, change(func(w *Want) { w.Subject = image.Digest{} }), anything},
		{"wanted: any predicate", good, change(func(w *Want) { w.PredicateTypes = nil }), anything},
		{"wanted: no time", good, change(func(w *Want) { w.Now = time.Time{} }), anything},
		{"wanted: no name for a verdict", good, change(func(w *Want) { w.Repository = "" }), anything},
		{"wanted: another role for verdicts", good, change(func(w *Want) { w.Role = Scans }), anything},
		{"wanted: a role that does not exist", good, change(func(w *Want) { w.Role = "kings" }), anything},
		{"wanted: an unknown predicate without a role", signedBy(t, ci, custom), func() Want { w := wantCustom; w.Role = ""; return w }(), anything},
		{"wanted: a negative age", good, aged(wantVerdict(), -1), anything},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := verifier.Verify(t.Context(), c.bundle, c.want)
			if c.err == anything && err == nil || c.err != anything && !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err != nil {
				if len(got.Signers) > 0 || got.Statement.Type != "" || !got.Digest.IsZero() {
					t.Errorf("%+v beside an error", got)
				}
				return
			}
			if len(got.Signers) == 0 || got.Signers[0].Name == "" || got.Digest != image.DigestOf(c.bundle) || !got.Statement.About(c.want.Subject) {
				t.Errorf("verified %+v", got)
			}
		})
	}
}

func hintOf(k KeySigner) string {
	sum, err := hex.DecodeString(k.Key().ID())
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(sum)
}

// certified is a bundle with a certificate.
func certified(payload string) []byte {
	return []byte(`{"mediaType":"` + BundleMediaType + `","verificationMaterial":{"certificate":{"rawBytes":"` + payload + `"}},"dsseEnvelope":{}}`)
}

func TestVerifyCertificates(t *testing.T) {
	ci := keyFor(t)
	payload, err := Encode(vsa(t, theVerdict(verdict.Allow)))
	if err != nil {
		t.Fatal(err)
	}
	trust := trustIn(t, map[string]KeySigner{"ci": ci}, map[Role][]string{Verdicts: {"ci", "zeta", "workflow"}, Scans: {"scan"}},
		"identities:", "- {name: zeta, issuer: https://token.example, subjectPattern: 'https://ci.example/**'}",
		"- {name: workflow, issuer: https://token.example, subject: https://ci.example/main}",
		"- {name: scan, issuer: https://token.example, subject: https://scan.example}")
	good := certificates{payloadType: PayloadType, payload: payload, signer: Identity{Issuer: "https://token.example", Subject: "https://ci.example/main"}, at: now().Add(-time.Minute)}
	with := func(f func(*certificates)) certificates {
		c := good
		f(&c)
		return c
	}
	anything := errors.New("anything")
	cases := []struct {
		name string
		more []BundleVerifier
		err  error
	}{
		{"good", []BundleVerifier{good}, nil},
		{"the second verifier knows it", []BundleVerifier{certificates{err: anything}, good}, nil},
		{"no verifier", nil, anything},
		{"its error is ours", []BundleVerifier{certificates{err: anything, payload: payload, payloadType: PayloadType, signer: good.signer, at: good.at}}, anything},
		{"a stranger", []BundleVerifier{with(func(c *certificates) { c.signer.Subject = "https://evil.example" })}, ErrStranger},
		{"another issuer", []BundleVerifier{with(func(c *certificates) { c.signer.Issuer = "https://evil.example" })}, ErrStranger},
		{"a trusted one with another role", []BundleVerifier{with(func(c *certificates) { c.signer.Subject = "https://scan.example" })}, ErrRole},
		{"a name of the trust, made up", []BundleVerifier{with(func(c *certificates) { c.signer = Identity{Name: "ci"} })}, ErrStranger},
		{"a key id, made up", []BundleVerifier{with(func(c *certificates) { c.signer = Identity{KeyID: ci.Key().ID()} })}, ErrStranger},
		{"no trusted time", []BundleVerifier{with(func(c *certificates) { c.at = time.Time{} })}, anything},
		{"signed in the future", []BundleVerifier{with(func(c *certificates) { c.at = now().Add(time.Hour) })}, ErrFuture},
		{"signed long ago", []BundleVerifier{with(func(c *certificates) { c.at = now().Add(-48 * time.Hour) })}, ErrStale},
		{"another payload type", []BundleVerifier{with(func(c *certificates) { c.payloadType = "text/plain" })}, dsse.ErrPayloadType},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			verifier, err := NewVerifier(trust, c.more...)
			if err != nil {
				t.Fatal(err)
			}
			got, err := verifier.Verify(t.Context(), certified("AA"), wantVerdict())
			if c.err == anything && err == nil || c.err != anything && !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			// One certificate is one signer, whatever number of names it has.
			if err == nil && (len(got.Signers) != 1 || got.Signers[0].Name != "workflow" || !got.SignedAt.Equal(good.at)) {
				t.Errorf("verified %+v", got)
			}
		})
	}
	if _, err := NewVerifier(trust, nil); err == nil {
		t.Error("a verifier of certificates that is nil was taken")
	}
}

func TestNoTrustNoVerifier(t *testing.T) {
	if v, err := NewVerifier(Trust{}); !errors.Is(err, ErrNoTrust) || v != nil {
		t.Errorf("%v, %v", v, err)
	}
	bundle := signedBy(t, keyFor(t), vsa(t, theVerdict(verdict.Allow)))
	var none *Verifier
	for name, v := range map[string]*Verifier{"zero": {}, "nil": none, "zero, bounded": (&Verifier{}).Bounded(), "nil, bounded": none.Bounded()} {
		if _, err := v.Verify(t.Context(), bundle, wantVerdict()); !errors.Is(err, ErrNoTrust) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The work that strangers can cause is bounded by the number of checks, whatever they attach.
func TestVerifierIsBounded(t *testing.T) {
	eve := keyFor(t)
	keys, names := map[string]KeySigner{}, []string{}
	for i := range dsse.MaxKeys {
		name := fmt.Sprintf("k%d", i)
		keys[name], names = keyFor(t), append(names, name)
	}
	verifier, err := NewVerifier(trustIn(t, keys, map[Role][]string{Verdicts: names}))
	if err != nil {
		t.Fatal(err)
	}
	heavy := reenvelope(t, signedBy(t, eve, vsa(t, theVerdict(verdict.Allow))), func(e *dsse.Envelope) {
		e.Signatures[0] = dsse.Signature{Sig: []byte("none")} // no key id, so that every key is tried
		for len(e.Signatures) < dsse.MaxSignatures {
			e.Signatures = append(e.Signatures, e.Signatures[0])
		}
	})
	_, cost, err := verifier.verify(t.Context(), heavy, wantVerdict(), maxChecks)
	if cost != dsse.MaxKeys*dsse.MaxSignatures || !errors.Is(err, ErrStranger) {
		t.Fatalf("cost %d, %v", cost, err)
	}
	if _, cost, err = verifier.verify(t.Context(), heavy, wantVerdict(), cost-1); cost != dsse.MaxKeys*dsse.MaxSignatures || err == nil || errors.Is(err, ErrStranger) {
		t.Errorf("with too little left: cost %d, %v", cost, err)
	}
	named := reenvelope(t, signedBy(t, keys["k7"], vsa(t, theVerdict(verdict.Allow))), func(e *dsse.Envelope) { e.Signatures[0].KeyID = keys["k7"].Key().ID() })
	if _, few, err := verifier.verify(t.Context(), named, wantVerdict(), maxChecks); few != 1 || err != nil {
		t.Errorf("with the id of a trusted key: cost %d, %v", few, err)
	}
	bundles := make([][]byte, maxChecks/cost+1)
	for i := range bundles {
		bundles[i] = heavy
	}
	// For a verifier that is bounded it counts together; for another each call has its own bound.
	bounded, refused := verifier.Bounded(), 0
	for _, bundle := range bundles {
		if _, err := bounded.Verify(t.Context(), bundle, wantVerdict()); errors.Is(err, ErrTooMuch) {
			refused++
		}
		if _, err := verifier.Verify(t.Context(), bundle, wantVerdict()); !errors.Is(err, ErrStranger) {
			t.Errorf("alone: %v", err)
		}
	}
	if refused != 1 {
		t.Errorf("%d of %d were not looked at", refused, len(bundles))
	}
	m := Message{Content: []byte("x"), Signature: []byte("y")}
	for err = error(ErrStranger); errors.Is(err, ErrStranger); {
		_, err = bounded.VerifyMessage(t.Context(), m, wantVerdict())
	}
	if !errors.Is(err, ErrTooMuch) {
		t.Errorf("messages: %v", err)
	}
}

// What cosign wrote is verified, in its bundle and in its envelope alone.
func TestCosignBundle(t *testing.T) {
	bundle, err := os.ReadFile("testdata/cosign/bundle.json")
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile("testdata/cosign/cosign.pub")
	if err != nil {
		t.Fatal(err)
	}
	trust, err := ParseTrust("trust", fmt.Appendf(nil, `{"apiVersion":"plimsoll.dev/v1","kind":"Trust","metadata":{"name":"x"},"keys":[{"name":"cosign","publicKey":%q}],"roles":{"scans":["cosign"]}}`, public))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := NewVerifier(trust)
	if err != nil {
		t.Fatal(err)
	}
	var document struct{ DSSEEnvelope json.RawMessage }
	if err := json.Unmarshal(bundle, &document); err != nil {
		t.Fatal(err)
	}
	want := Want{Subject: image.DigestOf([]byte("hello")), PredicateTypes: []string{VulnsType}, Now: now(), MaxAge: 24 * time.Hour}
	for name, data := range map[string][]byte{"bundle": bundle, "envelope": document.DSSEEnvelope} {
		if got, err := verifier.Verify(t.Context(), data, want); err != nil || got.Signers[0].Name != "cosign" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestParseBundleRefuses(t *testing.T) {
	envelope := `{"payload":"","payloadType":"t","signatures":[{"sig":"AAAA"}]}`
	bundle := func(mediaType, material, content string) string {
		return `{"mediaType":"` + mediaType + `","verificationMaterial":` + material + `,` + content + `}`
	}
	key, content := `{"publicKey":{"hint":"x"}}`, `"dsseEnvelope":`+envelope
	cases := []struct{ name, text, want string }{
		{"good", bundle(BundleMediaType, key, content), ""},
		{"an envelope alone", envelope, ""},
		{"an older bundle", bundle("application/vnd.dev.sigstore.bundle+json;version=0.2", key, content), ""},
		{"log entries and timestamps beside a key", bundle(BundleMediaType, `{"publicKey":{},"tlogEntries":[{"logIndex":"1"}],"timestampVerificationData":{}}`, content), ""},
		{"a certificate", bundle(BundleMediaType, `{"certificate":{"rawBytes":"AA=="}}`, content), ""},
		{"another type", bundle("application/json", key, content), "mediaType"},
		{"no type", `{"verificationMaterial":` + key + `,` + content + `}`, "mediaType"},
		{"no material", `{"mediaType":"` + BundleMediaType + `",` + content + `}`, "verificationMaterial"},
		{"neither key nor certificate", bundle(BundleMediaType, `{}`, content), "neither"},
		{"a key and a certificate", bundle(BundleMediaType, `{"publicKey":{},"certificate":{}}`, content), "one of them"},
		{"a message", bundle(BundleMediaType, key, `"messageSignature":{}`), "message"},
		{"a message and an envelope", bundle(BundleMediaType, key, content+`,"messageSignature":{}`), "message"},
		{"no envelope", bundle(BundleMediaType, key, `"x":1`), "dsseEnvelope"},
		{"a bundle that is an envelope too", bundle(BundleMediaType, key, content+`,"payload":"","payloadType":"t","signatures":[{"sig":"AAAA"}]`), "at once"},
		{"an envelope twice", bundle(BundleMediaType, key, content+`,`+content), "twice"},
		{"null", "null", "neither"},
		{"a list", "[]", "array"},
		{"many objects", bundle(BundleMediaType, key, content+`,"x":[`+strings.Repeat("{},", 5000)+`{}]`), "objects"},
		{"large", strings.Repeat(" ", MaxBundle+1), "bytes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseBundle([]byte(c.text))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// What is read as a keyed bundle is within the limits, and written as one it reads as the same.
func FuzzParseBundle(f *testing.F) {
	ci := keyFor(f)
	f.Add(signedBy(f, ci, vsa(f, theVerdict(verdict.Deny))))
	f.Add(certified("AA"))
	f.Add([]byte(`{"payload":"aGk=","payloadType":"t","signatures":[{"sig":"AAAA"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := parseBundle(data)
		if err != nil {
			return
		}
		if b.keyed != (len(b.envelope.Signatures) > 0) || len(b.envelope.Signatures) > dsse.MaxSignatures {
			t.Fatalf("read %+v", b)
		}
		if !b.keyed {
			return
		}
		encoded, err := encodeBundle(b.envelope, ci.Key())
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseBundle(encoded)
		if err != nil || !bytes.Equal(dsse.PAE(again.envelope.PayloadType, again.envelope.Payload), dsse.PAE(b.envelope.PayloadType, b.envelope.Payload)) {
			t.Fatalf("read again %+v, %v", again, err)
		}
	})
}

// Whatever the bytes: a bundle that verifies holds what the key signed, about the subject; and
// with a trust in somebody else nothing verifies.
func FuzzVerify(f *testing.F) {
	ci, other := keyFor(f), keyFor(f)
	signed := vsa(f, theVerdict(verdict.Deny))
	good := signedBy(f, ci, signed)
	payload, err := Encode(signed)
	if err != nil {
		f.Fatal(err)
	}
	verifierOf := func(k KeySigner) *Verifier {
		v, err := NewVerifier(trustIn(f, map[string]KeySigner{"k": k}, map[Role][]string{Verdicts: {"k"}}))
		if err != nil {
			f.Fatal(err)
		}
		return v
	}
	verifier, elsewhere := verifierOf(ci), verifierOf(other)
	f.Add(good)
	f.Add(certified("AA"))
	f.Add([]byte(`{"payload":"","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAAA"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := elsewhere.Verify(t.Context(), data, wantVerdict()); err == nil {
			t.Errorf("verified %+v by a key that never signed", got)
		}
		got, err := verifier.Verify(t.Context(), data, wantVerdict())
		if err != nil {
			return
		}
		if encoded, err := Encode(got.Statement); err != nil || !bytes.Equal(encoded, payload) {
			t.Errorf("verified %s, which was never signed", encoded)
		}
	})
}

// BenchmarkVerify is a bundle from its bytes on, and beside it what no verifier can leave out: the
// signature of those bytes.
func BenchmarkVerify(b *testing.B) {
	ci := keyFor(b)
	verifier, err := NewVerifier(trustIn(b, map[string]KeySigner{"ci": ci}, map[Role][]string{Verdicts: {"ci"}}))
	if err != nil {
		b.Fatal(err)
	}
	data := signedBy(b, ci, vsa(b, theVerdict(verdict.Deny)))
	read, err := parseBundle(data)
	if err != nil {
		b.Fatal(err)
	}
	message := dsse.PAE(read.envelope.PayloadType, read.envelope.Payload)
	b.Run("bundle", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := verifier.Verify(b.Context(), data, wantVerdict()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("signature alone", func(b *testing.B) {
		for b.Loop() {
			if !ci.Key().VerifyMessage(message, read.envelope.Signatures[0].Sig) {
				b.Fatal("not verified")
			}
		}
	})
}

// TestSignersOf: one good signature counts, however much junk lies before it; what nobody signed has
// no signers, and says why.
func TestSignersOf(t *testing.T) {
	keys := map[string]KeySigner{"ci": keyFor(t)}
	roles := map[Role][]string{Policies: {"ci"}}
	for i := range dsse.MaxKeys - 1 {
		name := fmt.Sprintf("k%d", i)
		keys[name], roles[Policies] = keyFor(t), append(roles[Policies], name)
	}
	trust, err := ParseTrust("trust.yaml", []byte(trustText(keys, roles)))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := NewVerifier(trust)
	if err != nil {
		t.Fatal(err)
	}
	statement, err := FileStatement(PolicyType, now(), SubjectOf("policy.yaml", child()))
	if err != nil {
		t.Fatal(err)
	}
	good, err := SignStatement(t.Context(), keys["ci"], statement)
	if err != nil {
		t.Fatal(err)
	}
	junk := dsse.Envelope{PayloadType: PayloadType, Payload: []byte("{}")}
	for i := range dsse.MaxSignatures {
		junk.Signatures = append(junk.Signatures, dsse.Signature{Sig: []byte{byte(i)}})
	}
	heavy, err := dsse.Encode(junk)
	if err != nil {
		t.Fatal(err)
	}
	var bundles [][]byte
	for range maxChecks/(dsse.MaxKeys*dsse.MaxSignatures) + 2 {
		bundles = append(bundles, heavy)
	}
	want := Want{Subject: child(), PredicateTypes: []string{PolicyType}, Now: now()}
	if names, err := verifier.SignersOf(t.Context(), append(bundles, good), want); err != nil || !slices.Equal(names, []string{"ci"}) {
		t.Errorf("%q, %v", names, err)
	}
	for name, c := range map[string]struct {
		bundles [][]byte
		want    error
	}{"none": {nil, ErrAbsent}, "junk": {bundles, ErrTooMuch}, "about something else": {[][]byte{good}, ErrSubject}} {
		if name == "about something else" {
			want.Subject = index()
		}
		if names, err := verifier.SignersOf(t.Context(), c.bundles, want); !errors.Is(err, c.want) || names != nil || len(err.Error()) > 2000 {
			t.Errorf("%s: %q, %v", name, names, err)
		}
		want.Subject = child()
	}
}
