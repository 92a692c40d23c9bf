package embedded

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

func TestWants(t *testing.T) {
	for path, want := range map[string]rootfs.Want{
		"opt/bitnami/redis/.spdx-redis.spdx":            rootfs.Costly,
		"opt/bitnami/.bitnami_components.json":          rootfs.Costly,
		"var/lib/db/sbom/openssl-3.3-r0.spdx.json":      rootfs.Costly,
		"var/run/ko/sbom":                               rootfs.Costly,
		"run/ko/sbom.json":                              rootfs.Costly,
		"var/run/ko/sbom-linux.json":                    rootfs.Costly,
		"var/run/ko/index.html":                         rootfs.Ignore,
		"sbom.json":                                     rootfs.Costly,
		"app/bom.json":                                  rootfs.Costly,
		"app/a.cdx.json":                                rootfs.Costly,
		"app/mybom.json":                                rootfs.Ignore,
		"app/a.spdx":                                    rootfs.Ignore,
		"app/sbom":                                      rootfs.Ignore,
		"app/node_modules/a/sbom.json":                  rootfs.Ignore,
		"usr/lib/python3/site-packages/a.cdx.json":      rootfs.Ignore,
		"usr/share/doc/a/examples/sbom.json":            rootfs.Ignore,
		"root/go/pkg/mod/a.test@v1/testdata/x/bom.json": rootfs.Ignore,
		"": rootfs.Ignore,
	} {
		entry := &rootfs.Entry{Path: path, Kind: rootfs.Regular}
		if got := New().Wants(entry, nil); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
		if n := testing.AllocsPerRun(10, func() { New().Wants(entry, nil) }); n > 0 {
			t.Errorf("%s: %v allocations", path, n)
		}
	}
}

func TestVisit(t *testing.T) {
	const head = `{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [`
	one := record.Package{Name: "@s/a", Version: "1", Licenses: []string{"MIT"}, ID: "pkg:npm/%40s/a@1"}
	for name, test := range map[string]struct {
		content string
		want    []record.Package
		gaps    int
		problem string
	}{
		"a component": {head + `{"type": "library", "name": "x", "purl": "pkg:npm/%40s/a@1", "licenses": [{"license": {"id": "MIT"}}]}]}`, []record.Package{one}, 0, ""},
		"one that is malformed": {head + `{"type": "library", "name": "x", "purl": "pkg:npm/a%20b@1"}, {"type": "library", "name": "x", "purl": "pkg:npm/%40s/a@1", "licenses": [{"license": {"id": "MIT"}}]}]}`,
			[]record.Package{one}, 1, ""},
		"Alpine's source":  {head + `{"type": "library", "name": "x", "purl": "pkg:apk/a@1-r0?arch=x86_64&upstream=b"}]}`, []record.Package{{Name: "a", Version: "1-r0", Arch: "x86_64", SourceName: "b", SourceVersion: "1-r0", ID: "pkg:apk/a@1-r0?arch=x86_64"}}, 0, ""},
		"of nothing":       {head + `]}`, nil, 0, ""},
		"Bitnami's list":   {`{"Redis": {"arch": "amd64", "distro": "debian-12", "type": "NAMI", "version": "7-1"}}`, []record.Package{{Name: "redis", Version: "7-1", Arch: "amd64", ID: "pkg:bitnami/redis@7-1?arch=amd64&distro=debian-12"}}, 0, ""},
		"like such a list": {`{"redis": {"type": "module", "version": "7"}}`, nil, 0, ""},
		"not a bill":       {`{"a": 1}`, nil, 0, ""},
		"a name twice":     {strings.Replace(head, `{`, `{"bomFormat": "CycloneDX", `, 1) + `]}`, nil, 0, "there twice"},
		"too long":         {head + strings.Repeat(" ", maxDocument) + `]}`, nil, 0, "more than is read"},
		"too many objects": {head + strings.Repeat(`{},`, maxObjects) + `{}]}`, nil, 0, "more than is read"},
		"in XML":           {"<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\"/>", nil, 0, "only those in JSON"},
		"in tags":          {"SPDXVersion: SPDX-2.3\n", nil, 0, "only those in JSON"},
		"another's form":   {`{"artifacts": []}`, nil, 0, "syft"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := New().Visit(context.Background(), &rootfs.File{Entry: &rootfs.Entry{Path: "sbom.json"}, Reader: strings.NewReader(test.content)})
			if test.problem == "" && err != nil || test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
				t.Fatalf("error %v, want one that says %q", err, test.problem)
			}
			var contents record.Contents
			if data != nil {
				if contents, err = record.Decode(data); err != nil {
					t.Fatal(err)
				}
			}
			if len(contents.Packages) == 0 {
				contents.Packages = nil
			}
			if diff := cmp.Diff(test.want, contents.Packages); diff != "" || len(contents.Gaps) != test.gaps {
				t.Errorf("gaps %v\n%s", contents.Gaps, diff)
			}
		})
	}
}
