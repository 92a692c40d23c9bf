package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom/cyclonedx"
	"plimsoll.dev/plimsoll/inventory/sbom/spdx"
)

func (p *program) sbomCommand() *cobra.Command {
	var target targetFlags
	var format string
	c := &cobra.Command{
		Use:   "sbom TARGET",
		Short: "Write an image's bill of materials",
		Long: `Sbom lists an image's packages as CycloneDX 1.6 or SPDX 2.3 JSON. It needs no advisory database.

Scanning the list later gives what scanning the image gives. A list that is the target itself is
written anew, so that one format becomes the other.`,
		Example: `  plimsoll sbom ./image-layout --output app.cdx.json
  plimsoll sbom app.tar --format spdx --output app.spdx.json`,
		Args: p.oneTarget,
		RunE: func(c *cobra.Command, args []string) error {
			write, err := sbomFormat(format)
			if err != nil {
				return err
			}
			return p.sbom(c.Context(), args[0], target, write)
		},
	}
	target.register(c.Flags())
	c.Flags().StringVarP(&format, "format", "f", "cyclonedx", "`FORMAT` of the list: cyclonedx or spdx")
	return c
}

// sbomWriter writes facts in one format.
type sbomWriter func(w io.Writer, facts inventory.Facts, now time.Time) error

func sbomFormat(name string) (sbomWriter, error) {
	switch name {
	case "cyclonedx":
		return func(w io.Writer, facts inventory.Facts, now time.Time) error {
			return cyclonedx.Encode(w, facts, cyclonedx.Meta{EvaluatedAt: now, Version: engineVersion()})
		}, nil
	case "spdx":
		return func(w io.Writer, facts inventory.Facts, now time.Time) error {
			return spdx.Encode(w, facts, spdx.Meta{EvaluatedAt: now, Version: engineVersion()})
		}, nil
	default:
		return nil, usageError{fmt.Errorf("--format %q: want cyclonedx or spdx", name)}
	}
}

func (p *program) sbom(ctx context.Context, target string, flags targetFlags, write sbomWriter) error {
	now, _, err := p.evaluatedAt()
	if err != nil {
		return err
	}
	result, err := p.scanTarget(ctx, target, flags)
	if err != nil {
		return err
	}
	for _, gap := range result.Facts.Coverage.Gaps {
		if !strings.HasPrefix(gap.Dimension, "packages/") {
			continue // nothing that is listed
		}
		p.warn(fmt.Sprintf("the list is not complete: %s: %s %s", gap.Dimension, gap.Path, gap.Why))
	}
	if err := p.write(func(w io.Writer) error {
		if err := write(w, result.Facts, now); err != nil {
			return fmt.Errorf("writing the bill of materials: %w", err)
		}
		return nil
	}); err != nil {
		return err
	}
	return unreadable(result.Facts.Coverage)
}
