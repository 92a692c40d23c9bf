package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/ship"
	"plimsoll.dev/plimsoll/verdict"
)

// verifyFlags are those of verify alone.
type verifyFlags struct {
	remote     remoteFlags
	trust      string
	predicates []string
	names      []string
	role       string
	maxAge     time.Duration
	stage      string
	policies   []string
	platform   string
	bundles    []string
	expect     string
	format     string
}

func (p *program) verifyCommand() *cobra.Command {
	var flags verifyFlags
	c := &cobra.Command{
		Use:   "verify NAME|FILE --trust FILE | --expect FILE",
		Short: "Verify the evidence for an image: who says what of it, and is it proved?",
		Long: `Verify reads the evidence that lies beside an image in its registry (bundles as referrers or under
the fallback tag, cosign's older signatures and attestations, BuildKit's unsigned ones) and verifies
it against a trust document, which says who may sign what. Of several verdicts the newest counts, of
equally new ones the strictest outcome; it must be about this name and digest and still be valid. For an
index, each image that it lists needs one, and the strictest outcome counts.

A file is verified by what FILE.sigstore.json beside it, or --bundle, says of its bytes: with --predicate
provenance who built it, with policy, waivers, vex or database who stands for it. A policy in a registry is
named oci://NAME@sha256:DIGEST.

Reading that ends early, or leaves out what could not be read, is incomplete: never a pass. With
--bundle, evidence is read from files (a bundle, or one a line) and no registry is asked: name the
image by its digest.

--expect holds registries against a lock file (see plimsoll lock): moved tags, swapped and altered
documents and layers, evidence that is missing or about something else; with --trust, only evidence
that it believes counts.

Exit status: 0 verified, and with --stage not denied there; 3 not verified, denied or incomplete;
1 something failed.`,
		Example: `  plimsoll verify registry.example/app:1.2 --trust trust.yaml
  plimsoll verify registry.example/app@sha256:... --trust trust.yaml --stage ship --max-age 24h --policy policy.yaml
  plimsoll verify registry.example/app:1.2 --trust trust.yaml --predicate signature,sbom-cyclonedx
  plimsoll verify registry.example/app@sha256:... --trust trust.yaml --bundle app.sigstore.jsonl
  plimsoll verify waivers.yaml --trust trust.yaml --predicate waivers
  plimsoll verify --expect plimsoll.lock.yaml --trust trust.yaml`,
		Args: func(c *cobra.Command, args []string) error { return checkVerifyArguments(c, args, flags) },
		RunE: func(c *cobra.Command, args []string) error {
			p.dropSettings(&flags)
			if flags.expect != "" {
				return p.expect(c.Context(), flags)
			}
			return p.verify(c.Context(), args[0], flags)
		},
	}
	flags.remote.register(c.Flags())
	registerFormat(c.Flags(), &flags.format)
	c.Flags().StringVar(&flags.trust, "trust", "", "trust document `FILE`: who may sign what")
	c.Flags().StringSliceVar(&flags.predicates, "predicate", []string{"verdict"}, "`KINDS` of evidence that there must be: verdict, sbom-cyclonedx, sbom-spdx, vulns, openvex, manifest, provenance, signature, or a predicate type's URI; or one of policy, waivers, vex, database, of a file")
	c.Flags().StringSliceVar(&flags.names, "signer", nil, "`NAMES` in the trust document whose signatures count (default: all that have the role)")
	c.Flags().StringVar(&flags.role, "role", "", "the `ROLE` that signers of predicate types named by URI must have")
	c.Flags().DurationVar(&flags.maxAge, "max-age", 0, "how `OLD` evidence may be, such as 24h (default: any age; a verdict's own end holds besides)")
	c.Flags().StringVar(&flags.stage, "stage", "", "also exit with 3 if the verdict denies at this `STAGE`: build, ship, admit or run")
	c.Flags().StringArrayVar(&flags.policies, "policy", nil, "the policy `FILE`, oci://NAME@sha256:DIGEST or ready policy that the verdict must rest on; all of them, if there were several (default: any)")
	c.Flags().StringVar(&flags.platform, "platform", "", "verify the image for `OS/ARCHITECTURE[/VARIANT]` of an index alone")
	c.Flags().StringArrayVar(&flags.bundles, "bundle", nil, "read evidence from `FILE` in place of the registry; may be given several times")
	c.Flags().StringVar(&flags.expect, "expect", "", "hold registries against a lock `FILE`")
	return c
}

