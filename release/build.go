package main

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/image"
)

// build is one run of the release.
type build struct {
	root, work, out string
	from            source
	environment     []string // of the Go command
	tool            string   // plimsoll, as built here for this machine
	version         string
	made            []artifact
}

// artifact is a binary that is released.
type artifact struct {
	name   string // of its file
	digest image.Digest
	info   *buildinfo.BuildInfo
	bills  map[string]image.Digest // by the names of their files
}

// arguments are those of go build. Stamping git's state is off: an archive has none. What git says
// stands in the provenance. Symbols and the build id are left out, paths are cut.
func arguments() []string {
	return []string{"build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-pgo=off", "-tags=", "-ldflags=-s -w -buildid="}
}

// settings are the variables of the Go command that have a part in the bytes. They are set, and no
// other variable of the caller's, nor his `go env -w`, gets through.
func settings() []string {
	return []string{"CGO_ENABLED=0", "GOAMD64=v1", "GOARM64=v8.0", "GOENV=off", "GOFLAGS=", "GOWORK=off"}
}

func newBuild(ctx context.Context, root, work string, from source) (*build, error) {
	b := &build{root: root, work: work, out: filepath.Join(work, "out"), from: from}
	if err := os.Mkdir(b.out, 0o755); err != nil {
		return nil, err
	}
	kept, err := keptSettings(ctx)
	if err != nil {
		return nil, err
	}
	b.environment = slices.Concat(without(os.Environ(), "GO", "CGO_"), kept, settings())
	b.tool = filepath.Join(work, "plimsoll")
	if err := b.compile(ctx, runtime.GOOS+"/"+runtime.GOARCH, b.tool); err != nil {
		return nil, fmt.Errorf("building for this machine: %w", err)
	}
	said, err := b.plimsoll(ctx, "version")
	if err != nil {
		return nil, err
	}
	words := strings.Fields(string(said))
	if len(words) < 2 {
		return nil, fmt.Errorf("plimsoll version says %q, and no version", said)
	}
	b.version = words[1]
	return b, nil
}

// keptSettings are the caller's settings of where modules come from and where work is kept: go.sum
// says what they have to be, so they have no part in the bytes.
func keptSettings(ctx context.Context) ([]string, error) {
	names := []string{"GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "GOAUTH",
		"GOMODCACHE", "GOCACHE", "GOTOOLCHAIN"}
	out, err := exec.CommandContext(ctx, "go", append([]string{"env", "-json"}, names...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	values := map[string]string{}
	if err := json.Unmarshal(out, &values); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	kept := make([]string, 0, len(names))
	for _, name := range names {
		kept = append(kept, name+"="+values[name])
	}
	return kept, nil
}

// without returns the variables whose names do not begin with one of the prefixes.
func without(environment []string, prefixes ...string) []string {
	return slices.DeleteFunc(slices.Clone(environment), func(variable string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(variable, prefix) })
	})
}

func (b *build) compile(ctx context.Context, platform, out string) error {
	system, architecture, found := strings.Cut(platform, "/")
	if !found {
		return fmt.Errorf("the platform %q is not of the form linux/amd64", platform)
	}
	command := exec.CommandContext(ctx, "go", append(arguments(), "-o", out, "./cmd/plimsoll")...)
	command.Dir, command.Stderr = b.root, os.Stderr
	command.Env = append(slices.Clone(b.environment), "GOOS="+system, "GOARCH="+architecture)
	return command.Run()
}

// binary builds for a platform.
func (b *build) binary(ctx context.Context, platform string) error {
	a := artifact{
		name:  "plimsoll-" + b.version + "-" + strings.ReplaceAll(platform, "/", "-"),
		bills: map[string]image.Digest{},
	}
	path := filepath.Join(b.out, a.name)
	if err := b.compile(ctx, platform, path); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o755); err != nil { // whatever the umask
		return err
	}
	var err error
	if a.digest, err = digestOf(path); err != nil {
		return err
	}
	if a.info, err = buildinfo.ReadFile(path); err != nil {
		return err
	}
	b.made = append(b.made, a)
	return nil
}

// plimsoll runs the plimsoll that was built, without the caller's settings and database.
func (b *build) plimsoll(ctx context.Context, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, b.tool, append(arguments, "--offline", "--quiet")...)
	command.Dir, command.Stderr = b.work, os.Stderr
	command.Env = []string{"HOME=" + b.work, "PATH=" + os.Getenv("PATH")}
	return command.Output()
}

// bills writes the bills of materials of a binary. It lies alone in a folder of its own name, which
// is what the bills call it.
func (b *build) bills(ctx context.Context, a artifact) error {
	if err := os.Mkdir(filepath.Join(b.work, a.name), 0o755); err != nil {
		return err
	}
	if err := os.Link(filepath.Join(b.out, a.name), filepath.Join(b.work, a.name, "plimsoll")); err != nil {
		return err
	}
	for format, suffix := range map[string]string{"cyclonedx": ".cdx.json", "spdx": ".spdx.json"} {
		bill, err := b.plimsoll(ctx, "sbom", "dir:"+a.name, "--format", format, "--now", b.from.date.Format("2006-01-02T15:04:05Z"))
		if err != nil {
			return err
		}
		if err := write(filepath.Join(b.out, a.name+suffix), bill); err != nil {
			return err
		}
		a.bills[a.name+suffix] = image.DigestOf(bill)
	}
	return nil
}

// judge holds a bill of materials against our own policy, now: a waiver ends when it ends. Both
// bills say the same, as the tests of their packages show.
func (b *build) judge(ctx context.Context, a artifact) error {
	arguments := []string{"check", "sbom:" + filepath.Join(b.out, a.name+".cdx.json"), "--policy", filepath.Join(b.root, "release", "policy.yaml"),
		"--vex", filepath.Join(b.root, "release", "openvex.json")}
	waivers := filepath.Join(b.root, "release", "waivers.yaml")
	if _, err := os.Stat(waivers); err == nil {
		arguments = append(arguments, "--waivers", waivers)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	report, err := b.plimsoll(ctx, arguments...)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, report)
	}
	return nil
}

// sums writes the SHA-256 sums of all that was made, as sha256sum -c reads them.
func (b *build) sums() error {
	entries, err := os.ReadDir(b.out) // sorted
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, entry := range entries {
		digest, err := digestOf(filepath.Join(b.out, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%s  %s\n", digest.Hex(), entry.Name())
	}
	return write(filepath.Join(b.out, "SHA256SUMS"), []byte(text.String()))
}

func digestOf(path string) (image.Digest, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return image.Digest{}, err
	}
	return image.DigestOf(content), nil
}

// write writes a file with the same mode whatever the umask.
func write(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return err
	}
	return os.Chmod(path, 0o644)
}

// replace puts a folder in the place of another.
func replace(made, place string) error {
	if err := os.Chmod(made, 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(place); err != nil {
		return err
	}
	return os.Rename(made, place)
}
