package policy

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/internal/strictyaml"
	"plimsoll.dev/plimsoll/verdict"
)

// Whatever the bytes: no panic; what is refused is refused with at most strictyaml.MostProblems problems,
// each in the file and each with a next step; what is accepted is within the limits, is the same
// when read again, gives the same verdict when evaluated again, and never allows an image about
// which nothing is known unless every rule is off.
func FuzzParse(f *testing.F) {
	f.Add([]byte(StarterText()))
	f.Add([]byte(onlyExploited + "---" + onlyRoot))
	files, _ := filepath.Glob("testdata/refused/*.yaml")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		policies, err := Parse("policy.yaml", data)
		if err != nil {
			checkRefusal(t, data, err)
			return
		}
		if len(policies) == 0 || len(data) > MaxSize {
			t.Fatalf("%d policies from %d bytes", len(policies), len(data))
		}
		in := image1()
		in.Findings = []finding.Finding{runsAsRoot(), vulnerability("CVE-1", libssl, advisory.Critical, "3.3.3-r0"), vulnerability("CVE-2", module, advisory.SeverityUnknown)}
		in.Policies = policies
		first := verdict.DigestJSON(Evaluate(in))
		again, err := Parse("policy.yaml", slices.Clone(data))
		if err != nil {
			t.Fatal(err)
		}
		in.Policies = again
		if verdict.DigestJSON(Evaluate(in)) != first {
			t.Error("the same policy gives another verdict")
		}
		checkNothingKnown(t, policies)
	})
}

func checkRefusal(t *testing.T, data []byte, err error) {
	var refused *ParseError
	if !errors.As(err, &refused) || len(refused.Problems) == 0 || len(refused.Problems) > strictyaml.MostProblems {
		t.Fatalf("refused with %v", err)
	}
	lines := strings.Count(string(data), "\n") + 1
	for _, p := range refused.Problems {
		// YAML counts carriage returns and Unicode line ends as ends of lines too.
		lines := lines + strings.Count(string(data), "\r") + strings.Count(string(data), "\u0085") +
			strings.Count(string(data), "\u2028") + strings.Count(string(data), "\u2029")
		if p.Line < 1 || p.Line > lines || p.Column < 1 {
			t.Errorf("problem at %d:%d of a file with %d lines", p.Line, p.Column, lines)
		}
		if p.What == "" || strings.Contains(p.What, "\n") {
			t.Errorf("problem %q is not one line", p.What)
		}
	}
}

// checkNothingKnown evaluates an image about which nothing is known.
func checkNothingKnown(t *testing.T, policies []Policy) {
	v := Evaluate(Input{Policies: policies, Now: now()})
	for _, stage := range verdict.Stages() {
		if v.Outcome[stage] == verdict.Allow && !allOff(policies, stage) {
			t.Errorf("%s allows an image about which nothing is known", stage)
		}
	}
}

func allOff(policies []Policy, stage verdict.Stage) bool {
	for _, p := range policies {
		for _, r := range p.rules {
			// An expression such as "true" needs to know nothing.
			if p.Covers("") && p.on(stage, &r) != verdict.Allow && r.expression == nil {
				return false
			}
		}
	}
	return true
}

// A pattern matches a name if and only if a plain, slow reading of its definition does.
func FuzzGlob(f *testing.F) {
	f.Add("registry.example/**", "registry.example/a/b")
	f.Add("a*/*b**", "ax/yb/c")
	f.Add("**", "")
	f.Add("*a*a*a*a*b", "aaaaaaaaaaaa")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern) > 12 || len(name) > 24 {
			return
		}
		g, err := parseGlob(pattern)
		if err != nil {
			return
		}
		if got, want := g.matches(name), slowMatches(pattern, name); got != want {
			t.Errorf("pattern %q, name %q: %v, want %v", pattern, name, got, want)
		}
	})
}

func slowMatches(pattern, name string) bool {
	if pattern == "" {
		return name == ""
	}
	if rest, wild := strings.CutPrefix(pattern, "**"); wild {
		for i := range len(name) + 1 {
			if slowMatches(rest, name[i:]) {
				return true
			}
		}
		return false
	}
	if rest, wild := strings.CutPrefix(pattern, "*"); wild {
		for i := range len(name) + 1 {
			if slowMatches(rest, name[i:]) {
				return true
			}
			if i < len(name) && name[i] == '/' {
				return false
			}
		}
		return false
	}
	return name != "" && name[0] == pattern[0] && slowMatches(pattern[1:], name[1:])
}

// A package pattern without wildcards matches the package URL that it was written as, with any
// qualifiers, in its version or without one.
func FuzzPackageGlob(f *testing.F) {
	for _, purl := range []string{libssl, stdlib, module, epoch, "pkg:npm/%40angular/core@17.0.0", "pkg:npm/@angular/core"} {
		f.Add(purl)
	}
	f.Fuzz(func(t *testing.T, purl string) {
		plain, _, _ := strings.Cut(purl, "#")
		plain, _, _ = strings.Cut(plain, "?")
		g, err := parsePackageGlob(plain)
		path, version, ok := splitPURL(purl)
		if err != nil || strings.Contains(plain, "*") || strings.Contains(strings.ToLower(plain), "%2a") {
			return
		}
		if !ok || !g.means(path, version) {
			t.Errorf("pattern %q does not match %q", plain, purl)
		}
		if !(packageGlob{path: g.path}).means(path, version) {
			t.Errorf("pattern %q without its version does not match %q", plain, purl)
		}
	})
}
