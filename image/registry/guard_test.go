package registry

import (
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

const password = "hunter2-is-secret"

// withTokens makes a registry want a bearer token, to be had at a token service.
func withTokens(f *fake, realm string) {
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == "Bearer good" {
			return false
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s",service="registry",scope="repository:app:pull"`, realm))
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
}

// tokens is a token service that notes what it was asked with.
func tokens(t *testing.T, anonymous bool) *fake {
	t.Helper()
	f := newFake(t)
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		_, given, _ := r.BasicAuth()
		if !anonymous && given != password && r.FormValue("refresh_token") != password {
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		fmt.Fprint(w, `{"token":"good"}`)
		return true
	}
	return f
}

func hasSecret(r *http.Request) bool {
	_, given, _ := r.BasicAuth()
	return given != "" || r.Header.Get("Authorization") != "" || r.FormValue("refresh_token") != ""
}

func TestBasic(t *testing.T) {
	f := newFake(t)
	f.putImage(t, "amd64", "1")
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if _, given, _ := r.BasicAuth(); given == password {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	if _, err := load(t, f.host()+"/app:1", Options{Keychain: keys{Username: "me", Password: password}}); err != nil {
		t.Error(err)
	}
	_, err := load(t, f.host()+"/app:1", Options{})
	wantError(t, err, "access is denied (401 Unauthorized)", "log in with docker login "+f.host())
	_, err = load(t, f.host()+"/app:1", Options{Keychain: keys{Username: "me", Password: "wrong-" + password}})
	wantError(t, err, "to the credentials at hand", "log in anew")
	if strings.Contains(err.Error(), password) {
		t.Errorf("%q tells the password", err)
	}
}

// TestTokenServices: which one is asked, and which has the credentials.
func TestTokenServices(t *testing.T) {
	basic, identity := keys{Username: "me", Password: password}, keys{Username: "<token>", IdentityToken: password}
	for _, c := range []struct {
		name    string
		keys    keys
		public  bool // anybody gets a token
		trusted bool
		says    []string
		asked   bool // the token service was spoken to
		secret  bool // and had the credentials
	}{
		{"a stranger at this host (CVE-2025-27403)", basic, true, false, []string{"loopback address", "may not lead"}, false, false},
		{"one that the user named", basic, false, true, nil, true, true},
		{"one that the user named, with an identity token", identity, false, true, nil, true, true},
		{"one that the user named, without credentials", keys{}, true, true, nil, true, false},
		{"one that the user named and that refuses", keys{Username: "me", Password: "wrong"}, false, true, []string{"access is denied"}, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, service := newFake(t), tokens(t, c.public)
			f.putImage(t, "amd64", "1")
			withTokens(f, service.URL+"/token")
			options := Options{Keychain: c.keys}
			if c.trusted {
				options.TrustHosts = []string{service.host()}
			}
			// go-containerregistry itself refuses addresses; a name for the same shows our own check.
			if !c.trusted {
				withTokens(f, strings.Replace(service.URL, "127.0.0.1", "localhost", 1)+"/token")
			}
			_, err := load(t, f.host()+"/app:1", options)
			if c.says == nil && err != nil {
				t.Error(err)
			}
			if c.says != nil && !c.trusted {
				wantError(t, err, "without TLS") // another host, in the clear, is refused before it is dialled
			} else if c.says != nil {
				wantError(t, err, c.says...)
			}
			asked := service.seen("/token")
			if (len(asked) > 0) != c.asked {
				t.Errorf("asked %d times", len(asked))
			}
			for _, r := range asked {
				if got := hasSecret(r); got != c.secret && r.Method != http.MethodPost {
					t.Errorf("%s with credentials: %v", r.Method, got)
				}
			}
			if err != nil && strings.Contains(err.Error(), password) {
				t.Errorf("%q tells the secret", err)
			}
		})
	}
}

// TestARealmAtAReservedAddress: the metadata services of clouds, and everything else that only
// this machine can reach.
func TestARealmAtAReservedAddress(t *testing.T) {
	for _, realm := range []string{"https://169.254.169.254/token", "http://169.254.169.254/token", "https://127.0.0.1:1/token",
		"https://localhost:1/token", "https://[::1]:1/token", "https://[::ffff:169.254.169.254]/token", "https://100.100.100.200/token",
		"https://0.0.0.0:1/", "https://10.0.0.1/", "file:///etc/passwd", "gopher://x/"} {
		f := newFake(t)
		withTokens(f, realm)
		_, err := load(t, f.host()+"/app:1", Options{Keychain: keys{Username: "me", Password: password}})
		wantError(t, err, f.host(), "connecting")
		if text := err.Error(); !strings.Contains(text, "realm") && !strings.Contains(text, "may not lead") && !strings.Contains(text, "without TLS") {
			t.Errorf("%s: %q", realm, text)
		}
	}
}

// TestRedirects: a blob may lie with another host, which gets no credentials and, unless it is
// named, has to be a public one.
func TestRedirects(t *testing.T) {
	storage := newFake(t)
	f := newFake(t)
	f.putImage(t, "amd64", "1")
	storage.blobs = f.blobs
	target := storage.URL
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		if !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		http.Redirect(w, r, target+r.URL.Path+"?signature="+password, http.StatusTemporaryRedirect)
		return true
	}
	options := Options{Keychain: keys{Username: "me", Password: password}}
	refused := func(says string) {
		t.Helper()
		_, err := load(t, f.host()+"/app:1", options)
		wantError(t, err, says, "fetching configuration")
		if strings.Contains(err.Error(), password) {
			t.Errorf("%q tells the signature", err)
		}
		if len(storage.seen("/")) > 0 {
			t.Error("the storage was asked")
		}
	}
	refused("without TLS")
	target = strings.Replace(storage.URL, "http:", "https:", 1)
	refused("loopback address")
	target = "https://169.254.169.254"
	refused("link-local address")
	target = "https://me:" + password + "@169.254.169.254"
	refused("link-local address")
	target = "https://me:" + password + "@bad host"
	refused("redirects to a URL that cannot be understood")
	target = "ftp://192.0.2.1"
	refused("scheme")
	target = f.URL + "/round"
	refused("redirects more than 5 times")

	target, options.TrustHosts = storage.URL, []string{"127.0.0.1"}
	if _, err := load(t, f.host()+"/app:1", options); err != nil {
		t.Fatal(err)
	}
	for _, r := range storage.seen("/") {
		if r.Header.Get("Authorization") != "" || r.Header.Get("Referer") != "" || r.Header.Get("Cookie") != "" {
			t.Errorf("the storage was sent %v", r.Header)
		}
	}
}

// TestHelpers: a credential helper gives a password, or an identity token under the user's name
// "<token>" (docker-credential-helpers).
func TestHelpers(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("DOCKER_CONFIG", dir)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	f, service := newFake(t), tokens(t, false)
	f.putImage(t, "amd64", "1")
	withTokens(f, service.URL+"/token")
	write("config.json", `{"credHelpers":{"`+f.host()+`":"e2e"}}`)
	for user, method := range map[string]string{"me": http.MethodGet, "<token>": http.MethodPost} {
		write("docker-credential-e2e", "#!/bin/sh\nread host\necho '{\"ServerURL\":\"'$host'\",\"Username\":\""+user+"\",\"Secret\":\""+password+"\"}'\n")
		r, err := open(t.Context(), f.host()+"/app:1", Options{TrustHosts: []string{"127.0.0.1"}}, quick())
		if err != nil {
			t.Errorf("%s: %v", user, err)
			continue
		}
		_ = r.Close()
		if asked := service.seen("/token"); asked[len(asked)-1].Method != method {
			t.Errorf("%s: the token service was asked with %s", user, asked[len(asked)-1].Method)
		}
	}
	write("docker-credential-e2e", "#!/bin/sh\necho 'no "+"keyring'; exit 1\n")
	_, err := open(t.Context(), f.host()+"/app:1", Options{}, quick())
	wantError(t, err, "the credentials for "+f.host()+" cannot be read", "docker login")
}

// TestAnIdentityTokenStaysHere: it is posted to no host that may not have it, nor sent on by one.
func TestAnIdentityTokenStaysHere(t *testing.T) {
	f, service, elsewhere := newFake(t), newFake(t), newFake(t)
	f.putImage(t, "amd64", "1")
	withTokens(f, service.URL+"/token")
	service.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		// go-containerregistry itself refuses addresses; a name for the same shows our own check.
		http.Redirect(w, r, strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)+"/token", http.StatusTemporaryRedirect)
		return true
	}
	token := keys{Username: "<token>", IdentityToken: password}
	_, err := load(t, f.host()+"/app:1", Options{Keychain: token, TrustHosts: []string{service.host(), "localhost"}})
	wantError(t, err, "credentials were not sent", "--trust-host")
	if len(service.seen("/token")) == 0 || len(elsewhere.seen("/")) > 0 {
		t.Errorf("the token service was asked %d times, the other host %d times", len(service.seen("/token")), len(elsewhere.seen("/")))
	}
}

