package layout

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/image"
)

// The annotations that name an image in index.json. The first is image-spec's; it holds a tag, or
// a whole name with a tag. The second is containerd's, and holds a whole name.
const (
	refName       = "org.opencontainers.image.ref.name"
	containerName = "io.containerd.image.name"
)

// choose returns the entries of index.json that a tag stands for: one manifest or index, or one
// manifest for each of several platforms.
func choose(entries []image.Descriptor, where, tag string) ([]image.Descriptor, error) {
	if len(entries) == 0 {
		return nil, fmt.Errorf("%s holds no image: its index.json is empty; export the image again", where)
	}
	if tag == "" {
		return only(entries, where)
	}
	chosen := slices.DeleteFunc(slices.Clone(entries), func(d image.Descriptor) bool { return !isNamed(d, tag) })
	if len(chosen) == 0 {
		return nil, &image.NameError{Where: where, Want: tag, Have: names(entries)}
	}
	if samePlatform(chosen) {
		return nil, fmt.Errorf("%s holds several images called %.200q: name one by its digest, %s", where, tag, image.JoinNames(digests(chosen)))
	}
	return chosen, nil
}

// only returns the entries if they are one image: all under one name, or all the same content.
func only(entries []image.Descriptor, where string) ([]image.Descriptor, error) {
	first := entries[0]
	same := !slices.ContainsFunc(entries, func(d image.Descriptor) bool { return d.Digest != first.Digest })
	if same {
		return entries[:1], nil
	}
	name := first.Annotations[refName]
	if slices.ContainsFunc(entries, func(d image.Descriptor) bool { return d.Annotations[refName] != name }) || samePlatform(entries) {
		return nil, fmt.Errorf("%s holds several images, %s: name one of them after a colon, such as oci:DIR:TAG", where, image.JoinNames(names(entries)))
	}
	return entries, nil
}

// samePlatform tells whether two different entries are for the same platform, so that platform
// cannot choose between them.
func samePlatform(entries []image.Descriptor) bool {
	byPlatform := map[image.Platform]image.Digest{}
	for _, d := range entries {
		var platform image.Platform // zero: only the image itself states it
		if d.Platform != nil {
			platform = *d.Platform
		}
		if platform.OS == "unknown" {
			continue // an attestation
		}
		if other, found := byPlatform[platform]; found && other != d.Digest {
			return true
		}
		byPlatform[platform] = d.Digest
	}
	return false
}

func isNamed(d image.Descriptor, tag string) bool {
	return d.Annotations[refName] == tag || d.Digest.String() == tag ||
		image.IsName(d.Annotations[refName], tag) || image.IsName(d.Annotations[containerName], tag)
}

// names lists what each entry can be called by.
func names(entries []image.Descriptor) []string {
	var names []string
	for _, d := range entries {
		name := d.Annotations[refName]
		if name == "" {
			name = d.Digest.String()
		}
		names = append(names, name)
	}
	return names
}

func digests(entries []image.Descriptor) []string {
	var digests []string
	for _, d := range entries {
		digests = append(digests, d.Digest.String())
	}
	return digests
}

// repository is the name without tag that the entries carry, if one does.
func repository(entries []image.Descriptor) string {
	for _, d := range entries {
		for _, name := range [...]string{d.Annotations[containerName], d.Annotations[refName]} {
			if strings.ContainsAny(name, ":/") {
				return image.RepositoryOf(name)
			}
		}
	}
	return ""
}
