// Package image is an OCI image as an immutable view: what it is called, what its
// configuration says, and its layers as they are stored.
//
// An Image holds no content. Each Layer opens a stream of its stored bytes; whoever reads
// that stream (package rootfs) verifies it against Layer.Digest and Layer.DiffID. Where images
// come from is the business of the packages below this one, one for each medium.
//
// Words follow the OCI image specification v1.1 (image-spec: descriptor.md, manifest.md,
// config.md, image-layout.md). The package uses the standard library only.
package image

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Descriptor names a blob: its media type, digest and size (image-spec, descriptor.md).
type Descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      Digest            `json:"digest"`
	Size        int64             `json:"size"`
	Platform    *Platform         `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	// ArtifactType is what a manifest says it is, where that is no image (image-spec v1.1).
	ArtifactType string `json:"artifactType,omitempty"`
}

// Image is one platform's image.
type Image struct {
	// Reference is the target as the user named it; Repository is the name without tag and
	// digest, empty if the medium carries none.
	Reference, Repository string
	// ID is the digest of the configuration: the identity of the content; zero for an unpacked
	// file system, which has none.
	ID Digest
	// Digest is that of the manifest, and IndexDigest that of the index it was chosen from.
	// Both are zero if the medium has none (a docker-archive has no manifest digest).
	Digest, IndexDigest Digest
	Platform            Platform
	Config              Config
	// Annotations are the manifest's; nil if the medium has none.
	Annotations map[string]string
	// Layers stand in the order in which they are applied, one for each Config.DiffIDs entry.
	Layers []Layer
}

// Layer is one layer as it is stored.
type Layer struct {
	// Digest is that of the stored bytes; zero if the medium does not state it.
	Digest Digest
	// DiffID is the digest of the uncompressed tar, as the configuration states it; zero if
	// there is no configuration.
	DiffID Digest
	// Size is the number of stored bytes.
	Size int64
	// CreatedBy is the history's word on how the layer came to be.
	CreatedBy string
	// Unread, if set, lists the files that the medium has and could not give in the streams that
	// were read so far. Only a medium that makes the layer up while it is read sets it.
	Unread func() []Unread
	// Blob opens the stored bytes. It may be called more than once and from several
	// goroutines; the caller closes each stream.
	Blob func(ctx context.Context) (io.ReadCloser, error)
}

// Unread is a file of a layer whose content is not in the layer's stream, or not as it should be.
type Unread struct{ Path, Why string }

// Source is where an image can be had from.
type Source interface {
	// Image returns the image for a platform. It fails with *PlatformError if there is none.
	Image(ctx context.Context, platform Platform) (*Image, error)
	// Platforms lists the platforms that there is an image for, each once, in the medium's order.
	Platforms(ctx context.Context) ([]Platform, error)
	// Close releases what the source holds open. Layers cannot be opened afterwards.
	io.Closer
}

// Config is what an image's configuration says (image-spec, config.md).
type Config struct {
	Created      time.Time // zero if absent
	User         string
	WorkingDir   string
	Env          []string
	Entrypoint   []string
	Cmd          []string
	ExposedPorts []string // sorted
	Labels       map[string]string
	Healthcheck  bool // one is set, and it is not NONE
	Platform     Platform
	DiffIDs      []Digest
	History      []History
}

// History is one step of an image's making.
type History struct {
	CreatedBy  string `json:"created_by"`
	EmptyLayer bool   `json:"empty_layer"`
}

// CreatedBy returns the history's word for the layer at index i, counting only steps that made
// a layer; empty if the history is absent or shorter.
func (c Config) CreatedBy(i int) string {
	for _, h := range c.History {
		if h.EmptyLayer {
			continue
		}
		if i == 0 {
			return h.CreatedBy
		}
		i--
	}
	return ""
}

// DigestError reports content that is not what its name says.
type DigestError struct {
	What      string // such as "layer 2 of 3" or "manifest"
	Want, Got Digest
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("%s: content has digest %s, but is named %s: the image is damaged or was altered; fetch it again", e.What, e.Got, e.Want)
}

// PlatformError reports that an index has no image for a platform.
type PlatformError struct {
	Reference string
	Want      Platform
	Have      []Platform
}

func (e *PlatformError) Error() string {
	return fmt.Sprintf("%s has no image for %s, only for %s: choose one with --platform", e.Reference, e.Want, joinPlatforms(e.Have))
}
