package ship

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/internal/strictyaml"
)

const (
	lockVersion = "plimsoll.dev/v1"
	lockKind    = "Lock"
	// maxLock is how long a lock file may be, and maxLocked how many images it may name.
	maxLock   = 4 << 20
	maxLocked = 10_000
)

// LockFile says what a registry should have.
type LockFile struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Images     []Locked `yaml:"images"`
}

// Locked is one image of a lock file.
type Locked struct {
	// Image is a name with a tag, which has to stand for Digest, or a name with Digest itself.
	Image  string       `yaml:"image"`
	Digest image.Digest `yaml:"digest"`
	// Manifests are those of an index that have to be there.
	Manifests []image.Digest `yaml:"manifests,omitempty,flow"`
	// Layers, if any are named, are fetched as a whole to see whether their bytes are the same.
	Layers []image.Digest `yaml:"layers,omitempty,flow"`
	// Evidence lists the predicate types that there has to be evidence of for Digest.
	Evidence []string `yaml:"evidence,omitempty"`
}

// ParseLock reads a lock file, in YAML or in JSON, which is YAML, too; the name is for messages.
// What is not known in it is an error, as is what two readers could understand in two ways; and so
// is a file that names no image, since everything would hold against it.
func ParseLock(name string, content []byte) (LockFile, error) {
	d := lockDecoder{strictyaml.New(name, strictyaml.Language{Name: "a lock file", Levels: "five", Keys: "docs/contract.md", MaxSize: maxLock})}
	file := LockFile{APIVersion: lockVersion, Kind: lockKind}
	d.Document(content, func(root *yaml.Node) {
		d.Mapping(root, d.Top(),
			strictyaml.Required("apiVersion", func(n *yaml.Node, what string) { d.Choice(n, what, lockVersion) }),
			strictyaml.Required("kind", func(n *yaml.Node, what string) { d.Choice(n, what, lockKind) }),
			strictyaml.Required("images", func(n *yaml.Node, what string) { d.images(n, what, &file) }))
	})
	if err := d.Err(); err != nil {
		return LockFile{}, err
	}
	return file, nil
}

type lockDecoder struct{ *strictyaml.Decoder }

func (d lockDecoder) images(n *yaml.Node, what string, into *LockFile) {
	lines := map[string]int{}
	d.List(n, what, maxLocked, func(n *yaml.Node, what string) {
		locked, clean := d.image(n, what), d.Clean()
		into.Images = append(into.Images, locked)
		if err := locked.check(); clean && err != nil {
			d.Problem(n, "image %s: %v", strictyaml.Quote(locked.Image), err)
		}
		if line, twice := lines[locked.Image]; clean && twice {
			d.Problem(n, "image %s stands already in line %d; keep one of them", strictyaml.Quote(locked.Image), line)
		}
		lines[locked.Image] = n.Line
	})
}

func (d lockDecoder) image(n *yaml.Node, what string) (l Locked) {
	digests := func(into *[]image.Digest) func(*yaml.Node, string) {
		return func(n *yaml.Node, what string) {
			d.List(n, what, maxLocked, func(n *yaml.Node, what string) {
				var digest image.Digest
				d.Value(n, what, &digest)
				*into = append(*into, digest)
			})
		}
	}
	d.Mapping(n, what,
		strictyaml.Required("image", func(n *yaml.Node, what string) { l.Image, _ = d.Word(n, what) }),
		strictyaml.Required("digest", func(n *yaml.Node, what string) { d.Value(n, what, &l.Digest) }),
		strictyaml.Optional("manifests", digests(&l.Manifests)), strictyaml.Optional("layers", digests(&l.Layers)),
		strictyaml.Optional("evidence", func(n *yaml.Node, what string) {
			d.List(n, what, maxLocked, func(n *yaml.Node, what string) {
				predicate, _ := d.Word(n, what)
				l.Evidence = append(l.Evidence, predicate)
			})
		}))
	return l
}

func (f LockFile) check() error {
	switch {
	case f.APIVersion != lockVersion || f.Kind != lockKind:
		return fmt.Errorf("it says apiVersion %.80q and kind %.80q: want %q and %q", f.APIVersion, f.Kind, lockVersion, lockKind)
	case len(f.Images) == 0:
		return errors.New("it names no image: add at least one")
	case len(f.Images) > maxLocked:
		return fmt.Errorf("it names %d images, and may name %d: split it", len(f.Images), maxLocked)
	}
	seen := map[string]bool{}
	for i, locked := range f.Images {
		if err := locked.check(); err != nil {
			return fmt.Errorf("image %d, %.300q: %w", i+1, locked.Image, err)
		}
		if seen[locked.Image] {
			return fmt.Errorf("image %d, %.300q, is there twice: keep one", i+1, locked.Image)
		}
		seen[locked.Image] = true
	}
	return nil
}

