package policy

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/finding/imageconfig"
	"plimsoll.dev/plimsoll/inventory"
)

// subject is an input made ready for many questions.
type subject struct {
	facts    inventory.Facts
	findings []finding.Finding // sorted; their statuses are what VEX says
	names    map[string]packageName
	packages map[string]*inventory.Package
	listed   []*inventory.Package // sorted, each once
	coverage inventory.Coverage
	gaps     []inventory.Gap // sorted
	database Database
	config   inventory.TargetConfig
	image    imageFacts
	now      time.Time
	scanned  time.Time // zero if that is not known
	rows     map[about][]row
	evidence Attestations // sorted
}

// imageFacts are what criteria ask about the image; a zero value is not known.
type imageFacts struct {
	registry, repository, tag, platform, os, base, user string

	created, eol time.Time
	size         int64 // bytes unpacked
	pinned       bool
}

// isImage tells whether the subject is an image: an unpacked file system has no configuration.
func (s *subject) isImage() bool { return !s.facts.Target.ImageID.IsZero() }

// noOS is the operating system of an image that names none.
const noOS = "none"

func newSubject(in Input, now time.Time) *subject {
	s := &subject{
		facts:    in.Facts,
		findings: slices.SortedStableFunc(slices.Values(in.Findings), finding.Compare),
		names:    map[string]packageName{},
		rows:     map[about][]row{},
		packages: make(map[string]*inventory.Package, len(in.Facts.Packages)),
		coverage: in.Coverage,
		gaps:     slices.SortedFunc(slices.Values(in.Coverage.Gaps), inventory.CompareGaps),
		database: in.Database,
		config:   in.Facts.Target.Config,
		now:      now,
		scanned:  in.ScannedAt.UTC(),
		evidence: in.Evidence.sorted(),
	}
	for i := range s.findings { // what an earlier evaluation made of them is forgotten
		f := &s.findings[i]
		f.Status, f.Waiver, f.VEX = finding.Affected, "", ""
	}
	for i := range in.Facts.Packages {
		p := &in.Facts.Packages[i]
		if known, ok := s.packages[p.PURL]; !ok || inventory.ComparePackages(*p, *known) < 0 {
			s.packages[p.PURL] = p
		}
	}
	for _, p := range s.packages {
		s.listed = append(s.listed, p)
	}
	slices.SortFunc(s.listed, func(a, b *inventory.Package) int { return inventory.ComparePackages(*a, *b) })
	s.image = imageFactsOf(in)
	return s
}

func imageFactsOf(in Input) imageFacts {
	target := in.Facts.Target
	facts := imageFacts{tag: in.Tag, platform: target.Platform, pinned: in.Pinned}
	facts.registry, facts.repository = splitRepository(in.Repository)
	switch d := in.Facts.Distro; {
	case d == nil && isScanned(in.Coverage):
		facts.os = noOS
	case d != nil:
		facts.os = strings.TrimSuffix(d.ID+":"+d.VersionID, ":")
		if end, err := time.Parse(time.DateOnly, d.EOL); err == nil {
			facts.eol = end.AddDate(0, 0, 1) // the release is maintained until the end of that day
		}
	}
	if target.Base != nil {
		facts.base = target.Base.Name
	}
	if !target.ImageID.IsZero() {
		facts.user = userOf(target.Config)
	}
	if created, ok := timeOf(target.Config.Created); ok && !target.ImageID.IsZero() && created.Year() >= firstContainers {
		facts.created = created
	}
	for _, layer := range target.Layers {
		if layer.Unpacked == 0 {
			facts.size = 0
			break
		}
		facts.size += layer.Unpacked
	}
	return facts
}

// isScanned tells whether packages were looked for and seen.
func isScanned(c inventory.Coverage) bool {
	for dimension, state := range c.States {
		if strings.HasPrefix(dimension, packagesDimension) && (state == inventory.Full || state == inventory.Partial) {
			return true
		}
	}
	return false
}

// firstContainers is the year of Docker's first release. Builders that make the same bytes twice
// write a date before it (1970, 1980), which says nothing about the image's age.
const firstContainers = 2013

// splitRepository splits a repository's name as docker does: what stands before the first slash
// is a registry if it can be a host's name (distribution, reference grammar).
func splitRepository(name string) (registry, repository string) {
	first, rest, found := strings.Cut(name, "/")
	switch {
	case name == "":
		return "", ""
	case found && (strings.ContainsAny(first, ".:") || first == "localhost"):
		return first, rest
	default:
		return "docker.io", name
	}
}

