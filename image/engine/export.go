package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/archive"
)

// exporter is an engine that hands out an image as an archive.
type exporter struct {
	product string // as its makers write it
	address address
	client  *http.Client
	// inspect and export are the paths below which an image is, the name going in between.
	inspect, export [2]string
	query           url.Values // of an export
	// asleep says what to do if nobody answers, pull if the image is not there.
	asleep, pull string
}

// answerTime is how long an engine may think about a question. An export may take any time before
// it begins: Podman first writes all of it to a file of its own.
const answerTime = time.Minute

// maxAnswer bounds answers other than an export.
const maxAnswer = 4 << 20

// open exports an image and opens what came.
func (e *exporter) open(ctx context.Context, name string, options Options) (image.Source, error) {
	defer e.client.CloseIdleConnections()
	size, err := e.size(ctx, name)
	if err != nil {
		return nil, err
	}
	response, err := e.get(ctx, e.export[0]+name+e.export[1], e.query)
	if err != nil {
		return nil, e.explain(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, e.refused(name, response)
	}
	read := archive.Options{Reference: options.Reference, MaxInflated: options.MaxInflated, MaxEntries: options.MaxEntries, TempDir: options.TempDir}
	if options.Progress != nil {
		options.Progress.Start(size, 0)
		read.Progress = options.Progress.Add
	}
	opened, err := archive.OpenStream(ctx, response.Body, fmt.Sprintf("%s's export of %s", e.product, name), read)
	if err != nil {
		return nil, err
	}
	return opened, nil
}

// size asks for the image: that it is there, and how long it is.
func (e *exporter) size(ctx context.Context, name string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	response, err := e.get(ctx, e.inspect[0]+name+e.inspect[1], nil)
	if err != nil {
		return 0, e.explain(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, e.refused(name, response)
	}
	var about struct{ Size int64 }
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&about); err != nil {
		return 0, fmt.Errorf("asking %s at %s for image %s: its answer cannot be understood: %w: is it %s that listens there?", e.product, e.address, name, err, e.product)
	}
	return about.Size, nil
}

func (e *exporter) get(ctx context.Context, path string, query url.Values) (*http.Response, error) {
	u := url.URL{Scheme: e.address.scheme(), Host: e.address.host(), Path: path, RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	return e.client.Do(request)
}

// refused puts an answer into words that is not what was asked for.
func (e *exporter) refused(name string, response *http.Response) error {
	var answer struct{ Message string } // both engines have it
	content, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	_ = json.Unmarshal(content, &answer) // without a message, the status says enough
	switch response.StatusCode {
	case http.StatusNotFound:
		return fmt.Errorf("%s at %s has no image %s: %s, or name the image without %q to have it from its registry", e.product, e.address, name, e.pull, strings.ToLower(e.product)+":")
	default:
		return fmt.Errorf("%s at %s does not give image %s: %s: %.300s", e.product, e.address, name, response.Status, answer.Message)
	}
}

// explain says why an engine did not answer.
func (e *exporter) explain(err error) error {
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("the socket of %s at %s cannot be opened: %w: run this as a user who may use %s", e.product, e.address, os.ErrPermission, e.product)
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s does not answer at %s: %s", e.product, e.address, e.asleep)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s at %s did not answer within %v: try again", e.product, e.address, answerTime)
	}
	return fmt.Errorf("asking %s at %s: %w", e.product, e.address, err)
}

// newClient speaks HTTP to an address, and follows nobody elsewhere.
func newClient(a address) *http.Client {
	dialer := &net.Dialer{Timeout: 20 * time.Second}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, host string) (net.Conn, error) {
			if a.socket != "" {
				return dialer.DialContext(ctx, "unix", a.socket)
			}
			return dialer.DialContext(ctx, network, host)
		},
		TLSClientConfig:    a.tls,
		DisableCompression: true,
	}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
