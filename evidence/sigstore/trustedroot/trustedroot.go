// Package trustedroot reads the document that says which certificate authorities, timestamp
// authorities and transparency logs a Sigstore instance has (trusted_root.json). It is shared by
// those who verify and those who sign, and opens no connection.
package trustedroot

import (
	"errors"
	"fmt"

	"github.com/sigstore/sigstore-go/pkg/root"

	"plimsoll.dev/plimsoll/internal/strictjson"
)

// MaxSize is how many bytes a document may have: 1 MiB. The public instance's has 7,000.
const MaxSize = 1 << 20

// Read reads a document.
func Read(document []byte) (*root.TrustedRoot, error) {
	const depth, objects = 32, 10_000
	switch {
	case len(document) == 0:
		return nil, errors.New("there is none; name the file trusted_root.json of your Sigstore instance")
	case len(document) > MaxSize:
		return nil, fmt.Errorf("it has %d bytes, more than the %d that are read", len(document), MaxSize)
	}
	if err := strictjson.Check(document, strictjson.Limits{Depth: depth, Objects: objects}); err != nil {
		return nil, err
	}
	return root.NewTrustedRootFromJSON(document)
}
