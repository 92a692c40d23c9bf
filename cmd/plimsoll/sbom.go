package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/inventory/sbom/cyclonedx"
)

func (p *program) sbomCommand() *cobra.Command {
	var target targetFlags
	var format string
	c := &cobra.Command{
		Use:     "sbom TARGET",
		Short:   "Write an image's bill of materials",
		Long:    "Sbom lists an image's packages as CycloneDX 1.6 JSON. It needs no advisory database.",
		Example: "  plimsoll sbom ./image-layout --output app.cdx.json",
		Args:    p.oneTarget,
		RunE: func(c *cobra.Command, args []string) error {
			if format != "cyclonedx" {
				return usageError{fmt.Errorf("--format %q: want cyclonedx", format)}
			}
			return p.sbom(c.Context(), args[0], target)
		},
	}
	target.register(c.Flags())
	c.Flags().StringVarP(&format, "format", "f", "cyclonedx", "`FORMAT` of the list: cyclonedx")
	return c
}

func (p *program) sbom(ctx context.Context, target string, flags targetFlags) error {
	now, _, err := p.evaluatedAt()
	if err != nil {
		return err
	}
	result, err := p.scanTarget(ctx, target, flags)
	if err != nil {
		return err
	}
	for _, gap := range result.Facts.Coverage.Gaps {
		p.warn(fmt.Sprintf("the list is not complete: %s: %s %s", gap.Dimension, gap.Path, gap.Why))
	}
	if err := p.write(func(w io.Writer) error {
		meta := cyclonedx.Meta{EvaluatedAt: now, Version: engineVersion()}
		if err := cyclonedx.Encode(w, result.Facts, meta); err != nil {
			return fmt.Errorf("writing the bill of materials: %w", err)
		}
		return nil
	}); err != nil {
		return err
	}
	return unreadable(result.Facts.Coverage)
}
