package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/sigstore/sigstoretest"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/testparts"
)

// forge is a yard with an instance of Sigstore beside it. In its folder are an identity token, trusted
// roots with and without transparency logs, and trust documents that believe in them.
type forge struct {
	*yard
	*sigstoretest.Instance
}

func newForge(t *testing.T, referrers bool) forge {
	t.Helper()
	f := forge{newYard(t, referrers), sigstoretest.New(t)}
	f.write(t, "token", sigstoretest.Token())
	f.write(t, "root.json", string(f.TrustedRoot(t)))
	f.write(t, "root-timestamps.json", string(f.TrustedRoot(t, sigstoretest.Logs)))
	who := func(issuer, subject string) string { return fmt.Sprintf("issuer: %s, %s", issuer, subject) }
	exact := "subject: " + sigstoretest.Subject
	for _, root := range []string{"root", "root-timestamps"} {
		f.trust(t, root+"-good", root, who(sigstoretest.Issuer, exact))
		f.trust(t, root+"-pattern", root, who(sigstoretest.Issuer, "subjectPattern: '*@example.com'"))
		f.trust(t, root+"-issuer", root, who("https://login.example.org", exact))
		f.trust(t, root+"-subject", root, who(sigstoretest.Issuer, "subject: other@example.com"))
		f.trust(t, root+"-narrow", root, who(sigstoretest.Issuer, "subjectPattern: 'release@example.co?*'"))
	}
	return f
}

// trust writes a trust document that believes one identity.
func (f forge) trust(t *testing.T, name, root, identity string) {
	t.Helper()
	f.write(t, name+".yaml", "apiVersion: plimsoll.dev/v1\nkind: Trust\nmetadata: {name: "+name+"}\nidentities: [{name: release, "+identity+"}]\n"+
		"root: "+root+".json\nroles: {verdicts: [release], scans: [release]}\n")
}

// config is a signing config for services at an address: Rekor's second version and a timestamp.
func (f forge) config(t *testing.T, at string) string {
	t.Helper()
	service := func(path string, version int) string {
		return fmt.Sprintf(`[{"url": %q, "majorApiVersion": %d, "validFor": {"start": "2024-01-01T00:00:00Z"}, "operator": "o"}]`, at+path, version)
	}
	f.write(t, "services.json", `{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json", "caUrls": `+service(sigstoretest.Fulcio, 1)+
		`, "tsaUrls": `+service(sigstoretest.Timestamp, 1)+`, "rekorTlogUrls": `+service(sigstoretest.Log2, 2)+
		`, "tsaConfig": {"selector": "ANY"}, "rekorTlogConfig": {"selector": "ANY"}}`)
	return f.file("services.json")
}

// TestAttestWithoutKey: what is signed without a key is verified by whom the trust document names, and
// by nobody else's, at registries of both kinds and with each set of services.
func TestAttestWithoutKey(t *testing.T) {
	for _, c := range []struct {
		name      string
		referrers bool
		root      string
		services  func(f forge, at string) []string
	}{
		{"a timestamp", true, "root-timestamps", func(f forge, at string) []string {
			return []string{"--fulcio-url", at + sigstoretest.Fulcio, "--timestamp-server-url", at + sigstoretest.Timestamp, "--trusted-root", f.file("root-timestamps.json")}
		}},
		{"a log of the first version", false, "root", func(f forge, at string) []string {
			return []string{"--fulcio-url", at + sigstoretest.Fulcio, "--rekor-url", at + sigstoretest.Log1, "--trust", f.file("root-good.yaml")}
		}},
		{"a signing config, with a log of the second version", true, "root", func(f forge, at string) []string {
			return []string{"--signing-config", f.config(t, at), "--trusted-root", f.file("root.json")}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newForge(t, c.referrers)
			attest := []string{"attest", f.name("app:v1"), "--policy", f.file("policy.yaml"), "--all-platforms", "--to", f.name("app:v1"),
				"--predicate", "verdict,sbom-cyclonedx", "--identity-token", f.file("token")}
			o := f.does(t, append(attest, c.services(f, f.Serve(t, nil))...)...)
			if strings.Contains(o.stderr, "will not believe") {
				t.Errorf("warned of somebody whom the trust names: %s", o.stderr)
			}
			verify := func(trust string) outcome {
				return f.run(t, "verify", f.name("app:v1"), "--trust", f.file(c.root+"-"+trust+".yaml"), "--predicate", "verdict,sbom-cyclonedx")
			}
			wants(t, verify("good"), exitDone, "VERIFIED")
			wants(t, verify("pattern"), exitDone, "VERIFIED")
			for _, other := range []string{"issuer", "subject", "narrow"} {
				wants(t, verify(other), exitDenied, "signed by an identity that the trust does not name")
			}
			// Another instance's root believes none of it.
			f.write(t, c.root+".json", string(sigstoretest.New(t).TrustedRoot(t)))
			wants(t, verify("good"), exitDenied, "not proved")
		})
	}
}

