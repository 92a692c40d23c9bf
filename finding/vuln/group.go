package vuln

import (
	"maps"
	"slices"
)

// group is one vulnerability and the records that speak of it.
type group struct {
	id   string // a CVE, else the first of the records' own ids
	hits []hit
}

// groupByVulnerability joins records of one package. A record that names CVEs stands in the row
// of each. One that names none joins the CVE rows of records it shares a name with; those that
// are left are joined by shared names alone. Names are joined only within one package: alias
// chains across packages merge what is not the same (grype#3511).
func groupByVulnerability(hits []hit) []group {
	byID := map[string][]hit{}
	cvesOf := map[string][]string{} // any name of a record with CVEs → those CVEs
	var nameless []hit
	for _, h := range hits {
		if len(h.record.CVEs) == 0 {
			nameless = append(nameless, h)
			continue
		}
		for _, cve := range h.record.CVEs {
			byID[cve] = append(byID[cve], h)
		}
		if len(h.record.CVEs) == 1 {
			for _, name := range namesOf(h) {
				cvesOf[name] = append(cvesOf[name], h.record.CVEs...)
			}
		}
	}
	for _, component := range components(nameless) {
		var cves []string
		for _, h := range component {
			for _, name := range namesOf(h) {
				cves = append(cves, cvesOf[name]...)
			}
		}
		slices.Sort(cves)
		for _, cve := range slices.Compact(cves) {
			byID[cve] = append(byID[cve], component...)
		}
		if len(cves) == 0 {
			id := component[0].record.ID
			byID[id] = append(byID[id], component...)
		}
	}
	groups := make([]group, 0, len(byID))
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		groups = append(groups, group{id: id, hits: byID[id]})
	}
	return groups
}

// components joins records that share a name, directly or through others; each component and
// their list keep the order of hits.
func components(hits []hit) [][]hit {
	parent := make([]int, len(hits))
	for i := range parent {
		parent[i] = i
	}
	root := func(i int) int {
		for parent[i] != i {
			i = parent[i]
		}
		return i
	}
	first := map[string]int{}
	for i, h := range hits {
		for _, name := range namesOf(h) {
			j, seen := first[name]
			if !seen {
				first[name] = i
				continue
			}
			a, b := root(i), root(j)
			parent[max(a, b)] = min(a, b)
		}
	}
	var list [][]hit
	index := map[int]int{}
	for i, h := range hits {
		r := root(i)
		if _, ok := index[r]; !ok {
			index[r] = len(list)
			list = append(list, nil)
		}
		list[index[r]] = append(list[index[r]], h)
	}
	return list
}

func namesOf(h hit) []string { return append([]string{h.record.ID}, h.record.Aliases...) }
