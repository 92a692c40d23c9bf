package advisory

import (
	"cmp"
	"slices"
	"strings"
)

// Choose returns the severity to show for a vulnerability of a package, and who says so.
//
// own are the ratings of the records that match the package, others those of any record of the
// same CVE. The distribution's word comes first (it knows how the package is built and used),
// then the ecosystem advisory's CVSS or word, then another record's, whose source is thereby
// named; if nobody says anything, the severity is unknown.
func Choose(own, others []Rating) (Severity, string) {
	for _, ratings := range [][]Rating{own, others} {
		best, found := Rating{}, false
		for _, r := range ratings {
			if r.Severity == SeverityUnknown {
				continue
			}
			if !found || compareWeight(r, best) < 0 {
				best, found = r, true
			}
		}
		if found {
			return best.Severity, best.Source
		}
	}
	return SeverityUnknown, ""
}

// compareWeight orders ratings by whose word counts: the distribution's before CVSS 4 before 3
// before 2 before a bare word. Between equals the worse counts, then the source's name.
func compareWeight(a, b Rating) int {
	return cmp.Or(cmp.Compare(weight(a), weight(b)), cmp.Compare(b.Severity, a.Severity),
		cmp.Compare(b.Score, a.Score), strings.Compare(a.Source, b.Source))
}

func weight(r Rating) int {
	switch {
	case r.Source == "debian/urgency" || r.Source == "ubuntu/priority":
		return 0
	case strings.HasPrefix(r.Vector, "CVSS:4"):
		return 1
	case strings.HasPrefix(r.Vector, "CVSS:3"):
		return 2
	case r.Vector != "":
		return 3
	default:
		return 4
	}
}

// SortRatings sorts ratings by source and vector and removes repetitions.
func SortRatings(ratings []Rating) []Rating {
	slices.SortFunc(ratings, func(a, b Rating) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Vector, b.Vector),
			cmp.Compare(a.Severity, b.Severity))
	})
	return slices.Compact(ratings)
}