// TestWithheld: what is said when a token service of somebody else wanted the credentials.
func TestWithheld(t *testing.T) {
	registry, err := name.NewRegistry("registry.example.com")
	if err != nil {
		t.Fatal(err)
	}
	g, err := newGuard(registry, Options{}, quick())
	if err != nil {
		t.Fatal(err)
	}
	in := httptest.NewRequest(http.MethodGet, "https://tokens.example.net/token", nil)
	in.SetBasicAuth("me", password)
	out := in.Clone(t.Context())
	if err := g.checkCredentials(in, out); err != nil || out.Header.Get("Authorization") != "" {
		t.Errorf("%v, %v", out.Header, err)
	}
	parsed, _, err := parse("registry.example.com/app", false)
	if err != nil {
		t.Fatal(err)
	}
	r := &connection{guard: g, repository: parsed.Context(), loggedIn: true}
	if said := r.answered(&transport.Error{StatusCode: http.StatusUnauthorized}); !strings.Contains(said, "add --trust-host tokens.example.net") {
		t.Errorf("said %q", said)
	}
}

// TestUnauthorizedForEver: a registry that goes on asking for a token is asked twice, not more.
func TestUnauthorizedForEver(t *testing.T) {
	f := newFake(t)
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			fmt.Fprint(w, `{"access_token":"never good enough","refresh_token":"`+password+`"}`)
			return true
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+f.URL+`/token",service="x",scope="more"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	_, err := load(t, f.host()+"/app:1", Options{})
	wantError(t, err, "access is denied")
	if got := len(f.seen("/")); got > 8 {
		t.Errorf("%d requests", got)
	}
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			fmt.Fprint(w, `{"refresh_token":"`+password+`"}`)
			return true
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+f.URL+`/token"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	_, err = load(t, f.host()+"/app:1", Options{})
	wantError(t, err, "holds no token")
	if strings.Contains(err.Error(), password) {
		t.Errorf("%q tells a token", err)
	}
}

