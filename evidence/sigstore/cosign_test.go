package sigstore

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/sigstore/sigstoretest"
	"plimsoll.dev/plimsoll/image"
)

// simple is the payload that cosign signs for an image.
func simple(digest, kind string) []byte {
	return []byte(`{"critical":{"identity":{"docker-reference":"registry.example/app"},"image":{"docker-manifest-digest":"` + digest +
		`"},"type":"` + kind + `"},"optional":{"build":"7"}}`)
}

const imageSignature = "cosign container image signature"

// oldAnnotations are those of cosign's older layouts (cosign, specs/SIGNATURE_SPEC.md) with what a
// bundle proves.
func oldAnnotations(t testing.TB, s *sigstoretest.Instance, b *protobundle.Bundle) map[string]string {
	t.Helper()
	entry := s.Logged(t, b, s.Now)
	recorded := must[[]byte](t)(json.Marshal(map[string]any{
		"SignedEntryTimestamp": entry.InclusionPromise.SignedEntryTimestamp,
		"Payload": map[string]any{"body": entry.CanonicalizedBody, "integratedTime": entry.IntegratedTime,
			"logIndex": entry.LogIndex, "logID": hex.EncodeToString(entry.LogId.KeyId)},
	}))
	annotations := map[string]string{certificateAnnotation: string(sigstoretest.LeafText(b)), logAnnotation: string(recorded),
		"dev.sigstore.cosign/chain": "what is here is not read"}
	if b.GetMessageSignature() != nil {
		annotations[signatureAnnotation] = base64.StdEncoding.EncodeToString(sigstoretest.SignatureOf(b))
	} else {
		annotations[signatureAnnotation] = ""
		annotations[predicateAnnotation] = predicate
	}
	return annotations
}

func TestOldSignature(t *testing.T) {
	s := sigstoretest.New(t)
	digest, other := image.DigestOf([]byte("image")), image.DigestOf([]byte("another image"))
	payload := simple(digest.String(), imageSignature)
	b := s.SignedFile(t, payload, s.Now)
	s.AddTimestamp(t, b, s.Now)
	stamp := must[[]byte](t)(json.Marshal(map[string]any{"SignedRFC3161Timestamp": b.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps[0].SignedTimestamp}))
	logs := func(o *Options) { o.LogEntries, o.Timestamps = 1, 0 }
	cases := []struct {
		name    string
		payload []byte
		change  func(map[string]string)
		options []func(*Options)
		want    error
		says    string
	}{
		{"with a log's promise", payload, nil, []func(*Options){logs}, nil, ""},
		{"with a timestamp", payload, func(a map[string]string) { a[timestampAnnotation] = string(stamp); delete(a, logAnnotation) }, nil, nil, ""},
		{"with neither", payload, func(a map[string]string) { delete(a, logAnnotation) }, []func(*Options){logs}, ErrProof, ""},
		{"wrong digest", simple(other.String(), imageSignature), nil, nil, ErrFormat, "of image"},
		{"no digest", simple("", imageSignature), nil, nil, ErrFormat, "of image"},
		{"another kind of payload", simple(digest.String(), "atomic container signature"), nil, nil, ErrFormat, "atomic"},
		{"payload replaced", bytes.Replace(payload, []byte(`"7"`), []byte(`"8"`), 1), nil, []func(*Options){logs}, ErrProof, ""},
		{"payload with a member twice", twice(payload, `"critical":{}`), nil, nil, ErrFormat, "twice"},
		{"payload too large", append(bytes.Repeat([]byte(" "), maxPayload), payload...), nil, nil, ErrFormat, "bytes"},
		{"no signature", payload, func(a map[string]string) { delete(a, signatureAnnotation) }, nil, ErrFormat, signatureAnnotation},
		{"broken signature", payload, func(a map[string]string) { a[signatureAnnotation] = "?" }, nil, ErrFormat, signatureAnnotation},
		{"two certificates", payload, func(a map[string]string) { a[certificateAnnotation] += a[certificateAnnotation] }, nil, ErrFormat, "one certificate"},
		{"a large certificate", payload, func(a map[string]string) { a[certificateAnnotation] += strings.Repeat("\n", maxPEM) }, nil, ErrFormat, "bytes"},
		{"log entry of another artifact (CVE-2026-22703)", payload, func(a map[string]string) {
			a[logAnnotation] = oldAnnotations(t, s, s.SignedFile(t, simple(other.String(), imageSignature), s.Now))[logAnnotation]
		}, []func(*Options){logs}, ErrProof, "another signature"},
		{"log entry with a member twice", payload, func(a map[string]string) { a[logAnnotation] = string(twice([]byte(a[logAnnotation]), `"Payload":{}`)) }, nil, ErrFormat, "twice"},
		{"log entry that is none", payload, func(a map[string]string) { a[logAnnotation] = "{}" }, nil, ErrFormat, logAnnotation},
		{"timestamp that is none", payload, func(a map[string]string) { a[timestampAnnotation] = "{}" }, nil, ErrFormat, timestampAnnotation},
		{"signed with a key", payload, func(a map[string]string) { delete(a, certificateAnnotation) }, nil, ErrFormat, "key"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			annotations := oldAnnotations(t, s, b)
			if c.change != nil {
				c.change(annotations)
			}
			found, err := ReadSignature(c.payload, annotations, digest)
			var signer evidence.Identity
			var at time.Time
			if err == nil {
				signer, at, err = verifier(t, s, c.options...).VerifyFound(t.Context(), found, s.Now)
			}
			if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error %v, want %v with %q", err, c.want, c.says)
			}
			if err != nil {
				return
			}
			if signer.Name != "releases" || !at.Equal(s.Now) || found.Layout != evidence.CosignSignature {
				t.Errorf("%s signed by %v at %s", found.Layout, signer, at)
			}
			want := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` + digest.Hex() +
				`"}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{"build":"7"}}`
			if string(found.Statement) != want {
				t.Errorf("the statement is %s", found.Statement)
			}
		})
	}
	if _, err := ReadSignature(simple("", imageSignature), oldAnnotations(t, s, b), image.Digest{}); !errors.Is(err, ErrFormat) {
		t.Errorf("of no image: %v", err)
	}
}

