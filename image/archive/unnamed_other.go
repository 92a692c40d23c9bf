//go:build !linux

package archive

import "os"

func unnamedFile(dir string) (*os.File, error) { return removedFile(dir) }
