package scan

import (
	"fmt"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/internal/cache"
)

// seen remembers what costly extractors made of a file's content, in whatever image it was: most
// of a rebuilt image's jars and programs were in the last one too. The pass has computed the
// content's sum itself, so the key is verified as those of layers are.
type seen struct{ cache *cache.Cache }

// Recall implements rootfs.Results. An entry is a byte that tells whether there is a result, and
// the result.
func (s seen) Recall(v rootfs.Visitor, sum [32]byte) ([]byte, bool) {
	entry, ok := s.cache.Get("file", seenKey(v, sum))
	switch {
	case !ok || len(entry) == 0:
		return nil, false
	case entry[0] == 0:
		return nil, true
	default:
		return entry[1:], true
	}
}

// Remember implements rootfs.Results.
func (s seen) Remember(v rootfs.Visitor, sum [32]byte, data []byte) error {
	if data == nil {
		return s.cache.Put("file", seenKey(v, sum), []byte{0})
	}
	return s.cache.Put("file", seenKey(v, sum), append([]byte{1}, data...))
}

func seenKey(v rootfs.Visitor, sum [32]byte) string {
	return fmt.Sprintf("%x %s/%d", sum, v.Name(), v.Version())
}