// userOf is root in one spelling, or the user as the configuration spells it, without the group.
func userOf(config inventory.TargetConfig) string {
	for _, f := range imageconfig.Check(config) {
		if f.ID == imageconfig.UserRoot {
			return "root"
		}
	}
	user, _, _ := strings.Cut(config.User, ":")
	return user
}

// nameOfPURL returns what a package is called; false if its package URL cannot be read.
func (s *subject) nameOfPURL(purl string) (packageName, bool) {
	if name, known := s.names[purl]; known {
		return name, name.path != ""
	}
	name := packageName{}
	if path, version, ok := splitPURL(purl); ok {
		name = packageName{path, version, path, version}
		if p := s.packages[purl]; p != nil && p.Source != nil && p.Source.Name != "" {
			// The same type and namespace with the source's name.
			name.sourcePath, name.sourceVersion = path[:strings.LastIndexByte(path, '/')+1]+p.Source.Name, p.Source.Version
		}
	}
	s.names[purl] = name
	return name, name.path != ""
}

// statusOf is a finding's status; one that says nothing is affected.
func (s *subject) statusOf(f *finding.Finding) finding.Status {
	return cmp.Or(f.Status, finding.Affected)
}

// databaseAsOf is when the source that was used and checked longest ago was checked; zero if
// that is not known of one of them, or none was used.
func (s *subject) databaseAsOf() time.Time {
	var oldest time.Time
	for _, name := range s.usedSources() {
		source, ok := s.source(name)
		if !ok || source.AsOf.IsZero() || s.age(source.AsOf) < -clockTolerance {
			return time.Time{}
		}
		if oldest.IsZero() || source.AsOf.Before(oldest) {
			oldest = source.AsOf
		}
	}
	return oldest.UTC()
}

// usedSources returns the sources of the database that advisories were looked up in, sorted.
func (s *subject) usedSources() []string {
	var names []string
	for dimension := range s.coverage.States {
		if name, ok := strings.CutPrefix(dimension, advisoriesDimension); ok {
			names = append(names, "osv/"+ecosystem.Base(name))
		}
	}
	return sortedSet(names)
}

// The dimensions of coverage (docs/contract.md) that rules read, and the source of the database
// that says what is known to be exploited.
const (
	packagesDimension   = "packages/"
	advisoriesDimension = "advisories/"
	filesDimension      = "files"
	configDimension     = "config"
	exploitedSource     = "kev"
	scoreSource         = "epss"
)

// unseen returns what a rule reads and was not seen in full: dimensions of the coverage, and
// sources that the database lacks, sorted. Findings about packages depend on every package and
// every advisory: what was not understood may be the very package that offends.
func (r *rule) unseen(s *subject) []string {
	var unseen []string
	for _, dimension := range r.reads() {
		unseen = append(unseen, s.notFull(dimension)...)
	}
	for _, name := range r.sources() {
		if _, known := s.source(name); !known {
			unseen = append(unseen, name)
		}
	}
	return sortedSet(unseen)
}

// sources are those of the database that a rule asks besides advisories.
func (r *rule) sources() []string {
	var sources []string
	for _, t := range r.tests {
		if t.criterion.source != "" {
			sources = append(sources, t.criterion.source)
		}
	}
	if r.expression != nil {
		sources = append(sources, r.expression.sources...)
	}
	return sources
}

// reads returns the dimensions that a rule reads; those that end in a slash stand for all that
// begin so.
func (r *rule) reads() []string {
	dimensions := map[about][]string{
		aboutVulnerability: {packagesDimension, advisoriesDimension},
		aboutConfig:        {configDimension},
		aboutPackage:       {packagesDimension},
		aboutSetuid:        {filesDimension},
		aboutUnowned:       {filesDimension},
		aboutFinding:       {packagesDimension, advisoriesDimension, configDimension},
	}[r.about]
	for _, t := range r.tests {
		dimensions = append(dimensions, t.criterion.dimensions...)
	}
	if r.expression != nil {
		dimensions = append(dimensions, r.expression.dimensions...)
	}
	return sortedSet(slices.Clone(dimensions))
}

// notFull returns the dimensions that are not full among those asked for. If nobody looked for a
// kind of dimension, that is returned in their place.
func (s *subject) notFull(asked string) []string {
	if !strings.HasSuffix(asked, "/") {
		if s.coverage.State(asked) == inventory.Full {
			return nil
		}
		return []string{asked}
	}
	var list []string
	looked := false
	for dimension, state := range s.coverage.States {
		if !strings.HasPrefix(dimension, asked) {
			continue
		}
		looked = true
		if state != inventory.Full {
			list = append(list, dimension)
		}
	}
	// An image without packages has nothing to look up advisories for.
	if !looked && (asked != advisoriesDimension || len(s.packages) > 0) {
		return []string{asked}
	}
	return list
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
