package policy

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/policy-reference.md is what the code says (-update writes it anew).
func TestReference(t *testing.T) {
	page, err := Reference()
	if err != nil {
		t.Fatal(err)
	}
	compareGolden(t, "../docs/policy-reference.md", page)
}

// Every policy, waiver and rule that stands on the page as an example can be read.
func TestReferenceExamples(t *testing.T) {
	page, err := Reference()
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(page, -1) {
		switch {
		case strings.Contains(block[1], "kind: Policy\n"):
			_, err = Parse("example", []byte(block[1]))
		case strings.Contains(block[1], "kind: Waiver\n"):
			_, err = ParseWaivers("example", []byte(block[1]))
		default:
			continue // package policytest reads it
		}
		read++
		if err != nil {
			t.Error(err)
		}
	}
	for _, p := range peerFields() {
		policyOf(t, "rules: [{id: r, "+p.how+"}]")
		read++
	}
	if read < 40 {
		t.Errorf("only %d examples", read)
	}
}

// Every field of the nearest peers has a criterion, and no criterion claims one that they do not
// have.
func TestEveryPeersFieldIsAnswered(t *testing.T) {
	known := map[string]bool{}
	for _, p := range peerFields() {
		if len(p.criteria()) == 0 {
			t.Errorf("%s: %s has no criterion", p.product, p.field)
		}
		for _, name := range p.criteria() {
			known[name] = true
		}
	}
	for _, c := range allCriteria() {
		if (c.peers != "") != known[c.name] {
			t.Errorf("criterion %s says that it answers %q", c.name, c.peers)
		}
	}
}

// The page lists every key that the decoders take, and none that they do not.
func TestReferenceListsEveryKey(t *testing.T) {
	policyText := "apiVersion: plimsoll.dev/v1\nkind: Policy\nunknown: 1\n"
	for _, c := range []struct {
		name, text string
		keys       []documentKey
		parse      func(text string) error
	}{
		{"policy", policyText + `
metadata: {unknown: 1, name: a}
scope: {unknown: 1}
actions: {unknown: 1}
defaults: {unknown: 1, onStale: {unknown: 1}}
waivers: {unknown: 1, longest: {unknown: 1d, none: 1}}
vex: {unknown: 1}
rules: [{id: r, deny: {kev: true}}]
`, policyKeys(), func(s string) error { _, err := Parse("p", []byte(s)); return err }},
		{"rule", "apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: a}\nrules: [{unknown: 1}]\n", ruleKeys(),
			func(s string) error { _, err := Parse("p", []byte(s)); return err }},
		{"waiver", "apiVersion: plimsoll.dev/v1\nkind: Waiver\nunknown: 1\nmetadata: {unknown: 1}\nmatch: {unknown: 1}\n", waiverKeys(),
			func(s string) error { _, err := ParseWaivers("p", []byte(s)); return err }},
	} {
		taken := keysTaken(c.parse(c.text))
		for _, key := range taken {
			if !slices.ContainsFunc(c.keys, func(k documentKey) bool {
				return k.path == key || strings.HasPrefix(k.path, key+".") || key == "actions."+lastPart(key) || key == "waivers.longest."+lastPart(key)
			}) {
				t.Errorf("%s: the page does not list %s", c.name, key)
			}
		}
		for _, k := range c.keys {
			if !slices.Contains(taken, k.path) && k.path != "deny.atLeast" {
				t.Errorf("%s: the page lists %s, which is not taken", c.name, k.path)
			}
		}
	}
}

func lastPart(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// keysTaken reads the known keys out of complaints about unknown ones.
func keysTaken(err error) []string {
	var keys []string
	for _, m := range regexp.MustCompile(`unknown key "\w+" in ([\w. ]+); .*?\(known: ([^)]*)\)`).FindAllStringSubmatch(err.Error(), -1) {
		for _, key := range strings.Split(m[2], ", ") {
			if !strings.HasPrefix(m[1], "the ") && m[1] != "rule" {
				key = m[1] + "." + key
			}
			keys = append(keys, key)
		}
	}
	return keys
}
