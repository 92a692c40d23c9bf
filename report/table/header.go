package table

import (
	"cmp"
	"strings"

	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
)

// header says what was scanned.
func (p *page) header(r *report.Report) {
	p.lines("", p.each(bold, wrap(clean(r.Target.Reference), p.Width)))
	var facts []string
	if r.Distro != nil {
		facts = append(facts, clean(distroName(r.Distro)))
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

// distroName is what the distribution calls itself.
func distroName(d *inventory.Distro) string {
	return cmp.Or(d.Name, strings.TrimSpace(d.ID+" "+d.VersionID))
}

// each paints every line.
func (p *page) each(s style, lines []string) []string {
	painted := make([]string, len(lines))
	for i, l := range lines {
		painted[i] = p.paint(s, l)
	}
	return painted
}
