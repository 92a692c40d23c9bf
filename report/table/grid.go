package table

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"plimsoll.dev/plimsoll/finding"
)

// gap is the space between two columns.
const gap = 2

const packageHeader = "PACKAGE → FIX"

// exploitedMark stands before the name of what is known to be exploited.
const exploitedMark = "KEV "

// grid writes the rows as a table. Every cell is broken into lines here, so that it can be
// broken at the right places; go-pretty measures, pads and aligns.
func (p *page) grid(rows []row) {
	rest := p.Width - columns("negligible") - columns("<0.1 %") - 3*gap
	packages, packageWidth := p.packageCells(rows, rest)
	writer := table.NewWriter()
	writer.SetStyle(gridStyle())
	writer.SuppressTrailingSpaces()
	writer.SetColumnConfigs([]table.ColumnConfig{{Number: 4, Align: text.AlignRight, AlignHeader: text.AlignRight}})
	writer.AppendHeader(table.Row{
		p.paint(bold, "SEVERITY"), p.paint(bold, packageHeader), p.paint(bold, "WHAT"), p.paint(bold, "EPSS")})
	for i := range rows {
		writer.AppendRow(table.Row{
			p.severityCell(&rows[i]),
			strings.Join(packages[i], "\n"),
			strings.Join(p.whatCell(&rows[i], rest-packageWidth), "\n"),
			p.epssCell(&rows[i]),
		})
	}
	lines := strings.Split(writer.Render(), "\n")
	p.line(lines[0])
	p.line(strings.Repeat("─", widestOf(lines)))
	p.lines("", lines[1:])
}

func gridStyle() table.Style {
	return table.Style{
		Name: "plimsoll",
		Box:  table.BoxStyle{PaddingRight: strings.Repeat(" ", gap)},
	}
}

// packageCells fills the package column and returns its width: no more than leaves room in the
// column beside it for the worst name and the number of the others.
func (p *page) packageCells(rows []row, rest int) (cells [][]string, width int) {
	most := min(rest-columns("KEV CVE-2024-12345 +10"), max(36, rest*3/5))
	width = columns(packageHeader)
	for i := range rows {
		cells = append(cells, p.packageCell(&rows[i], most))
		width = max(width, widestOf(cells[i]))
	}
	return cells, width
}

func widestOf(lines []string) int {
	width := 0
	for _, line := range lines {
		width = max(width, columns(line))
	}
	return width
}

func (p *page) severityCell(r *row) string {
	worst := r.severity()
	if r.closed {
		return p.paint(faint, worst.String()) + "\n" + p.paint(bold, statusWord(r.findings[0].Status))
	}
	return p.paint(severityStyle(worst), worst.String())
}

// packageCell says what is installed, what mends it, and where it is.
func (p *page) packageCell(r *row, width int) []string {
	name := cleanName(r.name)
	installed := strings.TrimSpace(name + " " + cleanName(r.version))
	fix, s := fixWords(r)
	lines := p.each(plain, wrap(installed, width))
	if version, whole := strings.CutPrefix(lines[0], name); whole {
		lines[0] = p.paint(bold, name) + version
	}
	last := len(lines) - 1
	switch {
	case fix == "":
	case columns(lines[last])+1+columns(fix) <= width:
		lines[last] += " " + p.paint(s, fix)
	default:
		lines = append(lines, indent(p.each(s, wrap(fix, width-2)))...)
	}
	if len(r.where) > 0 {
		lines = append(lines, indent(p.each(faint, p.some(r.where, "in ", width-2)))...)
	}
	return lines
}

// fixWords says how a row is mended.
func fixWords(r *row) (string, style) {
	if len(r.fixes) > 0 {
		fixes := make([]string, len(r.fixes))
		for i, f := range r.fixes {
			if r.purlType == "golang" && strings.HasPrefix(r.version, "v") && !strings.HasPrefix(f, "v") {
				f = "v" + f // as the go command wants it
			}
			fixes[i] = cleanName(f)
		}
		return strings.TrimSpace("→ " + strings.Join(fixes, " or ")), good
	}
	switch r.fix {
	case finding.NotFixed:
		return "no fix yet", faint
	case finding.WontFix:
		return "will not be fixed", faint
	case finding.FixDeferred:
		return "fix deferred", faint
	case finding.FixUnknown:
		return "fix not known", faint
	default:
		return "", plain
	}
}

// whatCell names the row's findings, worst first.
func (p *page) whatCell(r *row, width int) []string {
	worst := r.findings[0]
	if worst.Kind != finding.Vulnerability {
		var lines []string
		for _, f := range r.findings {
			lines = append(lines, wrap(strings.TrimSuffix(clean(f.ID)+": "+clean(f.Title), ": "), width)...)
		}
		return lines
	}
	lines := p.some(r.names(), "", width)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], exploitedMark, p.paint(bad, strings.TrimSpace(exploitedMark))+" ")
	}
	return lines
}

// some lists names: as many as fit in one line and, as +7, how many more there are; all of them
// if Options.All says so.
func (p *page) some(names []string, prefix string, width int) []string {
	cleaned := make([]string, len(names))
	for i, n := range names {
		cleaned[i] = cleanName(n)
	}
	all := prefix + strings.Join(cleaned, ", ")
	if p.All || columns(all) <= width {
		return wrap(all, width)
	}
	for n := len(names) - 1; n > 0; n-- {
		line := fmt.Sprintf("%s%s +%d", prefix, strings.Join(cleaned[:n], ", "), len(names)-n)
		if columns(line) <= width || n == 1 {
			return wrap(line, width)
		}
	}
	return wrap(all, width)
}

// statusWord fits a closed finding's status into the severity column.
func statusWord(s finding.Status) string {
	if s == finding.NotAffected {
		return "unaffected"
	}
	return clean(string(s))
}

func (p *page) epssCell(r *row) string {
	epss := r.epss()
	switch {
	case epss < 0:
		return ""
	case epss >= 0.1 && !r.closed:
		return p.paint(bold, percent(epss))
	default:
		return percent(epss)
	}
}

func indent(lines []string) []string {
	for i := range lines {
		lines[i] = "  " + lines[i]
	}
	return lines
}
