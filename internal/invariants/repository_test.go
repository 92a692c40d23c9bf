package invariants

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// files returns the repository's files: those that git tracks, and new ones it would.
func files(t *testing.T) []string {
	t.Helper()
	command := exec.Command("git", "ls-files", "-co", "--exclude-standard", "--deduplicate")
	command.Dir = "../.."
	out, err := command.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var names []string
	for _, name := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if _, err := os.Stat(filepath.Join("../..", name)); err == nil {
			names = append(names, name)
		}
	}
	if len(names) < 50 {
		t.Fatalf("git names only %d files", len(names))
	}
	return names
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	// Reason: a newcomer reads package comments first (style.md; scanners with none are trees of
	// nouns that nobody explains).
	for _, p := range list(t) {
		words := len(strings.Fields(p.Doc))
		onlyTests := len(p.GoFiles) == 0
		if words < 5 && !onlyTests {
			t.Errorf("%s has no package comment worth the name", p.ImportPath)
		}
	}
}

func TestNoDrawers(t *testing.T) {
	// Reason: a package named for nothing collects everything (import rule 6).
	drawers := []string{"util", "utils", "common", "types", "models", "helpers", "pkg", "lib", "misc"}
	for _, p := range list(t) {
		for _, element := range strings.Split(strings.TrimPrefix(p.ImportPath, module), "/") {
			if slices.Contains(drawers, element) {
				t.Errorf("%s: %q says nothing about what is in it", p.ImportPath, element)
			}
		}
	}
}

func TestNoInitAndNoMutableState(t *testing.T) {
	// Reason: what runs before main, or changes behind a caller's back, cannot be reasoned about
	// (import rule 6). Sentinel errors and embedded files are the exceptions.
	for _, name := range files(t) {
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		source := read(t, name)
		parsed, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments)
		if err != nil {
			t.Error(err)
			continue
		}
		if ast.IsGenerated(parsed) {
			continue
		}
		for _, declaration := range parsed.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					t.Errorf("%s has an init function", name)
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR && !isEmbed(d) {
					checkVariables(t, name, d)
				}
			}
		}
	}
}

func isEmbed(d *ast.GenDecl) bool {
	return d.Doc != nil && slices.ContainsFunc(d.Doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

// checkVariables allows sentinel errors and assertions that a type implements an interface.
func checkVariables(t *testing.T, file string, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		for i, name := range v.Names {
			sentinel := len(v.Values) > i && isErrorsNew(v.Values[i])
			if name.Name != "_" && !sentinel {
				t.Errorf("%s has the package-level variable %s", file, name.Name)
			}
		}
	}
}

func isErrorsNew(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := selector.X.(*ast.Ident)
	return ok && x.Name == "errors" && selector.Sel.Name == "New"
}

func TestNoThirdPartyFiles(t *testing.T) {
	// Reason: everything here was written here; what others wrote comes through go.mod.
	foreign := regexp.MustCompile(`(^|/)(vendor|node_modules|third_party)/|\.min\.(js|css)$|\.(so|dll|dylib|exe|jar|class|a|o)$`)
	for _, name := range files(t) {
		if foreign.MatchString(name) {
			t.Errorf("%s looks like somebody else's file", name)
		}
	}
}

func TestNoUnfinishedWork(t *testing.T) {
	// Reason: what is left to do is an issue or a decision record, not a comment.
	mark := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX|HA` + `CK)\b`)
	for _, name := range files(t) {
		if path.Ext(name) == ".go" && mark.Match(read(t, name)) {
			t.Errorf("%s has an unfinished-work mark", name)
		}
	}
}

func TestTheRepositorySpeaksOfTheProductAlone(t *testing.T) {
	// Reason: readers need no word of where and how it was built; and a fixture that names a host
	// would send somebody there.
	hosts := regexp.MustCompile(`(?i)registry\.npmjs|proxy\.golang|deb\.debian\.org|security\.debian\.org|dl-cdn\.alpinelinux|pypi\.org/simple|/root/|/work/(main|shared|\.library)`)
	for _, name := range files(t) {
		if name == "internal/invariants/repository_test.go" || path.Ext(name) == ".zst" {
			continue
		}
		content := read(t, name)
		if bytes.IndexByte(content[:min(len(content), 8000)], 0) >= 0 {
			continue // not text
		}
		if found := hosts.Find(content); found != nil {
			t.Errorf("%s names %q", name, found)
		}
	}
}

func TestEveryDependencyHasADecision(t *testing.T) {
	// Reason: a dependency is a decision: why, what it pulls in, what we would do without it.
	var decisions []byte
	for _, name := range files(t) {
		if strings.HasPrefix(name, "docs/decisions/") {
			decisions = append(decisions, read(t, name)...)
		}
	}
	direct := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`)
	matches := direct.FindAllSubmatch(read(t, "go.mod"), -1)
	if len(matches) == 0 {
		t.Fatal("found no direct requirement in go.mod")
	}
	for _, m := range matches {
		if !bytes.Contains(decisions, m[1]) {
			t.Errorf("no page in docs/decisions speaks of %s", m[1])
		}
	}
}

func TestTheMakefileHasItsTargets(t *testing.T) {
	// Reason: README, CI and people's fingers rely on them.
	makefile := read(t, "Makefile")
	phony := regexp.MustCompile(`(?m)^\.PHONY: (.*)$`).FindSubmatch(makefile)
	if phony == nil {
		t.Fatal("no .PHONY line")
	}
	for _, target := range []string{"demo", "test", "check", "bench", "e2e", "build"} {
		if !slices.Contains(strings.Fields(string(phony[1])), target) {
			t.Errorf("%s is not phony", target)
		}
		if !regexp.MustCompile(`(?m)^` + target + `:`).Match(makefile) {
			t.Errorf("there is no target %s", target)
		}
	}
}
