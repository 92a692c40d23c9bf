package vuln

import (
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
)

// row is a finding, or a suppressed one if it has a reason.
type row struct {
	finding finding.Finding
	hits    []hit // what it was made of
	reason  finding.Reason
}

// rows joins the records that affect one package into one row for each vulnerability.
func (m *matcher) rows(p *inventory.Package, q query, hits []hit) ([]row, error) {
	groups := groupByVulnerability(hits)
	rows := make([]row, 0, len(groups))
	for _, g := range groups {
		live := slices.DeleteFunc(slices.Clone(g.hits), func(h hit) bool { return !h.record.Withdrawn.IsZero() })
		reason := finding.Reason("")
		switch {
		case len(live) == 0:
			reason = finding.Withdrawn
		case isKernelHeaders(p, q):
			reason = finding.KernelHeaders
		}
		if reason != "" {
			key := finding.VulnerabilityKey(g.id, p.PURL)
			rows = append(rows, row{finding: finding.Finding{Key: key, ID: g.id}, reason: reason})
			continue
		}
		f, err := m.finding(p, q, g.id, live)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{finding: f, hits: live})
	}
	return rows, nil
}

// isKernelHeaders tells whether p only carries the kernel's headers: there is no kernel in it to
// be vulnerable (docker-library/php#1577).
func isKernelHeaders(p *inventory.Package, q query) bool {
	switch p.Type {
	case "deb":
		return (q.name == "linux" || strings.HasPrefix(q.name, "linux-")) &&
			(strings.HasPrefix(p.Name, "linux-libc-dev") || strings.HasPrefix(p.Name, "linux-headers-"))
	case "apk":
		return p.Name == "linux-headers"
	case "rpm":
		return p.Name == "kernel-headers" || p.Name == "linux-glibc-devel"
	case "alpm":
		return p.Name == "linux-api-headers"
	default:
		return false
	}
}

// finding makes the row of one vulnerability from the records that speak of it.
func (m *matcher) finding(p *inventory.Package, q query, id string, hits []hit) (finding.Finding, error) {
	f := finding.Finding{
		Key: finding.VulnerabilityKey(id, p.PURL), Kind: finding.Vulnerability, ID: id,
		Package: p.PURL, Status: finding.Affected, Locations: p.Locations,
	}
	names(&f, hits)
	fixes(&f, hits, ecosystem.OrderingOf(q.ecosystem))
	f.Published = formatTime(earliest(hits, func(hit) bool { return true }))
	f.FixKnownSince = formatTime(earliest(hits, func(h hit) bool { return h.record.Erratum && h.match.Fixed != "" }))

	first := hits[0] // hits come in record-id order, so the proof is the same every time
	f.Proof = &finding.Proof{Source: first.record.Shard, Record: first.record.ID, Name: first.query.name,
		Range: first.match.Range, Compared: first.query.version}

	known, err := m.known(id)
	if err != nil {
		return finding.Finding{}, err
	}
	rate(&f, hits, known.ratings)
	f.EPSS, f.KEV = known.epss, known.kev
	return f, nil
}

// cve is what the database knows of a CVE, whatever the package.
type cve struct {
	ratings []advisory.Rating // of every record that names it
	epss    *float64
	kev     bool
}

// known looks a CVE up; of anything else nothing is known. Several packages share a CVE, so
// answers are remembered.
func (m *matcher) known(id string) (cve, error) {
	if !strings.HasPrefix(id, "CVE-") {
		return cve{}, nil
	}
	if c, ok := m.byCVE[id]; ok {
		return c, nil
	}
	ratings, err := m.database.RatingsOf(id)
	if err != nil {
		return cve{}, err
	}
	c := cve{ratings: ratings}
	epss, scored, err := m.database.EPSS(id)
	if err != nil {
		return cve{}, err
	}
	if scored {
		c.epss = &epss.Score
	}
	if _, c.kev, err = m.database.KEV(id); err != nil {
		return cve{}, err
	}
	m.byCVE[id] = c
	return c, nil
}

// names fills in the records and every other name of the vulnerability.
func names(f *finding.Finding, hits []hit) {
	for _, h := range hits {
		f.Advisories = append(f.Advisories, h.record.ID)
		if len(h.record.CVEs) > 1 {
			continue // an erratum's aliases are those of all that it mends
		}
		f.Aliases = append(f.Aliases, h.record.Aliases...)
	}
	slices.Sort(f.Advisories)
	f.Advisories = slices.Compact(f.Advisories)
	slices.Sort(f.Aliases)
	f.Aliases = slices.DeleteFunc(slices.Compact(f.Aliases), func(alias string) bool {
		return alias == f.ID || slices.Contains(f.Advisories, alias)
	})
}

// fixes fills in what mends the vulnerability.
func fixes(f *finding.Finding, hits []hit, ordering ecosystem.Ordering) {
	states := map[finding.FixState]bool{}
	for _, h := range hits {
		switch {
		case h.match.Fixed != "":
			f.FixedIn = append(f.FixedIn, h.match.Fixed)
			states[finding.FixAvailable] = true
		case h.match.WontFix:
			states[finding.WontFix] = true
		case h.match.LastAffected:
			states[finding.FixUnknown] = true // later versions are fine; which, the record does not say
		default:
			states[finding.NotFixed] = true
		}
	}
	slices.SortFunc(f.FixedIn, func(a, b string) int {
		c, err := ordering.Compare(a, b)
		if err != nil || c == 0 {
			return strings.Compare(a, b)
		}
		return c
	})
	f.FixedIn = slices.Compact(f.FixedIn)
	for _, s := range []finding.FixState{finding.FixAvailable, finding.WontFix, finding.FixUnknown, finding.NotFixed} {
		if states[s] {
			f.FixState = s
			return
		}
	}
}

// rate fills in the severity and all ratings. others are those of any record of the same CVE.
func rate(f *finding.Finding, hits []hit, others []advisory.Rating) {
	var own []advisory.Rating
	for _, h := range hits {
		own = append(own, h.match.Ratings...)
		own = append(own, h.record.Ratings...)
	}
	f.Severity, f.SeveritySource = advisory.Choose(own, others)
	f.Ratings = advisory.SortRatings(append(own, others...))
}

func earliest(hits []hit, counts func(hit) bool) time.Time {
	var first time.Time
	for _, h := range hits {
		if t := h.record.Published; counts(h) && !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
