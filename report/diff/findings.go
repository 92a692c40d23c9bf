package diff

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

// findings says what became of each finding.
func (c *comparison) findings() []Finding {
	rows := map[string][2][]*finding.Finding{}
	collect := func(side int, r *report.Report) {
		for i := range r.Findings {
			f := &r.Findings[i]
			if !isOpen(f) {
				continue
			}
			key := string(f.Kind) + "\x00" + f.ID + "\x00" + identity(f.Package)
			row := rows[key]
			row[side] = append(row[side], f)
			rows[key] = row
		}
	}
	collect(0, c.a)
	collect(1, c.b)
	list := []Finding{}
	for _, row := range rows {
		list = append(list, c.row(row[0], row[1])...)
	}
	slices.SortFunc(list, compareFindings)
	return list
}

// row pairs the findings of one vulnerability in one package: those of the same version first,
// then those of the version that one became.
func (c *comparison) row(before, after []*finding.Finding) []Finding {
	var list []Finding
	take := func(f *finding.Finding, is func(a, b *finding.Finding) bool) {
		if i := slices.IndexFunc(after, func(other *finding.Finding) bool { return is(f, other) }); i >= 0 {
			list = append(list, c.remaining(f, after[i]))
			after = slices.Delete(slices.Clone(after), i, i+1)
			before = slices.DeleteFunc(slices.Clone(before), func(other *finding.Finding) bool { return other == f })
		}
	}
	for _, f := range slices.Clone(before) {
		take(f, func(a, b *finding.Finding) bool { return c.versionOf(a, c.inA) == c.versionOf(b, c.inB) })
	}
	for _, f := range slices.Clone(before) {
		take(f, func(a, b *finding.Finding) bool {
			step := c.fromA[a.Package]
			return step.after != nil && step.after.PURL == b.Package
		})
	}
	for _, f := range before {
		list = append(list, c.ended(f))
	}
	for _, f := range after {
		list = append(list, c.begun(f))
	}
	return list
}

func (c *comparison) versionOf(f *finding.Finding, packages map[string]*inventory.Package) string {
	if p := packages[f.Package]; p != nil {
		return p.Version
	}
	return ""
}

// remaining is a finding of both.
func (c *comparison) remaining(a, b *finding.Finding) Finding {
	f := newFinding(Remaining, b, c.inB[b.Package])
	_, f.From = nameAndVersion(c.inA[a.Package])
	_, f.To = nameAndVersion(c.inB[b.Package])
	f.Reason = Unchanged
	if step, ok := c.fromA[a.Package]; ok && step.after != nil {
		f.Reason = step.reason()
	}
	if f.Kind == finding.Config {
		f.Reason = Configured
	}
	f.Why = f.words()
	return f
}

// ended is a finding of A that B has not.
func (c *comparison) ended(a *finding.Finding) Finding {
	f := newFinding(Fixed, a, c.inA[a.Package])
	step, changed := c.fromA[a.Package]
	f.alone(a, counterpart{in: "a", here: &f.From, there: &f.To, of: c.inA[a.Package], changed: changed, step: step, is: step.after, other: c.b})
	return f
}

// begun is a finding of B that A has not.
func (c *comparison) begun(b *finding.Finding) Finding {
	f := newFinding(New, b, c.inB[b.Package])
	step, changed := c.toB[b.Package]
	f.alone(b, counterpart{in: "b", here: &f.To, there: &f.From, of: c.inB[b.Package], changed: changed, step: step, is: step.before, other: c.a})
	return f
}

// counterpart is what the other target has in place of a package.
type counterpart struct {
	in          string  // the target that has the finding
	here, there *string // versions
	of          *inventory.Package
	changed     bool
	step        change             // what became of it, or where it comes from
	is          *inventory.Package // nil if there is none
	other       *report.Report
}

// alone fills in why one target has a finding and the other has not: whether that was looked at
// for it, and what it has in place of the package.
func (f *Finding) alone(is *finding.Finding, c counterpart) {
	_, *c.here = nameAndVersion(c.of)
	var seen bool
	switch {
	case is.Kind == finding.Config:
		f.Reason = Configured
		seen = c.other.Coverage.State("config") == inventory.Full
	case c.changed && c.is == nil:
		f.Reason, *c.there = otherBinary(c.of, c.other, c.step.reason(), c.in == "b")
		seen = sawPackages(c.other.Coverage, c.of)
	case c.changed:
		f.Reason = c.step.reason()
		_, *c.there = nameAndVersion(c.is)
		seen = sawAdvisories(c.other.Coverage, is)
	default:
		f.Reason = Unchanged
		if c.of != nil {
			*c.there = *c.here
		}
		seen = sawAdvisories(c.other.Coverage, is)
	}
	if !seen {
		f.unclear(c.in)
	}
	f.Why = f.words()
}

