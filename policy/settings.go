package policy

import (
	"go.yaml.in/yaml/v3"

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
	d := &decoder{file: name, language: "plimsoll.yaml"}
	s := Settings{Values: map[string][]string{}, Lines: map[string]int{}}
	documents := 0
	d.documents(data, func(root *yaml.Node) {
		if documents++; documents > 1 {
			d.problem(root, "a second document; write all keys in one")
			return
		}
		d.settings(root, &s)
	})
	if len(d.problems) > 0 {
		return Settings{}, newParseError(d.problems, d.more)
	}
	return s, nil
}

// SettingKeys are the keys of plimsoll.yaml, in the order of its reference.
func SettingKeys() []string { return []string{"policy", "waivers", "vex", "db", "stage", "as"} }

func (d *decoder) settings(n *yaml.Node, s *Settings) {
	var fields []field
	for _, key := range SettingKeys() {
		fields = append(fields, field{key, false, func(n *yaml.Node, _ string) {
			s.Lines[key] = n.Line
			s.Values[key] = d.setting(n, key)
		}})
	}
	d.mapping(n, "plimsoll.yaml", fields...)
}

func (d *decoder) setting(n *yaml.Node, key string) []string {
	var values []string
	switch {
	case key == "stage":
		var stages []string
		for _, stage := range verdict.Stages() {
			stages = append(stages, string(stage))
		}
		d.choice(n, key, stages...)
		return []string{n.Value}
	case key == "db" || key == "as" || n.Kind == yaml.ScalarNode:
		return []string{d.text(n, key)}
	}
	d.list(n, key, mostItems, func(n *yaml.Node, what string) { values = append(values, d.text(n, what)) })
	return values
}
