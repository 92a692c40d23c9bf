package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"plimsoll.dev/plimsoll/image"
)

// ErrChanged reports that a tag no longer stands for what it did when it was read.
var ErrChanged = errors.New("the tag was changed meanwhile")

// Condition says what a tag has to stand for so that it may be written. Registries that know
// conditional requests hold to it (distribution-spec v1.1, "Referrers Tag Schema"); others write
// whatever the condition, so whoever writes has to look afterwards.
type Condition struct {
	// Absent holds for a tag that does not exist.
	Absent bool
	// ETag is that of the document that the tag stood for; empty if the registry gave none.
	ETag string
}

// ETag is what the registry calls this version of the document, if it does.
func (d Document) ETag() string { return d.header.Get("ETag") }

// WriteBlob stores a small blob, if it is not there already.
func (r *Repository) WriteBlob(ctx context.Context, content []byte) (image.Digest, error) {
	digest := image.DigestOf(content)
	for attempt := 1; ; attempt++ {
		err := r.tryBlob(ctx, digest, content)
		if err == nil || !isPassing(err) || attempt >= r.pace.attempts {
			if err != nil {
				err = r.explain("writing blob "+digest.String(), err)
			}
			return digest, err
		}
		if err := sleep(ctx, r.pace.wait(attempt)); err != nil {
			return digest, err
		}
	}
}

// isPassing tells whether an upload may be begun anew.
func isPassing(err error) bool {
	var answer *transport.Error
	if errors.As(err, &answer) {
		return answer.StatusCode >= http.StatusInternalServerError && answer.StatusCode != http.StatusNotImplemented && answer.StatusCode != http.StatusInsufficientStorage
	}
	return isBroken(err)
}

// tryBlob uploads in two steps, which every registry knows (distribution-spec, "POST then PUT").
func (r *Repository) tryBlob(ctx context.Context, digest image.Digest, content []byte) error {
	_, err := r.send(ctx, http.MethodHead, r.url("blobs/"+digest.String()), nil, nil, http.StatusOK)
	if err == nil || isPassing(err) || ctx.Err() != nil {
		return err
	}
	response, err := r.send(ctx, http.MethodPost, r.url("blobs/uploads/"), nil, nil, http.StatusAccepted)
	if err != nil {
		return err
	}
	target, err := r.uploadURL(response.Header.Get("Location"))
	if err != nil {
		return err
	}
	query := target.Query()
	query.Set("digest", digest.String())
	target.RawQuery = query.Encode()
	header := http.Header{"Content-Type": {"application/octet-stream"}}
	_, err = r.send(ctx, http.MethodPut, target, header, content, http.StatusCreated, http.StatusNoContent)
	return err
}

// uploadURL is where the registry wants the content. It has to be the registry itself: content
// that is not public yet is not handed to others. A registry behind a proxy may not know that TLS
// is spoken to it, so its scheme is not listened to.
func (r *Repository) uploadURL(location string) (*url.URL, error) {
	own := r.url("blobs/uploads/")
	target, err := own.Parse(location)
	if err != nil || location == "" {
		return nil, &refusedError{"it does not say where the upload goes"}
	}
	if hostPort(target) != hostPort(own) && target.Host != own.Host {
		return nil, &refusedError{fmt.Sprintf("it wants the upload to be sent to another host, %.200s", target.Host)}
	}
	target.Scheme, target.Host, target.User, target.Fragment = own.Scheme, own.Host, nil, ""
	return target, nil
}

// WriteDocument stores an index or manifest under a tag, or its own digest. It returns the digest
// of the subject that the registry says it has noted it for, zero if it says nothing; and fails
// with ErrChanged if the condition did not hold.
func (r *Repository) WriteDocument(ctx context.Context, reference, mediaType string, content []byte, condition Condition) (image.Digest, error) {
	doing := fmt.Sprintf("writing document %.128s", reference)
	if !isIdentifier(reference) {
		return image.Digest{}, fmt.Errorf("%.128q is neither a tag nor a digest", reference)
	}
	header := http.Header{"Content-Type": {mediaType}}
	switch {
	case condition.Absent:
		header.Set("If-None-Match", "*")
	case condition.ETag != "":
		header.Set("If-Match", condition.ETag)
	}
	response, err := r.send(ctx, http.MethodPut, r.url("manifests/"+reference), header, content, http.StatusCreated, http.StatusOK, http.StatusAccepted, http.StatusPreconditionFailed)
	if err != nil {
		return image.Digest{}, r.explain(doing, err)
	}
	if response.StatusCode == http.StatusPreconditionFailed {
		return image.Digest{}, &failure{fmt.Sprintf("%s in %s: %s", doing, r.Name(), ErrChanged), ErrChanged}
	}
	subject, err := image.ParseDigest(response.Header.Get("OCI-Subject"))
	if err != nil {
		return image.Digest{}, nil // it does not say
	}
	return subject, nil
}

// send makes a request whose answer's body is of no interest. It fails with *transport.Error if
// the status is none of those wanted.
func (r *Repository) send(ctx context.Context, method string, target *url.URL, header http.Header, body []byte, want ...int) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for key, values := range header {
		request.Header[key] = values
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if err := transport.CheckError(response, want...); err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer))
	return response, err
}
