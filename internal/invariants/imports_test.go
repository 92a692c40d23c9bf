package invariants

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "plimsoll.dev/plimsoll"

// pkg is what `go list` says of a package.
type pkg struct {
	ImportPath, Dir, Doc, Name         string
	GoFiles, TestGoFiles, XTestGoFiles []string
	Imports, Deps                      []string
	Module                             *struct{ Path string }
	Standard                           bool
}

// list returns the project's own packages.
func list(t *testing.T) []pkg {
	t.Helper()
	command := exec.Command("go", "list", "-json", "./...")
	command.Dir = "../.."
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []pkg
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var p pkg
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 20 {
		t.Fatalf("go list found only %d packages", len(packages))
	}
	return packages
}

// row returns the position of a package in the block "what we know": data flows down these rows,
// imports point up them.
func row(path string) int {
	rows := []string{"ecosystem", "image", "inventory", "workload", "advisory", "finding", "verdict", "evidence", "policy", "scan"}
	return slices.Index(rows, strings.Split(path, "/")[0])
}

func TestImportsPointUpThePage(t *testing.T) {
	// Reason: each row can be understood, tested and replaced with the rows above it alone, and
	// the folder listing tells the truth about the flow of data (ARCHITECTURE.md).
	for _, p := range list(t) {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, imported := range p.Imports {
			to, own := strings.CutPrefix(imported, module+"/")
			if !own {
				continue
			}
			if strings.HasPrefix(to, "cmd/") {
				t.Errorf("%s imports %s: commands are imported by nobody", from, to)
			}
			if row(from) < 0 {
				continue
			}
			switch {
			case strings.HasPrefix(to, "internal/"):
			case row(to) < 0:
				t.Errorf("%s imports %s, which is below it on the page", from, to)
			case row(to) > row(from):
				t.Errorf("%s imports %s, a row below its own", from, to)
			}
		}
	}
}

func TestTheGatesKeepApart(t *testing.T) {
	// Reason: each gate can be run, and understood, without the others; what serves imports them,
	// and not the other way round (import rule 2). Ship moves bytes at registries, so it needs to
	// know images and evidence, and nothing of what is found in them or decided about them.
	gates := []string{"build", "ship", "admit", "run", "comply"}
	serve := []string{"server", "web", "store", "cmd"}
	ship := []string{"image", "evidence", "internal"}
	found := false
	for _, p := range list(t) {
		from := strings.Split(strings.TrimPrefix(p.ImportPath, module+"/"), "/")[0]
		if !slices.Contains(gates, from) {
			continue
		}
		found = true
		for _, imported := range p.Imports {
			path, own := strings.CutPrefix(imported, module+"/")
			to := strings.Split(path, "/")[0]
			switch {
			case !own || to == from:
			case slices.Contains(gates, to) || slices.Contains(serve, to):
				t.Errorf("%s imports %s", from, path)
			case from == "ship" && !slices.Contains(ship, to):
				t.Errorf("ship imports %s, and should know %s only", path, strings.Join(ship, ", "))
			}
		}
	}
	if !found {
		t.Error("there is no gate")
	}
}

func TestInternalPlumbingKnowsNoProduct(t *testing.T) {
	// Reason: internal holds plumbing without product meaning; only the assembler of images knows
	// what an image is.
	for _, p := range list(t) {
		from, ok := strings.CutPrefix(p.ImportPath, module+"/internal/")
		if !ok || from == "assemble" {
			continue
		}
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, module) {
				t.Errorf("internal/%s imports %s", from, imported)
			}
		}
	}
}

