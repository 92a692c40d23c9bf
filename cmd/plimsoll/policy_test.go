package main

import (
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// The README shows of policies and their tests what the transcript has, letter by letter.
func TestReadmeShowsWhatIsPrinted(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	transcript, err := txtar.ParseFile("testdata/policy.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range transcript.Files {
		files[f.Name] = string(f.Data)
	}
	_, rules, _ := strings.Cut(files["baseline.yaml"], "rules:\n")
	_, firstCase, _ := strings.Cut(files["baseline.test.yaml"], "  - name: fix has existed for 8 days\n")
	firstCase, _, _ = strings.Cut(firstCase, "  - name:")
	for name, shown := range map[string]string{"the output": files["differs.golden"], "the rules": rules, "the case": firstCase} {
		if shown == "" || !strings.Contains(string(readme), shown) {
			t.Errorf("the README does not show %s:\n%s", name, shown)
		}
	}
}
