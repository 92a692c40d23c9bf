package ship

import (
	"encoding/base64"
	"encoding/json"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/strictjson"
)

// claim is what evidence says of itself. It proves nothing, and serves to tell what is certainly
// about something else.
type claim struct {
	predicateType string
	subjects      []image.Digest
}

// ClaimedType is the type of predicate that a bundle or an envelope says it holds; empty if it holds
// no statement. Nothing is verified.
func ClaimedType(content []byte) string {
	said := claimOf(evidence.BundleReferrer, content)
	if said.predicateType == "" {
		said = claimOf(evidence.CosignAttestation, content)
	}
	return said.predicateType
}

// claimOf reads a claim; an empty one where there is none, or none that two readers would
// understand alike.
func claimOf(layout evidence.Layout, content []byte) claim {
	switch layout {
	case evidence.CosignSignature:
		return signatureClaim(content)
	case evidence.BuildKitChild:
		return statementClaim(content)
	case evidence.BundleReferrer:
		var bundle struct {
			Envelope json.RawMessage `json:"dsseEnvelope"`
		}
		if !read(content, &bundle) || bundle.Envelope == nil {
			return claim{}
		}
		content = bundle.Envelope
	}
	var envelope struct {
		PayloadType string `json:"payloadType"`
		Payload     string `json:"payload"`
	}
	if !read(content, &envelope) || envelope.PayloadType != evidence.PayloadType {
		return claim{}
	}
	payload, err := base64.StdEncoding.DecodeString(envelope.Payload)
	if err != nil {
		return claim{}
	}
	return statementClaim(payload)
}

// read decodes a document; it says no to one that is not strictly JSON.
func read(content []byte, target any) bool {
	return strictjson.Check(content, strictjson.Limits{Depth: 100, Objects: 1 << 20}) == nil && json.Unmarshal(content, target) == nil
}

func statementClaim(content []byte) claim {
	var statement evidence.Statement
	if !read(content, &statement) {
		return claim{}
	}
	said := claim{predicateType: statement.PredicateType}
	for _, s := range statement.Subject {
		if digest, err := image.ParseDigest("sha256:" + s.Digest["sha256"]); err == nil {
			said.subjects = append(said.subjects, digest)
		}
	}
	return said
}

// signatureClaim reads what cosign signed before it wrote bundles (containers/image,
// docs/containers-signature.5.md).
func signatureClaim(content []byte) claim {
	var payload struct {
		Critical struct {
			Image struct {
				Digest string `json:"docker-manifest-digest"`
			} `json:"image"`
		} `json:"critical"`
	}
	if !read(content, &payload) {
		return claim{}
	}
	digest, err := image.ParseDigest(payload.Critical.Image.Digest)
	if err != nil {
		return claim{}
	}
	return claim{subjects: []image.Digest{digest}}
}
