package table

import (
	"fmt"
	"io"
	"strings"

	"plimsoll.dev/plimsoll/report/preview"
)

// WritePreview writes what would change: the counts first, then the images by change and owner,
// and last what could not be compared.
func (s Sink) WritePreview(w io.Writer, d *preview.Preview) error {
	p := s.page()
	p.previewed(d)
	p.blank()
	p.previewCounts(d.Summary)
	for _, change := range preview.Changes() {
		p.changed(change, d.Images)
	}
	p.blank()
	p.note(caution, "Unreadable", p.most(fileWords(d.Unreadable)))
	p.note(plain, "No report", p.most(fileWords(d.Other)))
	if d.Summary.WithoutVerdict > 0 {
		p.note(caution, "Note", []string{count(d.Summary.WithoutVerdict, "report holds", "reports hold") + " no verdict, and would be denied or warned of for the first time: --with says what holds now"})
	}
	if d.Replay {
		p.note(caution, "Replay", []string{"evaluated as of " + clean(d.EvaluatedAt) + "; no gate accepts this result"})
	}
	if _, err := w.Write(p.text.Bytes()); err != nil {
		return fmt.Errorf("write the preview as a table: %w", err)
	}
	return nil
}

// previewed says what is compared with what.
func (p *page) previewed(d *preview.Preview) {
	if d.Replay {
		p.line(p.paint(badge("warn"), " REPLAY "), "  ", p.paint(bold, "as of "+clean(d.EvaluatedAt)))
	}
	p.lines("", p.each(bold, wrap(strings.Join(cleanAll(d.Policies), ", "), p.Width)))
	against := "the verdicts in the reports"
	if len(d.With) > 0 {
		against = strings.Join(cleanAll(d.With), ", ")
	}
	p.lines("", wrap(fmt.Sprintf("at the stage %s, compared with %s", clean(string(d.Stage)), against), p.Width))
}

func cleanAll(words []string) []string {
	cleaned := make([]string, len(words))
	for i, w := range words {
		cleaned[i] = clean(w)
	}
	return cleaned
}

// changeWords are the words for a change: in a count, and as a heading.
func changeWords(c preview.Change) (counted, heading string, s style) {
	switch c {
	case preview.Denied:
		return "newly denied", "Newly denied", bad
	case preview.Unknown:
		return "newly unknown", "Newly unknown", caution
	case preview.Warned:
		return "newly warned of", "Newly warned of", caution
	case preview.Allowed:
		return "newly milder", "Newly milder", good
	case preview.Other:
		return "for other reasons", "For other reasons", plain
	default:
		return "as before", "As before", plain
	}
}

func (p *page) previewCounts(s preview.Summary) {
	parts := []string{count(s.Reports, "image", "images")}
	for _, change := range preview.Changes() {
		if n := s.Changes[change]; n > 0 {
			counted, _, style := changeWords(change)
			parts = append(parts, p.paint(style, fmt.Sprintf("%d %s", n, counted)))
		}
	}
	if s.Unreadable > 0 {
		parts = append(parts, p.paint(caution, fmt.Sprintf("%d unreadable", s.Unreadable)))
	}
	p.lines("", p.flow(parts, " · "))
	var outcomes []string
	for _, outcome := range []string{"deny", "warn", "allow", "none", "unknown"} {
		if s.Before[outcome] > 0 || s.After[outcome] > 0 {
			outcomes = append(outcomes, fmt.Sprintf("%s %d → %d", outcome, s.Before[outcome], s.After[outcome]))
		}
	}
	p.lines("", p.flow(outcomes, " · "))
}

// changed lists the images of one change under their owners.
func (p *page) changed(change preview.Change, all []preview.Image) {
	var images []preview.Image
	owners := map[string]int{}
	for _, i := range all {
		if i.Change == change {
			images = append(images, i)
			owners[i.Owner]++
		}
	}
	if len(images) == 0 {
		return
	}
	_, heading, s := changeWords(change)
	p.blank()
	p.line(p.paint(s, fmt.Sprintf("%s (%d)", heading, len(images))))
	few := images
	if !p.All {
		few = images[:min(len(images), mostRows)]
	}
	owner := ""
	for i, one := range few {
		if i == 0 || one.Owner != owner {
			owner = one.Owner
			p.lines("  ", p.each(bold, wrap(fmt.Sprintf("%s (%d)", cleanName(owner), owners[owner]), p.Width-2)))
		}
		p.previewImage(one)
	}
	if hidden := len(images) - len(few); hidden > 0 {
		p.line("  … and ", fmt.Sprint(hidden), " more: --all shows them")
	}
}

func (p *page) previewImage(i preview.Image) {
	name := i.Repository
	if name == "" {
		name = i.Path
	}
	words := cleanName(name)
	if i.Platform != "" {
		words += " · " + cleanName(i.Platform)
	}
	words += fmt.Sprintf(" · %s → %s", clean(i.From), clean(i.To))
	p.lines("    ", wrap(words, p.Width-4))
	most := len(i.Rules)
	if !p.All {
		most = min(most, mostNames)
	}
	for _, r := range i.Rules[:most] {
		rule := cleanName(r.ID) + ": " + clean(r.Message)
		switch {
		case r.From == "":
			rule += " (new)"
		case r.To == "":
			rule = cleanName(r.ID) + ": no longer asked (was: " + clean(r.Message) + ")"
		case r.From != r.To:
			rule += fmt.Sprintf(" (%s → %s)", clean(string(r.From)), clean(string(r.To)))
		}
		p.lines("      ", wrap(rule, p.Width-6))
	}
	if hidden := len(i.Rules) - most; hidden > 0 {
		p.line("      ", "and ", count(hidden, "more rule", "more rules"))
	}
}

func fileWords(files []preview.File) []string {
	items := make([]string, len(files))
	for i, f := range files {
		items[i] = cleanName(f.Path) + ": " + clean(f.Why)
	}
	return items
}
