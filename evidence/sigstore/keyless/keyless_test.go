package keyless_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/sigstore"
	"plimsoll.dev/plimsoll/evidence/sigstore/keyless"
	"plimsoll.dev/plimsoll/evidence/sigstore/sigstoretest"
)

const predicate = "https://example.com/predicate/v1"

func fixed(text string) keyless.Token {
	return func(context.Context) (string, error) { return text, nil }
}

// options are for a signer with a timestamp authority alone.
func options(t *testing.T, s *sigstoretest.Instance, at string) keyless.Options {
	t.Helper()
	return keyless.Options{
		Token:       fixed(sigstoretest.Token()),
		Services:    keyless.Services{Fulcio: at + sigstoretest.Fulcio, TimestampAuthorities: []string{at + sigstoretest.Timestamp}},
		TrustedRoot: s.TrustedRoot(t, sigstoretest.Logs),
	}
}

// sign signs a statement.
func sign(t *testing.T, o keyless.Options) ([]byte, error) {
	t.Helper()
	return sigstoretest.Must[evidence.Signer](t)(keyless.NewSigner(o)).Sign(t.Context(), evidence.PayloadType, payload())
}

func payload() []byte { return sigstoretest.Statement("image", predicate) }

// What is signed verifies, with each set of services, for those who ask for all that there is.
func TestSign(t *testing.T) {
	s := sigstoretest.New(t)
	at := s.Serve(t, nil)
	log1, log2 := keyless.Log{Address: at + sigstoretest.Log1, Version: 1}, keyless.Log{Address: at + sigstoretest.Log2 + "/", Version: 2}
	authority := at + sigstoretest.Timestamp
	for _, c := range []struct {
		name           string
		authorities    []string
		logs           []keyless.Log
		without        []string // parts of the trusted root
		entries, times int
	}{
		{"a timestamp", []string{authority}, nil, []string{sigstoretest.Logs}, 0, 1},
		{"two timestamps", []string{authority, authority}, nil, []string{sigstoretest.Logs}, 0, 1},
		{"without certificate transparency", []string{authority}, nil, []string{sigstoretest.Logs, sigstoretest.CertificateLogs}, 0, 1},
		{"a log of the first version", nil, []keyless.Log{log1}, nil, 1, 0},
		{"a log of the first version and a timestamp", []string{authority}, []keyless.Log{log1}, nil, 1, 1},
		{"a log of the second version and a timestamp", []string{authority}, []keyless.Log{log2}, nil, 1, 1},
		{"both logs", []string{authority}, []keyless.Log{log1, log2}, nil, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var told []evidence.Identity
			o := keyless.Options{Token: fixed(sigstoretest.Token()), TrustedRoot: s.TrustedRoot(t, c.without...),
				Services: keyless.Services{Fulcio: at + sigstoretest.Fulcio + "/", TimestampAuthorities: c.authorities, Logs: c.logs},
				Signed:   func(who evidence.Identity) { told = append(told, who) }}
			made := sigstoretest.Must[[]byte](t)(sign(t, o))
			v := sigstoretest.Must[*sigstore.Verifier](t)(sigstore.New(sigstore.Options{
				TrustedRoot: o.TrustedRoot, LogEntries: c.entries, Timestamps: c.times, WithoutSCT: len(c.without) == 2,
				Identities: []sigstore.Identity{{Name: "releases", Issuer: sigstoretest.Issuer, Subject: sigstoretest.Subject}},
			}))
			_, got, who, when, err := v.VerifyBundle(t.Context(), made, s.Now)
			if err != nil || !bytes.Equal(got, payload()) || who.Name != "releases" || !when.Equal(s.Now) {
				t.Errorf("verified %s of %v at %s: %v", got, who, when, err)
			}
			if len(told) != 1 || told[0] != (evidence.Identity{Issuer: sigstoretest.Issuer, Subject: sigstoretest.Subject}) {
				t.Errorf("told of %v", told)
			}
			if !bytes.Contains(made, []byte(`bundle.v0.3+json`)) || bytes.Contains(made, []byte(sigstoretest.Token())) {
				t.Errorf("made %s", made)
			}
			if again := sigstoretest.Must[[]byte](t)(sign(t, o)); certificateOf(t, made) == certificateOf(t, again) {
				t.Error("two signatures have one certificate, and so one key")
			}
		})
	}
}

