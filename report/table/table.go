// Package table writes a report for a person at a terminal: the worst, the fix, the count, the
// verdict.
//
// From top to bottom: what was scanned; how many findings of which severity, and how few
// upgrades mend them; a table with one row for each package and fix, worst first; what is not
// shown and what was not understood; how old the advisories are; and last, nearest to the
// prompt, the verdict. What is not known is said in words and never shown as good.
//
// The text is a function of the report and the options: width and colour are the caller's to
// decide, and neither the terminal nor the locale is asked. The layout is for people and may
// change; programs read the JSON report.
package table

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"plimsoll.dev/plimsoll/report"
)

// Options say how a report is shown.
type Options struct {
	Color bool // with ANSI colours
	Width int  // columns; 80 if 0, at least 60 and at most 160
	All   bool // every row and every name, instead of the worst
}

const (
	defaultWidth = 80
	narrowest    = 60
	// widest bounds how far an eye must travel from one end of a row to the other.
	widest = 160
	// mostRows, mostGaps and mostNames are what fits on a screen; Options.All lifts them.
	mostRows  = 20
	mostGaps  = 8
	mostNames = 3
)

// Sink writes reports as text; it implements report.Sink.
type Sink struct{ Options Options }

// Write writes r. In an East Asian locale, concurrent calls race; see ignoreLocale.
func (s Sink) Write(w io.Writer, r *report.Report) error {
	p := s.page()
	p.header(r)
	p.findings(r)
	p.notes(r)
	p.verdict(r.Verdict)
	if _, err := w.Write(p.text.Bytes()); err != nil {
		return fmt.Errorf("write the report as a table: %w", err)
	}
	return nil
}

// WriteAll writes the reports on every platform one after the other, then what was not scanned
// and the outcome for all of them.
func (s Sink) WriteAll(w io.Writer, all *report.Reports) error {
	for i := range all.Reports {
		if err := s.Write(w, &all.Reports[i]); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return fmt.Errorf("write the report as a table: %w", err)
		}
	}
	p := s.page()
	p.platforms(all)
	if _, err := w.Write(p.text.Bytes()); err != nil {
		return fmt.Errorf("write the report as a table: %w", err)
	}
	return nil
}

func (s Sink) page() *page {
	ignoreLocale()
	p := &page{Options: s.Options}
	if p.Width <= 0 {
		p.Width = defaultWidth
	}
	p.Width = min(max(p.Width, narrowest), widest)
	return p
}

// ignoreLocale settles that characters of ambiguous width, such as the arrow and every Greek or
// Cyrillic letter, take one column, as in most terminals. Left alone, go-pretty asks the locale,
// and equal reports would not give equal bytes on any machine. The setting is the process's.
func ignoreLocale() {
	if columns("→") != 1 {
		text.OverrideRuneWidthEastAsianWidth(false)
	}
}

// page collects the lines of one report.
type page struct {
	Options
	text bytes.Buffer
}

// fit settles the width.
func (p *page) fit() {
	if p.Width <= 0 {
		p.Width = defaultWidth
	}
	p.Width = min(max(p.Width, narrowest), widest)
}

// line writes one finished line, which may hold colours but nothing else that is not printable.
func (p *page) line(parts ...string) {
	p.text.WriteString(report.Line(strings.TrimRight(strings.Join(parts, ""), " ")))
	p.text.WriteByte('\n')
}

// lines writes several lines behind the same margin.
func (p *page) lines(margin string, lines []string) {
	for _, l := range lines {
		p.line(margin, l)
	}
}

// blank separates two blocks.
func (p *page) blank() { p.text.WriteByte('\n') }
