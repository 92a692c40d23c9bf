package sigstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"plimsoll.dev/plimsoll/evidence/sigstore/sigstoretest"
)

// Log entries are read before anything of them is proved, so their bodies are whatever a stranger
// wrote.
func TestHostileLogEntries(t *testing.T) {
	s := sigstoretest.New(t)
	hash := `{"algorithm":"sha256","value":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}`
	for name, spec := range map[string]string{
		"dsse 0.0.1 no signatures":              `{"envelopeHash":` + hash + `,"payloadHash":` + hash + `,"signatures":[]}`,
		"dsse 0.0.1 null for signatures":        `{"envelopeHash":` + hash + `,"payloadHash":` + hash + `,"signatures":null}`,
		"dsse 0.0.1 a null signature":           `{"envelopeHash":` + hash + `,"payloadHash":` + hash + `,"signatures":[null]}`,
		"dsse 0.0.1 an empty signature":         `{"envelopeHash":` + hash + `,"payloadHash":` + hash + `,"signatures":[{}]}`,
		"dsse 0.0.1 nothing":                    `{}`,
		"hashedrekord 0.0.1 nothing":            `{}`,
		"hashedrekord 0.0.1 no signature":       `{"data":{"hash":` + hash + `}}`,
		"hashedrekord 0.0.1 an empty signature": `{"data":{"hash":` + hash + `},"signature":{}}`,
		"hashedrekord 0.0.1 no key":             `{"data":{"hash":` + hash + `},"signature":{"content":"AAAA"}}`,
		"hashedrekord 0.0.1 an empty key":       `{"data":{"hash":` + hash + `},"signature":{"content":"AAAA","publicKey":{}}}`,
		"hashedrekord 0.0.1 no data":            `{"data":null,"signature":{"content":"AAAA","publicKey":{"content":"AAAA"}}}`,
		"intoto 0.0.2 nothing":                  `{}`,
		"intoto 0.0.2 no content":               `{"content":{}}`,
		"intoto 0.0.2 no envelope":              `{"content":{"hash":` + hash + `,"payloadHash":` + hash + `}}`,
		"intoto 0.0.2 no signatures":            `{"content":{"hash":` + hash + `,"payloadHash":` + hash + `,"envelope":{"payloadType":"t","signatures":[]}}}`,
		"intoto 0.0.2 a null signature":         `{"content":{"hash":` + hash + `,"payloadHash":` + hash + `,"envelope":{"payloadType":"t","signatures":[null]}}}`,
		"intoto 0.0.2 an empty signature":       `{"content":{"hash":` + hash + `,"payloadHash":` + hash + `,"envelope":{"payloadType":"t","signatures":[{}]}}}`,
		"hashedrekord 0.0.2 nothing":            `{}`,
		"hashedrekord 0.0.2 an empty record":    `{"hashedRekordV002":{}}`,
		"hashedrekord 0.0.2 no verifier":        `{"hashedRekordV002":{"data":{},"signature":{"content":"AAAA"}}}`,
		"hashedrekord 0.0.2 an empty verifier":  `{"hashedRekordV002":{"data":{},"signature":{"content":"AAAA","verifier":{}}}}`,
		"jar 0.0.1 another kind":                `{}`,
		"dsse 0.0.9 another version":            `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			b := s.Signed(t, sigstoretest.Statement("image", predicate), s.Now)
			s.AddTimestamp(t, b, s.Now)
			e := s.Logged(t, b, s.Now)
			kind, rest, _ := strings.Cut(name, " ")
			version, _, _ := strings.Cut(rest, " ")
			e.KindVersion = &protorekor.KindVersion{Kind: kind, Version: version}
			e.CanonicalizedBody = must[[]byte](t)(json.Marshal(map[string]any{"apiVersion": version, "kind": kind, "spec": json.RawMessage(spec)}))
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, e)
			_, _, _, _, err := verifier(t, s).VerifyBundle(t.Context(), sigstoretest.Encode(t, b), s.Now)
			if !errors.Is(err, ErrProof) && !errors.Is(err, ErrFormat) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// An entry's body proves something only as the log has it: whatever else the fuzzer puts in its
// place is refused, with the log's own promise and proof beside it.
func FuzzLogEntry(f *testing.F) {
	s := sigstoretest.New(f)
	statements, files := s.Signed(f, sigstoretest.Statement("image", predicate), s.Now), s.SignedFile(f, []byte("a file"), s.Now)
	originals := [][]byte{}
	for _, e := range []*protorekor.TransparencyLogEntry{s.Logged(f, statements, s.Now), s.Logged(f, files, s.Now), s.Logged2(f, statements), s.Logged2(f, files)} {
		originals = append(originals, e.CanonicalizedBody)
		f.Add(e.CanonicalizedBody, e.KindVersion.Kind, e.KindVersion.Version)
	}
	f.Add([]byte(`{"apiVersion":"0.0.2","kind":"intoto","spec":{"content":{"envelope":{"payloadType":"t","signatures":[{"publicKey":"AAAA","sig":"AAAA"}]}}}}`), "intoto", "0.0.2")
	v := verifier(f, s, func(o *Options) { o.LogEntries, o.Timestamps = 1, 1 })
	s.AddTimestamp(f, statements, s.Now)
	s.AddTimestamp(f, files, s.Now)
	f.Fuzz(func(t *testing.T, body []byte, kind, version string) {
		for _, b := range []*protobundle.Bundle{statements, files} {
			e := s.Logged(t, b, s.Now)
			if version == "0.0.2" && kind == "hashedrekord" {
				e = s.Logged2(t, b)
			}
			e.CanonicalizedBody, e.KindVersion = body, &protorekor.KindVersion{Kind: kind, Version: version}
			b.VerificationMaterial.TlogEntries = []*protorekor.TransparencyLogEntry{e}
			document, err := protojson.Marshal(b)
			if err != nil {
				return // text that protobuf cannot hold
			}
			_, _, _, _, first := v.VerifyBundle(t.Context(), document, s.Now)
			_, _, second := v.VerifyMessage(t.Context(), document, []byte("a file"), s.Now)
			original := slices.ContainsFunc(originals, func(o []byte) bool { return bytes.Equal(o, body) })
			if (first == nil || second == nil) && !original {
				t.Fatalf("an entry with the body %q is taken for a proof", body)
			}
		}
	})
}