// otherBinary looks for another package of p's source in the other target: libssl1.1 became
// libssl3, and to a developer openssl was upgraded. It returns the source's version there, and
// what became of it; otherwise reason and nothing.
func otherBinary(p *inventory.Package, other *report.Report, reason Reason, isBefore bool) (Reason, string) {
	if p == nil || p.Source == nil {
		return reason, ""
	}
	i := slices.IndexFunc(other.Packages, func(o inventory.Package) bool {
		return o.Type == p.Type && o.Source != nil && o.Source.Name == p.Source.Name && o.Source.Version != p.Source.Version
	})
	if i < 0 {
		return reason, ""
	}
	from, to := inventory.Package{Type: p.Type, Version: p.Source.Version}, inventory.Package{Type: p.Type, Version: other.Packages[i].Source.Version}
	version := to.Version
	if isBefore {
		from, to = to, from
	}
	return change{&from, &to}.reason(), version
}

func newFinding(status Status, f *finding.Finding, p *inventory.Package) Finding {
	name, _ := nameAndVersion(p)
	return Finding{Status: status, ID: f.ID, Kind: f.Kind, Severity: f.Severity, KEV: f.KEV, Package: f.Package, Name: name, FixedIn: f.FixedIn}
}

// unclear says that the finding is in one target, and the other was not looked at.
func (f *Finding) unclear(in string) { f.Status, f.Reason, f.In = Unclear, NotSeen, in }

// nameAndVersion are the source's, of which advisories and fixes speak, else the package's.
func nameAndVersion(p *inventory.Package) (name, version string) {
	switch {
	case p == nil:
		return "", ""
	case p.Source != nil:
		return p.Source.Name, p.Source.Version
	default:
		return p.Name, p.Version
	}
}

// sawPackages tells whether a target was looked at for packages like p, so that it has none if it
// lists none.
func sawPackages(c inventory.Coverage, p *inventory.Package) bool {
	if p == nil {
		return false
	}
	if state, ok := c.States["packages/"+p.Type]; ok {
		return state == inventory.Full
	}
	return absentWell(c)
}

func hasPackages(c inventory.Coverage) bool {
	for dimension := range c.States {
		if strings.HasPrefix(dimension, "packages/") {
			return true
		}
	}
	return false
}

// sawAdvisories tells whether a package was compared with the advisories of the ecosystem that f
// comes from, whatever its release.
func sawAdvisories(c inventory.Coverage, f *finding.Finding) bool {
	if f.Proof == nil {
		return true
	}
	of := ecosystem.Base(strings.TrimPrefix(f.Proof.Source, "osv/"))
	is := func(dimension string) bool {
		name, ok := strings.CutPrefix(dimension, "advisories/")
		return ok && ecosystem.Base(name) == of
	}
	seen := false
	for dimension, state := range c.States {
		if is(dimension) {
			if state != inventory.Full && state != inventory.Partial {
				return false
			}
			seen = true
		}
	}
	// Partial: a comparison could not be made, and the gap says of which package.
	return seen && !slices.ContainsFunc(c.Gaps, func(g inventory.Gap) bool {
		return is(g.Dimension) && strings.Contains(g.Why, f.Proof.Name)
	})
}

func compareFindings(a, b Finding) int {
	order := []Status{New, Unclear, Remaining, Fixed}
	return cmp.Or(
		slices.Index(order, a.Status)-slices.Index(order, b.Status),
		cmp.Compare(urgency(a.Severity), urgency(b.Severity)),
		strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID), strings.Compare(a.Package, b.Package),
		strings.Compare(a.From, b.From), strings.Compare(a.To, b.To), strings.Compare(string(a.Kind), string(b.Kind)),
	)
}

// urgency puts the worst first, and what may be anything before medium, as the table does.
func urgency(s advisory.Severity) int {
	return slices.Index([]advisory.Severity{advisory.Critical, advisory.High, advisory.SeverityUnknown,
		advisory.Medium, advisory.Low, advisory.Negligible}, s)
}
