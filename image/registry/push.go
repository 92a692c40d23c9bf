package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

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
	parsed, _, err := parse(reference, options.Insecure)
	if err != nil {
		return "", err
	}
	r, err := openRepository(ctx, familiar(parsed.Context().Name()), Write, options, pace)
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
		if _, err := r.WriteBlob(ctx, blob); err != nil {
			return "", err
		}
	}
	digest := image.DigestOf(manifest)
	under := digest.String()
	if strings.Contains(reference[strings.LastIndexByte(reference, '/')+1:], ":") {
		under = parsed.Identifier()
	}
	if _, err := r.WriteDocument(ctx, under, image.MediaTypeManifest, manifest, Condition{}); err != nil {
		return "", err
	}
	return r.Name() + "@" + digest.String(), nil
}
