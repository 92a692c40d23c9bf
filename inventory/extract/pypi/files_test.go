package pypi

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// sums are those of paths, sorted as a result has them.
func sums(paths ...string) []record.PathSum {
	var sums []record.PathSum
	for _, path := range paths {
		sums = append(sums, record.SumPath(path))
	}
	slices.Sort(sums)
	return sums
}

func TestFileLists(t *testing.T) {
	const site = "opt/venv/lib/python3.11/site-packages"
	for name, test := range map[string]struct {
		file, text string
		want       []string
	}{
		"files beside the metadata": {site + "/a-1.dist-info/RECORD", "a/__init__.py,sha256=0123,5\r\na-1.dist-info/RECORD,,\r\n",
			[]string{site + "/a/__init__.py", site + "/a-1.dist-info/RECORD"}},
		"a program":               {site + "/a-1.dist-info/RECORD", "../../../bin/a,sha256=0123,5\n", []string{"opt/venv/bin/a"}},
		"a path from the root":    {site + "/a-1.dist-info/RECORD", "/usr/bin/a,,\n", []string{"usr/bin/a"}},
		"a path above the root":   {"a-1.dist-info/RECORD", "../../../etc/a,,\n", []string{"etc/a"}},
		"a comma and quotes":      {site + "/a-1.dist-info/RECORD", "\"a,\"\"b\"\".py\",,\n", []string{site + `/a,"b".py`}},
		"a quote that never ends": {site + "/a-1.dist-info/RECORD", "\"a.py\nb.py,,\n", []string{site + "/b.py"}},
		"an egg's":                {site + "/a.egg-info/installed-files.txt", "../a/b, c.so\nPKG-INFO\n\n", []string{site + "/a/b, c.so", site + "/a.egg-info/PKG-INFO"}},
		"a path too long":         {site + "/a-1.dist-info/RECORD", strings.Repeat("x", 1<<20) + ",,\na.py,,\n", []string{site + "/a.py"}},
	} {
		t.Run(name, func(t *testing.T) {
			contents, err := visit(t, test.file, test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]record.Package{{Owns: sums(test.want...)}}, contents.Packages); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFolders(t *testing.T) {
	const site = "usr/local/lib/python3.11/site-packages/"
	for file, want := range map[string][]string{
		site + "requests-2.31.0.dist-info/METADATA": {site + "requests/", site + "requests/", site + "requests.libs/"},
		site + "MarkupSafe-2.1.2.egg-info/PKG-INFO": {site + "MarkupSafe/", site + "markupsafe/", site + "MarkupSafe.libs/"},
		site + "lazr-1.egg-info/PKG-INFO":           {site + "lazr/", site + "lazr/", site + "lazr.libs/"},
		site + "lazr-1.egg-info":                    {site + "lazr/", site + "lazr/", site + "lazr.libs/"},
		site + "a-1-py3.egg/EGG-INFO/PKG-INFO":      {site + "a-1-py3.egg/"},
		"app/a-1.dist-info/METADATA":                nil, // an application's folder is no site
	} {
		if diff := cmp.Diff(want, folders(file, record.Package{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// FuzzFileList: no input makes the parser panic or fail; it lists at most one file a line.
func FuzzFileList(f *testing.F) {
	f.Add([]byte("a.py,sha256=0,1\n\"b\"\"\",,\n../../../bin/c,,"), true)
	f.Add([]byte("../a.py\n\n/b\n"), false)
	f.Fuzz(func(t *testing.T, text []byte, isRecord bool) {
		file := "site-packages/a.egg-info/installed-files.txt"
		if isRecord {
			file = "site-packages/a-1.dist-info/RECORD"
		}
		contents, err := parseRecord(bytes.NewReader(text), file)
		if err != nil || len(contents.Packages[0].Owns) > 1+bytes.Count(text, []byte("\n")) {
			t.Errorf("%d files, error %v", len(contents.Packages[0].Owns), err)
		}
	})
}
