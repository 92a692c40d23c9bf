package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/archive"
	"plimsoll.dev/plimsoll/image/directory"
	"plimsoll.dev/plimsoll/image/engine"
	"plimsoll.dev/plimsoll/image/layout"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/internal/progress"
)

// openTarget opens what a target names; docs/contract.md lists the forms.
func (p *program) openTarget(ctx context.Context, target string, limits rootfs.Limits, remote remoteFlags, line *progress.Line) (image.Source, error) {
	scheme, rest, _ := strings.Cut(target, ":")
	switch scheme {
	case "oci":
		dir, tag := splitTag(rest)
		return layout.Open(dir, tag, layout.Options{Reference: target})
	case "oci-archive", "docker-archive":
		file, tag := splitTag(rest)
		return archive.Open(ctx, file, archive.Options{Reference: target, Tag: tag, MaxInflated: limits.Inflated})
	case "dir":
		return directory.Open(rest, target)
	case "sbom":
		return nil, errors.New("sbom: bills of materials cannot be scanned yet: name the image itself")
	case "docker", "podman", "containerd":
		return p.openEngine(ctx, scheme, rest, limits, line)
	}
	if err := p.checkTarget(target); err != nil {
		return nil, err
	}
	info, err := os.Stat(target)
	switch {
	case isAbsent(err):
		return p.openRegistry(ctx, target, remote)
	case err != nil:
		return nil, fmt.Errorf("opening target %s: %w", target, err)
	case info.IsDir() && layout.Is(target):
		return layout.Open(target, "", layout.Options{Reference: target})
	case info.IsDir() && layout.IsPart(target):
		return nil, fmt.Errorf("folder %s has only one of oci-layout and index.json, so it is no whole OCI layout: export the image again (or say dir:%s if it is an unpacked root file system)", target, target)
	case info.IsDir():
		return directory.Open(target, target)
	default:
		return archive.Open(ctx, target, archive.Options{Reference: target, MaxInflated: limits.Inflated})
	}
}

// isScheme tells whether a word before a colon says what kind of target follows, for openTarget and
// readDocument.
func isScheme(word string) bool {
	switch word {
	case "oci", "oci-archive", "docker-archive", "dir", "sbom", "docker", "podman", "containerd":
		return true
	}
	return false
}

// openEngine opens an image that an engine on this host holds.
func (p *program) openEngine(ctx context.Context, scheme, name string, limits rootfs.Limits, line *progress.Line) (image.Source, error) {
	if strings.HasPrefix(name, "//") {
		return nil, fmt.Errorf("%s:// is no kind of target: write %s:NAME for an image that the engine holds, and only the name for one in a registry", scheme, scheme)
	}
	if scheme == "docker" {
		if err := p.checkDocker(); err != nil {
			return nil, err
		}
	}
	options := engine.Options{Reference: scheme + ":" + name, Getenv: p.getenv, Offline: p.global.offline,
		MaxInflated: limits.Inflated, Progress: line}
	switch scheme {
	case "podman":
		return engine.OpenPodman(ctx, name, options)
	case "containerd":
		return engine.OpenContainerd(ctx, name, options)
	default:
		return engine.OpenDocker(ctx, name, options)
	}
}

// isAbsent tells whether a path leads to nothing, also because a part of it is a file or too long.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG)
}

// openRegistry opens a target that is no file, if it can be the name of an image.
func (p *program) openRegistry(ctx context.Context, target string, remote remoteFlags) (image.Source, error) {
	name, _, _ := strings.Cut(target, "@")
	switch {
	case isPath(name):
		return nil, fmt.Errorf("there is no file or folder %s: give an OCI layout folder, an image's .tar file, or the name of an image in a registry", target)
	case strings.Contains(name, "://"):
		return nil, fmt.Errorf("%s:// is no kind of target: name an image without a scheme, such as registry.example/app:1.2", name[:strings.Index(name, "://")])
	case strings.Contains(target, "@") && !strings.Contains(target, "@sha"):
		return nil, errors.New("the name of an image holds no user and password: log in with docker login, and give the name alone, such as registry.example/app:1.2")
	case p.global.offline:
		return nil, fmt.Errorf("there is no file or folder %s, and with --offline no registry is asked for an image of that name: save it first, as with skopeo copy docker://%s oci:layout", target, target)
	}
	options, err := registryOptions(remote)
	if err != nil {
		return nil, err
	}
	source, err := registry.Open(ctx, target, options)
	if err != nil && !strings.ContainsAny(target, "/:@") {
		return nil, fmt.Errorf("there is no file or folder %s, and no image of that name could be had: %w", target, err)
	}
	if err != nil {
		return nil, err
	}
	return source, nil
}

// registryOptions are what the flags say about speaking to a registry.
func registryOptions(remote remoteFlags) (registry.Options, error) {
	roots, err := readRoots(remote.caFile)
	return registry.Options{
		Insecure: remote.insecure, Roots: roots, TrustHosts: remote.trustHosts, UserAgent: engineName + "/" + engineVersion(),
	}, err
}

// isPath tells whether a target is meant to be a file, and no name of an image.
func isPath(target string) bool {
	for _, ending := range [...]string{".tar", ".tgz", ".tar.gz", ".tar.zst", "/"} {
		if strings.HasSuffix(target, ending) {
			return true
		}
	}
	return target == "" || strings.ContainsAny(target, "\\ ") || strings.HasPrefix(target, ".") || strings.HasPrefix(target, "/") || strings.HasPrefix(target, "~")
}

// maxRoots bounds a file of certificate authorities: the system's own has 250 KiB.
const maxRoots = 16 << 20

// readRoots returns the system's certificate authorities and those in a file; nil without a file.
func readRoots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	content, err := readLimited(path, maxRoots)
	if err != nil {
		return nil, fmt.Errorf("--ca-file: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a system without any
	}
	if !roots.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("--ca-file: %s holds no certificate in PEM form", path)
	}
	return roots, nil
}

// splitTag splits PATH[:TAG]. A tag may be a whole name, with slashes and a colon of its own; so
// what exists counts as the path, first of all the text as it stands.
func splitTag(s string) (path, tag string) {
	if _, err := os.Lstat(s); err == nil {
		return s, ""
	}
	for i, r := range s {
		if r != ':' || i == 0 {
			continue
		}
		if _, err := os.Lstat(s[:i]); err == nil {
			return s[:i], s[i+1:]
		}
	}
	i := strings.LastIndexByte(s, ':')
	if i < 0 || strings.ContainsAny(s[i:], `/\`) {
		return s, ""
	}
	return s[:i], s[i+1:]
}
