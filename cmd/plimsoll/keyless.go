package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/sigstore/keyless"
	"plimsoll.dev/plimsoll/evidence/sigstore/trustedroot"
)

// keylessFlags say who signs without a key, and which services confirm it. None has a default: nothing
// is sent to a service that nobody named.
type keylessFlags struct {
	token                    string
	fulcio, timestamp, rekor string
	config                   string
	root                     string
}

func (k *keylessFlags) register(flags flagSet) {
	flags.StringVar(&k.token, "identity-token", "", "sign without a key, as whom an identity `TOKEN` names: FILE, env:NAME, exec:PATH ARGS or "+keyless.GitHubActions)
	flags.StringVar(&k.fulcio, "fulcio-url", "", "`URL` of the certificate authority (Fulcio)")
	flags.StringVar(&k.timestamp, "timestamp-server-url", "", "`URL` of a timestamp authority (RFC 3161), with its path")
	flags.StringVar(&k.rekor, "rekor-url", "", "`URL` of a transparency log (Rekor, version 1); what it is sent is public where the log is")
	flags.StringVar(&k.config, "signing-config", "", "Sigstore signing config `FILE` that names the services, in place of their URLs")
	flags.StringVar(&k.root, "trusted-root", "", "Sigstore trusted root `FILE` (trusted_root.json) that what is signed must hold against (default: that of --trust)")
}

// check looks at how to sign before anything is done: with a key, or with a token and all it takes.
func (k keylessFlags) check(key, trust string, offline bool) error {
	urls := k.fulcio + k.timestamp + k.rekor
	switch {
	case key == "" && k.token == "":
		return usageError{errors.New("say how to sign: --key KEY with a private key (FILE, env:NAME or exec:PATH ARGS), or --identity-token TOKEN without one")}
	case key != "" && k.token != "":
		return usageError{errors.New("--key signs with a key and --identity-token without one: give one of the two")}
	case key != "" && urls+k.config+k.root != "":
		return usageError{errors.New("with --key no service is asked: leave --fulcio-url, --timestamp-server-url, --rekor-url, --signing-config and --trusted-root out, or give --identity-token in place of --key")}
	case key != "":
		return nil
	case offline:
		return errors.New("with --offline no service that confirms a signature is asked: sign with --key, or leave --offline out")
	case k.config != "" && urls != "":
		return usageError{errors.New("--signing-config names the services: leave --fulcio-url, --timestamp-server-url and --rekor-url out")}
	case k.config == "" && k.fulcio == "":
		return usageError{errors.New("--identity-token: name the certificate authority with --fulcio-url, or all services with --signing-config")}
	case k.config == "" && k.timestamp+k.rekor == "":
		return usageError{errors.New("--identity-token: name what proves when it was signed: --timestamp-server-url, --rekor-url, or both")}
	case k.root+trust == "":
		return usageError{errors.New("--identity-token: name what the signature must hold against, the trusted root of your Sigstore instance with --trusted-root, or a trust document that has one with --trust")}
	}
	return nil
}

// beginSigner opens what the flags name to sign with, a key beside other work: see evidence.BeginSigner.
func (p *program) beginSigner(ctx context.Context, flags attestFlags, failed func(error)) (wait func() (evidence.Signer, error)) {
	if flags.key != "" {
		opened := evidence.BeginSigner(ctx, flags.key, p.secrets(), failed)
		return func() (evidence.Signer, error) { return opened() }
	}
	signer, err := p.openKeyless(flags.keyless, flags.line.trust, flags.target.remote)
	if err != nil {
		failed(err)
	}
	return func() (evidence.Signer, error) { return signer, err }
}

// openKeyless reads all that is named, and asks no service yet.
func (p *program) openKeyless(flags keylessFlags, trusted string, remote remoteFlags) (evidence.Signer, error) {
	var o keyless.Options
	var err error
	if o.Authorities, err = readRoots(remote.caFile); err != nil {
		return nil, err
	}
	if o.Token, err = keyless.OpenToken(flags.token, p.secrets(), o.Authorities); err != nil {
		return nil, fmt.Errorf("--identity-token: %w", err)
	}
	if o.Services, err = flags.services(); err != nil {
		return nil, err
	}
	if flags.root != "" {
		if o.TrustedRoot, err = readLimited(flags.root, trustedroot.MaxSize); err != nil {
			return nil, fmt.Errorf("--trusted-root: %w", err)
		}
		return keyless.NewSigner(o)
	}
	trust, err := evidence.ReadTrust(trusted)
	switch {
	case err != nil:
		return nil, err
	case trust.Root() == nil:
		return nil, fmt.Errorf("--trust: %s has no root for certificates: add one, or name it with --trusted-root", trusted)
	}
	o.TrustedRoot, o.Signed = trust.Root(), p.warnOfStranger(trust, trusted)
	return keyless.NewSigner(o)
}

// services are those that the flags name.
func (k keylessFlags) services() (keyless.Services, error) {
	if k.config != "" {
		document, err := readLimited(k.config, keyless.MaxConfig)
		if err != nil {
			return keyless.Services{}, fmt.Errorf("--signing-config: %w", err)
		}
		services, err := keyless.ReadServices(document, time.Now())
		if err != nil {
			return keyless.Services{}, fmt.Errorf("--signing-config: %s: %w", k.config, err)
		}
		return services, nil
	}
	services := keyless.Services{Fulcio: k.fulcio}
	if k.timestamp != "" {
		services.TimestampAuthorities = []string{k.timestamp}
	}
	if k.rekor != "" {
		services.Logs = []keyless.Log{{Address: k.rekor, Version: 1}}
	}
	return services, nil
}

// warnOfStranger says once if the trust does not name who has signed: nobody would believe it.
func (p *program) warnOfStranger(trust evidence.Trust, file string) func(evidence.Identity) {
	warned := false
	return func(who evidence.Identity) {
		if !warned && len(trust.Identify(who)) == 0 {
			warned = true
			p.warn(fmt.Sprintf("it is signed as %.200q of %.200q, whom %s does not name: who verifies with it will not believe it", who.Subject, who.Issuer, file))
		}
	}
}
