// Package layout reads images from an OCI image layout (image-spec, image-layout.md): a folder,
// or anything else that is a file system, with oci-layout, index.json and blobs/sha256.
//
// It reads and verifies index, manifest and configuration, and opens layers; the bytes of a
// layer are verified by whoever reads them. A digest is parsed before it becomes a path, and a
// folder is only looked into through os.Root, so neither a name nor a symbolic link leads out of
// it. Layouts are not written here, and blobs in another folder ("shared blob directories") are
// not followed.
package layout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"plimsoll.dev/plimsoll/image"
)

const (
	versionFile = "oci-layout"
	indexFile   = "index.json"
)

// Options say more about a layout.
type Options struct {
	// Reference is what the user called the image; if empty, it is made of folder and tag.
	Reference string
}

// Layout is an open image layout. It implements image.Source.
type Layout struct {
	files      fs.FS
	closer     io.Closer
	where      string // what the user calls the medium
	reference  string
	repository string
	roots      []image.Descriptor
}

// Is tells whether a folder is an image layout: it has both oci-layout and index.json.
func Is(dir string) bool { return has(dir, versionFile) && has(dir, indexFile) }

// IsPart tells whether a folder looks like a layout that is not whole: it has one of the two.
func IsPart(dir string) bool { return has(dir, versionFile) != has(dir, indexFile) }

func has(dir, name string) bool {
	info, err := os.Stat(filepath.Join(dir, name))
	return err == nil && info.Mode().IsRegular()
}

// Open opens a folder. The tag chooses among several images: the name in the annotation
// org.opencontainers.image.ref.name, or the digest of an entry of index.json. Without a tag the
// layout has to hold one image (for several platforms, maybe).
func Open(dir, tag string, options Options) (*Layout, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening image layout: %w", err)
	}
	if options.Reference == "" {
		options.Reference = dir
		if tag != "" {
			options.Reference += ":" + tag
		}
	}
	l, err := New(root.FS(), "image layout "+dir, tag, options)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	l.closer = root
	return l, nil
}

// New opens a layout in any file system; where names it in errors. It is the caller who closes
// the file system.
func New(files fs.FS, where, tag string, options Options) (*Layout, error) {
	l := &Layout{files: files, where: where, reference: options.Reference}
	if err := l.checkVersion(); err != nil {
		return nil, err
	}
	content, err := l.document(indexFile)
	if err != nil {
		return nil, err
	}
	index, err := image.ParseIndex(content)
	if err != nil {
		return nil, fmt.Errorf("%s: index.json: %w", where, err)
	}
	if l.roots, err = choose(index.Manifests, where, tag); err != nil {
		return nil, err
	}
	l.repository = repository(l.roots)
	return l, nil
}

func (l *Layout) checkVersion() error {
	content, err := l.document(versionFile)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has no file oci-layout, so it is no OCI image layout: name the folder that holds oci-layout and index.json", l.where)
	}
	if err != nil {
		return err
	}
	var version struct {
		ImageLayoutVersion string `json:"imageLayoutVersion"`
	}
	if err := image.Decode(content, "oci-layout", &version); err != nil {
		return fmt.Errorf("%s: %w", l.where, err)
	}
	if !strings.HasPrefix(version.ImageLayoutVersion, "1.") {
		return fmt.Errorf("%s has layout version %.40q, and only 1.x is known: export the image again with a current tool", l.where, version.ImageLayoutVersion)
	}
	return nil
}

// document reads one of the layout's own files.
func (l *Layout) document(name string) ([]byte, error) {
	file, err := l.open(name, anySize)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", l.where, name, err)
	}
	defer file.Close()
	content, err := image.ReadDocument(file, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.where, err)
	}
	return content, nil
}

// anySize is for files whose size nothing states.
const anySize = -1

// open opens a regular file of a size. It asks before it opens: to open a device or a named pipe
// can have effects of its own.
func (l *Layout) open(name string, size int64) (io.ReadCloser, error) {
	before, err := l.stat(name, size)
	if err != nil {
		return nil, err
	}
	file, err := l.files.Open(name)
	if err != nil {
		return nil, explain(err)
	}
	after, err := file.Stat()
	if err == nil && (!after.Mode().IsRegular() || after.Size() != before.Size()) {
		err = errors.New("it was replaced while it was opened: try again")
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// stat asks for a regular file of a size.
func (l *Layout) stat(name string, size int64) (fs.FileInfo, error) {
	info, err := fs.Stat(l.files, name)
	switch {
	case err != nil:
		return nil, explain(err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("it is %s, not a file: export the image again", kindOf(info.Mode()))
	case size != anySize && info.Size() != size:
		return nil, fmt.Errorf("it has %d bytes, but the manifest says %d: the image is damaged; fetch it again", info.Size(), size)
	}
	return info, nil
}

// explain says what to do about a file that cannot be opened.
func explain(err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err // the path is in the sentence already
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("it is missing (%w): export the whole image again", fs.ErrNotExist)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("it cannot be opened: %w: make it readable", err)
	default: // such as a symbolic link that leads out of the folder
		return fmt.Errorf("it cannot be opened: %w: a layout holds its blobs itself; export the image again", err)
	}
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	default:
		return "a special file"
	}
}

// Image implements image.Source.
func (l *Layout) Image(ctx context.Context, platform image.Platform) (*image.Image, error) {
	resolved, err := image.Resolve(ctx, l.reference, l.roots, platform, l.blob)
	var elsewhere *image.PlatformError
	if errors.As(err, &elsewhere) {
		return nil, elsewhere // it names the image itself
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", l.where, err)
	}
	for i, layer := range resolved.Layers {
		if _, err := l.stat(blobPath(layer.Digest), layer.Size); err != nil {
			return nil, fmt.Errorf("reading %s: layer %d of %d, %s: %w", l.where, i+1, len(resolved.Layers), layer.Digest, err)
		}
	}
	resolved.Repository = l.repository
	return resolved, nil
}

// Platforms lists the platforms that the chosen image is there for.
func (l *Layout) Platforms(ctx context.Context) ([]image.Platform, error) {
	platforms, err := image.Platforms(ctx, l.roots, l.blob)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", l.where, err)
	}
	return platforms, nil
}

// Close implements image.Source.
func (l *Layout) Close() error {
	if l.closer == nil {
		return nil
	}
	return l.closer.Close()
}

// blob opens a blob whose size is what the descriptor says.
func (l *Layout) blob(ctx context.Context, d image.Descriptor, what string) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := l.open(blobPath(d.Digest), d.Size)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", what, d.Digest, err)
	}
	return file, nil
}

func blobPath(d image.Digest) string { return "blobs/sha256/" + d.Hex() }
