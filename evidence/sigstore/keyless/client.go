package keyless

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"plimsoll.dev/plimsoll/internal/strictjson"
)

// The limits of what is asked of a service.
const (
	patience   = 30 * time.Second // for each answer
	maxAnswer  = 1 << 20          // bytes of an answer; those in use have some thousand
	maxHeaders = 64 << 10
	maxWords   = 300 // characters of an answer in an error
)

const jsonType = "application/json"

// client speaks to the services.
type client struct{ http *http.Client }

// newClient follows no redirect: the token would go along to another path of the same host, and what
// is signed anywhere.
func newClient(authorities *x509.CertPool) client {
	return client{&http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, MaxResponseHeaderBytes: maxHeaders,
			TLSClientConfig: &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// question is what is asked of a service.
type question struct {
	of        string // what the service is, for errors
	method    string
	address   string
	mediaType string // of the body; empty if there is none
	body      []byte
	wants     string // media type of the answer
	token     string // sent to prove who asks; empty for none
	refused   string // what to do if it refuses; empty for nothing known
}

// ask returns the answer of a service.
func (c client) ask(ctx context.Context, q question) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := c.answer(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("asking %s at %s: %w", q.of, hostOf(q.address), err)
	}
	return answer, nil
}

func (c client) answer(ctx context.Context, q question) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, q.method, q.address, bytes.NewReader(q.body))
	if err != nil {
		return nil, errors.New("its address cannot be asked; check it")
	}
	if q.mediaType != "" {
		request.Header.Set("Content-Type", q.mediaType)
	}
	request.Header.Set("Accept", q.wants)
	request.Header.Set("User-Agent", "plimsoll")
	if q.token != "" {
		request.Header.Set("Authorization", "Bearer "+q.token)
	}
	response, err := c.http.Do(request)
	var failed *url.Error
	switch {
	case ctx.Err() != nil && err != nil:
		return nil, fmt.Errorf("it did not answer in %s, or was called off: %w", patience, ctx.Err())
	case errors.As(err, &failed):
		return nil, failed.Err // without the whole address, whose query may be nobody's business
	case err != nil:
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch code := response.StatusCode; {
	case code >= http.StatusMultipleChoices && code < http.StatusBadRequest:
		return nil, fmt.Errorf("it answers %s, and no redirect is followed; name the service's own address", response.Status)
	case err != nil:
		return nil, fmt.Errorf("its answer broke off: %w", err)
	case len(answer) > maxAnswer:
		return nil, fmt.Errorf("its answer has more than %d bytes; check the address", maxAnswer)
	case code != http.StatusOK && code != http.StatusCreated:
		next := ""
		if q.refused != "" && code >= http.StatusBadRequest && code < http.StatusInternalServerError {
			next = "; " + q.refused
		}
		return nil, fmt.Errorf("it answers %s%s%s", response.Status, words(answer, q.token), next)
	}
	return answer, nil
}

// hostOf is the host of an address, which is no secret.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "its address"
	}
	return u.Host
}

// at is the address of a path below a service's.
func at(service, path string) string { return strings.TrimSuffix(service, "/") + path }

// words are what a service wrote, fit for one line of an error and without the token: neither the
// whole nor one of its parts.
func words(answer []byte, token string) string {
	text := string(answer)
	if token != "" {
		for _, secret := range append([]string{token}, strings.Split(token, ".")...) {
			if secret != "" {
				text = strings.ReplaceAll(text, secret, "(token)")
			}
		}
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	if text = strings.Join(strings.Fields(text), " "); text == "" {
		return ""
	}
	return fmt.Sprintf(": %.*s", maxWords, text)
}

// checkJSON wants JSON that can be read in one way.
func checkJSON(answer []byte) error {
	const depth, objects = 32, 1000
	if err := strictjson.Check(answer, strictjson.Limits{Depth: depth, Objects: objects}); err != nil {
		return fmt.Errorf("its answer: %w", err)
	}
	return nil
}
