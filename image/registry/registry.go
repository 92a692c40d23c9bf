// Package registry reads images from a registry that speaks the distribution protocol
// (distribution-spec v1.1, "Pull"; token authentication as distribution's docs/spec/auth has it).
//
// Names, credentials (Docker's configuration and its helpers, else Podman's) and the handshake
// are go-containerregistry's; requests, limits and verification are here. Index, manifest and
// configuration are verified as they are read; the bytes of a layer by whoever reads them. A
// download that breaks off goes on where it stopped.
//
// The registry is the host that the user named, and nothing else is trusted: see guard for what
// redirects and token services may do. The addresses that a manifest states for "foreign" layers
// are never fetched. Client certificates and the retired schema 1 are not known. No image is pushed,
// and nothing deleted or listed; PushFile stores an artifact of one small file.
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
	reference string // what the user called the image
	name      name.Reference
	wanted    image.Digest // that of a reference by digest
	guard     *guard
	client    *http.Client
	pace      pace
	loggedIn  bool // credentials were found
	root      image.Descriptor
	documents sync.Map // verified content by digest; image.Resolve bounds their length together
}

// Open finds an image by its name: "alpine:3.20" (then in Docker's registry),
// "registry.example/app@sha256:...". It fetches the manifest or index that the name stands for.
func Open(ctx context.Context, reference string, options Options) (*Registry, error) {
	return open(ctx, reference, options, defaultPace())
}

func open(ctx context.Context, reference string, options Options, pace pace) (*Registry, error) {
	r, err := dial(ctx, reference, options, pace, transport.PullScope)
	if err != nil {
		return nil, err
	}
	if err := r.fetchRoot(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// dial makes ready to speak to the registry of a name, and logs in for an action.
func dial(ctx context.Context, reference string, options Options, pace pace, action string) (*Registry, error) {
	parsed, wanted, err := parse(reference, options.Insecure)
	if err != nil {
		return nil, err
	}
	r := &Registry{reference: options.Reference, name: parsed, wanted: wanted, pace: pace}
	if r.reference == "" {
		r.reference = reference
	}
	if r.guard, err = newGuard(parsed.Context().Registry, options, pace); err != nil {
		return nil, err
	}
	if err := r.connect(ctx, options.Keychain, action); err != nil {
		return nil, errors.Join(r.explain("connecting", err), r.Close())
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

// connect asks the registry how to authenticate, and does so.
func (r *Registry) connect(ctx context.Context, keychain authn.Keychain, action string) error {
	if keychain == nil {
		keychain = authn.DefaultKeychain
	}
	repository := r.name.Context()
	credentials, err := authn.Resolve(ctx, keychain, repository)
	if err != nil {
		return &failure{fmt.Sprintf("the credentials for %s cannot be read: %s: mend Docker's configuration, or log in anew with docker login %s", r.host(), withoutSecrets(err.Error()), r.host()), err}
	}
	r.loggedIn = credentials != authn.Anonymous
	scope := repository.Scope(action)
	authenticated, err := transport.NewWithContext(ctx, repository.Registry, credentials, &retrying{r.guard, r.pace}, []string{scope})
	if err != nil {
		return err
	}
	r.client = &http.Client{Transport: authenticated, CheckRedirect: checkRedirect}
	return nil
}

// maxRedirects is how many redirects one request may go through. One is in use.
const maxRedirects = 5

func checkRedirect(_ *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return &refusedError{fmt.Sprintf("it redirects more than %d times", maxRedirects)}
	}
	return nil
}

// host is what the user knows the registry as.
func (r *Registry) host() string { return familiar(r.name.Context().RegistryStr()) }

// familiar undoes go-containerregistry's renaming of Docker's registry.
func familiar(name string) string {
	if rest, found := strings.CutPrefix(name, "index.docker.io"); found && (rest == "" || rest[0] == '/') {
		return "docker.io" + rest
	}
	return name
}

// Image implements image.Source.
func (r *Registry) Image(ctx context.Context, platform image.Platform) (*image.Image, error) {
	resolved, err := image.Resolve(ctx, r.reference, []image.Descriptor{r.root}, platform, r.open)
	if err != nil {
		return nil, r.named(err)
	}
	resolved.Repository = familiar(r.name.Context().Name())
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

// Close implements image.Source.
func (r *Registry) Close() error {
	r.guard.close()
	return nil
}
