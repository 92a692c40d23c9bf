//go:build !linux

package rootfs

import "os"

func temporary() (*os.File, error) { return unlinked() }
