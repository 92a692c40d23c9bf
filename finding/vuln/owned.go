package vuln

import (
	"fmt"

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
// 9): the distribution mends without raising the version, and its advisories say what it mended.
// They must speak of the owner at all: of a package from elsewhere (hard case 10) they do not.
//
// Go and Rust programs keep their rows: what was compiled into them is in no advisory of the
// distribution's.
func (m *matcher) suppressOwned(p *inventory.Package, rows []row) error {
	owner := m.owners[p.OwnedBy]
	if owner == nil || p.Type == "golang" || p.Type == "cargo" {
		return nil
	}
	for _, q := range m.queriesOf(owner) {
		cursor, err := m.database.Lookup(q.ecosystem, q.name)
		if err != nil {
			return err
		}
		if cursor.Next() {
			for i := range rows {
				if rows[i].reason == "" {
					rows[i].reason = finding.OwnedByDistro
				}
			}
			return nil
		}
		if err := cursor.Err(); err != nil {
			return err
		}
	}
	return nil
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
