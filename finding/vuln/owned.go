package vuln

import (
	"fmt"
	"slices"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
)

// ownersOf returns the packages that brought others, by purl.
func ownersOf(packages []inventory.Package) map[string]*inventory.Package {
	owners := map[string]*inventory.Package{}
	for i := range packages {
		if owner := packages[i].OwnedBy; owner != "" {
			owners[owner] = nil
		}
	}
	for i := range packages {
		if _, isOwner := owners[packages[i].PURL]; isOwner {
			owners[packages[i].PURL] = &packages[i]
		}
	}
	return owners
}

// suppressOwned suppresses the rows of a package that the distribution's own brought (hard case
// 9) where the distribution's records of that package name the vulnerability: it mends without
// raising the version, and so has answered, whatever its answer is. Where they do not name it
// nobody has, and the row stays (docs/decisions/0025).
//
// Go and Rust programs keep their rows: what was compiled into them is in no advisory of the
// distribution's.
func (m *matcher) suppressOwned(p *inventory.Package, rows []row) error {
	owner := m.owners[p.OwnedBy]
	if owner == nil || p.Type == "golang" || p.Type == "cargo" {
		return nil
	}
	named, err := m.namedOf(owner)
	if err != nil {
		return err
	}
	for i := range rows {
		if rows[i].reason == "" && isNamed(rows[i], named) {
			rows[i].reason = finding.OwnedByDistro
		}
	}
	return nil
}

// isNamed tells whether a row's vulnerability is among those named, by any of its names. A record
// that speaks of several lends its names to none of them.
func isNamed(r row, named map[string]bool) bool {
	return named[r.finding.ID] || slices.ContainsFunc(r.hits, func(h hit) bool {
		return len(h.record.CVEs) <= 1 && slices.ContainsFunc(namesOf(h), func(name string) bool { return named[name] })
	})
}

// namedOf returns every name of the vulnerabilities that the records of a package speak of,
// whatever they say of its version. A record that was withdrawn says nothing.
func (m *matcher) namedOf(p *inventory.Package) (map[string]bool, error) {
	if named, ok := m.named[p.PURL]; ok {
		return named, nil
	}
	named := map[string]bool{}
	for _, q := range m.queriesOf(p) {
		cursor, err := m.database.Lookup(q.ecosystem, q.name)
		if err != nil {
			return nil, err
		}
		for cursor.Next() {
			record, err := cursor.Record()
			if err != nil {
				return nil, err
			}
			if !record.Withdrawn.IsZero() || isOfOtherStream(p, record) {
				continue
			}
			for _, names := range [...][]string{{record.ID}, record.Aliases, record.CVEs} {
				for _, name := range names {
					named[name] = true
				}
			}
		}
		if err := cursor.Err(); err != nil {
			return nil, err
		}
	}
	m.named[p.PURL] = named
	return named, nil
}

// programOf returns the ecosystem whose advisories speak of a program that came without a
// package: Bitnami packages such programs, and its records have their own versions. Of a program
// that it does not know nothing can be said.
func (m *matcher) programOf(p *inventory.Package) (ecosystems []string, name string) {
	const bitnami = "Bitnami"
	cursor, err := m.database.Lookup(bitnami, p.Name)
	if err != nil || cursor.Next() || cursor.Err() != nil { // an error comes up again when it is asked
		m.cover([]string{bitnami})
		return []string{bitnami}, p.Name
	}
	if about := "generic " + p.Name; !m.covered[about] {
		m.covered[about] = true
		m.result.Coverage.AddGap(inventory.Gap{Dimension: "advisories/generic", Code: "no-advisories-for-program",
			Why: fmt.Sprintf("no advisory source speaks of the program %s", p.Name)}, inventory.Unknown)
	}
	return nil, ""
}
