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
	"plimsoll.dev/plimsoll/internal/strictyaml"
	"plimsoll.dev/plimsoll/verdict"
)

// apiVersion is the version of the language.
const apiVersion = "plimsoll.dev/v1"

// policy reads one document. It also returns the node of the policy's name, nil if it has none.
func (d *decoder) policy(n *yaml.Node) (p Policy, name *yaml.Node) {
	d.named = nil
	p.place = place{n.Line, n.Column}
	p.defaults = defaults{onUnknown: verdict.Deny, onError: verdict.Deny, onStale: Stale{AdmittedBefore: verdict.Deny, New: verdict.Deny}}
	if kind, ok := strictyaml.Member(n, "kind"); ok && kind.Kind == yaml.ScalarNode && kind.Value != "Policy" {
		// What else is wrong with a document of another kind is not for this reader to say.
		d.Problem(kind, "kind is %s; a policy file holds documents of the kind Policy alone: move this one to a file of its own", strictyaml.Quote(kind.Value))
		return p, nil
	}
	d.Mapping(n, d.Top(),
		strictyaml.Required("apiVersion", func(n *yaml.Node, what string) { d.Choice(n, what, apiVersion) }),
		strictyaml.Required("kind", func(n *yaml.Node, what string) { d.Choice(n, what, "Policy") }),
		strictyaml.Required("metadata", func(n *yaml.Node, what string) { name = d.metadata(n, what, &p) }),
		strictyaml.Optional("scope", func(n *yaml.Node, what string) { p.scope = d.scope(n, what) }),
		strictyaml.Optional("actions", func(n *yaml.Node, what string) { p.actions = d.actions(n, what) }),
		strictyaml.Optional("defaults", func(n *yaml.Node, what string) { d.defaults(n, what, &p.defaults) }),
		strictyaml.Optional("waivers", func(n *yaml.Node, what string) { p.waivers = d.waiverTerms(n, what) }),
		strictyaml.Optional("vex", func(n *yaml.Node, what string) {
			d.Mapping(n, what, strictyaml.Required("signers", func(n *yaml.Node, what string) { p.vexSigners = d.names(n, what) }))
		}),
		strictyaml.Required("rules", func(n *yaml.Node, what string) { p.rules = d.rules(n, what) }),
	)
	p.signers = d.named
	return p, name
}

func (d *decoder) metadata(n *yaml.Node, what string, p *Policy) (name *yaml.Node) {
	d.Mapping(n, what,
		strictyaml.Required("name", func(n *yaml.Node, what string) { name, p.name = n, d.Identifier(n, what) }),
		strictyaml.Optional("owner", func(n *yaml.Node, what string) { p.owner = d.Text(n, what) }),
		strictyaml.Optional("version", func(n *yaml.Node, what string) { p.version = d.version(n, what) }),
	)
	return name
}

func (d *decoder) version(n *yaml.Node, what string) int {
	version, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || version < 1 || strconv.Itoa(version) != n.Value {
		d.Problem(n, "%s is %s; write a whole number from 1, and raise it with each change", what, strictyaml.KindOf(n))
	}
	return version
}

func (d *decoder) scope(n *yaml.Node, what string) (s scope) {
	globs := func(into *[]glob) func(*yaml.Node, string) {
		return func(n *yaml.Node, what string) {
			d.List(n, what, mostItems, func(n *yaml.Node, what string) {
				if g, ok := pattern(d, n, what, parseRepositoryGlob); ok {
					*into = append(*into, g)
				}
			})
		}
	}
	d.Mapping(n, what, strictyaml.Optional("images", globs(&s.images)), strictyaml.Optional("except", globs(&s.except)))
	return s
}

// pattern reads a pattern with the parser of its kind.
func pattern[G any](d *decoder, n *yaml.Node, what string, parse func(string) (G, error)) (g G, ok bool) {
	s, ok := d.Word(n, what)
	if !ok {
		return g, false
	}
	g, err := parse(s)
	if err != nil {
		d.Problem(n, "%s: %s", what, err)
		return g, false
	}
	return g, true
}

