package sigstore

import (
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"

	"plimsoll.dev/plimsoll/evidence"
)

// Identity is somebody whom an identity provider knows.
type Identity struct {
	Name    string // as the trust calls it
	Issuer  string // the identity provider's address, exactly
	Subject string // e-mail address or URI, exactly
	// SubjectPattern is used in place of Subject: a regular expression that says what the whole
	// subject looks like, and so begins with ^ and ends with $ in each of its alternatives. One
	// that is not anchored would also match a longer address that somebody else can get.
	SubjectPattern string
}

// matcher is an identity that was checked.
type matcher struct {
	identity Identity
	pattern  *regexp.Regexp // nil if the subject is exact
}

func matchers(identities []Identity) ([]matcher, error) {
	switch {
	case len(identities) == 0:
		return nil, errors.New("no identity is named: anybody with an account could sign; name issuer and subject")
	case len(identities) > MaxIdentities:
		return nil, fmt.Errorf("%d identities are named, more than the %d that are tried", len(identities), MaxIdentities)
	}
	var made []matcher
	for i, identity := range identities {
		m, err := newMatcher(identity)
		if err != nil {
			return nil, fmt.Errorf("identity %d (%.80q): %w", i+1, identity.Name, err)
		}
		made = append(made, m)
	}
	return made, nil
}

func newMatcher(identity Identity) (matcher, error) {
	switch {
	case identity.Name == "":
		return matcher{}, errors.New("it has no name; policies refer to identities by name")
	case identity.Issuer == "":
		return matcher{}, errors.New("it has no issuer; other identity providers may give the same subject to others")
	case (identity.Subject == "") == (identity.SubjectPattern == ""):
		return matcher{}, errors.New("it needs a subject or a pattern of subjects, and not both")
	case identity.Subject != "":
		return matcher{identity: identity}, nil
	}
	const longest = 1 << 10
	if len(identity.SubjectPattern) > longest {
		return matcher{}, fmt.Errorf("its pattern has %d bytes, more than %d", len(identity.SubjectPattern), longest)
	}
	parsed, err := syntax.Parse(identity.SubjectPattern, syntax.Perl)
	if err != nil {
		return matcher{}, fmt.Errorf("its pattern: %w", err)
	}
	if !begins(parsed, syntax.OpBeginText) || !ends(parsed, syntax.OpEndText) {
		return matcher{}, fmt.Errorf("its pattern %.80q is not anchored, and would match a part of a longer subject; write ^(?:…)$", identity.SubjectPattern)
	}
	pattern, err := regexp.Compile(identity.SubjectPattern)
	return matcher{identity, pattern}, err
}

// begins tells whether whatever the expression matches begins with op.
func begins(e *syntax.Regexp, op syntax.Op) bool { return at(e, op, 0, begins) }

// ends tells whether whatever the expression matches ends with op.
func ends(e *syntax.Regexp, op syntax.Op) bool { return at(e, op, -1, ends) }

// at looks into an expression for what stands first (0) or last (-1).
func at(e *syntax.Regexp, op syntax.Op, where int, look func(*syntax.Regexp, syntax.Op) bool) bool {
	switch e.Op {
	case op:
		return true
	case syntax.OpCapture:
		return look(e.Sub[0], op)
	case syntax.OpConcat:
		return look(e.Sub[(where+len(e.Sub))%len(e.Sub)], op)
	case syntax.OpAlternate:
		for _, alternative := range e.Sub {
			if !look(alternative, op) {
				return false
			}
		}
		return true
	default:
		return false
	}
}

func (m matcher) matches(issuer, subject string) bool {
	if issuer == "" || issuer != m.identity.Issuer {
		return false
	}
	if m.pattern != nil {
		return m.pattern.MatchString(subject)
	}
	return subject != "" && subject == m.identity.Subject
}

// identify returns the first identity of the trust that a certificate names. The certificate must
// have been verified.
func (v *Verifier) identify(leaf *x509.Certificate) (evidence.Identity, error) {
	who, err := identityOf(leaf)
	if err != nil {
		return evidence.Identity{}, err
	}
	for _, m := range v.identities {
		if m.matches(who.Issuer, who.Subject) {
			who.Name = m.identity.Name
			return who, nil
		}
	}
	return evidence.Identity{}, fmt.Errorf("%w: %.200q of %.200q", ErrIdentity, who.Subject, who.Issuer)
}

// identityOf is whom a certificate is for.
func identityOf(leaf *x509.Certificate) (evidence.Identity, error) {
	// A certificate with two names would be of whichever the reader looks at; Fulcio writes one.
	if names := len(leaf.EmailAddresses) + len(leaf.URIs) + len(leaf.DNSNames) + len(leaf.IPAddresses); names > 1 {
		return evidence.Identity{}, fmt.Errorf("%w: the certificate has %d subjects", ErrIdentity, names)
	}
	summary, err := certificate.SummarizeCertificate(leaf)
	if err != nil {
		return evidence.Identity{}, fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	return evidence.Identity{Issuer: summary.Issuer, Subject: summary.SubjectAlternativeName}, nil
}
