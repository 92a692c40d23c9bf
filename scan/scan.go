// Package scan is the pipeline from an image to facts: every layer is read once, as a stream and
// beside others, the layers are merged, and the extractors' results are joined.
//
// It decides nothing and matches nothing. Results are remembered for each layer and for the
// whole image under keys that were verified; see layerKey.
package scan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/internal/cache"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract"
)

// DefaultMemory bounds the file content kept in memory: 48 MiB.
const DefaultMemory = 48 << 20

// Progress hears how far a scan has come. Its methods are called from several goroutines.
type Progress interface {
	Start(bytes int64, layers int)
	Add(bytes int)
	LayerDone()
}

// Options say what a scan may use.
type Options struct {
	Limits   rootfs.Limits
	Memory   int64        // bytes of file content kept in memory
	Cache    *cache.Cache // nil: nothing is remembered
	Progress Progress     // nil: nobody listens
}

// Result is what a scan learns.
type Result struct {
	Facts inventory.Facts
	// Manifest is the encoded inventory.Manifest that Facts.Manifest names. It is long, and few
	// readers want more of it than its digest.
	Manifest []byte
}

// content is the part of the facts that depends on the layers alone.
type content struct {
	Distro   *inventory.Distro     `json:"distro,omitempty"`
	Packages []inventory.Package   `json:"packages"`
	Files    inventory.FileFacts   `json:"files"`
	Coverage inventory.Coverage    `json:"coverage"`
	Manifest inventory.ManifestRef `json:"manifest"`
	// Unpacked are the lengths of the layers' tar streams in bytes.
	Unpacked []int64 `json:"unpacked"`
}

// Run scans one image.
func Run(ctx context.Context, img *image.Image, opts Options) (*Result, error) {
	s := &scanner{opts: opts, image: img, extractors: extract.All()}
	found, manifest, err := s.content(ctx)
	if err != nil {
		return nil, err
	}
	facts := inventory.Facts{
		Target: inventory.TargetOf(img), Distro: found.Distro, Packages: found.Packages,
		Manifest: found.Manifest, Files: found.Files, Coverage: found.Coverage,
	}
	for i := range facts.Target.Layers {
		facts.Target.Layers[i].Unpacked = found.Unpacked[i]
	}
	if inventory.InstructionsCut(img.Config.History) {
		facts.Coverage = facts.Coverage.Merge(longHistory())
	}
	return &Result{Facts: facts, Manifest: manifest}, nil
}

// longHistory is the gap of a history of which not every line is told.
func longHistory() inventory.Coverage {
	var coverage inventory.Coverage
	coverage.AddGap(inventory.Gap{Dimension: "config", Code: "long-history",
		Why: fmt.Sprintf("the history has more than %d lines, or one of more than %d bytes; the rest is not listed", inventory.MostInstructions, inventory.MaxInstruction)}, inventory.Partial)
	return coverage
}

type scanner struct {
	opts       Options
	image      *image.Image
	extractors []extract.Extractor
}

// content returns what the layers hold and the manifest, from the cache if every layer's bytes
// were verified before to be what the configuration says.
func (s *scanner) content(ctx context.Context) (*content, []byte, error) {
	verified, err := s.verified(ctx)
	if err != nil {
		return nil, nil, err
	}
	if !slices.Contains(verified, false) {
		if found, manifest, ok := s.remembered(); ok {
			return found, manifest, nil
		}
	}
	layers, err := s.layers(ctx, verified)
	if err != nil {
		return nil, nil, err
	}
	found, manifest, err := s.join(ctx, layers)
	if err != nil {
		return nil, nil, err
	}
	return found, manifest, s.rememberContent(found, manifest)
}

