package db

import (
	"encoding/binary"
	"maps"
	"slices"

	"plimsoll.dev/plimsoll/advisory"
)

// assemblePackages encodes all packages, by name.
func (a *assembler) assemblePackages(parts *[sections][]byte) {
	names := slices.Sorted(maps.Keys(a.packages))
	items := make([]item, len(names))
	for i, name := range names {
		offset := len(parts[bodySection])
		p := a.packages[name]
		ranks := p.rankVersions()
		parts[bodySection] = a.appendPackage(parts[bodySection], p, ranks, len(parts[textSection]))
		parts[textSection] = ranks.appendTexts(parts[textSection])
		payload := binary.AppendUvarint(nil, uint64(offset))
		payload = binary.AppendUvarint(payload, uint64(len(parts[bodySection])-offset))
		items[i] = item{key: name, payload: payload}
	}
	parts[packageSection] = appendList(nil, items, true)
}

// ranking numbers the versions that the records of a package name: those with keys in their
// order, then the others by their text.
type ranking struct {
	keyed   []edge
	unkeyed []string
	rank    map[edge]int
}

func (p *compiledPackage) rankVersions() ranking {
	keyed, unkeyed := map[edge]bool{}, map[string]bool{}
	for _, entries := range p.releases {
		for i := range entries {
			entries[i].versions(func(at edge) {
				if at.key != "" {
					keyed[at] = true
				} else {
					unkeyed[at.text] = true
				}
			})
		}
	}
	r := ranking{rank: map[edge]int{}}
	r.keyed = slices.SortedFunc(maps.Keys(keyed), compareEdges)
	r.unkeyed = slices.Sorted(maps.Keys(unkeyed))
	for i, text := range r.unkeyed {
		r.rank[edge{text: text}] = len(r.keyed) + i
	}
	for i, at := range r.keyed {
		r.rank[at] = i
	}
	return r
}

// versions calls visit with every version that the entry names.
func (e *compiledEntry) versions(visit func(edge)) {
	for _, i := range e.intervals {
		if i.hasLower {
			visit(i.lower)
		}
		if i.kind != noUpper {
			visit(i.upper)
		}
	}
	for _, at := range e.listed {
		visit(at)
	}
	for _, r := range e.unordered {
		for _, event := range r.Events {
			visit(edge{text: event.Version})
		}
	}
}

// appendTexts appends the two lists of versions.
func (r *ranking) appendTexts(dst []byte) []byte {
	keyed, unkeyed := make([]item, len(r.keyed)), make([]item, len(r.unkeyed))
	for i, at := range r.keyed {
		keyed[i].key = at.text
	}
	for i, text := range r.unkeyed {
		unkeyed[i].key = text
	}
	return append(appendList(dst, keyed, false), appendList(nil, unkeyed, false)...)
}

func (r *ranking) appendKeys(dst []byte) []byte {
	previous := ""
	for _, at := range r.keyed {
		shared := sharedPrefix(previous, at.key)
		dst = binary.AppendUvarint(dst, uint64(shared))
		dst = appendString(dst, at.key[shared:])
		previous = at.key
	}
	return dst
}

// appendPackage appends what is looked up: see bodySection.
func (a *assembler) appendPackage(dst []byte, p *compiledPackage, ranks ranking, texts int) []byte {
	for _, n := range []int{len(ranks.keyed), len(ranks.unkeyed), texts} {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	dst = appendString(dst, string(ranks.appendKeys(nil)))
	dst = binary.AppendUvarint(dst, uint64(len(p.releases)))
	for _, release := range slices.Sorted(maps.Keys(p.releases)) {
		entries := p.releases[release]
		slices.SortStableFunc(entries, func(x, y compiledEntry) int { return x.record.index - y.record.index })
		var encoded []byte
		count, previous, last := 0, 0, ""
		for i := range entries {
			index := entries[i].record.index
			body := string(a.appendEntry(nil, &entries[i], ranks))
			if count > 0 && index == previous && body == last {
				continue // some records say the same twice
			}
			encoded = binary.AppendUvarint(encoded, uint64(index-previous))
			encoded = appendString(encoded, body)
			count, previous, last = count+1, index, body
		}
		dst = binary.AppendUvarint(dst, uint64(a.names[release]))
		dst = binary.AppendUvarint(dst, uint64(count))
		dst = appendString(dst, string(encoded))
	}
	return dst
}

// appendEntry appends an entry: see affectedBits.
func (a *assembler) appendEntry(dst []byte, e *compiledEntry, ranks ranking) []byte {
	flags := affectedIntervalUnit * uint64(len(e.intervals))
	for _, bit := range []struct {
		set  bool
		flag uint64
	}{{e.wontFix, affectedWontFix}, {len(e.ratings) > 0, affectedRated},
		{len(e.listed) > 0, affectedListed}, {len(e.unordered) > 0, affectedUnordered}} {
		if bit.set {
			flags |= bit.flag
		}
	}
	dst = binary.AppendUvarint(dst, flags)
	for _, i := range e.intervals {
		lower, upper := 0, 0
		if i.hasLower {
			lower = ranks.rank[i.lower] + 1
		}
		if i.kind != noUpper {
			upper = ranks.rank[i.upper]*4 + int(i.kind)
		}
		dst = binary.AppendUvarint(dst, uint64(lower))
		dst = binary.AppendUvarint(dst, uint64(upper))
	}
	if len(e.listed) > 0 {
		dst = appendRuns(dst, e.listed, ranks)
	}
	if len(e.unordered) > 0 {
		dst = binary.AppendUvarint(dst, uint64(len(e.unordered)))
		for _, r := range e.unordered {
			dst = binary.AppendUvarint(dst, uint64(len(r.Events)))
			for _, event := range r.Events {
				kind := int(event.Kind - advisory.Introduced)
				dst = binary.AppendUvarint(dst, uint64(ranks.rank[edge{text: event.Version}]*4+kind))
			}
		}
	}
	if len(e.ratings) > 0 {
		dst = a.appendRatings(dst, e.record.ID, e.ratings)
	}
	return dst
}

// appendRuns appends the ranks of listed versions as runs.
func appendRuns(dst []byte, listed []edge, ranks ranking) []byte {
	var sorted []int
	for _, at := range listed {
		sorted = append(sorted, ranks.rank[at])
	}
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	var runs []byte
	count, end := 0, 0
	for len(sorted) > 0 {
		length := 1
		for length < len(sorted) && sorted[length] == sorted[0]+length {
			length++
		}
		runs = binary.AppendUvarint(runs, uint64(sorted[0]-end))
		runs = binary.AppendUvarint(runs, uint64(length))
		count, end, sorted = count+1, sorted[0]+length, sorted[length:]
	}
	dst = binary.AppendUvarint(dst, uint64(count))
	return append(dst, runs...)
}
