package archive

import (
	"errors"
	"os"
)

// removedFile makes a file and removes its name at once.
func removedFile(dir string) (*os.File, error) {
	file, err := os.CreateTemp(dir, "plimsoll-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
