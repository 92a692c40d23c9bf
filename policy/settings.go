package policy

import (
	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/internal/strictyaml"
	"plimsoll.dev/plimsoll/verdict"
)

// Settings are what plimsoll.yaml says about where the line is drawn: the values of the flags of
// those names.
type Settings struct {
	Values map[string][]string // by key; one value for keys that are no lists
	Lines  map[string]int      // where each key stands
}

// ParseSettings reads plimsoll.yaml, as strictly as a policy. The name is for messages only.
func ParseSettings(name string, data []byte) (Settings, error) {
	d := newDecoder(name, "plimsoll.yaml", "two")
	s := Settings{Values: map[string][]string{}, Lines: map[string]int{}}
	documents := 0
	d.Documents(data, func(root *yaml.Node) {
		if documents++; documents > 1 {
			d.Problem(root, "a second document; write all keys in one")
			return
		}
		d.settings(root, &s)
	})
	if err := d.Err(); err != nil {
		return Settings{}, err
	}
	return s, nil
}

// SettingKeys are the keys of plimsoll.yaml, in the order of its reference.
func SettingKeys() []string {
	return []string{"policy", "waivers", "vex", "trust", "db", "stage", "as"}
}

func (d *decoder) settings(n *yaml.Node, s *Settings) {
	var keys []strictyaml.Key
	for _, key := range SettingKeys() {
		keys = append(keys, strictyaml.Optional(key, func(n *yaml.Node, _ string) {
			s.Lines[key] = n.Line
			s.Values[key] = d.setting(n, key)
		}))
	}
	d.Mapping(n, "plimsoll.yaml", keys...)
}

func (d *decoder) setting(n *yaml.Node, key string) []string {
	var values []string
	switch {
	case key == "stage":
		var stages []string
		for _, stage := range verdict.Stages() {
			stages = append(stages, string(stage))
		}
		d.Choice(n, key, stages...)
		return []string{n.Value}
	case key == "db" || key == "as" || key == "trust" || n.Kind == yaml.ScalarNode:
		return []string{d.Text(n, key)}
	}
	d.List(n, key, mostItems, func(n *yaml.Node, what string) { values = append(values, d.Text(n, what)) })
	return values
}
