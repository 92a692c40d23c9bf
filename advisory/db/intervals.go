package db

import (
	"cmp"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/ecosystem"
)

// beforeAll is OSV's "0", the version before every other.
const beforeAll = "0"

// edge is a version where an interval begins or ends, with its key.
type edge struct{ key, text string }

// upperKind says how an interval ends.
type upperKind uint8

// The ways to end. What a limit cuts off is not known to be fixed.
const (
	noUpper    upperKind = iota
	fixedUpper           // before the version, which is the fix
	lastUpper            // with the version
	limitUpper           // before the version
)

// keyring makes the keys of versions, each once: records repeat them many times over.
type keyring struct {
	ordering ecosystem.Ordering
	prefix   string          // of every key
	edges    map[string]edge // by text; an edge without a key is refused
	scratch  []byte
}

func newKeyring(ordering ecosystem.Ordering, prefix string) *keyring {
	return &keyring{ordering: ordering, prefix: prefix, edges: map[string]edge{}}
}

// keyPrefix is what the keys of an ordering begin with in the shard of a base ecosystem. Where the
// releases of one are ordered in different ways it is a byte for the ordering, so that the
// versions of a package can lie in one list: keys of different orderings are never compared.
func keyPrefix(base string, ordering ecosystem.Ordering) string {
	if !ecosystem.HasManyOrderings(base) {
		return ""
	}
	return string([]byte{byte(ordering)})
}

// edge returns a version with its key; false if it has none.
func (k *keyring) edge(text string) (edge, bool) {
	at, known := k.edges[text]
	if !known {
		text = strings.Clone(text)
		at = edge{text: text}
		if key, err := k.ordering.AppendKey(append(k.scratch[:0], k.prefix...), text); err == nil {
			at.key, k.scratch = string(key), key
		}
		k.edges[text] = at
	}
	return at, at.key != ""
}

// interval is a set of versions without gaps: from lower, which is in it (from the very
// beginning if hasLower is false), to upper.
type interval struct {
	lower    edge
	hasLower bool
	upper    edge
	kind     upperKind
}

// everything tells whether the interval holds all versions.
func (i interval) everything() bool { return !i.hasLower && i.kind == noUpper }

// holds tells whether a version with this key is in the interval.
func (i interval) holds(key string) bool {
	if i.hasLower && key < i.lower.key {
		return false
	}
	switch i.kind {
	case noUpper:
		return true
	case lastUpper:
		return key <= i.upper.key
	default:
		return key < i.upper.key
	}
}

// compileRanges turns OSV's ranges into sorted intervals that do not touch, by the schema's
// evaluation (ossf.github.io/osv-schema, "Evaluation"). Git ranges hold no package version.
// Ranges that cannot be ordered are returned as they are, with the count of versions that the
// ordering refuses.
func compileRanges(keys *keyring, ranges []advisory.Range) (ordered []interval, unordered []advisory.Range, refused int) {
	for _, r := range ranges {
		if r.Type == advisory.GitRange || len(r.Events) == 0 {
			continue
		}
		if isEverything(r) {
			ordered = append(ordered, interval{})
			continue
		}
		if keys.ordering == ecosystem.Unordered {
			unordered = append(unordered, keys.intern(r))
			continue
		}
		points, limit, bad := sortEvents(keys, r.Events)
		if bad > 0 {
			refused += bad
			unordered = append(unordered, keys.intern(r))
			continue
		}
		ordered = append(ordered, cut(walk(points), limit)...)
	}
	return unite(ordered), unordered, refused
}

// intern returns the range with the keyring's own strings.
func (k *keyring) intern(r advisory.Range) advisory.Range {
	for i := range r.Events {
		at, _ := k.edge(r.Events[i].Version)
		r.Events[i].Version = at.text
	}
	return r
}

// isEverything tells whether a range holds every version in whatever order.
func isEverything(r advisory.Range) bool {
	return !slices.ContainsFunc(r.Events, func(e advisory.Event) bool {
		return e.Kind != advisory.Introduced || e.Version != beforeAll
	})
}

// point is an event at a place of the order.
type point struct {
	kind advisory.EventKind
	edge edge
	zero bool // before every version
}

