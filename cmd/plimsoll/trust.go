package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/sigstore"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/ship"
)

// errUnsigned refuses what nobody has signed, such as BuildKit's provenance.
var errUnsigned = errors.New("nobody has signed it: whoever may push may write it")

// proof verifies evidence of every layout against a trust. It is a ship.Verifier.
type proof struct {
	verifier     *evidence.Verifier
	certificates *sigstore.Verifier // nil if the trust believes none
	want         evidence.Want      // without subject and predicate types
	role         evidence.Role      // of the signers of predicates that are not known here
}

// openProof reads a trust document. Certificates are verified if it has a root for them.
func openProof(path string) (proof, evidence.Trust, error) {
	trust, err := evidence.ReadTrust(path)
	if err != nil {
		return proof{}, trust, err
	}
	var v proof
	var more []evidence.BundleVerifier
	if trust.HasIdentities() && trust.Root() != nil {
		if v.certificates, err = sigstore.ForTrust(trust); err != nil {
			return proof{}, trust, fmt.Errorf("trust document %s: %w", path, err)
		}
		more = append(more, v.certificates)
	}
	v.verifier, err = evidence.NewVerifier(trust, more...)
	return v, trust, err
}

// Verify verifies what was found. Its predicate type may be one that nothing is known of yet.
func (v proof) Verify(ctx context.Context, found ship.Found) (evidence.Verified, error) {
	want := v.want
	want.Subject, want.PredicateTypes = found.Subject, []string{found.PredicateType}
	if _, known := evidence.RoleOf(found.PredicateType); !known {
		want.Role = v.role
	}
	verified, err := v.verify(ctx, found, want)
	verified.Layout, verified.Digest = found.Layout, found.Digest
	return verified, err
}

func (v proof) verify(ctx context.Context, found ship.Found, want evidence.Want) (evidence.Verified, error) {
	switch found.Layout {
	case evidence.BundleReferrer, evidence.File:
		return v.verifier.Verify(ctx, found.Content, want)
	case evidence.CosignAttestation:
		read, err := sigstore.ReadAttestation(found.Content, found.Annotations)
		if err != nil {
			return evidence.Verified{}, err
		}
		if read.Bundle == nil { // a key's: the envelope alone
			read.Bundle = found.Content
		}
		return v.verifier.Verify(ctx, read.Bundle, want)
	case evidence.CosignSignature:
		read, err := sigstore.ReadSignature(found.Content, found.Annotations, found.Subject)
		if err != nil {
			return evidence.Verified{}, err
		}
		want.PredicateTypes, want.Role = []string{evidence.CosignSignType}, ""
		return v.verifier.VerifyMessage(ctx, v.message(read), want)
	case evidence.BuildKitChild:
		return evidence.Verified{}, errUnsigned
	default:
		return evidence.Verified{}, fmt.Errorf("nothing is known of the layout %.80q", string(found.Layout))
	}
}

// message hands a signature of cosign's older layout to whoever knows the trust.
func (v proof) message(read sigstore.Found) evidence.Message {
	m := evidence.Message{Statement: read.Statement, Content: read.Message, Signature: read.Signature}
	if read.Bundle != nil {
		m.Certificate = func(ctx context.Context, now time.Time) (evidence.Identity, time.Time, error) {
			return v.certificates.VerifyFound(ctx, read, now) // nil refuses
		}
	}
	return m
}

// predicate is what a user calls a kind of statement.
type predicate struct {
	name  string
	about subjectKind
	types []string // those that are read; the first is the one that is written
}

// subjectKind is what a predicate is about, and whether attest writes it.
type subjectKind int

const (
	ofImage  subjectKind = iota // an image, and attest says it
	byOthers                    // an image, and others say it
	ofFile                      // a file
)

// predicates are those with a name; --predicate of verify takes a type's URI, too.
func predicates() []predicate {
	return []predicate{
		{"verdict", ofImage, []string{evidence.VerdictType}},
		{"sbom-cyclonedx", ofImage, []string{evidence.CycloneDXType}},
		{"sbom-spdx", ofImage, []string{evidence.SPDXType}},
		{"vulns", ofImage, []string{evidence.VulnsType, evidence.OldVulnsType}},
		{"openvex", ofImage, []string{evidence.OpenVEXType, "https://openvex.dev/ns"}},
		{"manifest", ofImage, []string{evidence.ManifestType}},
		{"provenance", byOthers, []string{evidence.ProvenanceType, evidence.OldProvenance}},
		{"signature", byOthers, []string{evidence.CosignSignType, ship.SimpleSigningType}},
		{"policy", ofFile, []string{evidence.PolicyType}},
		{"waivers", ofFile, []string{evidence.WaiversType}},
		{"vex", ofFile, []string{evidence.VEXFileType}},
		{"database", ofFile, []string{evidence.DatabaseType}},
	}
}

// parsePredicates reads --predicate of attest, or of verify: that takes more, and URIs. What is
// about a file does not go with anything else.
func parsePredicates(words []string, verify bool) ([]predicate, error) {
	var chosen []predicate
	var names []string
	for _, known := range predicates() {
		if verify || known.about != byOthers {
			names = append(names, known.name)
		}
	}
	for _, word := range words {
		at := slices.IndexFunc(predicates(), func(known predicate) bool { return known.name == word && slices.Contains(names, word) })
		switch {
		case at >= 0:
			chosen = append(chosen, predicates()[at])
		case verify && strings.Contains(word, "://"):
			chosen = append(chosen, predicate{name: word, about: byOthers, types: []string{word}})
		default:
			return nil, usageError{fmt.Errorf("--predicate %.80q: want %s", word, strings.Join(names, ", "))}
		}
	}
	switch {
	case len(chosen) == 0:
		return nil, usageError{fmt.Errorf("--predicate: name at least one of %s", strings.Join(names, ", "))}
	case len(chosen) > 1 && slices.ContainsFunc(chosen, func(c predicate) bool { return c.about == ofFile }):
		return nil, usageError{fmt.Errorf("--predicate %s: policy, waivers, vex and database are each about a file of their own: name one alone", strings.Join(words, ","))}
	}
	return chosen, nil
}

// secrets is where keys and passphrases come from: the environment, or a person at a terminal.
func (p *program) secrets() evidence.Secrets {
	s := evidence.Secrets{Environment: func(name string) (string, bool) {
		for _, variable := range slices.Backward(p.environ) { // the last one counts, as with getenv
			if value, ok := strings.CutPrefix(variable, name+"="); ok {
				return value, true
			}
		}
		return "", false
	}}
	if input := int(os.Stdin.Fd()); term.IsTerminal(input) {
		s.Ask = func(prompt string) ([]byte, error) {
			if _, err := io.WriteString(p.stderr, prompt); err != nil {
				return nil, err
			}
			defer fmt.Fprintln(p.stderr)
			return term.ReadPassword(input)
		}
	}
	return s
}

// openRepository opens a repository of a registry, as the flags say.
func (p *program) openRepository(ctx context.Context, name string, access registry.Access, remote remoteFlags) (*registry.Repository, error) {
	if p.global.offline {
		return nil, fmt.Errorf("with --offline no registry is spoken to, and %s is in one: give files, or leave --offline out", name)
	}
	options, err := registryOptions(remote)
	if err != nil {
		return nil, err
	}
	return registry.OpenRepository(ctx, name, access, options)
}
