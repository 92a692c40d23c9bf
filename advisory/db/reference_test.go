package db

import (
	"slices"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/ecosystem"
)

// referenceIsVulnerable is the OSV schema's evaluation, word for word
// (ossf.github.io/osv-schema, "Evaluation"), slow and without any preparation. The second result
// is false if a version that matters cannot be ordered.
func referenceIsVulnerable(ordering ecosystem.Ordering, a *advisory.Affected, version string) (vulnerable, decided bool) {
	if slices.ContainsFunc(a.Versions, func(listed string) bool {
		if listed == version {
			return true
		}
		order, err := ordering.Compare(listed, version)
		return err == nil && order == 0
	}) {
		return true, true
	}
	decided = true
	for _, r := range a.Ranges {
		if r.Type == advisory.GitRange {
			continue
		}
		in, ok := referenceInRange(ordering, r, version)
		if ok && in {
			return true, true
		}
		decided = decided && ok
	}
	return false, decided
}

func referenceInRange(ordering ecosystem.Ordering, r advisory.Range, version string) (in, decided bool) {
	decided = true
	compare := func(a, b string) int {
		order, err := ordering.Compare(a, b)
		decided = decided && err == nil
		return order
	}
	// atLeast is v >= edge; "0" is before every version, also as a fix.
	atLeast := func(e advisory.Event) bool {
		return e.Version == "0" && e.Kind != advisory.LastAffected || compare(version, e.Version) >= 0
	}
	for _, e := range r.Events {
		if e.Version != "0" && e.Version != "*" {
			compare(version, e.Version) // a range with any version that cannot be ordered decides nothing
		}
	}
	if !referenceBeforeLimits(r, version, compare) {
		return false, decided
	}
	for _, e := range referenceSorted(r.Events, compare) {
		switch {
		case e.Kind == advisory.Introduced && atLeast(e):
			in = true
		case e.Kind == advisory.Fixed && atLeast(e):
			in = false
		case e.Kind == advisory.LastAffected && compare(version, e.Version) > 0:
			in = false
		}
	}
	return in, decided
}

func referenceBeforeLimits(r advisory.Range, version string, compare func(a, b string) int) bool {
	limited := false
	for _, e := range r.Events {
		if e.Kind != advisory.Limit {
			continue
		}
		limited = true
		if e.Version == "*" || compare(version, e.Version) < 0 {
			return true
		}
	}
	return !limited
}

func referenceSorted(events []advisory.Event, compare func(a, b string) int) []advisory.Event {
	sorted := slices.DeleteFunc(slices.Clone(events), func(e advisory.Event) bool { return e.Kind == advisory.Limit })
	slices.SortStableFunc(sorted, func(a, b advisory.Event) int {
		zeroA := a.Version == "0" && a.Kind != advisory.LastAffected
		zeroB := b.Version == "0" && b.Kind != advisory.LastAffected
		switch {
		case zeroA && zeroB:
			return 0
		case zeroA:
			return -1
		case zeroB:
			return 1
		}
		return compare(a.Version, b.Version)
	})
	return sorted
}
