package ship

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"plimsoll.dev/plimsoll/image"
)

// document is a manifest or an index of anything, not only of images.
type document struct {
	MediaType    string             `json:"mediaType"`
	ArtifactType string             `json:"artifactType"`
	Config       *image.Descriptor  `json:"config"`
	Layers       []image.Descriptor `json:"layers"`
	Manifests    []image.Descriptor `json:"manifests"`
	Subject      *image.Descriptor  `json:"subject"`
	Annotations  map[string]string  `json:"annotations"`
}

func parseDocument(content []byte, what string) (document, error) {
	var d document
	if err := image.Decode(content, what, &d); err != nil {
		return document{}, err
	}
	if d.Manifests != nil && (d.Config != nil || d.Layers != nil) {
		return document{}, errors.New(what + " is an index and a manifest, so two readers may see two things in it")
	}
	named := slices.Concat(d.Layers, d.Manifests)
	for _, one := range []*image.Descriptor{d.Config, d.Subject} {
		if one != nil {
			named = append(named, *one)
		}
	}
	for _, one := range named {
		if one.Digest.IsZero() || one.Size < 0 {
			return document{}, fmt.Errorf("%s names something without a digest, or with a negative size", what)
		}
	}
	return d, nil
}

func (d document) isIndex() bool { return d.Manifests != nil }

// mediaType is what the document is, by its own word where that is one of images', so that it
// does not depend on a registry's header.
func (d document) mediaType() string {
	switch {
	case slices.Contains(image.DocumentTypes(), d.MediaType):
		return d.MediaType
	case d.isIndex():
		return image.MediaTypeIndex
	}
	return image.MediaTypeManifest
}

// kind is the artifact type of a manifest, which older tools state by its configuration's type
// (image-spec v1.1, "Guidelines for Artifact Usage").
func (d document) kind() string {
	if d.ArtifactType == "" && d.Config != nil {
		return d.Config.MediaType
	}
	return d.ArtifactType
}

// encode writes a document; members stand in the order of their struct, names of a map sorted.
func encode(value any) ([]byte, error) {
	content, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("writing a manifest: %w", err)
	}
	return content, nil
}
