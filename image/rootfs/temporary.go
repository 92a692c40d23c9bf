package rootfs

import (
	"fmt"
	"os"
)

// unlinked creates a temporary file and removes its name.
func unlinked() (*os.File, error) {
	file, err := os.CreateTemp("", "plimsoll-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		_ = file.Close() // the error above is the one that matters
		return nil, fmt.Errorf("unlink temporary file: %w", err)
	}
	return file, nil
}