func TestOldAttestation(t *testing.T) {
	s := sigstoretest.New(t)
	payload := sigstoretest.Statement("image", predicate)
	b := s.Signed(t, payload, s.Now)
	document := must[[]byte](t)(json.Marshal(map[string]any{"payloadType": evidence.PayloadType, "payload": payload,
		"signatures": []any{map[string]any{"keyid": "", "sig": sigstoretest.SignatureOf(b)}}}))
	logs := func(o *Options) { o.LogEntries, o.Timestamps = 1, 0 }
	cases := []struct {
		name     string
		document []byte
		change   func(map[string]string)
		want     error
		says     string
	}{
		{"good", document, nil, nil, ""},
		{"without the annotation of the predicate", document, func(a map[string]string) { delete(a, predicateAnnotation) }, nil, ""},
		{"right signature, wrong predicate (CVE-2022-35929)", document, func(a map[string]string) { a[predicateAnnotation] = "https://slsa.dev/provenance/v1" }, ErrFormat, "predicate type"},
		{"another type of payload", bytes.Replace(document, []byte("in-toto"), []byte("inxtoto"), 1), nil, ErrFormat, "inxtoto"},
		{"payload replaced", bytes.Replace(document, []byte(base64.StdEncoding.EncodeToString(payload)),
			[]byte(base64.StdEncoding.EncodeToString(sigstoretest.Statement("another image", predicate))), 1), nil, ErrProof, ""},
		{"no statement (CVE-2026-39395)", bytes.Replace(document, []byte(base64.StdEncoding.EncodeToString(payload)), []byte("AAAA"), 1), nil, ErrFormat, "statement"},
		{"a member twice", twice(document, `"payload":"AAAA"`), nil, ErrFormat, "twice"},
		{"no signature", bytes.Replace(document, []byte(`"signatures":[`), []byte(`"signatures":[],"x":[`), 1), nil, ErrFormat, "0 signatures"},
		{"two signatures", bytes.Replace(document, []byte(`"signatures":[`), []byte(`"signatures":[{"sig":"AAAA"},`), 1), nil, ErrFormat, "2 signatures"},
		{"an empty signature", bytes.Replace(document, []byte(`"sig":"`), []byte(`"sig":"","x":"`), 1), nil, ErrFormat, "signatures"},
		{"too large", append(bytes.Repeat([]byte(" "), MaxBundle), document...), nil, ErrFormat, "bytes"},
		{"no JSON", []byte("hello"), nil, ErrFormat, ""},
		{"log entry of another artifact (CVE-2026-22703)", document, func(a map[string]string) {
			a[logAnnotation] = oldAnnotations(t, s, s.Signed(t, sigstoretest.Statement("another image", predicate), s.Now))[logAnnotation]
		}, ErrProof, "another signature"},
		{"signed with a key", document, func(a map[string]string) { delete(a, certificateAnnotation) }, ErrFormat, "key"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			annotations := oldAnnotations(t, s, b)
			if c.change != nil {
				c.change(annotations)
			}
			found, err := ReadAttestation(c.document, annotations)
			var signer evidence.Identity
			if err == nil {
				signer, _, err = verifier(t, s, logs).VerifyFound(t.Context(), found, s.Now)
			}
			if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error %v, want %v with %q", err, c.want, c.says)
			}
			if err == nil && (signer.Name != "releases" || !bytes.Equal(found.Statement, payload) || found.Layout != evidence.CosignAttestation) {
				t.Errorf("%s %s signed by %v", found.Layout, found.Statement, signer)
			}
		})
	}
	// The statement of a Found is what is verified, and nothing put in its place.
	found, err := ReadAttestation(document, oldAnnotations(t, s, b))
	if err != nil {
		t.Fatal(err)
	}
	found.Statement = sigstoretest.Statement("another image", predicate)
	if _, _, err := verifier(t, s, logs).VerifyFound(t.Context(), found, s.Now); !errors.Is(err, ErrProof) {
		t.Errorf("another statement: %v", err)
	}
}

