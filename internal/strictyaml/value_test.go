package strictyaml

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

type ship struct {
	Name   string            `json:"name"`
	Length float64           `json:"length,omitempty"`
	Crew   int               `json:"crew"`
	Afloat bool              `json:"afloat"`
	Built  time.Time         `json:"built,omitzero"`
	Owner  *ship             `json:"owner,omitempty"`
	Boats  []ship            `json:"boats,omitempty"`
	Flags  map[string]string `json:"flags,omitempty"`
	secret string
}

func read(text string, into any) error {
	d := New("ship.yaml", Language{Name: "a ship", Levels: "four", Keys: "the yard"})
	d.Documents([]byte(text), func(root *yaml.Node) { d.Value(root, d.Top(), into) })
	return d.Err()
}

func TestValueChangesWhatIsNamed(t *testing.T) {
	owner := &ship{Name: "line", Crew: 9}
	got := ship{Name: "Argo", Crew: 50, Owner: owner, Boats: []ship{{Name: "one"}}, Flags: map[string]string{"a": "1", "b": "2"}, secret: "kept"}
	before := got
	err := read(`
length: 3.5
afloat: true
built: 2026-11-22T10:00:00Z
owner: {name: other}
boats: [{name: two, crew: 010}]
flags: {b: null, c: "3"}
crew: null
`, &got)
	if err != nil {
		t.Fatal(err)
	}
	want := ship{Name: "Argo", Length: 3.5, Afloat: true, Built: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
		Owner: &ship{Name: "other", Crew: 9}, Boats: []ship{{Name: "one"}, {Name: "two", Crew: 8}},
		Flags: map[string]string{"a": "1", "c": "3"}, secret: "kept"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(ship{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if owner.Name != "line" || len(before.Flags) != 2 || before.Flags["b"] != "2" {
		t.Error("what others hold was changed")
	}
}

func TestValueRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"nam: Argo":             `ship.yaml:1:1: unknown key "nam" in the ship; the nearest known key is "name"`,
		"boats: [{crw: 1}]":     `ship.yaml:1:10: unknown key "crw" in boats; the nearest known key is "crew"`,
		"crew: -1":              "ship.yaml:1:7: crew is \"-1\"; write a whole number from 0",
		"crew: many":            "ship.yaml:1:7: crew is \"many\"; write a whole number",
		"length: 1e3":           "ship.yaml:1:9: length is \"1e3\"; write a number",
		"afloat: yes":           "ship.yaml:1:9: afloat is \"yes\"; write true or false",
		"built: today":          "ship.yaml:1:8: built is \"today\": parsing time",
		"flags: {a: [b]}":       "ship.yaml:1:12: flags.a is a list; write one value",
		"flags: [a]":            "ship.yaml:1:8: flags is a list",
		"name: \"a\\nb\"":       "ship.yaml:1:7: name has more than one line",
		"owner: {name: {a: b}}": "ship.yaml:1:15: owner.name is a mapping; write one value",
		"secret: x":             "unknown key",
	} {
		err := read(text, &ship{})
		var refused *ParseError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
