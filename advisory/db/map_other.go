//go:build !unix

package db

import (
	"io"
	"os"
)

// mapFile reads the whole file, where files are not mapped.
func mapFile(file *os.File, size int64) (*mapping, error) {
	content, err := io.ReadAll(io.LimitReader(file, size))
	if err != nil {
		return nil, err
	}
	return &mapping{bytes: content, unmap: func([]byte) error { return nil }}, nil
}
