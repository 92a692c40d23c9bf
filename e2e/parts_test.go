package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/report"
)

// now is the time of every run here, so that output can be compared byte by byte.
const now = "2026-11-22T10:00:00Z"

// binary is the program under test.
func binary(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../dist/plimsoll")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run make build", err)
	}
	return path
}

// built is the folder of a built image, with its truth beside it.
func built(t *testing.T, image string) string {
	t.Helper()
	testparts.Shared(t)
	out, err := imagesFolder()
	if err != nil {
		t.Fatalf("tools/images.sh: %v", err)
	}
	dir := filepath.Join(out, image)
	if _, err := os.Stat(filepath.Join(dir, "index.json")); err != nil {
		t.Fatalf("image %s is not there: run make images", image)
	}
	return dir
}

var imagesFolder = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("../tools/images.sh").Output()
	lines := strings.Fields(string(out))
	if err != nil || len(lines) == 0 {
		return "", err
	}
	return lines[len(lines)-1], nil
})

// database compiles all advisories at hand, once for all tests.
func database(t *testing.T) string {
	t.Helper()
	path, err := compiled(binary(t), testparts.Shared(t, "data"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var compile = struct {
	sync.Once
	path string
	err  error
}{}

func compiled(binary, data string) (string, error) {
	compile.Do(func() {
		compile.path = filepath.Join(scratch, "all.db")
		out, err := exec.Command(binary, "db", "build", "--quiet", "--from", data, "--as-of", "2026-11-22T00:00:00Z", "--out", compile.path).CombinedOutput()
		if err != nil {
			compile.err = &failure{err, out}
		}
	})
	return compile.path, compile.err
}

type failure struct {
	error
	output []byte
}

func (f *failure) Error() string { return f.error.Error() + "\n" + string(f.output) }

// scratch is a folder for what tests share.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "plimsoll-e2e-*"); err != nil {
		panic(err)
	}
	status := m.Run()
	os.RemoveAll(scratch)
	os.Exit(status)
}

// scanned runs `plimsoll scan TARGET --format json` and returns what it printed.
func scanned(t *testing.T, target string, more ...string) []byte {
	t.Helper()
	args := append([]string{"scan", target, "--format", "json", "--quiet", "--now", now, "--cache-dir", filepath.Join(scratch, "cache"), "--db", database(t)}, more...)
	command := exec.Command(binary(t), args...)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		t.Fatalf("plimsoll %s: %v\n%s", strings.Join(args, " "), err, &complaint)
	}
	return out
}

func reportOf(t *testing.T, target string, more ...string) *report.Report {
	t.Helper()
	var r report.Report
	if err := json.Unmarshal(scanned(t, target, more...), &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

// table reads a tab-separated file with a header into one map for each line.
func table(t *testing.T, path string) []map[string]string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	names := strings.Split(lines[0], "\t")
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, field := range strings.Split(line, "\t") {
			row[names[i]] = field
		}
		rows = append(rows, row)
	}
	return rows
}
