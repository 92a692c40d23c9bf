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
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"plimsoll.dev/plimsoll/image"
)

// fetchRoot fetches the document that the name stands for.
func (r *Registry) fetchRoot(ctx context.Context) error {
	const what = "manifest"
	var err error
	for attempt := 1; ; attempt++ {
		var broken bool
		if broken, err = r.tryRoot(ctx, what); err == nil || !broken || attempt >= r.pace.attempts {
			break
		}
		if sleepErr := sleep(ctx, r.pace.wait(attempt)); sleepErr != nil {
			return sleepErr
		}
	}
	if err != nil {
		return r.explain("fetching its "+what, err)
	}
	if !r.wanted.IsZero() && r.root.Digest != r.wanted {
		return r.explain("fetching its "+what, &image.DigestError{What: what, Want: r.wanted, Got: r.root.Digest})
	}
	return nil
}

// tryRoot makes one attempt; broken tells that it failed while the content was on its way.
func (r *Registry) tryRoot(ctx context.Context, what string) (broken bool, err error) {
	response, err := r.get(ctx, "manifests/"+r.name.Identifier(), 0)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	content, err := image.ReadDocument(response.Body, what)
	if err != nil {
		return isBroken(err) || errors.Is(err, errStalled), err
	}
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")) // the content says what it is, too
	r.root = image.Descriptor{MediaType: mediaType, Digest: image.DigestOf(content), Size: int64(len(content))}
	r.documents.Store(r.root.Digest, content)
	return false, nil
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
func (r *Registry) stream(ctx context.Context, d image.Descriptor, what string) (io.ReadCloser, error) {
	path := "manifests/" + d.Digest.String()
	if image.IsLayerType(d.MediaType) || image.IsConfigType(d.MediaType) {
		path = "blobs/" + d.Digest.String()
	}
	return r.download(ctx, path, d, what)
}

// download starts a download that goes on where it stopped.
func (r *Registry) download(ctx context.Context, path string, d image.Descriptor, what string) (io.ReadCloser, error) {
	body := &resuming{ctx: ctx, size: d.Size, pace: r.pace, fetch: func(offset int64) (*http.Response, error) {
		return r.get(ctx, path, offset)
	}, explain: func(err error) error {
		return r.explain("fetching "+what, err)
	}}
	err := body.resume()
	var answer *transport.Error
	if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
		return nil, r.missing(d, what)
	}
	if err != nil {
		return nil, r.explain("fetching "+what, err)
	}
	return body, nil
}

// missing reports a blob that the registry does not have.
func (r *Registry) missing(d image.Descriptor, what string) error {
	text := fmt.Sprintf("%s has no %s, %s, of %s: push the whole image again", r.host(), what, d.Digest, r.reference)
	if image.IsForeignType(d.MediaType) {
		text = fmt.Sprintf("%s does not hold %s, %s, of %s: it is a foreign layer, and the addresses that a manifest states for such are never fetched; push the image with that layer included", r.host(), what, d.Digest, r.reference)
	}
	return &failure{text, fs.ErrNotExist}
}

// get makes one request below the repository, from an offset on. It fails with *transport.Error
// if the answer is not the content.
func (r *Registry) get(ctx context.Context, path string, offset int64) (*http.Response, error) {
	repository := r.name.Context()
	u := url.URL{Scheme: repository.Scheme(), Host: repository.RegistryStr(), Path: "/v2/" + repository.RepositoryStr() + "/" + path}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(path, "manifests/") {
		request.Header.Set("Accept", strings.Join(image.DocumentTypes(), ", "))
	}
	want := http.StatusOK
	if offset > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		want = http.StatusPartialContent
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	if err := transport.CheckError(response, http.StatusOK, want); err != nil {
		return nil, errors.Join(err, response.Body.Close())
	}
	return response, nil
}
