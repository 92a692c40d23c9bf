// Package engine reads images out of the engines that hold them on this host: Docker and Podman
// through their HTTP APIs (Docker Engine API v1.41, "Export an image"; Podman's libpod API v4),
// containerd from its content store (containerd/api, services content, images and namespaces).
//
// Docker and Podman export an image as an archive, whose layers come before the list of them. So
// the export goes through a temporary file without a name, which package archive reads; it is
// bounded. containerd's blobs are read one by one, as they are stored, without an export.
//
// Nothing is pulled, changed or run. Engines are reached through a Unix socket, or where the
// engine's own variables say; SSH and named pipes are not known, nor are proxies.
package engine

import (
	"context"
	"fmt"
	"strings"

	"plimsoll.dev/plimsoll/image"
)

// Progress hears how much of an export has come.
type Progress interface {
	// Start says how much there will be, and of how many layers; 0 if that is not known.
	Start(bytes int64, layers int)
	Add(bytes int)
}

// Options say where the engine is and what an export may use.
type Options struct {
	// Reference is what the user called the target.
	Reference string
	// Getenv looks up the variables that say where an engine is.
	Getenv func(name string) string
	// Offline allows Unix sockets only.
	Offline bool
	// MaxInflated bounds an export in bytes, and MaxEntries its entries; 0 means archive's own
	// limits.
	MaxInflated, MaxEntries int64
	// TempDir is where the export goes; if empty, os.TempDir().
	TempDir string
	// Progress, if set, hears of the export.
	Progress Progress
}

// OpenDocker opens an image that a Docker daemon holds.
func OpenDocker(ctx context.Context, name string, options Options) (image.Source, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	e, err := docker(options)
	if err != nil {
		return nil, err
	}
	return e.open(ctx, name, options)
}

// OpenPodman opens an image that Podman holds.
func OpenPodman(ctx context.Context, name string, options Options) (image.Source, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	e, err := podman(options)
	if err != nil {
		return nil, err
	}
	return e.open(ctx, name, options)
}

// checkName refuses what could lead to another place of an engine's API than an image.
func checkName(name string) error {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@"
	if name == "" || len(name) > 512 || strings.Trim(name, allowed) != "" || strings.Contains("/"+name+"/", "/../") ||
		strings.Contains(name, "//") || strings.HasPrefix(name, "/") {
		return fmt.Errorf("%.100q is no name of an image: want NAME[:TAG], NAME@sha256:DIGEST or an ID", name)
	}
	return nil
}
