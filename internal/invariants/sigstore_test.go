package invariants

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/semver"
)

func TestSigstoreStaysAwayFromDecisions(t *testing.T) {
	// Reason: Sigstore's libraries are 82 modules, some of which speak to the network, and have had
	// holes of their own (CVE-2026-49834, CVE-2026-23991). What decides, and what admits or watches
	// in a cluster, takes proved identities as plain values or a snapshot signed with a key; only
	// the command and the server put the two together (decision 0029).
	mayReach := []string{"evidence/sigstore", "cmd/plimsoll", "server", "e2e"}
	below := func(path string, folders []string) bool {
		return slices.ContainsFunc(folders, func(folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") })
	}
	// The gates and what they rest on are named too: the list above must not grow by one of them.
	for _, kept := range []string{"policy", "verdict", "admit", "run", "evidence", "evidence/dsse", "cmd/plimsoll-node"} {
		if below(kept, mayReach) {
			t.Errorf("%s may reach Sigstore", kept)
		}
	}
	reached := false
	for _, p := range list(t) {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, dependency := range p.Deps {
			switch {
			case strings.HasPrefix(dependency, "github.com/sigstore/cosign"):
				t.Errorf("%s reaches %s: cosign is a peer and not a library", from, dependency)
			case !strings.HasPrefix(dependency, "github.com/sigstore/"):
			case below(from, mayReach):
				reached = true
			default:
				t.Errorf("%s reaches %s", from, dependency)
			}
		}
	}
	if !reached {
		t.Error("nothing reaches Sigstore: this test looks for the wrong thing")
	}
}

func TestOpenPGPIsNotLinked(t *testing.T) {
	// Reason: golang.org/x/crypto/openpgp is unmaintained and unsafe (GO-2026-5932, without a fix).
	// Sigstore's own library for signing reaches it; package keyless speaks to the services itself
	// (decision 0034). release/openvex.json rests on this test.
	looked := false
	for _, p := range list(t) {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		if slices.Contains(p.Imports, "github.com/sigstore/sigstore-go/pkg/sign") {
			t.Errorf("%s imports sigstore-go's pkg/sign", from)
		}
		if !strings.HasPrefix(from, "cmd/") {
			continue
		}
		looked = true
		for _, dependency := range p.Deps {
			if strings.HasPrefix(dependency, "golang.org/x/crypto/openpgp") {
				t.Errorf("%s reaches %s", from, dependency)
			}
		}
	}
	if !looked {
		t.Error("there is no command: this test looks for the wrong thing")
	}
}

func TestVerifiersAreRepaired(t *testing.T) {
	// Reason: what verifies is attack surface. Of those libraries few are linked, and none as old as a
	// hole that is known of it; others' policy engines and verifiers are not linked at all. What is
	// not known yet, `make self` finds: it holds our own binary against our own policy.
	command := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "all")
	command.Dir = "../.."
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list -m: %v", err)
	}
	versions := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		versions[path] = version
	}
	var linked []string
	for _, p := range list(t) {
		linked = append(linked, p.Deps...)
	}
	for name, c := range map[string]struct{ path, atLeast string }{ // "" may not be linked
		"CVE-2026-49834: one log counted as several":   {"github.com/sigstore/sigstore-go", "v1.2.1"},
		"CVE-2026-54787: keys beyond their validity":   {"github.com/sigstore/sigstore-go", "v1.2.1"},
		"CVE-2024-45395: endless bundles":              {"github.com/sigstore/sigstore-go", "v0.6.1"},
		"CVE-2026-23991: a panic before any check":     {"github.com/theupdateframework/go-tuf/v2", "v2.3.1"},
		"CVE-2026-23992: a threshold of nobody":        {"github.com/theupdateframework/go-tuf/v2", "v2.3.1"},
		"CVE-2026-24686: a name that is a path":        {"github.com/theupdateframework/go-tuf/v2", "v2.4.1"},
		"CVE-2025-62375: a signature that is empty":    {"github.com/in-toto/go-witness", ""},
		"CVE-2022-36085: a ban that can be got around": {"github.com/open-policy-agent/opa", ""},
		"CVE-2025-46569: a path that is a query":       {"github.com/open-policy-agent/opa", ""},
	} {
		t.Run(name, func(t *testing.T) {
			version, found := versions[c.path]
			switch {
			case c.atLeast == "" && slices.ContainsFunc(linked, func(d string) bool { return strings.HasPrefix(d+"/", c.path+"/") }):
				t.Errorf("%s is linked", c.path)
			case c.atLeast != "" && (!found || semver.Compare(version, c.atLeast) < 0):
				t.Errorf("%s is %q, want %s or newer", c.path, version, c.atLeast)
			}
		})
	}
}

func TestNoCommandHasTheTestsServices(t *testing.T) {
	// Reason: package sigstoretest has keys that are nobody's secret, and links what tests need.
	const services = module + "/evidence/sigstore/sigstoretest"
	for _, p := range list(t) {
		if slices.Contains(p.Imports, services) {
			t.Errorf("%s imports %s", p.ImportPath, services)
		}
	}
}