func certificateOf(t *testing.T, document []byte) string {
	t.Helper()
	var b struct {
		Material struct {
			Certificate struct {
				Bytes string `json:"rawBytes"`
			} `json:"certificate"`
		} `json:"verificationMaterial"`
	}
	if err := json.Unmarshal(document, &b); err != nil || b.Material.Certificate.Bytes == "" {
		t.Fatalf("no certificate: %v", err)
	}
	return b.Material.Certificate.Bytes
}

// answering answers with a status and a text.
func answering(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
}

// Whatever one of the services does wrong, nothing is signed, the error says which it was, and the
// token is not in it.
func TestServicesThatFail(t *testing.T) {
	s, other := sigstoretest.New(t), sigstoretest.New(t)
	long := strings.Repeat("a", 2<<20)
	elsewhere := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}
	tellsToken := func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		http.Error(w, "bad: "+token+"\n\x1b[31mand "+token[strings.LastIndex(token, "."):], http.StatusForbidden)
	}
	otherKey := func(w http.ResponseWriter, r *http.Request) {
		request := strings.NewReader(fmt.Sprintf(`{"certificateSigningRequest": %q}`, sigstoretest.SigningRequest(t)))
		replaced := sigstoretest.Must[*http.Request](t)(http.NewRequest(r.Method, r.URL.String(), request))
		replaced.Header = r.Header
		s.ServeCertificate(t, s.Now)(w, replaced)
	}
	entry := `{"00": {"body": "e30=", "integratedTime": 1, "logID": "00", "logIndex": 0, "verification": {"signedEntryTimestamp": "AA=="`
	proof := `, "inclusionProof": {"checkpoint": "c", "hashes": [], "logIndex": 0, "rootHash": "00", "treeSize": 1}}}}`
	for _, c := range []struct {
		name, asked string
		instead     http.HandlerFunc
		want        string
	}{
		{"Fulcio refuses", sigstoretest.AskFulcio, tellsToken, "Fulcio) at 127.0.0.1"},
		{"Fulcio refuses the token", sigstoretest.AskFulcio, tellsToken, "for the audience sigstore"},
		{"Fulcio fails", sigstoretest.AskFulcio, answering(http.StatusInternalServerError, ""), "500"},
		{"Fulcio redirects", sigstoretest.AskFulcio, elsewhere, "no redirect is followed"},
		{"Fulcio answers garbage", sigstoretest.AskFulcio, answering(http.StatusOK, "<html>"), "its answer"},
		{"Fulcio answers a member twice", sigstoretest.AskFulcio, answering(http.StatusOK, `{"a":1,"a":2}`), "its answer"},
		{"Fulcio answers no certificate", sigstoretest.AskFulcio, answering(http.StatusOK, "{}"), "no certificate"},
		{"Fulcio answers a chain of text", sigstoretest.AskFulcio, answering(http.StatusOK, `{"signedCertificateEmbeddedSct":{"chain":{"certificates":["x"]}}}`), "no certificate in PEM"},
		{"Fulcio answers too much", sigstoretest.AskFulcio, answering(http.StatusOK, long), "more than 1048576 bytes"},
		{"Fulcio certifies another key", sigstoretest.AskFulcio, otherKey, "another key"},
		{"a certificate of others", sigstoretest.AskFulcio, other.ServeCertificate(t, s.Now), "does not hold against the trusted root"},
		{"a certificate that has expired", sigstoretest.AskFulcio, s.ServeCertificate(t, s.Now.Add(-time.Hour)), "does not hold"},
		{"a certificate that is not valid yet", sigstoretest.AskFulcio, s.ServeCertificate(t, s.Now.Add(time.Hour)), "does not hold"},
		{"a certificate with two names", sigstoretest.AskFulcio, s.ServeCertificate(t, s.Now, func(c *x509.Certificate) {
			c.EmailAddresses = []string{"a@example.com", "b@example.com"}
		}), "2 subjects"},
		{"the timestamp authority refuses", sigstoretest.AskTimestamp, answering(http.StatusBadRequest, "no\x00pe"), "timestamp authority at 127.0.0.1"},
		{"the timestamp authority answers garbage", sigstoretest.AskTimestamp, answering(http.StatusOK, "garbage"), "its answer"},
		{"the timestamp authority rejects", sigstoretest.AskTimestamp, answering(http.StatusOK, "\x30\x05\x30\x03\x02\x01\x02"), "request is rejected"},
		{"the timestamp authority answers too much", sigstoretest.AskTimestamp, answering(http.StatusOK, long), "more than 1048576 bytes"},
		{"a timestamp of something else", sigstoretest.AskTimestamp, answering(http.StatusOK, string(s.Timestamp(t, make([]byte, 32), s.Now))), "something else"},
		{"a timestamp of others", sigstoretest.AskTimestamp, other.ServeTimestamp(t, s.Now), "does not hold against the trusted root"},
		{"a timestamp after the certificate", sigstoretest.AskTimestamp, s.ServeTimestamp(t, s.Now.Add(time.Hour)), "does not hold"},
		{"the log refuses", sigstoretest.AskLog1, answering(http.StatusConflict, `{"code":409,"message":"an equivalent entry already exists"}`), "Rekor, version 1) at 127.0.0.1"},
		{"the log answers garbage", sigstoretest.AskLog1, answering(http.StatusCreated, "[]"), "its answer"},
		{"the log answers nothing", sigstoretest.AskLog1, answering(http.StatusCreated, "{}"), "0 entries"},
		{"the log answers a body of nothing", sigstoretest.AskLog1, answering(http.StatusCreated, strings.Replace(entry+proof, "e30=", "", 1)), "the body of its entry"},
		{"the log answers no proof", sigstoretest.AskLog1, answering(http.StatusCreated, entry+`}}}`), "no proof"},
		{"the log answers no digits", sigstoretest.AskLog1, answering(http.StatusCreated, strings.Replace(entry+proof, `"logID": "00"`, `"logID": "xx"`, 1)), "its answer"},
		{"the log answers of nothing", sigstoretest.AskLog1, answering(http.StatusCreated, entry+proof), "does not hold"},
		{"the log answers too much", sigstoretest.AskLog1, answering(http.StatusCreated, long), "more than 1048576 bytes"},
		{"a log of others", sigstoretest.AskLog1, other.ServeLog1(t), "does not hold against the trusted root"},
		{"the second log answers garbage", sigstoretest.AskLog2, answering(http.StatusCreated, `"entry"`), "no entry of a log"},
		{"the second log answers what is not known", sigstoretest.AskLog2, answering(http.StatusCreated, `{"canonicalizedBody":"e30=","more":1}`), "does not hold"},
		{"a second log of others", sigstoretest.AskLog2, other.ServeLog2(t), "does not hold against the trusted root"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := s.Serve(t, map[string]http.HandlerFunc{c.asked: c.instead})
			o := options(t, s, at)
			switch c.asked {
			case sigstoretest.AskLog1:
				o.TrustedRoot, o.Services.Logs = s.TrustedRoot(t), []keyless.Log{{Address: at + sigstoretest.Log1, Version: 1}}
			case sigstoretest.AskLog2:
				o.TrustedRoot, o.Services.Logs = s.TrustedRoot(t), []keyless.Log{{Address: at + sigstoretest.Log2, Version: 2}}
			}
			made, err := sign(t, o)
			if err == nil || made != nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("signed %s, %v; want an error with %q", made, err, c.want)
			}
			for _, secret := range strings.Split(sigstoretest.Token(), ".") {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the token is in the error: %v", err)
				}
			}
			if strings.ContainsAny(err.Error(), "\x00\x1b") || len(err.Error()) > 3000 {
				t.Errorf("the error is not fit to be shown: %q", err)
			}
		})
	}
}

