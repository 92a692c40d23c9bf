// Package vuln matches packages against the advisory database and makes one row for each
// (CVE, package), with the proof of why it stands there.
//
// Distributions issue advisories for source packages, so a package is looked up by its source's
// name and compared by its source's version. A row is reported for each binary package: that is
// what a developer upgrades. Nothing here guesses: what cannot be compared becomes a gap in the
// coverage, never a pass.
package vuln

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/advisory/db"
	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
)

// Result is what a match yields. Coverage holds only the advisories/* dimensions, for the
// ecosystems that the image's packages belong to.
type Result struct {
	Findings   []finding.Finding
	Suppressed []finding.Suppressed
	Coverage   inventory.Coverage
}

// Match looks every package of facts up in the database. It fails only if the database cannot
// be read or ctx ends.
func Match(ctx context.Context, facts inventory.Facts, database *db.DB) (Result, error) {
	m := matcher{database: database, distro: facts.Distro, owners: ownersOf(facts.Packages), bySource: map[query][]hit{}, byCVE: map[string]cve{}, named: map[string]map[string]bool{}, covered: map[string]bool{}, release: map[string]string{}}
	for i := range facts.Packages {
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
		p := &facts.Packages[i]
		if err := m.match(p); err != nil {
			return Result{}, fmt.Errorf("matching %s: %w", p.PURL, err)
		}
	}
	slices.SortFunc(m.result.Findings, finding.Compare)
	slices.SortFunc(m.result.Suppressed, finding.CompareSuppressed)
	return m.result, nil
}

// query is one question to the database.
type query struct{ ecosystem, name, version string }

// hit is one record that affects the version asked for.
type hit struct {
	query  query
	record db.Record
	match  db.Match
}

type matcher struct {
	database *db.DB
	distro   *inventory.Distro
	result   Result
	// bySource remembers answers: many binary packages share one source.
	bySource map[query][]hit
	byCVE    map[string]cve
	covered  map[string]bool
	owners   map[string]*inventory.Package // by purl: packages that brought others
	named    map[string]map[string]bool    // by purl of an owner: the vulnerabilities that its records name
	release  map[string]string             // the first name of the release that an ecosystem belongs to
	key      []byte
}

func (m *matcher) match(p *inventory.Package) error {
	queries := m.queriesOf(p)
	if len(queries) == 0 {
		return nil
	}
	hits, err := m.lookupAll(queries)
	if err != nil {
		return err
	}
	hits = slices.DeleteFunc(slices.Clone(hits), func(h hit) bool { return isOtherStream(p, h) })
	if len(hits) == 0 {
		return nil
	}
	rows, err := m.rows(p, queries[0], hits)
	if err != nil {
		return err
	}
	if err := m.suppressOwned(p, rows); err != nil {
		return err
	}
	for _, r := range rows {
		if r.reason != "" {
			m.result.Suppressed = append(m.result.Suppressed, finding.Suppressed{
				Key: r.finding.Key, ID: r.finding.ID, Package: p.PURL, Reason: r.reason})
			continue
		}
		m.result.Findings = append(m.result.Findings, r.finding)
	}
	return nil
}

// queriesOf returns the questions to ask about a package, best first: in each of its ecosystems,
// under each of its names.
func (m *matcher) queriesOf(p *inventory.Package) []query {
	ecosystems, name := m.ecosystemsOf(p)
	names := []query{{name: name, version: p.Version}}
	switch {
	case p.Type == "maven":
		names = artifactQuestions(name, p.Version)
	case p.Source == nil:
	case p.Type == "rpm" && p.Source.Name != name:
		// Red Hat and AlmaLinux speak of binary packages, Rocky Linux and SUSE of source packages.
		names = append(names, query{name: p.Source.Name, version: p.Source.Version})
	default:
		names[0] = query{name: p.Source.Name, version: p.Source.Version}
	}
	queries := make([]query, 0, len(ecosystems)*len(names))
	for _, e := range ecosystems {
		for _, q := range names {
			q.ecosystem = e
			queries = append(queries, q)
		}
	}
	return queries
}

// lookupAll returns the records that affect a package by any of the questions, each once: what
// the first question finds counts. They come in the order of their ids.
func (m *matcher) lookupAll(queries []query) ([]hit, error) {
	if len(queries) == 1 {
		return m.lookup(queries[0])
	}
	var all []hit
	answered := map[string]query{} // by record; it may speak of one release several times
	for _, q := range queries {
		hits, err := m.lookup(q)
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			if first, known := answered[h.record.ID]; !known || first == q {
				answered[h.record.ID] = q
				all = append(all, h)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b hit) int { return strings.Compare(a.record.ID, b.record.ID) })
	return all, nil
}

