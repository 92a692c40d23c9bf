package sigstore

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/sigstore/sigstoretest"
	"plimsoll.dev/plimsoll/evidence/sigstore/trustedroot"
)

const predicate = "https://example.com/predicate/v1"

// Each kind of proof that a trust may ask for, and each version of bundles.
func TestVerifyBundle(t *testing.T) {
	s := sigstoretest.New(t)
	payload := sigstoretest.Statement("image", predicate)
	logs := func(o *Options) { o.LogEntries, o.Timestamps = 1, 0 }
	both := func(o *Options) { o.LogEntries, o.Timestamps = 1, 1 }
	two := func(o *Options) { o.LogEntries, o.Timestamps = 2, 1 }
	cases := []struct {
		name    string
		options func(*Options)
		proofs  func(*protobundle.Bundle)
		want    error
	}{
		{"a timestamp", nil, func(b *protobundle.Bundle) { s.AddTimestamp(t, b, s.Now) }, nil},
		{"a log's promise and proof", logs, func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged(t, b, s.Now))
		}, nil},
		{"a log's proof without a promise", logs, func(b *protobundle.Bundle) {
			e := s.Logged(t, b, s.Now)
			e.InclusionPromise = nil // the time is then nobody's word
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, e)
		}, ErrProof},
		{"a log of the second version and a timestamp", both, func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged2(t, b))
			s.AddTimestamp(t, b, s.Now)
		}, nil},
		{"a log of the second version alone", logs, func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged2(t, b))
		}, ErrProof},
		{"two logs and a timestamp", two, func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged(t, b, s.Now), s.Logged2(t, b))
			s.AddTimestamp(t, b, s.Now)
		}, nil},
		{"two logs are asked for and there is one (CVE-2026-49834)", two, func(b *protobundle.Bundle) {
			e := s.Logged2(t, b)
			again := s.Logged2(t, b)
			again.LogIndex = 1 // the same log again does not count as another
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, e, again)
			s.AddTimestamp(t, b, s.Now)
		}, ErrProof},
		{"a log is asked for and there is a timestamp", both, func(b *protobundle.Bundle) { s.AddTimestamp(t, b, s.Now) }, ErrProof},
		{"a timestamp is asked for and there is a log", both, func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged(t, b, s.Now))
		}, ErrProof},
		{"version 0.1", logs, func(b *protobundle.Bundle) {
			b.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1"
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged(t, b, s.Now))
			sigstoretest.Chained(b)
		}, nil},
		{"version 0.2", logs, func(b *protobundle.Bundle) {
			b.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.2"
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged(t, b, s.Now))
			sigstoretest.Chained(b)
		}, nil},
		{"version 0.4", nil, func(b *protobundle.Bundle) {
			b.MediaType = "application/vnd.dev.sigstore.bundle.v0.4+json"
			s.AddTimestamp(t, b, s.Now)
		}, ErrFormat},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := s.Signed(t, payload, s.Now)
			c.proofs(b)
			var change []func(*Options)
			if c.options != nil {
				change = append(change, c.options)
			}
			payloadType, got, signer, at, err := verifier(t, s, change...).VerifyBundle(t.Context(), sigstoretest.Encode(t, b), s.Now)
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if err != nil {
				if got != nil || signer != (evidence.Identity{}) || !at.IsZero() {
					t.Errorf("a refused bundle returns %q of %v at %s", got, signer, at)
				}
				return
			}
			want := evidence.Identity{Name: "releases", Issuer: issuer, Subject: subject}
			if payloadType != evidence.PayloadType || !bytes.Equal(got, payload) || signer != want || !at.Equal(s.Now) {
				t.Errorf("verified %s %s of %+v at %s", payloadType, got, signer, at)
			}
		})
	}
}

