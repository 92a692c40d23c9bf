package diff

import (
	"cmp"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
)

// comparison holds two reports ready to be compared.
type comparison struct {
	a, b *report.Report
	// inA and inB are the packages by purl; a package that is in several places stands once.
	inA, inB map[string]*inventory.Package
	// changes are what became of A's packages and where B's come from, by their purls.
	fromA, toB map[string]change
	changes    []change
}

// change is a package in A, in B, or in both with different versions.
type change struct {
	before, after *inventory.Package
}

func newComparison(a, b *report.Report) *comparison {
	c := &comparison{a: a, b: b, inA: byPURL(a), inB: byPURL(b), fromA: map[string]change{}, toB: map[string]change{}}
	names := map[string][2][]*inventory.Package{} // the versions in A and in B
	collect := func(side int, packages map[string]*inventory.Package) {
		for _, p := range packages {
			versions := names[identity(p.PURL)]
			versions[side] = append(versions[side], p)
			names[identity(p.PURL)] = versions
		}
	}
	collect(0, c.inA)
	collect(1, c.inB)
	for _, versions := range names {
		c.pair(sorted(versions[0]), sorted(versions[1]))
	}
	slices.SortFunc(c.changes, compareChanges)
	return c
}

func byPURL(r *report.Report) map[string]*inventory.Package {
	packages := make(map[string]*inventory.Package, len(r.Packages))
	for i := range r.Packages {
		p := &r.Packages[i]
		if packages[p.PURL] == nil {
			packages[p.PURL] = p
			continue
		}
		merged := *packages[p.PURL]
		merged.Locations = slices.Concat(merged.Locations, p.Locations)
		packages[p.PURL] = &merged
	}
	return packages
}

// identity is what two versions of a package have in common: type, namespace and name. The
// architecture counts, and the distribution's release does not.
func identity(purl string) string {
	p, err := ecosystem.ParsePURL(purl)
	if err != nil {
		return purl
	}
	return p.Type + "\x00" + p.Namespace + "\x00" + p.Name + "\x00" + p.Qualifier("arch") + "\x00" + p.Subpath
}

// sorted puts the versions of one package in order.
func sorted(packages []*inventory.Package) []*inventory.Package {
	slices.SortFunc(packages, func(a, b *inventory.Package) int {
		order, _ := compareVersions(a.Type, a.Version, b.Version)
		return cmp.Or(order, strings.Compare(a.Version, b.Version), strings.Compare(a.PURL, b.PURL))
	})
	return packages
}

// pair says which version of a package became which. One that is in both is the same; another
// became the one at the same place, else the next that is left over.
func (c *comparison) pair(before, after []*inventory.Package) {
	same := func(list []*inventory.Package) func(p *inventory.Package) bool {
		return func(p *inventory.Package) bool {
			return slices.ContainsFunc(list, func(other *inventory.Package) bool { return other.Version == p.Version })
		}
	}
	gone := slices.DeleteFunc(slices.Clone(before), same(after))
	come := slices.DeleteFunc(slices.Clone(after), same(before))
	for i, p := range gone {
		next := atSamePlace(p, after)
		if next == nil && len(come) > 0 {
			next = come[min(i, len(come)-1)]
		}
		c.add(change{p, next})
	}
	for _, p := range come {
		if _, known := c.toB[p.PURL]; !known {
			c.add(change{atSamePlace(p, before), p})
		}
	}
}

func (c *comparison) add(step change) {
	c.changes = append(c.changes, step)
	if step.before != nil {
		c.fromA[step.before.PURL] = step
	}
	if step.after != nil {
		c.toB[step.after.PURL] = step
	}
}

// atSamePlace finds the package that lies where p does. The database of a package manager is no
// place: all packages are there.
func atSamePlace(p *inventory.Package, list []*inventory.Package) *inventory.Package {
	if p.Source != nil {
		return nil
	}
	for _, other := range list {
		for _, l := range other.Locations {
			if slices.ContainsFunc(p.Locations, func(own inventory.Location) bool { return own.Path == l.Path }) {
				return other
			}
		}
	}
	return nil
}

// reason is what became of the package.
func (s change) reason() Reason {
	switch {
	case s.before == nil:
		return Added
	case s.after == nil:
		return Removed
	}
	order, known := compareVersions(s.before.Type, s.before.Version, s.after.Version)
	switch {
	case !known || order == 0:
		return Replaced
	case order < 0:
		return Upgraded
	default:
		return Downgraded
	}
}

// compareVersions orders two versions as the package's own tools do.
func compareVersions(purlType, a, b string) (order int, known bool) {
	order, err := orderingOf(purlType).Compare(a, b)
	return order, err == nil
}

func orderingOf(purlType string) ecosystem.Ordering {
	of := map[string]string{
		"deb": "Debian", "apk": "Alpine", "rpm": "Red Hat", "golang": "Go", "npm": "npm", "pypi": "PyPI", "maven": "Maven",
		"nuget": "NuGet", "gem": "RubyGems", "cargo": "crates.io", "composer": "Packagist", "hex": "Hex", "pub": "Pub", "cran": "CRAN",
	}
	return ecosystem.OrderingOf(of[purlType])
}

// packages lists the changes.
func (c *comparison) packages() []Package {
	list := make([]Package, 0, len(c.changes))
	for _, step := range c.changes {
		either := cmp.Or(step.after, step.before)
		p := Package{Change: step.reason(), Type: either.Type, Name: either.Name}
		if either.Source != nil {
			p.Source = either.Source.Name
		}
		if step.before != nil {
			p.From = step.before.Version
		}
		if step.after != nil {
			p.To = step.after.Version
		}
		list = append(list, p)
	}
	return slices.Compact(list)
}

func compareChanges(x, y change) int {
	a, b := cmp.Or(x.after, x.before), cmp.Or(y.after, y.before)
	version := func(p *inventory.Package) string {
		if p == nil {
			return ""
		}
		return p.Version
	}
	return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Name, b.Name), strings.Compare(version(x.before), version(y.before)),
		strings.Compare(version(x.after), version(y.after)), strings.Compare(a.PURL, b.PURL))
}

// isOpen tells whether a finding counts: somebody may have said that it needs no act.
func isOpen(f *finding.Finding) bool {
	return f.Status == "" || f.Status == finding.Affected || f.Status == finding.UnderInvestigation
}
