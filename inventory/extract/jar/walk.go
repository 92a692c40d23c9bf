package jar

import (
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// errNoLocal reports an entry without a header of its own.
var errNoLocal = errors.New("there is no file where its directory says")

// walk goes through an archive and those in it.
type walk struct {
	ctx      context.Context
	failed   error // the first failure to read the file: then nothing that was seen counts
	left     *budget
	memory   int64 // bytes that archives may still be inflated to without a temporary file
	inflater io.ReadCloser
	buffer   []byte // for local headers

	packages     []record.Package
	unidentified record.Tally
	unreadable   record.Tally
	ambiguous    record.Tally
	malformed    record.Tally
	beyond       record.Tally
	unversioned  record.Tally // and listed all the same
}

// archive is one archive: the file itself, or one in it.
type archive struct {
	at     io.ReaderAt
	size   int64
	inside string // "" for the file itself
	depth  int
}

func newWalk(ctx context.Context, l limits) *walk {
	return &walk{ctx: ctx, left: &budget{limits: l}, memory: l.memory,
		inflater: flate.NewReader(strings.NewReader("")), buffer: make([]byte, localSize+record.MaxText)}
}

// contents is what was found.
func (w *walk) contents() record.Contents {
	c := record.Contents{Packages: w.packages}
	for _, seen := range [...]struct {
		tally *record.Tally
		code  string
	}{
		{&w.unidentified, record.UnidentifiedJar}, {&w.unreadable, record.UnreadableArchive},
		{&w.ambiguous, record.AmbiguousArchive}, {&w.malformed, record.MalformedEntry}, {&w.beyond, record.ArchiveLimit},
	} {
		c.Gaps = seen.tally.AppendTo(c.Gaps, seen.code)
	}
	incomplete := len(c.Gaps)
	c.Gaps = w.unversioned.AppendTo(c.Gaps, record.UnversionedPackage)
	for i := range c.Gaps[incomplete:] {
		c.Gaps[incomplete+i].Complete = true
	}
	return c
}

// archive reads one archive and those in it. An error ends the walk: it is one of this machine or
// this run, and what is wrong with the content is a gap.
func (w *walk) archive(a archive) (evidence, error) {
	if err := w.ctx.Err(); err != nil {
		return evidence{}, err
	}
	d, err := readDirectory(a.at, a.size, w.left)
	if err != nil {
		w.note(a, "", err)
		return evidence{}, w.failed
	}
	if d.ambiguous != "" {
		w.ambiguous.Add("%s%s", a.prefix(""), d.ambiguous)
	}
	e, nested, err := w.files(a, &d)
	if err != nil {
		return e, err
	}
	for _, n := range nested {
		if err := w.nested(a, n); err != nil {
			return e, err
		}
	}
	return e, nil
}

// files looks at an archive's files: what it says of itself, and the archives in it.
func (w *walk) files(a archive, d *directory) (evidence, []part, error) {
	var e evidence
	var nested []part
	seen := make(seenTwice, len(d.entries))
	for i := range d.entries {
		f := &d.entries[i]
		if len(f.name) > record.MaxText {
			w.beyond.Add("%sa file's name has more than %d bytes", a.prefix(""), record.MaxText)
			continue
		}
		l, err := d.readLocal(a.at, f, w.buffer)
		if err == nil && l.at > a.size-f.packed {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			w.note(a, f.name, err)
			continue
		}
		if l.ambiguous != "" {
			w.ambiguous.Add("%sits %s is not the same in the directory", a.prefix(f.name), l.ambiguous)
		}
		if seen.add(f) {
			w.ambiguous.Add("%sit is there twice", a.prefix(f.name))
		}
		switch p := (part{*f, io.NewSectionReader(a.at, l.at, f.packed)}); {
		case isManifest(f.name):
			w.manifest(a, p, &e)
		case isPom(f.name):
			w.pom(a, p)
		case isArchive(f.name):
			p.name = strings.Clone(p.name) // so that the directory's memory is free while these are read
			nested = append(nested, p)
		}
		if w.failed != nil {
			return e, nil, w.failed
		}
	}
	e.classes, e.folder = code(d.entries)
	return e, nested, nil
}

// part is an entry and its content as it is stored.
type part struct {
	entry
	content *io.SectionReader
}

// manifest reads an archive's manifest; the first counts.
func (w *walk) manifest(a archive, p part, e *evidence) {
	content, err := w.read(p, maxManifest, true)
	if err != nil {
		w.note(a, p.name, err)
		return
	}
	if !e.hasManifest {
		*e = parseManifest(content)
	}
}

// pom reads the properties that Maven leaves of an artifact.
func (w *walk) pom(a archive, p part) {
	content, err := w.read(p, maxPomSize, false)
	if err != nil {
		w.note(a, p.name, err)
		return
	}
	pkg, err := parsePom(p.name, content)
	if err != nil {
		w.malformed.Add("%s%v", a.prefix(p.name), err)
		return
	}
	if pkg.Version == "" {
		w.unversioned.Add("%sno version is stated", a.prefix(p.name))
	}
	pkg.Inside = a.inside
	w.add(pkg)
}

func (w *walk) add(p record.Package) {
	if len(w.packages) == maxPackages {
		w.beyond.Add("more than %d packages", maxPackages)
		return
	}
	w.packages = append(w.packages, p)
}

// nested reads an archive in an archive.
func (w *walk) nested(outer archive, p part) error {
	inner := archive{size: p.size, inside: p.name, depth: outer.depth + 1}
	if outer.inside != "" {
		inner.inside = record.Within(outer.inside, p.name)
	}
	switch {
	case inner.depth > maxDepth:
		w.beyond.Add("%s is more than %d archives deep", inner.inside, maxDepth)
		return nil
	case len(inner.inside) > record.MaxText:
		w.beyond.Add("%.100s…: its path has more than %d bytes", inner.inside, record.MaxText)
		return nil
	}
	content, err := w.open(p)
	if err != nil {
		w.note(outer, p.name, err)
		return w.failed
	}
	defer content.close()
	inner.at = content
	first := len(w.packages)
	e, err := w.archive(inner)
	if err != nil {
		return err
	}
	pkg, missed := e.identify(base(p.name), ownOf(w.packages[first:], inner.inside))
	if pkg.Name != "" {
		pkg.Inside = inner.inside
		w.add(pkg)
	}
	if missed != "" {
		w.unidentified.Add("%s: %s", inner.inside, missed)
	}
	return nil
}

// note records what is wrong with an archive, or with a file in it.
func (w *walk) note(a archive, name string, err error) {
	switch limit := (*limitError)(nil); {
	case errors.As(err, &limit):
		w.beyond.Add("%s%v", a.prefix(name), err)
	case errors.Is(err, errNoArchive) && !startsAsZip(a.at):
		// a text, a picture: no archive, whatever its name
	default:
		w.unreadable.Add("%s%v", a.prefix(name), err)
	}
}

// prefix names an archive, or a file in it, in front of what is said of it.
func (a archive) prefix(name string) string {
	switch {
	case name == "" && a.inside == "":
		return ""
	case name == "":
		return a.inside + ": "
	case a.inside == "":
		return name + ": "
	}
	return record.Within(a.inside, name) + ": "
}

// startsAsZip tells whether content begins as a zip does. Without an end it is a damaged one.
func startsAsZip(r io.ReaderAt) bool {
	var signature [len(localSignature)]byte
	return readFull(r, signature[:], 0) == nil && string(signature[:]) == localSignature
}

// ownOf returns the packages that an archive names itself to be, or to hold copies of.
func ownOf(packages []record.Package, inside string) []record.Package {
	var own []record.Package
	for _, p := range packages {
		if p.Inside == inside {
			own = append(own, p)
		}
	}
	return own
}

// errKept reports that an archive's content could not be kept on this machine.
func errKept(size int64, err error) error {
	return fmt.Errorf("keep an archive of %d bytes that lies in another: %w: set TMPDIR to a folder with room", size, err)
}
