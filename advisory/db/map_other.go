//go:build !unix

package db

import (
	"io"
	"os"
)

// mapFile reads the whole file, where files are not mapped.
func mapFile(file *os.File, size int64) ([]byte, func([]byte) error, error) {
	content, err := io.ReadAll(io.LimitReader(file, size))
	return content, func([]byte) error { return nil }, err
}