// A service that does not answer is left when the context ends.
func TestSlowServices(t *testing.T) {
	s := sigstoretest.New(t)
	for _, asked := range []string{sigstoretest.AskFulcio, sigstoretest.AskTimestamp} {
		ctx, cancel := context.WithCancel(t.Context())
		at := s.Serve(t, map[string]http.HandlerFunc{asked: func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the client has gone
			cancel()
			<-r.Context().Done()
		}})
		signer := sigstoretest.Must[evidence.Signer](t)(keyless.NewSigner(options(t, s, at)))
		if made, err := signer.Sign(ctx, evidence.PayloadType, payload()); !errors.Is(err, context.Canceled) || made != nil {
			t.Errorf("%s: signed %s, %v", asked, made, err)
		}
		cancel()
	}
}

// A service that is not there, a token that is none, and a statement that is too large.
func TestSignFails(t *testing.T) {
	s := sigstoretest.New(t)
	good := options(t, s, s.Serve(t, nil))
	for _, c := range []struct {
		name   string
		change func(*keyless.Options)
		want   string
	}{
		{"a service that is not there", func(o *keyless.Options) { o.Services.Fulcio += "/nothing" }, "404"},
		{"a host that is not there", func(o *keyless.Options) { o.Services.Fulcio = "http://127.0.0.1:1" }, "127.0.0.1:1"},
		{"a token that is not taken", func(o *keyless.Options) { o.Token = fixed("eyJ.eyJ.other") }, "401"},
		{"no token", func(o *keyless.Options) {
			o.Token = func(context.Context) (string, error) { return "", errors.New("no token") }
		}, "no token"},
	} {
		o := good
		c.change(&o)
		if made, err := sign(t, o); err == nil || made != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: signed %s, %v; want an error with %q", c.name, made, err, c.want)
		}
	}
	signer := sigstoretest.Must[evidence.Signer](t)(keyless.NewSigner(good))
	if _, err := signer.Sign(t.Context(), evidence.PayloadType, make([]byte, evidence.MaxStatement+1)); err == nil {
		t.Error("signed a statement that is too large")
	}
}

