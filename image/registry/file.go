package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"plimsoll.dev/plimsoll/image"
)

// FileType is a kind of small file that registries keep as artifacts of one layer (image-spec,
// manifest.md, "Guidelines for Artifact Usage").
type FileType struct {
	Name       string   // for messages: "policy"
	Artifact   string   // the artifact's type, written when pushed
	MediaTypes []string // that the layer may have; pushed with the first
	MaxSize    int64
}

// File is the content of an artifact of one file, verified against the digest of its manifest.
type File struct {
	Digest   image.Digest // of the manifest
	Manifest []byte
	Content  []byte
}

// FetchFile fetches the file of an artifact that is named by digest. A tag names something else
// tomorrow, so it is refused.
func FetchFile(ctx context.Context, reference string, kind FileType, options Options) (*File, error) {
	return fetchFile(ctx, reference, kind, options, defaultPace())
}

func fetchFile(ctx context.Context, reference string, kind FileType, options Options, pace pace) (*File, error) {
	parsed, wanted, err := parse(reference, options.Insecure)
	if err != nil || wanted.IsZero() {
		return nil, errors.Join(err, fmt.Errorf("%.300q names no digest: want NAME@sha256:DIGEST", withoutUser(reference)))
	}
	if options.Reference == "" {
		options.Reference = reference
	}
	r, err := openRepository(ctx, familiar(parsed.Context().Name()), Read, options, pace)
	if err != nil {
		return nil, err
	}
	defer r.guard.close()
	manifest, err := r.Document(ctx, wanted.String(), maxFileManifest)
	if err != nil {
		return nil, err
	}
	layer, err := kind.layer(manifest.Content)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", options.Reference, err)
	}
	content, err := r.Blob(ctx, layer)
	if err != nil {
		return nil, err
	}
	return &File{wanted, manifest.Content, content}, nil
}

// maxFileManifest is how long the manifest of an artifact of one file may be.
const maxFileManifest = 1 << 20

// Verify checks a file that was kept against the digest that it was asked for by.
func (f *File) Verify(wanted image.Digest, kind FileType) error {
	if got := image.DigestOf(f.Manifest); got != wanted {
		return &image.DigestError{What: "manifest", Want: wanted, Got: got}
	}
	layer, err := kind.layer(f.Manifest)
	if err != nil {
		return err
	}
	if got := image.DigestOf(f.Content); got != layer.Digest {
		return &image.DigestError{What: kind.Name, Want: layer.Digest, Got: got}
	}
	return nil
}

// layer returns the one layer of an artifact's manifest.
func (kind FileType) layer(manifest []byte) (image.Descriptor, error) {
	var document struct {
		MediaType string             `json:"mediaType"`
		Layers    []image.Descriptor `json:"layers"`
	}
	if err := image.Decode(manifest, "manifest", &document); err != nil {
		return image.Descriptor{}, err
	}
	switch {
	case document.MediaType != "" && document.MediaType != image.MediaTypeManifest:
		return image.Descriptor{}, fmt.Errorf("it is a %.100q, and no artifact that holds a %s: name the manifest of the artifact", document.MediaType, kind.Name)
	case len(document.Layers) != 1:
		return image.Descriptor{}, fmt.Errorf("its manifest has %d layers, and an artifact that holds a %s has one", len(document.Layers), kind.Name)
	}
	layer := document.Layers[0]
	switch {
	case !slices.Contains(kind.MediaTypes, layer.MediaType):
		return layer, fmt.Errorf("its layer is of the media type %.100q, and a %s is of one of %q", layer.MediaType, kind.Name, kind.MediaTypes)
	case layer.Size < 0 || layer.Size > kind.MaxSize:
		return layer, fmt.Errorf("its %s has %d bytes; at most %d are read", kind.Name, layer.Size, kind.MaxSize)
	}
	return layer, nil
}
