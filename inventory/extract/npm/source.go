package npm

import (
	"fmt"
	"io"
	"strings"
)

// splitName cuts what is written NAME@REST, where NAME may be @SCOPE/NAME.
func splitName(s string) (name, rest string) {
	if s == "" {
		return "", ""
	}
	i := strings.IndexByte(s[1:], '@')
	if i < 0 {
		return s, ""
	}
	return s[:i+1], s[i+2:]
}

// isOwn tells whether a source is a folder beside the lock file: the project's own, or a link.
func isOwn(source string) bool {
	for _, protocol := range [...]string{"workspace:", "link:", "portal:", "file:", "root:"} {
		if strings.HasPrefix(source, protocol) {
			return !isArchive(source)
		}
	}
	return false
}

// isArchive tells whether a source is a packed package.
func isArchive(source string) bool {
	return strings.HasSuffix(source, ".tgz") || strings.HasSuffix(source, ".tar.gz")
}

// limited fails after so many bytes.
type limited struct {
	io.Reader
	left int64
}

func (r *limited) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.left -= int64(n); r.left < 0 {
		return 0, fmt.Errorf("it has more than %d bytes, which is more than is read of a lock file", int64(maxLock))
	}
	return n, err
}
