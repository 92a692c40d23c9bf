package sigstore

import (
	"fmt"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/sigstore/trustedroot"
)

// ForTrust returns a verifier of the certificates that a trust believes. It asks for what the
// trusted root can confirm: an entry in a transparency log if it names one, else a timestamp; and
// that a certificate transparency log has seen the certificate, if it names one.
func ForTrust(trust evidence.Trust) (*Verifier, error) {
	document := trust.Root()
	material, err := trustedroot.Read(document)
	if err != nil {
		return nil, fmt.Errorf("reading the trust in Sigstore signatures: the trusted root: %w", err)
	}
	options := Options{TrustedRoot: document, WithoutSCT: len(material.CTLogs()) == 0}
	if len(material.RekorLogs()) > 0 {
		options.LogEntries = 1
	} else {
		options.Timestamps = 1
	}
	for _, who := range trust.Identities() {
		options.Identities = append(options.Identities, Identity{Name: who.Name, Issuer: who.Issuer, Subject: who.Subject, SubjectPattern: who.Pattern})
	}
	return New(options)
}