// What is refused, each for its own reason: the failures of others that research names, and what
// else a stranger would try.
func TestRefused(t *testing.T) {
	s, other := sigstoretest.New(t), sigstoretest.New(t)
	payload, elsewhere := sigstoretest.Statement("image", predicate), sigstoretest.Statement("another image", predicate)
	day := 24 * time.Hour
	both := func(o *Options) { o.LogEntries, o.Timestamps = 1, 1 }
	logs := func(o *Options) { o.LogEntries, o.Timestamps = 1, 0 }
	good := func(change ...func(*x509.Certificate)) *protobundle.Bundle {
		b := s.Signed(t, payload, s.Now, change...)
		s.AddTimestamp(t, b, s.Now)
		return b
	}
	stamped := func(b *protobundle.Bundle) *protobundle.Bundle {
		s.AddTimestamp(t, b, s.Now)
		return b
	}
	cases := []struct {
		name    string
		options []func(*Options)
		bundle  func() []byte
		want    error
		says    string
	}{
		{"nothing is wrong", nil, func() []byte { return sigstoretest.Encode(t, good()) }, nil, ""},
		{"wrong identity", nil, func() []byte { return sigstoretest.Encode(t, good(withName("somebody@example.com"))) }, ErrIdentity, "somebody@"},
		{"an identity that begins like ours", nil, func() []byte { return sigstoretest.Encode(t, good(withName(subject+".evil.example"))) }, ErrIdentity, "evil"},
		{"wrong issuer", nil, func() []byte {
			return sigstoretest.Encode(t, good(func(c *x509.Certificate) { c.ExtraExtensions[0].Value = []byte("https://other.example") }))
		}, ErrIdentity, "other.example"},
		{"no issuer", nil, func() []byte {
			return sigstoretest.Encode(t, good(func(c *x509.Certificate) { c.ExtraExtensions = nil }))
		}, ErrIdentity, ""},
		{"two names in a certificate", nil, func() []byte {
			return sigstoretest.Encode(t, good(func(c *x509.Certificate) { c.EmailAddresses = []string{subject, "other@example.com"} }))
		}, ErrIdentity, "2 subjects"},
		{"certificate of another authority", nil, func() []byte { return sigstoretest.Encode(t, stamped(other.Signed(t, payload, s.Now))) }, ErrProof, "certificate"},
		{"certificate expired when it was signed", nil, func() []byte {
			b := s.Signed(t, payload, s.Now.Add(-time.Hour))
			return sigstoretest.Encode(t, stamped(b))
		}, ErrProof, "certificate"},
		{"certificate not yet valid when it was signed", nil, func() []byte {
			return sigstoretest.Encode(t, stamped(s.Signed(t, payload, s.Now.Add(time.Hour))))
		}, ErrProof, "certificate"},
		{"signed in the future", nil, func() []byte {
			b := s.Signed(t, payload, s.Now.Add(day))
			s.AddTimestamp(t, b, s.Now.Add(day))
			return sigstoretest.Encode(t, b)
		}, ErrProof, "it was signed at"},
		{"a certificate for servers", nil, func() []byte {
			return sigstoretest.Encode(t, good(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }))
		}, ErrProof, "certificate"},
		{"no certificate timestamp of a log that is trusted (kyverno#17125)", nil, func() []byte {
			unseen := *s
			unseen.CertificateLog = other.CertificateLog // one that the trust does not name
			return sigstoretest.Encode(t, stamped(unseen.Signed(t, payload, s.Now)))
		}, ErrProof, "signed certificate timestamp"},
		{"payload replaced", nil, func() []byte {
			b := good()
			b.GetDsseEnvelope().Payload = elsewhere
			return sigstoretest.Encode(t, b)
		}, ErrProof, "signature"},
		{"payload type replaced", nil, func() []byte {
			b := good()
			b.GetDsseEnvelope().PayloadType = "text/plain"
			return sigstoretest.Encode(t, b)
		}, ErrProof, ""},
		{"signature of another bundle", nil, func() []byte {
			b, o := good(), good()
			b.GetDsseEnvelope().Signatures = o.GetDsseEnvelope().Signatures
			return sigstoretest.Encode(t, b)
		}, ErrProof, ""},
		{"a second signature in the envelope", nil, func() []byte {
			b := good()
			e := b.GetDsseEnvelope()
			e.Signatures = append(e.Signatures, s.Signed(t, payload, s.Now).GetDsseEnvelope().Signatures...)
			return sigstoretest.Encode(t, b)
		}, ErrProof, "exactly one signature"},
		{"no signature in the envelope", nil, func() []byte {
			b := good()
			b.GetDsseEnvelope().Signatures = nil
			return sigstoretest.Encode(t, b)
		}, ErrProof, ""},
		{"no timestamp at all", nil, func() []byte { return sigstoretest.Encode(t, s.Signed(t, payload, s.Now)) }, ErrProof, "threshold"},
		{"timestamp of another authority", nil, func() []byte {
			b := s.Signed(t, payload, s.Now)
			other.AddTimestamp(t, b, s.Now)
			return sigstoretest.Encode(t, b)
		}, ErrProof, "threshold"},
		{"timestamp of another signature", nil, func() []byte {
			b := s.Signed(t, payload, s.Now)
			b.VerificationMaterial.TimestampVerificationData = good().VerificationMaterial.TimestampVerificationData
			return sigstoretest.Encode(t, b)
		}, ErrProof, "threshold"},
		{"log entry of another artifact (CVE-2026-22703)", []func(*Options){both}, func() []byte {
			b, o := good(), s.Signed(t, elsewhere, s.Now)
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged(t, o, s.Now))
			return sigstoretest.Encode(t, b)
		}, ErrProof, "another signature"},
		{"log entry of another artifact that nobody asked for", nil, func() []byte {
			b, o := good(), s.Signed(t, elsewhere, s.Now)
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged(t, o, s.Now))
			return sigstoretest.Encode(t, b)
		}, ErrProof, "another signature"},
		{"log entry of another artifact, second version", []func(*Options){both}, func() []byte {
			b, o := good(), s.Signed(t, elsewhere, s.Now)
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged2(t, o))
			return sigstoretest.Encode(t, b)
		}, ErrProof, "another signature"},
		{"log entry of another artifact, of the second version in a tree of the first", []func(*Options){both}, func() []byte {
			b, o := good(), s.Signed(t, elsewhere, s.Now)
			e := s.Logged2(t, o)
			s.ProvedByFirst(t, e) // sigstore-go 1.3.0 takes this for a proof
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, e)
			return sigstoretest.Encode(t, b)
		}, ErrProof, "another signature"},
		{"log entry of the second version in a tree of the first, of another digest", []func(*Options){both}, func() []byte {
			b := good()
			e := s.Entry2(t, "log2.example", bytes.Repeat([]byte{7}, 32), sigstoretest.SignatureOf(b), b.VerificationMaterial.GetCertificate().RawBytes)
			s.ProvedByFirst(t, e)
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, e)
			return sigstoretest.Encode(t, b)
		}, ErrProof, "checkpoint of the first"},
		{"log entry of the same statement by another certificate", []func(*Options){both}, func() []byte {
			b, o := good(), s.Signed(t, payload, s.Now)
			o.GetDsseEnvelope().Signatures = b.GetDsseEnvelope().Signatures
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged(t, o, s.Now))
			return sigstoretest.Encode(t, b)
		}, ErrProof, "another certificate"},
		{"log entry of another log", []func(*Options){both}, func() []byte {
			b := good()
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, other.Logged(t, b, s.Now))
			return sigstoretest.Encode(t, b)
		}, ErrProof, "log entries"},
		{"log's time changed", []func(*Options){logs}, func() []byte {
			b := s.Signed(t, payload, s.Now)
			e := s.Logged(t, b, s.Now)
			e.IntegratedTime++
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, e)
			return sigstoretest.Encode(t, b)
		}, ErrProof, ""},
		{"log's proof of another tree", []func(*Options){both}, func() []byte {
			b := good()
			e := s.Logged2(t, b)
			e.InclusionProof = s.Logged2(t, good()).InclusionProof
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, e)
			return sigstoretest.Encode(t, b)
		}, ErrProof, ""},
		{"log saw it after the certificate expired", []func(*Options){logs}, func() []byte {
			b := s.Signed(t, payload, s.Now)
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged(t, b, s.Now.Add(20*time.Minute)))
			return sigstoretest.Encode(t, b)
		}, ErrProof, "outside certificate validity"},
		{"duplicate member", nil, func() []byte { return twice(sigstoretest.Encode(t, good()), `"mediaType":"x"`) }, ErrFormat, "twice"},
		{"duplicate member in other case", nil, func() []byte { return twice(sigstoretest.Encode(t, good()), `"MediaType":"x"`) }, ErrFormat, "twice"},
		{"duplicate member in the other spelling of protobuf", nil, func() []byte { return twice(sigstoretest.Encode(t, good()), `"media_type":"x"`) }, ErrFormat, "duplicate"},
		{"an unknown member", nil, func() []byte { return twice(sigstoretest.Encode(t, good()), `"trusted":true`) }, ErrFormat, "trusted"},
		{"truncated", nil, func() []byte { b := sigstoretest.Encode(t, good()); return b[:len(b)-7] }, ErrFormat, ""},
		{"nothing", nil, func() []byte { return nil }, ErrFormat, ""},
		{"a thousand timestamps (CVE-2024-45395)", nil, func() []byte {
			b := good()
			d := b.VerificationMaterial.TimestampVerificationData
			for len(d.Rfc3161Timestamps) < 1000 {
				d.Rfc3161Timestamps = append(d.Rfc3161Timestamps, d.Rfc3161Timestamps[0])
			}
			return sigstoretest.Encode(t, b)
		}, ErrFormat, "1000 timestamps"},
		{"a thousand log entries (CVE-2024-45395)", nil, func() []byte {
			b := good()
			e := s.Logged2(t, b)
			for len(b.VerificationMaterial.TlogEntries) < 1000 {
				b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, e)
			}
			return sigstoretest.Encode(t, b)
		}, ErrFormat, ""},
		{"nine log entries", nil, func() []byte {
			b := good()
			e := s.Logged2(t, b)
			for len(b.VerificationMaterial.TlogEntries) <= MaxLogEntries {
				b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, e)
			}
			return sigstoretest.Encode(t, b)
		}, ErrFormat, "9 log entries"},
		{"nine certificates", nil, func() []byte {
			b := good()
			b.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.2"
			sigstoretest.Chained(b, bytes.Split(bytes.Repeat([]byte("x,"), MaxCertificates-1), []byte(","))...)
			return sigstoretest.Encode(t, b)
		}, ErrFormat, "9 certificates"},
		{"too many bytes", nil, func() []byte { return append(sigstoretest.Encode(t, good()), bytes.Repeat([]byte(" "), MaxBundle)...) }, ErrFormat, "bytes"},
		{"too large a statement", nil, func() []byte {
			return sigstoretest.Encode(t, stamped(s.Signed(t, bytes.Repeat([]byte(" "), evidence.MaxStatement+1), s.Now)))
		}, ErrFormat, "statement has"},
		{"nested", nil, func() []byte { return []byte(strings.Repeat("[", 100) + strings.Repeat("]", 100)) }, ErrFormat, "nested"},
		{"signed with a key", nil, func() []byte {
			b := good()
			b.VerificationMaterial.Content = &protobundle.VerificationMaterial_PublicKey{PublicKey: &protocommon.PublicKeyIdentifier{Hint: "k"}}
			return sigstoretest.Encode(t, b)
		}, ErrFormat, "signed with a key"},
		{"signed with a key and a certificate", nil, func() []byte {
			return bytes.Replace(sigstoretest.Encode(t, good()), []byte(`"certificate":`), []byte(`"publicKey":{"hint":"k"},"certificate":`), 1)
		}, ErrFormat, "oneof"},
		{"signs a file", nil, func() []byte { return sigstoretest.Encode(t, stamped(s.SignedFile(t, payload, s.Now))) }, ErrFormat, "file"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, got, signer, at, err := verifier(t, s, c.options...).VerifyBundle(t.Context(), c.bundle(), s.Now)
			if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error %v, want %v with %q", err, c.want, c.says)
			}
			if err != nil && (got != nil || signer != (evidence.Identity{}) || !at.IsZero()) {
				t.Errorf("a refused bundle returns %q of %v at %s", got, signer, at)
			}
		})
	}
}

