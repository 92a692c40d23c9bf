package rootfs

import (
	"bytes"
	"encoding/gob"
)

// PLACEHOLDER by the integrator so that scan compiles: replace this whole file.
func (l *LayerIndex) Encode() []byte {
	var b bytes.Buffer
	_ = gob.NewEncoder(&b).Encode(l)
	return b.Bytes()
}

func DecodeLayerIndex(data []byte, limits Limits) (*LayerIndex, error) {
	var l LayerIndex
	return &l, gob.NewDecoder(bytes.NewReader(data)).Decode(&l)
}
