package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/report"
)

// TestBillsGiveWhatImagesGive: a scan of an image's bill of materials, in either format, and of
// its report, is the scan of the image, but for what the target is called.
func TestBillsGiveWhatImagesGive(t *testing.T) {
	for _, name := range []string{"alpine-3.10.3", "alpine-3.12.12", "alpine-3.16.9", "alpine-3.20.3"} {
		t.Run(name, func(t *testing.T) { compareBills(t, testparts.Shared(t, "images", name+".tar")) })
	}
	for _, name := range []string{"debian-slim", "debian-old", "debian-python", "go-app", "big"} {
		t.Run(name, func(t *testing.T) { compareBills(t, built(t, name)) })
	}
}

func compareBills(t *testing.T, target string) {
	t.Helper()
	dir := t.TempDir()
	run := func(out string, args ...string) string {
		t.Helper()
		path := filepath.Join(dir, out)
		command := exec.Command(binary(t), append(args, "--quiet", "--now", now, "--output", path)...)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", args, err, out)
		}
		return path
	}
	scan := func(out, target string) *report.Report {
		t.Helper()
		content, err := os.ReadFile(run(out, "scan", target, "--format", "json", "--db", database(t)))
		if err != nil {
			t.Fatal(err)
		}
		var r report.Report
		if err := json.NewDecoder(bytes.NewReader(content)).Decode(&r); err != nil {
			t.Fatal(err)
		}
		r.Target.Reference = ""
		return &r
	}
	want := scan("image.json", target)
	for format, bill := range map[string]string{
		"CycloneDX": run("a.cdx.json", "sbom", target),
		"SPDX":      run("a.spdx.json", "sbom", target, "--format", "spdx"),
		"report":    filepath.Join(dir, "image.json"),
	} {
		got := scan(format+".json", "sbom:"+bill)
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
			t.Errorf("%s (-image +bill):\n%.4000s", format, diff)
		}
	}
}
