// Command demo shows the main job in a minute: it builds plimsoll and a small Go service, puts
// together an image of a Debian and of an Alpine system, each before and after a rebuild, and
// holds all four against the starter policy. `make demo` runs it at the root of the repository.
//
// It needs Go, and no network but for Go modules. The packages, the service and the advisories
// are real, and nothing in the verdicts is staged: if one is not what the story says, the demo
// fails. The images are made for scanning, not for running: of the systems they have what lists
// their packages. All that it writes is in dist/, which may be removed at any time.
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
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	d := demo{
		root: ".", dir: "dist/demo", plimsoll: "dist/plimsoll", out: os.Stdout, err: os.Stderr,
		color: term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == "",
	}
	err := d.run(ctx)
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demo is one run.
type demo struct {
	root     string // of the repository
	dir      string // where the images and the cache are to lie
	plimsoll string // where the binary is to lie
	out, err io.Writer
	color    bool
}

func (d *demo) run(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(d.root, "cmd", "plimsoll")); err != nil {
		return errors.New("this is not the root of the repository: run make demo there")
	}
	fmt.Fprintf(d.out, "Building plimsoll, and four images as OCI layouts in %s; the first time takes a minute or two …\n", d.dir)
	started := time.Now()
	if err := d.prepare(ctx); err != nil {
		return err
	}
	built := time.Now()
	for i, s := range story() {
		if err := d.tell(ctx, i+1, s); err != nil {
			return err
		}
	}
	d.say("\nIn short")
	for _, s := range story() {
		fmt.Fprintf(d.out, "  %s  %s\n", s.image.name(), d.decision(s.status))
	}
	fmt.Fprintf(d.out, "Building took %.1f s, the four checks %.1f s.\n",
		built.Sub(started).Seconds(), time.Since(built).Seconds())
	return d.suggest()
}

// prepare builds the programs and assembles the images anew.
func (d *demo) prepare(ctx context.Context) error {
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return fmt.Errorf("making the demo's folder: %w", err)
	}
	if err := d.buildPlimsoll(ctx); err != nil {
		return err
	}
	for _, s := range story() {
		program, err := d.buildService(ctx, s.image.module)
		if err != nil {
			return err
		}
		if err := s.image.write(d.dir, program); err != nil {
			return err
		}
	}
	return nil
}

// tell introduces an image, checks it, and holds the verdict against the story.
func (d *demo) tell(ctx context.Context, number int, s step) error {
	d.say("\n%d of %d · %s · %s", number, len(story()), s.image.name(), s.title)
	fmt.Fprintln(d.out, s.says)
	args := []string{"check", d.dir + "/" + s.image.name()}
	d.say("\n$ %s %s\n", d.plimsoll, strings.Join(args, " "))
	status, err := d.execute(ctx, args)
	if err != nil {
		return err
	}
	if status != s.status {
		return fmt.Errorf("%s was %s, and by the story it is %s: the report above says why",
			s.image.name(), decision(status), decision(s.status))
	}
	fmt.Fprintf(d.out, "exit status %d: %s\n", status, d.decision(status))
	return nil
}

// decision is what an exit status of plimsoll check means.
func decision(status int) string {
	switch status {
	case allowed:
		return "allowed"
	case denied:
		return "denied"
	default:
		return fmt.Sprintf("not decided (exit status %d)", status)
	}
}

// execute runs plimsoll and returns its exit status. The user's settings, cache and advisories
// stay out of it, so that the verdict depends on what is in the repository alone.
func (d *demo) execute(ctx context.Context, args []string) (status int, err error) {
	home, err := filepath.Abs(filepath.Join(d.dir, "home"))
	if err != nil {
		return 0, fmt.Errorf("choosing a folder for the cache: %w", err)
	}
	command := exec.CommandContext(ctx, d.plimsoll, args...)
	command.Stdout, command.Stderr = d.out, d.err
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "PLIMSOLL_") {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env,
		"PLIMSOLL_CACHE_DIR="+filepath.Join(home, "cache"), "XDG_DATA_HOME="+filepath.Join(home, "data"))
	err = command.Run()
	var exited *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exited) && exited.Exited():
		return exited.ExitCode(), nil
	default:
		return 0, fmt.Errorf("running %s: %w", d.plimsoll, err)
	}
}

// suggest prints what to try next.
func (d *demo) suggest() error {
	d.say("\nTry next")
	lines := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	for _, s := range suggestions(d.dir) {
		fmt.Fprintf(lines, "  %s %s\t%s\n", d.plimsoll, strings.Join(s.args, " "), s.says)
	}
	return lines.Flush()
}
