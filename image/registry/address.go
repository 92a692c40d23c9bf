package registry

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"
)

// checkPublic refuses to connect to an address that no stranger may send us to. It is called by
// the dialer with the address that a name was resolved to, so a name that is resolved anew, to
// something else, gains nothing.
func checkPublic(_, address string, _ syscall.RawConn) error {
	ip, err := dialled(address)
	if err != nil {
		return err
	}
	if kind := reserved(ip); kind != "" {
		return &refusedError{fmt.Sprintf("%s is %s, where a registry's redirects and token services may not lead", ip, kind)}
	}
	return nil
}

// checkLoopback is for hosts that are spoken to without TLS because they are this one.
func checkLoopback(_, address string, _ syscall.RawConn) error {
	ip, err := dialled(address)
	if err != nil {
		return err
	}
	if !ip.IsLoopback() {
		return &refusedError{fmt.Sprintf("its name is one of this host, but leads to %s, which is not spoken to without TLS", ip)}
	}
	return nil
}

func dialled(address string) (netip.Addr, error) {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.Addr{}, &refusedError{fmt.Sprintf("the address %.80q cannot be understood", address)}
	}
	return parsed.Addr().Unmap().WithZone(""), nil
}

// reserved says what kind of not public network an address belongs to; empty if it is public.
// Beyond netip's predicates these are RFC 6598 (addresses of carriers, where some clouds have
// their metadata services), and RFC 1122 and RFC 1112 (0/8 and 240/4).
func reserved(ip netip.Addr) string {
	if inner, ok := embedded(ip); ok {
		return reserved(inner)
	}
	switch {
	case ip.IsLoopback():
		return "a loopback address"
	case ip.IsLinkLocalUnicast():
		return "a link-local address"
	case ip.IsPrivate():
		return "an address of a private network"
	case ip.IsMulticast():
		return "a multicast address"
	case ip.IsUnspecified():
		return "the unspecified address"
	}
	for _, network := range [...]string{"100.64.0.0/10", "0.0.0.0/8", "240.0.0.0/4"} {
		if netip.MustParsePrefix(network).Contains(ip) {
			return "an address of the reserved network " + network
		}
	}
	return ""
}

// embedded returns the IPv4 address inside an IPv6 address of a translator (RFC 6052's well-known
// prefix, RFC 3056's 6to4, and RFC 4291's mapped and compatible ones).
func embedded(ip netip.Addr) (netip.Addr, bool) {
	if !ip.Is6() {
		return netip.Addr{}, false
	}
	raw := ip.As16()
	switch {
	case ip.Is4In6():
		return ip.Unmap(), true
	case netip.MustParsePrefix("64:ff9b::/96").Contains(ip):
		return netip.AddrFrom4([4]byte(raw[12:])), true
	case netip.MustParsePrefix("2002::/16").Contains(ip):
		return netip.AddrFrom4([4]byte(raw[2:6])), true
	case netip.MustParsePrefix("::/96").Contains(ip) && !ip.IsLoopback() && !ip.IsUnspecified():
		return netip.AddrFrom4([4]byte(raw[12:])), true
	}
	return netip.Addr{}, false
}

// isLocal tells whether a host's name says that it is this one, as Docker takes it for plain HTTP.
func isLocal(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
