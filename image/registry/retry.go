package registry

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// retrying makes a request again when the connection breaks, or when the answer is one that says
// "later": one that changes nothing, and the writing of a document, which may be done twice.
type retrying struct {
	inner http.RoundTripper
	pace  pace
}

// RoundTrip implements http.RoundTripper. A rate limit that stays is a *RateLimitError.
func (r *retrying) RoundTrip(request *http.Request) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		sent, err := rewound(request)
		if err != nil {
			return nil, err
		}
		response, err := r.inner.RoundTrip(sent)
		wait, again := r.again(request, response, err, attempt)
		if again && response != nil {
			_, _ = io.Copy(io.Discard, response.Body) // the guard bounds it
			_ = response.Body.Close()
		}
		if again {
			if err := sleep(request.Context(), wait); err != nil {
				return nil, err
			}
			continue
		}
		if err == nil && response.StatusCode == http.StatusTooManyRequests {
			_ = response.Body.Close()
			return nil, newRateLimitError(response)
		}
		return response, err
	}
}

// rewound is a request whose body begins at its beginning: it may have been sent before, by us or
// by go-containerregistry, which asks anew with another token.
func rewound(request *http.Request) (*http.Request, error) {
	if request.GetBody == nil {
		return request, nil
	}
	body, err := request.GetBody()
	if err != nil {
		return nil, err
	}
	again := request.Clone(request.Context())
	again.Body = body
	return again, nil
}

// again tells whether to try again, and after what time.
func (r *retrying) again(request *http.Request, response *http.Response, err error, attempt int) (time.Duration, bool) {
	idempotent := request.Method == http.MethodPut && strings.Contains(request.URL.Path, "/manifests/") // RFC 9110, 9.2.2
	if !reads(request) && !idempotent || attempt >= r.pace.attempts || request.Context().Err() != nil {
		return 0, false
	}
	wait := r.pace.wait(attempt)
	if err != nil {
		return wait, isBroken(err)
	}
	switch response.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return 0, false
	}
	asked := retryAfter(response.Header.Get("Retry-After"), time.Now())
	return max(wait, asked), asked <= r.pace.retryAfter
}

// isBroken tells whether a connection could not be made, or broke, for a reason that may pass.
func isBroken(err error) bool {
	var lookup *net.DNSError
	if errors.As(err, &lookup) {
		return lookup.IsTemporary || lookup.IsTimeout
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" && dial.Timeout() {
		return true
	}
	for _, passing := range [...]error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.ECONNABORTED, syscall.EPIPE} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}

// retryAfter reads the header of that name: seconds, or a date (RFC 9110, 10.2.3).
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(strings.TrimSpace(header), 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// RateLimitError reports that a registry goes on refusing requests for their number.
type RateLimitError struct {
	Host string
	// Limits are the headers that speak of the limit, "name: value".
	Limits []string
}

// newRateLimitError quotes the headers of Docker's registry (docs.docker.com, "Pull usage and
// limits"), the common draft, and what others send in its place.
func newRateLimitError(response *http.Response) *RateLimitError {
	e := &RateLimitError{Host: response.Request.URL.Host}
	for _, name := range [...]string{"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
		"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After"} {
		if value := response.Header.Get(name); value != "" {
			e.Limits = append(e.Limits, fmt.Sprintf("%s: %.80s", strings.ToLower(name), value))
		}
	}
	return e
}

func (e *RateLimitError) Error() string {
	limits := "it does not say which"
	if len(e.Limits) > 0 {
		limits = strings.Join(e.Limits, ", ")
	}
	return fmt.Sprintf("%s limits the rate of requests (429 Too Many Requests; %s)", e.Host, limits)
}
