package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"plimsoll.dev/plimsoll/image"
)

// fetchRoot fetches the document that the name stands for.
func (r *Registry) fetchRoot(ctx context.Context) error {
	const what = "manifest"
	found, err := r.document(ctx, "manifests/"+r.name.Identifier(), what, image.MaxDocument)
	if err != nil {
		return r.explain("fetching its "+what, err)
	}
	r.root = found.Descriptor
	r.documents.Store(r.root.Digest, found.Content)
	if !r.wanted.IsZero() && r.root.Digest != r.wanted {
		return r.explain("fetching its "+what, &image.DigestError{What: what, Want: r.wanted, Got: r.root.Digest})
	}
	return nil
}

// open implements image.OpenBlob. Documents are asked for more than once, and so kept.
func (r *Registry) open(ctx context.Context, d image.Descriptor, what string) (io.ReadCloser, error) {
	if image.IsLayerType(d.MediaType) {
		return r.stream(ctx, d, what)
	}
	if known, found := r.documents.Load(d.Digest); found {
		return io.NopCloser(bytes.NewReader(known.([]byte))), nil
	}
	stream, err := r.stream(ctx, d, what)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	content, err := image.ReadBlob(stream, d, what)
	if err != nil {
		return nil, r.explain("fetching "+what, err)
	}
	r.documents.Store(d.Digest, content)
	return io.NopCloser(bytes.NewReader(content)), nil
}

// stream starts the download of a document or layer.
func (c *connection) stream(ctx context.Context, d image.Descriptor, what string) (io.ReadCloser, error) {
	path := "manifests/" + d.Digest.String()
	if image.IsLayerType(d.MediaType) || image.IsConfigType(d.MediaType) {
		path = "blobs/" + d.Digest.String()
	}
	return c.streamFrom(ctx, path, d, what)
}

func (c *connection) streamFrom(ctx context.Context, path string, d image.Descriptor, what string) (io.ReadCloser, error) {
	body := &resuming{ctx: ctx, size: d.Size, pace: c.pace, fetch: func(offset int64) (*http.Response, error) {
		return c.get(ctx, path, offset)
	}, explain: func(err error) error {
		return c.explain("fetching "+what, err)
	}}
	err := body.resume()
	var answer *transport.Error
	if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
		return nil, c.missing(d, what)
	}
	if err != nil {
		return nil, c.explain("fetching "+what, err)
	}
	return body, nil
}

// missing reports a blob that the registry does not have.
func (c *connection) missing(d image.Descriptor, what string) error {
	text := fmt.Sprintf("%s has no %s, %s, of %s: push the whole image again", c.host(), what, d.Digest, c.reference)
	if image.IsForeignType(d.MediaType) {
		text = fmt.Sprintf("%s does not hold %s, %s, of %s: it is a foreign layer, and the addresses that a manifest states for such are never fetched; push the image with that layer included", c.host(), what, d.Digest, c.reference)
	}
	return &failure{text, fs.ErrNotExist}
}

// Document is an index, manifest or list as the registry sent it.
type Document struct {
	// Descriptor has the media type that the answer's header states, and the digest and length of
	// Content itself.
	image.Descriptor
	Content []byte

	header http.Header
}

// document fetches a document below the repository. It is small, so an answer that breaks off is
// asked for again as a whole.
func (c *connection) document(ctx context.Context, path, what string, limit int64) (Document, error) {
	for attempt := 1; ; attempt++ {
		found, broken, err := c.tryDocument(ctx, path, what, limit)
		if err == nil || !broken || attempt >= c.pace.attempts {
			return found, err
		}
		if err := sleep(ctx, c.pace.wait(attempt)); err != nil {
			return Document{}, err
		}
	}
}

// tryDocument makes one attempt; broken tells that it failed while the content was on its way.
func (c *connection) tryDocument(ctx context.Context, path, what string, limit int64) (found Document, broken bool, err error) {
	response, err := c.get(ctx, path, 0)
	if err != nil {
		return Document{}, false, err
	}
	defer response.Body.Close()
	content, err := image.ReadDocument(io.LimitReader(response.Body, limit+1), what)
	if err != nil {
		return Document{}, isBroken(err) || errors.Is(err, errStalled), err
	}
	if int64(len(content)) > limit {
		return Document{Descriptor: image.Descriptor{Size: limit}}, false, &TooLongError{What: what, Limit: limit}
	}
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")) // the content says what it is, too
	d := image.Descriptor{MediaType: mediaType, Digest: image.DigestOf(content), Size: int64(len(content))}
	return Document{Descriptor: d, Content: content, header: response.Header}, false, nil
}

// TooLongError reports a document that is longer than the caller wants to read.
type TooLongError struct {
	What  string
	Limit int64
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("%s is longer than %d bytes, and is not read", e.What, e.Limit)
}

// get makes one request below the repository, from an offset on. It fails with *transport.Error
// if the answer is not the content.
func (c *connection) get(ctx context.Context, path string, offset int64) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url(path).String(), nil)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(path, "manifests/") {
		request.Header.Set("Accept", strings.Join(image.DocumentTypes(), ", "))
	}
	if strings.HasPrefix(path, "referrers/") {
		request.Header.Set("Accept", image.MediaTypeIndex)
	}
	want := http.StatusOK
	if offset > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		want = http.StatusPartialContent
	}
	response, err := c.client.Do(request)
	if err != nil {
		return nil, err
	}
	if err := transport.CheckError(response, http.StatusOK, want); err != nil {
		return nil, errors.Join(err, response.Body.Close())
	}
	return response, nil
}
