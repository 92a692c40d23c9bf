package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/archive"
	"plimsoll.dev/plimsoll/image/layout"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/scan"
)

// flagSet is where flags are declared.
type flagSet = *pflag.FlagSet

// targetFlags choose an image and bound what reading it may use.
type targetFlags struct {
	platform string
	memory   string
	limits   rootfs.Limits
	inflated string
	fileSize string
}

func (t *targetFlags) register(flags flagSet) {
	limits := rootfs.DefaultLimits()
	flags.StringVar(&t.platform, "platform", "", "`OS/ARCHITECTURE[/VARIANT]` to choose from an index (default "+image.DefaultPlatform().String()+")")
	flags.StringVar(&t.memory, "max-memory", formatBytes(scan.DefaultMemory), "file content kept in memory, in `BYTES`; more goes to a temporary file")
	flags.Int64Var(&t.limits.Entries, "max-entries", limits.Entries, "`ENTRIES` that one layer may have")
	flags.StringVar(&t.inflated, "max-inflated", formatBytes(limits.Inflated), "`BYTES` that one layer may inflate to")
	flags.StringVar(&t.fileSize, "max-file-size", formatBytes(limits.FileSize), "`BYTES` that one file kept for analysis may have")
}

// resolve checks the flags and returns the platform, the limits and the memory to use.
func (t *targetFlags) resolve() (platform image.Platform, limits rootfs.Limits, memory int64, err error) {
	platform = image.DefaultPlatform()
	if t.platform != "" {
		if platform, err = image.ParsePlatform(t.platform); err != nil {
			return platform, limits, 0, usageError{fmt.Errorf("--platform: %w", err)}
		}
	}
	limits.Entries = t.limits.Entries
	for _, size := range []struct {
		flag, text string
		value      *int64
	}{{"--max-memory", t.memory, &memory}, {"--max-inflated", t.inflated, &limits.Inflated}, {"--max-file-size", t.fileSize, &limits.FileSize}} {
		if *size.value, err = parseBytes(size.text); err != nil {
			return platform, limits, 0, usageError{fmt.Errorf("%s: %w", size.flag, err)}
		}
	}
	if limits.Entries <= 0 {
		return platform, limits, 0, usageError{errors.New("--max-entries: want a positive number")}
	}
	return platform, limits, memory, nil
}

// openTarget opens what a target names; docs/contract.md lists the forms.
func openTarget(ctx context.Context, target string, limits rootfs.Limits) (image.Source, error) {
	scheme, rest, _ := strings.Cut(target, ":")
	switch scheme {
	case "oci":
		dir, tag := splitTag(rest)
		return layout.Open(dir, tag, layout.Options{Reference: target})
	case "oci-archive", "docker-archive":
		file, tag := splitTag(rest)
		return archive.Open(ctx, file, archive.Options{Reference: target, Tag: tag, MaxInflated: limits.Inflated})
	}
	info, err := os.Stat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, notThere(target)
	case err != nil:
		return nil, fmt.Errorf("opening target %s: %w", target, err)
	case info.IsDir() && layout.Is(target):
		return layout.Open(target, "", layout.Options{Reference: target})
	case info.IsDir():
		return nil, fmt.Errorf("folder %s is no OCI layout (it has no oci-layout and index.json); unpacked root file systems cannot be scanned yet", target)
	default:
		return archive.Open(ctx, target, archive.Options{Reference: target, MaxInflated: limits.Inflated})
	}
}

// notThere explains a target that is no file: it may be an image in a registry.
func notThere(target string) error {
	if !strings.ContainsAny(target, `\ `) && strings.ContainsAny(target, "/:@") && !strings.HasPrefix(target, ".") && !strings.HasPrefix(target, "/") {
		return fmt.Errorf("there is no file or folder %s, and images in registries and engines cannot be scanned yet: save it first, as with skopeo copy docker://%s oci:layout", target, target)
	}
	return fmt.Errorf("there is no file or folder %s: give an OCI layout folder or an image's .tar file", target)
}

// splitTag splits PATH[:TAG]. A path that exists as it stands has no tag.
func splitTag(s string) (path, tag string) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 || strings.ContainsAny(s[i:], `/\`) {
		return s, ""
	}
	if _, err := os.Lstat(s); err == nil {
		return s, ""
	}
	return s[:i], s[i+1:]
}
