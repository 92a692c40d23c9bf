package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/image"
)

// dockerArchive is what manifest.json says of an archive (moby, image/spec/v1.2.md, "Combined
// Image JSON + Filesystem Changeset Format").
type dockerArchive struct {
	index     *index
	where     string
	reference string
	saved     []savedImage // those that the tag stands for
}

// savedImage is one entry of manifest.json.
type savedImage struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func openDocker(index *index, where string, options Options) (*dockerArchive, error) {
	content, err := readAll(index, "manifest.json")
	if err != nil {
		return nil, fmt.Errorf("%s: reading manifest.json: %w", where, err)
	}
	var images []savedImage
	if err := image.Decode(content, "manifest.json", &images); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	saved, err := chooseSaved(images, where, options.Tag)
	if err != nil {
		return nil, err
	}
	return &dockerArchive{index: index, where: where, reference: options.Reference, saved: saved}, nil
}

// maxSaved is how many platforms one name may stand for.
const maxSaved = 32

// chooseSaved returns the images that a tag stands for: one, or one for each of several platforms.
func chooseSaved(images []savedImage, where, tag string) ([]savedImage, error) {
	if len(images) == 0 {
		return nil, fmt.Errorf("%s holds no image: its manifest.json is empty; save the image again", where)
	}
	chosen := images
	if tag != "" {
		chosen = slices.DeleteFunc(slices.Clone(images), func(s savedImage) bool { return !s.isNamed(tag) })
		if len(chosen) == 0 {
			return nil, &image.NameError{Where: where, Want: tag, Have: names(images)}
		}
	}
	first := chosen[0]
	for _, other := range chosen[1:] {
		if other.Config != first.Config && (len(first.RepoTags) == 0 || !slices.Equal(other.RepoTags, first.RepoTags)) {
			return nil, fmt.Errorf("%s holds several images, %s: name one of them after a colon, such as docker-archive:FILE:NAME:TAG", where, image.JoinNames(names(images)))
		}
	}
	if len(chosen) > maxSaved {
		return nil, fmt.Errorf("%s lists more than %d images under one name: save the image again", where, maxSaved)
	}
	return chosen, nil
}

func (s savedImage) isNamed(tag string) bool {
	return s.Config == tag || slices.ContainsFunc(s.RepoTags, func(name string) bool { return image.IsName(name, tag) })
}

// names lists what each image can be called by.
func names(images []savedImage) []string {
	var names []string
	for _, s := range images {
		names = append(names, s.RepoTags...)
		if len(s.RepoTags) == 0 {
			names = append(names, s.Config)
		}
	}
	return names
}

// image returns the saved image for a platform.
func (d *dockerArchive) image(ctx context.Context, want image.Platform) (*image.Image, error) {
	elsewhere := &image.PlatformError{Reference: d.reference, Want: want}
	for _, saved := range d.saved {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		built, err := d.build(saved)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", d.where, err)
		}
		if built.Platform.Runs(want) {
			return built, nil
		}
		elsewhere.Have = append(elsewhere.Have, built.Platform)
	}
	return nil, elsewhere
}

func (d *dockerArchive) platforms() ([]image.Platform, error) {
	var platforms []image.Platform
	for _, saved := range d.saved {
		built, err := d.build(saved)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", d.where, err)
		}
		if !slices.Contains(platforms, built.Platform) {
			platforms = append(platforms, built.Platform)
		}
	}
	return platforms, nil
}

func (d *dockerArchive) build(saved savedImage) (*image.Image, error) {
	config, err := d.config(saved.Config)
	if err != nil {
		return nil, err
	}
	layers := make([]image.Layer, len(saved.Layers))
	for i, name := range saved.Layers {
		if layers[i], err = d.layer(name); err != nil {
			return nil, fmt.Errorf("layer %d of %d: %w", i+1, len(layers), err)
		}
	}
	built, err := image.Build(d.reference, config, layers)
	if err != nil {
		return nil, err
	}
	if built.Platform.Architecture == "" {
		return nil, fmt.Errorf("configuration %s names no architecture: build the image again for a platform", built.ID)
	}
	for _, name := range saved.RepoTags {
		if built.Repository == "" {
			built.Repository = image.RepositoryOf(name)
		}
	}
	return built, nil
}

// config reads a configuration. Its name holds its digest, in all formats but those of tools that
// make names up: where it does, it is verified.
func (d *dockerArchive) config(name string) ([]byte, error) {
	content, err := readAll(d.index, path.Clean(name))
	if err != nil {
		return nil, d.explain("configuration", name, err)
	}
	stated, err := image.ParseDigest("sha256:" + strings.TrimSuffix(path.Base(name), ".json"))
	if got := image.DigestOf(content); err == nil && got != stated {
		return nil, &image.DigestError{What: "configuration", Want: stated, Got: got}
	}
	return content, nil
}

// layer finds a layer's content; its digest is not stated, only its diffID is.
func (d *dockerArchive) layer(name string) (image.Layer, error) {
	clean := path.Clean(name)
	info, err := fs.Stat(d.index, clean)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("it is no regular file: save the image again")
	}
	if err != nil {
		return image.Layer{}, d.explain("layer", name, err)
	}
	return image.Layer{Size: info.Size(), Blob: func(ctx context.Context) (io.ReadCloser, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return d.index.Open(clean)
	}}, nil
}

func (d *dockerArchive) explain(what, name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s %.200q is missing in the archive (%w): save the image again", what, name, fs.ErrNotExist)
	}
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("%s %.200q: %w", what, name, err)
}
