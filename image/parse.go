package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Manifest is one image's list of blobs (image-spec, manifest.md).
type Manifest struct {
	Config      Descriptor
	Layers      []Descriptor
	Annotations map[string]string
}

// Index is a list of manifests and further indexes (image-spec, image-index.md).
type Index struct {
	Manifests []Descriptor
}

// wireManifest covers manifests and indexes at once, so that a document which could be read as
// either is noticed (image-spec, manifest.md, on CVE-2021-41190).
type wireManifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	Config        *Descriptor       `json:"config"`
	Layers        []Descriptor      `json:"layers"`
	Manifests     []Descriptor      `json:"manifests"`
	FSLayers      json.RawMessage   `json:"fsLayers"`
	Annotations   map[string]string `json:"annotations"`
}

// ParseManifest reads an OCI or Docker manifest of a container image.
func ParseManifest(content []byte) (Manifest, error) {
	var wire wireManifest
	if err := Decode(content, "manifest", &wire); err != nil {
		return Manifest{}, err
	}
	switch {
	case wire.SchemaVersion == 1 || wire.FSLayers != nil:
		return Manifest{}, errors.New("manifest has schema version 1, which registries no longer serve: build or push the image again with a current tool")
	case wire.MediaType != "" && !isManifestType(wire.MediaType):
		return Manifest{}, fmt.Errorf("manifest has media type %.120q, which is no image manifest: name another image", wire.MediaType)
	case wire.Manifests != nil:
		return Manifest{}, errors.New("manifest is also an index, so two readers may see two images: build the image again")
	case wire.Config == nil:
		return Manifest{}, errors.New("manifest names no configuration: this is not a container image")
	case !IsConfigType(wire.Config.MediaType):
		return Manifest{}, &artifactError{wire.Config.MediaType}
	}
	if err := checkDescriptors("manifest", append([]Descriptor{*wire.Config}, wire.Layers...)); err != nil {
		return Manifest{}, err
	}
	for i, layer := range wire.Layers {
		if !IsLayerType(layer.MediaType) {
			return Manifest{}, fmt.Errorf("layer %d of %d has media type %.120q, which no container file system can be read from: name an image with plain, gzip or zstd layers", i+1, len(wire.Layers), layer.MediaType)
		}
	}
	return Manifest{Config: *wire.Config, Layers: wire.Layers, Annotations: wire.Annotations}, nil
}

// artifactError reports a manifest of something that is no container image: a signature, an
// attestation, a chart.
type artifactError struct{ mediaType string }

func (e *artifactError) Error() string {
	return fmt.Sprintf("manifest is of an artifact with configuration %.120q, not of a container image: name an image", e.mediaType)
}

// ParseIndex reads an OCI image index or a Docker manifest list.
func ParseIndex(content []byte) (Index, error) {
	var wire wireManifest
	if err := Decode(content, "index", &wire); err != nil {
		return Index{}, err
	}
	switch {
	case wire.MediaType != "" && !isIndexType(wire.MediaType):
		return Index{}, fmt.Errorf("index has media type %.120q, which is no image index: name another image", wire.MediaType)
	case wire.Config != nil || wire.Layers != nil:
		return Index{}, errors.New("index is also a manifest, so two readers may see two images: build the image again")
	}
	if err := checkDescriptors("index", wire.Manifests); err != nil {
		return Index{}, err
	}
	return Index{Manifests: wire.Manifests}, nil
}

// isIndex tells what a document without a media type in its descriptor is.
func isIndex(content []byte) bool {
	var wire struct {
		Manifests json.RawMessage `json:"manifests"`
	}
	return json.Unmarshal(content, &wire) == nil && wire.Manifests != nil
}

func checkDescriptors(what string, descriptors []Descriptor) error {
	for i, d := range descriptors {
		if d.Digest.IsZero() || d.Size < 0 {
			return fmt.Errorf("%s is not valid: descriptor %d has no digest or a negative size; fetch the image again", what, i+1)
		}
		if d.Platform != nil && !d.Platform.printable() {
			return fmt.Errorf("%s is not valid: descriptor %d has the platform %.120q; fetch the image again", what, i+1, d.Platform.String())
		}
	}
	return nil
}

// printable tells whether the platform consists of plain words, none at all included.
func (p Platform) printable() bool {
	for _, word := range [...]string{p.OS, p.Architecture, p.Variant} {
		if len(word) > 64 || strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" {
			return false
		}
	}
	return true
}

