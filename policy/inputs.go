package policy

import (
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/verdict"
)

// inputs names everything that goes into the verdict.
func inputs(in Input, s *subject, policies []Policy) verdict.Inputs {
	if in.WithoutDigests {
		return verdict.Inputs{Subject: subjectOf(in), Engine: in.Engine, ScannedAt: formatTime(in.ScannedAt)}
	}
	return verdict.Inputs{
		Subject:  subjectOf(in),
		Facts:    factsDigest(in.Facts, in.Coverage),
		Findings: findingsDigest(s.findings, in.Coverage),
		Database: in.Database.Digest,
		Policy:   policyDigest(policies),
		Waivers:  waiversDigest(in.Waivers),
		VEX:      vexDigest(in),
		Evidence: s.evidence.digest(),
		Engine:   in.Engine,

		ScannedAt: formatTime(in.ScannedAt),
	}
}

func baseName(target inventory.Target) string {
	if target.Base == nil {
		return ""
	}
	return target.Base.Name
}

func subjectOf(in Input) verdict.Subject {
	target := in.Facts.Target
	return verdict.Subject{
		Repository: in.Repository,
		Tag:        in.Tag,
		Pinned:     in.Pinned,
		ImageID:    target.ImageID,
		Digest:     target.Digest,
		Platform:   target.Platform,
		Base:       baseName(target),
	}
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Truncate(time.Second).Format(time.RFC3339)
}

// factsDigest names the facts. What the image is called, what only a manifest states, and how the
// medium stores its layers, are left out: an archive and a registry that hold the same content give the same facts. So is
// what was learned from the database.
func factsDigest(facts inventory.Facts, coverage inventory.Coverage) image.Digest {
	facts.Target.Reference, facts.Target.Repository, facts.Target.Base = "", "", nil
	facts.Target.Digest, facts.Target.IndexDigest = image.Digest{}, image.Digest{}
	layers := slices.Clone(facts.Target.Layers)
	for i := range layers {
		layers[i].Digest, layers[i].Size = image.Digest{}, 0
	}
	facts.Target.Layers = layers
	facts.Packages = slices.SortedStableFunc(slices.Values(facts.Packages), inventory.ComparePackages)
	facts.Coverage = part(coverage, func(dimension string) bool { return !strings.HasPrefix(dimension, advisoriesDimension) })
	return verdict.DigestJSON(facts)
}

// findingsDigest names the findings, and how far the database covers the image.
func findingsDigest(sorted []finding.Finding, coverage inventory.Coverage) image.Digest {
	return verdict.DigestJSON(struct {
		Findings []finding.Finding  `json:"findings"`
		Coverage inventory.Coverage `json:"coverage"`
	}{sorted, part(coverage, func(dimension string) bool { return strings.HasPrefix(dimension, advisoriesDimension) })})
}

// part returns the coverage of the dimensions that belong.
func part(c inventory.Coverage, belongs func(dimension string) bool) inventory.Coverage {
	var out inventory.Coverage
	for dimension, state := range c.States {
		if belongs(dimension) {
			out.Set(dimension, state)
		}
	}
	for _, gap := range c.Gaps {
		if belongs(gap.Dimension) {
			out.Gaps = append(out.Gaps, gap)
		}
	}
	return out
}

// DigestOf names policies as the inputs of a verdict do.
func DigestOf(policies []Policy) image.Digest { return policyDigest(policies) }

// policyDigest names the files that hold the policies, also those that turned out not to be in
// scope.
func policyDigest(policies []Policy) image.Digest {
	var files []image.Digest
	for _, p := range policies {
		files = append(files, p.digest)
	}
	return joinDigests(files)
}

// waiversDigest names the files that hold the waivers, also those that waive nothing, and who has
// signed them.
func waiversDigest(waivers []Waiver) image.Digest {
	var files []image.Digest
	var signed []string
	for _, w := range waivers {
		files = append(files, w.digest)
		for _, signer := range w.signers {
			signed = append(signed, w.digest.String()+" "+signer)
		}
	}
	return withSigners(joinDigests(files), signed)
}

// vexDigest names the VEX documents, and who has signed which.
func vexDigest(in Input) image.Digest {
	var signed []string
	for _, statement := range in.SignedVEX {
		for _, signer := range statement.SignedBy {
			signed = append(signed, statement.Document+" "+signer)
		}
	}
	return withSigners(joinDigests(in.VEXDigests), signed)
}

// withSigners is a digest of files if nobody has signed them, else one of them and the signers.
func withSigners(files image.Digest, signed []string) image.Digest {
	if len(signed) == 0 {
		return files
	}
	return verdict.DigestJSON(struct {
		Files  image.Digest `json:"files"`
		Signed []string     `json:"signed"`
	}{files, sortedSet(signed)})
}

// joinDigests names several files: by the digest of the file if there is one, else by that of the
// sorted list of their digests. Without any it is zero.
func joinDigests(files []image.Digest) image.Digest {
	var texts []string
	for _, d := range files {
		if !d.IsZero() {
			texts = append(texts, d.String())
		}
	}
	switch texts = sortedSet(texts); len(texts) {
	case 0:
		return image.Digest{}
	case 1:
		d, _ := image.ParseDigest(texts[0]) // it is the text of a digest
		return d
	default:
		return verdict.DigestJSON(texts)
	}
}
