package listing

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

func TestEvidence(t *testing.T) {
	for _, test := range []struct {
		name, lock string
		installed  []string
		counts     bool
	}{
		{"nothing installed", "app/a.lock", nil, true},
		{"installed below", "app/a.lock", []string{"app/vendor/installed"}, false},
		{"installed in the same folder", "app/a.lock", []string{"app/installed"}, false},
		{"installed elsewhere", "app/a.lock", []string{"usr/lib/installed", "application/installed"}, true},
		{"installed above", "app/a.lock", []string{"installed"}, true},
		{"in the root, installed below", "a.lock", []string{"vendor/installed"}, false},
		{"in the root, installed by the system", "a.lock", []string{"usr/lib/installed"}, true},
		{"in the root, nothing installed", "a.lock", nil, true},
		{"inside of a package", "app/node_modules/a/a.lock", nil, false},
		{"inside of a package of the system", "usr/lib/python3/dist-packages/a/a.lock", nil, false},
		{"inside of a Go module", "root/go/pkg/mod/git.example/a@v1/a.lock", nil, false},
		{"a folder called pkg", "src/pkg/a/a.lock", nil, true},
		{"an example", "usr/share/doc/a/examples/a.lock", nil, false},
		{"a file called like a folder of packages", "app/vendor", nil, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			outweighed := map[string]bool{}
			for _, path := range test.installed {
				Rules{}.outweigh(outweighed, path)
			}
			if got := counts(test.lock, outweighed); got != test.counts {
				t.Errorf("counts: %v", got)
			}
		})
	}
}

// lines is a format of a package a line.
func lines() Extractor {
	return New(Format{Name: "lines", Type: "lines", PURL: func(p record.Package) string { return "pkg:lines/" + p.Name }, Kinds: []Kind{
		{Installed, Named("installed"), parseLines}, {Locked, Named("lock"), parseLines},
	}})
}

func parseLines(f File, list *List) error {
	for _, line := range Lines(f.Content) {
		list.Add(record.Package{Name: string(line), Version: "1"})
	}
	return nil
}

func visit(e Extractor, path, content string) record.File {
	file := record.File{Path: path, Read: true}
	var err error
	file.Data, err = e.Visit(context.Background(), &rootfs.File{Entry: &rootfs.Entry{Path: path}, Reader: strings.NewReader(content)})
	if err != nil {
		file.Problem = err.Error()
	}
	return file
}

