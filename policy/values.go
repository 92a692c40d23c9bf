package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/internal/strictyaml"
)

// patterns are the value of many criteria: any, a list of patterns of which one must match, or
// {notIn: list} of which none may.
type patterns[G fmt.Stringer] struct {
	any    bool
	listed []G
	not    bool
}

// holds tells whether a thing is one that is asked for.
func (p patterns[G]) holds(matches func(G) bool) bool {
	return p.any || slices.ContainsFunc(p.listed, matches) != p.not
}

// cel says the same in CEL: condition is what must hold of the pattern g.
func (p patterns[G]) cel(condition string) string {
	if p.any {
		return "true"
	}
	words := make([]string, len(p.listed))
	for i, g := range p.listed {
		words[i] = g.String()
	}
	text := celList(words) + ".exists(g, " + condition + ")"
	if p.not {
		return "!" + text
	}
	return text
}

// words says which patterns are meant.
func (p patterns[G]) words() string {
	if p.any {
		return ""
	}
	words := make([]string, len(p.listed))
	for i, g := range p.listed {
		words[i] = g.String()
	}
	if p.not {
		return "other than " + some(words, ", ")
	}
	return orList(words[:min(len(words), 3)]) + choose(len(words) > 3, fmt.Sprintf(" and %d more", len(words)-3), "")
}

// formPatterns is how patterns are written.
const formPatterns = "list of patterns, or {notIn: list}"

// readPatterns reads patterns; the word any only where orAny.
func readPatterns[G fmt.Stringer](d *decoder, n *yaml.Node, what string, orAny bool, parse func(string) (G, error)) (p patterns[G]) {
	read := func(n *yaml.Node, what string) {
		d.List(n, what, mostItems, func(n *yaml.Node, what string) {
			if g, ok := pattern(d, n, what, parse); ok {
				p.listed = append(p.listed, g)
			}
		})
	}
	switch {
	case n.Kind == yaml.MappingNode:
		p.not = true
		d.Mapping(n, what, strictyaml.Required("notIn", read))
	case n.Kind == yaml.ScalarNode && n.Value == "any" && orAny:
		p.any = true
	case n.Kind != yaml.SequenceNode:
		d.Problem(n, "%s is %s; write a list: [a, b]%s, or {notIn: [a, b]}", what, strictyaml.KindOf(n), choose(orAny, ", any", ""))
	default:
		read(n, what)
	}
	return p
}

// bytes reads a size: 500MB, 2GiB.
func (d *decoder) bytes(n *yaml.Node, what string) int64 {
	for _, unit := range []struct {
		name string
		size int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}} {
		digits, found := strings.CutSuffix(n.Value, unit.name)
		value, err := strconv.ParseInt(digits, 10, 64)
		if found && n.Kind == yaml.ScalarNode && err == nil && value > 0 && value <= 1<<40/unit.size && strings.Trim(digits, "0123456789") == "" {
			return value * unit.size
		}
	}
	d.Problem(n, "%s is %s; write a whole number and KB, MB, GB, KiB, MiB or GiB up to 1024GiB, such as 500MB", what, strictyaml.KindOf(n))
	return 1
}

// must reads a word that has to be true: the criterion says what is denied, and its opposite is
// said by leaving it out.
func (d *decoder) must(n *yaml.Node, what string) {
	if holds := d.Truth(n, what); holds != nil && !*holds {
		d.Problem(n, "%s is false, which denies nothing; write true, or leave it out", what)
	}
}

// bytesText is a size as people say it.
func bytesText(n int64) string {
	switch {
	case n >= 1e9:
		return strconv.FormatFloat(float64(n)/1e9, 'f', 1, 64) + " GB"
	case n >= 1e6:
		return strconv.FormatInt(n/1e6, 10) + " MB"
	default:
		return strconv.FormatInt(n/1e3, 10) + " kB"
	}
}

// hours is a duration as CEL's and Go's parsers have it.
func hours(d time.Duration) string { return strconv.Itoa(int(d/time.Hour)) + "h" }

// String is the pattern as it is written.
func (g glob) String() string { return string(g) }

// String is the pattern as it is written.
func (g packageGlob) String() string { return g.text }
