package image

import "strings"

// The media types that name an index, a manifest and a configuration: OCI's (image-spec,
// media-types.md) and Docker's (distribution, manifest v2 schema 2).
const (
	MediaTypeIndex    = "application/vnd.oci.image.index.v1+json"
	MediaTypeManifest = "application/vnd.oci.image.manifest.v1+json"
	MediaTypeConfig   = "application/vnd.oci.image.config.v1+json"
	MediaTypeLayer    = "application/vnd.oci.image.layer.v1.tar"

	dockerIndex     = "application/vnd.docker.distribution.manifest.list.v2+json"
	dockerManifest  = "application/vnd.docker.distribution.manifest.v2+json"
	dockerConfig    = "application/vnd.docker.container.image.v1+json"
	dockerLayer     = "application/vnd.docker.image.rootfs.diff.tar"
	dockerForeign   = "application/vnd.docker.image.rootfs.foreign.diff.tar"
	ociForeignLayer = "application/vnd.oci.image.layer.nondistributable.v1.tar"

	// The first registries that spoke schema 2 stored configurations under this one.
	octetStream = "application/octet-stream"
)

func isIndexType(mediaType string) bool {
	return mediaType == MediaTypeIndex || mediaType == dockerIndex
}

func isManifestType(mediaType string) bool {
	return mediaType == MediaTypeManifest || mediaType == dockerManifest
}

// DocumentTypes are the media types of indexes and manifests, to ask a registry for.
func DocumentTypes() []string {
	return []string{MediaTypeIndex, MediaTypeManifest, dockerIndex, dockerManifest}
}

// IsForeignType tells whether a layer is of a type that registries need not hold themselves.
func IsForeignType(mediaType string) bool {
	return strings.HasPrefix(mediaType, ociForeignLayer) || strings.HasPrefix(mediaType, dockerForeign)
}

// IsConfigType tells whether a media type is one of configurations.
func IsConfigType(mediaType string) bool {
	return mediaType == MediaTypeConfig || mediaType == dockerConfig || mediaType == octetStream
}

// IsLayerType tells whether a media type is one of layers, whatever their compression: that is
// recognised from the content.
func IsLayerType(mediaType string) bool {
	if strings.HasSuffix(mediaType, "+encrypted") {
		return false
	}
	for _, prefix := range [...]string{MediaTypeLayer, ociForeignLayer, dockerLayer, dockerForeign} {
		rest, found := strings.CutPrefix(mediaType, prefix)
		if found && (rest == "" || rest[0] == '+' || rest[0] == '.') {
			return true
		}
	}
	return false
}
