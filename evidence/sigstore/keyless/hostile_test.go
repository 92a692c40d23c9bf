package keyless

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"testing"
)

// FuzzAnswers: whatever services answer, a certificate that is taken is of our key, an entry of a log
// is one JSON object, and nobody's timestamp is of what nobody knows yet.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"signedCertificateEmbeddedSct":{"chain":{"certificates":["-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"]}}}`))
	f.Add([]byte(`{"0": {"body": "e30=", "integratedTime": 1, "logID": "00", "logIndex": 0, "verification": {"signedEntryTimestamp": "AA==",` +
		`"inclusionProof": {"checkpoint": "c", "hashes": ["00"], "logIndex": 0, "rootHash": "00", "treeSize": 1}}}}`))
	f.Add([]byte(`{"canonicalizedBody":"e30=","logIndex":"1"}`))
	f.Add([]byte("\x30\x05\x30\x03\x02\x01\x02"))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	unknown := make([]byte, sha256.Size)
	if _, err := rand.Read(unknown); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		if der, err := readCertificate(answer, key); err == nil {
			leaf, err := x509.ParseCertificate(der)
			if err != nil || !key.PublicKey.Equal(leaf.PublicKey) {
				t.Errorf("a certificate of another key: %v", err)
			}
		}
		for version, read := range map[int]func([]byte) (json.RawMessage, error){1: readEntry1, 2: readEntry2} {
			entry, err := read(answer)
			if err != nil {
				continue
			}
			var object map[string]json.RawMessage
			if err := json.Unmarshal(entry, &object); err != nil || object["canonicalizedBody"] == nil {
				t.Errorf("an entry of version %d: %s, %v", version, entry, err)
			}
		}
		if checkTimestamp(answer, unknown) == nil {
			t.Errorf("a timestamp of what nobody knows: %x", answer)
		}
	})
}
