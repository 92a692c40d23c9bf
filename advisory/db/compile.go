package db

import (
	"cmp"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/ecosystem"
)

// compiledRecord is an advisory as one shard keeps it.
type compiledRecord struct {
	advisory.Advisory // without aliases, upstream, related and affected

	erratum bool
	cves    []advisory.CVE
	aliases []string
	index   int // among the shard's records, known when all are there
}

// compiledEntry is what a record says of one package in one release.
type compiledEntry struct {
	record    *compiledRecord
	intervals []interval
	unordered []advisory.Range
	listed    []edge // an empty key: the ordering refuses the version, or there is none
	ratings   []advisory.Rating
	wontFix   bool
	ranged    bool // the record states a range of versions
}

// compileRecord keeps the facts of an advisory.
func compileRecord(a advisory.Advisory) *compiledRecord {
	c := &compiledRecord{Advisory: a, erratum: isErratum(a.ID)}
	c.Aliases, c.Upstream, c.Related, c.Affected = nil, nil, nil, nil
	names := slices.Concat([]string{a.ID}, a.Aliases, a.Upstream)
	if relatesToWhatItMends(a.ID) {
		names = append(names, a.Related...)
	}
	for _, name := range names {
		if cve, ok := advisory.ParseCVE(name); ok {
			c.cves = append(c.cves, cve)
		}
	}
	slices.SortFunc(c.cves, advisory.CVE.Compare)
	c.cves = slices.Compact(c.cves)
	for _, alias := range a.Aliases {
		if _, isCVE := advisory.ParseCVE(alias); !isCVE && alias != a.ID {
			c.aliases = append(c.aliases, alias)
		}
	}
	slices.Sort(c.aliases)
	c.aliases = slices.Compact(c.aliases)
	return c
}

// erratumPrefixes begin the ids of records that announce a fix: Debian (security, long-term
// support, testing), Ubuntu (notices, kernel livepatches), AlmaLinux, Red Hat, Rocky Linux, SUSE
// and openSUSE (security, recommended, optional, feature updates).
func erratumPrefixes() []string {
	return []string{"DSA-", "DLA-", "DTSA-", "USN-", "LSN-", "ALSA-", "ALBA-", "ALEA-", "RHSA-", "RHBA-", "RHEA-",
		"RLSA-", "RLBA-", "RLEA-", "RXSA-", "SUSE-SU-", "SUSE-RU-", "SUSE-OU-", "SUSE-FU-",
		"openSUSE-SU-", "openSUSE-RU-", "openSUSE-OU-", "openSUSE-FU-"}
}

func isErratum(id string) bool {
	return slices.ContainsFunc(erratumPrefixes(), func(prefix string) bool { return strings.HasPrefix(id, prefix) })
}

// relatesToWhatItMends tells whether a record names the CVEs that it mends under "related", where
// others name what is merely near. Debian's errata have them in "upstream".
func relatesToWhatItMends(id string) bool {
	return isErratum(id) && !strings.HasPrefix(id, "D")
}

// compileEntry evaluates what it can beforehand: ranges become intervals, and listed versions
// that an interval holds are dropped. The count is of versions that the ordering refuses.
func compileEntry(record *compiledRecord, a *advisory.Affected, keys *keyring) (compiledEntry, int) {
	e := compiledEntry{record: record, ratings: a.Ratings, wontFix: a.WontFix}
	e.ranged = slices.ContainsFunc(a.Ranges, func(r advisory.Range) bool { return r.Type != advisory.GitRange })
	var refused int
	e.intervals, e.unordered, refused = compileRanges(keys, a.Ranges)
	if len(e.intervals) > 0 && e.intervals[0].everything() {
		e.unordered = nil // they add nothing
		return e, refused
	}
	for _, version := range a.Versions {
		at, ok := keys.edge(version)
		if !ok && keys.ordering != ecosystem.Unordered {
			refused++
		}
		if !ok || !slices.ContainsFunc(e.intervals, func(i interval) bool { return i.holds(at.key) }) {
			e.listed = append(e.listed, at)
		}
	}
	slices.SortFunc(e.listed, compareEdges)
	e.listed = slices.Compact(e.listed)
	return e, refused
}

// matters tells whether the entry says anything of versions: which are affected, or that none is, as
// Alpine and Wolfi say by a fix in 0.
func (e *compiledEntry) matters() bool { return e.ranged || len(e.listed) > 0 }

func compareEdges(a, b edge) int {
	return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.text, b.text))
}
