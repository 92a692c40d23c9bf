package evidence

import (
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/evidence/dsse"
	"plimsoll.dev/plimsoll/internal/strictyaml"
)

// trustDecoder reads a trust document.
type trustDecoder struct {
	*strictyaml.Decoder
	trust Trust
	read  func(file string) ([]byte, error)
}

func newTrustDecoder(name string, read func(file string) ([]byte, error)) *trustDecoder {
	language := strictyaml.Language{Name: "a trust document", Levels: "four", Keys: "docs/contract.md", MaxSize: MaxTrust}
	return &trustDecoder{strictyaml.New(name, language), Trust{roles: map[Role][]string{}}, read}
}

// document reads the members in their order, but for those that others have to be known for.
func (d *trustDecoder) document(n *yaml.Node) {
	var root, roles, builders *yaml.Node
	keep := func(into **yaml.Node) func(*yaml.Node, string) {
		return func(n *yaml.Node, _ string) { *into = n }
	}
	d.Mapping(n, d.Top(),
		strictyaml.Required("apiVersion", func(n *yaml.Node, what string) { d.Choice(n, what, "plimsoll.dev/v1") }),
		strictyaml.Required("kind", func(n *yaml.Node, what string) { d.Choice(n, what, "Trust") }),
		strictyaml.Required("metadata", func(n *yaml.Node, what string) {
			d.Mapping(n, what, strictyaml.Required("name", d.name(&d.trust.name)))
		}),
		strictyaml.Optional("keys", func(n *yaml.Node, what string) { d.List(n, what, dsse.MaxKeys, d.key) }),
		strictyaml.Optional("identities", func(n *yaml.Node, what string) { d.List(n, what, maxIdentities, d.identity) }),
		strictyaml.Optional("root", keep(&root)),
		strictyaml.Required("roles", keep(&roles)),
		strictyaml.Optional("builders", keep(&builders)))
	switch {
	case !d.Clean(): // names may be unknown only because they could not be read
	case d.trust.IsZero():
		d.Problem(n, "there are neither keys nor identities: it believes nobody; add one")
	default:
		d.root(root)
		d.roles(roles)
		if builders != nil {
			d.List(builders, "builders", maxBuilders, d.builder)
		}
	}
}

func (d *trustDecoder) key(n *yaml.Node, what string) {
	var k keyDocument
	d.Mapping(n, what,
		strictyaml.Required("name", d.name(&k.name)),
		strictyaml.Required("publicKey", func(n *yaml.Node, what string) { k.publicKey, _ = d.Word(n, what) }),
		strictyaml.Optional("notBefore", func(n *yaml.Node, what string) { k.notBefore = d.Moment(n, what) }),
		strictyaml.Optional("notAfter", func(n *yaml.Node, what string) { k.notAfter = d.Moment(n, what) }))
	if k.name == "" || k.publicKey == "" {
		return // that is told already
	}
	if err := d.trust.addKey(k, d.read); err != nil {
		d.Problem(n, "key %s: %v", strictyaml.Quote(k.name), err)
	}
}

func (d *trustDecoder) identity(n *yaml.Node, what string) {
	var i identityDocument
	d.Mapping(n, what,
		strictyaml.Required("name", d.name(&i.name)), strictyaml.Required("issuer", d.name(&i.issuer)),
		strictyaml.Optional("subject", d.name(&i.subject)), strictyaml.Optional("subjectPattern", d.name(&i.pattern)))
	if i.name == "" || i.issuer == "" {
		return // that is told already
	}
	if err := d.trust.addIdentity(i); err != nil {
		d.Problem(n, "identity %s: %v", strictyaml.Quote(i.name), err)
	}
}

func (d *trustDecoder) root(n *yaml.Node) {
	if n == nil {
		return
	}
	if text, ok := d.Word(n, "root"); ok {
		if err := d.trust.addRoot(text, d.read); err != nil {
			d.Problem(n, "root: %v", err)
		}
	}
}

// roles reads who may sign what. Whoever may sign nothing is a mistake somewhere.
func (d *trustDecoder) roles(n *yaml.Node) {
	var keys []strictyaml.Key
	for _, role := range Roles() {
		keys = append(keys, strictyaml.Optional(string(role), func(n *yaml.Node, what string) {
			d.List(n, what, dsse.MaxKeys+maxIdentities, func(n *yaml.Node, what string) {
				name := d.Text(n, what)
				if err := d.trust.addRole(role, name); name != "" && err != nil {
					d.Problem(n, "%s names %s, %v", what, strictyaml.Quote(name), err)
				}
			})
		}))
	}
	d.Mapping(n, "roles", keys...)
	if !d.Clean() {
		return
	}
	for _, name := range d.trust.idle() {
		d.Problem(n, "%s may sign nothing; list it under roles, or remove it", strictyaml.Quote(name))
	}
}

func (d *trustDecoder) builder(n *yaml.Node, what string) {
	var id string
	var level int
	var by []string
	d.Mapping(n, what,
		strictyaml.Required("id", d.name(&id)),
		strictyaml.Required("level", func(n *yaml.Node, what string) {
			if level = d.Whole(n, what); level > maxLevel {
				d.Problem(n, "%s is %d; SLSA has build levels 1 to %d", what, level, maxLevel)
			}
		}),
		strictyaml.Required("by", func(n *yaml.Node, what string) {
			d.List(n, what, dsse.MaxKeys+maxIdentities, func(n *yaml.Node, what string) { by = append(by, d.Text(n, what)) })
		}))
	if !d.Clean() {
		return
	}
	if err := d.trust.addBuilder(id, level, by); err != nil {
		d.Problem(n, "builder %s: %v", strictyaml.Quote(id), err)
	}
}

// name reads one line of text that looks like what it is: names and identities are compared.
func (d *trustDecoder) name(into *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, what string) {
		*into = d.Text(n, what)
		if d.Clean() && strings.ContainsFunc(*into, func(r rune) bool { return !unicode.IsPrint(r) }) {
			d.Problem(n, "%s has characters that cannot be printed; leave them out", what)
		}
	}
}