func checkVerifyArguments(c *cobra.Command, args []string, flags verifyFlags) error {
	switch {
	case flags.expect != "" && len(args) > 0:
		return usageError{fmt.Errorf("%s --expect reads the names from the lock file: leave %q out", c.CommandPath(), args[0])}
	case flags.expect != "" && (len(flags.bundles) > 0 || flags.stage != "" || flags.platform != "" || c.Flags().Changed("predicate") || c.Flags().Changed("policy")):
		return usageError{errors.New("--expect goes by the lock file: leave --bundle, --stage, --policy, --platform and --predicate out")}
	case flags.expect == "" && len(args) != 1:
		return usageError{fmt.Errorf("%s wants one name of an image in a registry, or --expect FILE: see %s --help", c.CommandPath(), c.CommandPath())}
	}
	return nil
}

// dropSettings leaves out a stage and policies that plimsoll.yaml or the environment name for whatever
// is decided, where nothing about a verdict is asked.
func (p *program) dropSettings(flags *verifyFlags) {
	asksVerdict := func(word string) bool { return word == "verdict" || word == evidence.VerdictType }
	if flags.expect == "" && slices.ContainsFunc(flags.predicates, asksVerdict) {
		return
	}
	if p.origins["stage"] != "" {
		flags.stage = ""
	}
	if p.origins["policy"] != "" || flags.expect != "" {
		flags.policies = nil
	}
}

// want is what evidence must be, as the flags say.
func (f verifyFlags) want(now time.Time, repository string) evidence.Want {
	return evidence.Want{Repository: repository, Names: f.names, Now: now, MaxAge: f.maxAge}
}

// check looks at the flags before anything is read.
func (f verifyFlags) check() ([]predicate, error) {
	chosen, err := parsePredicates(f.predicates, true)
	if err != nil {
		return nil, err
	}
	switch {
	case f.trust == "":
		return nil, usageError{errors.New("--trust: name the document that says who may sign what; without one nothing can be verified")}
	case f.maxAge < 0:
		return nil, usageError{fmt.Errorf("--max-age %s: want a positive time, such as 24h", f.maxAge)}
	case f.role != "" && !slices.Contains(evidence.Roles(), evidence.Role(f.role)):
		return nil, usageError{fmt.Errorf("--role %.40q: want one of %q", f.role, evidence.Roles())}
	}
	for _, each := range chosen {
		if _, known := evidence.RoleOf(each.types[0]); !known && f.role == "" {
			return nil, usageError{fmt.Errorf("--predicate %.200s is not known here: say with --role which role its signer must have", each.name)}
		}
	}
	if f.stage == "" && len(f.policies) == 0 {
		return chosen, checkFormat(f.format)
	}
	if f.stage != "" {
		if _, err := verdict.ParseStage(f.stage); err != nil {
			return nil, usageError{fmt.Errorf("--stage: %w", err)}
		}
	}
	if !slices.ContainsFunc(chosen, func(c predicate) bool { return slices.Contains(c.types, evidence.VerdictType) }) {
		return nil, usageError{errors.New("--stage and --policy ask for a verdict: name verdict under --predicate, too")}
	}
	return chosen, checkFormat(f.format)
}

func (p *program) verify(ctx context.Context, name string, flags verifyFlags) error {
	chosen, err := flags.check()
	if err != nil {
		return err
	}
	at, err := p.moment()
	if err != nil {
		return err
	}
	by, trust, err := openProof(flags.trust)
	if err != nil {
		return err
	}
	there, reading, err := p.readEvidenceOf(ctx, name, chosen[0], flags)
	if err != nil {
		return err
	}
	by.want, by.role = flags.want(at.now, there.repository), evidence.Role(flags.role)
	j := judge{proof: by, there: there, chosen: chosen, stage: verdict.Stage(flags.stage)}
	if len(flags.policies) > 0 {
		believed := &believed{proof: by, trust: trust, now: at.now}
		policies, err := p.readPolicies(ctx, flags.policies, believed, flags.remote)
		if err != nil {
			return err
		}
		j.policy = policy.DigestOf(policies)
	}
	result, err := j.judge(ctx, reading)
	if err != nil {
		return err
	}
	result.Reference, result.Trust = name, trustUsed{trust.Name(), trust.Digest()}
	result.EvaluatedAt, result.Replay = at.now, at.replay
	if err := p.writeVerification(result, flags.format); err != nil {
		return err
	}
	if !result.Verified || result.Denied {
		return errDenied
	}
	return nil
}

