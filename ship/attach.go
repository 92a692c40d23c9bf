package ship

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
)

// Bundle is a Sigstore bundle to attach.
type Bundle struct {
	Content       []byte    // at most MaxEvidence bytes
	PredicateType string    // of the statement in it
	Created       time.Time // equal times make equal manifests
}

// Attached says where a bundle lies.
type Attached struct {
	Subject  image.Digest // what it was attached to
	Manifest image.Digest // of the referrer that holds it
	// Tag is the fallback tag that lists the referrer; empty if the registry lists it itself.
	Tag string
}

// Attach stores each bundle as a referrer (OCI image-spec v1.1) of each subject, which have to be
// in the repository: usually an index and its manifests, since a gate may know an image by either
// digest. A registry that does not list referrers has a tag that does; others may write it at the
// same time, so it is read again, merged and checked. To attach the same twice changes nothing.
//
// On an error, what it returns beside it was attached.
func Attach(ctx context.Context, repository *registry.Repository, subjects []image.Digest, bundles []Bundle) ([]Attached, error) {
	a := attacher{repository: repository, least: 50 * time.Millisecond, most: 2 * time.Second}
	return a.attach(ctx, subjects, bundles)
}

type attacher struct {
	repository *registry.Repository
	// least and most bound how long after writing a list is looked at once more.
	least, most time.Duration
}

func (a attacher) attach(ctx context.Context, subjects []image.Digest, bundles []Bundle) ([]Attached, error) {
	if len(subjects) == 0 || len(bundles) == 0 {
		return nil, errors.New("nothing to attach, or nothing to attach it to: name at least one of each")
	}
	for _, b := range bundles {
		if err := b.check(subjects); err != nil {
			return nil, err
		}
	}
	var attached []Attached
	for _, subject := range subjects {
		done, err := a.attachTo(ctx, subject, bundles)
		if err != nil {
			return attached, fmt.Errorf("attaching evidence to %s@%s: %w", a.repository.Name(), subject, err)
		}
		attached = append(attached, done...)
	}
	return attached, nil
}

// check refuses what a registry would not take, and what no reader would: a statement that is not
// about what it is attached to.
func (b Bundle) check(subjects []image.Digest) error {
	said := claimOf(evidence.BundleReferrer, b.Content)
	for _, subject := range subjects {
		if len(said.subjects) > 0 && !slices.Contains(said.subjects, subject) {
			return fmt.Errorf("the bundle's statement is about %s, not about %s: name both as its subjects, or attach it to what it is about", said.subjects[0], subject)
		}
	}
	return b.checkShape()
}

func (b Bundle) checkShape() error {
	notPlain := func(r rune) bool { return r > unicode.MaxASCII || unicode.IsSpace(r) || !unicode.IsPrint(r) }
	switch {
	case len(b.Content) == 0:
		return errors.New("the bundle is empty: give a Sigstore bundle")
	case len(b.Content) > MaxEvidence:
		return fmt.Errorf("the bundle has %d bytes, and %d are the most that is attached: sign a summary that links to the rest", len(b.Content), MaxEvidence)
	case b.PredicateType == "" || len(b.PredicateType) > 500 || strings.ContainsFunc(b.PredicateType, notPlain):
		return fmt.Errorf("the bundle's predicate type is %.100q: give its URI", b.PredicateType)
	case b.Created.IsZero():
		return errors.New("the bundle has no time of creation: give one")
	}
	return nil
}

func (a attacher) attachTo(ctx context.Context, subject image.Digest, bundles []Bundle) ([]Attached, error) {
	found, err := a.repository.Document(ctx, subject.String(), image.MaxDocument)
	if err != nil {
		return nil, err
	}
	parsed, err := parseDocument(found.Content, "the subject")
	if err != nil {
		return nil, err
	}
	about := image.Descriptor{MediaType: parsed.mediaType(), Digest: subject, Size: found.Size}
	if _, err := a.repository.WriteBlob(ctx, []byte("{}")); err != nil {
		return nil, err
	}
	entries := make([]image.Descriptor, 0, len(bundles))
	noted := true // the registry said of each that it has noted what it is about
	for _, b := range bundles {
		entry, isNoted, err := a.store(ctx, about, b)
		if err != nil {
			return nil, err
		}
		entries, noted = append(entries, entry), noted && isNoted
	}
	tag := ""
	if !noted {
		if tag, err = a.list(ctx, subject, entries); err != nil {
			return nil, err
		}
	}
	attached := make([]Attached, len(entries))
	for i, entry := range entries {
		attached[i] = Attached{Subject: subject, Manifest: entry.Digest, Tag: tag}
	}
	return attached, nil
}

