package ship

import (
	"context"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
)

// signatures reads what cosign before version 3 wrote under sha256-….sig (cosign,
// specs/SIGNATURE_SPEC.md): a layer for each signature, which is in its annotations.
func (r *reader) signatures(ctx context.Context) error {
	return r.tag(ctx, ".sig", SimpleSigningType, evidence.CosignSignature)
}

// attestations reads what it wrote under sha256-….att: a layer for each envelope.
func (r *reader) attestations(ctx context.Context) error {
	return r.tag(ctx, ".att", envelopeType, evidence.CosignAttestation)
}

func (r *reader) tag(ctx context.Context, suffix, layerType string, layout evidence.Layout) error {
	tag := fallbackTag(r.subject.Digest) + suffix
	manifest, digest, ok, err := r.document(ctx, tag, false)
	if err != nil || !ok {
		return err
	}
	if manifest.isIndex() {
		r.problem(Malformed, digest, "the tag %s holds an index, and should hold a manifest", tag)
		return nil
	}
	return r.layers(ctx, manifest.Layers, layerType, "the layers of "+tag, func(d image.Descriptor, content []byte) {
		found := Found{Layout: layout, Digest: d.Digest, Subject: r.subject.Digest, PredicateType: d.Annotations[annotationCosignPredicate], Content: content, Annotations: d.Annotations}
		if layout == evidence.CosignSignature {
			found.PredicateType = SimpleSigningType
			if d.Annotations[annotationSignature] == "" {
				r.problem(Malformed, d.Digest, "its layer under the tag %s has no annotation %s", tag, annotationSignature)
				return
			}
		}
		r.add(found)
	})
}

// layers reads those of a type.
func (r *reader) layers(ctx context.Context, layers []image.Descriptor, layerType, what string, add func(image.Descriptor, []byte)) error {
	for i, d := range layers {
		if d.MediaType != layerType {
			continue
		}
		if !r.look() {
			r.beyond(len(layers)-i, what)
			return nil
		}
		content, ok, err := r.content(ctx, d)
		if err != nil {
			return err
		}
		if ok {
			add(d, content)
		}
	}
	return nil
}

// children reads BuildKit's attestations (BuildKit, docs/attestations/attestation-storage.md): an
// index lists them beside the platforms' manifests. Nobody has signed them.
func (r *reader) children(ctx context.Context) error {
	index := r.subject.Index
	if index.IsZero() {
		index = r.subject.Digest
	}
	listed, platforms, err := r.index(ctx, index)
	if err != nil {
		return err
	}
	if index != r.subject.Digest && !platforms[r.subject.Digest] {
		r.problem(ForAnother, index, "the index does not list %s", r.subject.Digest)
		return nil
	}
	for i, entry := range listed {
		about, _ := image.ParseDigest(entry.Annotations[annotationReferenceDigest])
		if entry.Annotations[annotationReferenceType] != "attestation-manifest" || index != r.subject.Digest && about != r.subject.Digest {
			continue
		}
		if !r.look() {
			r.beyond(len(listed)-i, "the index's entries")
			return nil
		}
		if !platforms[about] {
			r.problem(ForAnother, entry.Digest, "it says that it is about %.80q, which the index does not list", entry.Annotations[annotationReferenceDigest])
			continue
		}
		if err := r.child(ctx, entry, about); err != nil {
			return err
		}
	}
	return nil
}

// index reads the index, or the subject that is none: without that there is nothing to have
// evidence for. It returns the entries, and which of them are no attestations.
func (r *reader) index(ctx context.Context, digest image.Digest) ([]image.Descriptor, map[image.Digest]bool, error) {
	found, err := r.repository.Document(ctx, digest.String(), image.MaxDocument)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := parseDocument(found.Content, "document "+digest.String())
	if err != nil {
		return nil, nil, err
	}
	platforms := map[image.Digest]bool{}
	for _, entry := range parsed.Manifests {
		platforms[entry.Digest] = entry.Annotations[annotationReferenceType] == ""
	}
	return parsed.Manifests, platforms, nil
}

// child reads one manifest of statements about a platform's manifest.
func (r *reader) child(ctx context.Context, child image.Descriptor, about image.Digest) error {
	manifest, _, ok, err := r.document(ctx, child.Digest.String(), true)
	if err != nil || !ok {
		return err
	}
	return r.layers(ctx, manifest.Layers, statementType, "BuildKit's attestations", func(d image.Descriptor, content []byte) {
		r.add(Found{Layout: evidence.BuildKitChild, Digest: d.Digest, Subject: about,
			PredicateType: d.Annotations[annotationStatementPredicate], Content: content, Annotations: d.Annotations})
	})
}
