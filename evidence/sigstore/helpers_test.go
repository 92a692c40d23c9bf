package sigstore

import (
	"bytes"
	"crypto/x509"
	"net/url"
	"testing"

	"plimsoll.dev/plimsoll/evidence/sigstore/sigstoretest"
)

const (
	issuer  = sigstoretest.Issuer
	subject = sigstoretest.Subject
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func releases() []Identity {
	return []Identity{{Name: "releases", Issuer: issuer, Subject: subject}}
}

func verifier(t testing.TB, s *sigstoretest.Instance, change ...func(*Options)) *Verifier {
	t.Helper()
	o := Options{TrustedRoot: s.TrustedRoot(t), Identities: releases(), Timestamps: 1}
	for _, c := range change {
		c(&o)
	}
	return must[*Verifier](t)(New(o))
}

func withName(address string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.EmailAddresses = []string{address} }
}

func withURI(t testing.TB, address string) func(*x509.Certificate) {
	u := must[*url.URL](t)(url.Parse(address))
	return func(c *x509.Certificate) { c.EmailAddresses, c.URIs = nil, []*url.URL{u} }
}

func twice(document []byte, member string) []byte {
	return bytes.Replace(document, []byte("{"), []byte("{"+member+","), 1)
}