// readEvidenceOf reads the evidence for an image, or for a file.
func (p *program) readEvidenceOf(ctx context.Context, name string, wanted predicate, flags verifyFlags) (there resolvedName, all gathered, err error) {
	mistakable := p.checkTarget(name)
	info, err := os.Stat(name)
	switch {
	case wanted.about == ofFile:
		return p.readSignatures(ctx, name, wanted, flags)
	case strings.HasPrefix(name, ociScheme):
		return there, all, usageError{fmt.Errorf("%s names a policy in a registry: say --predicate policy; an image is named without %s", name, ociScheme)}
	case mistakable != nil:
		return there, all, mistakable
	case err == nil && info.Mode().IsRegular():
		digest, err := digestOfFile(name)
		if err != nil {
			return there, all, err
		}
		return readBeside(name, digest, flags)
	default:
		return p.readEvidence(ctx, name, flags)
	}
}

// readEvidence reads the evidence for an image: from files, or where it lies in its registry.
func (p *program) readEvidence(ctx context.Context, name string, flags verifyFlags) (there resolvedName, all gathered, err error) {
	repositoryName, identifier, err := registry.Split(name)
	if err != nil {
		return there, all, usageError{err}
	}
	if len(flags.bundles) > 0 {
		digest, err := image.ParseDigest(identifier)
		if err != nil || flags.platform != "" {
			return there, all, usageError{errors.New("--bundle reads no registry, so name the image by its digest, as registry.example/app@sha256:…, and that of the platform's own image")}
		}
		there = resolvedName{repository: repositoryName, digest: digest, children: []child{{digest: digest}}}
		all, err = readBundles(flags.bundles, digest)
		return there, all, err
	}
	repository, err := p.openRepository(ctx, repositoryName, registry.Read, flags.remote)
	if err != nil {
		return there, all, err
	}
	defer func() { err = errors.Join(err, repository.Close()) }()
	if there, err = resolveName(ctx, repository, identifier); err != nil {
		return there, all, err
	}
	if flags.platform != "" {
		if there, err = there.choose(flags.platform); err != nil {
			return there, all, err
		}
	}
	reading, err := ship.Read(ctx, repository, ship.Subject{Digest: there.digest, Index: there.index})
	if err != nil {
		return there, all, err
	}
	all = gathered{reading.Evidence, reading.Unread, reading.Problems, reading.Complete()}
	return there, all, nil
}

// gathered is what was read, and whether that is all.
type gathered struct {
	evidence []ship.Found
	unread   []ship.Found // which never counts
	problems []ship.Problem
	complete bool
}

// readBundles reads files with a bundle each, or one a line.
func readBundles(paths []string, subject image.Digest) (gathered, error) {
	read := gathered{complete: true}
	for _, path := range paths {
		content, err := readLimited(path, 2*ship.MaxEvidence)
		if err != nil {
			return gathered{}, fmt.Errorf("reading signatures: %w", err)
		}
		for i, bundle := range splitBundles(content) {
			if !json.Valid(bundle) {
				return gathered{}, fmt.Errorf("%s: bundle %d in it is not JSON: want one bundle, or one a line", path, i+1)
			}
			read.evidence = append(read.evidence, ship.Found{Layout: evidence.File, Digest: image.DigestOf(bundle), Subject: subject, Content: bundle})
		}
	}
	switch {
	case len(read.evidence) == 0:
		return gathered{}, fmt.Errorf("there is no signature in %s: sign again, or name another file", strings.Join(paths, ", "))
	case len(read.evidence) > evidence.MaxBundles:
		return gathered{}, fmt.Errorf("there are %d signatures in %s; at most %d are looked at: split them", len(read.evidence), strings.Join(paths, ", "), evidence.MaxBundles)
	}
	return read, nil
}

// splitBundles parts lines, if each is a document of its own.
func splitBundles(content []byte) [][]byte {
	content = bytes.TrimSpace(content)
	var lines [][]byte
	scanner := bufio.NewScanner(bytes.NewReader(content))
	scanner.Buffer(nil, len(content)+1)
	for scanner.Scan() {
		line := bytes.TrimSpace(scanner.Bytes())
		switch {
		case len(line) == 0:
			continue
		case line[0] != '{' || line[len(line)-1] != '}':
			return [][]byte{content} // one bundle, over several lines
		}
		lines = append(lines, bytes.Clone(line))
	}
	return lines
}
