package table

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/report"
)

// old is the age from which on advisories are too old to be shown without a warning.
const old = 7 * 24 * time.Hour

// notes writes what a reader must know to weigh the findings: what is left out, what was not
// understood, how old the advisories are, and what was signed.
func (p *page) notes(r *report.Report) {
	p.blank()
	p.suppressed(r.Suppressed)
	p.coverage(r)
	p.database(r)
	p.evidence(r.Evidence)
	if r.Replay {
		p.note(caution, "Replay", []string{"evaluated as of " + r.EvaluatedAt.UTC().Format(time.RFC3339) + "; no gate accepts this result"})
	}
}

// labelWidth is the width of the column in which the notes' labels stand.
const labelWidth = len("Not understood")

// note writes a label and, beside it, one item a line.
func (p *page) note(s style, label string, items []string) {
	label += strings.Repeat(" ", labelWidth-len(label)) + "  "
	margin := strings.Repeat(" ", len(label))
	head := p.paint(s, label)
	for _, item := range items {
		for i, line := range wrap(item, p.Width-len(label)) {
			if i > 0 {
				head = margin
			}
			p.line(head, line)
		}
		head = margin
	}
}

// suppressed counts what was found and is not listed.
func (p *page) suppressed(suppressed []finding.Suppressed) {
	byReason := map[finding.Reason]int{}
	for _, s := range suppressed {
		byReason[s.Reason]++
	}
	var items []string
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		items = append(items, fmt.Sprintf("%s: %s", count(byReason[reason], "finding", "findings"), reasonWords(reason)))
	}
	if len(items) > 0 {
		p.note(plain, "Not listed", items)
	}
}

func reasonWords(reason finding.Reason) string {
	switch reason {
	case finding.Withdrawn:
		return "advisory withdrawn by its publisher"
	case finding.KernelHeaders:
		return "kernel headers, which are not the kernel"
	case finding.OwnedByDistro:
		return "in files of the distribution's packages, whose own advisories name it"
	default:
		return clean(string(reason))
	}
}

// database says how old the advisories are from which the findings come.
func (p *page) database(r *report.Report) {
	if r.Database == nil {
		return
	}
	byDate := map[string][]string{}
	var warnings []string
	for _, source := range relevant(r) {
		asOf := "of unknown date"
		if !source.AsOf.IsZero() {
			asOf = "as of " + source.AsOf.UTC().Format(time.DateOnly)
		}
		byDate[asOf] = append(byDate[asOf], clean(source.Name))
		if w := warningOf(source, r.EvaluatedAt); w != "" {
			warnings = append(warnings, w)
		}
	}
	var items []string
	for _, asOf := range slices.Sorted(maps.Keys(byDate)) {
		items = append(items, asOf+": "+strings.Join(byDate[asOf], ", "))
	}
	if len(items) == 0 {
		items = []string{"none about these packages in the database"}
	}
	p.note(plain, "Advisories", items)
	if len(warnings) > 0 {
		warnings = append(warnings, "Build a newer database: plimsoll db build")
		p.note(caution, "Warning", warnings)
	}
}

// warningOf says what is wrong with a source's date, "" if nothing is.
func warningOf(source report.Source, now time.Time) string {
	name, age := clean(source.Name), now.Sub(source.AsOf)
	switch {
	case source.AsOf.IsZero():
		return name + " may be of any age: what it lacks, this result lacks"
	case age > old:
		return fmt.Sprintf("%s is %d days old: what was published since is not in this result", name, age/(24*time.Hour))
	case age < -24*time.Hour || source.Newest.Sub(now) > 24*time.Hour:
		return name + " is dated after this run: is a clock wrong?"
	default:
		return ""
	}
}

// relevant returns the sources that the findings depend on: those of the ecosystems that were
// looked up, and the lists that say what is exploited.
func relevant(r *report.Report) []report.Source {
	asked := map[string]bool{"epss": true, "kev": true}
	for name := range r.Coverage.States {
		if of, ok := strings.CutPrefix(name, "advisories/"); ok {
			asked["osv/"+ecosystem.Base(of)] = true
		}
	}
	var sources []report.Source
	for _, source := range r.Database.Sources {
		if asked[source.Name] {
			sources = append(sources, source)
		}
	}
	// The ecosystems' own advisories first: osv before epss and kev.
	slices.SortStableFunc(sources, func(a, b report.Source) int {
		return falseFirst(!strings.HasPrefix(a.Name, "osv/"), !strings.HasPrefix(b.Name, "osv/"))
	})
	return sources
}
