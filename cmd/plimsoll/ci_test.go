package main

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/assemble"
)

// plimsollWith runs the command line with an environment.
func plimsollWith(t *testing.T, environ []string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := program{stdout: &stdout, stderr: &stderr, environ: environ}
	status := p.execute(t.Context(), args)
	return outcome{status, stdout.String(), stderr.String()}
}

func TestUnderCI(t *testing.T) {
	for name, test := range map[string]struct {
		environ []string
		want    bool
	}{
		"nothing":                     {nil, false},
		"CI":                          {[]string{"CI=true"}, true},
		"CI, another word":            {[]string{"CI=woodpecker"}, true},
		"CI=false":                    {[]string{"CI=false"}, false},
		"CI=False":                    {[]string{"CI=False"}, false},
		"CI=0":                        {[]string{"CI=0"}, false},
		"CI without a value":          {[]string{"CI="}, false},
		"Azure Pipelines":             {[]string{"TF_BUILD=True"}, true},
		"Jenkins":                     {[]string{"JENKINS_URL=https://ci.example/"}, true},
		"TeamCity":                    {[]string{"TEAMCITY_VERSION=2026.1"}, true},
		"AWS CodeBuild":               {[]string{"CODEBUILD_BUILD_ID=demo:1"}, true},
		"Jenkins, that shall be none": {[]string{"JENKINS_URL=https://ci.example/", "CI=false"}, false},
		"Azure, CI without a value":   {[]string{"CI=", "TF_BUILD=True"}, true},
		"a variable without a value":  {[]string{"TF_BUILD=", "JENKINS_URL="}, false},
		"another variable":            {[]string{"JENKINS_HOME=/x", "BUILD_ID=1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (&program{environ: test.environ}).underCI(); got != test.want {
				t.Errorf("underCI is %v with %q, want %v", got, test.environ, test.want)
			}
		})
	}
}

func TestShapedLikeName(t *testing.T) {
	for target, want := range map[string]bool{
		"registry.example/app:1.2":           true,
		"registry.example/app":               true,
		"registry.example/team/app":          true,
		"registry.example:5000/app":          true,
		"registry:5000/app":                  true,
		"localhost/app":                      true,
		"127.0.0.1:5000/app:v1":              true,
		"app:1.2":                            true,
		"team/app:1.2":                       true,
		"app@sha256:00":                      true,
		"team/app@sha256:00":                 true,
		"registry.example/app:1.2@sha256:00": true,
		"a@b/app":                            true,
		"app":                                false,
		"team/app":                           false,
		"report.json":                        false,
		"reports/app.json":                   false,
		"a:b/app":                            true,
		"./registry.example/app:1.2":         false,
		"../app:1.2":                         false,
		".cache/app:1.2":                     false,
		"/registry.example/app:1.2":          false,
		"~/app:1.2":                          false,
		"app.tar":                            false,
		"registry.example/app.tar":           false,
		"team/app:1.tgz":                     false,
		"registry.example/app:1.2/":          false,
		"":                                   false,
		"oci:registry.example/app:1.2":       false,
		"oci-archive:app:1.2":                false,
		"docker-archive:app:1.2":             false,
		"dir:registry.example/app":           false,
		"sbom:registry.example/app:1.2":      false,
		"docker:app:1.2":                     false,
		"podman:app@sha256:00":               false,
		"containerd:registry.example/app":    false,
		"docker.io/library/alpine":           true,
		"oci/app:1.2":                        true,
	} {
		t.Run(target, func(t *testing.T) {
			if got := isShapedLikeName(target); got != want {
				t.Errorf("isShapedLikeName(%q) is %v, want %v", target, got, want)
			}
		})
	}
}

