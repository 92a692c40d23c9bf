package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/net/publicsuffix"
)

// guard is the RoundTripper below everything that speaks to a registry; no request goes past it.
// Registries answer with redirects and with the addresses of token services, so whoever answers
// decides where the next request goes. The guard knows which host the user named, and holds:
//
//   - Credentials go to that host. A token service has them only if it is that host, or speaks
//     TLS and is of the same registrable domain, or is named by TrustHosts; any other is asked
//     without. A redirect to another host has none.
//   - Other hosts are reached only at public addresses: see checkPublic. Behind a proxy it is the
//     proxy that resolves names, so there only addresses and names of this host that stand in
//     the URL itself are refused: what the proxy may reach, the proxy has to say.
//   - TLS is never left, but for this very host, and with Options.Insecure.
//   - Answers are bounded: the length of headers and of whatever is no document or blob, the time
//     until the headers, and the time without progress.
type guard struct {
	own      string   // HOST:PORT of the registry
	trusted  []string // HOST or HOST:PORT
	insecure bool
	roots    *x509.CertPool
	agent    string
	proxy    func(*http.Request) (*url.URL, error)
	pace     pace

	mu         sync.Mutex
	transports map[route]*http.Transport
	aliases    map[string]string // of a trusted host's address: see alias
	withheld   string            // the token service that asked for credentials in vain
}

// route is what a connection has to keep to.
type route struct {
	named    bool // the user named the host
	loopback bool // plain HTTP, because the host is this one
	proxied  bool
}

// refusedError reports a request that the guard did not let through.
type refusedError struct{ why string }

func (e *refusedError) Error() string { return e.why }

func newGuard(registry name.Registry, options Options, pace pace) (*guard, error) {
	g := &guard{
		insecure: options.Insecure, roots: options.Roots, agent: options.UserAgent, proxy: options.Proxy,
		pace: pace, transports: map[route]*http.Transport{}, aliases: map[string]string{},
	}
	if g.proxy == nil {
		g.proxy = http.ProxyFromEnvironment
	}
	if g.agent == "" {
		g.agent = "plimsoll"
	}
	g.own = strings.ToLower(registry.RegistryStr())
	for _, host := range options.TrustHosts {
		if host == "" || strings.ContainsAny(host, "/@ \\") {
			return nil, fmt.Errorf("trusted host %.100q: want HOST or HOST:PORT", withoutUser(host))
		}
		g.trusted = append(g.trusted, strings.ToLower(host))
	}
	return g, nil
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(in *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(in.Context())
	out := in.Clone(ctx)
	response, err := g.send(in, out)
	if err != nil {
		cancel(err)
		return nil, err
	}
	response.Body = &watched{body: response.Body, cancel: cancel, ctx: ctx, stall: g.pace.stall}
	if response.StatusCode >= http.StatusMultipleChoices || strings.HasSuffix(out.URL.Path, "/v2/") {
		response.Body = &limited{response.Body, maxAnswer}
	}
	return response, nil
}

func (g *guard) send(in, out *http.Request) (*http.Response, error) {
	g.resolveAlias(out)
	named := g.isOwn(out.URL) || g.trusts(out.URL)
	out.Header.Set("User-Agent", g.agent)
	out.Header.Del("Referer") // it may hold the signature of a redirect's URL
	out.Header.Del("Cookie")
	if err := g.checkCredentials(in, out); err != nil {
		return nil, err
	}
	via, err := g.route(out, named)
	if err != nil {
		return nil, err
	}
	response, err := g.transport(via).RoundTrip(out)
	if err != nil {
		return nil, err
	}
	if g.isOwn(out.URL) {
		g.alias(response.Header)
	} else {
		response.Header.Del("WWW-Authenticate") // another host has no say in what we ask tokens for
	}
	return response, nil
}

// checkCredentials takes the credentials off a request that may not carry them.
func (g *guard) checkCredentials(in, out *http.Request) error {
	if g.isOwn(out.URL) {
		return nil
	}
	redirected := in.Response != nil && in.Response.Request != nil && hostPort(in.Response.Request.URL) != hostPort(in.URL)
	if !redirected && g.mayHaveCredentials(out.URL) {
		return nil
	}
	if out.Body != nil && out.Body != http.NoBody { // the one request with a body carries an identity token
		_ = out.Body.Close()
		return &refusedError{g.withhold(out.URL)}
	}
	if out.Header.Get("Authorization") != "" {
		out.Header.Del("Authorization")
		if !redirected {
			_ = g.withhold(out.URL)
		}
	}
	return nil
}

// withhold notes, and says, that a token service was not given the credentials.
func (g *guard) withhold(service *url.URL) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.withheld = service.Host
	return withheldFrom(service.Host)
}

