package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"plimsoll.dev/plimsoll/evidence"
)

// attest compares signing what was decided with deciding alone: of images in a folder and, where
// skopeo can bring them there, at registries that list referrers and that do not.
func (b *bench) attest(images, _ string) error {
	private, _, err := evidence.GenerateKey(evidence.ECDSA, nil)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.work, "plain.key"), private, 0o600); err != nil {
		return err
	}
	for _, image := range []string{"go-app", "debian-slim", "big"} {
		target := []string{filepath.Join(images, image), "--as", "registry.example/" + image + ":1"}
		if err := b.attestTo(image, target, nil); err != nil {
			return err
		}
	}
	skopeo, err := exec.LookPath("skopeo")
	if err != nil {
		return nil
	}
	layout := filepath.Join(images, "debian-slim")
	return errors.Join(
		b.attestAt("a registry with referrers", skopeo, layout, "--referrers"),
		b.attestAt("a registry without referrers", skopeo, layout))
}

// attestAt measures at a registry of our own that it starts and ends.
func (b *bench) attestAt(what, skopeo, layout string, flags ...string) (err error) {
	program := filepath.Join(b.work, "registry")
	if err := build(program, "./bench/registry"); err != nil {
		return err
	}
	registry := exec.Command(program, flags...)
	until, err := registry.StdinPipe()
	if err != nil {
		return err
	}
	says, err := registry.StdoutPipe()
	if err != nil {
		return err
	}
	if err := registry.Start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, until.Close(), registry.Wait()) }()
	address, err := bufio.NewReader(says).ReadString('\n')
	if err != nil {
		return fmt.Errorf("starting a registry: %w", err)
	}
	name := strings.TrimSpace(address) + "/bench/app:1"
	copied := exec.Command(skopeo, "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", "oci:"+layout, "docker://"+name)
	if out, err := copied.CombinedOutput(); err != nil {
		return fmt.Errorf("copying an image to a registry: %w\n%s", err, out)
	}
	return b.attestTo(what, []string{name}, []string{"--to", name})
}

// attestTo measures check and attest of one target, with nothing remembered and with all of it.
func (b *bench) attestTo(what string, target, to []string) error {
	const encrypted, passphrase = "evidence/testdata/cosign/cosign.key", "correct-horse"
	cache, plain := filepath.Join(b.work, "attest"), filepath.Join(b.work, "plain.key")
	forget := func() error { return os.RemoveAll(cache) }
	for _, when := range []string{"cold", "second"} {
		var prepare func() error
		if when == "cold" {
			prepare = forget
		}
		run := func(name, verb string, flags ...string) *subject {
			command := append(append([]string{b.plimsoll, verb}, target...), "--quiet", "--format", "json", "--cache-dir", cache)
			return &subject{name: when + " " + name, prepare: prepare, command: append(command, flags...), env: []string{"PLIMSOLL_KEY_PASSWORD=" + passphrase}}
		}
		with := func(key string, flags ...string) []string {
			return append(append([]string{"--key", key}, to...), flags...)
		}
		err := b.measure([]*subject{
			run("check "+what, "check"),
			run("attest", "attest", with(plain)...),
			run("attest, encrypted key", "attest", with(encrypted)...),
			run("attest, bill and vulnerabilities too", "attest", with(plain, "--predicate", "verdict,sbom-cyclonedx,vulns")...),
		}, 0)
		if err != nil {
			return err
		}
	}
	return nil
}