func (d *decoder) actions(n *yaml.Node, what string) actions {
	a := actions{}
	var fields []strictyaml.Key
	for _, stage := range verdict.Stages() {
		fields = append(fields, strictyaml.Optional(string(stage), func(n *yaml.Node, what string) {
			if at := d.Choice(n, what, "off", "warn", "deny"); at >= 0 {
				a[stage] = []verdict.Outcome{verdict.Allow, verdict.Warn, verdict.Deny}[at]
			}
		}))
	}
	d.Mapping(n, what, fields...)
	return a
}

func (d *decoder) defaults(n *yaml.Node, what string, into *defaults) {
	d.Mapping(n, what,
		strictyaml.Optional("onUnknown", func(n *yaml.Node, what string) { d.notAPass(n, what, &into.onUnknown) }),
		strictyaml.Optional("onError", func(n *yaml.Node, what string) { d.notAPass(n, what, &into.onError) }),
		strictyaml.Optional("onStale", func(n *yaml.Node, what string) {
			d.Mapping(n, what,
				strictyaml.Optional("admittedBefore", func(n *yaml.Node, what string) { d.notAPass(n, what, &into.onStale.AdmittedBefore) }),
				strictyaml.Optional("new", func(n *yaml.Node, what string) { d.notAPass(n, what, &into.onStale.New) }))
		}),
		strictyaml.Optional("unknownSeverity", func(n *yaml.Node, what string) {
			// Not "unknown": that is what it means to leave the key out.
			if at := d.Choice(n, what, "critical", "high", "medium", "low", "negligible"); at >= 0 {
				into.unknownSeverity = advisory.Critical - advisory.Severity(at)
			}
		}),
		strictyaml.Optional("maxDatabaseAge", func(n *yaml.Node, what string) { into.maxDatabaseAge = d.duration(n, what) }),
		strictyaml.Optional("verdictMaxAge", func(n *yaml.Node, what string) { into.verdictMaxAge = d.duration(n, what) }),
	)
}

// notAPass reads what to do where nothing can be said. To allow is not among the choices.
func (d *decoder) notAPass(n *yaml.Node, what string, into *verdict.Outcome) {
	if n.Kind == yaml.ScalarNode && slices.Contains([]string{"allow", "off", "pass"}, n.Value) {
		d.Problem(n, "%s is %q, and what is not known never counts as a pass; write warn or deny", what, n.Value)
		return
	}
	switch d.Choice(n, what, "warn", "deny") {
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
		d.Problem(n, "%s is %s; write a number of hours or days up to 3650d, such as 72h or 14d", what, strictyaml.KindOf(n))
		return 0
	}
	return time.Duration(count) * unit
}

func (d *decoder) rules(n *yaml.Node, what string) []rule {
	var rules []rule
	lines := map[string]int{}
	d.List(n, what, mostRules, func(n *yaml.Node, _ string) {
		r, id := d.rule(n)
		switch line, twice := lines[r.id]; {
		case id == nil:
		case slices.Contains(ownIDs(), r.id):
			d.Problem(id, "rule id %q is one of Plimsoll's own; choose another", r.id)
		case twice:
			d.Problem(id, "rule id %q stands already in line %d; give each rule an id of its own", r.id, line)
		default:
			lines[r.id] = id.Line
		}
		rules = append(rules, r)
	})
	return rules
}

func (d *decoder) rule(n *yaml.Node) (r rule, id *yaml.Node) {
	r.atLeast, r.place = 1, place{n.Line, n.Column}
	d.Mapping(n, "rule",
		strictyaml.Required("id", func(n *yaml.Node, what string) { id, r.id = n, d.Identifier(n, what) }),
		strictyaml.Optional("deny", func(n *yaml.Node, _ string) { d.criteria(n, "deny", &r) }),
		strictyaml.Optional("where", func(n *yaml.Node, what string) { d.where(n, what, &r) }),
		strictyaml.Optional("expr", func(n *yaml.Node, what string) { d.expr(n, what, &r) }),
		strictyaml.Optional("message", func(n *yaml.Node, what string) { r.message = d.message(n, what) }),
		strictyaml.Optional("actions", func(n *yaml.Node, what string) { r.actions = d.actions(n, what) }),
	)
	ways := 0
	for _, key := range []string{"deny", "where", "expr"} {
		if _, ok := strictyaml.Member(n, key); ok {
			ways++
		}
	}
	if n.Kind == yaml.MappingNode && ways != 1 {
		d.Problem(n, "a rule has %s; write one of deny, where and expr", choose(ways == 0, "nothing that it asks", "more than one of deny, where and expr"))
	}
	return r, id
}

