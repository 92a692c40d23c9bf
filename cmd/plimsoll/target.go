package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"plimsoll.dev/plimsoll/image"
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
	remote   remoteFlags
}

// remoteFlags say how to speak to a registry.
type remoteFlags struct {
	insecure   bool
	caFile     string
	trustHosts []string
}

func (t *targetFlags) register(flags flagSet) {
	limits := rootfs.DefaultLimits()
	flags.StringVar(&t.platform, "platform", "", "`OS/ARCHITECTURE[/VARIANT]` to choose from an index (default "+image.DefaultPlatform().String()+")")
	flags.StringVar(&t.memory, "max-memory", formatBytes(scan.DefaultMemory), "file content kept in memory, in `BYTES`; more goes to a temporary file")
	flags.Int64Var(&t.limits.Entries, "max-entries", limits.Entries, "`ENTRIES` that one layer may have")
	flags.StringVar(&t.inflated, "max-inflated", formatBytes(limits.Inflated), "`BYTES` that one layer may inflate to")
	flags.StringVar(&t.fileSize, "max-file-size", formatBytes(limits.FileSize), "`BYTES` that one file kept for analysis may have")
	t.remote.register(flags)
}

func (r *remoteFlags) register(flags flagSet) {
	flags.BoolVar(&r.insecure, "insecure", false, "accept plain HTTP and any certificate from the target's registry")
	flags.StringVar(&r.caFile, "ca-file", "", "`FILE` of certificate authorities (PEM) that a registry may have its certificate from, beside the system's")
	flags.StringSliceVar(&r.trustHosts, "trust-host", nil, "`HOST`[:PORT] that a registry may send its credentials or us to, also in a private network; may be given several times")
}

func registerAllPlatforms(flags flagSet, all *bool) {
	flags.BoolVar(all, "all-platforms", false, "scan the images for all platforms, and report on each")
}

// checkAllPlatforms refuses to choose one and all.
func checkAllPlatforms(chosen targetFlags) error {
	if chosen.platform != "" {
		return usageError{errors.New("--platform chooses one and --all-platforms all: give one of the two")}
	}
	return nil
}

// usage is what the flags say: which platform, and what reading may use.
type usage struct {
	platform image.Platform
	limits   rootfs.Limits
	memory   int64
}

// resolve checks the flags.
func (t *targetFlags) resolve() (usage, error) {
	u := usage{platform: image.DefaultPlatform()}
	var err error
	if t.platform != "" {
		if u.platform, err = image.ParsePlatform(t.platform); err != nil {
			return u, usageError{fmt.Errorf("--platform: %w", err)}
		}
	}
	u.limits.Entries = t.limits.Entries
	for _, size := range []struct {
		flag, text string
		value      *int64
	}{{"--max-memory", t.memory, &u.memory}, {"--max-inflated", t.inflated, &u.limits.Inflated}, {"--max-file-size", t.fileSize, &u.limits.FileSize}} {
		if *size.value, err = parseBytes(size.text); err != nil {
			return u, usageError{fmt.Errorf("%s: %w", size.flag, err)}
		}
	}
	if u.limits.Entries <= 0 {
		return u, usageError{errors.New("--max-entries: want a positive number")}
	}
	return u, nil
}
