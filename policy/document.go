package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding/imageconfig"
	"plimsoll.dev/plimsoll/verdict"
)

// apiVersion is the version of the language.
const apiVersion = "plimsoll.dev/v1"

// topLevel names a document in messages.
const topLevel = "the policy"

// policy reads one document. It also returns the node of the policy's name, nil if it has none.
func (d *decoder) policy(n *yaml.Node) (p Policy, name *yaml.Node) {
	p.defaults = defaults{onUnknown: verdict.Deny, onError: verdict.Deny, onStale: Stale{AdmittedBefore: verdict.Deny, New: verdict.Deny}}
	if kind, ok := member(n, "kind"); ok && kind.Kind == yaml.ScalarNode && kind.Value != "Policy" {
		// What else is wrong with a document of another kind is not for this reader to say.
		d.problem(kind, "kind is %s; a policy file holds documents of the kind Policy alone: move this one to a file of its own", quote(kind.Value))
		return p, nil
	}
	d.mapping(n, topLevel,
		field{"apiVersion", true, func(n *yaml.Node, what string) { d.choice(n, what, apiVersion) }},
		field{"kind", true, func(n *yaml.Node, what string) { d.choice(n, what, "Policy") }},
		field{"metadata", true, func(n *yaml.Node, what string) { name = d.metadata(n, what, &p) }},
		field{"scope", false, func(n *yaml.Node, what string) { p.scope = d.scope(n, what) }},
		field{"actions", false, func(n *yaml.Node, what string) { p.actions = d.actions(n, what) }},
		field{"defaults", false, func(n *yaml.Node, what string) { d.defaults(n, what, &p.defaults) }},
		field{"waivers", false, func(n *yaml.Node, what string) { p.waivers = d.waiverTerms(n, what) }},
		field{"rules", true, func(n *yaml.Node, what string) { p.rules = d.rules(n, what) }},
	)
	return p, name
}

func (d *decoder) metadata(n *yaml.Node, what string, p *Policy) (name *yaml.Node) {
	d.mapping(n, what,
		field{"name", true, func(n *yaml.Node, what string) { name, p.name = n, d.identifier(n, what) }},
		field{"owner", false, func(n *yaml.Node, what string) { p.owner = d.text(n, what) }},
		field{"version", false, func(n *yaml.Node, what string) { p.version = d.version(n, what) }},
	)
	return name
}

func (d *decoder) version(n *yaml.Node, what string) int {
	version, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || version < 1 || strconv.Itoa(version) != n.Value {
		d.problem(n, "%s is %s; write a whole number from 1, and raise it with each change", what, kindOf(n))
	}
	return version
}

func (d *decoder) scope(n *yaml.Node, what string) (s scope) {
	globs := func(into *[]glob) func(*yaml.Node, string) {
		return func(n *yaml.Node, what string) {
			d.list(n, what, mostItems, func(n *yaml.Node, what string) {
				if g, ok := pattern(d, n, what, parseRepositoryGlob); ok {
					*into = append(*into, g)
				}
			})
		}
	}
	d.mapping(n, what, field{"images", false, globs(&s.images)}, field{"except", false, globs(&s.except)})
	return s
}

// pattern reads a pattern with the parser of its kind.
func pattern[G any](d *decoder, n *yaml.Node, what string, parse func(string) (G, error)) (g G, ok bool) {
	s, ok := d.word(n, what)
	if !ok {
		return g, false
	}
	g, err := parse(s)
	if err != nil {
		d.problem(n, "%s: %s", what, err)
		return g, false
	}
	return g, true
}

func (d *decoder) actions(n *yaml.Node, what string) actions {
	a := actions{}
	var fields []field
	for _, stage := range verdict.Stages() {
		fields = append(fields, field{string(stage), false, func(n *yaml.Node, what string) {
			if at := d.choice(n, what, "off", "warn", "deny"); at >= 0 {
				a[stage] = []verdict.Outcome{verdict.Allow, verdict.Warn, verdict.Deny}[at]
			}
		}})
	}
	d.mapping(n, what, fields...)
	return a
}

