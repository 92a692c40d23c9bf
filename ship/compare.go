package ship

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
)

// Kind says how what a registry has differs from a lock file.
type Kind string

// The kinds of differences.
const (
	MovedTag           Kind = "moved-tag"                   // the tag stands for another digest
	Swapped            Kind = "swapped"                     // an index stands where one of its manifests should, or the other way round
	Missing            Kind = "missing"                     // a tag, manifest or layer is not there
	AlteredManifest    Kind = "altered-manifest"            // the bytes of a manifest or index do not have its digest
	AlteredLayer       Kind = "altered-layer"               // the bytes of a layer do not have its digest
	EvidenceForAnother Kind = "evidence-for-another-digest" // evidence lies beside an image that it is not about
	EvidenceMissing    Kind = "evidence-missing"            // there is none of a predicate type, or none that a verifier accepts
)

// Finding is one difference.
type Finding struct {
	Image   string // as the lock file has it
	Kind    Kind
	Digest  image.Digest // of what differs, as it should be
	Message string
}

// Unknown is what could not be compared, or not to its end.
type Unknown struct{ Image, Why string }

// Comparison is what came of holding a registry against a lock file; both lists are sorted.
type Comparison struct {
	Compared int // images
	Findings []Finding
	Unknown  []Unknown
}

// Holds tells whether everything was compared and nothing differs.
func (c Comparison) Holds() bool {
	return c.Compared > 0 && len(c.Findings) == 0 && len(c.Unknown) == 0
}

// CompareOptions say how to compare.
type CompareOptions struct {
	Open Open
	// Verifier decides which evidence counts. If nil, what is there counts, by its own word: that
	// finds what was lost, and proves nothing.
	Verifier Verifier
}

// Compare holds what registries have against a lock file. What cannot be compared is unknown, and
// the others are compared nevertheless; it fails only if the context ends or the file is not valid.
func Compare(ctx context.Context, file LockFile, options CompareOptions) (Comparison, error) {
	if err := file.check(); err != nil {
		return Comparison{}, fmt.Errorf("the lock file is not valid: %w", err)
	}
	var result Comparison
	for _, locked := range file.Images {
		c := comparer{locked: locked, verifier: options.Verifier, result: &result}
		err := c.compare(ctx, options.Open)
		if ctx.Err() != nil {
			return Comparison{}, fmt.Errorf("comparing %s: %w", locked.Image, context.Cause(ctx))
		}
		if err != nil {
			c.unknown("%v", err)
		}
		result.Compared++
	}
	slices.SortFunc(result.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Image, b.Image), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Digest.Hex(), b.Digest.Hex()), cmp.Compare(a.Message, b.Message))
	})
	slices.SortFunc(result.Unknown, func(a, b Unknown) int {
		return cmp.Or(cmp.Compare(a.Image, b.Image), cmp.Compare(a.Why, b.Why))
	})
	return result, nil
}

// comparer compares one image.
type comparer struct {
	locked     Locked
	verifier   Verifier
	result     *Comparison
	repository *registry.Repository
	layers     map[image.Digest]image.Descriptor // of the manifests that were read
}

func (c *comparer) find(kind Kind, digest image.Digest, format string, arguments ...any) {
	c.result.Findings = append(c.result.Findings, Finding{c.locked.Image, kind, digest, fmt.Sprintf(format, arguments...)})
}

func (c *comparer) unknown(format string, arguments ...any) {
	c.result.Unknown = append(c.result.Unknown, Unknown{c.locked.Image, fmt.Sprintf(format, arguments...)})
}

func (c *comparer) compare(ctx context.Context, open Open) (err error) {
	name, identifier, err := registry.Split(c.locked.Image)
	if err != nil {
		return err
	}
	if c.repository, err = open(ctx, name); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.repository.Close()) }()
	c.layers = map[image.Digest]image.Descriptor{}
	found, root, err := c.manifest(ctx, c.locked.Digest)
	if err != nil {
		return err
	}
	if !strings.Contains(identifier, ":") {
		if err := c.compareTag(ctx, identifier, root); err != nil {
			return err
		}
	}
	for _, digest := range c.locked.Manifests {
		if _, _, err := c.manifest(ctx, digest); err != nil {
			return err
		}
	}
	if err := c.compareLayers(ctx); err != nil {
		return err
	}
	if !found {
		return nil // that is said already, and what is not there has no evidence
	}
	return c.compareEvidence(ctx)
}

// manifest reads a locked document, and notes its layers.
func (c *comparer) manifest(ctx context.Context, digest image.Digest) (bool, document, error) {
	found, parsed, err := manifestOf(ctx, c.repository, digest)
	var altered *image.DigestError
	switch {
	case errors.As(err, &altered) && c.isLocked(altered.Got):
		c.find(Swapped, digest, "for %s the registry gives the bytes of %s, another of this image's documents", digest, altered.Got)
		return false, document{}, nil
	case errors.As(err, &altered):
		c.find(AlteredManifest, digest, "%v", err)
		return false, document{}, nil
	case err != nil:
		return false, document{}, err
	case !found:
		c.find(Missing, digest, "%s has no document %s: push it again", c.repository.Name(), digest)
	}
	for _, layer := range parsed.Layers {
		c.layers[layer.Digest] = layer
	}
	return found, parsed, nil
}