func TestWhatCounts(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"a lock file alone", map[string]string{"app/lock": "a"}, "pkg:lines/a"},
		{"beside what is installed", map[string]string{"app/lock": "a", "app/x/installed": "b"}, "pkg:lines/b"},
		{"beside what lists nothing", map[string]string{"app/lock": "a", "app/x/installed": ""}, "pkg:lines/a"},
		{"two applications", map[string]string{"one/lock": "a", "two/lock": "b", "two/installed": "c"}, "pkg:lines/a pkg:lines/c"},
		{"a link to another name", map[string]string{"app/another": "a"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := record.NewFound(nil)
			var files []record.File
			for path, content := range test.files {
				files = append(files, visit(lines(), path, content))
			}
			lines().Assemble(files, found)
			var got []string
			for _, p := range found.Packages() {
				got = append(got, p.PURL)
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%v, want %s", got, test.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	for name, test := range map[string]struct{ content, problem string }{
		"a large file":      {strings.Repeat("x", maxFile+1), "larger than"},
		"too many packages": {strings.Repeat("x\n", maxPackages+1), "more than 100000 packages"},
		"as many as may be": {strings.Repeat("x\n", maxPackages), ""},
	} {
		if got := visit(lines(), "lock", test.content).Problem; !strings.Contains(got, test.problem) || (got == "") != (test.problem == "") {
			t.Errorf("%s: %q", name, got)
		}
	}
	var into map[string]any
	large := []byte("a = '" + strings.Repeat("x", maxTOML) + "'")
	for name, read := range map[string]func([]byte, any) error{"TOML": TOML, "YAML": YAML} {
		if err := read(large, &into); err == nil || !strings.Contains(err.Error(), "larger than") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{"keys": "=", "tables": "[a]\n", "dots": "...."} {
		if err := TOML([]byte(strings.Repeat(text, maxKeys+2)), &into); err == nil || !strings.Contains(err.Error(), "keys and tables") {
			t.Errorf("many %s: %v", name, err)
		}
	}
}

// TestHostileStructures: what ends a process that reads it without bounds is an error.
func TestHostileStructures(t *testing.T) {
	var into struct{ A any }
	deep := func(open string) []byte { return []byte(strings.Repeat(open, maxYAML/2/len(open))) }
	for name, read := range map[string]func() error{
		"JSON, deep":         func() error { return JSON(append([]byte(`{"a":`), deep("[")...), &into) },
		"TOML, deep":         func() error { return TOML(append([]byte("a="), deep("[")...), &into) },
		"TOML, deep tables":  func() error { return TOML(append([]byte("a="), deep("{a=")...), &into) },
		"YAML, deep":         func() error { return YAML(deep("["), &into) },
		"YAML, deep by dash": func() error { return YAML(deep("- "), &into) },
		"YAML, anchors": func() error {
			text := "a0: &a0 [x, x]\n"
			for i := range 30 {
				text += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
			}
			return YAML([]byte(text), &into)
		},
	} {
		if err := read(); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestNames(t *testing.T) {
	is := Named("a.lock", "vendor/b.json")
	for path, want := range map[string]bool{
		"a.lock": true, "x/a.lock": true, "xa.lock": false, "a.lock/x": false, "vendor/b.json": true, "x/vendor/b.json": true, "xvendor/b.json": false, "": false,
	} {
		if got := is(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestAList(t *testing.T) {
	var list List
	for _, p := range []record.Package{
		{Name: "a", Version: "1", Licenses: []string{" MIT  AND\tBSD ", "", strings.Repeat("x", record.MaxText+1)}},
		{Name: "b"}, {Name: "c d", Version: "1"}, {Name: "e", Version: "1 2"}, {Name: "f", Version: "1", ID: "x y"}, {Name: "g", Version: "1", Arch: "\n"},
	} {
		list.Add(p)
	}
	contents, err := list.End(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(contents.Packages) != 2 || contents.Packages[0].Licenses[0] != "MIT AND BSD" || len(contents.Packages[0].Licenses) != 1 {
		t.Errorf("packages %+v", contents.Packages)
	}
	want := []record.Gap{
		{Code: record.MalformedEntry, Why: `4 entries; the first: "c d" is not a package's name`},
		{Code: record.UnversionedPackage, Why: "b states no version", Complete: true},
	}
	if fmt.Sprint(contents.Gaps) != fmt.Sprint(want) {
		t.Errorf("gaps %v, want %v", contents.Gaps, want)
	}
}

// BenchmarkWants is what every file of every image costs a format.
func BenchmarkWants(b *testing.B) {
	e := lines()
	entry := &rootfs.Entry{Path: "usr/lib/python3/dist-packages/some/package/module.py"}
	b.ReportAllocs()
	for b.Loop() {
		if e.Wants(entry, nil) != rootfs.Ignore {
			b.Fatal("wanted")
		}
	}
}

func TestArrays(t *testing.T) {
	type pair struct{ A string }
	for text, want := range map[string]struct {
		members int
		problem string
	}{
		`[]`: {0, ""}, `[{"a": "x"}, {}]`: {2, ""}, `null`: {0, ""}, ` [ null ] `: {1, ""},
		`{}`: {0, "is not a list"}, `"["`: {0, "is not a list"}, `[{}, 1]`: {1, "cannot unmarshal"},
		"[" + strings.Repeat("{},", maxPackages) + "{}]": {maxPackages, "more than 100000 members"},
	} {
		var outer struct{ List Array[pair] }
		err := JSON([]byte(`{"list": `+text+`}`), &outer)
		if len(outer.List) != want.members || (err == nil) != (want.problem == "") || err != nil && !strings.Contains(err.Error(), want.problem) {
			t.Errorf("%.20s: %d members, %v", text, len(outer.List), err)
		}
	}
}

// TestASourceIsNoVersion: an address says where a package is from, and not which version it is.
func TestASourceIsNoVersion(t *testing.T) {
	for version, want := range map[string]string{
		"git+ssh://registry.example/git.git#0123": "", "file:a-1.0.0.tgz": "", "./a-1.whl": "", "github:owner/a#0123": "",
		"dev-feature/x": "dev-feature/x", "1!2.0+local": "1!2.0+local", "1:2.0-1": "1:2.0-1",
	} {
		var list List
		list.Add(record.Package{Name: "a", Version: version})
		contents := list.Contents()
		if len(contents.Packages) != 1 || contents.Packages[0].Version != want || (len(contents.Gaps) == 1) != (want == "") {
			t.Errorf("%s: %+v", version, contents)
		}
	}
}

func TestInsidePackages(t *testing.T) {
	for path, want := range map[string]bool{
		"app/package-lock.json":                       false,
		"package-lock.json":                           false,
		"app/node_modules/a/package-lock.json":        true,
		"node_modules/a/yarn.lock":                    true,
		"app/my_node_modules/yarn.lock":               false,
		"usr/share/nodejs/a/yarn.lock":                true,
		"usr/lib/python3/dist-packages/a/poetry.lock": true,
		"root/go/pkg/mod/a.test@v1/web/yarn.lock":     true,
		"usr/share/doc/a/examples/package-lock.json":  true,
		"": false,
	} {
		if got := InsidePackages(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

func TestHolders(t *testing.T) {
	for path, want := range map[string][]string{
		"app/node_modules/a/package.json":                {"app/"},
		"node_modules/a/node_modules/b/package.json":     {"", "node_modules/a/"},
		"app/my_node_modules/a/node_modules_/b/x":        nil,
		"app/node_modules":                               nil,
		"node_modules/node_modules/node_modules/a/x.txt": {"", "node_modules/", "node_modules/node_modules/"},
	} {
		holders := map[string]bool{}
		addHolders(holders, path, "node_modules")
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(holders))); diff != "" {
			t.Errorf("%s:\n%s", path, diff)
		}
	}
}