// All certificates up to the root must have been valid when it was signed (CVE-2026-24122).
func TestExpiredIntermediate(t *testing.T) {
	for name, c := range map[string]struct {
		until time.Duration
		want  error
	}{"valid": {time.Minute, nil}, "expired": {-time.Minute, ErrProof}} {
		t.Run(name, func(t *testing.T) {
			s := sigstoretest.New(t, func(c2 *x509.Certificate) { c2.NotAfter = c2.NotAfter.Add(-20*24*time.Hour + c.until) })
			b := s.Signed(t, sigstoretest.Statement("image", predicate), s.Now)
			s.AddTimestamp(t, b, s.Now)
			if _, _, _, _, err := verifier(t, s).VerifyBundle(t.Context(), sigstoretest.Encode(t, b), s.Now); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

// A certificate of minutes still proves years later what was signed within them.
func TestLongAfter(t *testing.T) {
	s := sigstoretest.New(t)
	b := s.Signed(t, sigstoretest.Statement("image", predicate), s.Now)
	s.AddTimestamp(t, b, s.Now)
	if _, _, _, at, err := verifier(t, s).VerifyBundle(t.Context(), sigstoretest.Encode(t, b), s.Now.AddDate(3, 0, 0)); err != nil || !at.Equal(s.Now) {
		t.Errorf("verified at %s, %v", at, err)
	}
}

// A verifier opens no connection: the only transport of the process fails.
func TestNoNetwork(t *testing.T) {
	saved := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = saved })
	s := sigstoretest.New(t)
	b := s.Signed(t, sigstoretest.Statement("image", predicate), s.Now)
	s.AddTimestamp(t, b, s.Now)
	b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged(t, b, s.Now), s.Logged2(t, b))
	dialled := 0
	http.DefaultTransport = failing{&dialled}
	v := verifier(t, s, func(o *Options) { o.LogEntries, o.Timestamps = 2, 1 })
	if _, _, _, _, err := v.VerifyBundle(t.Context(), sigstoretest.Encode(t, b), s.Now); err != nil {
		t.Error(err)
	}
	if _, err := http.Get("https://example.com"); err == nil || dialled != 1 { // the failing transport is the one in use
		t.Errorf("%d connections were tried, %v", dialled, err)
	}
}

type failing struct{ count *int }

func (f failing) RoundTrip(r *http.Request) (*http.Response, error) {
	*f.count++
	return nil, fmt.Errorf("a connection to %s", r.URL)
}

// A message's digest in a bundle is nobody's word: the message itself is verified.
func TestVerifyMessage(t *testing.T) {
	s := sigstoretest.New(t)
	message, elsewhere := []byte("a file"), []byte("another file")
	v := verifier(t, s, func(o *Options) { o.LogEntries = 1 })
	b := s.SignedFile(t, message, s.Now)
	s.AddTimestamp(t, b, s.Now)
	b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, s.Logged(t, b, s.Now))
	if signer, at, err := v.VerifyMessage(t.Context(), sigstoretest.Encode(t, b), message, s.Now); err != nil || signer.Name != "releases" || !at.Equal(s.Now) {
		t.Errorf("verified of %v at %s, %v", signer, at, err)
	}
	if _, _, err := v.VerifyMessage(t.Context(), sigstoretest.Encode(t, b), elsewhere, s.Now); !errors.Is(err, ErrProof) {
		t.Errorf("wrong digest: %v", err)
	}
	b.GetMessageSignature().MessageDigest = s.SignedFile(t, elsewhere, s.Now).GetMessageSignature().MessageDigest
	if _, _, err := v.VerifyMessage(t.Context(), sigstoretest.Encode(t, b), elsewhere, s.Now); !errors.Is(err, ErrProof) {
		t.Errorf("wrong digest and its digest in the bundle: %v", err)
	}
	holds := s.Signed(t, sigstoretest.Statement("image", predicate), s.Now)
	s.AddTimestamp(t, holds, s.Now)
	if _, _, err := v.VerifyMessage(t.Context(), sigstoretest.Encode(t, holds), message, s.Now); !errors.Is(err, ErrFormat) {
		t.Errorf("a bundle that holds a statement: %v", err)
	}
}