func (l Locked) check() error {
	_, identifier, err := registry.Split(l.Image)
	if err != nil {
		return err
	}
	digests := slices.Concat([]image.Digest{l.Digest}, l.Manifests, l.Layers)
	switch {
	case slices.ContainsFunc(digests, image.Digest.IsZero):
		return errors.New("a digest is missing: write sha256: and 64 hexadecimal digits")
	case strings.Contains(identifier, ":") && identifier != l.Digest.String():
		return errors.New("the name's digest is another than the one that is locked")
	case slices.Contains(l.Evidence, ""):
		return errors.New("a predicate type is empty")
	}
	return nil
}

// Encode writes a lock file as YAML, its images sorted by name.
func (f LockFile) Encode() ([]byte, error) {
	f.APIVersion, f.Kind = lockVersion, lockKind
	f.Images = slices.Clone(f.Images)
	slices.SortFunc(f.Images, func(a, b Locked) int { return cmp.Compare(a.Image, b.Image) })
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("writing a lock file: %w", err)
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(f), encoder.Close()); err != nil {
		return nil, fmt.Errorf("writing a lock file: %w", err)
	}
	return text.Bytes(), nil
}

// Open finds a repository by its name; the caller knows credentials and whom to trust. Whoever
// opens it closes it.
type Open func(ctx context.Context, repository string) (*registry.Repository, error)

// LockOptions say what a lock file is to hold beside digests.
type LockOptions struct {
	// Layers lists the layers of each image, so that their bytes are compared later: all of them
	// are then fetched each time.
	Layers bool
}

// Lock writes down what a registry has now for each of the names: digests, an index's manifests,
// and the predicate types of the evidence. Nothing of that is verified but digests, so what is
// locked has to be looked at first. It fails if anything cannot be read to its end.
func Lock(ctx context.Context, open Open, references []string, options LockOptions) (LockFile, error) {
	file := LockFile{APIVersion: lockVersion, Kind: lockKind}
	references = slices.Clone(references)
	slices.Sort(references)
	for _, reference := range slices.Compact(references) {
		locked, err := lockOne(ctx, open, reference, options)
		if err != nil {
			return LockFile{}, fmt.Errorf("locking %.300s: %w", reference, err)
		}
		file.Images = append(file.Images, locked)
	}
	return file, file.check()
}

func lockOne(ctx context.Context, open Open, reference string, options LockOptions) (locked Locked, err error) {
	name, identifier, err := registry.Split(reference)
	if err != nil {
		return Locked{}, err
	}
	repository, err := open(ctx, name)
	if err != nil {
		return Locked{}, err
	}
	defer func() { err = errors.Join(err, repository.Close()) }()
	root, err := repository.Document(ctx, identifier, image.MaxDocument)
	if err != nil {
		return Locked{}, err
	}
	locked = Locked{Image: reference, Digest: root.Digest}
	if locked.Manifests, locked.Layers, err = contents(ctx, repository, root); err != nil {
		return Locked{}, err
	}
	if !options.Layers {
		locked.Layers = nil
	}
	reading, err := Read(ctx, repository, Subject{Digest: root.Digest})
	if err != nil {
		return Locked{}, err
	}
	if !reading.Complete() {
		return Locked{}, fmt.Errorf("its evidence cannot be read to the end: %s", reading.incompleteWhy())
	}
	for _, found := range reading.Evidence {
		if found.Subject == root.Digest && found.PredicateType != "" {
			locked.Evidence = append(locked.Evidence, found.PredicateType)
		}
	}
	slices.Sort(locked.Evidence)
	locked.Evidence = slices.Compact(locked.Evidence)
	return locked, nil
}

// incompleteWhy names the first reason why a reading is incomplete.
func (r Reading) incompleteWhy() string {
	for _, p := range r.Problems {
		if p.Kind != ForAnother {
			return fmt.Sprintf("%s %s: %s", p.Kind, p.Digest, p.Why)
		}
	}
	return ""
}

// contents lists the manifests and layers below a document, each once, in its order. Manifests
// that an index lists and the registry does not have are left out: some are sparse.
func contents(ctx context.Context, repository *registry.Repository, root registry.Document) (manifests, layers []image.Digest, err error) {
	parsed, err := parseDocument(root.Content, "document "+root.Digest.String())
	if err != nil {
		return nil, nil, err
	}
	all := parsed.Layers
	for _, child := range parsed.Manifests {
		found, below, err := manifestOf(ctx, repository, child.Digest)
		if err != nil {
			return nil, nil, err
		}
		if found {
			manifests, all = append(manifests, child.Digest), append(all, below.Layers...)
		}
	}
	for _, d := range all {
		if !slices.Contains(layers, d.Digest) {
			layers = append(layers, d.Digest)
		}
	}
	return manifests, layers, nil
}
