package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/evidence"
)

// TestEvidenceAtRegistries: the binary attests an image that skopeo pushed, to a registry that
// lists no referrers, with passwords and without, and to one that does; and verifies it again.
func TestEvidenceAtRegistries(t *testing.T) {
	layout := layouts(t)["skopeo"]
	open, closed, memory := debianRegistry(t, false), debianRegistry(t, true), memoryRegistry(t)
	dir := t.TempDir()
	trust := writeTrust(t, dir)
	policy := filepath.Join(dir, "policy.yaml")
	rules := "rules: [{id: passed, deny: {verdictMissing: {by: [ci], maxAge: 1h}}}, {id: billed, deny: {missingAttestation: {type: \"https://cyclonedx.org/bom\", by: [ci]}}}]\n"
	if err := os.WriteFile(policy, []byte("apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: proved}\nactions: {build: warn, ship: deny, admit: deny, run: warn}\n"+rules), 0o600); err != nil {
		t.Fatal(err)
	}
	lenient := filepath.Join(dir, "lenient.yaml")
	if err := os.WriteFile(lenient, []byte("apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: lenient}\nrules: [{id: small, deny: {layers: 100}}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		host        string
		credentials []string
		environment []string
	}{
		"docker-registry":                {open, nil, nil},
		"docker-registry with passwords": {closed, []string{"--dest-creds", registryUser + ":" + registryPassword}, []string{"DOCKER_CONFIG=" + dockerConfig(t, closed, registryPassword)}},
		"go-containerregistry":           {memory, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			image := c.host + "/evidence/app:v1"
			run(t, "skopeo", append(append([]string{"--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false"}, c.credentials...), "oci:"+layout+":v1", "docker://"+image)...)
			verify := []string{"verify", image, "--trust", trust, "--predicate", "verdict,sbom-cyclonedx,vulns"}
			if status, out := exits(t, c.environment, verify...); status != 3 || !strings.Contains(out, "NOT VERIFIED") {
				t.Errorf("before: status %d\n%s", status, out)
			}
			check := []string{"check", image, "--policy", policy, "--trust", trust, "--stage", "ship"}
			if status, out := exits(t, c.environment, check...); status != 3 || !strings.Contains(out, "it has no valid verdict") {
				t.Errorf("checked before: status %d\n%s", status, out)
			}
			attest := []string{"attest", image, "--to", image, "--key", filepath.Join(dir, "ci.key"), "--policy", lenient, "--predicate", "verdict,sbom-cyclonedx,vulns", "--quiet"}
			if status, out := exits(t, c.environment, attest...); status != 0 {
				t.Fatalf("attest: status %d\n%s", status, out)
			}
			if status, out := exits(t, c.environment, verify...); status != 0 || !strings.Contains(out, "\nVERIFIED\n") {
				t.Errorf("after: status %d\n%s", status, out)
			}
			if status, out := exits(t, c.environment, check...); status != 0 || !strings.Contains(out, "verdict, passed, signed by ci") {
				t.Errorf("checked after: status %d\n%s", status, out)
			}
		})
	}
}

// writeTrust makes a key and a trust document that believes it.
func writeTrust(t *testing.T, dir string) string {
	t.Helper()
	private, public, err := evidence.GenerateKey(evidence.ECDSA, nil)
	if err != nil {
		t.Fatal(err)
	}
	trust := "apiVersion: plimsoll.dev/v1\nkind: Trust\nmetadata: {name: e2e}\nkeys: [{name: ci, publicKey: ci.pub}]\nroles: {verdicts: [ci], scans: [ci]}\n"
	for name, content := range map[string]string{"ci.key": string(private), "ci.pub": string(public), "trust.yaml": trust} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "trust.yaml")
}

// exits runs the binary, and returns its status and all that it wrote.
func exits(t *testing.T, environment []string, args ...string) (int, string) {
	t.Helper()
	command := exec.Command(binary(t), args...)
	command.Env = append(append(os.Environ(), "HOME="+t.TempDir()), environment...)
	out, err := command.CombinedOutput()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(out)
}
