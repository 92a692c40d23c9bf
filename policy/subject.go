package policy

import (
	"cmp"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/verdict"
)

// subject is an input made ready for many questions.
type subject struct {
	findings []finding.Finding // sorted
	packages map[string]*inventory.Package
	coverage inventory.Coverage
	gaps     []inventory.Gap // sorted
	database Database
}

func newSubject(in Input) *subject {
	s := &subject{
		findings: slices.SortedStableFunc(slices.Values(in.Findings), finding.Compare),
		packages: make(map[string]*inventory.Package, len(in.Facts.Packages)),
		coverage: in.Coverage,
		gaps:     slices.Clone(in.Coverage.Gaps),
		database: in.Database,
	}
	for i := range in.Facts.Packages {
		p := &in.Facts.Packages[i]
		if known, ok := s.packages[p.PURL]; !ok || inventory.ComparePackages(*p, *known) < 0 {
			s.packages[p.PURL] = p
		}
	}
	slices.SortFunc(s.gaps, func(a, b inventory.Gap) int {
		return cmp.Or(strings.Compare(a.Dimension, b.Dimension), strings.Compare(a.Path, b.Path),
			strings.Compare(a.Code, b.Code), strings.Compare(a.Why, b.Why))
	})
	return s
}

// sourceOf returns the path and version of the package that a package was built from: the same
// type and namespace with the source's name. Without a source it is the package itself.
func (s *subject) sourceOf(purl, path, version string) (sourcePath, sourceVersion string) {
	p, ok := s.packages[purl]
	if !ok || p.Source == nil || p.Source.Name == "" {
		return path, version
	}
	return path[:strings.LastIndexByte(path, '/')+1] + p.Source.Name, p.Source.Version
}

// unseen returns what the criteria read and was not seen in full: dimensions of the coverage,
// sorted. Findings about packages depend on every package and every advisory: what was not
// understood may be the very package that offends.
func (c criteria) unseen(s *subject) []string {
	if c.kind() == finding.Config {
		return s.notFull([]string{configDimension})
	}
	var read []string
	var looked, matched bool
	for dimension := range s.coverage.States {
		isPackages := strings.HasPrefix(dimension, packagesDimension)
		isAdvisories := strings.HasPrefix(dimension, advisoriesDimension)
		looked, matched = looked || isPackages, matched || isAdvisories
		if isPackages || isAdvisories {
			read = append(read, dimension)
		}
	}
	if !looked {
		read = append(read, packagesDimension)
	}
	// An image without packages has nothing to look up advisories for.
	if !matched && len(s.packages) > 0 {
		read = append(read, advisoriesDimension)
	}
	unseen := s.notFull(read)
	if _, known := s.source(exploitedSource); c.kev != nil && !known {
		unseen = append(unseen, exploitedSource)
	}
	return unseen
}

// The dimensions of coverage (docs/contract.md) that rules read, and the source of the database
// that says what is known to be exploited.
const (
	packagesDimension   = "packages/"
	advisoriesDimension = "advisories/"
	configDimension     = "config"
	exploitedSource     = "kev"
)

// notFull returns the dimensions that are not full, sorted.
func (s *subject) notFull(dimensions []string) []string {
	dimensions = slices.DeleteFunc(dimensions, func(d string) bool { return s.coverage.State(d) == inventory.Full })
	slices.Sort(dimensions)
	return dimensions
}

// source returns a source of the database; the one checked longest ago, should it stand twice.
func (s *subject) source(name string) (source Source, ok bool) {
	for _, candidate := range s.database.Sources {
		if candidate.Name == name && (!ok || candidate.AsOf.Before(source.AsOf)) {
			source, ok = candidate, true
		}
	}
	return source, ok
}

// inputs names everything that goes into the verdict.
func inputs(in Input, s *subject, policies []Policy) verdict.Inputs {
	target := in.Facts.Target
	return verdict.Inputs{
		Subject: verdict.Subject{
			Repository: in.Repository,
			ImageID:    target.ImageID,
			Digest:     target.Digest,
			Platform:   target.Platform,
		},
		Facts:    factsDigest(in.Facts, in.Coverage),
		Findings: findingsDigest(s.findings, in.Coverage),
		Database: in.Database.Digest,
		Policy:   policyDigest(policies),
		Engine:   in.Engine,
	}
}

// factsDigest names the facts. What the image is called, and how the medium stores its layers,
// are left out: an archive and a registry that hold the same content give the same facts. So is
// what was learned from the database.
func factsDigest(facts inventory.Facts, coverage inventory.Coverage) image.Digest {
	facts.Target.Reference, facts.Target.Repository = "", ""
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

// policyDigest names the files that hold the policies, also those that turned out not to be in
// scope: that of the file if there is one, else that of the list of their digests.
func policyDigest(sorted []Policy) image.Digest {
	var files []string
	for _, p := range sorted {
		if !p.digest.IsZero() {
			files = append(files, p.digest.String())
		}
	}
	slices.Sort(files)
	files = slices.Compact(files)
	switch len(files) {
	case 0:
		return image.Digest{}
	case 1:
		d, _ := image.ParseDigest(files[0]) // it is the text of a digest
		return d
	default:
		return verdict.DigestJSON(files)
	}
}
