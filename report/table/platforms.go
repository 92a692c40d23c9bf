package table

import (
	"strings"

	"plimsoll.dev/plimsoll/report"
)

// platforms says what holds for all platforms together.
func (p *page) platforms(all *report.Reports) {
	p.line(p.paint(bold, count(len(all.Reports), "platform", "platforms")), " scanned")
	for _, m := range all.Missed {
		p.lines("", wrap("not scanned: "+clean(m.Platform)+": "+clean(m.Why), p.Width))
	}
	if all.Outcome == nil {
		return
	}
	p.line(strings.Repeat("━", p.Width))
	p.outcomes(all.Outcome)
	p.line(strings.Repeat("━", p.Width))
}
