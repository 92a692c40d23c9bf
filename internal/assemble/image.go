package assemble

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"plimsoll.dev/plimsoll/image"
)

// Image is one platform's image.
type Image struct {
	Platform image.Platform
	// Config is what the configuration shall say. Its Platform, DiffIDs and History are made
	// from the other fields; a zero Created becomes a fixed time.
	Config image.Config
	Layers []Blob
	// CreatedBy says how each layer came to be; it may be shorter than Layers.
	CreatedBy []string
}

// document is a blob that is made of a value.
type document struct {
	content    []byte
	descriptor image.Descriptor
}

func newDocument(mediaType string, value any) (document, error) {
	content, err := json.Marshal(value)
	if err != nil {
		return document{}, fmt.Errorf("encoding %s: %w", mediaType, err)
	}
	return document{content, image.Descriptor{MediaType: mediaType, Digest: image.DigestOf(content), Size: int64(len(content))}}, nil
}

// The documents of image-spec, config.md, as far as they are written here.
type (
	wireConfig struct {
		Created string `json:"created"`
		image.Platform
		Config  wireRun       `json:"config"`
		RootFS  wireRootFS    `json:"rootfs"`
		History []wireHistory `json:"history,omitempty"`
	}
	wireRun struct {
		User         string              `json:",omitempty"`
		WorkingDir   string              `json:",omitempty"`
		Env          []string            `json:",omitempty"`
		Entrypoint   []string            `json:",omitempty"`
		Cmd          []string            `json:",omitempty"`
		ExposedPorts map[string]struct{} `json:",omitempty"`
		Labels       map[string]string   `json:",omitempty"`
		Healthcheck  *wireHealthcheck    `json:",omitempty"`
	}
	wireHealthcheck struct{ Test []string }
	wireRootFS      struct {
		Type    string         `json:"type"`
		DiffIDs []image.Digest `json:"diff_ids"`
	}
	wireHistory struct {
		Created   string `json:"created"`
		CreatedBy string `json:"created_by,omitempty"`
	}
)

// config makes the configuration.
func (i Image) config() (document, error) {
	created := i.Config.Created
	if created.IsZero() {
		created = writtenAt()
	}
	wire := wireConfig{
		Created:  created.UTC().Format(time.RFC3339Nano),
		Platform: i.Platform,
		Config: wireRun{
			User: i.Config.User, WorkingDir: i.Config.WorkingDir, Env: i.Config.Env,
			Entrypoint: i.Config.Entrypoint, Cmd: i.Config.Cmd, Labels: i.Config.Labels,
		},
		RootFS: wireRootFS{Type: "layers", DiffIDs: []image.Digest{}},
	}
	for _, port := range i.Config.ExposedPorts {
		if wire.Config.ExposedPorts == nil {
			wire.Config.ExposedPorts = map[string]struct{}{}
		}
		wire.Config.ExposedPorts[port] = struct{}{}
	}
	if i.Config.Healthcheck {
		wire.Config.Healthcheck = &wireHealthcheck{Test: []string{"CMD", "true"}}
	}
	for n, layer := range i.Layers {
		wire.RootFS.DiffIDs = append(wire.RootFS.DiffIDs, layer.DiffID)
		step := wireHistory{Created: wire.Created}
		if n < len(i.CreatedBy) {
			step.CreatedBy = i.CreatedBy[n]
		}
		wire.History = append(wire.History, step)
	}
	return newDocument(image.MediaTypeConfig, wire)
}

// wireManifest is image-spec, manifest.md.
type wireManifest struct {
	SchemaVersion int                `json:"schemaVersion"`
	MediaType     string             `json:"mediaType"`
	Config        image.Descriptor   `json:"config"`
	Layers        []image.Descriptor `json:"layers"`
}

// wireIndex is image-spec, image-index.md.
type wireIndex struct {
	SchemaVersion int                `json:"schemaVersion"`
	MediaType     string             `json:"mediaType"`
	Manifests     []image.Descriptor `json:"manifests"`
}

func newIndex(manifests ...image.Descriptor) wireIndex {
	return wireIndex{SchemaVersion: 2, MediaType: image.MediaTypeIndex, Manifests: manifests}
}

// manifest makes the manifest, whose descriptor carries the platform.
func (i Image) manifest(config image.Descriptor) (document, error) {
	wire := wireManifest{SchemaVersion: 2, MediaType: image.MediaTypeManifest, Config: config, Layers: []image.Descriptor{}}
	for _, layer := range i.Layers {
		wire.Layers = append(wire.Layers, image.Descriptor{MediaType: layer.MediaType, Digest: layer.Digest, Size: layer.Size})
	}
	d, err := newDocument(image.MediaTypeManifest, wire)
	d.descriptor.Platform = &i.Platform
	return d, err
}

// entry is a file to be written into a layout or an archive.
type entry struct {
	name string
	size int64
	open func() (io.ReadCloser, error)
}