// message reads a rule's own words. {{.Count}} in it stands for the number of offenders.
func (d *decoder) message(n *yaml.Node, what string) string {
	s := d.Text(n, what)
	if rest := countPattern().ReplaceAllString(s, ""); strings.Contains(rest, "{{") || strings.Contains(rest, "}}") {
		d.Problem(n, "%s holds a placeholder that is not known; the only one is {{.Count}}", what)
	}
	return s
}

func countPattern() *regexp.Regexp { return regexp.MustCompile(`\{\{ *\.Count *\}\}`) }

// criteria reads what a rule denies. Criteria of the image go with any others; those of anything
// else must be of one kind, for no finding is a package, and no package is a file.
func (d *decoder) criteria(n *yaml.Node, what string, r *rule) {
	r.about = aboutImage
	var fields []strictyaml.Key
	for _, c := range allCriteria() {
		fields = append(fields, strictyaml.Optional(c.name, func(n *yaml.Node, what string) {
			t := c.read(d, n, what)
			t.criterion = c
			r.tests = append(r.tests, t)
			switch {
			case r.about == aboutImage:
				r.about = c.about
			case c.about != aboutImage && c.about != r.about:
				d.Problem(n, "%s is asked of each %s, and the rule of each %s; write two rules", what, c.about, r.about)
			}
		}))
	}
	fields = append(fields, strictyaml.Optional("atLeast", func(n *yaml.Node, what string) { r.atLeast = d.Whole(n, what) }))
	d.Mapping(n, what, fields...)
	switch {
	case n.Kind != yaml.MappingNode:
	case len(n.Content) == 0:
		d.Problem(n, "%s is empty; name at least one criterion, such as severity, fixable, kev, package or config", what)
	case r.atLeast > 1 && r.about == aboutImage:
		d.Problem(n, "%s.atLeast counts what the rule is asked of, and this one is asked of the image; leave it out", what)
	case len(r.tests) == 0 && r.atLeast >= 1 && d.Clean():
		d.Problem(n, "%s counts, and does not say what; name at least one criterion", what)
	}
}

func (d *decoder) severities(n *yaml.Node, what string) (severities []advisory.Severity) {
	d.List(n, what, mostItems, func(n *yaml.Node, what string) {
		at := d.Choice(n, what, "critical", "high", "medium", "low", "negligible", "unknown")
		if at < 0 {
			return
		}
		severity := advisory.Critical - advisory.Severity(at)
		if slices.Contains(severities, severity) {
			d.Problem(n, "%s names %s twice; keep one of them", what, severity)
		}
		severities = append(severities, severity)
	})
	return severities
}

func (d *decoder) config(n *yaml.Node, what string) (checks []string) {
	d.List(n, what, mostItems, func(n *yaml.Node, what string) {
		if at := d.Choice(n, what, imageconfig.Known()...); at >= 0 {
			checks = append(checks, imageconfig.Known()[at])
		}
	})
	return checks
}

// waiverTerms reads whose waivers count, and for how long.
func (d *decoder) waiverTerms(n *yaml.Node, what string) (terms waiverTerms) {
	terms.longest = map[advisory.Severity]time.Duration{}
	var severities []strictyaml.Key
	for i, name := range []string{"critical", "high", "medium", "low", "negligible", "unknown"} {
		severities = append(severities, strictyaml.Optional(name, func(n *yaml.Node, what string) {
			terms.longest[advisory.Critical-advisory.Severity(i)] = d.duration(n, what)
		}))
	}
	d.Mapping(n, what,
		strictyaml.Optional("approvers", func(n *yaml.Node, what string) {
			d.List(n, what, mostItems, func(n *yaml.Node, what string) {
				terms.approvers = append(terms.approvers, d.Text(n, what))
			})
		}),
		strictyaml.Optional("longest", func(n *yaml.Node, what string) { d.Mapping(n, what, severities...) }))
	return terms
}