func (d *decoder) defaults(n *yaml.Node, what string, into *defaults) {
	d.mapping(n, what,
		field{"onUnknown", false, func(n *yaml.Node, what string) { d.notAPass(n, what, &into.onUnknown) }},
		field{"onError", false, func(n *yaml.Node, what string) { d.notAPass(n, what, &into.onError) }},
		field{"onStale", false, func(n *yaml.Node, what string) {
			d.mapping(n, what,
				field{"admittedBefore", false, func(n *yaml.Node, what string) { d.notAPass(n, what, &into.onStale.AdmittedBefore) }},
				field{"new", false, func(n *yaml.Node, what string) { d.notAPass(n, what, &into.onStale.New) }})
		}},
		field{"unknownSeverity", false, func(n *yaml.Node, what string) {
			// Not "unknown": that is what it means to leave the key out.
			if at := d.choice(n, what, "critical", "high", "medium", "low", "negligible"); at >= 0 {
				into.unknownSeverity = advisory.Critical - advisory.Severity(at)
			}
		}},
		field{"maxDatabaseAge", false, func(n *yaml.Node, what string) { into.maxDatabaseAge = d.duration(n, what) }},
		field{"verdictMaxAge", false, func(n *yaml.Node, what string) { into.verdictMaxAge = d.duration(n, what) }},
	)
}

// notAPass reads what to do where nothing can be said. To allow is not among the choices.
func (d *decoder) notAPass(n *yaml.Node, what string, into *verdict.Outcome) {
	if n.Kind == yaml.ScalarNode && slices.Contains([]string{"allow", "off", "pass"}, n.Value) {
		d.problem(n, "%s is %q, and what is not known never counts as a pass; write warn or deny", what, n.Value)
		return
	}
	switch d.choice(n, what, "warn", "deny") {
	case 0:
		*into = verdict.Warn
	case 1:
		*into = verdict.Deny
	}
}

// duration reads whole hours or days: 72h, 14d. A day has 24 hours.
func (d *decoder) duration(n *yaml.Node, what string) time.Duration {
	const longest = 3650 * 24 * time.Hour
	digits, unit := strings.TrimRight(n.Value, "hd"), time.Hour
	if strings.HasSuffix(n.Value, "d") {
		unit = 24 * time.Hour
	}
	count, err := strconv.Atoi(digits)
	if n.Kind != yaml.ScalarNode || len(digits)+1 != len(n.Value) || strings.Trim(digits, "0123456789") != "" ||
		err != nil || count < 1 || count > int(longest/unit) {
		d.problem(n, "%s is %s; write a number of hours or days up to 3650d, such as 72h or 14d", what, kindOf(n))
		return 0
	}
	return time.Duration(count) * unit
}

func (d *decoder) rules(n *yaml.Node, what string) []rule {
	var rules []rule
	lines := map[string]int{}
	d.list(n, what, mostRules, func(n *yaml.Node, _ string) {
		r, id := d.rule(n)
		switch line, twice := lines[r.id]; {
		case id == nil:
		case slices.Contains(ownIDs(), r.id):
			d.problem(id, "rule id %q is one of Plimsoll's own; choose another", r.id)
		case twice:
			d.problem(id, "rule id %q stands already in line %d; give each rule an id of its own", r.id, line)
		default:
			lines[r.id] = id.Line
		}
		rules = append(rules, r)
	})
	return rules
}

func (d *decoder) rule(n *yaml.Node) (r rule, id *yaml.Node) {
	r.atLeast = 1
	d.mapping(n, "rule",
		field{"id", true, func(n *yaml.Node, what string) { id, r.id = n, d.identifier(n, what) }},
		field{"deny", false, func(n *yaml.Node, _ string) { d.criteria(n, "deny", &r) }},
		field{"where", false, func(n *yaml.Node, what string) { d.where(n, what, &r) }},
		field{"expr", false, func(n *yaml.Node, what string) { d.expr(n, what, &r) }},
		field{"message", false, func(n *yaml.Node, what string) { r.message = d.message(n, what) }},
		field{"actions", false, func(n *yaml.Node, what string) { r.actions = d.actions(n, what) }},
	)
	ways := 0
	for _, key := range []string{"deny", "where", "expr"} {
		if _, ok := member(n, key); ok {
			ways++
		}
	}
	if n.Kind == yaml.MappingNode && ways != 1 {
		d.problem(n, "a rule has %s; write one of deny, where and expr", choose(ways == 0, "nothing that it asks", "more than one of deny, where and expr"))
	}
	return r, id
}

