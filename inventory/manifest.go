package inventory

import (
	"encoding/json"

	"plimsoll.dev/plimsoll/image"
)

// Manifest lists the files of an image that can be executed: by mode, by ELF magic, or by "#!".
// A node compares what a container runs against it.
type Manifest struct {
	Schema string       `json:"schema"` // plimsoll.dev/manifest/v1
	Files  []Executable `json:"files"`  // by path
}

// Executable is one executable file. Hard links to one content are listed under each name;
// symbolic links are not listed.
type Executable struct {
	Path   string       `json:"path"`
	Size   int64        `json:"size"`
	Mode   uint32       `json:"mode"` // permission bits, setuid 04000, setgid 02000, sticky 01000
	SHA256 image.Digest `json:"sha256"`
}

// ManifestSchema names the manifest's JSON form.
const ManifestSchema = "plimsoll.dev/manifest/v1"

// ManifestRef names a manifest in a report.
type ManifestRef struct {
	Digest image.Digest `json:"digest"`
	Files  int          `json:"files"`
}

// Encode returns the manifest's JSON, whose digest names it.
func (m Manifest) Encode() []byte {
	b, err := json.Marshal(m)
	if err != nil { // strings, numbers and digests only: cannot fail
		panic(err)
	}
	return b
}
