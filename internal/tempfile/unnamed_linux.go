package tempfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// unnamed makes a file that never has a name (open(2), O_TMPFILE). File systems that cannot do
// so, such as some network ones, give one whose name is removed at once.
func unnamed(dir string) (*os.File, error) {
	file, err := os.OpenFile(dir, os.O_RDWR|unix.O_TMPFILE, 0o600)
	if err != nil {
		return removed(dir)
	}
	return file, nil
}