// TestTLS: certificates are verified unless --insecure says otherwise, and then for that registry.
func TestTLS(t *testing.T) {
	plain := newFake(t)
	plain.putImage(t, "amd64", "1")
	secure := httptest.NewUnstartedServer(plain)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // its clients refuse its certificate
	secure.StartTLS()
	defer secure.Close()
	host := strings.TrimPrefix(secure.URL, "https://")
	_, err := load(t, host+"/app:1", Options{})
	wantError(t, err, "--ca-file", "--insecure")
	if _, err := load(t, host+"/app:1", Options{Insecure: true}); err != nil {
		t.Error(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	if _, err := load(t, host+"/app:1", Options{Roots: roots}); err != nil {
		t.Error(err)
	}
	// example.com is in the test certificate; this name is not.
	elsewhere := strings.Replace(host, "127.0.0.1", "localhost", 1)
	_, err = load(t, elsewhere+"/app:1", Options{Roots: roots})
	wantError(t, err, "certificate is not valid")
}

func TestWithoutSecrets(t *testing.T) {
	for text, want := range map[string]string{
		`Get "https://me:pw@a.example/b?X-Amz-Signature=abc&x=y": EOF`: `Get "https://a.example/b?...": EOF`,
		`https://me:pw@a b/c?d=e f`:                                    `https://a b/c?... f`,
		`plain text? yes`:                                              `plain text? yes`,
	} {
		if got := withoutSecrets(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestReservedAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1": true, "127.8.9.1": true, "::1": true, "169.254.169.254": true, "fe80::1": true, "10.1.2.3": true, "172.31.0.1": true,
		"192.168.0.1": true, "fd00:ec2::254": true, "100.64.0.1": true, "100.127.255.255": true, "224.0.0.1": true, "ff02::1": true,
		"0.0.0.0": true, "::": true, "0.1.2.3": true, "255.255.255.255": true, "240.0.0.1": true, "::ffff:127.0.0.1": true,
		"64:ff9b::7f00:1": true, "64:ff9b::a9fe:a9fe": true, "2002:7f00:1::": true, "::127.0.0.1": true, "::ffff:10.0.0.1": true,
		"1.1.1.1": false, "100.63.0.1": false, "100.128.0.1": false, "172.32.0.1": false, "2606:4700::1111": false, "64:ff9b::101:101": false, "2002:101:101::": false,
	} {
		if got := reserved(netip.MustParseAddr(address)); (got != "") != want {
			t.Errorf("%s: %q", address, got)
		}
		err := checkPublic("tcp", netip.AddrPortFrom(netip.MustParseAddr(address), 443).String(), nil)
		if (err != nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
	if checkPublic("tcp", "nonsense", nil) == nil || checkPublic("tcp", "[fe80::1%eth0]:443", nil) == nil || checkLoopback("tcp", "192.0.2.1:80", nil) == nil || checkLoopback("tcp", "127.0.0.1:80", nil) != nil {
		t.Error("the checks at dial time do not hold")
	}
}

func TestWhoMayHaveTheCredentials(t *testing.T) {
	for _, c := range []struct {
		registry, service string
		want              bool
	}{
		{"index.docker.io", "https://auth.docker.io/token", true},
		{"registry.example.co.uk", "https://auth.example.co.uk/", true},
		{"registry.example.co.uk", "https://other.co.uk/", false},
		{"registry.example.com", "http://auth.example.com/", false},
		{"registry.example.com", "https://example.com.evil.net/", false},
		{"app.github.io", "https://evil.github.io/", false},
		{"192.0.2.1:5000", "https://192.0.2.1:5001/", false},
		{"192.0.2.1:5000", "https://1/", false},
		{"registry", "https://auth/", false},
		{"registry.example.com", "https://named.net/", true},
		{"registry.example.com", "http://named.net:8080/", true},
		{"registry.example.com", "https://NAMED.net/", true},
		{"registry.example.com", "https://port.net/", true},
		{"registry.example.com", "https://port.net:444/", false},
		{"registry.example.com", "https://[2001:db8::1]/", true},
	} {
		registry, err := name.NewRegistry(c.registry)
		if err != nil {
			t.Fatal(err)
		}
		g, err := newGuard(registry, Options{TrustHosts: []string{"named.net", "port.net:443", "[2001:db8::1]"}}, quick())
		if err != nil {
			t.Fatal(err)
		}
		service, err := url.Parse(c.service)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.mayHaveCredentials(service); got != c.want {
			t.Errorf("%s for %s: %v", c.service, c.registry, got)
		}
	}
	for _, host := range []string{"", "https://named.net", "user:" + password + "@named.net"} {
		_, err := newGuard(name.Registry{}, Options{TrustHosts: []string{host}}, quick())
		wantError(t, err, "want HOST or HOST:PORT")
		if strings.Contains(err.Error(), password) {
			t.Errorf("%q tells the password", err)
		}
	}
}

// TestNoTLSOnlyHere: plain HTTP goes to this host alone, and by no other name than its own.
func TestNoTLSOnlyHere(t *testing.T) {
	for _, reference := range []string{"192.0.2.1:5000/app", "10.0.0.1:5000/app", "registry.example/app"} {
		parsed, _, err := parse(reference, false)
		if err != nil {
			t.Fatal(err)
		}
		g, err := newGuard(parsed.Context().Registry, Options{}, quick())
		if err != nil {
			t.Fatal(err)
		}
		request := httptest.NewRequest(http.MethodGet, "http://"+parsed.Context().RegistryStr()+"/v2/", nil)
		_, err = g.RoundTrip(request)
		wantError(t, err, "without TLS", "--insecure")
	}
}

// TestProxies: names are the proxy's to resolve; what the URL itself says is checked here.
func TestProxies(t *testing.T) {
	proxy := newFake(t)
	proxy.putImage(t, "amd64", "1")
	target := ""
	proxy.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.Method == http.MethodConnect:
			w.WriteHeader(http.StatusForbidden)
		case strings.Contains(r.URL.Path, "/blobs/") && target != "":
			http.Redirect(w, r, target, http.StatusFound)
		default:
			return false
		}
		return true
	}
	address, err := url.Parse("http://user:" + password + "@" + proxy.host())
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Insecure: true, Proxy: func(*http.Request) (*url.URL, error) { return address, nil }}
	if _, err := load(t, "registry.test:80/app:1", options); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ target, says string }{
		{"https://169.254.169.254/", "no public host"},
		{"https://localhost/", "no public host"},
		{"https://[::1]/", "no public host"},
		{"http://storage.test/", "without TLS"},
		{"https://storage.test/", "Forbidden"}, // it went to the proxy
	} {
		target = c.target
		_, err := load(t, "registry.test:80/app:1", options)
		wantError(t, err, c.says)
		if strings.Contains(err.Error(), password) {
			t.Errorf("%q tells the proxy's password", err)
		}
	}
	options.Proxy = func(*http.Request) (*url.URL, error) { return nil, fmt.Errorf("bad %s", address) }
	_, err = load(t, "registry.test:80/app:1", options)
	wantError(t, err, "proxy in the environment")
	if strings.Contains(err.Error(), password) {
		t.Errorf("%q tells the proxy's password", err)
	}
}
