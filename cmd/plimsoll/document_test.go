package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/assemble"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom"
	"plimsoll.dev/plimsoll/report"
	reportjson "plimsoll.dev/plimsoll/report/json"
)

const debianStatus = "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl (3.0.9-1)\nVersion: 3.0.9-1\n\n" +
	"Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nSource: zlib\nVersion: 1:1.2.13.dfsg-1\n\n"

// exampleImages are images in which something is wrong or not understood.
func exampleImages(t *testing.T) map[string]string {
	t.Helper()
	debian := []assemble.File{{Path: "etc/os-release", Body: []byte("ID=debian\nVERSION_ID=12\n")}, {Path: "var/lib/dpkg/status", Body: []byte(debianStatus)}}
	told := assemble.Image{
		Platform: image.DefaultPlatform(),
		Config:   image.Config{Labels: map[string]string{"org.opencontainers.image.base.name": "debian:12", "org.opencontainers.image.base.digest": image.DigestOf(nil).String()}},
		Layers: []assemble.Blob{layer(t, assemble.Gzip, append(debian, assemble.File{Path: "bin/su", Mode: 0o4755, Body: []byte("x")},
			assemble.File{Path: "var/lib/dpkg/info/libssl3.list", Body: []byte("/bin/su\n")}, assemble.File{Path: "var/lib/dpkg/info/zlib1g.list"})...)},
		CreatedBy: []string{"RUN |1 TOKEN=s3cr3t /bin/sh -c " + strings.Repeat("x", inventory.MaxInstruction)},
	}
	withHistory := filepath.Join(t.TempDir(), "image")
	if err := assemble.WriteLayout(withHistory, "v1", told); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"what the image tells of itself, at length": withHistory,
		"alpine":           writeImage(t, layer(t, assemble.Gzip, ordinaryFiles()...)),
		"debian":           writeImage(t, layer(t, assemble.Gzip, debian...)),
		"a Go program":     writeImage(t, layer(t, assemble.Gzip, debian...), layer(t, assemble.Zstd, assemble.File{Path: "bin/program", Mode: 0o755, Body: goProgram(t)})),
		"no distribution":  writeImage(t, layer(t, assemble.Gzip, debian[1])),
		"nothing":          writeImage(t, layer(t, assemble.Gzip, assemble.File{Path: "README", Body: []byte("x")})),
		"what is not read": writeImage(t, layer(t, assemble.Gzip, append(debian, assemble.File{Path: "app/Cargo.lock", Body: []byte("x")})...)),
		"names of strangers": writeImage(t, layer(t, assemble.Gzip, assemble.File{Path: "etc/os-release", Body: []byte("ID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME=\"\x1b[31m\u202e##[x]\"\n")},
			assemble.File{Path: "lib/apk/db/installed", Body: []byte("P:a::b\nV:1-r0\nA:x86_64\nL:custom \u202e <x>\n\n")})),
	}
}

func decodeReport(t *testing.T, o outcome) *report.Report {
	t.Helper()
	if o.status != exitDone {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	r, err := reportjson.Decode(strings.NewReader(o.stdout), sbom.MaxSize)
	if err != nil {
		t.Fatal(err)
	}
	r.Target.Reference = ""
	return r
}

// TestBillsGiveWhatImagesGive: the same report comes out of an image, of its bill of materials in
// either format, of its report, and of a bill that was made from a bill.
func TestBillsGiveWhatImagesGive(t *testing.T) {
	home := t.TempDir()
	for name, target := range exampleImages(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(file string, args ...string) string {
				path := filepath.Join(dir, file)
				if o := plimsollAt(t, home, append(args, "--output", path, "--now", "2026-11-22T10:00:00Z", "--quiet")...); o.status != exitDone {
					t.Fatalf("%s: status %d\n%s", args, o.status, o.stderr)
				}
				return path
			}
			scan := func(target string) *report.Report {
				return decodeReport(t, plimsollAt(t, home, "scan", target, "--find", "vuln,config", "--format", "json", "--now", "2026-11-22T10:00:00Z", "--quiet"))
			}
			cyclonedx, spdx := write("a.cdx.json", "sbom", target), write("a.spdx.json", "sbom", target, "--format", "spdx")
			want := scan(target)
			for kind, document := range map[string]string{
				"CycloneDX": cyclonedx, "SPDX": spdx, "report": write("a.json", "scan", target, "--format", "json"),
				"CycloneDX of SPDX": write("b.cdx.json", "sbom", spdx), "SPDX of CycloneDX": write("b.spdx.json", "sbom", cyclonedx, "--format", "spdx"),
			} {
				if diff := cmp.Diff(want, scan(document), cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
					t.Errorf("%s (-image +document):\n%s", kind, diff)
				}
			}
		})
	}
}

