package imageconfig

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
)

func TestUserRoot(t *testing.T) {
	cases := []struct {
		name, user string
		root       bool
	}{
		{"absent means root", "", true},
		{"root by name", "root", true},
		{"root by number", "0", true},
		{"root with a group", "root:wheel", true},
		{"root by number with a group", "0:0", true},
		{"root by number with a group of others", "0:1000", true},
		{"many zeros are zero", "0000", true},
		{"a sign before zero is zero", "+0", true},
		{"a minus before zero is zero", "-0:0", true},
		{"white space around zero", " 0 ", true},
		{"only a group", ":1000", true},
		{"another number", "1000", false},
		{"another number in root's group", "1000:0", false},
		{"a number with leading zeros", "0010", false},
		{"a name", "nonroot", false},
		{"a name with a group", "app:root", false},
		{"a name that only starts like root", "rootless", false},
		{"names are case-sensitive", "Root", false},
		{"hexadecimal is a name", "0x0", false},
		{"two signs are a name", "+-0", false},
		{"only a sign is a name", "+", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			found := Check(inventory.TargetConfig{User: c.user})
			if got := len(found) > 0; got != c.root {
				t.Errorf("user %q: found %v, want root %v", c.user, found, c.root)
			}
		})
	}
}

func TestFindingOfUserRoot(t *testing.T) {
	got := Check(inventory.TargetConfig{User: "0:0"})
	want := []finding.Finding{{
		Key: "config|user-root", Kind: finding.Config, ID: UserRoot, Severity: advisory.Medium, Status: finding.Affected,
		Title: `the image runs as root: its configuration sets user "0:0"`,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTitleIsBounded(t *testing.T) {
	found := Check(inventory.TargetConfig{User: "0:" + strings.Repeat("g", 1<<20)})
	if len(found) != 1 || len(found[0].Title) > 200 {
		t.Errorf("the title of an endless user is not bounded: %d findings", len(found))
	}
}

func TestEveryCheckHasAFix(t *testing.T) {
	for _, id := range Known() {
		if Fix(id) == "" {
			t.Errorf("check %s says no next step", id)
		}
	}
	if Fix("unheard-of") != "" {
		t.Error("an unknown check has a fix")
	}
}