// TestWarnOfStranger: a trust document that does not name who signs is told of at once.
func TestWarnOfStranger(t *testing.T) {
	f := newForge(t, true)
	at := f.Serve(t, nil)
	o := f.does(t, "attest", f.report(t), "--identity-token", "exec:cat "+f.file("token"), "--signing-config", f.config(t, at), "--trust", f.file("root-subject.yaml"),
		"--predicate", "verdict,sbom-cyclonedx", "--output", f.file("app.jsonl"))
	if strings.Count(o.stderr, "whom "+f.file("root-subject.yaml")+" does not name") != 1 || !strings.Contains(o.stderr, sigstoretest.Subject) {
		t.Errorf("%s", o.stderr)
	}
}

// TestNothingIsHalfSigned: when a service fails, at the first statement or at a later one, nothing is
// attached or written, and the token is in no message.
func TestNothingIsHalfSigned(t *testing.T) {
	f := newForge(t, true)
	other := sigstoretest.New(t)
	var answers atomic.Int32
	afterOne := func(w http.ResponseWriter, r *http.Request) {
		if answers.Add(1) > 1 {
			http.Error(w, "no more for "+r.Header.Get("Authorization"), http.StatusTooManyRequests)
			return
		}
		f.ServeCertificate(t, f.Now)(w, r)
	}
	for _, c := range []struct {
		name, asked string
		instead     http.HandlerFunc
		want        string
	}{
		{"Fulcio refuses", sigstoretest.AskFulcio, func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "not you: "+r.Header.Get("Authorization"), http.StatusForbidden)
		}, "Fulcio.* 403"},
		{"Fulcio refuses the second time", sigstoretest.AskFulcio, afterOne, "Fulcio.* 429"},
		{"the certificate has expired", sigstoretest.AskFulcio, f.ServeCertificate(t, f.Now.Add(-time.Hour)), "does not hold against the trusted root"},
		{"the certificate is of others", sigstoretest.AskFulcio, other.ServeCertificate(t, f.Now), "does not hold against the trusted root"},
		{"the certificate has two names", sigstoretest.AskFulcio, f.ServeCertificate(t, f.Now, func(c *x509.Certificate) {
			c.EmailAddresses = append(c.EmailAddresses, "b@example.com")
		}), "2 subjects"},
		{"the timestamp is of others", sigstoretest.AskTimestamp, other.ServeTimestamp(t, f.Now), "does not hold against the trusted root"},
		{"the log is not there", sigstoretest.AskLog2, http.NotFound, "Rekor, version 2.* 404"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := f.Serve(t, map[string]http.HandlerFunc{c.asked: c.instead})
			how := []string{"--identity-token", f.file("token"), "--signing-config", f.config(t, at), "--trusted-root", f.file("root.json")}
			o := f.run(t, append([]string{"attest", f.name("app:v1"), "--policy", f.file("policy.yaml"), "--all-platforms", "--quiet", "--to", f.name("app:v1")}, how...)...)
			refused(t, o, c.want)
			for _, secret := range strings.Split(sigstoretest.Token(), ".") {
				if strings.Contains(o.stderr, secret) {
					t.Errorf("the token is in %s", o.stderr)
				}
			}
			if v := decodeVerification(t, f.run(t, "verify", f.name("app:v1"), "--trust", f.file("root-good.yaml"), "--format", "json")); len(v.Evidence) > 0 || !v.Complete {
				t.Errorf("something was attached: %+v", v)
			}
			answers.Store(0)
			out := f.file("out.jsonl")
			refused(t, f.run(t, append([]string{"attest", f.report(t), "--predicate", "verdict,sbom-cyclonedx", "--output", out}, how...)...), c.want)
			if _, err := os.Stat(out); !os.IsNotExist(err) {
				t.Errorf("half a result was written: %v", err)
			}
		})
	}
}

// TestSlowFulcio: who calls attest off need not wait for a service.
func TestSlowFulcio(t *testing.T) {
	f := newForge(t, true)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	at := f.Serve(t, map[string]http.HandlerFunc{sigstoretest.AskFulcio: func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the client has gone
		cancel()
		<-r.Context().Done()
	}})
	var out, complaints strings.Builder
	p := program{stdout: &out, stderr: &complaints, environ: []string{"HOME=" + f.home}}
	status := p.execute(ctx, []string{"attest", f.report(t), "--identity-token", f.file("token"), "--signing-config", f.config(t, at), "--trusted-root", f.file("root.json")})
	refused(t, outcome{status, out.String(), complaints.String()}, "interrupted; nothing was written")
}

