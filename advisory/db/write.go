package db

import (
	"errors"
	"os"
	"path/filepath"
)

// writeFile writes a file beside path, has it on disk, and renames it, so that a reader finds
// the old file or the new one, also after a crash. Nothing is left if it fails.
func writeFile(path string, content []byte) (err error) {
	folder := filepath.Dir(path)
	file, err := os.CreateTemp(folder, "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(os.Remove(file.Name())))
		}
	}()
	_, err = file.Write(content)
	if err == nil {
		err = file.Chmod(0o644) // it is public data
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

// syncFolder has a rename on disk, where folders can be synchronised.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	// Some file systems refuse to synchronise folders, and the file is complete in any case.
	_ = folder.Sync()
	return folder.Close()
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
