package main

import (
	"context"
	"fmt"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
)

// resolvedName is what a name in a registry stands for. It is asked for once: a tag may stand for
// something else a moment later.
type resolvedName struct {
	repository string
	digest     image.Digest
	index      image.Digest // that it was chosen from, if it was
	children   []child      // of an index, those that something may run
}

// child is an image that an index lists.
type child struct {
	digest   image.Digest
	platform image.Platform // zero if it is not said
}

// resolveName asks the registry what a name stands for.
func resolveName(ctx context.Context, repository *registry.Repository, identifier string) (resolvedName, error) {
	found, err := repository.Document(ctx, identifier, image.MaxDocument)
	if err != nil {
		return resolvedName{}, err
	}
	r := resolvedName{repository: repository.Name(), digest: found.Digest}
	index, err := image.ParseIndex(found.Content)
	if err != nil {
		if _, err := image.ParseManifest(found.Content); err != nil {
			return resolvedName{}, fmt.Errorf("%s: %w", r, err)
		}
		r.children = []child{{digest: found.Digest}}
		return r, nil
	}
	for _, entry := range index.Manifests {
		c := child{digest: entry.Digest}
		if entry.Platform != nil {
			c.platform = *entry.Platform
		}
		// The annotation that marks attestations does not count here: who runs an image goes by the
		// platform, and would run what is marked so, too.
		if c.platform.OS != "unknown" || c.platform.Architecture != "unknown" {
			r.children = append(r.children, c)
		}
	}
	return r, nil
}

func (r resolvedName) String() string { return r.repository + "@" + r.digest.String() }

// isIndex tells whether the name stands for an index.
func (r resolvedName) isIndex() bool { return len(r.children) != 1 || r.children[0].digest != r.digest }

func (c child) String() string {
	if c.platform == (image.Platform{}) {
		return c.digest.String()
	}
	return c.platform.String() + " (" + c.digest.String() + ")"
}

// choose is the name of one platform's image.
func (r resolvedName) choose(platform string) (resolvedName, error) {
	want, err := image.ParsePlatform(platform)
	if err != nil {
		return r, usageError{fmt.Errorf("--platform: %w", err)}
	}
	var matching []child
	for _, c := range r.children {
		if r.isIndex() && c.platform.Runs(want) {
			matching = append(matching, c)
		}
	}
	if len(matching) != 1 {
		return r, fmt.Errorf("%s lists %d images for %s: name one by its digest", r, len(matching), want)
	}
	return resolvedName{repository: r.repository, digest: matching[0].digest, index: r.digest, children: matching}, nil
}