// layers returns the index of every layer, reading those that the cache does not hold. The
// largest are read first: so the last to end is a small one.
func (s *scanner) layers(ctx context.Context, verified []bool) ([]*rootfs.LayerIndex, error) {
	indexes := make([]*rootfs.LayerIndex, len(s.image.Layers))
	same := map[image.Digest]int{} // a layer that stands twice is read once
	var unread []int
	var bytes int64
	for i, layer := range s.image.Layers {
		if _, seen := same[layer.DiffID]; seen && !layer.DiffID.IsZero() {
			continue
		}
		same[layer.DiffID] = i
		if indexes[i] = s.cached(layer, verified[i]); indexes[i] == nil {
			unread = append(unread, i)
			bytes += layer.Size
		}
	}
	slices.SortStableFunc(unread, func(a, b int) int {
		return cmp.Compare(s.image.Layers[b].Size, s.image.Layers[a].Size)
	})
	if s.opts.Progress != nil && len(unread) > 0 {
		s.opts.Progress.Start(bytes, len(unread))
	}
	options := s.readOptions()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(2, runtime.GOMAXPROCS(0)))
	for _, i := range unread {
		group.Go(func() error {
			index, err := rootfs.Read(ctx, s.image.Layers[i], options)
			if err != nil {
				return fmt.Errorf("reading layer %d of %d: %w", i+1, len(s.image.Layers), err)
			}
			indexes[i] = index
			if s.opts.Progress != nil {
				s.opts.Progress.LayerDone()
			}
			return s.remember(s.image.Layers[i], index)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, layer := range s.image.Layers {
		if !layer.DiffID.IsZero() {
			indexes[i] = indexes[same[layer.DiffID]]
		}
	}
	return indexes, nil
}

func (s *scanner) readOptions() rootfs.Options {
	options := rootfs.Options{
		Hash:   inventory.IsExecutable,
		Limits: s.opts.Limits,
		Memory: rootfs.NewBudget(s.opts.Memory),
	}
	for _, e := range s.extractors {
		options.Visitors = append(options.Visitors, e)
	}
	if s.opts.Cache != nil {
		options.Seen = seen{s.opts.Cache}
	}
	if s.opts.Progress != nil {
		options.Progress = s.opts.Progress.Add
	}
	return options
}

// join merges the layers and turns what the visitors found into facts.
func (s *scanner) join(ctx context.Context, layers []*rootfs.LayerIndex) (*content, []byte, error) {
	tree, err := rootfs.Merge(layers)
	if err != nil {
		return nil, nil, fmt.Errorf("merging the layers: %w", err)
	}
	late, err := s.late(ctx, tree, layers)
	if err != nil {
		return nil, nil, err
	}
	diffIDs := make([]image.Digest, len(s.image.Layers))
	for i, layer := range s.image.Layers {
		diffIDs[i] = layer.DiffID
	}
	manifest := manifestOf(tree)
	encoded := manifest.Encode()
	joined := extract.Join(tree, layers, diffIDs, late)
	found := &content{
		Distro: joined.Distro, Packages: joined.Packages, Files: joined.Files, Coverage: joined.Coverage,
		Manifest: inventory.ManifestRef{Digest: image.DigestOf(encoded), Files: len(manifest.Files)},
	}
	for _, layer := range layers {
		found.Unpacked = append(found.Unpacked, layer.Inflated)
	}
	for _, p := range tree.Problems() {
		found.Coverage.AddGap(inventory.Gap{Dimension: "files", Code: "unresolvable-path", Path: p.Path, Why: p.Why}, inventory.Partial)
	}
	for _, layer := range s.image.Layers {
		if layer.Unread != nil {
			addUnread(found, layer.Unread())
		}
	}
	return found, encoded, nil
}

// addUnread records files that could not be read. Any of them may list packages, so no list of
// packages is known to be complete, and of no file that none brought it.
func addUnread(found *content, files []image.Unread) {
	if len(files) == 0 {
		return
	}
	found.Files.Unowned, found.Files.UnownedCount = nil, 0
	coverage := &found.Coverage
	for _, f := range files {
		coverage.AddGap(inventory.Gap{Dimension: "files", Code: unreadableFile, Path: f.Path, Why: f.Why}, inventory.Partial)
	}
	for _, dimension := range slices.Sorted(maps.Keys(coverage.States)) {
		if strings.HasPrefix(dimension, "packages/") {
			coverage.AddGap(inventory.Gap{Dimension: dimension, Code: unreadableFile, Why: "files that may list packages could not be read"}, inventory.Partial)
		}
	}
}

// unreadableFile is the code of gaps for what a medium has and could not give.
const unreadableFile = "unreadable-file"

// manifestOf lists the executable files of the merged tree.
func manifestOf(tree *rootfs.Tree) inventory.Manifest {
	m := inventory.Manifest{Schema: inventory.ManifestSchema, Files: []inventory.Executable{}}
	for node := range tree.Files() {
		if e := node.Entry; e.SHA256 != nil {
			m.Files = append(m.Files, inventory.Executable{
				Path: node.Path, Size: e.Size, Mode: e.Mode, SHA256: image.DigestFromSum(*e.SHA256)})
		}
	}
	slices.SortFunc(m.Files, func(a, b inventory.Executable) int { return strings.Compare(a.Path, b.Path) })
	return m
}