// sortEvents sorts events by version. Events of the same version stay in the record's order,
// which is the only word on which comes first. It returns the last limit apart, nil if there is
// none, and how many versions have no key.
//
// "0" is before every version also in a fix: Alpine's security database says so of packages that
// were never affected.
func sortEvents(keys *keyring, events []advisory.Event) (points []point, limit *edge, refused int) {
	unlimited := false
	for _, e := range events {
		if e.Version == beforeAll && (e.Kind == advisory.Introduced || e.Kind == advisory.Fixed) {
			points = append(points, point{kind: e.Kind, zero: true})
			continue
		}
		if e.Kind == advisory.Limit && e.Version == "*" {
			unlimited = true
			continue
		}
		at, ok := keys.edge(e.Version)
		if !ok {
			refused++
			continue
		}
		if e.Kind != advisory.Limit {
			points = append(points, point{kind: e.Kind, edge: at})
		} else if limit == nil || at.key > limit.key {
			limit = &at
		}
	}
	if unlimited {
		limit = nil
	}
	slices.SortStableFunc(points, comparePoints)
	return points, limit, refused
}

func comparePoints(a, b point) int {
	switch {
	case a.zero && b.zero:
		return 0
	case a.zero:
		return -1
	case b.zero:
		return 1
	default:
		return strings.Compare(a.edge.key, b.edge.key)
	}
}

// walk goes through sorted events and returns where "vulnerable" holds. For each version that
// has events it looks at two places: the version itself, where introduced and fixed count, and
// just behind it, where last_affected counts too.
func walk(points []point) (intervals []interval) {
	vulnerable := false
	var open interval
	for len(points) > 0 {
		same := 1
		for same < len(points) && comparePoints(points[0], points[same]) == 0 {
			same++
		}
		at, behind, fix := vulnerable, vulnerable, edge{}
		for _, p := range points[:same] {
			switch p.kind {
			case advisory.Introduced:
				at, behind = true, true
			case advisory.Fixed:
				at, behind, fix = false, false, p.edge
			case advisory.LastAffected:
				behind = false
			}
		}
		here := points[0]
		if at && !vulnerable {
			open = interval{lower: here.edge, hasLower: !here.zero}
		}
		if vulnerable && !at {
			open.upper, open.kind = fix, fixedUpper
			intervals = append(intervals, open)
		}
		if at && !behind {
			open.upper, open.kind = here.edge, lastUpper
			intervals = append(intervals, open)
		}
		vulnerable, points = behind, points[same:]
	}
	if vulnerable {
		intervals = append(intervals, open)
	}
	return intervals
}

// cut ends intervals at a limit.
func cut(intervals []interval, limit *edge) []interval {
	if limit == nil {
		return intervals
	}
	var within []interval
	for _, i := range intervals {
		if i.hasLower && i.lower.key >= limit.key {
			continue
		}
		if i.kind == noUpper || i.upper.key > limit.key || i.kind == lastUpper && i.upper.key == limit.key {
			i.upper, i.kind = *limit, limitUpper
		}
		within = append(within, i)
	}
	return within
}

// unite sorts intervals and joins those that overlap or touch, so that the end of the one that
// holds a version is what really mends it.
func unite(intervals []interval) []interval {
	slices.SortStableFunc(intervals, func(a, b interval) int {
		if a.hasLower != b.hasLower {
			if a.hasLower {
				return 1
			}
			return -1
		}
		return cmp.Or(strings.Compare(a.lower.key, b.lower.key), compareUppers(a, b))
	})
	var united []interval
	for _, next := range intervals {
		if len(united) == 0 {
			united = append(united, next)
			continue
		}
		last := &united[len(united)-1]
		if last.kind != noUpper && next.hasLower && next.lower.key > last.upper.key {
			united = append(united, next)
			continue
		}
		if compareUppers(next, *last) > 0 {
			last.upper, last.kind = next.upper, next.kind
		}
	}
	return united
}

// compareUppers orders intervals by their ends. Of a fix and a limit at the same version the fix
// counts as later, so that it is the one that is named.
func compareUppers(a, b interval) int {
	switch {
	case a.kind == noUpper && b.kind == noUpper:
		return 0
	case a.kind == noUpper:
		return 1
	case b.kind == noUpper:
		return -1
	}
	weight := [...]int{limitUpper: 0, fixedUpper: 1, lastUpper: 2}
	return cmp.Or(strings.Compare(a.upper.key, b.upper.key), cmp.Compare(weight[a.kind], weight[b.kind]))
}
