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
	m := matcher{database: database, distro: facts.Distro, bySource: map[query][]hit{}, byCVE: map[string]cve{}, covered: map[string]bool{}}
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
	key      []byte
}

func (m *matcher) match(p *inventory.Package) error {
	ecosystemName, known := m.ecosystemOf(p)
	if !known {
		return nil
	}
	q := query{ecosystem: ecosystemName, name: p.Name, version: p.Version}
	if p.Source != nil {
		q.name, q.version = p.Source.Name, p.Source.Version
	}
	hits, err := m.lookup(q)
	if err != nil {
		return err
	}
	if len(hits) == 0 {
		return nil
	}
	rows, err := m.rows(p, q, hits)
	if err != nil {
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

// ecosystemOf returns the OSV ecosystem whose advisories speak of p, and records its coverage.
func (m *matcher) ecosystemOf(p *inventory.Package) (string, bool) {
	switch p.Type {
	case "golang":
		m.cover("Go")
		return "Go", true
	case "npm":
		m.cover("npm")
		return "npm", true
	case "deb", "apk":
		var id, version string
		if m.distro != nil {
			id, version = m.distro.ID, m.distro.VersionID
		}
		name, ok := ecosystem.FromDistro(id, version)
		if !ok || ecosystem.OrderingOf(name) != orderingOfType(p.Type) {
			m.uncovered(strings.Trim(cmp.Or(id, "unknown")+":"+version, ":"), p.Type)
			return "", false
		}
		m.cover(name)
		return name, true
	default:
		m.uncovered(p.Type, p.Type)
		return "", false
	}
}

func orderingOfType(purlType string) ecosystem.Ordering {
	switch purlType {
	case "deb":
		return ecosystem.Deb
	case "apk":
		return ecosystem.APK
	default:
		return ecosystem.Unordered
	}
}

// cover records that the database speaks of an ecosystem, or that it does not.
func (m *matcher) cover(name string) {
	if m.covered[name] {
		return
	}
	m.covered[name] = true
	dimension := "advisories/" + name
	if m.database.Covers(name) {
		m.result.Coverage.Set(dimension, inventory.Full)
		return
	}
	m.result.Coverage.AddGap(inventory.Gap{Dimension: dimension, Code: "no-advisories-for-release",
		Why: "the database holds no advisory for " + name}, inventory.Unknown)
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
		hits = append(hits, hit{record: record, match: match})
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
	m.result.Coverage.AddGap(inventory.Gap{Dimension: "advisories/" + q.ecosystem, Code: code, Why: why}, inventory.Partial)
}
