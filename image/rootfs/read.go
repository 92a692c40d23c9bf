package rootfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"golang.org/x/sync/errgroup"

	"plimsoll.dev/plimsoll/image"
)

// LayerIndex is what one pass over a layer found: all its entries, with what the visitors made
// of their content. It depends on the layer, the visitors and the limits alone, never on other
// layers, and can therefore be cached with DiffID as its key (Encode).
type LayerIndex struct {
	// Digest is that of the stored bytes, DiffID that of the tar; each is verified if the layer
	// states it.
	Digest, DiffID image.Digest
	// Stored and Inflated count the bytes on either side of the decoder.
	Stored, Inflated int64
	// Entries stand in the order of the tar.
	Entries []Entry
	// Problems are entries that no runtime could or would create, and names that had to be
	// cleaned. Their Layer is 0: an index does not know its place.
	Problems []Problem
}

// Problem is something wrong with an entry that does not make the layer unreadable.
type Problem struct {
	Path  string
	Layer int // index of the layer in the image
	Why   string
}

// maxProblems is how many problems are kept of a layer, and of a tree: enough to show that, and
// how, an image is odd.
const maxProblems = 1000

// Read reads a layer once, to the end of the stored bytes and of the tar, and verifies both
// digests. It fails with *image.DigestError if one does not hold and *LimitError if a limit is
// passed; other errors name the layer. Every goroutine it starts ends before it returns.
func Read(ctx context.Context, layer image.Layer, opts Options) (*LayerIndex, error) {
	return read(ctx, layer, opts, nil)
}

// Reread reads a layer again and gives the wanted regular files to every one of opts.Visitors,
// without asking Wants, as if it had said Random. Of several entries with one path the last one
// counts. It verifies as Read does.
func Reread(ctx context.Context, layer image.Layer, opts Options, want func(e *Entry) bool) (map[string][]Result, error) {
	opts.Hash = nil
	results := map[string][]Result{}
	index, err := read(ctx, layer, opts, want)
	if err != nil {
		return nil, err
	}
	for i := range index.Entries {
		if e := &index.Entries[i]; e.Kind == Regular && want(e) {
			results[e.Path] = e.Results
		}
	}
	return results, nil
}

func read(ctx context.Context, layer image.Layer, opts Options, only func(*Entry) bool) (*LayerIndex, error) {
	opts.Limits = opts.Limits.orDefault()
	if opts.Memory == nil {
		opts.Memory = NewBudget(DefaultMemory)
	}
	running, cancel := context.WithCancel(ctx)
	producer := newProducer(layer, opts)
	var group errgroup.Group
	group.Go(func() error {
		producer.run(running) // its error comes through the stream, in order
		return nil
	})
	stream := newStream(running, producer)
	index := &LayerIndex{}
	w := &walker{ctx: ctx, name: layerName(layer), opts: opts, only: only, index: index}
	w.tar.stream = stream
	err := w.layer(layer.DiffID)
	cancel()
	_ = group.Wait()
	if err != nil {
		return nil, explain(layer, err)
	}
	index.Stored, index.Digest = producer.stored, producer.digest
	index.Inflated, index.DiffID = stream.offset, sum(stream.hash)
	return index, nil
}

// explain puts the layer's name before an error that does not begin with it.
func explain(layer image.Layer, err error) error {
	var digest *image.DigestError
	var limit *LimitError
	if errors.As(err, &digest) || errors.As(err, &limit) {
		return err
	}
	return fmt.Errorf("read %s: %w", layerName(layer), err)
}

// orDefault puts the default for each limit that is not set.
func (l Limits) orDefault() Limits {
	defaults := DefaultLimits()
	if l.Entries <= 0 {
		l.Entries = defaults.Entries
	}
	if l.Inflated <= 0 {
		l.Inflated = defaults.Inflated
	}
	if l.FileSize <= 0 {
		l.FileSize = defaults.FileSize
	}
	l.Inflated = min(l.Inflated, math.MaxInt64/4)
	return l
}

// walker turns a stream into an index.
type walker struct {
	ctx     context.Context
	name    string
	opts    Options
	only    func(*Entry) bool // set by Reread
	tar     tarReader
	index   *LayerIndex
	headers int64
	wants   []Want
	holes   int64 // bytes that sparse files have and the tar does not
}

// layer walks to the end of the tar and of the stream, and checks the tar's digest. If the tar
// is damaged, a digest that does not hold is the better explanation, so the rest is read.
func (w *walker) layer(diffID image.Digest) error {
	walkErr := w.walk()
	if walkErr != nil && !errors.Is(walkErr, errFormat) {
		return walkErr
	}
	if err := w.tar.stream.drain(); err != nil {
		return err
	}
	if got := sum(w.tar.stream.hash); !diffID.IsZero() && got != diffID {
		return &image.DigestError{What: w.name + " (uncompressed)", Want: diffID, Got: got}
	}
	return walkErr
}

func (w *walker) walk() error {
	for {
		h, err := w.tar.read(w.count)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = w.entry(h)
		}
		if err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) && w.tar.stream.failed() == nil {
				return fmt.Errorf("%w: it ends in the middle of an entry: %w", errFormat, err)
			}
			return err
		}
	}
}

func (w *walker) count() error {
	if w.headers++; w.headers > w.opts.Limits.Entries {
		return &LimitError{What: w.name, Limit: w.opts.Limits.Entries, Unit: "entries", Flag: "--max-entries"}
	}
	return nil
}

func (w *walker) problem(path, why string) {
	w.index.Problems = addProblem(w.index.Problems, Problem{Path: path, Why: why})
}

// addProblem keeps the first maxProblems.
func addProblem(problems []Problem, p Problem) []Problem {
	switch {
	case len(problems) < maxProblems:
		return append(problems, p)
	case len(problems) == maxProblems:
		return append(problems, Problem{Layer: p.Layer, Why: fmt.Sprintf("more than %d problems; the rest is left out", maxProblems)})
	}
	return problems
}

// entry takes in one entry.
func (w *walker) entry(h *header) error {
	body, err := w.body(h)
	if err != nil {
		return err
	}
	path, escaped := cleanPath(h.name)
	if escaped {
		w.problem(path, "name leaves the root; taken as a path below it")
	}
	if why := impossible(path); why != "" {
		w.problem(path[:min(len(path), maxName)], why)
		return nil
	}
	target, kind, ignored, why := mark(path)
	switch {
	case ignored:
		return nil
	case why != "":
		w.problem(path, why)
		return nil
	case kind != 0:
		w.add(Entry{Path: target, Kind: kind})
		return nil
	case path == "":
		return nil // the root itself: what is said of it has no content
	}
	e := Entry{Path: path, Mode: uint32(h.mode) & 0o7777}
	switch h.typeflag {
	case '0', '7', 'S': // 7 is "contiguous", a regular file where that means nothing (POSIX)
		e.Kind, e.Size = Regular, body.left
		return w.regular(e, body)
	case '1':
		e.Kind = Hardlink
		e.Link, _ = cleanPath(h.link)
	case '2':
		e.Kind, e.Link = Symlink, h.link
	case '3', '4', '6':
		e.Kind = Device
	case '5':
		e.Kind = Directory
	default:
		w.problem(path, fmt.Sprintf("entry of unknown type %q", h.typeflag))
		return nil
	}
	if len(h.link) >= maxPath {
		w.problem(path, "link target of more than 4095 bytes")
		return nil
	}
	w.add(e)
	return nil
}

func (w *walker) add(e Entry) { w.index.Entries = append(w.index.Entries, e) }
