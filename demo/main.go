// Command demo shows the main job in a minute: it builds plimsoll and a small Go service, puts
// together two images of a Debian and an Alpine system, each before and after a rebuild, and
// holds all four against the starter policy. `make demo` runs it at the root of the repository.
//
// It needs Go, and no network but for Go modules. It fails if a verdict is not what the story
// says; nothing in it is staged.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/term"
)

// folder is where the binary, the images and the results lie; git ignores it.
const folder = "dist/demo"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	d := demo{dir: folder, out: os.Stdout, err: os.Stderr, bold: term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == ""}
	if err := d.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demo is one run.
type demo struct {
	dir      string
	out, err io.Writer
	bold     bool
}

// step is an image and what is to come of it.
type step struct {
	image  string
	status int
	says   string
}

func steps() []step {
	return []step{
		{"debian-v1", 3, "A Debian 12 image with a Go service, as it was built in June 2023."},
		{"debian-v2", 0, "The same, rebuilt: current packages, a newer x/net, USER 65532."},
		{"alpine-v1", 3, "The service on Alpine 3.20. A package-lock.json was left in it: this version cannot read npm\npackages yet, says so, and does not let what it has not understood pass."},
		{"alpine-v2", 0, "Rebuilt with the fixed packages, the left-over gone, USER 65532."},
	}
}

func (d *demo) run(ctx context.Context) error {
	d.say("Building plimsoll and the demo's images in %s …", d.dir)
	if err := d.prepare(ctx); err != nil {
		return err
	}
	for _, s := range steps() {
		if err := d.check(ctx, s); err != nil {
			return err
		}
	}
	d.say("Try next:")
	for _, command := range []string{
		"dist/plimsoll scan --all " + d.dir + "/debian-v1",
		"dist/plimsoll check " + d.dir + "/debian-v2 --format json",
		"dist/plimsoll sbom " + d.dir + "/debian-v2",
		"dist/plimsoll db status",
	} {
		fmt.Fprintln(d.out, "  "+command)
	}
	return nil
}

// prepare builds the programs and assembles the images anew.
func (d *demo) prepare(ctx context.Context) error {
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return err
	}
	if err := d.build(ctx, ".", d.plimsoll(), "./cmd/plimsoll"); err != nil {
		return err
	}
	programs := map[string][]byte{}
	for version, module := range map[string]string{"v1": "go.mod", "v2": "fixed.mod"} {
		path := filepath.Join(d.dir, "service-"+version)
		if err := d.build(ctx, "demo/service", path, "-modfile="+module, "."); err != nil {
			return err
		}
		program, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		programs[version] = program
	}
	return assembleAll(d.dir, programs)
}

func (d *demo) plimsoll() string { return filepath.Join(filepath.Dir(d.dir), "plimsoll") }

// build compiles a program for Linux, as it will stand in an image; for this system if it is ours.
func (d *demo) build(ctx context.Context, dir, out string, args ...string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-ldflags=-s", "-o", out}, args...)...)
	command.Dir = dir
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod")
	if dir != "." {
		command.Env = append(command.Env, "GOOS=linux", "GOARCH="+runtime.GOARCH, "GOWORK=off")
	} else {
		command.Env = append(os.Environ(), "CGO_ENABLED=0")
	}
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build in %s: %w\n%s", dir, err, output)
	}
	return nil
}

// check runs `plimsoll check` on one image and holds its exit status against the story.
func (d *demo) check(ctx context.Context, s step) error {
	args := []string{"check", filepath.Join(d.dir, s.image)}
	fmt.Fprintln(d.out)
	d.say("%s", s.says)
	fmt.Fprintf(d.out, "$ %s %s\n\n", d.plimsoll(), strings.Join(args, " "))
	command := exec.CommandContext(ctx, d.plimsoll(), args...)
	command.Stdout, command.Stderr = d.out, d.err
	// The user's own database must not change the story.
	home, err := filepath.Abs(filepath.Join(d.dir, "home"))
	if err != nil {
		return err
	}
	command.Env = append(os.Environ(), "XDG_CACHE_HOME="+home, "XDG_DATA_HOME="+home)
	status := 0
	var exited *exec.ExitError
	switch err := command.Run(); {
	case errors.As(err, &exited):
		status = exited.ExitCode()
	case err != nil:
		return err
	}
	if status != s.status {
		return fmt.Errorf("%s ended with status %d, and the story wants %d", s.image, status, s.status)
	}
	fmt.Fprintf(d.out, "(exit status %d)\n", status)
	return nil
}

func (d *demo) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if d.bold {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	fmt.Fprintln(d.out, text)
}
