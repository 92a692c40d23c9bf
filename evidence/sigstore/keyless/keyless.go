// Package keyless signs without a long-lived key: an identity provider's token is exchanged for a
// certificate (Fulcio), and a timestamp authority (RFC 3161) or a transparency log (Rekor) confirms
// when it was used. It connects to the addresses that it is given and to nothing else.
//
// It is a package of its own because the library for it links what verifying needs not, OpenPGP
// among it: no command imports it yet. Its tests stand in package sigstore, beside the services
// that verifying is tested with.
package keyless

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/sigstore/trustedroot"
)

// patience is how long each service may take.
const patience = 30 * time.Second

// SignerOptions say which services confirm a signature. None has a default: a signature in the
// public log is public for ever, with the name of who made it.
type SignerOptions struct {
	// Token returns an OpenID Connect token of who signs; see FromEnvironment, FromFile, FromCommand.
	Token func(context.Context) (string, error)
	// Fulcio is the address of the certificate authority; the token goes there and nowhere else.
	Fulcio string
	// TimestampAuthority is the address of an RFC 3161 service, with its path.
	TimestampAuthority string
	// Rekor is the address of a transparency log, and RekorVersion 1 or 2; the second version
	// confirms no time and so needs a timestamp authority beside it.
	Rekor        string
	RekorVersion int
	// TrustedRoot, if there is one, is what the signature must hold against before it is returned.
	TrustedRoot []byte
}

// signer makes a key for each signature, and forgets it.
type signer struct {
	options SignerOptions
	root    root.TrustedMaterial // nil without a trusted root
}

// NewSigner returns a signer that connects to the services named, when it signs.
func NewSigner(o SignerOptions) (evidence.Signer, error) {
	s, err := newSigner(o)
	if err != nil {
		return nil, fmt.Errorf("preparing to sign without a key: %w", err)
	}
	return s, nil
}

func newSigner(o SignerOptions) (*signer, error) {
	switch {
	case o.Token == nil:
		return nil, errors.New("no identity token is named; say where it comes from")
	case o.Fulcio == "":
		return nil, errors.New("no certificate authority (Fulcio) is named")
	case o.TimestampAuthority == "" && o.Rekor == "":
		return nil, errors.New("neither a timestamp authority nor a transparency log is named: nothing would prove when it was signed")
	case o.Rekor != "" && o.RekorVersion != 1 && o.RekorVersion != 2:
		return nil, fmt.Errorf("the transparency log is of version %d; want 1 or 2", o.RekorVersion)
	case o.Rekor != "" && o.RekorVersion == 2 && o.TimestampAuthority == "":
		return nil, errors.New("a transparency log of version 2 confirms no time: name a timestamp authority too")
	}
	for _, address := range []string{o.Fulcio, o.TimestampAuthority, o.Rekor} {
		if err := checkAddress(address); err != nil {
			return nil, err
		}
	}
	s := &signer{options: o}
	if len(o.TrustedRoot) > 0 {
		material, err := trustedroot.Read(o.TrustedRoot)
		if err != nil {
			return nil, fmt.Errorf("the trusted root: %w", err)
		}
		s.root = material
	}
	return s, nil
}

// checkAddress wants https, since a token is the power to sign; on this machine http will do.
func checkAddress(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return fmt.Errorf("%.200q is no address of a service; want https://…", address)
	}
	local := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	switch {
	case u.User != nil:
		return fmt.Errorf("the address of %s has credentials in it; leave them out", u.Host)
	case u.Scheme != "https" && (u.Scheme != "http" || !local):
		return fmt.Errorf("the address of %s is not https", u.Host)
	}
	return nil
}

// Sign implements evidence.Signer.
func (s *signer) Sign(ctx context.Context, payloadType string, payload []byte) ([]byte, error) {
	made, err := s.sign(ctx, payloadType, payload)
	if err != nil {
		return nil, fmt.Errorf("signing without a key: %w", err)
	}
	return made, nil
}

func (s *signer) sign(ctx context.Context, payloadType string, payload []byte) ([]byte, error) {
	if len(payload) > evidence.MaxStatement {
		return nil, fmt.Errorf("the payload has %d bytes, more than the %d that are signed", len(payload), evidence.MaxStatement)
	}
	token, err := s.options.Token(ctx)
	if err != nil {
		return nil, err
	}
	key, err := sign.NewEphemeralKeypair(nil) // ECDSA on P-256
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	options := sign.BundleOptions{
		Context:                    ctx,
		CertificateProvider:        sign.NewFulcio(&sign.FulcioOptions{BaseURL: strings.TrimSuffix(s.options.Fulcio, "/"), Timeout: patience, Transport: direct{ctx, transport}}),
		CertificateProviderOptions: &sign.CertificateProviderOptions{IDToken: token},
		TrustedRoot:                s.root,
	}
	if s.options.TimestampAuthority != "" {
		options.TimestampAuthorities = []*sign.TimestampAuthority{sign.NewTimestampAuthority(
			&sign.TimestampAuthorityOptions{URL: s.options.TimestampAuthority, Timeout: patience, Transport: direct{ctx, transport}})}
	}
	if s.options.Rekor != "" {
		options.TransparencyLogs = []sign.Transparency{sign.NewRekor(
			&sign.RekorOptions{BaseURL: s.options.Rekor, Timeout: patience, Version: uint32(s.options.RekorVersion)})}
	}
	made, err := sign.Bundle(&sign.DSSEData{Data: payload, PayloadType: payloadType}, key, options)
	if err != nil {
		return nil, fmt.Errorf("%.2000s", strings.ReplaceAll(err.Error(), token, "(token)"))
	}
	b, err := bundle.NewBundle(made)
	if err != nil {
		return nil, err
	}
	return b.MarshalJSON()
}

// direct sends a request for as long as the context lasts, which sigstore-go does not tell its
// requests, and follows no redirect: http.Client would otherwise take the token along to another
// path of the same host, and the payload anywhere.
type direct struct {
	ctx       context.Context
	transport http.RoundTripper
}

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := d.transport.RoundTrip(r.WithContext(d.ctx))
	if err != nil {
		return nil, err
	}
	if code := response.StatusCode; code >= http.StatusMultipleChoices && code < http.StatusBadRequest {
		_ = response.Body.Close() // nothing of it is used
		return nil, fmt.Errorf("%s answers %s; name the service's own address", r.URL.Host, response.Status)
	}
	return response, nil
}

// FromEnvironment takes the token from an environment variable.
func FromEnvironment(name string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		return checkToken(os.Getenv(name), "the environment variable "+name)
	}
}

// FromFile takes the token from a file, which is read for each signature: such files are renewed.
func FromFile(path string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		content, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("reading the identity token: %w", err)
		}
		return checkToken(string(content), path)
	}
}

// FromCommand takes the token from the output of a program, which is run for each signature and
// not through a shell.
func FromCommand(program string, arguments ...string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		out, err := exec.CommandContext(ctx, program, arguments...).Output()
		if err != nil {
			return "", fmt.Errorf("running %s for the identity token: %w", program, err)
		}
		return checkToken(string(out), program)
	}
}

// checkToken wants the three parts of a JSON Web Token, and never shows them.
func checkToken(token, source string) (string, error) {
	const longest = 64 << 10
	token = strings.TrimSpace(token)
	switch {
	case token == "":
		return "", fmt.Errorf("there is no identity token in %s", source)
	case len(token) > longest || strings.Count(token, ".") != 2 || strings.ContainsAny(token, " \r\n\t"):
		return "", fmt.Errorf("what is in %s is no identity token; want an OpenID Connect token (three parts with dots between)", source)
	}
	return token, nil
}
