package keyless

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"plimsoll.dev/plimsoll/evidence/dsse"
)

// log enters what was signed into a transparency log, and returns the entry as a bundle has it
// (sigstore_rekor.proto, TransparencyLogEntry, as JSON).
func (s *signer) log(ctx context.Context, log Log, signed unconfirmed) (json.RawMessage, error) {
	propose, path, read := proposal1, "/api/v1/log/entries", readEntry1
	if log.Version == 2 {
		propose, path, read = proposal2, "/api/v2/log/entries", readEntry2
	}
	body, err := json.Marshal(propose(signed))
	if err != nil {
		return nil, err
	}
	q := question{of: fmt.Sprintf("the transparency log (Rekor, version %d)", log.Version), method: http.MethodPost,
		address: at(log.Address, path), mediaType: jsonType, body: body, wants: jsonType}
	answer, err := s.client.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	if err = checkJSON(answer); err == nil {
		var entry json.RawMessage
		if entry, err = read(answer); err == nil {
			return entry, nil
		}
	}
	return nil, fmt.Errorf("asking %s at %s: %w", q.of, hostOf(q.address), err)
}

// proposal1 asks Rekor's first version for an entry of kind dsse 0.0.1 (rekor, dsse_v0_0_1_schema.json):
// the envelope, as text, and the certificate in PEM. The log keeps hashes of the envelope.
func proposal1(signed unconfirmed) any {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed.certificate})
	return map[string]any{"kind": "dsse", "apiVersion": "0.0.1", "spec": map[string]any{
		"proposedContent": map[string]any{"envelope": string(signed.envelope), "verifiers": [][]byte{text}}}}
}

// proposal2 asks Rekor's second version for an entry of kind hashedrekord 0.0.2 (rekor-tiles,
// hashedrekord.proto), which it has for all signatures: of an envelope with the digest of what DSSE
// signs.
func proposal2(signed unconfirmed) any {
	sum := sha256.Sum256(dsse.PAE(signed.payloadType, signed.payload))
	return map[string]any{"hashedRekordRequestV002": map[string]any{
		"digest": sum[:],
		"signature": map[string]any{"content": signed.signature, "verifier": map[string]any{
			"x509Certificate": rawBytes{signed.certificate}, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}},
	}}
}

// hexadecimal are bytes that Rekor's first version writes in hexadecimal digits.
type hexadecimal []byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *hexadecimal) UnmarshalText(text []byte) error {
	decoded, err := hex.DecodeString(string(text))
	*h = decoded
	return err
}

// entry1 is an entry as Rekor's first version answers it (rekor, openapi.yaml, LogEntry).
type entry1 struct {
	Body           []byte      `json:"body"`
	IntegratedTime int64       `json:"integratedTime"`
	LogID          hexadecimal `json:"logID"`
	LogIndex       int64       `json:"logIndex"`
	Verification   struct {
		Promise []byte  `json:"signedEntryTimestamp"`
		Proof   *proof1 `json:"inclusionProof"`
	} `json:"verification"`
}

type proof1 struct {
	Checkpoint string        `json:"checkpoint"`
	Hashes     []hexadecimal `json:"hashes"`
	LogIndex   int64         `json:"logIndex"`
	RootHash   hexadecimal   `json:"rootHash"`
	TreeSize   int64         `json:"treeSize"`
}

// readEntry1 turns the one entry of an answer into the form of a bundle, in which protobuf's JSON
// has large numbers as text. Whether it is to be believed is seen when the signature is verified.
func readEntry1(answer []byte) (json.RawMessage, error) {
	var entries map[string]entry1
	if err := json.Unmarshal(answer, &entries); err != nil {
		return nil, fmt.Errorf("its answer: %w", err)
	}
	if len(entries) != 1 {
		return nil, fmt.Errorf("its answer has %d entries; want the one that was asked for", len(entries))
	}
	e := slices.Collect(maps.Values(entries))[0] // its key is an id of the log's own
	var kind struct {
		Kind    string `json:"kind"`
		Version string `json:"apiVersion"`
	}
	if err := json.Unmarshal(e.Body, &kind); err != nil {
		return nil, fmt.Errorf("the body of its entry: %w", err)
	}
	proof := e.Verification.Proof
	if proof == nil {
		return nil, errors.New("its entry has no proof of inclusion")
	}
	hashes := make([][]byte, len(proof.Hashes))
	for i, hash := range proof.Hashes {
		hashes[i] = hash
	}
	text := func(number int64) string { return strconv.FormatInt(number, 10) }
	return json.Marshal(map[string]any{
		"logIndex": text(e.LogIndex), "logId": map[string]any{"keyId": []byte(e.LogID)},
		"kindVersion":    map[string]any{"kind": kind.Kind, "version": kind.Version},
		"integratedTime": text(e.IntegratedTime), "inclusionPromise": map[string]any{"signedEntryTimestamp": e.Verification.Promise},
		"inclusionProof": map[string]any{"logIndex": text(proof.LogIndex), "rootHash": []byte(proof.RootHash), "treeSize": text(proof.TreeSize),
			"hashes": hashes, "checkpoint": map[string]any{"envelope": proof.Checkpoint}},
		"canonicalizedBody": e.Body,
	})
}

// readEntry2 takes an entry of Rekor's second version as it is: it has the form of a bundle's. All
// of it is read, strictly, when the signature is verified.
func readEntry2(answer []byte) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(answer, &members); err != nil || members["canonicalizedBody"] == nil {
		return nil, errors.New("its answer is no entry of a log")
	}
	return answer, nil
}
