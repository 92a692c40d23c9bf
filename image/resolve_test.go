package image_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
)

// medium is a set of blobs in memory.
type medium map[image.Digest][]byte

func (m medium) open(_ context.Context, d image.Descriptor, what string) (io.ReadCloser, error) {
	content, found := m[d.Digest]
	if !found {
		return nil, fmt.Errorf("%s %s: %w", what, d.Digest, fs.ErrNotExist)
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// put stores a document and describes it.
func (m medium) put(t testing.TB, mediaType string, value any) image.Descriptor {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	d := image.Descriptor{MediaType: mediaType, Digest: image.DigestOf(content), Size: int64(len(content))}
	m[d.Digest] = content
	return d
}

// object is a JSON object.
type object map[string]any

// image stores an image of one layer for a platform; stated tells whether its descriptor says so.
func (m medium) image(t testing.TB, platformText string, stated bool) image.Descriptor {
	t.Helper()
	p := platform(t, platformText)
	config := m.put(t, image.MediaTypeConfig, object{"os": p.OS, "architecture": p.Architecture, "variant": p.Variant,
		"rootfs": object{"diff_ids": []image.Digest{someDigest(1)}}})
	layer := m.put(t, image.MediaTypeLayer, "layer for "+platformText)
	d := m.put(t, image.MediaTypeManifest, object{"schemaVersion": 2, "config": config, "layers": []image.Descriptor{layer}})
	if stated {
		d.Platform = &p
	}
	return d
}

func (m medium) index(t testing.TB, entries ...image.Descriptor) image.Descriptor {
	t.Helper()
	return m.put(t, image.MediaTypeIndex, object{"schemaVersion": 2, "manifests": entries})
}

func TestResolve(t *testing.T) {
	m := medium{}
	amd64, arm64 := m.image(t, "linux/amd64", true), m.image(t, "linux/arm64", true)
	unstated := m.image(t, "linux/s390x", false)
	attestation := image.Descriptor{MediaType: image.MediaTypeManifest, Digest: someDigest(99), Size: 5, Platform: &image.Platform{OS: "unknown", Architecture: "unknown"}}
	signature := m.put(t, image.MediaTypeManifest, object{"config": object{"mediaType": "application/vnd.oci.empty.v1+json", "digest": someDigest(98), "size": 2}, "layers": []object{}})
	several := m.index(t, attestation, signature, amd64, arm64)
	nested := m.index(t, several, unstated)
	untyped := nested
	untyped.MediaType = ""
	for _, c := range []struct {
		name          string
		root          image.Descriptor
		want          string
		digest, index image.Digest
	}{
		{"a manifest", amd64, "linux/amd64", amd64.Digest, image.Digest{}},
		{"a manifest whose platform only the configuration states", unstated, "linux/s390x", unstated.Digest, image.Digest{}},
		{"an index", several, "linux/arm64", arm64.Digest, several.Digest},
		{"an index in an index goes by the outer one", nested, "linux/arm64", arm64.Digest, nested.Digest},
		{"an entry without platform", nested, "linux/s390x", unstated.Digest, nested.Digest},
		{"a descriptor without media type", untyped, "linux/amd64", amd64.Digest, nested.Digest},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := image.Resolve(t.Context(), "app:1", []image.Descriptor{c.root}, platform(t, c.want), m.open)
			if err != nil {
				t.Fatal(err)
			}
			if got.Digest != c.digest || got.IndexDigest != c.index || got.Platform.String() != c.want || got.Reference != "app:1" {
				t.Errorf("got %+v", got)
			}
			blob, err := got.Layers[0].Blob(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer blob.Close()
			if content, _ := io.ReadAll(blob); string(content) != `"layer for `+c.want+`"` || got.Layers[0].Size != int64(len(content)) {
				t.Errorf("layer holds %q", content)
			}
		})
	}
	platforms, err := image.Platforms(t.Context(), []image.Descriptor{nested, nested}, m.open)
	want := []image.Platform{platform(t, "linux/amd64"), platform(t, "linux/arm64"), platform(t, "linux/s390x")}
	if err != nil || !cmp.Equal(platforms, want) {
		t.Errorf("platforms %v, %v", platforms, err)
	}
	_, err = image.Resolve(t.Context(), "app:1", []image.Descriptor{nested}, platform(t, "linux/riscv64"), m.open)
	var elsewhere *image.PlatformError
	if !errors.As(err, &elsewhere) || !cmp.Equal(elsewhere.Have, want) {
		t.Errorf("error %v", err)
	}
}

// TestAnnotationsAreTheManifests: not those of the index, nor of the descriptor in it, which say
// something else, and belong to whoever wrote them.
func TestAnnotationsAreTheManifests(t *testing.T) {
	m := medium{}
	plain := m.image(t, "linux/amd64", true)
	var manifest object
	if err := json.Unmarshal(m[plain.Digest], &manifest); err != nil {
		t.Fatal(err)
	}
	manifest["annotations"] = object{"who": "manifest"}
	annotated := m.put(t, image.MediaTypeManifest, manifest)
	annotated.Platform, annotated.Annotations = plain.Platform, map[string]string{"who": "descriptor"}
	index := m.put(t, image.MediaTypeIndex, object{"manifests": []image.Descriptor{annotated}, "annotations": object{"who": "index"}})
	for name, c := range map[string]struct {
		root image.Descriptor
		want map[string]string
	}{
		"a manifest": {annotated, map[string]string{"who": "manifest"}},
		"an index":   {index, map[string]string{"who": "manifest"}},
		"none":       {plain, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := image.Resolve(t.Context(), "app:1", []image.Descriptor{c.root}, platform(t, "linux/amd64"), m.open)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Annotations); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTheIndexPrevailsOverAWrongConfiguration: some cross-built images carry the builder's
// architecture in their configuration; engines run them by the index.
func TestTheIndexPrevailsOverAWrongConfiguration(t *testing.T) {
	m := medium{}
	d := m.image(t, "linux/amd64", true)
	for _, c := range []struct{ stated, platform string }{
		{"linux/s390x", "linux/s390x"},
		{"linux/amd64/v2", "linux/amd64"}, // no contradiction: the configuration only says less
	} {
		p := platform(t, c.stated)
		d.Platform = &p
		got, err := image.Resolve(t.Context(), "app:1", []image.Descriptor{m.index(t, d)}, p, m.open)
		if err != nil || got.Platform.String() != c.platform {
			t.Errorf("stated %s: got %v, %v", c.stated, got, err)
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	m := medium{}
	amd64 := m.image(t, "linux/amd64", true)
	altered := m.image(t, "linux/arm64", true)
	m[altered.Digest] = append([]byte(" "), m[altered.Digest]...)
	missing := image.Descriptor{MediaType: image.MediaTypeIndex, Digest: someDigest(50), Size: 1}
	deep := amd64
	for range 8 {
		deep = m.index(t, deep)
	}
	wide := m.index(t)
	for range 3 {
		entries := make([]image.Descriptor, 500)
		for i := range entries {
			entries[i] = wide
		}
		wide = m.index(t, entries...)
	}
	// The same document over and over, each time 12 MiB to read.
	big := m.put(t, image.MediaTypeIndex, object{"manifests": []object{}, "filling": string(bytes.Repeat([]byte("x"), 12<<20))})
	bulky := m.index(t, big, big, big)
	chart := m.put(t, image.MediaTypeManifest, object{"config": object{"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": someDigest(1), "size": 2}})
	placeless := m.put(t, image.MediaTypeManifest, object{"layers": []object{}, "config": m.put(t, image.MediaTypeConfig, object{"os": "linux"})})
	uneven := m.put(t, image.MediaTypeManifest, object{"layers": []object{}, "config": m.put(t, image.MediaTypeConfig,
		object{"os": "linux", "architecture": "amd64", "rootfs": object{"diff_ids": []image.Digest{someDigest(1)}}})})
	for _, c := range []struct {
		name string
		root image.Descriptor
		want string
		says string
	}{
		{"an altered manifest", altered, "linux/arm64", "manifest: content has digest"},
		{"a missing index", missing, "linux/amd64", "image index " + someDigest(50).String()},
		{"indexes nested without end", deep, "linux/amd64", "nested"},
		{"indexes that multiply", wide, "linux/amd64", "1000 entries"},
		{"documents that add up", bulky, "linux/amd64", "together"},
		{"a chart", chart, "linux/amd64", "helm"},
		{"a configuration without architecture", placeless, "linux/amd64", "names no architecture"},
		{"fewer layers than the configuration names", uneven, "linux/amd64", "has 0 layers"},
		{"another platform", amd64, "linux/arm64", "only for linux/amd64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := image.Resolve(t.Context(), "app:1", []image.Descriptor{c.root}, platform(t, c.want), m.open)
			wantError(t, err, c.says)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := image.Resolve(ctx, "app:1", []image.Descriptor{amd64}, platform(t, "linux/amd64"), m.open); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
}
