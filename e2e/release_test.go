package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
)

// TestReleaseIsReproducible: whoever builds the same source with the same Go has the same release,
// byte for byte. It is built once in a clone with the caller's build cache, and once from git's
// archive of it: in another folder, without git, with an empty build cache, a strict umask, another
// time zone and another home. The module cache is shared: go.sum says what is in it.
func TestReleaseIsReproducible(t *testing.T) {
	clone, commit := cloneOfTheTree(t)
	archive := t.TempDir()
	file := filepath.Join(t.TempDir(), "source.tar")
	in(t, clone, nil, "git", "archive", "--output", file, "HEAD")
	in(t, archive, nil, "tar", "-xf", file)
	modules := strings.TrimSpace(in(t, clone, nil, "go", "env", "GOMODCACHE"))

	makeRelease := "make release PLATFORMS=linux/" + runtime.GOARCH
	in(t, clone, nil, "sh", "-c", makeRelease)
	in(t, archive, []string{
		"GOMODCACHE=" + modules, "GOCACHE=" + t.TempDir(), "HOME=" + t.TempDir(), "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=",
		"TZ=Pacific/Kiritimati", "LC_ALL=C", "GOMAXPROCS=3",
	}, "sh", "-c", "umask 077; "+makeRelease)

	first, second := released(t, clone), released(t, archive)
	if len(first) != 5 {
		t.Errorf("the release has %d files; want a binary, two bills of materials, provenance and sums", len(first))
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the second build differs (-first +second):\n%s", diff)
	}
	checkSums(t, filepath.Join(clone, "dist", "release"), first)
	checkProvenance(t, filepath.Join(clone, "dist", "release"), first, commit)
}

// cloneOfTheTree is a repository of one commit with the files as they lie here, committed or not.
func cloneOfTheTree(t *testing.T) (dir, commit string) {
	t.Helper()
	dir = t.TempDir()
	names := in(t, "..", nil, "git", "ls-files", "-co", "--exclude-standard", "--deduplicate")
	for name := range strings.Lines(names) {
		name = strings.TrimSpace(name)
		content, err := os.ReadFile(filepath.Join("..", name))
		if os.IsNotExist(err) {
			continue // removed, and not yet from the index
		}
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		place := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(place, content, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	in(t, dir, nil, "git", "init", "-q")
	in(t, dir, nil, "git", "add", "-A")
	in(t, dir, []string{"GIT_AUTHOR_DATE=@1790000000 +0000", "GIT_COMMITTER_DATE=@1790000000 +0000"},
		"git", "-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false", "commit", "-q", "-m", "the tree")
	return dir, strings.TrimSpace(in(t, dir, nil, "git", "rev-parse", "HEAD"))
}

// in runs a program in a folder and returns what it writes to standard output.
func in(t *testing.T, dir string, env []string, program string, arguments ...string) string {
	t.Helper()
	command := exec.Command(program, arguments...)
	command.Dir = dir
	unwanted := func(variable string) bool {
		return strings.HasPrefix(variable, "GIT_") || strings.HasPrefix(variable, "PLIMSOLL_") ||
			strings.HasPrefix(variable, "SOURCE_DATE_EPOCH=") || strings.HasPrefix(variable, "MAKE") || strings.HasPrefix(variable, "MFLAGS=")
	}
	command.Env = append(slices.DeleteFunc(os.Environ(), unwanted), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	command.Env = append(command.Env, env...)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", program, strings.Join(arguments, " "), err, out, complaints.Bytes())
	}
	return string(out)
}

// releasedFile is what is compared of a file.
type releasedFile struct {
	Mode   os.FileMode
	Digest string
}

func released(t *testing.T, tree string) map[string]releasedFile {
	t.Helper()
	dir := filepath.Join(tree, "dist", "release")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]releasedFile{}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = releasedFile{info.Mode(), image.DigestOf(content).Hex()}
	}
	return files
}

// checkSums: SHA256SUMS names every other file, with its sum.
func checkSums(t *testing.T, dir string, files map[string]releasedFile) {
	t.Helper()
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for name, file := range files {
		if name != "SHA256SUMS" {
			want[name] = file.Digest
		}
	}
	got := map[string]string{}
	for line := range strings.Lines(string(sums)) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		got[name] = sum
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("SHA256SUMS differs (-files +sums):\n%s", diff)
	}
}

// checkProvenance: the provenance is about the binary, and names what verifiers ask for.
func checkProvenance(t *testing.T, dir string, files map[string]releasedFile, commit string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*.provenance.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("provenance: %v, %v; want one", found, err)
	}
	content, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	statement, err := evidence.ParseStatement(content)
	if err != nil {
		t.Fatal(err)
	}
	provenance, err := evidence.ProvenanceOf(statement)
	if err != nil {
		t.Fatal(err)
	}
	want := evidence.BuildProvenance{
		Builder: "https://plimsoll.dev/builders/make-release/v1", BuildType: "https://plimsoll.dev/build-types/make-release/v1",
		Repository: "https://plimsoll.dev/plimsoll", Commit: commit,
	}
	if diff := cmp.Diff(want, provenance); diff != "" {
		t.Errorf("the provenance differs (-want +got):\n%s", diff)
	}
	if len(statement.Subject) != 1 || statement.Subject[0].Digest["sha256"] != files[statement.Subject[0].Name].Digest {
		t.Errorf("the provenance is about %v", statement.Subject)
	}
}
