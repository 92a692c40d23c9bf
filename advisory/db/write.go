package db

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// WriteFile writes a database that was built in memory. It is written beside path, synchronised
// with the disk, and renamed, so that a reader finds the old file or the new one, also after a
// crash. Nothing is left if it fails.
func WriteFile(path string, file []byte) error {
	if err := writeFile(path, file); err != nil {
		return fmt.Errorf("writing advisory database %s: %w", path, err)
	}
	return nil
}

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
