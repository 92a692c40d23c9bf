package ship

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
)

// fallback is what a fallback tag stands for. Entries and members that are not ours stay as they
// were written.
type fallback struct {
	members   map[string]json.RawMessage
	manifests []json.RawMessage
	listed    []image.Descriptor
	condition registry.Condition // under which the tag may be written
	isSubject bool               // the registry takes the tag for a name of the subject
}

// merge adds entries to the index under the fallback tag. Two writers who read the same index both
// write it, and the second loses the first one's entry, unless the registry holds to conditions
// (go-containerregistry issue 2205). So the tag is read again after writing, at once and after a
// while; and whoever finds their entry gone adds it to what is there then.
func (a attacher) merge(ctx context.Context, subject image.Digest, entries []image.Descriptor) error {
	var current fallback
	var wait time.Duration // 0 until we have written
	settled := false
	for range maxLooks {
		var err error
		began := time.Now()
		if current, err = a.readFallback(ctx, subject); err != nil {
			return err
		}
		if containsAll(current.listed, entries) {
			if settled || wait == 0 {
				return nil
			}
			if err := pause(ctx, wait); err != nil {
				return err
			}
			settled = true
			continue
		}
		settled = false
		if err := a.writeFallback(ctx, subject, current, entries); err != nil && !errors.Is(err, registry.ErrChanged) {
			return err
		}
		wait = a.settle(time.Since(began))
	}
	if current.isSubject {
		return fmt.Errorf("the registry lists no referrers, and takes the tag %s, which should, for the image itself: evidence cannot be found there; use one that lists referrers", fallbackTag(subject))
	}
	return fmt.Errorf("the tag %s, which lists the evidence, was changed by others %d times: try again when they are done", fallbackTag(subject), maxLooks)
}

func (a attacher) readFallback(ctx context.Context, subject image.Digest) (fallback, error) {
	tag := fallbackTag(subject)
	found, err := a.repository.Document(ctx, tag, image.MaxDocument)
	// GitLab takes the tag for a name of the subject itself (oras-go issue 1396).
	isSubject := err == nil && found.Digest == subject
	if isSubject || errors.Is(err, fs.ErrNotExist) {
		return fallback{members: map[string]json.RawMessage{}, condition: registry.Condition{Absent: !isSubject}, isSubject: isSubject}, nil
	}
	if err != nil {
		return fallback{}, err
	}
	parsed, err := parseDocument(found.Content, "tag "+tag)
	if err == nil && !parsed.isIndex() {
		err = errors.New("it is no index")
	}
	current := fallback{listed: parsed.Manifests, condition: registry.Condition{ETag: found.ETag()}}
	if err == nil {
		err = json.Unmarshal(found.Content, &current.members)
	}
	if err == nil {
		err = json.Unmarshal(current.members["manifests"], &current.manifests)
	}
	if err != nil {
		return fallback{}, fmt.Errorf("the tag %s should list the evidence, and holds something else, which is left as it is: %w; remove the tag if nobody needs it", tag, err)
	}
	return current, nil
}

func (a attacher) writeFallback(ctx context.Context, subject image.Digest, current fallback, entries []image.Descriptor) error {
	for _, entry := range entries {
		if containsAll(current.listed, []image.Descriptor{entry}) {
			continue
		}
		text, err := encode(entry)
		if err != nil {
			return err
		}
		current.manifests = append(current.manifests, text)
	}
	manifests, err := encode(current.manifests)
	if err != nil {
		return err
	}
	current.members["manifests"] = manifests
	for name, text := range map[string]string{"schemaVersion": "2", "mediaType": `"` + image.MediaTypeIndex + `"`} {
		if current.members[name] == nil {
			current.members[name] = json.RawMessage(text)
		}
	}
	content, err := encode(current.members)
	if err != nil {
		return err
	}
	_, err = a.repository.WriteDocument(ctx, fallbackTag(subject), image.MediaTypeIndex, content, current.condition)
	return err
}