// TestSchemes holds isScheme against what openTarget takes for one: a word before a colon that is
// none begins a name, and a name is asked of a registry, which --offline forbids.
func TestSchemes(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, word := range []string{"oci", "oci-archive", "docker-archive", "dir", "sbom", "docker", "podman", "containerd", "app", "registry.example", "tar"} {
		t.Run(word, func(t *testing.T) {
			environ := []string{"HOME=" + t.TempDir(), "DOCKER_HOST=unix:///none.sock", "CONTAINER_HOST=unix:///none.sock", "CONTAINERD_ADDRESS=/none.sock"}
			o := plimsollWith(t, environ, "scan", word+":none", "--offline", "--find", "config")
			if o.status != exitFailed {
				t.Fatalf("status %d\n%s", o.status, o.stderr)
			}
			if name := strings.Contains(o.stderr, "with --offline no registry is asked"); name == isScheme(word) {
				t.Errorf("isScheme(%q) is %v, and openTarget says: %s", word, isScheme(word), o.stderr)
			}
		})
	}
}

// standIn is a working folder in which a report, an OCI layout and a signed file lie under names of
// images, as a change could bring them along.
type standIn struct {
	*yard
	report, layout, file string
}

func newStandIn(t *testing.T) *standIn {
	t.Helper()
	s := &standIn{yard: newYard(t, true), report: "registry.example/report:1.2", layout: "registry.example/layout", file: "file:1.2"}
	work := t.TempDir()
	t.Chdir(work)
	img := assemble.Image{Platform: image.DefaultPlatform(), Config: image.Config{User: "65532"}, Layers: []assemble.Blob{layer(t, assemble.Gzip, ordinaryFiles()...)}}
	if err := assemble.WriteLayout(s.layout, "v1", img); err != nil {
		t.Fatal(err)
	}
	for _, file := range []struct{ from, to string }{{s.yard.report(t), s.report}, {s.yard.file("policy.yaml"), s.file}} {
		content, err := os.ReadFile(file.from)
		if err == nil {
			err = os.WriteFile(file.to, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	bundle := s.bundle(t, "ci", evidence.ProvenanceType, provenanceBy("https://ci.example/runner", "refs/tags/v1"), image.DigestOf(s.read(t, "policy.yaml")))
	if err := os.WriteFile(s.file+bundleSuffix, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestWhatIsNamedLikeAnImage: outside CI, what exists as a path is one; in a CI job it never stands
// in for the image whose name it has.
func TestWhatIsNamedLikeAnImage(t *testing.T) {
	s := newStandIn(t)
	line := []string{"--policy", s.yard.file("policy.yaml"), "--quiet"}
	signing := append([]string{"--key", s.yard.file("ci.key")}, line...)
	for name, test := range map[string]struct {
		args   []string
		target string
	}{
		"check, a report":                  {append([]string{"check"}, line...), s.report},
		"check, a layout":                  {append([]string{"check"}, line...), s.layout},
		"check, a layout, all platforms":   {append([]string{"check", "--all-platforms"}, line...), s.layout},
		"scan, a layout":                   {[]string{"scan", "--quiet"}, s.layout},
		"sbom, a report":                   {[]string{"sbom", "--quiet"}, s.report},
		"diff, a report":                   {[]string{"diff", "./" + s.layout, "--quiet"}, s.report},
		"policy explain, a report":         {append([]string{"policy", "explain"}, line...), s.report},
		"attest, a report":                 {append([]string{"attest"}, signing...), s.report},
		"attest, a layout":                 {append([]string{"attest", "--as", "registry.example/layout:1"}, signing...), s.layout},
		"attest, a layout, all platforms":  {append([]string{"attest", "--as", "registry.example/layout:1", "--all-platforms"}, signing...), s.layout},
		"verify, a file with its evidence": {[]string{"verify", "--trust", s.yard.file("ci.yaml"), "--predicate", "provenance"}, s.file},
	} {
		t.Run(name, func(t *testing.T) {
			run := func(ci, target string) outcome {
				return plimsollWith(t, []string{"HOME=" + s.home, ci}, append(slices.Clone(test.args), target)...)
			}
			if o := run("CI=", test.target); o.status != exitDone {
				t.Errorf("outside CI: status %d\n%s", o.status, o.stderr)
			}
			if o := run("CI=true", "./"+test.target); o.status != exitDone {
				t.Errorf("in CI, as a path: status %d\n%s", o.status, o.stderr)
			}
			refused(t, run("CI=true", test.target), "is the name of an image, and exists as a path too.*write ./"+test.target+" for what lies there, or remove it")
		})
	}
}

// TestALinkIsAPath: one that leads nowhere yet is refused, too.
func TestALinkIsAPath(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Symlink("nowhere", "app:1.2"); err != nil {
		t.Fatal(err)
	}
	refused(t, plimsollWith(t, []string{"HOME=" + t.TempDir(), "CI=true"}, "scan", "app:1.2"), "exists as a path too")
}

// TestImagesInCI: what is no path is the image, and a file may have the name of one where a file is
// asked for.
func TestImagesInCI(t *testing.T) {
	s := newStandIn(t)
	environ := []string{"HOME=" + s.home, "CI=true"}
	for name, args := range map[string][]string{
		"an image":                    {"check", s.name("single:v1"), "--policy", s.yard.file("policy.yaml"), "--quiet"},
		"a signature of a file":       {"attest", s.file, "--predicate", "policy", "--key", s.yard.file("ci.key")},
		"a report that is reproduced": {"reproduce", s.report, "--policy", s.yard.file("policy.yaml")},
	} {
		t.Run(name, func(t *testing.T) {
			if o := plimsollWith(t, environ, args...); o.status != exitDone {
				t.Errorf("status %d\n%s", o.status, o.stderr)
			}
		})
	}
}

// poison changes the versions that are remembered, as whoever writes the folder can: an entry is the
// name of its form, the digest of its content, and the content.
func poison(t *testing.T, dir string) {
	t.Helper()
	const head = len("plimsoll-cache-1\n")
	changed := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(content, []byte(`"1.2.5-r0"`)) {
			return err
		}
		body := bytes.ReplaceAll(content[head+sha256.Size:], []byte(`"1.2.5-r0"`), []byte(`"6.6.6-r0"`))
		sum := sha256.Sum256(body)
		changed++
		return os.WriteFile(path, slices.Concat(content[:head], sum[:], body), 0o600)
	})
	if err != nil || changed == 0 {
		t.Fatalf("%v, %d entries changed", err, changed)
	}
}

// TestResultsInTheWorkingFolder: in a CI job, what is remembered in a default folder within the
// working folder is not believed.
func TestResultsInTheWorkingFolder(t *testing.T) {
	target := writeImage(t, layer(t, assemble.Gzip, ordinaryFiles()...))
	work, elsewhere := t.TempDir(), t.TempDir()
	t.Chdir(work)
	for _, home := range []string{filepath.Join(work, "home"), elsewhere} {
		if o := plimsollAt(t, home, "scan", target); o.status != exitDone {
			t.Fatal(o.stderr)
		}
		poison(t, filepath.Join(home, ".cache", "plimsoll"))
	}
	linked := filepath.Join(work, "linked")
	for _, link := range []struct{ to, at string }{{filepath.Join(elsewhere, ".cache"), filepath.Join(linked, ".cache")}, {work, filepath.Join(elsewhere, "work")}} {
		if err := os.MkdirAll(filepath.Dir(link.at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(link.to, link.at); err != nil {
			t.Fatal(err)
		}
	}
	kept := filepath.Join(work, "home", ".cache", "plimsoll")
	for name, test := range map[string]struct {
		environ  []string
		args     []string
		believed bool
	}{
		"outside CI":                           {environ: []string{"HOME=" + work + "/home"}, believed: true},
		"in CI":                                {environ: []string{"HOME=" + work + "/home", "CI=true"}},
		"Azure Pipelines":                      {environ: []string{"HOME=" + work + "/home", "TF_BUILD=True"}},
		"XDG_CACHE_HOME":                       {environ: []string{"HOME=" + elsewhere, "XDG_CACHE_HOME=" + work + "/home/.cache", "CI=true"}},
		"a home that is no whole path":         {environ: []string{"HOME=home", "CI=true"}},
		"a home in a link to the folder":       {environ: []string{"HOME=" + elsewhere + "/work/home", "CI=true"}},
		"a link in the folder that leads out":  {environ: []string{"HOME=" + linked, "CI=true"}},
		"the same outside CI":                  {environ: []string{"HOME=" + linked}, believed: true},
		"a home elsewhere":                     {environ: []string{"HOME=" + elsewhere, "CI=true"}, believed: true},
		"a folder that the job names":          {environ: []string{"HOME=" + work + "/home", "CI=true"}, args: []string{"--cache-dir", kept}, believed: true},
		"one that the job's environment names": {environ: []string{"HOME=" + elsewhere, "PLIMSOLL_CACHE_DIR=" + kept, "CI=true"}, believed: true},
	} {
		t.Run(name, func(t *testing.T) {
			o := plimsollWith(t, test.environ, append([]string{"scan", target, "--format", "json"}, test.args...)...)
			version := "1.2.5-r0"
			if test.believed {
				version = "6.6.6-r0"
			}
			packages := decodeReport(t, o).Packages
			if len(packages) != 1 || packages[0].Version != version {
				t.Errorf("%v, want musl %s alone", packages, version)
			}
			told := strings.Count(o.stderr, "nothing will be remembered: the default cache folder ") == 1 && strings.Contains(o.stderr, "--cache-dir")
			if told == test.believed {
				t.Errorf("standard error:\n%s", o.stderr)
			}
		})
	}
}

// TestNothingIsKeptInTheWorkingFolder: in a CI job with its home there, no folder is made, the
// starter database is unpacked in memory, and the warning comes once for two targets.
func TestNothingIsKeptInTheWorkingFolder(t *testing.T) {
	target := writeImage(t, layer(t, assemble.Gzip, ordinaryFiles()...))
	work := t.TempDir()
	t.Chdir(work)
	o := plimsollWith(t, []string{"HOME=" + work, "CI=true"}, "diff", target, target)
	if o.status != exitDone || strings.Count(o.stderr, "nothing will be remembered") != 1 {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	if entries, err := os.ReadDir(work); err != nil || len(entries) != 0 {
		t.Errorf("%v, %v, want an empty folder", entries, err)
	}
	if o := plimsollWith(t, []string{"HOME=" + work, "CI=true"}, "scan", target, "--no-cache"); o.status != exitDone || strings.Contains(o.stderr, "remembered") {
		t.Errorf("--no-cache: status %d\n%s", o.status, o.stderr)
	}
	if o := plimsollWith(t, []string{"HOME=" + work}, "scan", target); o.status != exitDone {
		t.Errorf("outside CI: status %d\n%s", o.status, o.stderr)
	}
	if _, err := os.Stat(filepath.Join(work, ".cache", "plimsoll")); err != nil {
		t.Errorf("outside CI, nothing is kept: %v", err)
	}
}

// TestALinkedDatabaseIsNoDefaultInCI: a link in the working folder that leads out of it decides
// which database counts, as a file there would.
func TestALinkedDatabaseIsNoDefaultInCI(t *testing.T) {
	work, elsewhere := t.TempDir(), t.TempDir()
	t.Chdir(work)
	if err := os.WriteFile(filepath.Join(elsewhere, "advisories.db"), []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(work, "plimsoll")); err != nil {
		t.Fatal(err)
	}
	o := plimsollWith(t, []string{"HOME=" + elsewhere, "XDG_DATA_HOME=" + work, "CI=true"}, "db", "status")
	refused(t, o, "advisories.db sets db, and in a CI job")
}

// TestAPartOfTheCheckout: a job that runs in a folder of the checkout does not believe what lies in
// another, nor Docker's settings.
func TestAPartOfTheCheckout(t *testing.T) {
	target := writeImage(t, layer(t, assemble.Gzip, ordinaryFiles()...))
	work := t.TempDir()
	for _, folder := range []string{".git", "part", ".docker"} {
		if err := os.Mkdir(filepath.Join(work, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(work, "part"))
	in := []string{"HOME=" + work, "CI=true"}
	if o := plimsollWith(t, in, "scan", target); o.status != exitDone || !strings.Contains(o.stderr, "nothing will be remembered") {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	refused(t, plimsollWith(t, in, "scan", "docker:app:1.2"), "the settings of Docker .* lie in the working folder")
	for _, environ := range [][]string{{"HOME=" + work}, append(in, "DOCKER_HOST=unix:///nowhere")} {
		if o := plimsollWith(t, environ, "scan", "docker:app:1.2"); o.status != exitFailed || strings.Contains(o.stderr, "working folder") {
			t.Errorf("%q: status %d\n%s", environ, o.status, o.stderr)
		}
	}
}
