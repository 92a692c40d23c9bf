package table

import (
	"strings"

	"plimsoll.dev/plimsoll/report"
)

// header says what was scanned.
func (p *page) header(r *report.Report) {
	p.lines("", p.each(bold, wrap(clean(r.Target.Reference), p.Width)))
	var facts []string
	if r.Distro != nil {
		name := r.Distro.Name
		if name == "" {
			name = strings.TrimSpace(r.Distro.ID + " " + r.Distro.VersionID)
		}
		facts = append(facts, clean(name))
	}
	facts = append(facts, count(len(r.Packages), "package", "packages"))
	if layers := r.Target.Layers; len(layers) > 0 {
		var size int64
		for _, l := range layers {
			size += l.Size
		}
		facts = append(facts, count(len(layers), "layer", "layers"), bytesOf(size))
	}
	if r.Target.Platform != "" {
		facts = append(facts, clean(r.Target.Platform))
	}
	p.lines("", wrap(strings.Join(facts, " · "), p.Width))
	digest := r.Target.Digest
	if digest.IsZero() {
		digest = r.Target.ImageID
	}
	if !digest.IsZero() {
		p.lines("", p.each(faint, wrap(digest.String(), p.Width)))
	}
	p.blank()
}

// each paints every line.
func (p *page) each(s style, lines []string) []string {
	painted := make([]string, len(lines))
	for i, l := range lines {
		painted[i] = p.paint(s, l)
	}
	return painted
}
