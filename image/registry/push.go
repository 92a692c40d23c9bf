package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"plimsoll.dev/plimsoll/image"
)

// emptyType is the configuration of an artifact that needs none (image-spec, manifest.md,
// "Guidance for an Empty Descriptor").
const emptyType = "application/vnd.oci.empty.v1+json"

// PushFile stores a file as an artifact, under a tag if the reference has one, and returns its
// name by digest. Equal content has an equal digest.
func PushFile(ctx context.Context, reference string, content []byte, kind FileType, options Options) (string, error) {
	return pushFile(ctx, reference, content, kind, options, defaultPace())
}

func pushFile(ctx context.Context, reference string, content []byte, kind FileType, options Options, pace pace) (string, error) {
	if strings.Contains(reference, "@") {
		return "", fmt.Errorf("%.300q: the digest is the content's to decide: want NAME or NAME:TAG", withoutUser(reference))
	}
	if int64(len(content)) > kind.MaxSize {
		return "", fmt.Errorf("the %s has %d bytes; at most %d are stored", kind.Name, len(content), kind.MaxSize)
	}
	r, err := dial(ctx, reference, options, pace, transport.PushScope)
	if err != nil {
		return "", err
	}
	defer r.guard.close()
	empty := []byte("{}")
	describe := func(mediaType string, content []byte) image.Descriptor {
		return image.Descriptor{MediaType: mediaType, Digest: image.DigestOf(content), Size: int64(len(content))}
	}
	config, layer := describe(emptyType, empty), describe(kind.MediaTypes[0], content)
	manifest, err := json.Marshal(struct {
		SchemaVersion int                `json:"schemaVersion"`
		MediaType     string             `json:"mediaType"`
		ArtifactType  string             `json:"artifactType"`
		Config        image.Descriptor   `json:"config"`
		Layers        []image.Descriptor `json:"layers"`
	}{2, image.MediaTypeManifest, kind.Artifact, config, []image.Descriptor{layer}})
	if err != nil {
		return "", err
	}
	for _, blob := range [][]byte{empty, content} {
		if err := r.upload(ctx, blob); err != nil {
			return "", r.explain("uploading the "+kind.Name, err)
		}
	}
	digest := image.DigestOf(manifest).String()
	name := digest
	if strings.Contains(reference[strings.LastIndexByte(reference, '/')+1:], ":") {
		name = r.name.Identifier()
	}
	if err := r.put(ctx, r.url("manifests/"+name), image.MediaTypeManifest, manifest); err != nil {
		return "", r.explain("uploading the manifest", err)
	}
	return familiar(r.name.Context().Name()) + "@" + digest, nil
}

func (r *Registry) url(path string) *url.URL {
	repository := r.name.Context()
	return &url.URL{Scheme: repository.Scheme(), Host: repository.RegistryStr(), Path: "/v2/" + repository.RepositoryStr() + "/" + path}
}

// upload stores a blob in two steps, as every registry takes it (distribution-spec, "Pushing a
// blob monolithically", POST then PUT).
func (r *Registry) upload(ctx context.Context, content []byte) error {
	response, err := r.send(ctx, http.MethodPost, r.url("blobs/uploads/"), "", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if err := transport.CheckError(response, http.StatusAccepted); err != nil {
		return err
	}
	location, err := response.Location()
	if err != nil {
		return errors.New("it does not say where to upload to")
	}
	query := location.Query()
	query.Set("digest", image.DigestOf(content).String())
	location.RawQuery = query.Encode()
	return r.put(ctx, location, "application/octet-stream", content)
}

func (r *Registry) put(ctx context.Context, to *url.URL, mediaType string, content []byte) error {
	response, err := r.send(ctx, http.MethodPut, to, mediaType, content)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return transport.CheckError(response, http.StatusCreated)
}

func (r *Registry) send(ctx context.Context, method string, to *url.URL, mediaType string, content []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, to.String(), bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	if mediaType != "" {
		request.Header.Set("Content-Type", mediaType)
	}
	return r.client.Do(request)
}
