package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/assemble"
	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
)

// medium is a way to have an image: a target and the environment in which it is found.
type medium struct {
	name, target string
	environment  []string
}

// checked runs `plimsoll check` on a medium and returns the report, whatever the verdict.
func checked(t *testing.T, m medium, more ...string) *report.Report {
	t.Helper()
	args := append([]string{"check", m.target, "--format", "json", "--quiet", "--no-cache", "--now", now, "--db", database(t)}, more...)
	command := exec.Command(binary(t), args...)
	command.Env = append(os.Environ(), m.environment...)
	var complaint strings.Builder
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil && command.ProcessState.ExitCode() != 3 {
		t.Fatalf("plimsoll %s: %v\n%s", strings.Join(args, " "), err, &complaint)
	}
	var r report.Report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

// complaint runs a scan that must fail with status 1, and returns what it said.
func complaint(t *testing.T, m medium, more ...string) string {
	t.Helper()
	command := exec.Command(binary(t), append([]string{"scan", m.target, "--no-cache"}, more...)...)
	command.Env = append(os.Environ(), m.environment...)
	out, err := command.CombinedOutput()
	if err == nil || command.ProcessState.ExitCode() != 1 {
		t.Fatalf("%s: %v\n%s", m.target, err, out)
	}
	return string(out)
}

// content leaves of a report what docs/contract.md says is the same from any medium.
func content(r *report.Report) *report.Report {
	same := *r
	same.Target.Reference, same.Target.Repository = "", ""
	same.Target.Digest, same.Target.IndexDigest = image.Digest{}, image.Digest{}
	same.Target.Layers = append([]inventory.TargetLayer(nil), r.Target.Layers...)
	for i := range same.Target.Layers {
		same.Target.Layers[i].Digest, same.Target.Layers[i].Size = image.Digest{}, 0
	}
	if r.Verdict != nil {
		verdict := *r.Verdict
		verdict.Inputs.Subject.Repository, verdict.Inputs.Subject.Tag, verdict.Inputs.Subject.Digest = "", "", image.Digest{}
		verdict.Inputs.Subject.Pinned = false // by digest is another name, and the same content
		same.Verdict = &verdict
	}
	return &same
}

// layouts are two layouts: an image as skopeo writes it, and one to which umoci added a layer.
func layouts(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	skopeo, umoci := filepath.Join(dir, "skopeo"), filepath.Join(dir, "umoci")
	for _, layout := range []string{skopeo, umoci} {
		run(t, "skopeo", "--insecure-policy", "copy", "--quiet", "docker-archive:"+testparts.Shared(t, "images", "alpine-3.20.3.tar"), "oci:"+layout+":v1")
	}
	bundle := filepath.Join(dir, "bundle")
	run(t, "umoci", "unpack", "--image", umoci+":v1", bundle)
	if err := os.WriteFile(filepath.Join(bundle, "rootfs/etc/changed"), []byte("by umoci\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, "umoci", "repack", "--image", umoci+":v1", bundle)
	return map[string]string{"skopeo": skopeo, "umoci": umoci}
}

// TestTheSameFromAnyMedium: one image, had in every way, gives the same packages, findings and
// verdict, and the same digest of its facts.
func TestTheSameFromAnyMedium(t *testing.T) {
	written := layouts(t)
	open, closed, memory := debianRegistry(t, false), debianRegistry(t, true), memoryRegistry(t)
	login := "DOCKER_CONFIG=" + dockerConfig(t, closed, registryPassword)
	for name, layout := range written {
		dir := t.TempDir()
		copyTo := func(destination string, more ...string) {
			run(t, "skopeo", append(append([]string{"--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false"}, more...), "oci:"+layout+":v1", destination)...)
		}
		ociArchive, dockerArchive, zstd := filepath.Join(dir, "oci.tar"), filepath.Join(dir, "docker.tar"), filepath.Join(dir, "zstd")
		copyTo("oci-archive:" + ociArchive + ":v1")
		copyTo("docker-archive:" + dockerArchive + ":example/" + name + ":v1")
		copyTo("oci:"+zstd+":v1", "--dest-compress", "--dest-compress-format", "zstd")
		app := "/example/" + name + ":v1"
		copyTo("docker://" + open + app)
		copyTo("docker://"+closed+app, "--dest-creds", registryUser+":"+registryPassword)
		copyTo("docker://" + memory + app)
		copyTo("docker://"+open+"/schema2/"+name+":v1", "--format", "v2s2")
		media := []medium{
			{"oci-archive", "oci-archive:" + ociArchive + ":v1", nil},
			{"a file", ociArchive, nil},
			{"docker-archive", "docker-archive:" + dockerArchive + ":example/" + name + ":v1", nil},
			{"zstd layers", zstd, nil},
			{"docker-registry", open + app, nil},
			{"docker-registry with passwords", closed + app, []string{login}},
			{"go-containerregistry", memory + app, nil},
		}
		want := content(checked(t, medium{target: "oci:" + layout + ":v1"}))
		if len(want.Packages) < 10 || len(want.Findings) == 0 {
			t.Fatalf("the layout has %d packages and %d findings: the test compares nothing", len(want.Packages), len(want.Findings))
		}
		for _, m := range media {
			t.Run(name+"/"+m.name, func(t *testing.T) { same(t, want, checked(t, m)) })
		}
		t.Run(name+"/by digest", func(t *testing.T) {
			r := checked(t, medium{target: open + app})
			for _, reference := range []string{"/example/" + name + "@", app + "@"} {
				byDigest := checked(t, medium{target: open + reference + r.Target.Digest.String()})
				if byDigest.Target.Digest != r.Target.Digest {
					t.Errorf("digest %s, want %s", byDigest.Target.Digest, r.Target.Digest)
				}
				same(t, want, byDigest)
			}
		})
		t.Run(name+"/Docker's manifest", func(t *testing.T) {
			// The conversion writes another configuration, and so another image: only what is in
			// it is the same.
			r := checked(t, medium{target: open + "/schema2/" + name + ":v1"})
			if diff := cmp.Diff(keys(want), keys(r)); diff != "" {
				t.Error(diff)
			}
		})
		t.Run(name+"/containerd", func(t *testing.T) {
			socket := startContainerd(t)
			run(t, "ctr", "--address", socket, "--namespace", "e2e", "image", "import", "--no-unpack", "--base-name", "registry.example/"+name, ociArchive)
			m := medium{"", "containerd:registry.example/" + name + ":v1", []string{"CONTAINERD_ADDRESS=" + socket, "CONTAINERD_NAMESPACE=e2e"}}
			r := checked(t, m)
			same(t, want, r)
			if r.Target.Digest.IsZero() || r.Target.Repository != "registry.example/"+name {
				t.Errorf("target %+v", r.Target)
			}
			m.environment[1] = "CONTAINERD_NAMESPACE=other"
			if said := complaint(t, m); !strings.Contains(said, `in namespace "e2e"`) {
				t.Errorf("said %q", said)
			}
		})
		t.Run(name+"/Docker", func(t *testing.T) {
			socket := startDocker(t)
			post(t, socket, "/images/load", dockerArchive)
			same(t, want, checked(t, medium{"", "docker:example/" + name + ":v1", []string{"DOCKER_HOST=unix://" + socket}}))
		})
		t.Run(name+"/Podman", func(t *testing.T) {
			socket := startPodman(t)
			post(t, socket, "/v4.0.0/libpod/images/load", dockerArchive)
			same(t, want, checked(t, medium{"", "podman:example/" + name + ":v1", []string{"CONTAINER_HOST=unix://" + socket}}))
		})
		t.Run(name+"/unpacked", func(t *testing.T) {
			bundle := filepath.Join(t.TempDir(), "bundle")
			run(t, "umoci", "unpack", "--image", layout+":v1", bundle)
			r := checked(t, medium{target: "dir:" + filepath.Join(bundle, "rootfs")})
			if diff := cmp.Diff(keys(want), keys(r)); diff != "" {
				t.Error(diff)
			}
			if !r.Target.ImageID.IsZero() || r.Target.Layers != nil || r.Coverage.State("files") != inventory.Full {
				t.Errorf("target %+v, coverage %+v", r.Target, r.Coverage)
			}
			if diff := cmp.Diff(want.Manifest.Digest.String(), r.Manifest.Digest.String()); diff != "" {
				t.Errorf("the executable files differ: %s", diff)
			}
		})
	}
}

func same(t *testing.T, want, got *report.Report) {
	t.Helper()
	digests := cmp.Comparer(func(a, b image.Digest) bool { return a == b })
	if diff := cmp.Diff(want, content(got), digests); diff != "" {
		t.Errorf("(-layout +this)\n%s", diff)
	}
}

// keys names packages and vulnerabilities.
func keys(r *report.Report) []string {
	var list []string
	for _, p := range r.Packages {
		list = append(list, p.PURL)
	}
	for _, f := range r.Findings {
		if f.Package != "" {
			list = append(list, f.Key)
		}
	}
	return list
}

// TestPasswords: without the right one nothing is read, and what is said names neither.
func TestPasswords(t *testing.T) {
	host := debianRegistry(t, true)
	for name, m := range map[string]medium{
		"none":  {target: host + "/example/app:v1", environment: []string{"DOCKER_CONFIG=" + t.TempDir()}},
		"wrong": {target: host + "/example/app:v1", environment: []string{"DOCKER_CONFIG=" + dockerConfig(t, host, "wrong-"+registryPassword)}},
		"right": {target: host + "/example/app:v1", environment: []string{"DOCKER_CONFIG=" + dockerConfig(t, host, registryPassword)}},
	} {
		said := complaint(t, m)
		if want := map[string]string{"none": "log in with docker login " + host, "wrong": "to the credentials at hand", "right": "there is no such image"}[name]; !strings.Contains(said, want) {
			t.Errorf("%s: said %q, want %q", name, said, want)
		}
		if strings.Contains(said, registryPassword) {
			t.Errorf("%s: %q tells the password", name, said)
		}
	}
}

// TestAllPlatformsOfARegistry: an index with two images, pushed by skopeo.
func TestAllPlatformsOfARegistry(t *testing.T) {
	host, dir := debianRegistry(t, false), filepath.Join(t.TempDir(), "layout")
	var images []assemble.Image
	for _, architecture := range []string{"amd64", "arm64"} {
		layer, err := assemble.Layer([]assemble.File{{Path: "etc/motd", Mode: 0o644, Body: []byte(architecture)}}, assemble.Gzip)
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, assemble.Image{Platform: image.Platform{OS: "linux", Architecture: architecture}, Layers: []assemble.Blob{layer}})
	}
	if err := assemble.WriteLayout(dir, "v1", images...); err != nil {
		t.Fatal(err)
	}
	run(t, "skopeo", "--insecure-policy", "copy", "--quiet", "--all", "--dest-tls-verify=false", "oci:"+dir+":v1", "docker://"+host+"/example/app:v1")
	var all report.Reports
	if err := json.Unmarshal(scanned(t, host+"/example/app:v1", "--all-platforms"), &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Reports) != 2 || all.Missed != nil {
		t.Fatalf("%d reports, missed %v", len(all.Reports), all.Missed)
	}
	for i, platform := range []string{"linux/amd64", "linux/arm64"} {
		if target := all.Reports[i].Target; target.Platform != platform || target.IndexDigest.IsZero() || target.IndexDigest != all.Reports[0].Target.IndexDigest {
			t.Errorf("target %+v", target)
		}
	}
	if said := complaint(t, medium{target: host + "/example/app:v1"}, "--platform", "linux/s390x"); !strings.Contains(said, "only for linux/amd64, linux/arm64") {
		t.Errorf("said %q", said)
	}
}
