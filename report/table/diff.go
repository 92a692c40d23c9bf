package table

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report/diff"
)

// WriteDiff writes a diff: the two targets, the counts, then what is new, unclear, still there and
// fixed, and what else changed. What needs an act stands first.
func (s Sink) WriteDiff(w io.Writer, d *diff.Diff) error {
	ignoreLocale()
	p := &page{Options: s.Options}
	p.fit()
	p.side("A", d.A)
	p.side("B", d.B)
	p.blank()
	p.diffCounts(d.Findings)
	p.blank()
	for _, section := range diffSections() {
		if items := p.few(changedFindings(d.Findings, section.status)); len(items) > 0 {
			p.note(section.style, section.label, append([]string{bySeverity(d.Findings, section.status)}, items...))
		}
	}
	p.note(plain, "Packages", p.few(changedPackages(d.Packages)))
	p.note(plain, "Configuration", p.few(changedSettings(d.Config)))
	p.note(plain, "Layers", layersOf(d))
	p.note(caution, "Not seen alike", p.most(coverageOf(d.Coverage)))
	if _, err := w.Write(p.text.Bytes()); err != nil {
		return fmt.Errorf("write the diff as a table: %w", err)
	}
	return nil
}

// side says what one of the targets is.
func (p *page) side(letter string, s diff.Side) {
	var facts []string
	if s.Distro != nil {
		facts = append(facts, clean(distroName(s.Distro)))
	}
	facts = append(facts, count(s.Packages, "package", "packages"), count(s.Findings, "finding", "findings"))
	if s.Layers > 0 {
		facts = append(facts, count(s.Layers, "layer", "layers"), bytesOf(s.Size))
	}
	if s.Platform != "" {
		facts = append(facts, clean(s.Platform))
	}
	margin := p.paint(bold, letter) + "  "
	for _, line := range wrap(clean(s.Reference), p.Width-3) {
		p.line(margin, p.paint(bold, line))
		margin = "   "
	}
	p.lines("   ", wrap(strings.Join(facts, " · "), p.Width-3))
}

// diffSections are the statuses with their words, in the order in which they are shown.
func diffSections() []diffSection {
	return []diffSection{
		{diff.New, "New", "new", bad}, {diff.Unclear, "Not clear", "not clear", caution},
		{diff.Remaining, "Still there", "still there", plain}, {diff.Fixed, "Fixed", "fixed", good},
	}
}

type diffSection struct {
	status      diff.Status
	label, word string
	style       style
}

// diffCounts says how many findings are what.
func (p *page) diffCounts(findings []diff.Finding) {
	var parts []string
	for _, section := range diffSections() {
		n := 0
		for _, f := range findings {
			if f.Status == section.status {
				n++
			}
		}
		switch {
		case n > 0:
			parts = append(parts, p.paint(section.style, fmt.Sprintf("%d %s", n, section.word)))
		case section.status != diff.Unclear:
			parts = append(parts, "none "+section.word)
		}
	}
	p.lines("", p.flow(parts, " · "))
}

