package evidence

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

const app = "registry.example/app"

func now() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func child() image.Digest { return image.DigestOf([]byte("the image for linux/amd64")) }

func index() image.Digest { return image.DigestOf([]byte("the index")) }

func keyFor(t testing.TB) KeySigner {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := SignerOf(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// theVerdict denies at one stage or at none.
func theVerdict(admit verdict.Outcome) verdict.Verdict {
	return verdict.Verdict{
		Outcome: map[verdict.Stage]verdict.Outcome{"build": "allow", "ship": "warn", "admit": admit, "run": "warn"},
		Rules: []verdict.Rule{
			{Policy: "baseline", ID: "no-critical", Result: verdict.Fail, Offenders: []string{"vulnerability|CVE-2026-1|pkg:apk/alpine/a@1"}, Message: "1 < 2 & more", Fix: "a 2"},
			{Policy: "baseline", ID: "not-root", Result: verdict.Unknown, Message: "not seen"},
		},
		Waivers: []verdict.Exception{{ID: "W-1", State: verdict.Used, Applied: []string{"x"}, Expires: "2026-12-01T00:00:00Z"}},
		Inputs: verdict.Inputs{
			Subject: verdict.Subject{Repository: app, Tag: "1", ImageID: image.DigestOf([]byte("config")), Digest: child(), Platform: "linux/amd64"},
			Facts:   image.DigestOf([]byte("facts")), Findings: image.DigestOf([]byte("findings")), Database: image.DigestOf([]byte("database")),
			Policy: image.DigestOf([]byte("policy")), Engine: "plimsoll 1.0", ScannedAt: "2026-11-22T10:00:00Z",
		},
		EvaluatedAt: "2026-11-22T11:00:00Z", ValidUntil: "2026-11-23T11:00:00Z",
	}
}

func vsa(t testing.TB, v verdict.Verdict, others ...image.Digest) Statement {
	t.Helper()
	s, err := VSA(v, Maker{ID: "https://ci.example/plimsoll", Version: "1.0", PolicyURI: "oci://registry.example/policy"}, others...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func signedBy(t testing.TB, signer KeySigner, s Statement) []byte {
	t.Helper()
	bundle, err := SignStatement(t.Context(), signer, s)
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

// trustIn makes a trust of keys by name, and who may sign what.
func trustIn(t testing.TB, keys map[string]KeySigner, roles map[Role][]string, more ...string) Trust {
	t.Helper()
	trust, err := ParseTrust("trust.yaml", []byte(trustText(keys, roles, more...)))
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

// trustText writes a trust document; more are lines of YAML, and those that begin with a space
// belong to the last key.
func trustText(keys map[string]KeySigner, roles map[Role][]string, more ...string) string {
	var b strings.Builder
	b.WriteString("apiVersion: plimsoll.dev/v1\nkind: Trust\nmetadata: {name: test}\n")
	if len(keys) > 0 {
		b.WriteString("keys:\n")
	}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		fmt.Fprintf(&b, "- name: %s\n  publicKey: %q\n", name, keys[name].Key().PEM())
	}
	for _, line := range more {
		b.WriteString(line + "\n")
	}
	b.WriteString("roles:\n")
	for _, role := range slices.Sorted(maps.Keys(roles)) {
		fmt.Fprintf(&b, "  %s: [%s]\n", role, strings.Join(roles[role], ", "))
	}
	return b.String()
}

func wantVerdict() Want {
	return Want{Subject: child(), Repository: app, PredicateTypes: []string{VerdictType}, Now: now(), MaxAge: 24 * time.Hour}
}

// certificates stands in for package sigstore: it believes what it was told.
type certificates struct {
	payloadType string
	payload     []byte
	signer      Identity
	at          time.Time
	err         error
}

func (c certificates) VerifyBundle(context.Context, []byte, time.Time) (string, []byte, Identity, time.Time, error) {
	return c.payloadType, c.payload, c.signer, c.at, c.err
}