// Whatever is read of a stranger's layer is of the image that was asked for, or a statement of the
// annotated type, and a bundle that the reader of bundles takes or refuses without failing.
func FuzzOldLayouts(f *testing.F) {
	s := sigstoretest.New(f)
	digest := image.DigestOf([]byte("image"))
	payload := simple(digest.String(), imageSignature)
	a := oldAnnotations(f, s, s.SignedFile(f, payload, s.Now))
	f.Add(payload, a[signatureAnnotation], a[certificateAnnotation], a[logAnnotation])
	b := s.Signed(f, sigstoretest.Statement("image", predicate), s.Now)
	a = oldAnnotations(f, s, b)
	f.Add(must[[]byte](f)(json.Marshal(envelope{Payload: sigstoretest.Statement("image", predicate), PayloadType: evidence.PayloadType, Signatures: []envelopeSignature{{Sig: sigstoretest.SignatureOf(b)}}})),
		"", a[certificateAnnotation], a[logAnnotation])
	stranger := verifier(f, sigstoretest.New(f))
	f.Fuzz(func(t *testing.T, layer []byte, signature, certificate, log string) {
		annotations := map[string]string{signatureAnnotation: signature, certificateAnnotation: certificate, logAnnotation: log, predicateAnnotation: predicate}
		if found, err := ReadSignature(layer, annotations, digest); err == nil {
			if !bytes.Contains(found.Statement, []byte(digest.Hex())) || !bytes.Equal(found.Message, layer) || len(found.Signature) == 0 {
				t.Fatalf("read %s", found.Statement)
			}
			if _, _, err := stranger.VerifyFound(t.Context(), found, s.Now); err == nil {
				t.Fatal("verified under another's trust")
			}
		}
		if found, err := ReadAttestation(layer, annotations); err == nil {
			var read evidence.Statement
			if err := json.Unmarshal(found.Statement, &read); err == nil && read.PredicateType != predicate {
				t.Fatalf("read a statement of type %s", read.PredicateType)
			}
			if _, _, err := stranger.VerifyFound(t.Context(), found, s.Now); err == nil {
				t.Fatal("verified under another's trust")
			}
		}
	})
}
