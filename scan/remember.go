package scan

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract"
)

// What is remembered, and why it may be believed:
//
//	pair     digest of stored bytes → diffID   written only after a pass verified both
//	layer    diffID → layer index              written only after that pass
//	content  all diffIDs → facts               written only after passes over all layers
//	manifest digest → executable manifest
//	file     sum of a file's content, extractor → its result (see seen)
//
// An image states its diffIDs itself, so a diffID alone proves nothing: a layer's cached index is
// used only if the pair of its stored bytes' digest and its diffID is known. Where the medium
// does not name the stored bytes (docker-archive), they are hashed first. A layer without a diffID
// (an unpacked file system) has no name that anything could be kept under: nothing of it is
// looked up, and nothing kept.

// verified tells for each layer whether its stored bytes are known to inflate to its diffID.
func (s *scanner) verified(ctx context.Context) ([]bool, error) {
	verified := make([]bool, len(s.image.Layers))
	if s.opts.Cache == nil {
		return verified, nil
	}
	for i, layer := range s.image.Layers {
		if layer.DiffID.IsZero() {
			continue
		}
		if layer.Digest.IsZero() && !s.holdsLayer(layer) {
			continue // nothing is remembered: do not hash for nothing
		}
		stored, err := storedDigest(ctx, layer)
		if err != nil {
			return nil, fmt.Errorf("reading layer %d of %d: %w", i+1, len(s.image.Layers), err)
		}
		diffID, ok := s.opts.Cache.Get("pair", stored.String())
		verified[i] = ok && string(diffID) == layer.DiffID.String()
	}
	return verified, nil
}

func (s *scanner) holdsLayer(layer image.Layer) bool {
	_, ok := s.opts.Cache.Get("layer", s.layerKey(layer))
	return ok
}

// storedDigest returns the digest of a layer's stored bytes.
func storedDigest(ctx context.Context, layer image.Layer) (image.Digest, error) {
	if !layer.Digest.IsZero() {
		return layer.Digest, nil
	}
	stream, err := layer.Blob(ctx)
	if err != nil {
		return image.Digest{}, err
	}
	defer stream.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, stream); err != nil {
		return image.Digest{}, err
	}
	return image.DigestFromSum([sha256.Size]byte(hash.Sum(nil))), nil
}

// cached returns a layer's remembered index, nil if there is none to be believed.
func (s *scanner) cached(layer image.Layer, verified bool) *rootfs.LayerIndex {
	if !verified {
		return nil
	}
	data, ok := s.opts.Cache.Get("layer", s.layerKey(layer))
	if !ok {
		return nil
	}
	index, err := rootfs.DecodeLayerIndex(data, s.opts.Limits)
	if err != nil || index.DiffID != layer.DiffID {
		return nil
	}
	return index
}

// remember keeps the index of a layer that was read, and so verified.
func (s *scanner) remember(layer image.Layer, index *rootfs.LayerIndex) error {
	if s.opts.Cache == nil || layer.DiffID.IsZero() {
		return nil
	}
	if err := s.opts.Cache.Put("layer", s.layerKey(layer), index.Encode()); err != nil {
		return err
	}
	return s.opts.Cache.Put("pair", index.Digest.String(), []byte(layer.DiffID.String()))
}

// remembered returns the facts and the manifest of an image whose layers are verified.
func (s *scanner) remembered() (*content, []byte, bool) {
	data, ok := s.opts.Cache.Get("content", s.contentKey())
	if !ok {
		return nil, nil, false
	}
	found := new(content)
	if json.Unmarshal(data, found) != nil || len(found.Unpacked) != len(s.image.Layers) {
		return nil, nil, false
	}
	manifest, ok := s.opts.Cache.Get("manifest", found.Manifest.Digest.String())
	return found, manifest, ok && image.DigestOf(manifest) == found.Manifest.Digest
}

// rememberContent keeps what a scan learnt of all layers.
func (s *scanner) rememberContent(found *content, manifest []byte) error {
	if slices.ContainsFunc(s.image.Layers, func(l image.Layer) bool { return l.DiffID.IsZero() }) {
		return nil
	}
	data, err := json.Marshal(found)
	if err != nil {
		return fmt.Errorf("encoding what was found: %w", err)
	}
	if err := s.opts.Cache.Put("manifest", found.Manifest.Digest.String(), manifest); err != nil {
		return err
	}
	return s.opts.Cache.Put("content", s.contentKey(), data)
}

// layerKey names what a pass over a layer yields: the content and everything that reads it.
func (s *scanner) layerKey(layer image.Layer) string {
	return layer.DiffID.String() + " " + s.readers()
}

func (s *scanner) contentKey() string {
	var key strings.Builder
	for _, layer := range s.image.Layers {
		fmt.Fprintf(&key, "%s ", layer.DiffID)
	}
	return key.String() + s.readers()
}

// readers names the extractors and limits. A change to what a pass or the joining of its results
// yields must change an extractor's version or this text.
func (s *scanner) readers() string {
	var b strings.Builder
	b.WriteString("facts/5")
	for _, e := range s.extractors {
		fmt.Fprintf(&b, " %s/%d", e.Name(), e.Version())
	}
	l := s.opts.Limits
	fmt.Fprintf(&b, " limits/%d/%d/%d", l.Entries, l.Inflated, l.FileSize)
	return b.String()
}

// late reads again the layers that hold files which only the merge showed to be wanted.
func (s *scanner) late(ctx context.Context, tree *rootfs.Tree, layers []*rootfs.LayerIndex) (map[extract.LateKey][]rootfs.Result, error) {
	wanted := map[int]map[string]bool{}
	for _, missing := range extract.Missing(tree, layers) {
		if wanted[missing.Layer] == nil {
			wanted[missing.Layer] = map[string]bool{}
		}
		wanted[missing.Layer][missing.Path] = true
	}
	late := map[extract.LateKey][]rootfs.Result{}
	for _, i := range slices.Sorted(maps.Keys(wanted)) {
		results, err := rootfs.Reread(ctx, s.image.Layers[i], s.readOptions(), func(e *rootfs.Entry) bool { return wanted[i][e.Path] })
		if err != nil {
			return nil, fmt.Errorf("reading layer %d of %d again: %w", i+1, len(s.image.Layers), err)
		}
		for path, found := range results {
			late[extract.LateKey{Layer: i, Path: path}] = found
		}
	}
	return late, nil
}