// referrer is the manifest of a bundle, as cosign 3 writes it.
type referrer struct {
	SchemaVersion int                `json:"schemaVersion"`
	MediaType     string             `json:"mediaType"`
	ArtifactType  string             `json:"artifactType"`
	Config        image.Descriptor   `json:"config"`
	Layers        []image.Descriptor `json:"layers"`
	Subject       image.Descriptor   `json:"subject"`
	Annotations   map[string]string  `json:"annotations"`
}

func newReferrer(subject image.Descriptor, b Bundle) referrer {
	empty := []byte("{}")
	return referrer{
		SchemaVersion: 2, MediaType: image.MediaTypeManifest, ArtifactType: BundleType,
		Config:  image.Descriptor{MediaType: emptyType, Digest: image.DigestOf(empty), Size: int64(len(empty))},
		Layers:  []image.Descriptor{{MediaType: BundleType, Digest: image.DigestOf(b.Content), Size: int64(len(b.Content))}},
		Subject: subject,
		Annotations: map[string]string{
			annotationContent:       "dsse-envelope",
			annotationPredicateType: b.PredicateType,
			annotationCreated:       b.Created.UTC().Format(time.RFC3339),
		},
	}
}

// store writes a bundle and its manifest, and reads that again. It returns the manifest as a list
// of referrers names it, and whether the registry says that it will list it.
func (a attacher) store(ctx context.Context, subject image.Descriptor, b Bundle) (image.Descriptor, bool, error) {
	if _, err := a.repository.WriteBlob(ctx, b.Content); err != nil {
		return image.Descriptor{}, false, err
	}
	manifest := newReferrer(subject, b)
	content, err := encode(manifest)
	if err != nil {
		return image.Descriptor{}, false, err
	}
	entry := image.Descriptor{
		MediaType: image.MediaTypeManifest, Digest: image.DigestOf(content), Size: int64(len(content)),
		ArtifactType: BundleType, Annotations: manifest.Annotations,
	}
	noted, err := a.repository.WriteDocument(ctx, entry.Digest.String(), image.MediaTypeManifest, content, registry.Condition{})
	if err != nil {
		return entry, false, err
	}
	if _, err := a.repository.Document(ctx, entry.Digest.String(), maxManifest); err != nil {
		return entry, false, fmt.Errorf("the registry took the manifest, and does not give it back: %w", err)
	}
	return entry, noted == subject.Digest, nil
}

// maxLooks is how often a list is looked at, or written, before we give up.
const maxLooks = 16

// list sees to it that the entries are listed: by the registry, or else under the fallback tag,
// whose name it returns.
func (a attacher) list(ctx context.Context, subject image.Digest, entries []image.Descriptor) (string, error) {
	for range maxLooks {
		listed, err := a.repository.Referrers(ctx, subject, BundleType)
		if errors.Is(err, errors.ErrUnsupported) {
			return fallbackTag(subject), a.merge(ctx, subject, entries)
		}
		if err != nil {
			return "", err
		}
		if listed.Cut != "" || containsAll(listed.Descriptors, entries) {
			return "", nil
		}
		if err := pause(ctx, a.most/4); err != nil {
			return "", err
		}
	}
	return "", errors.New("the registry took the evidence, and does not list it among the referrers: try again, or ask whoever runs it")
}

func containsAll(list, entries []image.Descriptor) bool {
	return !slices.ContainsFunc(entries, func(entry image.Descriptor) bool {
		return !slices.ContainsFunc(list, func(d image.Descriptor) bool { return d.Digest == entry.Digest })
	})
}

// settle is how long to wait after a list was written. Whoever read it before has then written, and
// may have lost our entry: that takes them about as long as reading and writing took us.
func (a attacher) settle(took time.Duration) time.Duration {
	const manyTimes = 4
	return min(max(manyTimes*took, a.least), a.most)
}

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
