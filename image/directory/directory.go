// Package directory reads an unpacked root file system, a folder, as an image of one layer.
//
// The layer is a tar stream that is made while the folder is walked: sorted by name, without
// times and owners, so that the same files give the same bytes. The folder is looked into only
// through os.Root: no symbolic link leads out of it, and none is followed. Devices, pipes and
// sockets are named and never opened. File systems that the kernel makes up (proc, sysfs, cgroup
// and the like) are no content, and left out wherever they are mounted; devtmpfs cannot be told
// from tmpfs, but holds only special files.
//
// A folder has no configuration, no digest and no stated platform: the image's are zero. What is
// there and could not be read, or changed while it was, is listed by the layer's Unread.
package directory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"plimsoll.dev/plimsoll/image"
)

// Directory is an open folder. It implements image.Source.
type Directory struct {
	root      *os.Root
	reference string
	unread    unread
}

// Open opens a folder; reference is what the user called it.
func Open(path, reference string) (*Directory, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of a root file system: %w", err)
	}
	d := &Directory{root: root, reference: reference}
	if err := d.check(path); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return d, nil
}

// check looks at the folder itself: what cannot be listed at all is no gap but a failure.
func (d *Directory) check(path string) error {
	folder, err := d.root.Open(".")
	if err != nil {
		return fmt.Errorf("opening the folder of a root file system: %w", err)
	}
	defer folder.Close()
	if isMadeUp(folder) {
		return fmt.Errorf("folder %s is a file system that the kernel makes up: name the folder of a root file system", path)
	}
	if _, err := folder.Readdirnames(1); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading folder %s: %w: make it readable", path, err)
	}
	return nil
}

// Image implements image.Source. A folder suits every platform, since it states none.
func (d *Directory) Image(context.Context, image.Platform) (*image.Image, error) {
	layer := image.Layer{Unread: d.unread.list, Blob: func(ctx context.Context) (io.ReadCloser, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return newStream(ctx, d.root, &d.unread), nil
	}}
	return &image.Image{Reference: d.reference, Layers: []image.Layer{layer}}, nil
}

// Platforms implements image.Source: one, which is not known.
func (d *Directory) Platforms(context.Context) ([]image.Platform, error) {
	return []image.Platform{{}}, nil
}

// Close implements image.Source.
func (d *Directory) Close() error { return d.root.Close() }