// message reads a rule's own words. {{.Count}} in it stands for the number of offenders.
func (d *decoder) message(n *yaml.Node, what string) string {
	s := d.text(n, what)
	if rest := countPattern().ReplaceAllString(s, ""); strings.Contains(rest, "{{") || strings.Contains(rest, "}}") {
		d.problem(n, "%s holds a placeholder that is not known; the only one is {{.Count}}", what)
	}
	return s
}

func countPattern() *regexp.Regexp { return regexp.MustCompile(`\{\{ *\.Count *\}\}`) }

// criteria reads what a rule denies. Criteria of the image go with any others; those of anything
// else must be of one kind, for no finding is a package, and no package is a file.
func (d *decoder) criteria(n *yaml.Node, what string, r *rule) {
	r.about = aboutImage
	var fields []field
	for _, c := range allCriteria() {
		fields = append(fields, field{c.name, false, func(n *yaml.Node, what string) {
			t := c.read(d, n, what)
			t.criterion = c
			r.tests = append(r.tests, t)
			switch {
			case r.about == aboutImage:
				r.about = c.about
			case c.about != aboutImage && c.about != r.about:
				d.problem(n, "%s is asked of each %s, and the rule of each %s; write two rules", what, c.about, r.about)
			}
		}})
	}
	fields = append(fields, field{"atLeast", false, func(n *yaml.Node, what string) { r.atLeast = d.whole(n, what) }})
	d.mapping(n, what, fields...)
	switch {
	case n.Kind != yaml.MappingNode:
	case len(n.Content) == 0:
		d.problem(n, "%s is empty; name at least one criterion, such as severity, fixable, kev, package or config", what)
	case r.atLeast > 1 && r.about == aboutImage:
		d.problem(n, "%s.atLeast counts what the rule is asked of, and this one is asked of the image; leave it out", what)
	case len(r.tests) == 0 && r.atLeast >= 1 && len(d.problems) == 0:
		d.problem(n, "%s counts, and does not say what; name at least one criterion", what)
	}
}

func (d *decoder) severities(n *yaml.Node, what string) (severities []advisory.Severity) {
	d.list(n, what, mostItems, func(n *yaml.Node, what string) {
		at := d.choice(n, what, "critical", "high", "medium", "low", "negligible", "unknown")
		if at < 0 {
			return
		}
		severity := advisory.Critical - advisory.Severity(at)
		if slices.Contains(severities, severity) {
			d.problem(n, "%s names %s twice; keep one of them", what, severity)
		}
		severities = append(severities, severity)
	})
	return severities
}

func (d *decoder) config(n *yaml.Node, what string) (checks []string) {
	d.list(n, what, mostItems, func(n *yaml.Node, what string) {
		if at := d.choice(n, what, imageconfig.Known()...); at >= 0 {
			checks = append(checks, imageconfig.Known()[at])
		}
	})
	return checks
}

// waiverTerms reads whose waivers count, and for how long.
func (d *decoder) waiverTerms(n *yaml.Node, what string) (terms waiverTerms) {
	terms.longest = map[advisory.Severity]time.Duration{}
	var severities []field
	for i, name := range []string{"critical", "high", "medium", "low", "negligible", "unknown"} {
		severities = append(severities, field{name, false, func(n *yaml.Node, what string) {
			terms.longest[advisory.Critical-advisory.Severity(i)] = d.duration(n, what)
		}})
	}
	d.mapping(n, what,
		field{"approvers", false, func(n *yaml.Node, what string) {
			d.list(n, what, mostItems, func(n *yaml.Node, what string) {
				terms.approvers = append(terms.approvers, d.text(n, what))
			})
		}},
		field{"longest", false, func(n *yaml.Node, what string) { d.mapping(n, what, severities...) }})
	return terms
}
