package table

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
)

// coverage says what was not understood and what was not looked for.
func (p *page) coverage(r *report.Report) {
	var unknown, partial, remarks, skipped []string
	for _, name := range dimensionsOf(r.Coverage) {
		items := p.gapsOf(name, r.Coverage.Gaps)
		switch r.Coverage.State(name) {
		case inventory.NotRun:
			skipped = append(skipped, dimension(name))
			remarks = append(remarks, items...)
		case inventory.Full:
			remarks = append(remarks, items...)
		case inventory.Partial:
			partial = append(partial, orBare(name, items)...)
		default:
			unknown = append(unknown, orBare(name, items)...)
		}
	}
	unknown = append(unknown, unsaid(r)...)
	if len(unknown)+len(partial)+len(remarks) == 0 && hasVulnerabilities(r) {
		p.note(good, "Understood", []string{"everything that was found"})
	}
	p.note(caution, "Not understood", p.most(unknown))
	p.note(caution, "Only in part", p.most(partial))
	p.note(plain, "Remarks", p.most(remarks))
	if len(skipped) > 0 {
		p.note(plain, "Not looked for", []string{strings.Join(skipped, ", ")})
	}
}

// lackingOf names what nothing can be said about, and what was understood only in part.
func lackingOf(r *report.Report) (unknown, partial []string) {
	for _, name := range dimensionsOf(r.Coverage) {
		switch r.Coverage.State(name) {
		case inventory.Full, inventory.NotRun:
		case inventory.Partial:
			partial = append(partial, dimension(name))
		default:
			unknown = append(unknown, dimension(name))
		}
	}
	return append(unknown, unsaid(r)...), partial
}

// unsaid names what the coverage ought to speak of and does not: silence is not a good sign.
func unsaid(r *report.Report) []string {
	packages, advisories := false, false
	for name := range r.Coverage.States {
		packages = packages || strings.HasPrefix(name, "packages/")
		advisories = advisories || strings.HasPrefix(name, "advisories/")
	}
	var unsaid []string
	if !packages {
		unsaid = append(unsaid, "packages of any kind")
	}
	if !advisories && len(r.Packages) > 0 && r.Database != nil {
		unsaid = append(unsaid, "advisories for these packages")
	}
	return unsaid
}

// dimensionsOf lists every dimension that has a state or a gap, sorted.
func dimensionsOf(c inventory.Coverage) []string {
	names := slices.Collect(maps.Keys(c.States))
	for _, g := range c.Gaps {
		names = append(names, g.Dimension)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// gapsOf says the gaps of one dimension in words. Gaps that differ in their path only are one
// line with the number of paths.
func (p *page) gapsOf(name string, gaps []inventory.Gap) []string {
	type identity struct{ code, why string }
	paths := map[identity][]string{}
	for _, g := range gaps {
		if g.Dimension != name {
			continue
		}
		id := identity{g.Code, g.Why}
		paths[id] = append(paths[id], g.Path)
	}
	var items []string
	for id, where := range paths {
		why := clean(id.why)
		if why == "" {
			why = codeWords(id.code)
		}
		items = append(items, dimension(name)+": "+why+p.places(why, where))
	}
	slices.Sort(items)
	return items
}

// codeWords says a gap's code in words.
func codeWords(code string) string {
	if code == "no-extractor" {
		return "cannot be read yet"
	}
	return strings.ReplaceAll(clean(code), "-", " ")
}

// places says where gaps are, unless the reason does so already.
func (p *page) places(why string, paths []string) string {
	paths = slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
		return path == "" || strings.Contains(why, clean(path))
	})
	slices.Sort(paths)
	paths = slices.Compact(paths)
	if len(paths) == 0 {
		return ""
	}
	more := ""
	if hidden := len(paths) - mostNames; !p.All && hidden > 0 {
		paths, more = paths[:mostNames], fmt.Sprintf(" and %d more", hidden)
	}
	for i := range paths {
		paths[i] = cleanName(paths[i])
	}
	return " (" + strings.Join(paths, ", ") + more + ")"
}

// orBare names the dimension itself where no gap says more.
func orBare(name string, items []string) []string {
	if len(items) == 0 {
		return []string{dimension(name)}
	}
	return items
}

// most cuts a list to what fits on a screen, and says so.
func (p *page) most(items []string) []string {
	if p.All || len(items) <= mostGaps {
		return items
	}
	hidden := len(items) - mostGaps
	return append(slices.Clone(items[:mostGaps]), fmt.Sprintf("… and %d more: --all shows them", hidden))
}
