package extract

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// spdxBill writes an SPDX document of components given by their purls.
func spdxBill(purls ...string) string {
	var packages []string
	for i, purl := range purls {
		_, name, _ := strings.Cut(purl, "/")
		packages = append(packages, fmt.Sprintf(`{"SPDXID": "SPDXRef-%d", "name": %q, "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": %q}]}`, i, name, purl))
	}
	return `{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "creationInfo": {"created": "2026-01-01T00:00:00Z"}, "packages": [` +
		strings.Join(append(packages, `{"SPDXID": "SPDXRef-File", "name": "a layer"}`), ",") + `]}`
}

// cycloneDXBill writes the same as a CycloneDX document.
func cycloneDXBill(purls ...string) string {
	var components []string
	for _, purl := range purls {
		components = append(components, fmt.Sprintf(`{"type": "library", "name": "x", "purl": %q}`, purl))
	}
	return `{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [` + strings.Join(components, ",") + `]}`
}

func TestEmbeddedBills(t *testing.T) {
	const redis = "pkg:bitnami/redis@7.2.4-1?arch=amd64&distro=debian-12"
	for _, test := range []struct {
		name   string
		layers []layer
		want   []string // purl, then layer:path of each location
		gaps   []string
	}{
		{"what nothing else found", []layer{{file("sbom.json", cycloneDXBill("pkg:npm/a@1"))}, {file("app/a.spdx.json", spdxBill("pkg:npm/a@1", "pkg:gem/b@2"))}},
			[]string{"pkg:gem/b@2 1:app/a.spdx.json", "pkg:npm/a@1 1:app/a.spdx.json 0:sbom.json"}, nil},
		{"rule 1: the database of the system was read", []layer{
			{file(status, debs("a=1")), file("sbom.json", cycloneDXBill("pkg:deb/debian/a@1", "pkg:deb/debian/b@1", "pkg:npm/c@1"))},
		}, []string{"pkg:deb/a@1 0:" + status, "pkg:npm/c@1 0:sbom.json"}, nil},
		{"rule 1: it was read, and lists nothing", []layer{
			{file(status, ""), file("sbom.json", cycloneDXBill("pkg:deb/debian/b@1"))},
		}, nil, nil},
		{"rule 1: it was deleted", []layer{
			{file(status, debs("a=1")), file("sbom.json", cycloneDXBill("pkg:deb/debian/a@1:1?arch=amd64"))}, {whiteout("var/lib/dpkg", "status")},
		}, []string{"pkg:deb/debian/a@1:1?arch=amd64 0:sbom.json"}, []string{"packages/deb deleted-database " + status}},
		{"rule 2: found by itself, in another version", []layer{
			{file("app/node_modules/@s/a/package.json", `{"name": "@s/a", "version": "1"}`), file("sbom.json", cycloneDXBill("pkg:npm/%40s/a@2", "pkg:npm/a@2"))},
		}, []string{"pkg:npm/%40s/a@1 0:app/node_modules/@s/a/package.json", "pkg:npm/a@2 0:sbom.json"}, nil},
		{"rule 3: inside of an installed package", []layer{
			{file("usr/lib/python3/dist-packages/a/sbom.json", cycloneDXBill("pkg:npm/a@1")), file("usr/share/doc/a/bom.json", "{"), file("app/node_modules/a/a.cdx.json", cycloneDXBill("pkg:npm/b@1"))},
		}, nil, nil},
		{"two documents, two versions", []layer{{file("a/sbom.json", cycloneDXBill("pkg:npm/a@1")), file("b/sbom.json", cycloneDXBill("pkg:npm/a@2"))}},
			[]string{"pkg:npm/a@1 0:a/sbom.json", "pkg:npm/a@2 0:b/sbom.json"}, nil},
		{"no version", []layer{{file("sbom.json", cycloneDXBill("pkg:npm/a"))}},
			[]string{"pkg:npm/a 0:sbom.json"}, []string{"packages/npm unversioned-package sbom.json"}},
		{"images and repositories", []layer{{file("sbom.json", cycloneDXBill("pkg:oci/a@sha256:00", "pkg:github/a/b@1", "pkg:docker/a@1"))}}, nil, nil},
		{"no bill of materials", []layer{{file("bom.json", `{"items": []}`), file("a/bom.json", "[1]"), file("sbom.json", "")}}, nil, nil},
		{"cut short", []layer{{file("sbom.json", `{"bomFormat": "CycloneDX", `)}}, nil, []string{"packages/other unreadable-database sbom.json"}},
		{"SPDX 3", []layer{{file("a.spdx.json", `{"@context": "x"}`)}}, nil, []string{"packages/other unreadable-database a.spdx.json"}},
		{"deleted, and another name", []layer{{file("sbom.json", cycloneDXBill("pkg:npm/a@1")), file("mine.json", cycloneDXBill("pkg:npm/b@1"))}, {whiteout("", "sbom.json")}}, nil, nil},
		{"hard case 27: a hard link by a usual name", []layer{{file("mine.json", cycloneDXBill("pkg:npm/b@1"))}, {hardlink("sbom.json", "mine.json")}},
			[]string{"pkg:npm/b@1 0:sbom.json"}, nil},
		{"Bitnami", []layer{{
			file(status, debs("a=1")), file("opt/bitnami/redis/bin/redis-server", "\x7fELFredis_version:7.2.4\x00"), file("usr/local/bin/bash", "\x7fELF@(#)Bash version 5.2.15"),
			file("opt/bitnami/redis/.spdx-redis.spdx", spdxBill(redis)), file("opt/bitnami/bash/.spdx-bash.spdx", spdxBill("pkg:bitnami/bash@5.1.0")),
			file("opt/bitnami/.bitnami_components.json", `{"redis": {"arch": "amd64", "distro": "debian-12", "type": "NAMI", "version": "7.2.4-0"},
				"wait-for-port": {"arch": "amd64", "distro": "debian-12", "type": "NAMI", "version": "1.0.7-8"}}`),
		}}, []string{
			"pkg:bitnami/bash@5.1.0 0:opt/bitnami/bash/.spdx-bash.spdx", redis + " 0:opt/bitnami/redis/.spdx-redis.spdx",
			"pkg:bitnami/wait-for-port@1.0.7-8?arch=amd64&distro=debian-12 0:opt/bitnami/.bitnami_components.json",
			"pkg:deb/a@1 0:" + status, "pkg:generic/bash@5.2.15 0:usr/local/bin/bash",
		}, nil},
		{"Bitnami's document and a program that it names", []layer{{
			file("opt/bitnami/bash/bin/bash", "\x7fELF@(#)Bash version 5.2.15"), file("opt/bitnami/bash/.spdx-bash.spdx", spdxBill("pkg:bitnami/bash@5.2.15-1")),
		}}, []string{"pkg:bitnami/bash@5.2.15-1 0:opt/bitnami/bash/.spdx-bash.spdx"}, nil},
		{"hard case 17: apko's documents do not double the packages", []layer{{
			file("etc/os-release", "ID=wolfi\nVERSION_ID=20230201\n"), file(installed, apks("openssl=3.3.0-r0", "ca-certificates=1")),
			file("var/lib/db/sbom/openssl-3.3.0-r0.spdx.json", spdxBill("pkg:apk/wolfi/openssl@3.3.0-r0?arch=x86_64", "pkg:generic/openssl@3.3.0?download_url=x", "pkg:github/openssl/openssl@openssl-3.3.0")),
			file("var/lib/db/sbom/sbom.spdx.json", spdxBill("pkg:oci/image@sha256:00", "pkg:apk/wolfi/openssl@3.3.0-r0?arch=x86_64", "pkg:apk/wolfi/ca-certificates@1")),
		}}, []string{
			"pkg:apk/wolfi/ca-certificates@1?distro=wolfi-20230201 0:" + installed, "pkg:apk/wolfi/openssl@3.3.0-r0?distro=wolfi-20230201 0:" + installed,
		}, nil},
		{"ko", []layer{{file("var/run/ko/sbom", spdxBill("pkg:oci/app@sha256:00", "pkg:golang/example.com/app@v1.0.0", "pkg:golang/stdlib@1.24.0"))}},
			[]string{"pkg:golang/example.com/app@v1.0.0 0:var/run/ko/sbom", "pkg:golang/stdlib@1.24.0 0:var/run/ko/sbom"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := scan(t, false, test.layers...)
			if diff := cmp.Diff(test.want, got.lines()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.gaps, got.gaps()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestKoBesideItsProgram: what a Go program says of itself outweighs the document that ko put there.
func TestKoBesideItsProgram(t *testing.T) {
	program := runningTest(t)
	got := scan(t, false, layer{file("ko-app/app", program), file("var/run/ko/sbom.spdx.json", spdxBill("pkg:golang/stdlib@1.0.0", "pkg:golang/example.com/other@v1.0.0"))})
	versions := map[string][]string{}
	for _, p := range got.packages {
		versions[p.Name] = append(versions[p.Name], p.Version)
	}
	if len(versions["stdlib"]) != 1 || versions["stdlib"][0] == "1.0.0" || len(versions["example.com/other"]) != 1 {
		t.Errorf("%v", versions)
	}
}

// FuzzEmbedded: whatever a document says, what is there by itself is found as without it; each package
// that the document adds lies at its place, is of a type whose database was not read, and has a name
// that nothing else has.
func FuzzEmbedded(f *testing.F) {
	f.Add([]byte(spdxBill("pkg:deb/debian/a@1", "pkg:npm/b@1", "pkg:npm/c@1", "pkg:golang/d", "pkg:generic/e@1")))
	f.Add([]byte(cycloneDXBill("pkg:deb/debian/a@2", "pkg:npm/b@1", "pkg:apk/c@1")))
	f.Add([]byte(`{"redis": {"arch": "amd64", "distro": "debian-12", "type": "NAMI", "version": "7.2.4-1"}}`))
	there := layer{file(status, debs("a=1")), file("app/node_modules/b/package.json", `{"name": "b", "version": "2"}`)}
	f.Fuzz(func(t *testing.T, content []byte) {
		const place = "app/sbom.json"
		var own []string
		for _, p := range scan(t, false, append(layer{file(place, string(content))}, there...)).packages {
			switch {
			case len(p.Locations) != 1 || p.Locations[0].Path != place:
				own = append(own, p.PURL)
			case p.Type == "deb", strings.HasPrefix(p.PURL, "pkg:npm/b@"), p.PURL == "pkg:npm/b":
				t.Errorf("%s was added", p.PURL)
			}
			if _, err := json.Marshal(p); err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff([]string{"pkg:deb/a@1", "pkg:npm/b@2"}, own); diff != "" {
			t.Error(diff)
		}
	})
}