// TestHowToSign: with a key, or with a token and all that it takes; the message says what is missing.
func TestHowToSign(t *testing.T) {
	f := newForge(t, true)
	and := func(flags []string, more ...string) []string { return slices.Concat(flags, more) }
	const service = "https://service.example"
	token := []string{"--identity-token", f.file("token")}
	urls := and(token, "--fulcio-url", service, "--timestamp-server-url", service)
	timestamps := and(urls, "--trusted-root", f.file("root-timestamps.json"))
	f.write(t, "config.json", "{}")
	for _, c := range []struct {
		name   string
		flags  []string
		status int
		want   string
	}{
		{"nothing", nil, exitUsage, "--key KEY.* or --identity-token"},
		{"a key and a token", and(token, "--key", f.file("ci.key")), exitUsage, "one of the two"},
		{"a key and a service", []string{"--key", f.file("ci.key"), "--rekor-url", service}, exitUsage, "no service is asked"},
		{"a key and a root", []string{"--key", f.file("ci.key"), "--trusted-root", f.file("root.json")}, exitUsage, "no service is asked"},
		{"a token alone", token, exitUsage, "--fulcio-url"},
		{"no time", and(token, "--fulcio-url", service), exitUsage, "--timestamp-server-url, --rekor-url"},
		{"no root", urls, exitUsage, "--trusted-root"},
		{"a config and a service", and(timestamps, "--signing-config", f.file("config.json")), exitUsage, "leave --fulcio-url"},
		{"offline", and(timestamps, "--offline"), exitFailed, "sign with --key"},
		{"a token on the command line", and(timestamps, "--identity-token", sigstoretest.Token()), exitFailed, "which others could see"},
		{"no http", and(timestamps, "--fulcio-url", "http://service.example"), exitFailed, "is not https"},
		{"a root with a log, and no log", and(urls, "--trusted-root", f.file("root.json")), exitFailed, "name the log's address"},
		{"a root that is not there", and(urls, "--trusted-root", f.file("nothing")), exitFailed, "--trusted-root: .*no such file"},
		{"a root that is none", and(urls, "--trusted-root", f.file("config.json")), exitFailed, "trusted root"},
		{"a trust without a root", and(urls, "--trust", f.file("ci.yaml")), exitFailed, "has no root"},
		{"a config that is none", and(token, "--signing-config", f.file("config.json"), "--trusted-root", f.file("root.json")), exitFailed, "--signing-config: .*config.json"},
		{"no token", and(timestamps, "--identity-token", "env:NOTHING"), exitFailed, "environment variable NOTHING"},
		{"no job of GitHub's", and(timestamps, "--identity-token", "github-actions"), exitFailed, "id-token: write"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := f.run(t, append([]string{"attest", f.report(t)}, c.flags...)...)
			if c.status == exitFailed {
				refused(t, o, c.want)
				return
			}
			o.status -= exitUsage - exitFailed // so that refused tells the rest
			refused(t, o, c.want)
		})
	}
}

// TestCosignVerifiesKeyless: cosign verifies what attest signs without a key, and not of others.
func TestCosignVerifiesKeyless(t *testing.T) {
	testparts.Cosign(t)
	f := newForge(t, true)
	f.does(t, "attest", f.report(t), "--identity-token", f.file("token"), "--signing-config", f.config(t, f.Serve(t, nil)),
		"--trusted-root", f.file("root.json"), "--output", f.file("verdict.json"))
	found, err := f.repository(t, "single").Document(t.Context(), "v1", image.MaxDocument)
	if err != nil {
		t.Fatal(err)
	}
	f.write(t, "manifest", string(found.Content))
	for identity, holds := range map[string]bool{sigstoretest.Subject: true, "other@example.com": false} {
		command := exec.CommandContext(t.Context(), "cosign", "verify-blob-attestation", "--bundle", f.file("verdict.json"), "--trusted-root", f.file("root.json"),
			"--certificate-oidc-issuer", sigstoretest.Issuer, "--certificate-identity", identity, "--type", evidence.VerdictType, f.file("manifest"))
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + f.home, "HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1"}
		if out, err := command.CombinedOutput(); (err == nil) != holds {
			t.Errorf("for %s: %v\n%s", identity, err, out)
		}
	}
}