func (c *comparer) isLocked(digest image.Digest) bool {
	return digest == c.locked.Digest || slices.Contains(c.locked.Manifests, digest)
}

// manifestOf reads a document by its digest; it says no if there is none.
func manifestOf(ctx context.Context, repository *registry.Repository, digest image.Digest) (bool, document, error) {
	found, err := repository.Document(ctx, digest.String(), image.MaxDocument)
	if errors.Is(err, fs.ErrNotExist) {
		return false, document{}, nil
	}
	if err != nil {
		return false, document{}, err
	}
	parsed, err := parseDocument(found.Content, "document "+digest.String())
	return err == nil, parsed, err
}

// compareTag looks at what the tag stands for. An index and a manifest of it are easily taken for
// one another, and evidence for one is none for the other, so that has a kind of its own.
func (c *comparer) compareTag(ctx context.Context, tag string, root document) error {
	found, err := c.repository.Document(ctx, tag, image.MaxDocument)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.find(Missing, c.locked.Digest, "%s has no tag %s, which should stand for %s", c.repository.Name(), tag, c.locked.Digest)
		return nil
	case err != nil:
		return err
	case found.Digest == c.locked.Digest:
		return nil
	}
	now, err := parseDocument(found.Content, "document "+found.Digest.String())
	switch {
	case lists(root.Manifests, found.Digest) || slices.Contains(c.locked.Manifests, found.Digest):
		c.find(Swapped, c.locked.Digest, "the tag stands for %s, one of the manifests of the index %s that it should stand for", found.Digest, c.locked.Digest)
	case err == nil && lists(now.Manifests, c.locked.Digest):
		c.find(Swapped, c.locked.Digest, "the tag stands for the index %s, which lists the manifest %s that it should stand for", found.Digest, c.locked.Digest)
	default:
		c.find(MovedTag, c.locked.Digest, "the tag stands for %s, and should for %s", found.Digest, c.locked.Digest)
	}
	return nil
}

func lists(descriptors []image.Descriptor, digest image.Digest) bool {
	return slices.ContainsFunc(descriptors, func(d image.Descriptor) bool { return d.Digest == digest })
}

// compareLayers fetches each locked layer and looks at its bytes.
func (c *comparer) compareLayers(ctx context.Context) error {
	for _, digest := range c.locked.Layers {
		layer, named := c.layers[digest]
		if !named {
			c.find(Missing, digest, "none of the image's manifests that are there names the layer %s", digest)
			continue
		}
		got, err := c.hash(ctx, layer)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			c.find(Missing, digest, "%s has no layer %s: push the image again", c.repository.Name(), digest)
		case err != nil:
			return err
		case got != digest:
			c.find(AlteredLayer, digest, "the bytes of layer %s have the digest %s, or are not as many as its manifest says", digest, got)
		}
	}
	return nil
}

// hash reads a layer, but not beyond what its manifest says.
func (c *comparer) hash(ctx context.Context, layer image.Descriptor) (image.Digest, error) {
	stream, err := c.repository.OpenBlob(ctx, layer)
	if err != nil {
		return image.Digest{}, err
	}
	defer stream.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, io.LimitReader(stream, layer.Size+1)); err != nil {
		return image.Digest{}, err
	}
	return image.DigestFromSum([sha256.Size]byte(sum.Sum(nil))), nil
}

// compareEvidence looks for evidence of each locked predicate type. That some is there does not
// make up for some that could not be read.
func (c *comparer) compareEvidence(ctx context.Context) error {
	reading, err := Read(ctx, c.repository, Subject{Digest: c.locked.Digest})
	if err != nil {
		return err
	}
	for _, p := range reading.Problems {
		if p.Kind == ForAnother {
			c.find(EvidenceForAnother, p.Digest, "%s", p.Why)
		} else {
			c.unknown("evidence %s %s: %s", p.Kind, p.Digest, p.Why)
		}
	}
	for _, predicate := range c.locked.Evidence {
		if there, accepted := c.count(ctx, reading, predicate); accepted == 0 && reading.Complete() {
			c.find(EvidenceMissing, c.locked.Digest, "there is no evidence of type %s that counts (%d found)", predicate, there)
		}
	}
	return nil
}

// count returns how much evidence of a type is there, and how much of it counts.
func (c *comparer) count(ctx context.Context, reading Reading, predicate string) (there, accepted int) {
	for _, found := range reading.Evidence {
		if found.Subject != c.locked.Digest || found.PredicateType != predicate {
			continue
		}
		there++
		if c.verifier == nil {
			accepted++
			continue
		}
		verified, err := c.verifier.Verify(ctx, found)
		if err == nil && len(verified.Signers) > 0 && (predicate == SimpleSigningType || verified.Statement.PredicateType == predicate) {
			accepted++
		}
	}
	return there, accepted
}
