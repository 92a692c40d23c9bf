package policytest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/internal/strictyaml"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/policy/policytest"
	"plimsoll.dev/plimsoll/verdict"
)

// Whatever the bytes: no panic; what is refused is refused with few problems, each in the file and
// on one line; what is accepted has cases, and gives the same result when it is read and run again;
// what differs is told with both sides, which are not the same, and with a reason.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.yaml", "../ready/*.test.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			if data, err := os.ReadFile(file); err == nil {
				f.Add(data)
			}
		}
	}
	f.Add([]byte(head + "  - {name: a, patch: {findings: [{id: CVE-1, kev: true}]}, expect: {fail: [known-exploited], outcome: deny}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		tests, err := policytest.Parse("test.yaml", data)
		if err != nil {
			checkRefusal(t, data, err)
			return
		}
		if len(tests) == 0 || len(data) > policy.MaxSize {
			t.Fatalf("%d tests from %d bytes", len(tests), len(data))
		}
		again, err := policytest.Parse("test.yaml", data)
		if err != nil {
			t.Fatal(err)
		}
		for i := range tests {
			first, err := tests[i].Run(policy.Starter(), policytest.Sources{})
			second, errAgain := again[i].Run(policy.Starter(), policytest.Sources{})
			if (err == nil) != (errAgain == nil) || verdict.DigestJSON(first) != verdict.DigestJSON(second) {
				t.Fatal("the same test gives another result")
			}
			if err == nil {
				checkResult(t, first)
			}
		}
	})
}

func checkRefusal(t *testing.T, data []byte, err error) {
	t.Helper()
	var refused *policy.ParseError
	if !errors.As(err, &refused) || len(refused.Problems) == 0 || len(refused.Problems) > strictyaml.MostProblems {
		t.Fatalf("refused with %v", err)
	}
	text := string(data)
	// YAML counts carriage returns and Unicode line ends as ends of lines too.
	lines := strings.Count(text, "\n") + strings.Count(text, "\r") + strings.Count(text, "\u0085") +
		strings.Count(text, "\u2028") + strings.Count(text, "\u2029") + 1
	for _, p := range refused.Problems {
		if p.Line < 1 || p.Line > lines || p.Column < 1 {
			t.Errorf("problem at %d:%d of a file with %d lines", p.Line, p.Column, lines)
		}
		if p.What == "" || strings.Contains(p.What, "\n") {
			t.Errorf("problem %q is not one line", p.What)
		}
	}
}

func checkResult(t *testing.T, r *policytest.Result) {
	t.Helper()
	for _, c := range r.Cases {
		for _, d := range c.Differences {
			if d.Want == d.Got || d.Got == "" || d.Message == "" {
				t.Errorf("case %q differs by %+v", c.Name, d)
			}
			if d.Rule == "" && d.Got != string(c.Outcome) {
				t.Errorf("case %q: outcome %s is told as %s", c.Name, c.Outcome, d.Got)
			}
		}
	}
	if len(r.Cases) == 0 || len(r.Rules) == 0 {
		t.Errorf("%d cases about %d rules", len(r.Cases), len(r.Rules))
	}
}
