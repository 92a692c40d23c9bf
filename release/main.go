// Command release makes what is released, in dist/release: a binary for each platform, its bill of
// materials as CycloneDX and SPDX, SLSA provenance, and the SHA-256 sums of all of it. `make
// release` runs it at the root of the repository; docs/release.md says how to verify the result.
//
// The same source and the same version of Go give the same bytes, whoever runs it and wherever; e2e
// compares them. So nothing here asks a clock: what has a date has the commit's. The one exception
// is a signature, which stands in a file of its own.
//
// Nothing is released that would not pass release/policy.yaml. What was in dist/release before stays
// until everything is made. It does not publish anything, and uses no network but for Go modules.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"plimsoll.dev/plimsoll/evidence"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	platforms := flag.String("platforms", "linux/amd64,linux/arm64", "what to build for, as `OS/ARCH,...`")
	flag.Parse()
	if err := run(ctx, strings.Split(*platforms, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "make release:", err)
		os.Exit(1)
	}
}

// run makes the release of the source in the working folder.
func run(ctx context.Context, platforms []string) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	from, err := readSource(ctx, root, os.LookupEnv)
	if err != nil {
		return fmt.Errorf("looking for the commit: %w", err)
	}
	key := os.Getenv("PLIMSOLL_SIGNING_KEY")
	switch {
	case from.commit == "" && key != "":
		return fmt.Errorf("%s: what is signed has to name its source; commit first, or unset PLIMSOLL_SIGNING_KEY", from.why)
	case from.commit == "":
		fmt.Fprintf(os.Stderr, "make release: warning: the provenance names no commit: %s\n", from.why)
	}
	dist := filepath.Join(root, "dist")
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(dist, "release-work-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	b, err := newBuild(ctx, root, work, from)
	if err != nil {
		return err
	}
	if err := b.make(ctx, platforms, key); err != nil {
		return err
	}
	return replace(b.out, filepath.Join(dist, "release"))
}

// make builds, lists, judges, sums up and signs, in this order.
func (b *build) make(ctx context.Context, platforms []string, key string) error {
	for _, platform := range platforms {
		if err := b.binary(ctx, platform); err != nil {
			return fmt.Errorf("building for %s: %w", platform, err)
		}
	}
	if err := b.from.checkTag(ctx, b.root, b.version); err != nil {
		return err
	}
	for _, a := range b.made {
		if err := b.bills(ctx, a); err != nil {
			return fmt.Errorf("listing what is in %s: %w", a.name, err)
		}
		if err := b.judge(ctx, a); err != nil {
			return fmt.Errorf("holding %s against release/policy.yaml: %w", a.name, err)
		}
	}
	statement, err := b.provenance(platforms)
	if err != nil {
		return fmt.Errorf("writing the provenance: %w", err)
	}
	encoded, err := evidence.Encode(statement)
	if err != nil {
		return err
	}
	name := "plimsoll-" + b.version + ".provenance"
	if err := write(filepath.Join(b.out, name+".json"), encoded); err != nil {
		return err
	}
	if err := b.sums(); err != nil {
		return fmt.Errorf("writing SHA256SUMS: %w", err)
	}
	if key == "" {
		return nil
	}
	signer, err := evidence.OpenSigner(ctx, key, evidence.Secrets{Environment: os.LookupEnv})
	if err != nil {
		return err
	}
	bundle, err := signer.Sign(ctx, evidence.PayloadType, encoded)
	if err != nil {
		return fmt.Errorf("signing the provenance: %w", err)
	}
	return write(filepath.Join(b.out, name+".sigstore.json"), bundle)
}
