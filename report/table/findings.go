package table

import (
	"fmt"
	"strings"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/report"
)

// findings writes the counts and the table, or says in words that there is nothing to list and
// what that means.
func (p *page) findings(r *report.Report) {
	if !hasVulnerabilities(r) {
		p.nothingFound(r)
	}
	if len(r.Findings) == 0 {
		return
	}
	rows := rowsOf(r)
	p.counts(r, rows)
	p.blank()
	shown := rows
	if !p.All && len(shown) > mostRows {
		shown = shown[:mostRows]
	}
	p.grid(shown)
	if hidden := len(rows) - len(shown); hidden > 0 {
		p.line(p.paint(bold, fmt.Sprintf("… and %s: --all shows them", count(hidden, "more row", "more rows"))))
	}
	p.legend(shown)
}

func hasVulnerabilities(r *report.Report) bool {
	for _, f := range r.Findings {
		if f.Kind == finding.Vulnerability {
			return true
		}
	}
	return false
}

// counts says how bad it is, and how little may mend it.
func (p *page) counts(r *report.Report, rows []row) {
	bySeverity := map[string]int{}
	open, closed, exploited := 0, 0, 0
	for _, f := range r.Findings {
		if isClosed(f) {
			closed++
			continue
		}
		open++
		bySeverity[f.Severity.String()]++
		if f.KEV {
			exploited++
		}
	}
	parts := []string{p.paint(bold, count(open, "finding", "findings"))}
	for _, s := range severities() {
		if n := bySeverity[s.String()]; n > 0 {
			parts = append(parts, p.paint(severityStyle(s), fmt.Sprintf("%d %s", n, s)))
		}
	}
	p.lines("", p.flow(parts, " · "))
	fixable, upgrades := 0, 0
	for _, w := range rows {
		if !w.closed && len(w.fixes) > 0 {
			fixable += len(w.findings)
			upgrades++
		}
	}
	parts = nil
	if exploited > 0 {
		parts = append(parts, p.paint(bad, fmt.Sprintf("%d known to be exploited", exploited)))
	}
	if fixable > 0 {
		parts = append(parts, p.paint(good, fmt.Sprintf("%d can be mended by %s", fixable, count(upgrades, "upgrade", "upgrades"))))
	} else if open > 0 && hasVulnerabilities(r) {
		parts = append(parts, "none can be mended by an upgrade")
	}
	if closed > 0 {
		parts = append(parts, fmt.Sprintf("%d waived or not affected, not counted", closed))
	}
	p.lines("", p.flow(parts, " · "))
}

// flow joins parts into lines of at most the page's width, breaking between parts only.
func (p *page) flow(parts []string, separator string) []string {
	var lines []string
	for _, part := range parts {
		last := len(lines) - 1
		if last >= 0 && columns(lines[last])+columns(separator)+columns(part) <= p.Width {
			lines[last] += separator + part
			continue
		}
		lines = append(lines, part)
	}
	return lines
}

// legend explains the marks that stand in the table.
func (p *page) legend(rows []row) {
	kev, epss := false, false
	for _, r := range rows {
		for _, f := range r.findings {
			kev = kev || f.KEV
		}
		epss = epss || r.epss() >= 0
	}
	var words []string
	if kev {
		words = append(words, "KEV: attackers are known to use it (CISA)")
	}
	if epss {
		words = append(words, "EPSS: chance that it is exploited within 30 days")
	}
	if len(words) > 0 {
		p.lines("", p.each(faint, p.flow(words, " · ")))
	}
}

// nothingFound says what the absence of vulnerabilities means: good news only if everything was
// understood.
func (p *page) nothingFound(r *report.Report) {
	unknown, partial := lackingOf(r)
	packages := count(len(r.Packages), "package", "packages")
	switch {
	case r.Database == nil:
		p.sentence(caution, "Vulnerabilities were not looked for: nothing can be said about them.")
	case len(r.Packages) == 0:
		p.sentence(caution, "No package was found, so nothing can be said about vulnerabilities of "+count(r.Manifest.Files, "executable file", "executable files")+".")
	case len(unknown)+len(partial) == 0 && len(r.Coverage.Gaps) > 0:
		p.sentence(caution, "No known vulnerabilities in "+packages+", as far as the remarks below allow to say.")
	case len(unknown)+len(partial) == 0:
		p.sentence(good, "No known vulnerabilities in "+packages+"; everything that was found was understood.")
	default:
		p.sentence(caution, "No known vulnerabilities were found in "+packages+", but that is not all there is.")
	}
	if len(unknown) > 0 {
		p.sentence(caution, "Nothing can be said about: "+strings.Join(unknown, ", ")+".")
	}
	if len(partial) > 0 {
		p.sentence(caution, "Only in part understood: "+strings.Join(partial, ", ")+".")
	}
	if len(r.Findings) > 0 {
		p.blank()
	}
}

// sentence writes a sentence over as many lines as it takes.
func (p *page) sentence(s style, words string) {
	p.lines("", p.each(s, wrap(words, p.Width)))
}
