package ship

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
)

// Subject is what evidence is asked for.
type Subject struct {
	Digest image.Digest
	// Index, if known, is the index that lists the digest: BuildKit's attestations lie there.
	Index image.Digest
}

// Found is a piece of evidence as it lies at a registry. Only digests are verified.
type Found struct {
	Layout  evidence.Layout
	Digest  image.Digest // of Content
	Subject image.Digest // what it was found beside: for BuildKit's, the platform's manifest
	// PredicateType is what the content says of itself, or else what is said beside it;
	// SimpleSigningType for a simple-signing signature.
	PredicateType string
	Content       []byte
	// Annotations are the manifest's for a bundle, else the layer's: where cosign's signature is.
	Annotations map[string]string
}

// ProblemKind says what is wrong with something that was said to be evidence.
type ProblemKind string

// The kinds of problems.
const (
	ForAnother  ProblemKind = "for-another-digest" // it names another subject: no evidence for this one
	Altered     ProblemKind = "altered"            // the bytes do not have the digest
	Absent      ProblemKind = "absent"             // it is listed, and not there
	Malformed   ProblemKind = "malformed"          // it cannot be understood
	TooLarge    ProblemKind = "too-large"          // it is longer than MaxEvidence
	NotLookedAt ProblemKind = "not-looked-at"      // there were too many, or too much
)

// Problem is something that was said to be evidence, and was not, or was not read.
type Problem struct {
	Kind   ProblemKind
	Digest image.Digest // of what it is about; zero for a list
	Count  int          // how many it is about
	Why    string
}

// Reading is all evidence that was found for a subject, in the order of layout, predicate type and
// digest.
type Reading struct {
	Evidence []Found
	Problems []Problem
	// Unread is what nothing here can read, by the word of whoever lists it: manifests without
	// their content, in the order of their digests. It is to be shown, and never counts.
	Unread []Found

	ended bool // all places were looked at
}

// Complete tells whether all that was said to be evidence for the subject was read. If not, what
// is not known may matter, so an incomplete reading is never a pass; and none at all is incomplete.
func (r Reading) Complete() bool {
	return r.ended && !slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Kind != ForAnother })
}

// Read finds the evidence for a digest: bundles among its referrers and under the fallback tag,
// signatures and attestations under cosign's tags, and BuildKit's attestations in the index. It
// fails if the registry does; what is wrong with one piece is a problem of the reading.
func Read(ctx context.Context, repository *registry.Repository, subject Subject) (Reading, error) {
	r := &reader{repository: repository, subject: subject, left: maxTotal}
	for _, source := range []func(context.Context) error{r.children, r.referrers, r.signatures, r.attestations} {
		if err := source(ctx); err != nil {
			return Reading{}, fmt.Errorf("reading evidence for %s@%s: %w", repository.Name(), subject.Digest, err)
		}
	}
	slices.SortFunc(r.found.Evidence, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Layout, b.Layout), cmp.Compare(a.PredicateType, b.PredicateType),
			cmp.Compare(a.Subject.Hex(), b.Subject.Hex()), cmp.Compare(a.Digest.Hex(), b.Digest.Hex()), cmp.Compare(a.Annotations[annotationSignature], b.Annotations[annotationSignature]))
	})
	slices.SortFunc(r.found.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Digest.Hex(), b.Digest.Hex()), cmp.Compare(a.Why, b.Why))
	})
	slices.SortFunc(r.found.Unread, func(a, b Found) int { return cmp.Compare(a.Digest.Hex(), b.Digest.Hex()) })
	r.found.ended = true
	return r.found, nil
}

// reader holds what is left of the bounds.
type reader struct {
	repository *registry.Repository
	subject    Subject
	looked     int
	left       int64
	found      Reading
}

func (r *reader) problem(kind ProblemKind, digest image.Digest, format string, arguments ...any) {
	const longest = 500 // a registry's own words may be in it
	why := fmt.Sprintf(format, arguments...)
	r.found.Problems = append(r.found.Problems, Problem{kind, digest, 1, strings.ToValidUTF8(why[:min(len(why), longest)], "")})
}

