// Package example holds facts for the tests of the packages that write and read bills of
// materials.
package example

import (
	"fmt"
	"reflect"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
)

// All returns every example by name. Each call makes them anew.
func All() map[string]inventory.Facts {
	return map[string]inventory.Facts{
		"full": Full(), "empty": {Packages: []inventory.Package{}}, "twins": twins(), "odd": odd(),
	}
}

// Full returns facts in which nothing is left out: each field has a value somewhere.
func Full() inventory.Facts {
	base, top := image.DigestOf([]byte("base")), image.DigestOf([]byte("top"))
	facts := inventory.Facts{
		Target: inventory.Target{
			Reference: "registry.example/shop/app:1.4.3", Repository: "registry.example/shop/app",
			ImageID: image.DigestOf([]byte("config")), Digest: image.DigestOf([]byte("manifest")), IndexDigest: image.DigestOf([]byte("index")),
			Platform: "linux/amd64",
			Config: inventory.TargetConfig{
				User: "10001:10001", Env: []string{"PATH=/usr/bin", "EMPTY=", ""}, Entrypoint: []string{"/bin/sh", "-c", ""}, Cmd: []string{"--listen", ":8080"},
				ExposedPorts: []string{"8080/tcp"}, Labels: map[string]string{"a=b": "c=d", "empty": "", "lines": "one\ntwo\\n"}, Healthcheck: true,
				Created: "2026-11-01T00:00:00Z",
			},
			Layers: []inventory.TargetLayer{
				{DiffID: base, Digest: image.DigestOf([]byte("stored")), Size: 3623807, Unpacked: 8077312, CreatedBy: "ADD file:1 in /\n# buildkit"}, {DiffID: top},
			},
			Instructions: []string{"ADD file:1 in /", "RUN a=\"b\\n\" \\\n  c", "USER 10001:10001"},
			Base:         &inventory.Base{Name: "docker.io/library/alpine:3.20", Digest: image.DigestOf([]byte("alpine"))},
		},
		Distro: &inventory.Distro{ID: "alpine", VersionID: "3.20.3", Codename: "none", CPE: "cpe:/o:example:alpine:3.20", Variant: "server", Name: "Alpine Linux v3.20", IDLike: []string{"a", "b"}, EOL: "2026-04-01"},
		Packages: []inventory.Package{
			{PURL: "pkg:apk/alpine/b@1?distro=alpine-3.20.3", Type: "apk", Name: "b", Version: "1", Arch: "noarch", Licenses: []string{"MPL-2.0 AND MIT"}},
			{PURL: "pkg:apk/alpine/c@1", Type: "apk", Name: "c", Version: "1", Licenses: []string{"MIT", "BSD", "GPL-2.0-only AND MIT"}},
			{PURL: "pkg:apk/alpine/d@1", Type: "apk", Name: "d", Version: "1", Licenses: []string{"Permission is granted, provided \"this\" stays."}},
			{PURL: "pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3", Type: "apk", Name: "libssl3", Version: "3.3.2-r0", Arch: "x86_64",
				Source: &inventory.Source{Name: "openssl", Version: "3.3.2-r0"}, Licenses: []string{"Apache-2.0"},
				Locations: []inventory.Location{{Path: "lib/apk/db/installed", Layer: base}}},
			{PURL: "pkg:golang/a.test", Type: "golang", Name: "a.test"},
			{PURL: "pkg:golang/stdlib@1.26.8", Type: "golang", Name: "stdlib", Version: "1.26.8", Confidence: inventory.Low,
				OwnedBy:   "pkg:apk/alpine/b@1?distro=alpine-3.20.3",
				Locations: []inventory.Location{{Path: "app/server", Layer: top}, {Path: "app/tool"}}},
			{PURL: "pkg:rpm/redhat/nodejs@18.20.4-1.module%2Bel8?arch=x86_64&epoch=1", Type: "rpm", Name: "nodejs", Version: "1:18.20.4-1.module+el8", Arch: "x86_64",
				Source: &inventory.Source{Name: "nodejs", Version: "1:18.20.4-1.module+el8"}, Module: "nodejs:18", Vendor: "Red Hat, Inc."},
		},
		Manifest: inventory.ManifestRef{Digest: image.DigestOf([]byte("files")), Files: 23},
		Files: inventory.FileFacts{
			Setuid:       []inventory.File{{Path: "bin/bbsuid", Mode: 0o4111, Layer: base}, {Path: "bin/su", Mode: 0o6755}},
			Unowned:      []inventory.File{{Path: "app/a=b\n", Mode: 0o755, Layer: top}, {Path: "app/data", Mode: 0}},
			UnownedCount: 1003,
		},
	}
	facts.Coverage.Set("packages/apk", inventory.Full)
	facts.Coverage.Set("files", inventory.Full)
	facts.Coverage.AddGap(inventory.Gap{Dimension: "packages/golang", Code: "no-module-list", Path: "app/old: tool", Why: "it says: nothing"}, inventory.Partial)
	facts.Coverage.AddGap(inventory.Gap{Dimension: "packages/npm", Code: "no-extractor", Why: "2 files"}, inventory.Unknown)
	return facts
}

// twins returns two packages of one purl, and one whose purl ends as if it were a second one.
func twins() inventory.Facts {
	facts := inventory.Facts{Packages: []inventory.Package{
		{PURL: "pkg:golang/a@1", Type: "golang", Name: "a", Version: "1", Locations: []inventory.Location{{Path: "bin/a"}}},
		{PURL: "pkg:golang/a@1", Type: "golang", Name: "a", Version: "1", Locations: []inventory.Location{{Path: "bin/b"}}},
		{PURL: "pkg:golang/a@1#2", Type: "golang", Name: "a", Version: "1", Locations: []inventory.Location{{Path: "bin/c"}}},
	}}
	facts.Coverage.Set("packages/golang", inventory.Full)
	return facts
}

// odd returns names and values as a stranger may choose them.
func odd() inventory.Facts {
	facts := inventory.Facts{Packages: []inventory.Package{
		{PURL: "pkg:golang/a", Type: "generic", Name: "\x1b[31m<script>\u202e", Version: " spaced ", Arch: "x y", Vendor: "NOASSERTION",
			Source:   &inventory.Source{Name: "with space", Version: ""},
			Licenses: []string{"NONE"}, Locations: []inventory.Location{{Path: "", Layer: image.DigestOf(nil)}, {Path: "a\\nb\nc=d"}}},
		{PURL: "pkg:golang/b", Type: "golang", Name: "b", Vendor: "quoted \"name\" (with@mail)", Licenses: []string{"LicenseRef-x", "mit"}},
	}}
	facts.Target.Config.Labels = map[string]string{"": "nameless"}
	facts.Coverage.AddGap(inventory.Gap{Dimension: "packages/a b", Code: "x y"}, inventory.Unknown)
	return facts
}

// Unset names the fields that have no value anywhere in v, so that one that is added to the facts
// and not to Full is found.
func Unset(v any) []string {
	set := map[string]bool{}
	visit(reflect.ValueOf(v), "Facts", set)
	var names []string
	for name, is := range set {
		if !is {
			names = append(names, name)
		}
	}
	return names
}

func visit(v reflect.Value, name string, set map[string]bool) {
	set[name] = set[name] || !v.IsZero()
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v.Elem(), name, set)
		}
	case reflect.Slice:
		for i := range v.Len() {
			visit(v.Index(i), name+"[]", set)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				visit(v.Field(i), fmt.Sprintf("%s.%s", name, v.Type().Field(i).Name), set)
			}
		}
	}
}