// wireConfig is config.md's document, and Docker's, of which it is a subset.
type wireConfig struct {
	Created string `json:"created"`
	Platform
	Config *struct {
		User         string
		WorkingDir   string
		Env          []string
		Entrypoint   words
		Cmd          words
		ExposedPorts map[string]json.RawMessage
		Labels       map[string]string
		Healthcheck  *struct{ Test words }
	} `json:"config"`
	RootFS struct {
		Type    string   `json:"type"`
		DiffIDs []Digest `json:"diff_ids"`
	} `json:"rootfs"`
	History []History `json:"history"`
}

// words is a list of strings, or the one string that the first Docker versions wrote instead.
type words []string

// UnmarshalJSON implements json.Unmarshaler.
func (w *words) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		var word string
		if err := json.Unmarshal(text, &word); err != nil {
			return err
		}
		*w = words{word}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(w))
}

// ParseConfig reads an image's configuration. A creation time that cannot be read counts as
// absent: it decides nothing.
func ParseConfig(content []byte) (Config, error) {
	var wire wireConfig
	if err := Decode(content, "configuration", &wire); err != nil {
		return Config{}, err
	}
	if wire.RootFS.Type != "" && wire.RootFS.Type != "layers" {
		return Config{}, fmt.Errorf("configuration is not valid: its file system has type %.80q, not \"layers\"; fetch the image again", wire.RootFS.Type)
	}
	if slices.ContainsFunc(wire.RootFS.DiffIDs, Digest.IsZero) {
		return Config{}, errors.New("configuration is not valid: it names a layer without a diffID; fetch the image again")
	}
	if !wire.Platform.printable() {
		return Config{}, fmt.Errorf("configuration is not valid: it has the platform %.120q; fetch the image again", wire.Platform.String())
	}
	config := Config{Platform: wire.Platform, DiffIDs: wire.RootFS.DiffIDs, History: wire.History}
	if config.Platform.OS == "" && config.Platform.Architecture != "" {
		config.Platform.OS = "linux" // Docker wrote none before it ran on anything else.
	}
	if created, err := time.Parse(time.RFC3339Nano, wire.Created); err == nil {
		config.Created = created.UTC()
	}
	if run := wire.Config; run != nil {
		config.User, config.WorkingDir, config.Env = run.User, run.WorkingDir, run.Env
		config.Entrypoint, config.Cmd, config.Labels = run.Entrypoint, run.Cmd, run.Labels
		for port := range run.ExposedPorts {
			config.ExposedPorts = append(config.ExposedPorts, port)
		}
		slices.Sort(config.ExposedPorts)
		// An empty test means "as in the base image", which is resolved when the image is built.
		config.Healthcheck = run.Healthcheck != nil && len(run.Healthcheck.Test) > 0 && run.Healthcheck.Test[0] != "NONE"
	}
	return config, nil
}

// maxLayers is beyond what any engine mounts: overlayfs takes 500 (Linux, fs/overlayfs/params.h).
const maxLayers = 1000

// Build makes an Image of a configuration and the stored layers it is about, whose DiffID and
// CreatedBy it fills in from it. The caller adds what its medium knows of names and digests.
func Build(reference string, config []byte, layers []Layer) (*Image, error) {
	parsed, err := ParseConfig(config)
	if err != nil {
		return nil, err
	}
	if len(layers) > maxLayers {
		return nil, fmt.Errorf("image has %d layers, and no engine runs one with more than %d: this is not a container image", len(layers), maxLayers)
	}
	if len(layers) != len(parsed.DiffIDs) {
		return nil, fmt.Errorf("image has %d layers, but its configuration names %d: the image is damaged or was altered; fetch it again", len(layers), len(parsed.DiffIDs))
	}
	layers = slices.Clone(layers)
	steps := slices.DeleteFunc(slices.Clone(parsed.History), func(h History) bool { return h.EmptyLayer })
	for i := range layers {
		layers[i].DiffID = parsed.DiffIDs[i]
		if i < len(steps) {
			layers[i].CreatedBy = steps[i].CreatedBy
		}
	}
	return &Image{Reference: reference, ID: DigestOf(config), Platform: parsed.Platform, Config: parsed, Layers: layers}, nil
}
