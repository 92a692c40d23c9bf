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