func TestNoVerifierWithoutTrust(t *testing.T) {
	s := sigstoretest.New(t)
	b := s.Signed(t, sigstoretest.Statement("image", predicate), s.Now)
	s.AddTimestamp(t, b, s.Now)
	document := sigstoretest.Encode(t, b)
	var none *Verifier
	for name, v := range map[string]*Verifier{"nil": none, "zero": {}} {
		if _, _, _, _, err := v.VerifyBundle(t.Context(), document, s.Now); err == nil {
			t.Errorf("the %s verifier verified", name)
		}
	}
	if _, _, _, _, err := verifier(t, s).VerifyBundle(t.Context(), document, time.Time{}); err == nil {
		t.Error("verified at no time")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, _, err := verifier(t, s).VerifyBundle(ctx, document, s.Now); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context ended: %v", err)
	}
}

func TestOptions(t *testing.T) {
	s := sigstoretest.New(t)
	good := Options{TrustedRoot: s.TrustedRoot(t), Identities: releases(), Timestamps: 1}
	identity := func(i Identity) func(*Options) { return func(o *Options) { o.Identities = []Identity{i} } }
	pattern := func(p string) func(*Options) {
		return identity(Identity{Name: "n", Issuer: issuer, SubjectPattern: p})
	}
	without := func(member string) func(*Options) {
		return func(o *Options) {
			o.TrustedRoot = bytes.Replace(o.TrustedRoot, []byte(`"`+member+`"`), []byte(`"x`+member+`"`), 1)
		}
	}
	cases := []struct {
		name   string
		change func(*Options)
		want   string // a part of the error, empty for none
	}{
		{"good", func(*Options) {}, ""},
		{"no root", func(o *Options) { o.TrustedRoot = nil }, "trusted_root.json"},
		{"a root of another kind", func(o *Options) { o.TrustedRoot = []byte(`{"mediaType":"x"}`) }, "media type"},
		{"a root with a member twice", func(o *Options) { o.TrustedRoot = twice(o.TrustedRoot, `"mediaType":"x"`) }, "twice"},
		{"a root with an unknown member", without("tlogs"), "xtlogs"},
		{"a large root", func(o *Options) { o.TrustedRoot = make([]byte, trustedroot.MaxSize+1) }, "bytes"},
		{"an empty root", func(o *Options) {
			o.TrustedRoot = []byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`)
		}, "no certificate authority"},
		{"nothing is asked for", func(o *Options) { o.Timestamps = 0 }, "when it was signed"},
		{"less than nothing", func(o *Options) { o.LogEntries = -1 }, "want 0"},
		{"more logs than the root names", func(o *Options) { o.LogEntries = 3 }, "names 2"},
		{"more authorities than the root names", func(o *Options) { o.Timestamps = 2 }, "names 1"},
		{"no identity", func(o *Options) { o.Identities = nil }, "no identity"},
		{"many identities", func(o *Options) { o.Identities = make([]Identity, MaxIdentities+1) }, "257"},
		{"no name", identity(Identity{Issuer: issuer, Subject: subject}), "name"},
		{"no issuer", identity(Identity{Name: "n", Subject: subject}), "issuer"},
		{"no subject", identity(Identity{Name: "n", Issuer: issuer}), "subject"},
		{"subject and pattern", identity(Identity{Name: "n", Issuer: issuer, Subject: subject, SubjectPattern: "^a$"}), "both"},
		{"anchored", pattern(`^https://git\.example/team/[^/]+$`), ""},
		{"anchored with \\A and \\z", pattern(`\Aa\z`), ""},
		{"anchored alternatives", pattern(`^a$|^b$`), ""},
		{"anchored group", pattern(`^(?:a|b)$`), ""},
		{"anchored in the group", pattern(`(^a$)`), ""},
		{"not anchored", pattern(`a`), "anchored"},
		{"not anchored at its end", pattern(`^a`), "anchored"},
		{"not anchored at its beginning", pattern(`a$`), "anchored"},
		{"alternatives of which each has one anchor", pattern(`^a|b$`), "anchored"},
		{"an alternative that is not anchored", pattern(`^a$|b`), "anchored"},
		{"anchored to lines", pattern(`(?m)^a$`), "anchored"},
		{"an anchor that may be left out", pattern(`(?:^)?a$`), "anchored"},
		{"an escaped anchor", pattern(`^a\$`), "anchored"},
		{"no expression", pattern(`^(`), "pattern"},
		{"a long expression", pattern("^" + strings.Repeat("a", 2000) + "$"), "bytes"},
		{"nothing", pattern(`^$`), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := good
			c.change(&o)
			v, err := New(o)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if err != nil && v != nil {
				t.Error("there is a verifier beside the error")
			}
		})
	}
}

func TestNoCertificateTransparency(t *testing.T) {
	s := sigstoretest.New(t)
	b := s.Signed(t, sigstoretest.Statement("image", predicate), s.Now)
	s.AddTimestamp(t, b, s.Now)
	var document = s.TrustedRoot(t)
	start, end := bytes.Index(document, []byte(`"ctlogs":`)), bytes.Index(document, []byte(`"timestampAuthorities"`))
	if start < 0 || end < start {
		t.Fatalf("the trusted root is %s", document)
	}
	document = append(append([]byte{}, document[:start]...), document[end:]...)
	o := Options{TrustedRoot: document, Identities: releases(), Timestamps: 1}
	if _, err := New(o); err == nil {
		t.Error("a root without a certificate transparency log is taken")
	}
	o.WithoutSCT = true
	v, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, _, err := v.VerifyBundle(t.Context(), sigstoretest.Encode(t, b), s.Now); err != nil {
		t.Error(err)
	}
}

func TestPatterns(t *testing.T) {
	s := sigstoretest.New(t)
	v := verifier(t, s, func(o *Options) {
		o.Identities = []Identity{
			{Name: "other", Issuer: "https://other.example", SubjectPattern: `^.*$`},
			{Name: "workflows", Issuer: issuer, SubjectPattern: `^https://git\.example/team/[a-z]+$`},
		}
	})
	for uri, want := range map[string]string{
		"https://git.example/team/release":                      "workflows",
		"https://git.example/team/release/../other":             "",
		"https://gitxexample/team/release":                      "",
		"https://git.example/team/release?x":                    "",
		"https://evil.example/https://git.example/team/release": "",
	} {
		t.Run(uri, func(t *testing.T) {
			b := s.Signed(t, sigstoretest.Statement("image", predicate), s.Now, withURI(t, uri))
			s.AddTimestamp(t, b, s.Now)
			_, _, signer, _, err := v.VerifyBundle(t.Context(), sigstoretest.Encode(t, b), s.Now)
			if signer.Name != want || (want == "") != errors.Is(err, ErrIdentity) || want != "" && signer.Subject != uri {
				t.Errorf("signed by %+v, %v; want %q", signer, err, want)
			}
		})
	}
}

// What is read is within the limits and, written again, is read again; whoever signed it is not
// whom a trust of nobody's names, so nothing that the fuzzer makes may verify.
func FuzzBundle(f *testing.F) {
	s := sigstoretest.New(f)
	payload := sigstoretest.Statement("image", predicate)
	full := s.Signed(f, payload, s.Now)
	s.AddTimestamp(f, full, s.Now)
	full.VerificationMaterial.TlogEntries = append(full.VerificationMaterial.TlogEntries, s.Logged(f, full, s.Now), s.Logged2(f, full))
	f.Add(sigstoretest.Encode(f, full))
	file := s.SignedFile(f, payload, s.Now)
	file.VerificationMaterial.TlogEntries = append(file.VerificationMaterial.TlogEntries, s.Logged(f, file, s.Now))
	f.Add(sigstoretest.Encode(f, file))
	sigstoretest.Chained(full, s.Intermediate.Raw)
	full.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1"
	f.Add(sigstoretest.Encode(f, full))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`))
	stranger := verifier(f, sigstoretest.New(f), func(o *Options) { o.LogEntries = 1 })
	own := verifier(f, s)
	f.Fuzz(func(t *testing.T, document []byte) {
		if _, _, _, _, err := stranger.VerifyBundle(t.Context(), document, s.Now); err == nil {
			t.Fatal("verified under another's trust")
		}
		if _, got, _, _, err := own.VerifyBundle(t.Context(), document, s.Now); err == nil && !bytes.Equal(got, payload) {
			t.Fatalf("verified %s, which nobody signed", got)
		}
		b, err := readBundle(document)
		if err != nil {
			return
		}
		if n := len(b.GetVerificationMaterial().GetTlogEntries()); n > MaxLogEntries {
			t.Fatalf("%d log entries", n)
		}
		again, err := b.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if len(again) > MaxBundle {
			return // base64 without padding is shorter than with
		}
		if _, err := readBundle(again); err != nil {
			t.Fatalf("read again: %v", err)
		}
	})
}

func BenchmarkVerifyBundle(b *testing.B) {
	s := sigstoretest.New(b)
	made := s.Signed(b, sigstoretest.Statement("image", predicate), s.Now)
	s.AddTimestamp(b, made, s.Now)
	made.VerificationMaterial.TlogEntries = append(made.VerificationMaterial.TlogEntries, s.Logged2(b, made))
	v := verifier(b, s, func(o *Options) { o.LogEntries, o.Timestamps = 1, 1 })
	document := sigstoretest.Encode(b, made)
	for b.Loop() {
		if _, _, _, _, err := v.VerifyBundle(b.Context(), document, s.Now); err != nil {
			b.Fatal(err)
		}
	}
}
