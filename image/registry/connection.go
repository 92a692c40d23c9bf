package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// connection is how one repository is spoken to: through the guard, as somebody.
type connection struct {
	reference  string // what the user called the image or the repository
	repository name.Repository
	guard      *guard
	client     *http.Client
	pace       pace
	loggedIn   bool // credentials were found
}

// connect asks the registry how to authenticate, and does so for a scope: reading, or writing too.
func connect(ctx context.Context, repository name.Repository, called, scope string, options Options, pace pace) (connection, error) {
	c := connection{reference: called, repository: repository, pace: pace}
	var err error
	if c.guard, err = newGuard(repository.Registry, options, pace); err != nil {
		return c, err
	}
	if err := c.authenticate(ctx, options.Keychain, scope); err != nil {
		return c, errors.Join(c.explain("connecting", err), c.Close())
	}
	return c, nil
}

func (c *connection) authenticate(ctx context.Context, keychain authn.Keychain, scope string) error {
	if keychain == nil {
		keychain = authn.DefaultKeychain
	}
	credentials, err := authn.Resolve(ctx, keychain, c.repository)
	if err != nil {
		return &failure{fmt.Sprintf("the credentials for %s cannot be read: %s: mend Docker's configuration, or log in anew with docker login %s", c.host(), withoutSecrets(err.Error()), c.host()), err}
	}
	c.loggedIn = credentials != authn.Anonymous
	authenticated, err := transport.NewWithContext(ctx, c.repository.Registry, credentials, &retrying{c.guard, c.pace}, []string{c.repository.Scope(scope)})
	if err != nil {
		return err
	}
	c.client = &http.Client{Transport: authenticated, CheckRedirect: checkRedirect}
	return nil
}

// maxRedirects is how many redirects one request may go through. One is in use.
const maxRedirects = 5

// checkRedirect lets reading be redirected, as far as the guard allows; what is written goes to
// the host that the user named.
func checkRedirect(request *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return &refusedError{fmt.Sprintf("it redirects more than %d times", maxRedirects)}
	}
	first := via[0]
	if reads(first) || hostPort(first.URL) == hostPort(request.URL) {
		return nil
	}
	return &refusedError{fmt.Sprintf("it redirects what is written to it to another host, %.200s", request.URL.Host)}
}

// reads tells whether a request changes nothing.
func reads(request *http.Request) bool {
	return request.Method == http.MethodGet || request.Method == http.MethodHead
}

// url is the address of something below the repository: a path, and a query where there is one.
func (c *connection) url(path string) *url.URL {
	path, query, _ := strings.Cut(path, "?")
	return &url.URL{Scheme: c.repository.Scheme(), Host: c.repository.RegistryStr(), Path: "/v2/" + c.repository.RepositoryStr() + "/" + path, RawQuery: query}
}

// host is what the user knows the registry as.
func (c *connection) host() string { return familiar(c.repository.RegistryStr()) }

// familiar undoes go-containerregistry's renaming of Docker's registry.
func familiar(name string) string {
	if rest, found := strings.CutPrefix(name, "index.docker.io"); found && (rest == "" || rest[0] == '/') {
		return "docker.io" + rest
	}
	return name
}

// Close implements image.Source.
func (c *connection) Close() error {
	c.guard.close()
	return nil
}