// look counts one more thing that is looked at; it says no once there were too many.
func (r *reader) look() bool {
	r.looked++
	return r.looked <= maxDescriptors
}

// beyond notes how many things were not looked at.
func (r *reader) beyond(count int, what string) {
	if count > 0 {
		r.found.Problems = append(r.found.Problems, Problem{Kind: NotLookedAt, Count: count,
			Why: fmt.Sprintf("of %s, %d are more than the %d that are looked at for one image", what, count, maxDescriptors)})
	}
}

// document fetches a manifest by tag or digest. Where there is none, or none that can be used, it
// says no; what is listed and absent is a problem, and a tag that is absent is not.
func (r *reader) document(ctx context.Context, reference string, listed bool) (document, image.Digest, bool, error) {
	named, _ := image.ParseDigest(reference)
	if r.left <= 0 {
		r.problem(NotLookedAt, named, "before %s, %d MiB were read for one image", reference, maxTotal>>20)
		return document{}, named, false, nil
	}
	found, err := r.repository.Document(ctx, reference, min(maxManifest, r.left))
	r.left -= found.Size // of what was read, also if that was too much or altered
	if err == nil {
		parsed, err := parseDocument(found.Content, "manifest "+reference)
		if err != nil {
			r.problem(Malformed, found.Digest, "%v", err)
		}
		return parsed, found.Digest, err == nil, nil
	}
	if errors.Is(err, fs.ErrNotExist) && !listed {
		return document{}, named, false, nil
	}
	return document{}, named, false, r.classify(named, err)
}

// classify makes a problem of what is wrong with one thing, and returns other errors.
func (r *reader) classify(digest image.Digest, err error) error {
	var altered *image.DigestError
	var another *image.LengthError
	var long *registry.TooLongError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.problem(Absent, digest, "it is listed, and the registry does not have it: %v", err)
	case errors.As(err, &altered), errors.As(err, &another):
		r.problem(Altered, digest, "%v", err)
	case errors.As(err, &long) && long.Limit < maxManifest:
		r.problem(NotLookedAt, digest, "with it, more than %d MiB would be read for one image", maxTotal>>20)
	case errors.As(err, &long):
		r.problem(TooLarge, digest, "%v", err)
	default:
		return err
	}
	return nil
}

// content fetches evidence. Where it cannot be had, it notes why and says no.
func (r *reader) content(ctx context.Context, d image.Descriptor) ([]byte, bool, error) {
	switch {
	case d.Size > MaxEvidence:
		r.problem(TooLarge, d.Digest, "it is said to have %d bytes, and %d are the most that is read", d.Size, MaxEvidence)
		return nil, false, nil
	case d.Size > r.left:
		r.problem(NotLookedAt, d.Digest, "with it, more than %d MiB would be read for one image", maxTotal>>20)
		return nil, false, nil
	}
	r.left -= d.Size
	content, err := r.repository.Blob(ctx, d)
	if err != nil {
		return nil, false, r.classify(d.Digest, err)
	}
	return content, true, nil
}

// add takes in evidence, unless what it says of itself is about something else.
func (r *reader) add(f Found) {
	said := claimOf(f.Layout, f.Content)
	if len(said.subjects) > 0 && !slices.Contains(said.subjects, f.Subject) {
		r.problem(ForAnother, f.Digest, "it says that it is about %s, and lies beside %s", said.subjects[0], f.Subject)
		return
	}
	if said.predicateType != "" {
		f.PredicateType = said.predicateType
	}
	r.found.Evidence = append(r.found.Evidence, f)
}

