package policy

import (
	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/strictyaml"
)

// The limits of a policy file. They are far above what people write.
const (
	// MaxSize is the largest policy file in bytes.
	MaxSize = strictyaml.MaxSize
	// mostRules bounds the rules of one policy, mostItems the members of any list.
	mostRules = 1000
	mostItems = strictyaml.MostItems
)

// Problem is one mistake in a policy file.
type Problem = strictyaml.Problem

// ParseError is what Parse returns for a file that is no policy: the first problems in the order
// of the file, and how many more there are.
type ParseError = strictyaml.ParseError

// decoder reads documents of the language.
type decoder struct {
	*strictyaml.Decoder
	compiler *environment // made when the first expression is met
	named    []string     // the signers that the document names, so far
}

// newDecoder makes a decoder of a file that holds documents of a kind, which need so many levels.
func newDecoder(file, kind, levels string) *decoder {
	return &decoder{Decoder: strictyaml.New(file, strictyaml.Language{Name: kind, Levels: levels, Keys: "docs/policy-reference.md"})}
}

// Parse reads the policies of a file, in its order. The name is for messages only. If anything
// is wrong it returns no policy and a *ParseError.
func Parse(name string, data []byte) ([]Policy, error) {
	d := newDecoder(name, "a policy", "four")
	var policies []Policy
	names := map[string]int{}
	d.Documents(data, func(root *yaml.Node) {
		p, name := d.policy(root)
		switch first, taken := names[p.name]; {
		case name == nil:
		case taken:
			d.Problem(name, "policy %q stands already in line %d; give each policy a name of its own", p.name, first)
		default:
			names[p.name] = name.Line
		}
		policies = append(policies, p)
	})
	if len(policies) == 0 && d.Clean() {
		d.At(1, 1, "the file holds no policy; begin with apiVersion: %s", apiVersion)
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	digest := image.DigestOf(data)
	for i := range policies {
		policies[i].digest = digest
		policies[i].position = i
	}
	return policies, nil
}