// TestHostileDocuments: what is no document, or half of one, is refused with one sentence.
func TestHostileDocuments(t *testing.T) {
	dir := t.TempDir()
	for name, test := range map[string]struct{ content, says string }{
		"another.json":  {`{"name": "x"}`, "neither bomFormat nor spdxVersion"},
		"half.json":     {`{"bomFormat": "CycloneDX",`, "unexpected end"},
		"old.json":      {`{"bomFormat": "CycloneDX", "specVersion": "1.0"}`, "want 1.2 to 1.7"},
		"deep.json":     {`{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": ` + strings.Repeat("[", 100_000) + "}", "."},
		"page.html":     {"<!DOCTYPE html><html></html>", "document type"},
		"report.json":   {`{"schema": "plimsoll.dev/report/v9"}`, "want \"plimsoll.dev/report/v1\""},
		"names.json":    {"{\"bomFormat\": \"\x1b[31m\"}", "."},
		"null.json":     {`{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","creationInfo":{},"packages":[null]}`, "package 1 of 1"},
		"tag.spdx":      {"SPDXVersion: SPDX-2.3\nnonsense", "line 2"},
		"envelope.json": {`{"payloadType":"x","payload":"e30="}`, "envelope"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(test.content), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			refused(t, plimsoll(t, "scan", path), name+".*"+test.says)
			refused(t, plimsoll(t, "diff", path, path), name)
		})
	}
	refused(t, plimsoll(t, "scan", "sbom:"+filepath.Join(dir, "nothing.json")), `nothing\.json: no such file`)
}

// TestADocumentTellsWhatTheImageTold: the facts that policies ask for come out of a report and a bill
// as they went in, and no secret of a build does.
func TestADocumentTellsWhatTheImageTold(t *testing.T) {
	target := exampleImages(t)["what the image tells of itself, at length"]
	dir := t.TempDir()
	stored, bill := filepath.Join(dir, "a.json"), filepath.Join(dir, "a.cdx.json")
	for path, args := range map[string][]string{stored: {"scan", target, "--format", "json"}, bill: {"sbom", target}} {
		if o := plimsoll(t, append(args, "--output", path, "--quiet")...); o.status != exitDone {
			t.Fatalf("%s: status %d\n%s", args, o.status, o.stderr)
		}
	}
	for _, from := range []string{target, stored, bill} {
		r := decodeReport(t, plimsoll(t, "scan", from, "--format", "json", "--quiet"))
		if len(r.Target.Instructions) != 1 || !strings.HasPrefix(r.Target.Instructions[0], "RUN xx") {
			t.Errorf("%s: instructions %.40q", from, r.Target.Instructions)
		}
		if strings.Contains(r.Target.Layers[0].CreatedBy, "s3cr3t") {
			t.Errorf("%s: the layer tells a secret: %.60q", from, r.Target.Layers[0].CreatedBy)
		}
		if r.Target.Base == nil || r.Target.Base.Name != "debian:12" || r.Target.Base.Digest != image.DigestOf(nil) {
			t.Errorf("%s: base %+v", from, r.Target.Base)
		}
		if r.Target.Layers[0].Unpacked == 0 || len(r.Files.Setuid) != 1 || r.Files.Setuid[0].Mode != 0o4755 || r.Files.UnownedCount != 0 {
			t.Errorf("%s: layer %+v, files %+v", from, r.Target.Layers[0], r.Files)
		}
		if r.Distro.EOL != "2028-06-30" || r.Coverage.State("files") != inventory.Full || r.Coverage.State("config") == inventory.Full {
			t.Errorf("%s: distribution %+v, coverage %v", from, r.Distro, r.Coverage.States)
		}
	}
}