// referrers reads the bundles that refer to the subject. Both lists are read: a registry that
// learnt to list referrers does not always list those of before.
func (r *reader) referrers(ctx context.Context) error {
	const list = "its referrers"
	listed, err := r.repository.Referrers(ctx, r.subject.Digest, BundleType)
	if err == nil {
		err = r.notation(ctx)
	}
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if listed.Cut != "" {
		r.problem(NotLookedAt, image.Digest{}, "%s", listed.Cut)
	}
	tagged, _, found, err := r.fallback(ctx)
	if err != nil {
		return err
	}
	candidates := listed.Descriptors
	if found {
		candidates = append(candidates, tagged.Manifests...)
		r.unread(tagged.Manifests)
	}
	candidates = newestFirst(candidates)
	for i, d := range candidates {
		if !r.look() {
			r.beyond(len(candidates)-i, list)
			return nil
		}
		if err := r.bundle(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// notation notes the Notary Project signatures that the registry lists.
func (r *reader) notation(ctx context.Context) error {
	listed, err := r.repository.Referrers(ctx, r.subject.Digest, NotationType)
	r.unread(listed.Descriptors)
	return err
}

// unread notes those of a list that nothing here can read, each once. None is fetched: there may
// be any number, and none of them may be what makes a reading incomplete.
func (r *reader) unread(listed []image.Descriptor) {
	for _, d := range listed {
		known := slices.ContainsFunc(r.found.Unread, func(f Found) bool { return f.Digest == d.Digest })
		if d.ArtifactType == NotationType && !known && len(r.found.Unread) < maxDescriptors {
			r.found.Unread = append(r.found.Unread, Found{Layout: evidence.NotationReferrer, Digest: d.Digest, Subject: r.subject.Digest, PredicateType: NotationType})
		}
	}
}

// fallback reads the index under the fallback tag, if there is one.
func (r *reader) fallback(ctx context.Context) (document, image.Digest, bool, error) {
	tagged, digest, found, err := r.document(ctx, fallbackTag(r.subject.Digest), false)
	if err != nil || !found || digest == r.subject.Digest { // GitLab: see attacher.readFallback
		return document{}, digest, false, err
	}
	if !tagged.isIndex() {
		r.problem(Malformed, digest, "the tag %s holds no index", fallbackTag(r.subject.Digest))
		return document{}, digest, false, nil
	}
	return tagged, digest, true, nil
}

// newestFirst leaves those that may be bundles, each once, the newest first as far as is told.
// The types that lists state are not always the manifests': go-containerregistry's and some
// writers of fallback tags state the configuration's (cosign issue 4641).
func newestFirst(listed []image.Descriptor) []image.Descriptor {
	seen := map[image.Digest]bool{}
	candidates := slices.DeleteFunc(slices.Clone(listed), func(d image.Descriptor) bool {
		mayBe := d.ArtifactType == BundleType || d.ArtifactType == "" || d.ArtifactType == emptyType
		other := !mayBe || seen[d.Digest]
		seen[d.Digest] = seen[d.Digest] || mayBe
		return other
	})
	created := func(d image.Descriptor) time.Time {
		told, _ := time.Parse(time.RFC3339, d.Annotations[annotationCreated]) // else the oldest of all
		return told
	}
	slices.SortStableFunc(candidates, func(a, b image.Descriptor) int {
		return cmp.Or(created(b).Compare(created(a)), cmp.Compare(a.Digest.Hex(), b.Digest.Hex()))
	})
	return candidates
}

// bundle reads one referrer, whose manifest says what it is, and of what.
func (r *reader) bundle(ctx context.Context, d image.Descriptor) error {
	manifest, digest, ok, err := r.document(ctx, d.Digest.String(), true)
	if err != nil || !ok {
		return err
	}
	if d.ArtifactType = manifest.kind(); d.ArtifactType != BundleType {
		r.unread([]image.Descriptor{d})
		return nil
	}
	switch {
	case manifest.Subject == nil:
		r.problem(ForAnother, digest, "it is listed for %s, and its manifest names no subject", r.subject.Digest)
		return nil
	case manifest.Subject.Digest != r.subject.Digest:
		r.problem(ForAnother, digest, "it is listed for %s, and its manifest names %s", r.subject.Digest, manifest.Subject.Digest)
		return nil
	case len(manifest.Layers) != 1 || manifest.Layers[0].MediaType != BundleType:
		r.problem(Malformed, digest, "a bundle's manifest has one layer, of type %s", BundleType)
		return nil
	}
	content, ok, err := r.content(ctx, manifest.Layers[0])
	if err == nil && ok {
		r.add(Found{Layout: evidence.BundleReferrer, Digest: manifest.Layers[0].Digest, Subject: r.subject.Digest,
			PredicateType: manifest.Annotations[annotationPredicateType], Content: content, Annotations: manifest.Annotations})
	}
	return err
}
