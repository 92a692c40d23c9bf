package image

import (
	"context"
	"errors"
	"fmt"
	"io"
)

const (
	// maxIndexDepth is how deep indexes may be nested: image-spec allows it, tools write two.
	maxIndexDepth = 4
	// maxEntries is how many entries the indexes below one name may have together.
	maxEntries = 1000
	// maxRead is how long the documents that are read for one image may be together.
	maxRead = 2 * MaxDocument
)

// OpenBlob opens a blob's stored bytes; what names it in errors. It fails with fs.ErrNotExist if
// the medium does not have it.
type OpenBlob func(ctx context.Context, d Descriptor, what string) (io.ReadCloser, error)

// Resolve finds the image for a platform among what a name stands for in a medium: manifests and
// indexes, followed to the manifests they list. Indexes, manifest and configuration are verified
// as they are read; layers are verified by whoever reads their stream.
func Resolve(ctx context.Context, reference string, roots []Descriptor, want Platform, open OpenBlob) (*Image, error) {
	r := resolver{open: open}
	if err := r.follow(ctx, roots, Digest{}, 0); err != nil {
		return nil, err
	}
	if len(r.found) == 0 && r.skipped != nil {
		return nil, r.skipped
	}
	have := r.platforms()
	i, err := choose(reference, have, want)
	if err != nil {
		return nil, err
	}
	chosen, err := r.load(ctx, r.found[i].Descriptor)
	if err != nil {
		return nil, err
	}
	built, err := Build(reference, chosen.config, layersOf(chosen.manifest, open))
	if err != nil {
		return nil, err
	}
	built.Digest, built.IndexDigest = r.found[i].Digest, r.found[i].index
	built.Annotations = chosen.manifest.Annotations
	// The configuration belongs to the content's identity, so its word counts, unless the index
	// contradicts it: then engines go by the index.
	if !built.Platform.Runs(have[i]) && !have[i].Runs(built.Platform) {
		built.Platform = have[i]
	}
	return built, nil
}

// Platforms lists the platforms that Resolve can choose from, each once, in the index's order.
func Platforms(ctx context.Context, roots []Descriptor, open OpenBlob) ([]Platform, error) {
	r := resolver{open: open}
	if err := r.follow(ctx, roots, Digest{}, 0); err != nil {
		return nil, err
	}
	if len(r.found) == 0 && r.skipped != nil {
		return nil, r.skipped
	}
	return distinct(r.platforms()), nil
}

// resolver gathers the manifests that a name stands for.
type resolver struct {
	open    OpenBlob
	entries int
	read    int64 // bytes of documents
	found   []child
	skipped *artifactError // the first manifest that is no image
}

// child is a manifest, and the outermost index it was found in.
type child struct {
	Descriptor
	index Digest
}

// loaded is a verified manifest with its configuration.
type loaded struct {
	manifest Manifest
	config   []byte
}

func (r *resolver) platforms() []Platform {
	platforms := make([]Platform, len(r.found))
	for i, f := range r.found {
		platforms[i] = *f.Platform
	}
	return platforms
}

// follow gathers all manifests below entries. Those whose descriptor states no platform are read
// for it.
func (r *resolver) follow(ctx context.Context, entries []Descriptor, index Digest, depth int) error {
	if depth > maxIndexDepth {
		return fmt.Errorf("image index %s is nested more than %d deep: build the image again", index, maxIndexDepth)
	}
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.entries++; r.entries > maxEntries {
			return fmt.Errorf("image index has more than %d entries: this is not a container image", maxEntries)
		}
		if entry.isAttestation() {
			continue
		}
		if err := r.followEntry(ctx, entry, index, depth); err != nil {
			return err
		}
	}
	return nil
}

func (r *resolver) followEntry(ctx context.Context, entry Descriptor, index Digest, depth int) error {
	stated := entry.Platform != nil && entry.Platform.Architecture != ""
	if stated && isManifestType(entry.MediaType) {
		r.found = append(r.found, child{entry, index})
		return nil
	}
	if isManifestType(entry.MediaType) {
		return r.add(ctx, entry, index)
	}
	content, err := r.document(ctx, entry, "image index")
	if err != nil {
		return err
	}
	if !isIndexType(entry.MediaType) && !isIndex(content) {
		return r.add(ctx, entry, index)
	}
	nested, err := ParseIndex(content)
	if err != nil {
		return err
	}
	if index.IsZero() {
		index = entry.Digest
	}
	return r.follow(ctx, nested.Manifests, index, depth+1)
}

// add gathers a manifest whose platform only its configuration states.
func (r *resolver) add(ctx context.Context, entry Descriptor, index Digest) error {
	l, err := r.load(ctx, entry)
	var artifact *artifactError
	if errors.As(err, &artifact) {
		if r.skipped == nil {
			r.skipped = artifact
		}
		return nil
	}
	if err != nil {
		return err
	}
	config, err := ParseConfig(l.config)
	if err != nil {
		return err
	}
	if config.Platform.Architecture == "" {
		return fmt.Errorf("configuration %s names no architecture: build the image again for a platform", l.manifest.Config.Digest)
	}
	entry.Platform = &config.Platform
	r.found = append(r.found, child{entry, index})
	return nil
}

func (r *resolver) load(ctx context.Context, d Descriptor) (loaded, error) {
	content, err := r.document(ctx, d, "manifest")
	if err != nil {
		return loaded{}, err
	}
	manifest, err := ParseManifest(content)
	if err != nil {
		return loaded{}, err
	}
	config, err := r.document(ctx, manifest.Config, "configuration")
	return loaded{manifest, config}, err
}

func (r *resolver) document(ctx context.Context, d Descriptor, what string) ([]byte, error) {
	if d.Size > MaxDocument {
		return nil, tooLong(what, d.Size)
	}
	if r.read += d.Size; r.read > maxRead {
		return nil, fmt.Errorf("manifests and configurations of the image are longer than %d bytes together: this is not a container image", maxRead)
	}
	blob, err := r.open(ctx, d, what)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	return ReadBlob(blob, d, what)
}

func layersOf(manifest Manifest, open OpenBlob) []Layer {
	layers := make([]Layer, len(manifest.Layers))
	for i, d := range manifest.Layers {
		what := fmt.Sprintf("layer %d of %d", i+1, len(layers))
		layers[i] = Layer{Digest: d.Digest, Size: d.Size, Blob: func(ctx context.Context) (io.ReadCloser, error) {
			return open(ctx, d, what)
		}}
	}
	return layers
}
