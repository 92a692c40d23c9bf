package keyless_test

import (
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/evidence/sigstore/keyless"
)

const config = `{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
"caUrls": [
  {"url": "https://old.example", "majorApiVersion": 1, "validFor": {"start": "2023-01-01T00:00:00Z", "end": "2024-01-01T00:00:00Z"}, "operator": "o"},
  {"url": "https://fulcio.example", "majorApiVersion": 1, "validFor": {"start": "2024-01-01T00:00:00Z"}, "operator": "o"},
  {"url": "https://next.example", "majorApiVersion": 2, "validFor": {"start": "2024-01-01T00:00:00Z"}, "operator": "o"}],
"oidcUrls": [{"url": "https://login.example", "majorApiVersion": 1, "validFor": {"start": "2024-01-01T00:00:00Z"}, "operator": "o"}],
"rekorTlogUrls": [
  {"url": "https://log1.example", "majorApiVersion": 1, "validFor": {"start": "2024-01-01T00:00:00Z"}, "operator": "o"},
  {"url": "https://log2.example", "majorApiVersion": 2, "validFor": {"start": "2024-01-01T00:00:00Z"}, "operator": "o"}],
"tsaUrls": [
  {"url": "https://tsa.example/api/v1/timestamp", "majorApiVersion": 1, "validFor": {"start": "2024-01-01T00:00:00Z"}, "operator": "o"},
  {"url": "https://tsa.example.org", "majorApiVersion": 1, "validFor": {"start": "2024-01-01T00:00:00Z"}, "operator": "p"}],
"rekorTlogConfig": {"selector": "ANY"},
"tsaConfig": {"selector": "ALL"}}`

// A signing config says which services are asked: those that are in use and of a version that is known.
func TestReadServices(t *testing.T) {
	now := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	both := []string{"https://tsa.example.org", "https://tsa.example/api/v1/timestamp"}
	all := keyless.Services{Fulcio: "https://fulcio.example", TimestampAuthorities: both, Logs: []keyless.Log{{Address: "https://log2.example", Version: 2}}}
	without := all
	without.Logs = nil
	first := keyless.Services{Fulcio: "https://fulcio.example", Logs: []keyless.Log{{Address: "https://log1.example", Version: 1}}}
	for _, c := range []struct {
		name, document string
		want           keyless.Services
		err            string
	}{
		{"all", config, all, ""},
		{"no selector of logs", strings.Replace(config, `"rekorTlogConfig": {"selector": "ANY"},`, "", 1), without, ""},
		{"the first version alone", strings.NewReplacer("log2.example", "log3.example", `"majorApiVersion": 2`, `"majorApiVersion": 3`, `"tsaConfig": {"selector": "ALL"}`, `"tsaConfig": null`).Replace(config), first, ""},
		{"no time", strings.NewReplacer(`"rekorTlogConfig": {"selector": "ANY"},`, "", `"tsaConfig": {"selector": "ALL"}`, `"tsaConfig": null`).Replace(config), keyless.Services{}, "nothing would prove when"},
		{"more than there are", strings.Replace(config, `"selector": "ALL"`, `"selector": "EXACT", "count": 3`, 1), keyless.Services{}, "tsaUrls"},
		{"no selector that is known", strings.Replace(config, `"selector": "ANY"`, `"selector": "SERVICE_SELECTOR_UNDEFINED"`, 1), keyless.Services{}, "rekorTlogUrls"},
		{"no authority", strings.Replace(config, `"caUrls"`, `"oidcUrls"`, 1), keyless.Services{}, "oidcUrls"}, // stands twice
		{"not https", strings.Replace(config, "https://fulcio.example", "http://fulcio.example", 1), keyless.Services{}, "not https"},
		{"an older form", strings.Replace(config, "v0.2", "v0.1", 1), keyless.Services{}, "media type"},
		{"a trusted root", `{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`, keyless.Services{}, "media type"},
		{"nothing", "", keyless.Services{}, "reading the signing config"},
		{"too large", strings.Repeat(" ", keyless.MaxConfig+1), keyless.Services{}, "more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := keyless.ReadServices([]byte(c.document), now)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("error %v, want %q", err, c.err)
			}
			if err == nil {
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	if _, err := keyless.ReadServices([]byte(config), time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil || !strings.Contains(err.Error(), "caUrls") {
		t.Errorf("before all of them: %v", err)
	}
}

// Whatever a signing config says, a token goes nowhere but over TLS or to this machine, and there is
// always something that proves when it was signed.
func FuzzReadServices(f *testing.F) {
	f.Add([]byte(config))
	f.Add([]byte(strings.Replace(config, "https://fulcio.example", "http://localhost:5555", 1)))
	f.Add([]byte("{}"))
	now := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, document []byte) {
		s, err := keyless.ReadServices(document, now)
		if err != nil {
			return
		}
		addresses := append([]string{s.Fulcio}, s.TimestampAuthorities...)
		for _, log := range s.Logs {
			addresses = append(addresses, log.Address)
		}
		for _, address := range addresses {
			u, err := url.Parse(address)
			if err != nil || u.Scheme != "https" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback() {
				t.Errorf("the address %q", address)
			}
		}
		if len(addresses) < 2 {
			t.Errorf("nothing proves when: %+v", s)
		}
	})
}
