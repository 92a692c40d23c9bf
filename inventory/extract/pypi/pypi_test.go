package pypi

import (
	"archive/zip"
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// visit hands a file to the extractor, as a pass does.
func visit(t *testing.T, path, content string) (record.Contents, error) {
	t.Helper()
	file := &rootfs.File{Entry: &rootfs.Entry{Path: path, Kind: rootfs.Regular, Size: int64(len(content))},
		Reader: iotest.HalfReader(strings.NewReader(content))}
	if New().Wants(file.Entry, []byte(content[:min(len(content), rootfs.HeadSize)])) == rootfs.Random {
		file.At = strings.NewReader(content)
	}
	data, err := New().Visit(context.Background(), file)
	contents, decodeErr := record.Decode(data)
	if decodeErr != nil {
		t.Fatal(decodeErr)
	}
	return contents, err
}

func TestMetadata(t *testing.T) {
	one := []record.Package{{Name: "a", Version: "1.0"}}
	for _, test := range []struct {
		name, text string
		want       []record.Package
		gap        string // part of the gap's reason
		complete   bool
	}{
		{name: "one", text: "Metadata-Version: 2.1\nName: a\nVersion: 1.0\n\nName: b\n", want: one},
		{name: "hard case 28: the name is normalised", text: "Name: Zope._Interface\nVersion: 5.0rc1\n",
			want: []record.Package{{Name: "zope-interface", Version: "5.0rc1"}}},
		{name: "lines end in CR LF", text: "Name: a\r\nVersion: 1.0\r\n\r\nName: b\r\n", want: one},
		{name: "fields in any order and case", text: "VERSION:1.0\nname:\ta \n", want: one},
		{name: "the first of two counts", text: "Name: a\nName: b\nVersion: 1.0\nVersion: 2.0\n", want: one},
		{name: "a value that goes on", text: "Name: a\nDescription: x\n Version: 9\n        |y\nVersion: 1.0\n", want: one},
		{name: "a line that is no field ends them", text: "Name: a\nVersion: 1.0\nsome text\nLicense: MIT\n", want: one},
		{name: "a name with a space ends them", text: "Name: a\nVersion: 1.0\nsome text: x\nLicense: MIT\n", want: one},
		{name: "a long line", text: "Name: a\nSummary: " + strings.Repeat("x", 1<<18) + "\nVersion: 1.0\n", want: one},
		{name: "licence", text: "Name: a\nVersion: 1.0\nLicense: MIT\nClassifier: License :: OSI Approved :: BSD License\n",
			want: []record.Package{{Name: "a", Version: "1.0", Licenses: []string{"MIT"}}}},
		{name: "licence as an expression", text: "Name: a\nVersion: 1.0\nLicense: x\nLicense-Expression: MIT OR Apache-2.0\n",
			want: []record.Package{{Name: "a", Version: "1.0", Licenses: []string{"MIT OR Apache-2.0"}}}},
		{name: "licence by classifiers", text: "Name: a\nVersion: 1.0\nLicense: UNKNOWN\nClassifier: License :: OSI Approved\nClassifier: License :: OSI Approved :: MIT License\nClassifier: Topic :: License\n",
			want: []record.Package{{Name: "a", Version: "1.0", Licenses: []string{"MIT License"}}}},
		{name: "licence as a text", text: "Name: a\nVersion: 1.0\nLicense: Copyright\n        All rights\nClassifier: License :: Other\n",
			want: []record.Package{{Name: "a", Version: "1.0", Licenses: []string{"Other"}}}},

		{name: "no version", text: "Name: A_b\n", want: []record.Package{{Name: "a-b"}}, gap: "a-b: its metadata states no version", complete: true},
		{name: "no name", text: "Version: 1.0\n", gap: "states no name"},
		{name: "empty", gap: "states no name"},
		{name: "a space in the name", text: "Name: a b\nVersion: 1.0\n", gap: `"a b" is no package's name`},
		{name: "a space in the version", text: "Name: a\nVersion: 1 2\n", gap: `"1 2" is no version`},
		{name: "too long", text: strings.Repeat("Keywords: x\n", 100_000) + "Name: a\nVersion: 1.0\n", gap: "states no name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			contents, err := visit(t, "usr/lib/python3/dist-packages/a-1.dist-info/METADATA", test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, contents.Packages); diff != "" {
				t.Error(diff)
			}
			checkGap(t, contents.Gaps, test.gap, test.complete)
		})
	}
}

func checkGap(t *testing.T, gaps []record.Gap, why string, complete bool) {
	t.Helper()
	if why == "" && len(gaps) > 0 {
		t.Errorf("unexpected gaps: %v", gaps)
	}
	if why != "" && (len(gaps) != 1 || !strings.Contains(gaps[0].Why, why) || gaps[0].Complete != complete) {
		t.Errorf("gaps %v, want one that says %q", gaps, why)
	}
}

