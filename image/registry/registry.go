// Package registry reads images from, and writes documents to, a registry that speaks the distribution protocol
// (distribution-spec v1.1; token authentication as distribution's docs/spec/auth has it).
//
// Names, credentials (Docker's configuration and its helpers, else Podman's) and the handshake
// are go-containerregistry's; requests, limits and verification are here. Index, manifest and
// configuration are verified as they are read; the bytes of a layer by whoever reads them. A
// download that breaks off goes on where it stopped.
//
// The registry is the host that the user named, and nothing else is trusted: see guard for what
// redirects and token services may do. The addresses that a manifest states for "foreign" layers
// are never fetched.
//
// Registry is one image. Repository is for whoever puts evidence beside images and reads it: any
// document or blob by its digest, what refers to a digest, and writing both; FetchFile and PushFile
// are for artifacts of one small file. Nothing is deleted,
// no tags are listed, and client certificates and the retired schema 1 are not known.
package registry

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"plimsoll.dev/plimsoll/image"
)

// Options say how to speak to a registry. The zero value speaks TLS to public hosts.
type Options struct {
	// Reference is what the user called the image; if empty, the name itself.
	Reference string
	// Insecure allows plain HTTP and certificates that nobody vouches for, for the registry and
	// for hosts in TrustHosts.
	Insecure bool
	// Roots are the certificate authorities to believe; nil means the system's.
	Roots *x509.CertPool
	// TrustHosts are further hosts, HOST or HOST:PORT, that may have the credentials and may be
	// at addresses of private networks.
	TrustHosts []string
	// UserAgent names the program to the registry.
	UserAgent string
	// Keychain finds the credentials; nil means Docker's configuration, else Podman's.
	Keychain authn.Keychain
	// Proxy finds the proxy for a request; nil means as the environment says.
	Proxy func(*http.Request) (*url.URL, error)
}

// Registry is one image in a registry. It implements image.Source.
type Registry struct {
	connection
	name      name.Reference
	wanted    image.Digest // that of a reference by digest
	root      image.Descriptor
	documents sync.Map // verified content by digest; image.Resolve bounds their length together
}

// Open finds an image by its name: "alpine:3.20" (then in Docker's registry),
// "registry.example/app@sha256:...". It fetches the manifest or index that the name stands for.
func Open(ctx context.Context, reference string, options Options) (*Registry, error) {
	return open(ctx, reference, options, defaultPace())
}

func open(ctx context.Context, reference string, options Options, pace pace) (*Registry, error) {
	parsed, wanted, err := parse(reference, options.Insecure)
	if err != nil {
		return nil, err
	}
	called := options.Reference
	if called == "" {
		called = reference
	}
	connected, err := connect(ctx, parsed.Context(), called, transport.PullScope, options, pace)
	if err != nil {
		return nil, err
	}
	r := &Registry{connection: connected, name: parsed, wanted: wanted}
	if err := r.fetchRoot(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// parse reads a name. A tag beside a digest is only a comment: the digest decides.
func parse(reference string, insecure bool) (name.Reference, image.Digest, error) {
	var options []name.Option
	if insecure {
		options = append(options, name.Insecure)
	}
	parsed, err := name.ParseReference(reference, options...)
	if err != nil || strings.Contains("/"+parsed.Context().RepositoryStr()+"/", "/../") {
		return nil, image.Digest{}, fmt.Errorf("%.300q is no name of an image: want NAME[:TAG] or NAME@sha256:DIGEST, all in lower case, such as registry.example/app:1.2", withoutUser(reference))
	}
	if !strings.Contains(reference, "@") {
		return parsed, image.Digest{}, nil
	}
	wanted, err := image.ParseDigest(parsed.Identifier())
	return parsed, wanted, err
}

// Image implements image.Source.
func (r *Registry) Image(ctx context.Context, platform image.Platform) (*image.Image, error) {
	resolved, err := image.Resolve(ctx, r.reference, []image.Descriptor{r.root}, platform, r.open)
	if err != nil {
		return nil, r.named(err)
	}
	resolved.Repository = familiar(r.repository.Name())
	return resolved, nil
}

// Platforms implements image.Source.
func (r *Registry) Platforms(ctx context.Context) ([]image.Platform, error) {
	platforms, err := image.Platforms(ctx, []image.Descriptor{r.root}, r.open)
	if err != nil {
		return nil, r.named(err)
	}
	return platforms, nil
}

// named puts the image's name before an error that does not have it.
func (r *Registry) named(err error) error {
	var elsewhere *image.PlatformError
	var explained *failure
	if errors.As(err, &elsewhere) || errors.As(err, &explained) {
		return err
	}
	return fmt.Errorf("reading %s: %w", r.reference, err)
}
