package invariants

import (
	"slices"
	"strings"
	"testing"
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

func TestNoCommandHasTheTestsServices(t *testing.T) {
	// Reason: package sigstoretest has keys that are nobody's secret, and links what tests need.
	const services = module + "/evidence/sigstore/sigstoretest"
	for _, p := range list(t) {
		if slices.Contains(p.Imports, services) {
			t.Errorf("%s imports %s", p.ImportPath, services)
		}
	}
}
