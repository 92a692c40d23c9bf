package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/verdict"
)

func (p *program) reproduceCommand() *cobra.Command {
	var line lineFlags
	var remote remoteFlags
	c := &cobra.Command{
		Use:   "reproduce REPORT",
		Short: "Derive a report's verdict again from its recorded inputs, and compare",
		Long: `Reproduce evaluates a stored report at the time of its verdict, with the policies, waivers and
VEX documents given, and compares every byte. It needs no image, no network and no database.

An input that is missing, or is another than the verdict names, is told. The policies that ready
ones are part of Plimsoll need not be given.

With --trust, what is derived is also compared with the verdict that was signed: the one that lies
beside the image in its registry, or in the files of --bundle. It may have ended since.

Exit status: 0 the same verdict; 3 another, or an input differs, or no such verdict was signed.`,
		Example: `  plimsoll reproduce report.json
  plimsoll reproduce report.json --policy policy.yaml --waivers waivers.yaml
  plimsoll reproduce report.json --policy policy.yaml --trust trust.yaml --bundle app.sigstore.jsonl`,
		Args: p.oneTarget,
		RunE: func(c *cobra.Command, args []string) error {
			return p.reproduce(c.Context(), args[0], line, remote)
		},
	}
	line.register(c.Flags())
	remote.register(c.Flags())
	return c
}

// readVerdict reads a report that holds a verdict.
func readVerdict(path string) (*scanned, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("opening the report: %w", err)
	}
	document, err := readDocument(path)
	switch {
	case err != nil:
		return nil, err
	case document == nil || document.stored == nil:
		return nil, fmt.Errorf("%s is no report: write one with plimsoll check --format json --output FILE", path)
	case document.stored.Verdict == nil:
		return nil, fmt.Errorf("%s holds no verdict: it was written by scan; write one with plimsoll check", path)
	}
	return document, nil
}

func (p *program) reproduce(ctx context.Context, path string, flags lineFlags, remote remoteFlags) error {
	document, err := readVerdict(path)
	if err != nil {
		return err
	}
	recorded := document.stored.Verdict
	derived, line, err := p.derive(ctx, document, flags, remote)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	differences := compareVerdicts(*recorded, derived, line)
	by := ""
	if flags.trust != "" && len(differences) == 0 {
		if by, differences, err = p.compareSigned(ctx, derived, flags, remote); err != nil {
			return err
		}
	}
	return p.writeReproduced(by, differences)
}

// derive evaluates a stored report again, at the time of its verdict, with what the flags name.
func (p *program) derive(ctx context.Context, document *scanned, flags lineFlags, remote remoteFlags) (verdict.Verdict, *line, error) {
	subject := document.stored.Verdict.Inputs.Subject
	a, err := recordedAnalysis(document)
	if err != nil {
		return verdict.Verdict{}, nil, err
	}
	line, err := p.readLine(ctx, flags, remote, a.report.EvaluatedAt)
	if err != nil {
		return verdict.Verdict{}, nil, err
	}
	if err := p.gatherVEX(ctx, a, line); err != nil {
		return verdict.Verdict{}, nil, err
	}
	if flags.as == "" {
		line.as = nameOf(subject)
	}
	a.decide(line)
	return *a.report.Verdict, line, nil
}

func (p *program) writeReproduced(by string, differences []string) error {
	if len(differences) == 0 {
		return p.write(func(w io.Writer) error {
			_, err := io.WriteString(w, "reproduced: the verdict follows from its inputs, byte for byte\n"+by)
			return err
		})
	}
	err := p.write(func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "not reproduced:\n  %s\n", strings.Join(differences, "\n  "))
		return err
	})
	if err != nil {
		return err
	}
	return errDenied
}

// recordedAnalysis is a report as it was when it was evaluated.
func recordedAnalysis(document *scanned) (*analysis, error) {
	at, err := time.Parse(time.RFC3339, document.stored.Verdict.EvaluatedAt)
	if err != nil {
		return nil, err
	}
	a := &analysis{facts: document.Facts, report: *document.stored, stored: true, inRegistry: true}
	a.facts.Target.Reference = document.stored.Target.Reference
	a.report.EvaluatedAt = at
	if a.report.ScannedAt.IsZero() {
		a.report.ScannedAt = document.stored.EvaluatedAt
	}
	return a, nil
}

// nameOf is the name that a subject was evaluated under, as far as it has a part in the verdict.
func nameOf(s verdict.Subject) string {
	name := s.Repository
	if name != "" && s.Tag != "" {
		name += ":" + s.Tag
	}
	if name != "" && s.Pinned {
		digest := s.Digest
		if digest.IsZero() {
			digest = s.ImageID // any will do
		}
		name += "@" + digest.String()
	}
	return name
}

// compareVerdicts says which inputs differ from those recorded; if none does, whether the verdict
// does.
func compareVerdicts(recorded, derived verdict.Verdict, line *line) []string {
	differences := compareInputs(recorded.Inputs, derived.Inputs, line)
	if len(differences) > 0 {
		return differences
	}
	was, errWas := json.Marshal(recorded)
	is, errIs := json.Marshal(derived)
	if errWas != nil || errIs != nil || !bytes.Equal(was, is) {
		return []string{"the inputs are the same, and the verdict is another: it was changed after it was made"}
	}
	return nil
}

func compareInputs(recorded, derived verdict.Inputs, line *line) []string {
	var differences []string
	compare := func(name, was, is, missing string) {
		switch {
		case was == is:
		case is == "":
			differences = append(differences, fmt.Sprintf("%s is missing: the verdict rests on %s; %s", name, was, missing))
		case was == "":
			differences = append(differences, fmt.Sprintf("%s was not there: the verdict rests on none, and %s is given", name, is))
		default:
			differences = append(differences, fmt.Sprintf("%s differs: the verdict rests on %s, and this is %s; %s", name, was, is, missing))
		}
	}
	report := "the report was changed"
	if was, is := recorded.Subject, derived.Subject; was != is {
		differences = append(differences, fmt.Sprintf("subject differs: the verdict is about %s, and this is %s", describeSubject(was), describeSubject(is)))
	}
	compare("facts", recorded.Facts.String(), derived.Facts.String(), report)
	compare("findings", recorded.Findings.String(), derived.Findings.String(), report)
	compare("database", recorded.Database.String(), derived.Database.String(), report)
	compare("policy", recorded.Policy.String(), derived.Policy.String(), "give the file with --policy")
	compare("waivers", recorded.Waivers.String(), derived.Waivers.String(), "give the file with --waivers")
	compare("vex", recorded.VEX.String(), derived.VEX.String(), "give the document with --vex; if it was attached to the image, --trust, and its bundle with --bundle if not from the registry")
	compare("evidence", recorded.Evidence.String(), derived.Evidence.String(), report)
	compare("engine", recorded.Engine, derived.Engine, "use that version")
	compare("scannedAt", recorded.ScannedAt, derived.ScannedAt, report)
	return differences
}

func describeSubject(s verdict.Subject) string {
	name := nameOf(s)
	if name == "" {
		name = "an image without a name"
	}
	return fmt.Sprintf("%s (%s)", name, s.ImageID)
}
