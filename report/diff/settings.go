package diff

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
)

// settings says what changed in the configuration. Of a target whose configuration is not known
// nothing can be said, and the coverage tells so.
func settings(a, b *report.Report) []Setting {
	if a.Coverage.States["config"] == inventory.Unknown || b.Coverage.States["config"] == inventory.Unknown {
		return []Setting{}
	}
	from, to := a.Target.Config, b.Target.Config
	list := []Setting{}
	text := func(field, from, to string) {
		if from != to {
			list = append(list, Setting{Field: field, Change: kindOf(from != "", to != ""), From: from, To: to})
		}
	}
	text("user", from.User, to.User)
	text("entrypoint", strings.Join(from.Entrypoint, " "), strings.Join(to.Entrypoint, " "))
	text("cmd", strings.Join(from.Cmd, " "), strings.Join(to.Cmd, " "))
	text("healthcheck", yes(from.Healthcheck), yes(to.Healthcheck))
	for _, port := range unique(from.ExposedPorts, to.ExposedPorts) {
		inA, inB := slices.Contains(from.ExposedPorts, port), slices.Contains(to.ExposedPorts, port)
		text("exposedPorts", given(port, inA), given(port, inB))
	}
	list = append(list, named("env", environment(from.Env), environment(to.Env), false)...)
	return append(list, named("labels", from.Labels, to.Labels, true)...)
}

func kindOf(inA, inB bool) Reason {
	switch {
	case inA && inB:
		return Replaced
	case inA:
		return Removed
	default:
		return Added
	}
}

func yes(is bool) string { return given("yes", is) }

func given(s string, is bool) string {
	if is {
		return s
	}
	return ""
}

// unique returns what is in either list, sorted.
func unique(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// environment takes NAME=value lists apart; the last of a name counts, as for a shell.
func environment(list []string) map[string]string {
	variables := make(map[string]string, len(list))
	for _, variable := range list {
		name, value, _ := strings.Cut(variable, "=")
		variables[name] = value
	}
	return variables
}

// named compares values by their names, and tells the values only if they may be told.
func named(field string, a, b map[string]string, tell bool) []Setting {
	var list []Setting
	for _, name := range unique(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b))) {
		from, inA := a[name]
		to, inB := b[name]
		if inA && inB && from == to {
			continue
		}
		s := Setting{Field: field, Name: name, Change: kindOf(inA, inB)}
		if tell {
			s.From, s.To = from, to
		}
		list = append(list, s)
	}
	return list
}

// coverage lists the dimensions in which something is missing, or that only one of the two has.
// Advisories of another release are no difference worth a word if both were seen in full, and
// what neither was looked at for was not asked for.
func coverage(a, b *report.Report) []Coverage {
	list := []Coverage{}
	for _, dimension := range unique(slices.Collect(maps.Keys(a.Coverage.States)), slices.Collect(maps.Keys(b.Coverage.States))) {
		inA, inB := stateOf(a, dimension), stateOf(b, dimension)
		one := cmp.Or(inA, inB)
		purlType, ofPackages := strings.CutPrefix(dimension, "packages/")
		switch {
		case inA == inB && (one == inventory.Full || one == inventory.NotRun):
		case strings.HasPrefix(dimension, "advisories/") && (inA == "" || inB == "") && one == inventory.Full:
		case ofPackages && (inA == "" || inB == "") && one == inventory.Full && !hasAny(a, purlType) && !hasAny(b, purlType):
			// The bill of materials that does not speak of it does not speak of other types either.
		default:
			list = append(list, Coverage{Dimension: dimension, A: inA, B: inB})
		}
	}
	return list
}

// stateOf returns a dimension's state. Packages of a type that a report does not speak of are not
// there if everything was looked through: only a bill of materials leaves that open.
func stateOf(r *report.Report, dimension string) inventory.State {
	if state, ok := r.Coverage.States[dimension]; ok {
		return state
	}
	if strings.HasPrefix(dimension, "packages/") && absentWell(r.Coverage) {
		return inventory.Full
	}
	return ""
}

func hasAny(r *report.Report, purlType string) bool {
	return slices.ContainsFunc(r.Packages, func(p inventory.Package) bool { return p.Type == purlType })
}

// absentWell tells whether types of packages that a coverage does not speak of are not there.
func absentWell(c inventory.Coverage) bool {
	_, others := c.States["packages/other"]
	return !others && hasPackages(c)
}

// LostSight tells whether B was seen worse than A in something that vulnerabilities depend on, so
// that new findings may be hidden.
func (d *Diff) LostSight() bool {
	order := []inventory.State{inventory.Full, inventory.Partial, inventory.Unknown, inventory.NotRun, ""}
	return slices.ContainsFunc(d.Coverage, func(c Coverage) bool {
		ofPackages := strings.HasPrefix(c.Dimension, "packages/")
		if !ofPackages && (c.B == "" || !strings.HasPrefix(c.Dimension, "advisories/")) {
			return false // the advisories of a release that B is not of
		}
		return slices.Index(order, c.B) > slices.Index(order, cmp.Or(c.A, inventory.Full))
	})
}
