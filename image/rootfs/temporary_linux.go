package rootfs

import (
	"os"

	"golang.org/x/sys/unix"
)

// temporary returns a file that has no name, or at once loses it, so that nothing is left
// whatever happens to the process.
func temporary() (*os.File, error) {
	fd, err := unix.Open(os.TempDir(), unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil { // not every file system can
		return unlinked()
	}
	return os.NewFile(uintptr(fd), "temporary file"), nil
}
