package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/report"
	reportjson "plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/ship"
)

func (p *program) lockCommand() *cobra.Command {
	var remote remoteFlags
	var layers bool
	c := &cobra.Command{
		Use:   "lock NAME...",
		Short: "Write down what registries have for names, to hold them against it later",
		Long: `Lock writes a lock file: for each name the digest that it stands for, an index's manifests, and the
kinds of evidence that are there. plimsoll verify --expect compares. Nothing but digests is verified
here: verify what you lock first. It fails if anything could not be read to its end.`,
		Example: `  plimsoll lock registry.example/app:1.2 registry.example/web:3 --output plimsoll.lock.yaml
  plimsoll verify --expect plimsoll.lock.yaml --trust trust.yaml`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("%s wants names of images in registries: see %s --help", c.CommandPath(), c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return p.lock(c.Context(), args, layers, remote) },
	}
	remote.register(c.Flags())
	c.Flags().BoolVar(&layers, "layers", false, "also list the layers: each comparison then fetches all of them and looks at every byte")
	return c
}

// open opens repositories for reading.
func (p *program) open(remote remoteFlags) ship.Open {
	return func(ctx context.Context, name string) (*registry.Repository, error) {
		return p.openRepository(ctx, name, registry.Read, remote)
	}
}

func (p *program) lock(ctx context.Context, names []string, layers bool, remote remoteFlags) error {
	for _, name := range names {
		if _, _, err := registry.Split(name); err != nil {
			return usageError{err}
		}
	}
	file, err := ship.Lock(ctx, p.open(remote), names, ship.LockOptions{Layers: layers})
	if err != nil {
		return err
	}
	content, err := file.Encode()
	if err != nil {
		return err
	}
	return p.write(func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// comparison is the JSON form of holding registries against a lock file.
type comparison struct {
	Schema   string              `json:"schema"`
	Holds    bool                `json:"holds"`
	Compared int                 `json:"compared"`
	Findings []comparisonFinding `json:"findings"`
	Unknown  []comparisonUnknown `json:"unknown"`
}

type comparisonFinding struct {
	Image   string       `json:"image"`
	Kind    ship.Kind    `json:"kind"`
	Digest  image.Digest `json:"digest,omitzero"`
	Message string       `json:"message"`
}

type comparisonUnknown struct {
	Image string `json:"image"`
	Why   string `json:"why"`
}

const comparisonSchema = "plimsoll.dev/comparison/v1"

// expect is verify --expect.
func (p *program) expect(ctx context.Context, flags verifyFlags) error {
	if err := checkFormat(flags.format); err != nil {
		return err
	}
	content, err := readLimited(flags.expect, ship.MaxEvidence)
	if err != nil {
		return fmt.Errorf("--expect: %w", err)
	}
	file, err := ship.ParseLock(flags.expect, content)
	if err != nil {
		return fmt.Errorf("--expect: %w", err)
	}
	result, err := p.compareAll(ctx, file, flags)
	if err != nil {
		return err
	}
	if err := p.writeComparison(result, flags.format); err != nil {
		return err
	}
	if !result.Holds {
		return errDenied
	}
	return nil
}

// compareAll compares one image after the other: a verdict counts under the name of its image only,
// so each has a verifier of its own.
func (p *program) compareAll(ctx context.Context, file ship.LockFile, flags verifyFlags) (comparison, error) {
	now, _, err := p.evaluatedAt()
	if err != nil {
		return comparison{}, err
	}
	var by proof
	if flags.trust != "" {
		if by, _, err = openProof(flags.trust); err != nil {
			return comparison{}, err
		}
	} else {
		p.warn("without --trust, evidence counts by its own word: that finds what was lost, and proves nothing")
	}
	result := comparison{Schema: comparisonSchema, Holds: len(file.Images) > 0, Findings: []comparisonFinding{}, Unknown: []comparisonUnknown{}}
	for _, locked := range file.Images {
		options := ship.CompareOptions{Open: p.open(flags.remote)}
		if flags.trust != "" {
			repository, _, err := registry.Split(locked.Image)
			if err != nil {
				return comparison{}, err
			}
			each := by
			each.verifier = by.verifier.Bounded()
			each.want, each.role = flags.want(now, repository), evidence.Role(flags.role)
			options.Verifier = each
		}
		one, err := ship.Compare(ctx, ship.LockFile{APIVersion: file.APIVersion, Kind: file.Kind, Images: []ship.Locked{locked}}, options)
		if err != nil {
			return comparison{}, err
		}
		result.add(one)
	}
	return result, nil
}

func (c *comparison) add(one ship.Comparison) {
	c.Holds = c.Holds && one.Holds()
	c.Compared += one.Compared
	for _, f := range one.Findings {
		c.Findings = append(c.Findings, comparisonFinding(f))
	}
	for _, u := range one.Unknown {
		c.Unknown = append(c.Unknown, comparisonUnknown(u))
	}
}

func (p *program) writeComparison(c comparison, format string) error {
	return p.write(func(w io.Writer) error {
		if format == "json" {
			return reportjson.WriteDocument(w, "comparison", c)
		}
		var errs []error
		line := func(format string, arguments ...any) {
			_, err := io.WriteString(w, report.Clean(fmt.Sprintf(format, arguments...))+"\n")
			errs = append(errs, err)
		}
		if c.Holds {
			line("HOLDS: %d images are as the lock file says", c.Compared)
		} else {
			line("DOES NOT HOLD: of %d images, %d differences, and %d things that could not be told", c.Compared, len(c.Findings), len(c.Unknown))
		}
		for _, f := range c.Findings {
			line("  %s %s: %s", f.Kind, f.Image, f.Message)
		}
		for _, u := range c.Unknown {
			line("  unknown %s: %s", u.Image, u.Why)
		}
		return errors.Join(errs...)
	})
}
