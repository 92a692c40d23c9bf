package ship

import (
	"testing"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
)

// FuzzParseDocument: what is accepted names all its parts by digest, and is an index or a
// manifest, not both.
func FuzzParseDocument(f *testing.F) {
	digest := image.DigestOf(nil).String()
	f.Add([]byte(`{"schemaVersion":2,"artifactType":"a","config":{"digest":"` + digest + `","size":2},"layers":[{"digest":"` + digest + `"}],"subject":{"digest":"` + digest + `"}}`))
	f.Add([]byte(`{"manifests":[{"digest":"` + digest + `","annotations":{"a":"b"}}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		d, err := parseDocument(content, "document")
		if err != nil {
			return
		}
		for _, part := range append(d.Layers, d.Manifests...) {
			if part.Digest.IsZero() || part.Size < 0 {
				t.Errorf("part %+v", part)
			}
		}
		if d.isIndex() && (d.Config != nil || d.Layers != nil) || d.Subject != nil && d.Subject.Digest.IsZero() {
			t.Errorf("got %+v", d)
		}
		if d.isIndex() != (d.mediaType() == image.MediaTypeIndex) && d.MediaType == "" {
			t.Errorf("it is a %s", d.mediaType())
		}
	})
}

// FuzzClaim: whatever the bytes, what they are said to be about are digests, and nothing is said
// of a text that is no strict JSON.
func FuzzClaim(f *testing.F) {
	subject := image.DigestOf(nil)
	f.Add(statementOn(f, subject, vsa))
	f.Add(bundleOn(f, subject, vsa).Content)
	f.Add(simpleSigning(f, subject))
	f.Add(jsonOf(f, envelopeOf(statementOn(f, subject, vsa))))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, layout := range []evidence.Layout{evidence.BundleReferrer, evidence.CosignSignature, evidence.CosignAttestation, evidence.BuildKitChild} {
			said := claimOf(layout, content)
			for _, digest := range said.subjects {
				if digest.IsZero() {
					t.Errorf("%s: a subject without a digest", layout)
				}
			}
			if twice := claimOf(layout, append([]byte("{}"), content...)); twice.predicateType != "" || twice.subjects != nil {
				t.Errorf("%s: two documents say %+v", layout, twice)
			}
		}
	})
}

// TestClaims: of each layout, and of what two readers would understand in two ways.
func TestClaims(t *testing.T) {
	subject := image.DigestOf([]byte("subject"))
	statement := statementOn(t, subject, vsa)
	for _, c := range []struct {
		name    string
		layout  evidence.Layout
		content []byte
		says    string
		about   bool
	}{
		{"a bundle", evidence.BundleReferrer, bundleOn(t, subject, vsa).Content, vsa, true},
		{"a bundle without an envelope", evidence.BundleReferrer, []byte(`{"messageSignature":{}}`), "", false},
		{"an envelope", evidence.CosignAttestation, jsonOf(t, envelopeOf(statement)), vsa, true},
		{"an envelope of something else", evidence.CosignAttestation, jsonOf(t, object{"payloadType": "text/plain", "payload": statement}), "", false},
		{"an envelope that is no base64", evidence.CosignAttestation, jsonOf(t, object{"payloadType": evidence.PayloadType, "payload": "?"}), "", false},
		{"a statement", evidence.BuildKitChild, statement, vsa, true},
		{"a statement with two types", evidence.BuildKitChild, []byte(`{"predicateType":"a","predicateType":"b"}`), "", false},
		{"a statement about a SHA-512", evidence.BuildKitChild, []byte(`{"predicateType":"a","subject":[{"digest":{"sha512":"00"}}]}`), "a", false},
		{"a signature", evidence.CosignSignature, simpleSigning(t, subject), "", true},
		{"a signature of nothing", evidence.CosignSignature, []byte(`{"critical":{}}`), "", false},
	} {
		said := claimOf(c.layout, c.content)
		if said.predicateType != c.says || (len(said.subjects) == 1 && said.subjects[0] == subject) != c.about {
			t.Errorf("%s: %+v", c.name, said)
		}
	}
}
