package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/layout"
	"plimsoll.dev/plimsoll/internal/assemble"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/verdict"
)

// severalPlatforms writes a layout of an image for amd64 that passes the starter policy, and one
// for arm64 that runs as root.
func severalPlatforms(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "layout")
	make := func(architecture, user string) assemble.Image {
		layer, err := assemble.Layer([]assemble.File{{Path: "etc/motd", Mode: 0o644, Body: []byte(architecture)}}, assemble.Gzip)
		if err != nil {
			t.Fatal(err)
		}
		return assemble.Image{Platform: image.Platform{OS: "linux", Architecture: architecture}, Config: image.Config{User: user}, Layers: []assemble.Blob{layer}}
	}
	if err := assemble.WriteLayout(dir, "v1", make("amd64", "65532"), make("arm64", "root")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// runs executes a command line.
func runs(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	p := program{stdout: &out, stderr: &err, environ: []string{"HOME=" + t.TempDir()}}
	status = p.execute(t.Context(), append(args, "--now", "2026-11-22T10:00:00Z"))
	return status, out.String(), err.String()
}

func decode(t *testing.T, document string) report.Reports {
	t.Helper()
	var all report.Reports
	if err := json.Unmarshal([]byte(document), &all); err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	return all
}

func TestAllPlatforms(t *testing.T) {
	dir := severalPlatforms(t)
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	text := `apiVersion: plimsoll.dev/v1
kind: Policy
metadata: {name: users, owner: a@example.com, version: 1}
actions: {build: deny, ship: deny, admit: deny, run: deny}
rules:
  - id: not-root
    deny: {config: [user-root]}
`
	if err := os.WriteFile(policy, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	check := []string{"check", dir, "--quiet", "--policy", policy, "--format", "json"}

	if status, _, stderr := runs(t, append(check, "--platform", "linux/amd64")...); status != exitDone {
		t.Fatalf("amd64 alone: status %d\n%s", status, stderr)
	}
	status, stdout, stderr := runs(t, append(check, "--all-platforms")...)
	all := decode(t, stdout)
	if status != exitDenied || len(all.Reports) != 2 || all.Missed != nil || all.Outcome[verdict.Build] != verdict.Deny ||
		all.Reports[0].Target.Platform != "linux/amd64" || all.Reports[0].Verdict.Outcome[verdict.Build] != verdict.Allow ||
		all.Reports[1].Target.Platform != "linux/arm64" || all.Reports[1].Verdict.Outcome[verdict.Build] != verdict.Deny {
		t.Errorf("status %d, %s\n%s", status, stderr, stdout)
	}
	status, stdout, _ = runs(t, "scan", dir, "--quiet", "--format", "json", "--all-platforms")
	if all = decode(t, stdout); status != exitDone || len(all.Reports) != 2 || all.Outcome != nil {
		t.Errorf("scan: status %d\n%s", status, stdout)
	}
	status, stdout, _ = runs(t, "check", dir, "--quiet", "--policy", policy, "--all-platforms")
	if status != exitDenied || strings.Count(stdout, "linux/a") != 2 || !strings.Contains(stdout, "2 platforms scanned") {
		t.Errorf("table: status %d\n%s", status, stdout)
	}
	for _, args := range [][]string{{"scan", dir, "--all-platforms", "--platform", "linux/amd64"}, {"check", dir, "--all-platforms", "--platform", "linux/amd64"},
		{"scan", dir, "--all-platforms", "--manifest", "x"}, {"sbom", dir, "--all-platforms"}} {
		if status, _, _ := runs(t, args...); status != exitUsage {
			t.Errorf("%q: status %d", args, status)
		}
	}
}

// TestAMissedPlatformIsNeverAPass: of an image that the medium does not have nothing is known.
func TestAMissedPlatformIsNeverAPass(t *testing.T) {
	dir := severalPlatforms(t)
	source, err := layout.Open(dir, "", layout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	arm64, err := source.Image(t.Context(), image.Platform{OS: "linux", Architecture: "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	_ = source.Close()
	if err := os.Remove(filepath.Join(dir, "blobs/sha256", arm64.Digest.Hex())); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := runs(t, "check", dir, "--format", "json", "--all-platforms")
	all := decode(t, stdout)
	if status != exitDenied || len(all.Reports) != 1 || len(all.Missed) != 1 || all.Missed[0].Platform != "linux/arm64" || all.Outcome[verdict.Build] != verdict.Deny {
		t.Errorf("status %d\n%s", status, stdout)
	}
	if !strings.Contains(stderr, "not scanned: linux/arm64") {
		t.Errorf("warned %q", stderr)
	}
	if status, stdout, _ = runs(t, "scan", dir, "--quiet", "--all-platforms"); status != exitDone || !strings.Contains(stdout, "not scanned: linux/arm64") {
		t.Errorf("scan: status %d\n%s", status, stdout)
	}
	if status, _, _ = runs(t, "scan", dir, "--quiet", "--all-platforms", "--fail-on", "critical"); status != exitDenied {
		t.Errorf("scan --fail-on: status %d", status)
	}
}
