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

func isConfigType(mediaType string) bool {
	return mediaType == MediaTypeConfig || mediaType == dockerConfig || mediaType == octetStream
}

// isLayerType accepts a layer whatever its compression: that is recognised from the content.
func isLayerType(mediaType string) bool {
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