func TestDependenciesStayInTheirPlace(t *testing.T) {
	// Each module may be imported directly only from the folders named, for the reason given.
	// A module that is not listed may not be imported at all: it needs a decision record first.
	rules := []struct {
		module string
		from   []string
		reason string
	}{
		{"github.com/klauspost/compress", []string{"image/rootfs/inflate", "image/archive", "internal/assemble", "advisory/db/starter", "inventory/extract/chisel", "bench"},
			"inflating stands behind one small interface (decision 0003)"},
		{"github.com/spf13/cobra", []string{"cmd/plimsoll"}, "only the command knows flags (decision 0004)"},
		{"github.com/spf13/pflag", []string{"cmd/plimsoll"}, "only the command knows flags (decision 0004)"},
		{"github.com/jedib0t/go-pretty/v6", []string{"report/table", "internal/progress"}, "terminal layout stays in the terminal's packages (decision 0005)"},
		{"github.com/pandatix/go-cvss", []string{"advisory"}, "scores are computed where ratings are defined (decision 0006)"},
		{"github.com/CycloneDX/cyclonedx-go", []string{"inventory/sbom/cyclonedx"}, "one format, one package (decision 0007)"},
		{"github.com/github/go-spdx/v2", []string{"inventory/sbom/license"}, "SPDX's list of licences is asked in one place (decision 0020)"},
		{"github.com/package-url/packageurl-go", []string{"ecosystem", "inventory"}, "package URLs are made and read in one place (decision 0008)"},
		{"github.com/google/go-containerregistry", []string{"image/registry", "e2e", "bench"}, "one medium, one package: the guard must not be gone around; its registry in memory is for tests and benchmarks (decision 0017)"},
		{"github.com/sigstore/sigstore-go", []string{"evidence/sigstore"}, "signatures without a key are verified and made in one place (decision 0029)"},
		{"github.com/sigstore/protobuf-specs", []string{"evidence/sigstore/sigstoretest"}, "bundles as values, for tests alone (decision 0029)"},
		{"google.golang.org/protobuf", []string{"evidence/sigstore/sigstoretest"}, "their JSON, for tests alone (decision 0029)"},
		{"github.com/digitorus/timestamp", []string{"evidence/sigstore/keyless", "evidence/sigstore/sigstoretest"}, "timestamps are asked for, and given in tests (decision 0034)"},
		{"github.com/containerd/containerd/api", []string{"image/engine"}, "one medium, one package (decision 0018)"},
		{"google.golang.org/grpc", []string{"image/engine"}, "what containerd speaks, and nothing else here does (decision 0018)"},
		{"golang.org/x/net", []string{"image/registry"}, "which hosts are one organisation's (decision 0017)"},
		{"go.yaml.in/yaml/v3", []string{"internal/strictyaml", "policy", "evidence", "inventory/extract/listing", "ship"}, "policies, trust documents and lock files of registries behind one strict reader, lock files of packages behind one bounded reader (decisions 0009 and 0019)"},
		{"github.com/secure-systems-lab/go-securesystemslib", []string{"evidence"}, "keys at rest, as cosign encrypts them (decision 0028)"},
		{"cel.dev/cel-go", []string{"policy"}, "expressions are the policy language's own (decision 0027)"},
		{"github.com/pelletier/go-toml/v2", []string{"inventory/extract/listing"}, "lock files are read behind one bounded reader (decision 0019)"},
		{"golang.org/x/sync", []string{"image", "advisory", "scan", "bench"}, "errgroup owns goroutines (decision 0010)"},
		{"golang.org/x/sys", []string{"advisory/db", "image/directory", "inventory/extract/rpm", "internal"}, "memory maps, unlinked files and kinds of file system (decision 0010)"},
		{"golang.org/x/term", []string{"cmd/plimsoll", "demo"}, "only the command knows whether it speaks to a terminal (decision 0010)"},
		{"golang.org/x/mod", []string{"inventory/extract/gobinary", "ecosystem"}, "Go's own rules for module versions (decision 0010)"},
	}
	for _, p := range list(t) {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, imported := range p.Imports {
			first, _, _ := strings.Cut(imported, "/")
			if !strings.Contains(first, ".") || strings.HasPrefix(imported, module) {
				continue // the standard library, or our own
			}
			i := slices.IndexFunc(rules, func(r struct {
				module string
				from   []string
				reason string
			}) bool {
				return imported == r.module || strings.HasPrefix(imported, r.module+"/")
			})
			if i < 0 {
				t.Errorf("%s imports %s, which no rule allows", from, imported)
				continue
			}
			allowed := func(folder string) bool { return from == folder || strings.HasPrefix(from, folder+"/") }
			if !slices.ContainsFunc(rules[i].from, allowed) {
				t.Errorf("%s imports %s: %s", from, imported, rules[i].reason)
			}
		}
	}
}

