package image_test

import (
	"reflect"
	"slices"
	"testing"

	"plimsoll.dev/plimsoll/image"
)

// FuzzParseConfig: what is accepted can be built into an image with that many layers, its
// platform holds nothing a terminal would act on, and its ports are sorted.
func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(`{"created":"2026-01-01T00:00:00Z","architecture":"amd64","os":"linux","config":{"User":"0","Cmd":"x","ExposedPorts":{"1/tcp":{}},"Healthcheck":{"Test":["CMD"]}},"rootfs":{"type":"layers","diff_ids":["` + someDigest(1).String() + `"]},"history":[{"created_by":"a","empty_layer":true}]}`))
	f.Add([]byte(`{"config":{"Labels":{"a":"b"},"Env":[""],"Entrypoint":[]}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		config, err := image.ParseConfig(content)
		if err != nil {
			return
		}
		for _, r := range config.Platform.String() {
			if r < ' ' || r > '~' {
				t.Errorf("platform %q", config.Platform)
			}
		}
		if !slices.IsSorted(config.ExposedPorts) {
			t.Errorf("ports %q are not sorted", config.ExposedPorts)
		}
		if len(config.DiffIDs) > 1000 {
			return
		}
		built, err := image.Build("x", content, make([]image.Layer, len(config.DiffIDs)))
		if err != nil || !reflect.DeepEqual(built.Config, config) {
			t.Errorf("built %+v, %v of %+v", built, err, config)
		}
	})
}

// FuzzParseManifest: what is accepted as a manifest names its blobs by digest and has no negative
// size, and is not accepted as an index.
func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(manifestText(`"schemaVersion":2,`, ociConfig, ociLayer+"+gzip", 2)))
	f.Add([]byte(manifestText(`"mediaType":"application/vnd.docker.distribution.manifest.v2+json",`, dockerConfig, dockerLayer+".gzip", 1)))
	f.Fuzz(func(t *testing.T, content []byte) {
		m, err := image.ParseManifest(content)
		if err != nil {
			return
		}
		for _, d := range append(m.Layers, m.Config) {
			if d.Digest.IsZero() || d.Size < 0 {
				t.Errorf("descriptor %+v", d)
			}
		}
		if index, err := image.ParseIndex(content); err == nil {
			t.Errorf("also an index: %+v", index)
		}
	})
}

// FuzzParseIndex: what is accepted as an index names its blobs by digest, and whatever platform is
// asked for, the one chosen from it is for that platform, and is in it.
func FuzzParseIndex(f *testing.F) {
	f.Add([]byte(`{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"`+someDigest(1).String()+`","size":3,"platform":{"os":"linux","architecture":"arm","variant":"v6"}}]}`), "linux/arm")
	f.Add([]byte(`{"manifests":[{"digest":"`+someDigest(1).String()+`","platform":{"os":"unknown","architecture":"unknown"},"annotations":{"vnd.docker.reference.type":"attestation-manifest"}}]}`), "unknown/unknown")
	f.Fuzz(func(t *testing.T, content []byte, wanted string) {
		index, err := image.ParseIndex(content)
		if err != nil {
			return
		}
		for _, d := range index.Manifests {
			if d.Digest.IsZero() || d.Size < 0 {
				t.Errorf("descriptor %+v", d)
			}
		}
		want, err := image.ParsePlatform(wanted)
		if err != nil {
			return
		}
		chosen, err := image.ChoosePlatform("x", index.Manifests, want)
		if err != nil {
			return
		}
		if chosen.Platform == nil || !chosen.Platform.Runs(want) {
			t.Errorf("asked for %s, chose %+v", want, chosen)
		}
		if !slices.ContainsFunc(index.Manifests, func(d image.Descriptor) bool { return d.Digest == chosen.Digest }) {
			t.Errorf("%v is not in the index", chosen.Digest)
		}
	})
}
