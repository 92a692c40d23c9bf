// Package sbom reads bills of materials, whoever wrote them, and tells their formats apart by
// their content.
//
// The formats are below it, one folder each, and are written there; package bill is what they
// have in common. A document is read whole, so its size is bounded; each format bounds what is in
// it, and refuses what it would understand only in half.
package sbom

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom/cyclonedx"
	"plimsoll.dev/plimsoll/inventory/sbom/spdx"
)

// ErrNotABill reports what is no bill of materials in any form that is known, even by its name.
var ErrNotABill = errors.New(wanted)

const wanted = "want CycloneDX (JSON or XML) or SPDX 2 (JSON or tag-value)"

// MaxSize is the largest document that is read: 256 MiB.
const MaxSize = 256 << 20

// IsDocument tells from the first bytes of a file, 512 or more of them, whether it may be a
// document (JSON, XML or tag-value) and not an archive of an image.
func IsDocument(head []byte) bool {
	const magic = 257 // where tar has its magic number (POSIX.1, ustar); its first bytes may be any name
	if len(head) > magic+5 && string(head[magic:magic+5]) == "ustar" {
		return false
	}
	text := trim(head)
	return bytes.HasPrefix(text, []byte("{")) || bytes.HasPrefix(text, []byte("<")) || isTagValue(text)
}

// trim leaves out a byte order mark and white space.
func trim(data []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
}

func isTagValue(text []byte) bool {
	return bytes.HasPrefix(text, []byte("SPDXVersion:"))
}

// Decode reads a document.
func Decode(data []byte) (inventory.Facts, error) {
	if len(data) > MaxSize {
		return inventory.Facts{}, fmt.Errorf("the document is larger than %d bytes", MaxSize)
	}
	text := trim(data)
	switch {
	case bytes.HasPrefix(text, []byte("<")):
		return cyclonedx.Decode(text)
	case isTagValue(text):
		return spdx.Decode(text)
	case !bytes.HasPrefix(text, []byte("{")):
		return inventory.Facts{}, fmt.Errorf("read the bill of materials: it is neither JSON nor XML nor tag-value text: %w", ErrNotABill)
	}
	return decodeJSON(text)
}

func decodeJSON(text []byte) (inventory.Facts, error) {
	var head struct {
		CycloneDX json.RawMessage `json:"bomFormat"`
		SPDX      json.RawMessage `json:"spdxVersion"`
		Context   json.RawMessage `json:"@context"`  // of JSON-LD, as SPDX 3
		Artifacts json.RawMessage `json:"artifacts"` // of syft's own form
		Payload   json.RawMessage `json:"payloadType"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return inventory.Facts{}, fmt.Errorf("read the bill of materials: %w", err)
	}
	switch {
	case head.CycloneDX != nil:
		return cyclonedx.Decode(text)
	case head.SPDX != nil:
		return spdx.Decode(text)
	case head.Context != nil:
		return inventory.Facts{}, unknown("it may be SPDX 3")
	case head.Artifacts != nil:
		return inventory.Facts{}, unknown("it may be syft's own JSON")
	case head.Payload != nil:
		return inventory.Facts{}, unknown("it is a signed envelope: take the document out of it")
	default:
		return inventory.Facts{}, fmt.Errorf("read the bill of materials: it has neither bomFormat nor spdxVersion: %w", ErrNotABill)
	}
}

func unknown(why string) error {
	return errors.New("read the bill of materials: " + why + ": " + wanted)
}
