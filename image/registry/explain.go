package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"plimsoll.dev/plimsoll/image"
)

// failure is an error whose text was made here, so that no URL, token or raw answer is in it,
// and whose cause can still be asked for.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.cause }

// explain says what failed, where, and what to do.
func (c *connection) explain(doing string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	var done *failure
	if errors.As(err, &done) {
		return done
	}
	return &failure{fmt.Sprintf("%s in registry %s: %s: %s", c.reference, c.host(), doing, c.why(err)), err}
}

// why puts an error into words.
func (c *connection) why(err error) string {
	var limit *RateLimitError
	var refused *refusedError
	var answer *transport.Error
	var digest *image.DigestError
	if text := certificate(err); text != "" {
		return text // where plain HTTP may be tried as well, its answer explains nothing
	}
	switch {
	case errors.As(err, &limit):
		return limit.Error() + ": wait, or log in with docker login " + c.host() + " for a higher limit"
	case errors.As(err, &answer):
		return c.answered(answer)
	case errors.As(err, &refused):
		return refused.Error()
	case errors.As(err, &digest):
		return digest.Error()
	}
	if text := c.unreachable(err); text != "" {
		return text
	}
	var inner *url.Error
	for errors.As(err, &inner) {
		err = inner.Err // its text holds the whole URL
	}
	text := withoutSecrets(err.Error())
	switch {
	case strings.HasPrefix(text, "no token in bearer response"):
		return "its token service's answer holds no token" // the answer itself may hold others
	case strings.HasPrefix(text, "failed to parse Location header"):
		return "it redirects to a URL that cannot be understood"
	}
	return text
}

// unreachable puts into words that there was no answer at all; empty if it is something else.
func (c *connection) unreachable(err error) string {
	var lookup *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &lookup):
		return fmt.Sprintf("the name %.200q cannot be resolved: check the name and the network", lookup.Name)
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "it speaks plain HTTP: if that is meant, use --insecure"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: check host and port"
	case errors.Is(err, errStalled):
		return "the connection has stalled: try again"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "there was no answer in time: try again, or check network and proxy"
	}
	return ""
}

// certificate puts into words that a certificate was not accepted; empty if it is something else.
func certificate(err error) string {
	var unknown x509.UnknownAuthorityError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unknown):
		return "its certificate is signed by an authority that is not known here: give that with --ca-file, or accept any with --insecure"
	case errors.As(err, &verification):
		return "its certificate is not valid: " + verification.Err.Error()
	}
	return ""
}

// answered puts a registry's refusal into words.
func (c *connection) answered(answer *transport.Error) string {
	status := fmt.Sprintf("%d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	for i, d := range answer.Errors {
		if i == 3 {
			break // it has made its point
		}
		status += fmt.Sprintf("; %.40s: %.200s", d.Code, withoutSecrets(d.Message))
	}
	c.guard.mu.Lock()
	withheld := c.guard.withheld
	c.guard.mu.Unlock()
	denied := answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden
	if answer.Request != nil && !reads(answer.Request) {
		if text := c.refusedWrite(answer, status); text != "" {
			return text
		}
	}
	switch {
	case denied && withheld != "":
		return fmt.Sprintf("access is denied (%s), and %s", status, withheldFrom(withheld))
	case denied && c.loggedIn:
		return fmt.Sprintf("access is denied (%s) to the credentials at hand: check the name, or log in anew with docker login %s", status, c.host())
	case denied:
		return fmt.Sprintf("access is denied (%s): check the name, or log in with docker login %s", status, c.host())
	case answer.StatusCode == http.StatusNotFound:
		return fmt.Sprintf("there is no such image (%s): check name and tag", status)
	case answer.StatusCode >= http.StatusInternalServerError:
		return fmt.Sprintf("the registry has failed (%s): try again later", status)
	}
	return "it answered " + status
}

// refusedWrite puts into words that a registry did not take what was written to it; empty if it is
// what reading may meet with, too.
func (c *connection) refusedWrite(answer *transport.Error, status string) string {
	switch answer.StatusCode {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return fmt.Sprintf("it takes no writes (%s): it is read-only, or stands in for another; write to the one that it copies from", status)
	case http.StatusForbidden:
		return fmt.Sprintf("writing is denied (%s): ask for the right to push to %s, or log in as somebody who has it with docker login %s", status, familiar(c.repository.Name()), c.host())
	case http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return fmt.Sprintf("it does not accept the document (%s): allow artifacts (OCI image-spec 1.1) in this repository, or use a registry that knows them", status)
	case http.StatusRequestEntityTooLarge, http.StatusInsufficientStorage:
		return fmt.Sprintf("it has no room for the document (%s): raise its limit, or attach less", status)
	case http.StatusNotFound:
		return fmt.Sprintf("there is no such repository, or it takes no writes (%s): push the image first, and check the name", status)
	}
	return ""
}

// withoutSecrets takes out of URLs what may be a secret: the user's part and the query.
func withoutSecrets(text string) string {
	credentials := regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://)[^/"']*@`)
	query := regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://[^"'?]*)\?[^\s"']*`)
	return query.ReplaceAllString(credentials.ReplaceAllString(text, "$1"), "$1?...")
}

// withoutUser takes off a name what may be a user and password before it.
func withoutUser(name string) string {
	if _, rest, found := strings.Cut(name, "@"); found && !strings.HasPrefix(rest, "sha") {
		return "..." + name[strings.LastIndexByte(name, '@'):]
	}
	return name
}
