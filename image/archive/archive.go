// Package archive reads images from one file: a docker-archive (manifest.json, as docker save,
// podman save and skopeo write it) or an oci-archive (a tar of an OCI image layout), plain or
// compressed with gzip or zstd. What a file is, its content decides, never its name.
//
// A plain tar is indexed once, without reading what its entries hold, and each blob is then a
// section of the file, so layers open in parallel. A compressed archive is inflated once into
// a temporary file without a name. Only names in the index can be opened: nothing is unpacked,
// and a path in manifest.json reaches no file outside the archive. Where an archive can be read
// both ways, as newer Docker versions write it, it has to hold the same image both ways: else
// whoever loads it could run another image than the one that was scanned.
//
// Limits bound the entries and the inflated size. Archives are not written here, and sparse
// entries, multi-volume archives and standard input are not read; nor, on Windows, where an open
// file keeps its name, compressed archives.
package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/layout"
)

// Options say how to read an archive. The zero value reads an archive of one image.
type Options struct {
	// Tag chooses among several images: a name with tag ("app:1.2"), or its tag alone.
	Tag string
	// Reference is what the user called the image; if empty, it is made of path and tag.
	Reference string
	// MaxInflated bounds the inflated size of a compressed archive in bytes, and MaxEntries the
	// number of tar entries; 0 means 256 GiB and 100,000.
	MaxInflated, MaxEntries int64
	// TempDir is where a compressed archive is inflated to; if empty, os.TempDir().
	TempDir string
	// Progress, if set, is called with the number of stored bytes just read from a compressed
	// archive, or from a stream.
	Progress func(stored int)
}

const (
	defaultMaxInflated = 256 << 30
	defaultMaxEntries  = 100_000
)

// Archive is an open archive. It implements image.Source.
type Archive struct {
	file   *os.File // the archive, or what it was inflated to
	oci    *layout.Layout
	docker *dockerArchive
}

// Open opens the archive at a path.
func Open(ctx context.Context, path string, options Options) (*Archive, error) {
	options = options.orDefault()
	if options.Reference == "" {
		options.Reference = path
		if options.Tag != "" {
			options.Reference += ":" + options.Tag
		}
	}
	info, err := os.Stat(path) // asked first: to open a device or a named pipe may block
	if err != nil {
		return nil, fmt.Errorf("opening image archive: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("opening image archive: %s is no regular file: for a folder with an OCI image layout use oci:DIR, else save the image to a file first", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening image archive: %w", err)
	}
	a, err := open(ctx, file, path, options)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return a, nil
}

// OpenStream opens an archive that comes as a stream, such as an engine's export: it is first
// written to a temporary file without a name, MaxInflated bytes at most. where names it in errors.
func OpenStream(ctx context.Context, r io.Reader, where string, options Options) (*Archive, error) {
	options = options.orDefault()
	file, err := download(ctx, r, where, options)
	if err != nil {
		return nil, err
	}
	options.Progress = nil // it has heard of every byte
	a, err := open(ctx, file, where, options)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return a, nil
}

// orDefault puts the default for each limit that is not set.
func (o Options) orDefault() Options {
	if o.MaxInflated <= 0 {
		o.MaxInflated = defaultMaxInflated
	}
	if o.MaxEntries <= 0 {
		o.MaxEntries = defaultMaxEntries
	}
	return o
}

// open takes the file over if it succeeds.
func open(ctx context.Context, file *os.File, path string, options Options) (*Archive, error) {
	kind, err := recognise(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if kind.name == tarKind {
		return openTar(ctx, file, path, kind, options)
	}
	if !kind.compressed {
		return nil, fmt.Errorf("%s is %s, not an image archive: save the image with docker save, podman save or skopeo copy", path, kind.name)
	}
	inflated, err := spool(ctx, file, path, kind, options)
	if err != nil {
		return nil, err
	}
	a, err := openTar(ctx, inflated, path, kind, options)
	if err != nil {
		return nil, errors.Join(err, inflated.Close())
	}
	_ = file.Close() // it was only read, and all of it
	return a, nil
}

func openTar(ctx context.Context, file *os.File, path string, kind kind, options Options) (*Archive, error) {
	index, err := readIndex(ctx, file, path, options.MaxEntries)
	if err != nil {
		return nil, err
	}
	isDocker, isLayout := index.has("manifest.json"), index.has("index.json") && index.has("oci-layout")
	if !isDocker && !isLayout {
		return nil, fmt.Errorf("%s is %s, but holds no image: neither index.json with oci-layout nor manifest.json; save the image with docker save, podman save or skopeo copy", path, kind.name)
	}
	a, where := &Archive{file: file}, "image archive "+path
	var dockerErr, layoutErr error
	if isDocker {
		a.docker, dockerErr = openDocker(index, where, options)
	}
	if isLayout {
		a.oci, layoutErr = layout.New(index, where, options.Tag, layout.Options{Reference: options.Reference})
	}
	// The two lists name images in different ways: a name that only one of them knows will do.
	var unnamed *image.NameError
	switch {
	case dockerErr != nil && !(a.oci != nil && errors.As(dockerErr, &unnamed)):
		return nil, dockerErr
	case layoutErr != nil && !(a.docker != nil && errors.As(layoutErr, &unnamed)):
		return nil, layoutErr
	}
	return a, nil
}

// Image implements image.Source. An archive that is a layout too is read as one, since that
// gives the manifest digest, unless blobs are missing for that.
func (a *Archive) Image(ctx context.Context, platform image.Platform) (*image.Image, error) {
	if a.oci == nil {
		return a.docker.image(ctx, platform)
	}
	asLayout, err := a.oci.Image(ctx, platform)
	if a.docker == nil || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return asLayout, err
	}
	asDocker, dockerErr := a.docker.image(ctx, platform)
	var elsewhere *image.PlatformError
	switch {
	case err != nil && dockerErr != nil:
		return nil, err
	case err != nil:
		return asDocker, nil
	case errors.As(dockerErr, &elsewhere):
		return asLayout, nil // Docker's list has one platform even if the layout has more.
	case dockerErr != nil:
		return nil, dockerErr
	case asLayout.ID != asDocker.ID:
		return nil, fmt.Errorf("%s holds two different images under one name: index.json means %s and manifest.json means %s, so it depends on the reader which one would run; save the image again", a.docker.where, asLayout.ID, asDocker.ID)
	}
	if asLayout.Repository == "" {
		asLayout.Repository = asDocker.Repository
	}
	return asLayout, nil
}

// Platforms lists the platforms that the chosen image is there for.
func (a *Archive) Platforms(ctx context.Context) ([]image.Platform, error) {
	if a.oci != nil {
		return a.oci.Platforms(ctx)
	}
	return a.docker.platforms()
}

// Close implements image.Source.
func (a *Archive) Close() error { return a.file.Close() }

// readAll reads a document of the archive.
func readAll(index *index, name string) ([]byte, error) {
	file, err := index.Open(name)
	if err != nil {
		return nil, err
	}
	content, err := image.ReadDocument(file, name)
	return content, errors.Join(err, file.Close())
}
