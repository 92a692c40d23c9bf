package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"plimsoll.dev/plimsoll/image"
)

// buildPlimsoll builds the product just as `make build` does.
func (d *demo) buildPlimsoll(ctx context.Context) error {
	return d.build(ctx, d.root, d.plimsoll, []string{"CGO_ENABLED=0"}, "-ldflags=-s", "./cmd/plimsoll")
}

// buildService builds the service for an image, and returns the program. The module files beside
// its source differ in the version of golang.org/x/net alone. The bytes depend on nothing but the
// source, the module file and the Go release: not on the folder, nor on the state of a checkout.
func (d *demo) buildService(ctx context.Context, module string) ([]byte, error) {
	source, path := filepath.Join(d.root, "demo", "service"), filepath.Join(d.dir, "service")
	platform := image.DefaultPlatform()
	environment := []string{"CGO_ENABLED=0", "GOOS=" + platform.OS, "GOARCH=" + platform.Architecture, "GOFLAGS=", "GOWORK=off"}
	err := d.build(ctx, source, path, environment, "-buildvcs=false", "-ldflags=-s", "-modfile="+module, ".")
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading what go build made: %w", err)
	}
	return program, nil
}

// build compiles the package that args end with, in a folder, to a file.
func (d *demo) build(ctx context.Context, dir, out string, environment []string, args ...string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return fmt.Errorf("choosing where to build: %w", err)
	}
	command := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-o", out}, args...)...)
	command.Dir = dir
	command.Env = append(os.Environ(), environment...)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build in %s: %w\n%s", dir, err, output)
	}
	return nil
}
