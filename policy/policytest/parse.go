package policytest

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/strictyaml"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/verdict"
)

// decoder reads tests.
type decoder struct {
	*strictyaml.Decoder
	guesses int // how often the nearest of many names was looked for
}

func newDecoder(file string) *decoder {
	return &decoder{Decoder: strictyaml.New(file, strictyaml.Language{Name: "a policy test", Levels: "nine", Keys: "docs/policy-reference.md"})}
}

// Parse reads the tests of a file, in its order. The name is for messages only. If anything is
// wrong it returns no test and a *policy.ParseError.
func Parse(name string, data []byte) ([]Test, error) {
	d := newDecoder(name)
	var tests []Test
	d.Documents(data, func(root *yaml.Node) {
		t := d.test(root)
		t.file = name
		tests = append(tests, t)
	})
	if len(tests) == 0 && d.Clean() {
		d.At(1, 1, "the file holds no policy test; begin with apiVersion: plimsoll.dev/v1")
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	return tests, nil
}

func (d *decoder) test(n *yaml.Node) (t Test) {
	if kind, ok := strictyaml.Member(n, "kind"); ok && kind.Kind == yaml.ScalarNode && kind.Value != "PolicyTest" {
		d.Problem(kind, "kind is %s; a file of tests holds documents of the kind PolicyTest alone: move this one to a file of its own", strictyaml.Quote(kind.Value))
		return t
	}
	d.Mapping(n, d.Top(),
		strictyaml.Required("apiVersion", func(n *yaml.Node, what string) { d.Choice(n, what, "plimsoll.dev/v1") }),
		strictyaml.Required("kind", func(n *yaml.Node, what string) { d.Choice(n, what, "PolicyTest") }),
		strictyaml.Required("policy", func(n *yaml.Node, what string) { t.policy, t.place = d.Identifier(n, what), placeOf(n) }),
		strictyaml.Optional("policies", func(n *yaml.Node, what string) { t.policies = d.files(n, what) }),
		strictyaml.Optional("base", func(n *yaml.Node, what string) { t.base = d.reference(n, what) }),
		strictyaml.Required("cases", func(n *yaml.Node, what string) { t.cases = d.cases(n, what) }),
	)
	return t
}

func (d *decoder) reference(n *yaml.Node, what string) reference {
	return reference{d.Text(n, what), placeOf(n)}
}

func (d *decoder) files(n *yaml.Node, what string) (files []reference) {
	d.List(n, what, strictyaml.MostItems, func(n *yaml.Node, what string) { files = append(files, d.reference(n, what)) })
	return files
}

// longestChain is how many cases one may extend, each by the next: all of them are applied anew for
// each case.
const longestChain = 16

// nearest ends a sentence about a name that is not known with the nearest one that is. To look
// for it among many is work, and nobody reads more problems than are told at once.
func (d *decoder) nearest(word string, known []string) string {
	if d.guesses++; d.guesses > strictyaml.MostProblems {
		return ""
	}
	return fmt.Sprintf("; the nearest is %q", strictyaml.Nearest(word, known))
}

// cases reads the cases. One may extend another that stands above it, so that none extends itself.
func (d *decoder) cases(n *yaml.Node, what string) (cases []testCase) {
	numbers, lines := map[string]int{}, map[string]int{}
	var names []string
	d.List(n, what, strictyaml.MostItems, func(n *yaml.Node, _ string) {
		c := testCase{extends: -1, place: placeOf(n)}
		var name, extends *yaml.Node
		d.Mapping(n, "case",
			strictyaml.Required("name", func(n *yaml.Node, what string) { name, c.name = n, d.Text(n, what) }),
			strictyaml.Optional("extends", func(n *yaml.Node, what string) { d.Text(n, what); extends = n }),
			strictyaml.Optional("at", func(n *yaml.Node, what string) { c.at = d.Moment(n, what) }),
			strictyaml.Optional("stage", func(n *yaml.Node, what string) { c.stage = d.stage(n, what) }),
			strictyaml.Optional("as", func(n *yaml.Node, what string) { c.as = d.imageName(n, what) }),
			strictyaml.Optional("patch", func(n *yaml.Node, what string) { c.patch = n; d.patch(n, what, &document{}) }),
			strictyaml.Optional("evidence", func(n *yaml.Node, what string) { c.evidence = n; d.evidence(n, what, &policy.Attestations{}) }),
			strictyaml.Optional("waivers", func(n *yaml.Node, what string) { c.waivers = d.waivers(n, what) }),
			strictyaml.Optional("vex", func(n *yaml.Node, what string) { c.vex = d.vex(n, what) }),
			strictyaml.Required("expect", func(n *yaml.Node, what string) { c.expect = d.expect(n, what) }),
		)
		if extends != nil {
			var above bool
			c.extends, above = numbers[extends.Value]
			if above {
				c.depth = cases[c.extends].depth + 1
			} else {
				d.noSuchCase(extends, names)
			}
			if c.depth > longestChain {
				d.Problem(extends, "case.extends makes a chain of more than %d cases; extend one that stands earlier in it", longestChain)
			}
		}
		if line, twice := lines[c.name]; twice && name != nil {
			d.Problem(name, "case %s stands already in line %d; give each case a name of its own", strictyaml.Quote(c.name), line)
		} else if name != nil {
			numbers[c.name], lines[c.name] = len(cases), name.Line
			names = append(names, c.name)
		}
		cases = append(cases, c)
	})
	return cases
}

func (d *decoder) noSuchCase(n *yaml.Node, names []string) {
	if len(names) == 0 {
		d.Problem(n, "case.extends names %s, and no case stands above this one; put what it extends first", strictyaml.Quote(n.Value))
		return
	}
	d.Problem(n, "case.extends names %s, and no case above is called so%s", strictyaml.Quote(n.Value), d.nearest(n.Value, names))
}

func (d *decoder) stage(n *yaml.Node, what string) verdict.Stage {
	var words []string
	for _, s := range verdict.Stages() {
		words = append(words, string(s))
	}
	if at := d.Choice(n, what, words...); at >= 0 {
		return verdict.Stages()[at]
	}
	return ""
}

func (d *decoder) imageName(n *yaml.Node, what string) string {
	name := d.Text(n, what)
	if name != "" && image.RepositoryOf(name) == "" {
		d.Problem(n, "%s is %s, which is no name of an image; write such as registry.example/app:1.2", what, strictyaml.Quote(name))
	}
	return name
}

// waivers reads a list of files of waivers, and of waivers written out; either may be signed.
func (d *decoder) waivers(n *yaml.Node, what string) (list []waivers) {
	d.List(n, what, strictyaml.MostItems, func(n *yaml.Node, what string) {
		var w waivers
		inline := func(n *yaml.Node, what string) {
			w.inline = []policy.Waiver{policy.ReadWaiver(d.Decoder, n, what)}
		}
		_, isSigned := strictyaml.Member(n, "signedBy")
		switch {
		case isSigned:
			d.signed(n, what, &w.file, &w.signedBy, strictyaml.Optional("waiver", inline))
		case n.Kind == yaml.MappingNode:
			inline(n, what)
		default:
			w.file = d.reference(n, what)
		}
		list = append(list, w)
	})
	return list
}

// signed reads what somebody has signed: a file, or what is written out.
func (d *decoder) signed(n *yaml.Node, what string, file *reference, by *[]string, inline strictyaml.Key) {
	d.Mapping(n, what, inline,
		strictyaml.Optional("file", func(n *yaml.Node, what string) { *file = d.reference(n, what) }),
		strictyaml.Required("signedBy", d.texts(by)))
	if len(n.Content) != 4 {
		d.Problem(n, "%s is signed; write what is: its file, or itself, and not both", what)
	}
}

// texts makes a reader of a list of texts.
func (d *decoder) texts(into *[]string) func(n *yaml.Node, what string) {
	return func(n *yaml.Node, what string) {
		d.List(n, what, strictyaml.MostItems, func(n *yaml.Node, what string) { *into = append(*into, d.Text(n, what)) })
	}
}

// vex reads a list of VEX documents, and of statements written out; either may be signed.
func (d *decoder) vex(n *yaml.Node, what string) (list []vex) {
	d.List(n, what, strictyaml.MostItems, func(n *yaml.Node, what string) {
		var v vex
		inline := func(n *yaml.Node, what string) { v.inline = d.statement(n, what) }
		_, isSigned := strictyaml.Member(n, "signedBy")
		switch {
		case isSigned:
			d.signed(n, what, &v.file, &v.signedBy, strictyaml.Optional("statement", inline))
		case n.Kind == yaml.MappingNode:
			inline(n, what)
		default:
			v.file = d.reference(n, what)
		}
		list = append(list, v)
	})
	return list
}

// statement reads a statement in the words of OpenVEX. One without products is about the image.
func (d *decoder) statement(n *yaml.Node, what string) *advisory.VEXStatement {
	s := &advisory.VEXStatement{Document: d.Top()}
	var products []string
	d.Mapping(n, what,
		strictyaml.Required("vulnerabilities", d.texts(&s.Vulnerabilities)),
		strictyaml.Required("status", func(n *yaml.Node, what string) {
			d.Choice(n, what, string(advisory.VEXNotAffected), string(advisory.VEXAffected), string(advisory.VEXFixed), string(advisory.VEXUnderInvestigation))
			s.Status = advisory.VEXStatus(n.Value)
		}),
		strictyaml.Optional("justification", func(n *yaml.Node, what string) { s.Justification = d.Text(n, what) }),
		strictyaml.Optional("impact", func(n *yaml.Node, what string) { s.Impact = d.Text(n, what) }),
		strictyaml.Optional("issued", func(n *yaml.Node, what string) { s.Issued = d.Moment(n, what) }),
		strictyaml.Optional("products", d.texts(&products)),
	)
	if s.Status == advisory.VEXNotAffected && s.Justification == "" && s.Impact == "" {
		d.Problem(n, "%s says not_affected, and not why; add justification, or impact in words", what)
	}
	for _, id := range products {
		product := advisory.VEXProduct{ID: id}
		if strings.HasPrefix(id, "pkg:") {
			product.PURLs = []string{id}
		}
		s.Products = append(s.Products, product)
	}
	return s
}

// results are the words of verdict.Result, in the order of the reference.
func results() []verdict.Result {
	return []verdict.Result{verdict.Pass, verdict.Fail, verdict.Waived, verdict.Unknown, verdict.Deferred, verdict.Error}
}

func (d *decoder) expect(n *yaml.Node, what string) (e expectation) {
	outcomes := []verdict.Outcome{verdict.Allow, verdict.Warn, verdict.Deny}
	keys := []strictyaml.Key{strictyaml.Optional("outcome", func(n *yaml.Node, what string) {
		if at := d.Choice(n, what, "allow", "warn", "deny"); at >= 0 {
			e.outcome = outcomes[at]
		}
	})}
	for _, result := range results() {
		keys = append(keys, strictyaml.Optional(string(result), func(n *yaml.Node, what string) {
			d.List(n, what, strictyaml.MostItems, func(n *yaml.Node, what string) {
				id := d.Identifier(n, what)
				if at := slices.IndexFunc(e.rules, func(r expectedRule) bool { return r.id == id }); at >= 0 {
					d.Problem(n, "%s names %s, which line %d expects to be %s already; keep one of them", what, id, e.rules[at].place.line, e.rules[at].want)
				}
				e.rules = append(e.rules, expectedRule{id, result, placeOf(n)})
			})
		}))
	}
	d.Mapping(n, what, keys...)
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		d.Problem(n, "%s is empty; say what shall come out: outcome, pass, fail, waived, unknown, deferred or error", what)
	}
	return e
}