// ecosystemsOf returns the OSV ecosystems whose advisories speak of p, and its name there, and
// records their coverage.
func (m *matcher) ecosystemsOf(p *inventory.Package) (ecosystems []string, name string) {
	ordering := orderingOfType(p.Type)
	if ordering == ecosystem.Unordered {
		return m.languageOf(p)
	}
	var release ecosystem.Release
	if d := m.distro; d != nil {
		release = ecosystem.Release{ID: d.ID, VersionID: d.VersionID, Name: d.Name, CPE: d.CPE, Variant: d.Variant, IDLike: d.IDLike}
	}
	names := ecosystem.FromDistro(release)
	if len(names) == 0 || ecosystem.OrderingOf(names[0]) != ordering {
		m.uncovered(strings.Trim(cmp.Or(release.ID, "unknown")+":"+release.VersionID, ":"), p.Type)
		return nil, ""
	}
	m.cover(names)
	return names, p.Name
}

// languageOf returns the ecosystem of a language's package.
func (m *matcher) languageOf(p *inventory.Package) (ecosystems []string, name string) {
	if p.Type == "generic" {
		return m.programOf(p)
	}
	purl, err := ecosystem.ParsePURL(p.PURL)
	if err == nil {
		if e, name, ok := ecosystem.OSVPackage(purl); ok {
			m.cover([]string{e})
			return []string{e}, name
		}
	}
	m.uncovered(p.Type, p.Type)
	return nil, ""
}

func orderingOfType(purlType string) ecosystem.Ordering {
	switch purlType {
	case "deb":
		return ecosystem.Deb
	case "apk":
		return ecosystem.APK
	case "rpm":
		return ecosystem.RPM
	case "alpm":
		return ecosystem.ALPM
	default:
		return ecosystem.Unordered
	}
}

// dimensionOf names the coverage of a release: by its ecosystem without a repository, such as
// advisories/Red Hat:enterprise_linux:9.
func dimensionOf(name string) string {
	release, _, _ := strings.Cut(name, "::")
	return "advisories/" + release
}

// cover records that the database speaks of a release under one of its names, or that it does not.
func (m *matcher) cover(names []string) {
	if m.covered[names[0]] {
		return
	}
	m.covered[names[0]] = true
	for _, name := range names {
		m.release[name] = names[0]
	}
	if slices.ContainsFunc(names, m.database.Covers) {
		m.result.Coverage.Set(dimensionOf(names[0]), inventory.Full)
		return
	}
	m.result.Coverage.AddGap(inventory.Gap{Dimension: dimensionOf(names[0]), Code: "no-advisories-for-release",
		Why: "the database holds no advisory for " + names[0]}, inventory.Unknown)
}

func (m *matcher) uncovered(release, purlType string) {
	if m.covered[release] {
		return
	}
	m.covered[release] = true
	m.result.Coverage.AddGap(inventory.Gap{Dimension: "advisories/" + release, Code: "no-advisories-for-release",
		Why: fmt.Sprintf("no advisory source is known for %s packages of %s", purlType, release)}, inventory.Unknown)
}

// lookup returns the records that affect a version. What cannot be decided is recorded as a gap.
func (m *matcher) lookup(q query) ([]hit, error) {
	if hits, ok := m.bySource[q]; ok {
		return hits, nil
	}
	cursor, err := m.database.Lookup(q.ecosystem, q.name)
	if err != nil {
		return nil, err
	}
	ordering := ecosystem.OrderingOf(q.ecosystem)
	comparable := q.version != ""
	if comparable && ordering != ecosystem.Unordered {
		m.key, err = ordering.AppendKey(m.key[:0], q.version)
		comparable = err == nil
	}
	var hits []hit
	for cursor.Next() {
		if cursor.AffectsNone() {
			continue
		}
		if !comparable {
			m.gap(q, "unorderable-version", versionProblem(q))
			break
		}
		match := cursor.Match(m.key, q.version)
		if match.State == db.NotAffected {
			continue
		}
		record, err := cursor.Record()
		if err != nil {
			return nil, err
		}
		if match.State == db.Undecided {
			if record.Withdrawn.IsZero() {
				m.gap(q, "unorderable-range", fmt.Sprintf("%s has a range for %s that cannot be ordered", record.ID, q.name))
			}
			continue
		}
		hits = append(hits, hit{query: q, record: record, match: match})
	}
	if err := cursor.Err(); err != nil {
		return nil, err
	}
	m.bySource[q] = hits
	return hits, nil
}

func versionProblem(q query) string {
	if q.version == "" {
		return q.name + " states no version, and there are advisories for it"
	}
	return fmt.Sprintf("%s has version %q, which cannot be ordered, and there are advisories for it", q.name, q.version)
}

func (m *matcher) gap(q query, code, why string) {
	m.result.Coverage.AddGap(inventory.Gap{Dimension: m.dimension(q), Code: code, Why: why}, inventory.Partial)
}

// dimension is the coverage that an answer belongs to: that of the release, which its first
// ecosystem names.
func (m *matcher) dimension(q query) string {
	if first, ok := m.release[q.ecosystem]; ok {
		return dimensionOf(first)
	}
	return dimensionOf(q.ecosystem)
}
