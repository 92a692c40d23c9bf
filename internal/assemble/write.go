package assemble

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"plimsoll.dev/plimsoll/image"
)

// WriteLayout writes images as an OCI image layout into a folder, which is made if need be. One
// image stands under the tag by its manifest; several, for a platform each, by an index.
func WriteLayout(dir, tag string, images ...Image) error {
	entries, err := layoutEntries(tag, images)
	if err != nil {
		return fmt.Errorf("writing image layout %s: %w", dir, err)
	}
	for _, e := range entries {
		if err := e.writeFile(filepath.Join(dir, filepath.FromSlash(e.name))); err != nil {
			return fmt.Errorf("writing image layout %s: %w", dir, err)
		}
	}
	return nil
}

// WriteOCIArchive writes what WriteLayout does, as a tar.
func WriteOCIArchive(w io.Writer, tag string, images ...Image) error {
	entries, err := layoutEntries(tag, images)
	if err != nil {
		return fmt.Errorf("writing oci-archive: %w", err)
	}
	if err := writeTar(w, entries); err != nil {
		return fmt.Errorf("writing oci-archive: %w", err)
	}
	return nil
}

// WriteDockerArchive writes one image as docker save does, under a name with tag, such as
// "app:1.2". Layers keep their compression, as skopeo leaves it.
func WriteDockerArchive(w io.Writer, tag string, one Image) error {
	config, err := one.config()
	if err != nil {
		return fmt.Errorf("writing docker-archive: %w", err)
	}
	saved := struct {
		Config   string
		RepoTags []string
		Layers   []string
	}{Config: config.descriptor.Digest.Hex() + ".json", Layers: []string{}}
	if tag != "" {
		saved.RepoTags = []string{tag}
	}
	entries := []entry{config.entry(saved.Config)}
	written := map[image.Digest]bool{}
	for _, layer := range one.Layers {
		name := layer.Digest.Hex() + ".tar"
		saved.Layers = append(saved.Layers, name)
		if !written[layer.Digest] {
			written[layer.Digest] = true
			entries = append(entries, entry{name, layer.Size, layer.Open})
		}
	}
	list, err := newDocument("manifest.json", []any{saved})
	if err != nil {
		return fmt.Errorf("writing docker-archive: %w", err)
	}
	if err := writeTar(w, append(entries, list.entry("manifest.json"))); err != nil {
		return fmt.Errorf("writing docker-archive: %w", err)
	}
	return nil
}

// layoutEntries lists the files of a layout, each once.
func layoutEntries(tag string, images []Image) ([]entry, error) {
	if len(images) == 0 {
		return nil, errors.New("there is no image to write")
	}
	var blobs []entry
	var manifests []image.Descriptor
	for _, one := range images {
		config, err := one.config()
		if err != nil {
			return nil, err
		}
		manifest, err := one.manifest(config.descriptor)
		if err != nil {
			return nil, err
		}
		for _, layer := range one.Layers {
			blobs = append(blobs, entry{blobName(layer.Digest), layer.Size, layer.Open})
		}
		blobs = append(blobs, config.blob(), manifest.blob())
		manifests = append(manifests, manifest.descriptor)
	}
	top := manifests[0]
	if len(images) > 1 {
		index, err := newDocument(image.MediaTypeIndex, newIndex(manifests...))
		if err != nil {
			return nil, err
		}
		blobs = append(blobs, index.blob())
		top = index.descriptor
	}
	if tag != "" {
		top.Annotations = map[string]string{"org.opencontainers.image.ref.name": tag}
	}
	index, err := newDocument(image.MediaTypeIndex, newIndex(top))
	if err != nil {
		return nil, err
	}
	version := document{content: []byte(`{"imageLayoutVersion":"1.0.0"}`)}
	return append([]entry{version.entry("oci-layout"), index.entry("index.json")}, once(blobs)...), nil
}

// once leaves out all but the first of entries that share a name: images share layers.
func once(entries []entry) []entry {
	seen := map[string]bool{}
	var kept []entry
	for _, e := range entries {
		if !seen[e.name] {
			seen[e.name] = true
			kept = append(kept, e)
		}
	}
	return kept
}

func blobName(d image.Digest) string { return "blobs/sha256/" + d.Hex() }

func (d document) blob() entry { return d.entry(blobName(d.descriptor.Digest)) }

func (d document) entry(name string) entry {
	return entry{name, int64(len(d.content)), func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(d.content)), nil
	}}
}

func (e entry) writeFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(e.copyTo(file), file.Close())
}

func (e entry) copyTo(w io.Writer) error {
	content, err := e.open()
	if err != nil {
		return err
	}
	defer content.Close()
	_, err = io.Copy(w, content)
	return err
}

func writeTar(w io.Writer, entries []entry) error {
	archive := tar.NewWriter(w)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Mode: 0o644, Size: e.size, Typeflag: tar.TypeReg, ModTime: writtenAt()}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if err := e.copyTo(archive); err != nil {
			return err
		}
	}
	return archive.Close()
}
