package invariants

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// testFile is what a file of tests has: the names of its tests, and its texts, which name subtests.
type testFile struct {
	functions, texts []string
}

// testFiles reads the tests of each folder.
func testFiles(t *testing.T) map[string][]testFile {
	t.Helper()
	folders := map[string][]testFile{}
	for _, name := range files(t) {
		if !strings.HasSuffix(name, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, read(t, name), 0)
		if err != nil {
			t.Fatal(err)
		}
		var f testFile
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				f.functions = append(f.functions, n.Name.Name)
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil {
					f.texts = append(f.texts, text)
				}
			}
			return true
		})
		folders[path.Dir(name)] = append(folders[path.Dir(name)], f)
	}
	return folders
}

func TestKnownFailuresHaveTheirTests(t *testing.T) {
	// Reason: the page says that what went wrong elsewhere cannot happen here, and by what that is
	// shown. A test that is renamed or taken away makes it untrue.
	folders := testFiles(t)
	shown := regexp.MustCompile("`([a-z/]+) ((?:Test|Fuzz)[A-Za-z]+)(?:/([^`]+))?`")
	number := regexp.MustCompile(`(CVE-\d{4}-\d+|GHSA-[0-9a-z-]+|[a-z-]+#\d+)`)
	rows := 0
	for i, line := range strings.Split(string(read(t, "docs/known-failures.md")), "\n") {
		for _, m := range shown.FindAllStringSubmatch(line, -1) {
			if !slices.ContainsFunc(folders[m[1]], func(f testFile) bool {
				return slices.Contains(f.functions, m[2]) && (m[3] == "" || slices.Contains(f.texts, m[3]))
			}) {
				t.Errorf("line %d: there is no test %s in %s, or no %q in its file", i+1, m[2], m[1], m[3])
			}
		}
		columns := strings.Split(line, "|")
		if len(columns) != 5 || strings.Contains(line, "---") || strings.Contains(line, "Shown by") {
			continue
		}
		rows++
		if tests := len(shown.FindAllString(columns[3], -1)); tests == 0 || strings.Count(columns[3], "`") != 2*tests {
			t.Errorf("line %d names no test, or what is none", i+1)
		}
		if !number.MatchString(columns[1]) {
			t.Errorf("line %d does not say which failure it is about", i+1)
		}
	}
	if rows < 30 {
		t.Errorf("docs/known-failures.md has %d rows: this test looks for the wrong thing", rows)
	}
}
