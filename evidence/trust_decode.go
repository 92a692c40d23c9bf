package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// trustDocument is a trust document as it is written.
type trustDocument struct {
	name       string
	keys       []keyDocument
	identities []identityDocument
	root       string
	roles      []roleDocument
}

type keyDocument struct {
	line                int
	name, publicKey     string
	notBefore, notAfter time.Time
}

type identityDocument struct {
	line                                  int
	name, issuer, subject, subjectPattern string
}

type roleDocument struct {
	line  int
	role  Role
	names []string
}

// decodeTrust reads the one document of a file. It walks over YAML's nodes itself: package yaml
// takes anchors, tags and the last of two equal keys of a merge, and whom to believe must be
// written where it is read.
func decodeTrust(data []byte) (trustDocument, error) {
	switch {
	case len(data) > MaxTrust:
		return trustDocument{}, fmt.Errorf("it has %d bytes; at most %d are read", len(data), MaxTrust)
	case !utf8.Valid(data):
		return trustDocument{}, errors.New("it is not UTF-8 text")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var root, second yaml.Node
	if err := decoder.Decode(&root); err != nil {
		if errors.Is(err, io.EOF) {
			return trustDocument{}, errors.New("it is empty; begin with apiVersion: plimsoll.dev/v1")
		}
		return trustDocument{}, err
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return trustDocument{}, errors.New("something follows its first document; write one file for each trust")
	}
	var d trustDocument
	return d, d.read(root.Content[0])
}

func (d *trustDocument) read(n *yaml.Node) error {
	return mapping(n, "the document", map[string]func(*yaml.Node) error{
		"apiVersion": constant("plimsoll.dev/v1"),
		"kind":       constant("Trust"),
		"metadata": func(n *yaml.Node) error {
			return mapping(n, "metadata", map[string]func(*yaml.Node) error{"name": text(&d.name)}, "name")
		},
		"keys":       func(n *yaml.Node) error { return each(n, "keys", d.readKey) },
		"identities": func(n *yaml.Node) error { return each(n, "identities", d.readIdentity) },
		"root":       content(&d.root),
		"roles":      d.readRoles,
	}, "apiVersion", "kind", "metadata", "roles")
}

func (d *trustDocument) readKey(n *yaml.Node) error {
	k := keyDocument{line: n.Line}
	err := mapping(n, "a key", map[string]func(*yaml.Node) error{
		"name": text(&k.name), "publicKey": content(&k.publicKey),
		"notBefore": moment(&k.notBefore), "notAfter": moment(&k.notAfter),
	}, "name", "publicKey")
	d.keys = append(d.keys, k)
	return err
}

func (d *trustDocument) readIdentity(n *yaml.Node) error {
	i := identityDocument{line: n.Line}
	err := mapping(n, "an identity", map[string]func(*yaml.Node) error{
		"name": text(&i.name), "issuer": text(&i.issuer),
		"subject": text(&i.subject), "subjectPattern": text(&i.subjectPattern),
	}, "name", "issuer")
	d.identities = append(d.identities, i)
	return err
}

func (d *trustDocument) readRoles(n *yaml.Node) error {
	known := map[string]func(*yaml.Node) error{}
	for _, role := range Roles() {
		known[string(role)] = func(n *yaml.Node) error {
			r := roleDocument{line: n.Line, role: role}
			err := each(n, "roles."+string(role), func(n *yaml.Node) error {
				var name string
				err := text(&name)(n)
				r.names = append(r.names, name)
				return err
			})
			d.roles = append(d.roles, r)
			return err
		}
	}
	return mapping(n, "roles", known)
}

// mapping reads a mapping of which every key is known and stands once.
func mapping(n *yaml.Node, what string, known map[string]func(*yaml.Node) error, required ...string) error {
	if err := plain(n, yaml.MappingNode, what, "keys and values"); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		var key string
		if err := text(&key)(n.Content[i]); err != nil {
			return err
		}
		read, ok := known[key]
		switch {
		case !ok:
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			return at(n.Content[i], "unknown key %.60q in %s; known: %s", key, what, strings.Join(names, ", "))
		case seen[key]:
			return at(n.Content[i], "key %q is there twice in %s; keep one", key, what)
		}
		seen[key] = true
		if err := read(n.Content[i+1]); err != nil {
			return err
		}
	}
	for _, key := range required {
		if !seen[key] {
			return at(n, "%s has no %s; add it", what, key)
		}
	}
	return nil
}

// each reads a list that is not empty.
func each(n *yaml.Node, what string, read func(*yaml.Node) error) error {
	if err := plain(n, yaml.SequenceNode, what, "a list"); err != nil {
		return err
	}
	if len(n.Content) == 0 {
		return at(n, "%s is empty; name at least one, or leave it out", what)
	}
	for _, child := range n.Content {
		if err := read(child); err != nil {
			return err
		}
	}
	return nil
}

// content reads text of any number of lines: a key, or a file's name.
func content(into *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if err := plain(n, yaml.ScalarNode, "this", "text"); err != nil {
			return err
		}
		if n.Value == "" || n.Tag == "!!null" {
			return at(n, "this is empty; write a value")
		}
		*into = n.Value
		return nil
	}
}

// text reads one line of printable text.
func text(into *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if err := content(into)(n); err != nil {
			return err
		}
		if len(*into) > maxText || strings.ContainsFunc(*into, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return at(n, "this is longer than %d bytes, or has characters that cannot be printed", maxText)
		}
		return nil
	}
}

func constant(want string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		var got string
		if err := text(&got)(n); err != nil {
			return err
		}
		if got != want {
			return at(n, "this is %.60q; want %s", got, want)
		}
		return nil
	}
}

func moment(into *time.Time) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		var written string
		if err := text(&written)(n); err != nil {
			return err
		}
		when, err := time.Parse(time.RFC3339, written)
		if err != nil {
			return at(n, "%.60q is no time; write it as 2026-11-30T00:00:00Z", written)
		}
		*into = when.UTC()
		return nil
	}
}

// plain refuses a node of another kind, and YAML's aliases, anchors and tags.
func plain(n *yaml.Node, kind yaml.Kind, what, want string) error {
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		return at(n, "YAML's anchors, aliases and tags are not allowed in a trust document; write the value out")
	}
	if n.Kind != kind {
		return at(n, "%s is not what belongs there; write %s", what, want)
	}
	return nil
}

func at(n *yaml.Node, format string, arguments ...any) error {
	return fmt.Errorf("line %d, column %d: "+format, append([]any{n.Line, n.Column}, arguments...)...)
}
