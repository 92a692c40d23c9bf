package policy

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSettings(t *testing.T) {
	got, err := ParseSettings("plimsoll.yaml", []byte("policy: [a.yaml, \"oci://r.example/p@sha256:0\"]\nwaivers: w.yaml\nstage: ship\nas: registry.example/app\ndb: x.db\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{
		Values: map[string][]string{"policy": {"a.yaml", "oci://r.example/p@sha256:0"}, "waivers": {"w.yaml"}, "stage": {"ship"}, "as": {"registry.example/app"}, "db": {"x.db"}},
		Lines:  map[string]int{"policy": 1, "waivers": 2, "stage": 3, "as": 4, "db": 5},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, empty := range map[string]string{"nothing": "", "a comment": "# nothing\n"} {
		if got, err := ParseSettings("plimsoll.yaml", []byte(empty)); err != nil || len(got.Values) != 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestParseSettingsRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, says string }{
		"an unknown key":      {"polices: a.yaml", `plimsoll.yaml:1:1: unknown key "polices" in plimsoll.yaml; the nearest known key is "policy"`},
		"twice":               {"db: a\ndb: b", "plimsoll.yaml:2:1"},
		"a list for one":      {"db: [a, b]", "plimsoll.yaml:1:5: db is a list"},
		"an empty list":       {"policy: []", "empty list"},
		"no stage":            {"stage: deploy", "write build, ship, admit or run"},
		"nothing for a key":   {"policy:", "policy is empty"},
		"a mapping":           {"policy: {a: b}", "write a list"},
		"a second document":   {"db: a\n---\ndb: b", "a second document"},
		"no mapping":          {"[a]", "plimsoll.yaml is a list"},
		"an anchor":           {"policy: &a x", "plimsoll.yaml:1"},
		"a control character": {"db: \"a\\nb\"", "control character"},
	} {
		if _, err := ParseSettings("plimsoll.yaml", []byte(test.text)); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
}

// FuzzParseSettings: what is read has only keys that are known, each with a place and a value; what
// is refused says where.
func FuzzParseSettings(f *testing.F) {
	for _, s := range []string{"policy: [a, b]\nstage: run\n", "db: x", "", "# x", "policy: {a: b}", "as: \"a\\nb\"", "a: &b c\nd: *b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		settings, err := ParseSettings("plimsoll.yaml", data)
		var refused *ParseError
		switch {
		case errors.As(err, &refused):
			for _, p := range refused.Problems {
				if p.Line < 1 || p.Column < 1 {
					t.Errorf("%q: %v has no place", data, p)
				}
			}
		case err != nil:
			t.Errorf("%q: %v says nothing of where", data, err)
		}
		for key, values := range settings.Values {
			if !slices.Contains(SettingKeys(), key) || settings.Lines[key] < 1 || len(values) == 0 || slices.Contains(values, "") {
				t.Errorf("%q: %s is %q, in line %d", data, key, values, settings.Lines[key])
			}
		}
	})
}
