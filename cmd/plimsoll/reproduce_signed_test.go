package main

import (
	"strings"
	"testing"
)

// TestReproduceWhatWasSigned: the derived verdict is the signed one, in a file and at the registry;
// and another that was signed is not.
func TestReproduceWhatWasSigned(t *testing.T) {
	y := newYard(t, false)
	path, bundle := y.report(t), y.file("app.sigstore.json")
	y.does(t, "attest", path, "--key", y.file("ci.key"), "--output", bundle)
	reproduce := func(more ...string) outcome {
		return y.run(t, append([]string{"reproduce", path, "--policy", y.file("policy.yaml")}, more...)...)
	}
	wants(t, reproduce("--trust", y.file("ci.yaml"), "--bundle", bundle, "--offline"), exitDone, "signed by ci")
	wants(t, reproduce("--trust", y.file("ci.yaml"), "--bundle", bundle, "--now", "2999-01-01T00:00:00Z"), exitDone, "signed by ci")
	wants(t, reproduce("--trust", y.file("ci.yaml")), exitDenied, "no verdict that was signed")
	y.fails = "/manifests/"
	wants(t, reproduce("--trust", y.file("ci.yaml")), exitFailed, "give the bundle that was signed, with --bundle")
	y.fails = ""
	y.does(t, "attest", path, "--key", y.file("ci.key"), "--to", y.name("single:v1"))
	wants(t, reproduce("--trust", y.file("ci.yaml")), exitDone, "signed by ci")
	wants(t, reproduce("--trust", y.file("stranger.yaml")), exitDenied, "nobody whom the trust names signed it")
	wants(t, reproduce("--bundle", bundle), exitUsage, "--trust")

	y.write(t, "lax.yaml", strings.ReplaceAll(signedPolicy, "deny,", "warn,"))
	y.does(t, "attest", y.name("single:v1"), "--policy", y.file("lax.yaml"), "--key", y.file("ci.key"), "--output", bundle, "--quiet")
	wants(t, reproduce("--trust", y.file("ci.yaml"), "--bundle", bundle), exitDenied, "is another verdict")
}