func TestOptions(t *testing.T) {
	s := sigstoretest.New(t)
	const address = "https://service.example"
	log := func(version int) []keyless.Log { return []keyless.Log{{Address: address, Version: version}} }
	for _, c := range []struct {
		name   string
		change func(*keyless.Options)
		want   string // a part of the error, empty for none
	}{
		{"good", func(*keyless.Options) {}, ""},
		{"nothing", func(o *keyless.Options) { *o = keyless.Options{} }, "token"},
		{"no authority", func(o *keyless.Options) { o.Services.Fulcio = "" }, "Fulcio"},
		{"no time", func(o *keyless.Options) { o.Services.TimestampAuthorities = nil }, "when"},
		{"a log of no version", func(o *keyless.Options) { o.Services.Logs = log(0) }, "version 0"},
		{"a log of the second version without a timestamp", func(o *keyless.Options) {
			o.Services.Logs, o.Services.TimestampAuthorities = log(2), nil
		}, "confirms no time"},
		{"too many authorities", func(o *keyless.Options) {
			for range sigstore.MaxTimestamps {
				o.Services.TimestampAuthorities = append(o.Services.TimestampAuthorities, address)
			}
		}, "at most"},
		{"not https", func(o *keyless.Options) { o.Services.Fulcio = "http://fulcio.example" }, "not https"},
		{"a host that begins like this machine", func(o *keyless.Options) { o.Services.Fulcio = "http://localhost.example" }, "not https"},
		{"not https, a timestamp authority", func(o *keyless.Options) { o.Services.TimestampAuthorities[0] = "http://tsa.example" }, "not https"},
		{"not https, on this machine", func(o *keyless.Options) { o.Services.Fulcio = "http://127.0.0.1:5555" }, ""},
		{"not https, on this machine by name", func(o *keyless.Options) { o.Services.Fulcio = "http://localhost:5555" }, ""},
		{"a file", func(o *keyless.Options) { o.Services.Fulcio = "file:///tmp/x" }, "no address"},
		{"credentials", func(o *keyless.Options) { o.Services.Fulcio = "https://me:secret@fulcio.example" }, "credentials"},
		{"no root", func(o *keyless.Options) { o.TrustedRoot = nil }, "trusted root"},
		{"a root that is none", func(o *keyless.Options) { o.TrustedRoot = []byte("{}") }, "trusted root"},
		{"a root with a log, and no log", func(o *keyless.Options) { o.TrustedRoot = s.TrustedRoot(t) }, "will want an entry"},
		{"a log, and a root without one", func(o *keyless.Options) { o.Services.Logs = log(1) }, "names no transparency log"},
		{"a timestamp authority, and a root without one", func(o *keyless.Options) {
			o.TrustedRoot, o.Services.Logs = s.TrustedRoot(t, sigstoretest.Authorities), log(1)
		}, "names no timestamp authority"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options(t, s, address)
			c.change(&o)
			_, err := keyless.NewSigner(o)
			if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret")) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// withURI names a workload in place of a person.
func withURI(t *testing.T, address string) func(*x509.Certificate) {
	u := sigstoretest.Must[*url.URL](t)(url.Parse(address))
	return func(c *x509.Certificate) { c.EmailAddresses, c.URIs = nil, []*url.URL{u} }
}

// Whoever verifies goes by the identity that the certificate is for.
func TestWhoSigned(t *testing.T) {
	s := sigstoretest.New(t)
	const workflow = "https://git.example/team/app/.github/workflows/release.yml@refs/tags/v1"
	at := s.Serve(t, map[string]http.HandlerFunc{sigstoretest.AskFulcio: s.ServeCertificate(t, s.Now, withURI(t, workflow))})
	o := options(t, s, at)
	made := sigstoretest.Must[[]byte](t)(sign(t, o))
	for _, c := range []struct {
		name, identity string
		holds          bool
	}{
		{"exact", "issuer: https://login.example, subject: " + workflow, true},
		{"a pattern", "issuer: https://login.example, subjectPattern: 'https://git.example/team/*/.github/workflows/release.yml@refs/tags/*'", true},
		{"another issuer", "issuer: https://login.example.org, subject: " + workflow, false},
		{"another subject", "issuer: https://login.example, subject: " + workflow + "2", false},
		{"a pattern that ends earlier", "issuer: https://login.example, subjectPattern: 'https://git.example/team/*'", false},
	} {
		trust, err := evidence.ParseTrust("trust.yaml", fmt.Appendf(nil, "apiVersion: plimsoll.dev/v1\nkind: Trust\nmetadata: {name: t}\n"+
			"identities: [{name: release, %s}]\nroles: {provenance: [release]}\nroot: %q\n", c.identity, o.TrustedRoot))
		if err != nil {
			t.Fatal(err)
		}
		v := sigstoretest.Must[*sigstore.Verifier](t)(sigstore.ForTrust(trust))
		_, _, who, _, err := v.VerifyBundle(t.Context(), made, s.Now)
		if c.holds && (err != nil || who.Subject != workflow) || !c.holds && !errors.Is(err, sigstore.ErrIdentity) {
			t.Errorf("%s: %v, %v", c.name, who, err)
		}
	}
}
