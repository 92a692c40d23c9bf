package image_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
)

// someDigest is a digest for documents whose blobs nobody reads.
func someDigest(n int) image.Digest { return image.DigestOf([]byte{byte(n)}) }

var ignoreDigestInside = cmp.Comparer(func(a, b image.Digest) bool { return a == b })

func TestParseConfig(t *testing.T) {
	text := fmt.Sprintf(`{
	 "created":"2026-01-02T03:04:05.5+01:00","architecture":"arm64","os":"linux","variant":"v8","unheard-of":[{"x":{}}],
	 "config":{"User":"app","WorkingDir":"/srv","Env":["A=1","B"],"Entrypoint":["/run"],"Cmd":["-v"],
	  "ExposedPorts":{"8080/tcp":{},"53/udp":{}},"Labels":{"a":"1","A":"2"},"Healthcheck":{"Test":["CMD","x"],"Interval":30}},
	 "rootfs":{"type":"layers","diff_ids":[%q,%q]},
	 "history":[{"created_by":"ADD"},{"created_by":"CMD","empty_layer":true},{"created_by":"COPY"}]}`, someDigest(1), someDigest(2))
	got, err := image.ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := image.Config{
		Created: time.Date(2026, 1, 2, 2, 4, 5, 500_000_000, time.UTC),
		User:    "app", WorkingDir: "/srv", Env: []string{"A=1", "B"}, Entrypoint: []string{"/run"}, Cmd: []string{"-v"},
		ExposedPorts: []string{"53/udp", "8080/tcp"}, Labels: map[string]string{"a": "1", "A": "2"}, Healthcheck: true,
		Platform: image.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"},
		DiffIDs:  []image.Digest{someDigest(1), someDigest(2)},
		History:  []image.History{{CreatedBy: "ADD"}, {CreatedBy: "CMD", EmptyLayer: true}, {CreatedBy: "COPY"}},
	}
	if diff := cmp.Diff(want, got, ignoreDigestInside); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for i, createdBy := range []string{"ADD", "COPY", ""} {
		if got.CreatedBy(i) != createdBy {
			t.Errorf("layer %d: created by %q", i, got.CreatedBy(i))
		}
	}
}

func TestParseConfigTolerates(t *testing.T) {
	for _, c := range []struct {
		name, text string
		check      func(image.Config) bool
	}{
		{"a command that is one string, as the first Docker versions wrote", `{"config":{"Cmd":"/bin/sh"}}`,
			func(c image.Config) bool { return cmp.Equal(c.Cmd, []string{"/bin/sh"}) }},
		{"null everywhere", `{"created":null,"config":{"Cmd":null,"Labels":null,"ExposedPorts":null,"Healthcheck":null},"history":null,"rootfs":{"diff_ids":null}}`,
			func(c image.Config) bool { return c.Cmd == nil && c.Created.IsZero() }},
		{"no run configuration", `{"os":"linux","architecture":"amd64","config":null}`,
			func(c image.Config) bool { return c.User == "" }},
		{"a time that is none", `{"created":"yesterday"}`,
			func(c image.Config) bool { return c.Created.IsZero() }},
		{"no operating system, as old Docker versions wrote", `{"architecture":"amd64"}`,
			func(c image.Config) bool { return c.Platform.String() == "linux/amd64" }},
		{"a health check that is switched off", `{"config":{"Healthcheck":{"Test":["NONE"]}}}`,
			func(c image.Config) bool { return !c.Healthcheck }},
		{"a health check that is inherited", `{"config":{"Healthcheck":{"Test":[]}}}`,
			func(c image.Config) bool { return !c.Healthcheck }},
		{"environment names that differ in case only, within a list", `{"config":{"Env":["path=1","PATH=2"]}}`,
			func(c image.Config) bool { return len(c.Env) == 2 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, err := image.ParseConfig([]byte(c.text))
			if err != nil || !c.check(config) {
				t.Errorf("got %+v, %v", config, err)
			}
		})
	}
}

func TestParseConfigRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"nothing", ``, "ends early"},
		{"half a document", `{"os":"linux"`, "not valid"},
		{"two documents", `{"os":"linux"}{"os":"windows"}`, "more text follows"},
		{"text after the document", `{"os":"linux"} x`, "not valid"},
		{"a list", `[]`, "not valid"},
		{"null", `null`, "neither a JSON object nor a list"},
		{"a name twice", `{"os":"linux","os":"windows"}`, `"os" appears twice`},
		{"a name twice, in another case", `{"rootfs":{},"RootFS":{}}`, `"RootFS" appears twice`},
		{"a name twice, with the Kelvin sign", "{\"k\":1,\"\u212a\":1}", "appears twice"},
		{"a name twice, with a long s", "{\"os\":\"linux\",\"o\u017f\":\"windows\"}", "appears twice"},
		{"a label twice", `{"config":{"Labels":{"a":"1","a":"2"}}}`, `"a" appears twice`},
		{"deep nesting", `{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "nested"},
		{"endless nesting", `{"x":` + strings.Repeat("[", 1_000_000), "nested"},
		{"a million values", `{"x":[` + strings.Repeat("0,", 1_000_000) + `0]}`, "JSON values"},
		{"a diffID that is none", `{"rootfs":{"diff_ids":["sha256:../../etc/passwd"]}}`, "digest"},
		{"an empty diffID", `{"rootfs":{"diff_ids":[""]}}`, "without a diffID"},
		{"a null diffID", `{"rootfs":{"diff_ids":[null]}}`, "without a diffID"},
		{"another kind of file system", `{"rootfs":{"type":"windows-layers"}}`, "type"},
		{"an architecture with a control character", `{"os":"linux","architecture":"\u001b[31m"}`, `"linux/\x1b[31m"`},
		{"a user that is a number", `{"config":{"User":0}}`, "User"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, err := image.ParseConfig([]byte(c.text))
			wantError(t, err, c.says)
			if !cmp.Equal(config, image.Config{}, ignoreDigestInside) {
				t.Errorf("a refused document gave %+v", config)
			}
		})
	}
}

// wantError checks that there is an error of one readable line that says something.
func wantError(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one that says %q", says)
	}
	text := err.Error()
	if !strings.Contains(text, says) || strings.ContainsAny(text, "\n\x1b") || len(text) > 1000 {
		t.Errorf("error %.2000q; want a line that says %q", text, says)
	}
}

// manifestText is a manifest with n layers of a media type.
func manifestText(head, configType, layerType string, n int) string {
	layers := make([]string, n)
	for i := range layers {
		layers[i] = fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, layerType, someDigest(i+1), i)
	}
	return fmt.Sprintf(`{%s"config":{"mediaType":%q,"digest":%q,"size":5},"layers":[%s]}`, head, configType, someDigest(0), strings.Join(layers, ","))
}

const (
	ociConfig    = "application/vnd.oci.image.config.v1+json"
	ociLayer     = "application/vnd.oci.image.layer.v1.tar"
	dockerLayer  = "application/vnd.docker.image.rootfs.diff.tar"
	dockerConfig = "application/vnd.docker.container.image.v1+json"
)

func TestParseManifest(t *testing.T) {
	for _, c := range []struct{ name, head, config, layer string }{
		{"OCI", `"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",`, ociConfig, ociLayer + "+gzip"},
		{"OCI with zstd", `"schemaVersion":2,`, ociConfig, ociLayer + "+zstd"},
		{"OCI, not compressed", ``, ociConfig, ociLayer},
		{"OCI, not to be distributed", ``, ociConfig, "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
		{"Docker", `"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",`, dockerConfig, dockerLayer + ".gzip"},
		{"Docker, not compressed", ``, dockerConfig, dockerLayer},
		{"Docker, from elsewhere", ``, dockerConfig, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"},
		{"with a subject and more", `"subject":null,"artifactType":"x","annotations":{"a":"b"},`, ociConfig, ociLayer},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := image.ParseManifest([]byte(manifestText(c.head, c.config, c.layer, 2)))
			if err != nil {
				t.Fatal(err)
			}
			if m.Config.Digest != someDigest(0) || len(m.Layers) != 2 || m.Layers[1].Digest != someDigest(2) || m.Layers[1].Size != 1 {
				t.Errorf("got %+v", m)
			}
		})
	}
}

func TestParseManifestRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"an index", `{"schemaVersion":2,"manifests":[]}`, "also an index"},
		{"both a manifest and an index", manifestText(`"manifests":[],`, ociConfig, ociLayer, 1), "two images"},
		{"the media type of an index", manifestText(`"mediaType":"application/vnd.oci.image.index.v1+json",`, ociConfig, ociLayer, 1), "no image manifest"},
		{"schema version 1", `{"schemaVersion":1,"fsLayers":[{"blobSum":"x"}]}`, "schema version 1"},
		{"no configuration", `{"schemaVersion":2,"layers":[]}`, "names no configuration"},
		{"a chart", manifestText("", "application/vnd.cncf.helm.config.v1+json", ociLayer, 1), "helm"},
		{"an attestation", manifestText("", ociConfig, "application/vnd.in-toto+json", 1), "layer 1 of 1"},
		{"an encrypted layer", manifestText("", ociConfig, ociLayer+"+gzip+encrypted", 1), "encrypted"},
		{"a media type that only starts like a layer's", manifestText("", ociConfig, ociLayer+"let", 1), "tarlet"},
		{"a negative size", strings.Replace(manifestText("", ociConfig, ociLayer, 2), `"size":1`, `"size":-1`, 1), "descriptor 3"},
		{"a size beyond 63 bits", strings.Replace(manifestText("", ociConfig, ociLayer, 2), `"size":1`, `"size":18446744073709551615`, 1), "not valid"},
		{"no digest", strings.Replace(manifestText("", ociConfig, ociLayer, 1), `"digest"`, `"gidest"`, 1), "no digest"},
		{"a digest that is a path", strings.Replace(manifestText("", ociConfig, ociLayer, 1), someDigest(1).String(), "sha256:../../etc/passwd", 1), "digest"},
		{"layers twice", strings.Replace(manifestText("", ociConfig, ociLayer, 1), `"layers"`, `"Layers":[],"layers"`, 1), "appears twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := image.ParseManifest([]byte(c.text))
			wantError(t, err, c.says)
		})
	}
}

func TestParseIndex(t *testing.T) {
	text := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[
	 {"mediaType":"application/vnd.docker.distribution.manifest.v2+json","digest":%q,"size":7,"platform":{"os":"linux","architecture":"arm","variant":"v7","os.features":["x"]}},
	 {"mediaType":"application/vnd.oci.image.index.v1+json","digest":%q,"size":8,"annotations":{"k":"v"}}]}`, someDigest(1), someDigest(2))
	got, err := image.ParseIndex([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := image.Index{Manifests: []image.Descriptor{
		{MediaType: "application/vnd.docker.distribution.manifest.v2+json", Digest: someDigest(1), Size: 7, Platform: &image.Platform{OS: "linux", Architecture: "arm", Variant: "v7"}},
		{MediaType: "application/vnd.oci.image.index.v1+json", Digest: someDigest(2), Size: 8, Annotations: map[string]string{"k": "v"}},
	}}
	if diff := cmp.Diff(want, got, ignoreDigestInside); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, c := range []struct{ name, text, says string }{
		{"a manifest", manifestText("", ociConfig, ociLayer, 1), "also a manifest"},
		{"a manifest without configuration", `{"layers":[],"manifests":[]}`, "also a manifest"},
		{"another media type", `{"mediaType":"text/html","manifests":[]}`, "text/html"},
		{"a platform with a line break", fmt.Sprintf(`{"manifests":[{"digest":%q,"platform":{"os":"li\nnux","architecture":"x"}}]}`, someDigest(1)), `li\nnux`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := image.ParseIndex([]byte(c.text))
			wantError(t, err, c.says)
		})
	}
}

func TestBuild(t *testing.T) {
	config := fmt.Appendf(nil, `{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[%q,%q]},"history":[{"created_by":"one"},{"empty_layer":true}]}`, someDigest(1), someDigest(2))
	layers := []image.Layer{{Size: 1}, {Size: 2}}
	built, err := image.Build("app:1", config, layers)
	if err != nil {
		t.Fatal(err)
	}
	if built.ID != image.DigestOf(config) || built.Reference != "app:1" || built.Platform.String() != "linux/amd64" {
		t.Errorf("got %+v", built)
	}
	if built.Layers[0].DiffID != someDigest(1) || built.Layers[0].CreatedBy != "one" || built.Layers[1].DiffID != someDigest(2) || built.Layers[1].CreatedBy != "" {
		t.Errorf("layers %+v", built.Layers)
	}
	if !layers[0].DiffID.IsZero() {
		t.Error("the caller's layers were changed")
	}
	_, err = image.Build("app:1", config, layers[:1])
	wantError(t, err, "has 1 layers, but its configuration names 2")
	_, err = image.Build("app:1", config, make([]image.Layer, 5000))
	wantError(t, err, "5000 layers")
}
