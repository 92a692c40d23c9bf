package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/finding/imageconfig"
)

// fix returns the smallest change that mends the offenders: one step for each thing to change,
// what clears most first.
func (a *asking) fix() string {
	var steps []string
	for i := range a.rule.tests {
		if remedy := a.rule.tests[i].remedy; remedy != "" {
			steps = append(steps, remedy)
		}
	}
	var vulnerabilities []finding.Finding
	for _, o := range a.offenders {
		switch f := o.finding; {
		case f == nil:
		case f.Kind == finding.Vulnerability:
			vulnerabilities = append(vulnerabilities, *f)
		default:
			if step := imageconfig.Fix(f.ID); step != "" {
				steps = append(steps, step)
			}
		}
	}
	slices.Sort(steps)
	steps = slices.Compact(steps)
	if len(vulnerabilities) > 0 {
		steps = append(steps, fixVulnerabilities(vulnerabilities, a.s))
	}
	return strings.Join(steps, "; ")
}

func fixVulnerabilities(offenders []finding.Finding, s *subject) string {
	var steps []string
	for _, u := range upgrades(offenders, s) {
		steps = append(steps, u.String())
	}
	if step := unfixable(offenders, s); step != "" {
		steps = append(steps, step)
	}
	return some(steps, "; ")
}

// upgrade is one source package, or one module, to be replaced by a newer version.
type upgrade struct {
	kind, name string   // purl type, and the name under which versions are released
	binaries   []string // names of the installed packages, if others than name
	needed     []string // the version that each finding needs, sorted by text
	clears     int      // findings
}

// upgrades groups the offenders that have a fix by what has to be upgraded.
func upgrades(offenders []finding.Finding, s *subject) []upgrade {
	type key struct{ kind, name string }
	groups := map[key]*upgrade{}
	for _, f := range offenders {
		if f.FixState != finding.FixAvailable || len(f.FixedIn) == 0 {
			continue
		}
		o := s.origin(f)
		k := key{o.kind, o.name}
		if groups[k] == nil {
			groups[k] = &upgrade{kind: o.kind, name: o.name}
		}
		u := groups[k]
		u.clears++
		u.needed = append(u.needed, neededFor(f, o)...)
		if o.binary != o.name {
			u.binaries = append(u.binaries, o.binary)
		}
	}
	var list []upgrade
	for _, u := range groups {
		u.binaries, u.needed = sortedSet(u.binaries), sortedSet(u.needed)
		list = append(list, *u)
	}
	slices.SortFunc(list, func(a, b upgrade) int {
		return cmp.Or(-cmp.Compare(a.clears, b.clears), strings.Compare(a.name, b.name), strings.Compare(a.kind, b.kind))
	})
	return list
}

// String is such as "upgrade openssl (libssl3, libcrypto3) to 3.3.2-r1: clears 4 findings".
func (u upgrade) String() string {
	target := "a version with the fixes of " + some(u.needed, " and ")
	if highest, ok := highest(orderingOf(u.kind), u.needed); ok {
		target = highest
	}
	clears := ": clears " + count(u.clears, "finding", "findings")
	switch {
	case u.kind == "golang" && u.name == "stdlib":
		return "build with Go " + target + clears
	case len(u.binaries) > 0:
		return fmt.Sprintf("upgrade %s (%s) to %s%s", u.name, some(u.binaries, ", "), target, clears)
	default:
		return "upgrade " + u.name + " to " + target + clears
	}
}

// unfixable says what to do about offenders that no upgrade mends; empty if there are none.
func unfixable(offenders []finding.Finding, s *subject) string {
	var names []string
	n := 0
	for _, f := range offenders {
		if f.FixState != finding.FixAvailable || len(f.FixedIn) == 0 {
			names = append(names, s.origin(f).binary)
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("no fix is known for %s in %s: remove what nothing needs",
		count(n, "finding", "findings"), some(sortedSet(names), ", "))
}

// origin is what a finding's package was built from, as far as the facts know.
type origin struct {
	kind, name string // purl type; name of the source package, else of the package
	binary     string // name of the package
	version    string // the version that advisories speak of
}

func (s *subject) origin(f finding.Finding) origin {
	path, version, ok := splitPURL(f.Package)
	if !ok {
		return origin{name: f.Package, binary: f.Package}
	}
	kind, name, _ := strings.Cut(strings.TrimPrefix(path, "pkg:"), "/")
	o := origin{kind: kind, name: name, binary: name, version: version}
	if p, ok := s.packages[f.Package]; ok {
		o.name, o.binary, o.version = p.Name, p.Name, p.Version
		if p.Source != nil && p.Source.Name != "" {
			o.name, o.version = p.Source.Name, p.Source.Version
		}
	}
	if f.Proof != nil && f.Proof.Compared != "" {
		o.version = f.Proof.Compared
	}
	return o
}

// neededFor returns the version that mends a finding. A fix may be released for several
// branches; the smallest change is the first one after the version that is installed. Where
// versions cannot be ordered, all are returned: guessing would send people to a wrong one.
func neededFor(f finding.Finding, o origin) []string {
	ordering := orderingOf(o.kind)
	least := ""
	for _, fixed := range f.FixedIn {
		after, err := ordering.Compare(fixed, o.version)
		if err != nil {
			return f.FixedIn
		}
		if after <= 0 {
			continue
		}
		if less, err := ordering.Compare(fixed, least); least == "" || err == nil && less < 0 {
			least = fixed
		}
	}
	if least == "" {
		return f.FixedIn
	}
	return []string{least}
}

// highest returns the version after all others; false if they cannot be ordered.
func highest(ordering ecosystem.Ordering, versions []string) (string, bool) {
	best := ""
	for _, v := range versions {
		if best == "" {
			best = v
			continue
		}
		after, err := ordering.Compare(v, best)
		if err != nil {
			return "", false
		}
		if after > 0 {
			best = v
		}
	}
	return best, best != ""
}

// orderingOf returns how versions of a purl type are ordered; Unordered where the type does not
// say.
func orderingOf(kind string) ecosystem.Ordering {
	switch kind {
	case "deb":
		return ecosystem.Deb
	case "apk":
		return ecosystem.APK
	case "golang", "npm", "cargo":
		return ecosystem.Semver
	default:
		return ecosystem.Unordered
	}
}

func sortedSet(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}
