// Package tempfile makes temporary files without a name: whatever happens to the process, nothing
// is left behind, and nobody else can open them. It does not bound what is written to one.
package tempfile

import (
	"errors"
	"os"
)

// New returns an empty file in dir, in os.TempDir() if dir is empty, to be read and written.
// Closing it frees its space.
func New(dir string) (*os.File, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	return unnamed(dir)
}

// removed makes a file and removes its name at once.
func removed(dir string) (*os.File, error) {
	file, err := os.CreateTemp(dir, "plimsoll-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
