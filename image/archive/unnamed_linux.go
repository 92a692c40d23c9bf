package archive

import (
	"os"

	"golang.org/x/sys/unix"
)

// unnamedFile makes a file that never has a name (open(2), O_TMPFILE). File systems that cannot
// do so, such as some network ones, give one whose name is removed at once.
func unnamedFile(dir string) (*os.File, error) {
	file, err := os.OpenFile(dir, os.O_RDWR|unix.O_TMPFILE, 0o600)
	if err != nil {
		return removedFile(dir)
	}
	return file, nil
}