func withheldFrom(host string) string {
	return fmt.Sprintf("the credentials were not sent to its token service at %s, which is another organisation's host: if it may have them, add --trust-host %s", host, host)
}

// mayHaveCredentials tells whether a token service may have the registry's credentials.
func (g *guard) mayHaveCredentials(service *url.URL) bool {
	if g.trusts(service) {
		return true
	}
	ownHost := (&url.URL{Host: g.own}).Hostname()
	if _, err := netip.ParseAddr(service.Hostname()); err == nil || service.Scheme != "https" {
		return false
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(service.Hostname()))
	if err != nil {
		return false // a name without a dot, or a public suffix itself
	}
	ownDomain, err := publicsuffix.EffectiveTLDPlusOne(ownHost)
	return err == nil && domain == ownDomain
}

// route checks where a request goes, and says what its connection has to keep to.
func (g *guard) route(out *http.Request, named bool) (route, error) {
	host := out.URL.Hostname()
	proxy, err := g.proxy(out)
	if err != nil {
		return route{}, &refusedError{"the proxy in the environment cannot be used: " + withoutSecrets(err.Error())}
	}
	via := route{named: named, proxied: proxy != nil}
	switch {
	case out.URL.Scheme == "https":
	case out.URL.Scheme != "http":
		return via, &refusedError{fmt.Sprintf("it leads to a URL of the scheme %.20q", out.URL.Scheme)}
	case named && g.insecure:
	case named && isLocal(host) && !via.proxied:
		via.loopback = true
	default:
		return via, &refusedError{fmt.Sprintf("%.200s would be spoken to without TLS, which needs --insecure%s", out.URL.Host, trustToo(named))}
	}
	if !named && via.proxied {
		ip, err := netip.ParseAddr(host)
		if isLocal(host) || err == nil && reserved(ip.Unmap()) != "" {
			return via, &refusedError{fmt.Sprintf("%.200s is no public host, so a registry's redirects and token services may not lead there", host)}
		}
	}
	return via, nil
}

func trustToo(named bool) string {
	if named {
		return ""
	}
	return " and --trust-host"
}

// isOwn tells whether a URL is of the host that the user named.
func (g *guard) isOwn(u *url.URL) bool {
	return hostPort(u) == hostPort(&url.URL{Scheme: u.Scheme, Host: g.own})
}

// trusts tells whether a URL's host is one that TrustHosts names, at that port or at any.
func (g *guard) trusts(u *url.URL) bool {
	return slices.ContainsFunc(g.trusted, func(host string) bool {
		return host == strings.ToLower(u.Hostname()) || host == "["+u.Hostname()+"]" || host == hostPort(u)
	})
}

// hostPort is a URL's host in lower case with its port, also if that is the scheme's own.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

const (
	maxHeaders = 256 << 10
	// maxAnswer bounds answers that are neither documents nor blobs, such as errors.
	maxAnswer   = 64 << 10
	dialTimeout = 20 * time.Second
)

// transport returns the connections that keep to a route.
func (g *guard) transport(via route) *http.Transport {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t, found := g.transports[via]; found {
		return t
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	switch {
	case via.proxied: // it is the proxy that is connected to
	case via.loopback:
		dialer.Control = checkLoopback
	case !via.named:
		dialer.Control = checkPublic
	}
	t := &http.Transport{
		DialContext:         dialer.DialContext,
		TLSClientConfig:     &tls.Config{RootCAs: g.roots, InsecureSkipVerify: g.insecure && via.named, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: g.pace.headers,
		MaxResponseHeaderBytes: maxHeaders,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // blobs are wanted as they are stored
		MaxIdleConnsPerHost:    8, IdleConnTimeout: 30 * time.Second,
	}
	if via.proxied {
		t.Proxy = g.proxy
	}
	g.transports[via] = t
	return t
}

func (g *guard) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.transports {
		t.CloseIdleConnections()
	}
}

// limited ends an answer that is too long, as if it had ended there.
type limited struct {
	io.ReadCloser
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, io.EOF
	}
	n, err := l.ReadCloser.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