// bySeverity counts the findings of a status, worst first.
func bySeverity(findings []diff.Finding, status diff.Status) string {
	counts := map[advisory.Severity]int{}
	for _, f := range findings {
		if f.Status == status {
			counts[f.Severity]++
		}
	}
	var words []string
	for _, s := range severities() {
		if counts[s] > 0 {
			words = append(words, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	return strings.Join(words, ", ")
}

// changedFindings says one thing for all findings of a status that have the same reason, worst
// first: the findings of one upgrade.
func changedFindings(findings []diff.Finding, status diff.Status) []string {
	type group struct {
		severity advisory.Severity
		why      string
		ids      []string
	}
	var groups []*group
	byWhy := map[string]*group{}
	for _, f := range findings { // they come worst first
		if f.Status != status {
			continue
		}
		g := byWhy[f.Why]
		if g == nil {
			g = &group{severity: f.Severity, why: f.Why}
			byWhy[f.Why] = g
			groups = append(groups, g)
		}
		id := cleanName(f.ID)
		if f.KEV {
			id = exploitedMark + id
		}
		if !slices.Contains(g.ids, id) {
			g.ids = append(g.ids, id)
		}
	}
	items := make([]string, len(groups))
	for i, g := range groups {
		items[i] = fmt.Sprintf("%s: %s: %s", g.severity, clean(g.why), namesOf(g.ids))
	}
	return items
}

// namesOf lists the first few names and how many more there are.
func namesOf(names []string) string {
	const most = 4
	if hidden := len(names) - most; hidden > 0 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" +%d", hidden)
	}
	return strings.Join(names, ", ")
}

// changedPackages says in one line what happened to all packages of one source at once.
func changedPackages(packages []diff.Package) []string {
	type step struct {
		change                   diff.Reason
		purlType, name, from, to string
	}
	var steps []step
	binaries := map[step][]string{}
	for _, p := range packages {
		s := step{p.Change, p.Type, p.Name, p.From, p.To}
		if p.Source != "" {
			s.name = p.Source
		}
		if binaries[s] == nil {
			steps = append(steps, s)
		}
		binaries[s] = append(binaries[s], cleanName(p.Name))
	}
	order := []diff.Reason{diff.Added, diff.Removed, diff.Downgraded, diff.Replaced, diff.Upgraded}
	slices.SortStableFunc(steps, func(a, b step) int { return slices.Index(order, a.change) - slices.Index(order, b.change) })
	items := make([]string, len(steps))
	for i, s := range steps {
		item := string(s.change) + ": " + cleanName(s.name) + " " + cleanName(s.from)
		if s.to != "" {
			item += " → " + cleanName(s.to)
		}
		if s.change == diff.Added {
			item = string(s.change) + ": " + cleanName(s.name) + " " + cleanName(s.to)
		}
		if of := binaries[s]; len(of) > 1 || of[0] != cleanName(s.name) {
			item += " (" + namesOf(of) + ")"
		}
		items[i] = item
	}
	return items
}

func changedSettings(settings []diff.Setting) []string {
	items := make([]string, len(settings))
	for i, s := range settings {
		item := strings.TrimSpace(clean(s.Field) + " " + cleanName(s.Name))
		switch {
		case s.From == "" && s.To == "":
			item += ": " + string(s.Change)
		case s.Field == "user":
			item += ": " + userWord(s.From) + " → " + userWord(s.To)
		case s.Change == diff.Replaced:
			item += ": " + clean(s.From) + " → " + clean(s.To)
		default:
			item += ": " + string(s.Change) + " " + clean(s.From+s.To)
		}
		items[i] = item
	}
	return items
}

// userWord says what no user means to a runtime.
func userWord(user string) string {
	if user == "" {
		return "root (none is set)"
	}
	return clean(user)
}

func layersOf(d *diff.Diff) []string {
	if d.SharedLayers == nil {
		return nil
	}
	sign, size := "+", d.B.Size-d.A.Size
	if size < 0 {
		sign, size = "−", -size
	}
	shared := "none is the same"
	if n := *d.SharedLayers; n > 0 && n == d.A.Layers && n == d.B.Layers {
		return []string{"all are the same · " + bytesOf(d.B.Size)}
	} else if n > 0 {
		shared = fmt.Sprintf("the first %d of %d are those of A", n, d.B.Layers)
	}
	return []string{fmt.Sprintf("%s · %s → %s (%s%s)", shared, bytesOf(d.A.Size), bytesOf(d.B.Size), sign, bytesOf(size))}
}

// coverageOf says of what nothing can be said.
func coverageOf(coverage []diff.Coverage) []string {
	items := make([]string, 0, len(coverage))
	for _, c := range coverage {
		items = append(items, dimension(c.Dimension)+": "+seenWords(c.A, c.B))
	}
	return items
}

func seenWords(a, b inventory.State) string {
	blind := func(s inventory.State) bool { return s != inventory.Full && s != inventory.Partial }
	switch {
	case blind(a) && blind(b):
		return "neither was looked at: nothing can be said"
	case blind(a):
		return "A was not looked at: nothing can be said"
	case blind(b):
		return "B was not looked at: nothing can be said"
	case a == b:
		return "both were seen only in part"
	case a == inventory.Partial:
		return "A was seen only in part"
	default:
		return "B was seen only in part"
	}
}

// few cuts a list of rows to what fits on a screen, and says so.
func (p *page) few(items []string) []string {
	if p.All || len(items) <= mostRows {
		return items
	}
	return append(slices.Clone(items[:mostRows]), fmt.Sprintf("… and %d more: --all shows them", len(items)-mostRows))
}