func TestKinds(t *testing.T) {
	for path, want := range map[string]kind{
		"usr/lib/python3/dist-packages/PyYAML-6.0.dist-info/METADATA":         metadata,
		"usr/lib/python3/dist-packages/PyYAML-6.0.dist-info/RECORD":           fileList,
		"usr/share/doc/METADATA":                                              other,
		"usr/lib/python3/dist-packages/Flask-2.2.2.egg-info/PKG-INFO":         metadata,
		"app/app.egg-info/PKG-INFO":                                           metadata,
		"PKG-INFO":                                                            other,
		"usr/lib/python3/dist-packages/lazr-1.egg-info":                       metadata,
		"opt/venv/lib/python3.11/site-packages/a-1-py3.egg/EGG-INFO/PKG-INFO": metadata,
		"srv/EGG-INFO/PKG-INFO":                                               other,
		"opt/venv/lib/python3.11/site-packages/a-1-py3.egg":                   egg,
		"opt/conda/conda-meta/numpy-1.json":                                   conda,
		"usr/lib/python3/dist-packages/lazr-1.egg-info/installed-files.txt":   fileList,
		"app/installed-files.txt":                                             other,
		"app/RECORD":                                                          other,
		"conda-meta/numpy-1.json":                                             conda,
		"opt/xconda-meta/numpy-1.json":                                        other,
		"opt/conda/conda-meta/history":                                        other,
		"app/Pipfile.lock":                                                    pipfileLock,
		"app/poetry.lock":                                                     tomlLock,
		"app/uv.lock":                                                         tomlLock,
		"app/pdm.lock":                                                        tomlLock,
		"app/pylock.toml":                                                     tomlLock,
		"app/pylock.prod.toml":                                                tomlLock,
		"app/pylock.a.b.toml":                                                 other,
		"app/requirements.txt":                                                other,
		"app/pyproject.toml":                                                  other,
		"":                                                                    other,
	} {
		if got := kindOf(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
		if n := testing.AllocsPerRun(10, func() { kindOf(path) }); n > 0 {
			t.Errorf("%s: %v allocations", path, n)
		}
	}
}

func TestWants(t *testing.T) {
	for _, test := range []struct {
		path, head string
		want       rootfs.Want
	}{
		{"a/a-1.dist-info/METADATA", "", rootfs.Stream},
		{"a/a-1.egg", "PK\x03\x04", rootfs.Random},
		{"a/a-1.egg", "import a\n", rootfs.Ignore},
		{"app/uv.lock", "", rootfs.Stream},
		{"usr/lib/python3/dist-packages/a/tests/uv.lock", "", rootfs.Ignore},
		{"app/requirements.txt", "a==1", rootfs.Ignore},
	} {
		if got := New().Wants(&rootfs.Entry{Path: test.path, Kind: rootfs.Regular}, []byte(test.head)); got != test.want {
			t.Errorf("%s: %v, want %v", test.path, got, test.want)
		}
	}
}

func archive(t testing.TB, members map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		member, err := w.Create(name)
		if err == nil {
			_, err = member.Write([]byte(members[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEggArchives(t *testing.T) {
	many := map[string]string{}
	for i := range 20_000 {
		many[strings.Repeat("x", 200)+string(rune('a'+i%26))+strings.Repeat("y", i/26%500)] = ""
	}
	for name, test := range map[string]struct {
		content string
		want    []record.Package
		err     string
	}{
		"one":                 {archive(t, map[string]string{"EGG-INFO/PKG-INFO": "Name: A\nVersion: 1\n", "a.py": ""}), []record.Package{{Name: "a", Version: "1"}}, ""},
		"without metadata":    {archive(t, map[string]string{"a.py": ""}), nil, "without EGG-INFO"},
		"cut short":           {archive(t, map[string]string{"EGG-INFO/PKG-INFO": "Name: A\n"})[:30], nil, "not a valid zip file"},
		"a list without end":  {archive(t, many), nil, "more than 4194304 bytes"},
		"metadata that grows": {archive(t, map[string]string{"EGG-INFO/PKG-INFO": "X: y\n" + strings.Repeat("Name-: x\n", 1<<20) + "Name: a\n"}), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			contents, err := visit(t, "a-1.egg", test.content)
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, want one that says %q", err, test.err)
			}
			if diff := cmp.Diff(test.want, contents.Packages); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConda(t *testing.T) {
	contents, err := visit(t, "opt/conda/conda-meta/numpy-1.20.3-py39_0.json", `{"build": "py39_0", "name": "numpy", "version": "1.20.3",
		"subdir": "linux-64", "license": "BSD-3-Clause", "files": ["bin/f2py", "lib/python3.9/site-packages/numpy-1.20.3.dist-info/METADATA"],
		"paths_data": {"paths": [{"_path": "bin/f2py"}]}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []record.Package{{Owns: sums("opt/conda/bin/f2py", "opt/conda/lib/python3.9/site-packages/numpy-1.20.3.dist-info/METADATA")}, {Name: "numpy", Version: "1.20.3", Arch: "linux-64", Licenses: []string{"BSD-3-Clause"},
		Owns: []record.PathSum{record.SumPath("opt/conda/lib/python3.9/site-packages/numpy-1.20.3.dist-info/METADATA")}}}
	if diff := cmp.Diff(want, contents.Packages); diff != "" {
		t.Error(diff)
	}
	contents, err = visit(t, "opt/conda/conda-meta/a.json", `{"name": "a"}`)
	if err != nil || len(contents.Packages) > 0 {
		t.Errorf("no version: %v, %v", contents.Packages, err)
	}
	checkGap(t, contents.Gaps, "no version", false)
	if _, err := visit(t, "opt/conda/conda-meta/a.json", `{"name": `); err == nil {
		t.Error("cut short: no error")
	}
}

// assembled is what the files of a merged view give: purl, owner and path of each location, and
// the gaps.
func assembled(t *testing.T, files map[string]string) (packages, gaps []string) {
	t.Helper()
	var list []record.File
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if New().Wants(&rootfs.Entry{Path: path, Kind: rootfs.Regular}, []byte(files[path])) == rootfs.Ignore {
			continue
		}
		contents, err := visit(t, path, files[path])
		file := record.File{Path: path, Read: true, Data: contents.Encode()}
		if err != nil {
			file.Problem = err.Error()
		}
		list = append(list, file)
	}
	found := record.NewFound(nil)
	New().Assemble(list, found)
	for _, p := range found.Packages() {
		for _, l := range p.Locations {
			packages = append(packages, strings.TrimSpace(p.PURL+" "+l.Path+" "+p.OwnedBy))
		}
	}
	for _, g := range found.Coverage().Gaps {
		gaps = append(gaps, g.Dimension+" "+g.Code+" "+g.Path)
	}
	return packages, gaps
}

func TestTogether(t *testing.T) {
	const a, lock = "Name: a\nVersion: 1.0\n", "[[package]]\nname = \"a\"\nversion = \"1.0\"\n[[package]]\nname = \"b\"\nversion = \"2.0\"\n"
	const site = "lib/python3.11/site-packages/a-1.0.dist-info/METADATA"
	for _, test := range []struct {
		name           string
		files          map[string]string
		packages, gaps []string
	}{
		{"a lock file alone", map[string]string{"app/poetry.lock": lock},
			[]string{"pkg:pypi/a@1.0 app/poetry.lock", "pkg:pypi/b@2.0 app/poetry.lock"}, nil},
		{"a virtual environment beside it", map[string]string{"app/poetry.lock": lock, "app/.venv/" + site: a},
			[]string{"pkg:pypi/a@1.0 app/.venv/" + site}, nil},
		{"one of another name, beside a damaged lock file", map[string]string{"uv.lock": "[[", "venv/" + site: a},
			[]string{"pkg:pypi/a@1.0 venv/" + site}, nil},
		{"one somewhere else", map[string]string{"app/poetry.lock": lock, "opt/venv/" + site: a},
			[]string{"pkg:pypi/a@1.0 app/poetry.lock", "pkg:pypi/a@1.0 opt/venv/" + site, "pkg:pypi/b@2.0 app/poetry.lock"}, nil},
		{"somebody's test data", map[string]string{"usr/lib/python3/dist-packages/a/tests/poetry.lock": lock}, nil, nil},
		{"a damaged lock file", map[string]string{"app/uv.lock": "[["}, nil, []string{"packages/pypi unreadable-database app/uv.lock"}},
		{"two copies of a package", map[string]string{"usr/" + site: a, "opt/" + site: a},
			[]string{"pkg:pypi/a@1.0 opt/" + site, "pkg:pypi/a@1.0 usr/" + site}, nil},
		{"hard case 9: conda's, and a copy that pip put elsewhere", map[string]string{
			"opt/conda/conda-meta/a-1.0.json": `{"name": "a", "version": "1.0", "files": ["` + site + `"]}`, "opt/conda/" + site: a, "srv/" + site: a},
			[]string{"pkg:conda/a@1.0 opt/conda/conda-meta/a-1.0.json", "pkg:pypi/a@1.0 srv/" + site, "pkg:pypi/a@1.0 opt/conda/" + site + " pkg:conda/a@1.0"}, nil},
		{"damaged conda metadata", map[string]string{"opt/conda/conda-meta/a.json": "{"}, nil, []string{"packages/conda unreadable-database opt/conda/conda-meta/a.json"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			packages, gaps := assembled(t, test.files)
			if diff := cmp.Diff(test.packages, packages); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.gaps, gaps); diff != "" {
				t.Error(diff)
			}
		})
	}
}