func TestImageUsesTheStandardLibraryOnly(t *testing.T) {
	// Reason: everything rests on it (ARCHITECTURE.md).
	for _, p := range list(t) {
		if p.ImportPath != module+"/image" {
			continue
		}
		for _, imported := range p.Imports {
			if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
				t.Errorf("image imports %s", imported)
			}
		}
	}
}

func TestWhatGatesHoldNeedsTheStandardLibraryOnly(t *testing.T) {
	// Reason: admission and the privileged node agent verify a signed snapshot and nothing else.
	// Every module that they link is attack surface in the most exposed places, and libraries that
	// verify have had holes of their own (CVE-2025-62375, CVE-2026-23991, CVE-2026-49834).
	wanted := []string{module + "/evidence/dsse", module + "/evidence/snapshot"}
	for _, p := range list(t) {
		if !slices.Contains(wanted, p.ImportPath) {
			continue
		}
		wanted = slices.DeleteFunc(wanted, func(path string) bool { return path == p.ImportPath })
		for _, dependency := range p.Deps {
			first, _, _ := strings.Cut(dependency, "/")
			if strings.Contains(first, ".") && !strings.HasPrefix(dependency, module+"/") {
				t.Errorf("%s reaches %s", p.ImportPath, dependency)
			}
			if dependency == "net/http" || dependency == module+"/evidence" {
				t.Errorf("%s reaches %s", p.ImportPath, dependency)
			}
		}
	}
	if len(wanted) > 0 {
		t.Errorf("there is no %s", wanted)
	}
}

func TestPoliciesSpeakToNobody(t *testing.T) {
	// Reason: whoever may write a policy must not have requests made, nor with whose credentials.
	// Kyverno's policies could, and so read other namespaces, metadata services and its own token.
	forbidden := map[string]string{
		"net":      "GHSA-459x-q9hg-4gpq, GHSA-fmqp-4wfc-w3v7, GHSA-qr4g-8hrp-c4rw",
		"net/http": "CVE-2026-22039, CVE-2026-4789, CVE-2026-41323, CVE-2026-40868",
		"os/exec":  "no program either",
	}
	looked := false
	for _, p := range list(t) {
		if p.ImportPath != module+"/policy" {
			continue
		}
		looked = true
		for _, dependency := range p.Deps {
			if why, found := forbidden[dependency]; found {
				t.Errorf("policy reaches %s (%s)", dependency, why)
			}
		}
	}
	if !looked {
		t.Error("there is no package policy: this test looks for the wrong thing")
	}
}

func TestSignaturesStayInOnePlace(t *testing.T) {
	// Reason: who checks a signature beside the trust has another idea of whom to believe
	// (import rule 6). Hashing is free, and so is TLS.
	for _, p := range list(t) {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		if from == "evidence" || strings.HasPrefix(from, "evidence/") {
			continue
		}
		for _, imported := range p.Imports {
			if slices.Contains([]string{"crypto/ecdsa", "crypto/ed25519", "crypto/rsa", "crypto/dsa"}, imported) {
				t.Errorf("%s imports %s", from, imported)
			}
		}
	}
}

func TestUntrustedArchivesAreOpenedInFewPlaces(t *testing.T) {
	// Reason: whoever opens an archive of a stranger needs limits; so few may (import rule 5).
	// The generator of test and demo images writes archives, and the bench's floor reads them.
	openers := []string{"archive/tar", "archive/zip", "compress/gzip", "compress/bzip2", "compress/flate", "compress/zlib"}
	allowed := []string{"image/", "inventory/extract/", "advisory/feed/", "internal/assemble", "bench", "demo", "e2e"}
	for _, p := range list(t) {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		if slices.ContainsFunc(allowed, func(prefix string) bool { return strings.HasPrefix(from, prefix) }) {
			continue
		}
		for _, imported := range p.Imports {
			if slices.Contains(openers, imported) {
				t.Errorf("%s imports %s", from, imported)
			}
		}
	}
}
