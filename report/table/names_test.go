package table

import (
	"math/rand/v2"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/internal/example"
)

// named is an ordinary report in which every name, path and sentence comes from next.
func named(next func() string) *report.Report {
	r := example.Denied()
	r.Target.Reference, r.Distro.Name = next(), next()
	for i := range r.Packages {
		p := &r.Packages[i]
		p.Name, p.Version = next(), next()
		if i%2 == 0 {
			p.Source, p.Locations = nil, []inventory.Location{{Path: next()}, {Path: next()}}
		} else {
			p.Source = &inventory.Source{Name: next(), Version: next()}
		}
	}
	r.Findings = append(r.Findings, affected(next(), r.Packages[0].PURL, advisory.High, next(), next()),
		finding.Finding{Key: "config|x", Kind: finding.Config, ID: next(), Title: next()})
	r.Coverage.AddGap(inventory.Gap{Dimension: next(), Code: next(), Path: next(), Why: next()}, inventory.Partial)
	for i := range r.Verdict.Rules {
		rule := &r.Verdict.Rules[i]
		rule.ID, rule.Message, rule.Fix = next(), next(), next()
	}
	return r
}

// checkLayout holds what is true of every table: each line is printable, fits the width and is
// no command to a build system; and without its colours, the text is that written without them.
func checkLayout(t *testing.T, r *report.Report, o Options) {
	t.Helper()
	o.Color = false
	bare := render(t, o, r)
	for line := range strings.SplitSeq(bare, "\n") {
		if strings.ContainsFunc(line, unprintable) || report.Line(line) != line {
			t.Errorf("not fit to print: %q", line)
		}
		if n := columns(line); n > o.Width {
			t.Errorf("%d columns wide, want %d at most: %q", n, o.Width, line)
		}
	}
	o.Color = true
	if painted := colors.ReplaceAllString(render(t, o, r), ""); painted != bare {
		t.Errorf("with colours:\n%s\nwithout:\n%s", painted, bare)
	}
}

func TestLayoutHoldsForNamesOfEveryKind(t *testing.T) {
	parts := []string{" ", "  ", "::", "#", "##", "##[", "→", "…", "日本", "w", strings.Repeat("w", 50), "/", "-", "é", "e\u0301\u0301\u0301\u0301",
		"\u0301", "\x1b[31m", "\x1b[0m", "\n", "\t", "\xff", "👩\u200d👧", "🇩🇪", "ﷺ", "\u1100\u1161", "KEV ", "a b c d e f", "\u00a0", "%s", "ا", "क्ष"}
	random := rand.New(rand.NewPCG(2, 26))
	next := func() string {
		var b strings.Builder
		for range random.IntN(30) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		return b.String()
	}
	for range 60 {
		checkLayout(t, named(next), Options{Width: narrowest + random.IntN(widest-narrowest+1), All: random.IntN(2) == 0})
		if t.Failed() {
			return // one is enough to read
		}
	}
}

// FuzzNames: the same, for whatever the fuzzer calls things.
func FuzzNames(f *testing.F) {
	f.Add("libssl3", "3.0.11", "usr/bin/a", "why", "message", uint8(20))
	f.Add("\x1b[31m", "::error::x", "##[x]", "\u202e", "a\nb", uint8(0))
	f.Add("日本語日本語日本語", "e\u0301\u0301\u0301\u0301", "\xff\xfe", "  ::x", "# #", uint8(1))
	f.Add(strings.Repeat("w", 300), strings.Repeat("a ", 200), "", "\t", "…→", uint8(100))
	f.Fuzz(func(t *testing.T, a, b, c, d, e string, width uint8) {
		names, i := []string{a, b, c, d, e}, 0
		next := func() string { i++; return names[i%len(names)] }
		checkLayout(t, named(next), Options{Width: narrowest + int(width)%(widest-narrowest+1), All: width%2 == 0})
	})
}
