package table

import (
	"cmp"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
)

// row is what one act mends: everything in one package, or in all binary packages of one source,
// that one upgrade clears; or everything that no upgrade clears.
type row struct {
	name, version string
	purlType      string           // empty if the row is about no package
	fix           finding.FixState // finding.FixAvailable: fixes holds it
	fixes         []string         // one version; several only if they cannot be ordered
	closed        bool             // waived, not affected or fixed: shown, not counted
	where         []string         // the source's binary packages, else the files, sorted
	binary        string           // a binary package's version, if where names binary packages
	findings      []finding.Finding
}

// rowsOf groups a report's findings, worst row first.
func rowsOf(r *report.Report) []row {
	packages := make(map[string]inventory.Package, len(r.Packages))
	for _, p := range r.Packages {
		packages[p.PURL] = p
	}
	type identity struct {
		name, version, purlType string
		fix                     finding.FixState
		closed                  bool
	}
	index := map[identity]int{}
	var rows []row
	for _, f := range r.Findings {
		one := rowOf(f, packages)
		id := identity{one.name, one.version, one.purlType, one.fix, one.closed}
		i, ok := index[id]
		if !ok {
			index[id] = len(rows)
			rows = append(rows, one)
			continue
		}
		rows[i].fixes = append(rows[i].fixes, one.fixes...)
		rows[i].where = append(rows[i].where, one.where...)
		rows[i].findings = append(rows[i].findings, f)
	}
	for i := range rows {
		rows[i].settle()
	}
	slices.SortFunc(rows, compareRows)
	return rows
}

// rowOf is the row of one finding alone.
func rowOf(f finding.Finding, packages map[string]inventory.Package) row {
	one := row{fix: f.FixState, closed: isClosed(f), findings: []finding.Finding{f}}
	if f.Kind != finding.Vulnerability {
		one.name, one.fix = "image configuration", ""
		return one
	}
	if f.FixState == finding.FixAvailable && len(f.FixedIn) > 0 {
		// Several records may each name a fix; the last satisfies them all.
		one.fixes = f.FixedIn[len(f.FixedIn)-1:]
	} else if f.FixState == finding.FixAvailable || f.FixState == "" {
		one.fix = finding.FixUnknown
	}
	p, ok := packages[f.Package]
	switch {
	case !ok:
		one.name = f.Package
	case p.Source != nil:
		// Advisories and fixes speak of the source's name and version.
		one.name, one.version, one.purlType = p.Source.Name, p.Source.Version, p.Type
		one.where, one.binary = []string{p.Name}, p.Version
	default:
		one.name, one.version, one.purlType = p.Name, p.Version, p.Type
		for _, l := range p.Locations {
			one.where = append(one.where, l.Path)
		}
	}
	return one
}

// isClosed tells whether somebody has said that the finding needs no act.
func isClosed(f finding.Finding) bool {
	return f.Status == finding.Waived || f.Status == finding.NotAffected || f.Status == finding.Fixed
}

// settle sorts what the row's findings brought together.
func (r *row) settle() {
	r.fixes = sufficient(r.purlType, r.fixes)
	slices.Sort(r.where)
	r.where = slices.Compact(r.where)
	if len(r.where) == 1 && r.binary == r.version {
		// One binary package of the same version: its name is the one to upgrade.
		r.name, r.where = r.where[0], nil
	}
	slices.SortFunc(r.findings, compareFindings)
}

// sufficient returns the highest of the versions, or all of them if they cannot be ordered.
func sufficient(purlType string, versions []string) []string {
	ordering := orderingOf(purlType)
	slices.Sort(versions)
	versions = slices.Compact(versions)
	if len(versions) < 2 {
		return versions
	}
	highest := versions[0]
	for _, v := range versions[1:] {
		c, err := ordering.Compare(highest, v)
		if err != nil {
			return versions
		}
		if c < 0 {
			highest = v
		}
	}
	return []string{highest}
}

func orderingOf(purlType string) ecosystem.Ordering {
	switch purlType {
	case "deb":
		return ecosystem.Deb
	case "apk":
		return ecosystem.APK
	case "golang", "npm":
		return ecosystem.Semver
	default:
		return ecosystem.Unordered
	}
}

// compareRows puts first what must be done first: what is exploited, then the worst, then what
// can be mended, then what is likely to be exploited. What is closed comes last.
func compareRows(a, b row) int {
	return cmp.Or(
		falseFirst(a.closed, b.closed),
		falseFirst(!a.findings[0].KEV, !b.findings[0].KEV), // they stand first in their rows
		cmp.Compare(urgency(a.severity()), urgency(b.severity())),
		falseFirst(len(a.fixes) == 0, len(b.fixes) == 0),
		cmp.Compare(b.epss(), a.epss()),
		cmp.Compare(len(b.findings), len(a.findings)),
		strings.Compare(a.name, b.name),
		strings.Compare(a.version, b.version),
		strings.Compare(a.purlType, b.purlType),
		cmp.Compare(a.fix, b.fix),
	)
}

// compareFindings orders the findings of one row.
func compareFindings(a, b finding.Finding) int {
	return cmp.Or(
		falseFirst(!a.KEV, !b.KEV),
		cmp.Compare(urgency(a.Severity), urgency(b.Severity)),
		cmp.Compare(epssOf(b), epssOf(a)),
		strings.Compare(a.ID, b.ID),
		finding.Compare(a, b),
	)
}

// urgency is a severity's place in the table. An unknown severity may be any: it stands before
// medium, not at the end as if it were the mildest.
func urgency(s advisory.Severity) int {
	return slices.Index(severities(), s)
}

// severities are listed in the order of urgency.
func severities() []advisory.Severity {
	return []advisory.Severity{advisory.Critical, advisory.High, advisory.SeverityUnknown,
		advisory.Medium, advisory.Low, advisory.Negligible}
}

func falseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// severity is the worst in the row; the first finding may be a milder one that is exploited.
func (r *row) severity() advisory.Severity {
	worst := r.findings[0].Severity
	for _, f := range r.findings {
		if urgency(f.Severity) < urgency(worst) {
			worst = f.Severity
		}
	}
	return worst
}

// epss is the highest estimate in the row, negative if there is none.
func (r *row) epss() float64 {
	highest := -1.0
	for _, f := range r.findings {
		highest = max(highest, epssOf(f))
	}
	return highest
}

func epssOf(f finding.Finding) float64 {
	if f.EPSS == nil {
		return -1
	}
	return *f.EPSS
}

// names are the distinct ids of the row, worst first: a source with four binary packages has
// each vulnerability four times.
func (r *row) names() []string {
	var names []string
	seen := map[string]bool{}
	for _, f := range r.findings {
		if !seen[f.ID] {
			seen[f.ID] = true
			name := f.ID
			if f.KEV {
				name = exploitedMark + name
			}
			names = append(names, name)
		}
	}
	return names
}
