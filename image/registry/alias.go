package registry

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// go-containerregistry refuses a token service whose URL holds an address of a private network,
// whatever the user says. Where TrustHosts names it, the guard calls it by an alias above, and by
// its address below.

// alias replaces the address of a trusted token service in a registry's challenge.
func (g *guard) alias(header http.Header) {
	for i, challenge := range header["Www-Authenticate"] {
		before, rest, found := strings.Cut(challenge, `realm="`)
		realm, after, closed := strings.Cut(rest, `"`)
		service, err := url.Parse(realm)
		if !found || !closed || err != nil || g.isOwn(service) || !g.trusts(service) {
			continue
		}
		if _, err := netip.ParseAddr(service.Hostname()); err != nil {
			continue
		}
		g.mu.Lock()
		name := fmt.Sprintf("trusted-%d.invalid", len(g.aliases))
		if known, found := g.aliases[service.Host]; found {
			name = known
		}
		g.aliases[service.Host], g.aliases[name] = name, service.Host
		g.mu.Unlock()
		service.Host = name
		header["Www-Authenticate"][i] = before + `realm="` + service.String() + `"` + after
	}
}

// resolveAlias gives a request for an alias its address.
func (g *guard) resolveAlias(out *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if address, found := g.aliases[out.URL.Host]; found && strings.HasSuffix(out.URL.Host, ".invalid") {
		out.URL.Host, out.Host = address, address
	}
}
