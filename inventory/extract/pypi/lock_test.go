package pypi

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

func TestLocks(t *testing.T) {
	for _, test := range []struct {
		name, path, text string
		want             []string
		gaps             []string // codes
	}{
		{name: "pipenv", path: "Pipfile.lock", text: `{"_meta": {"hash": {"sha256": "00"}, "requires": {"python_version": "3.11"}},
			"default": {"Flask": {"hashes": ["sha256:00"], "index": "pypi", "version": "==2.2.2"},
				"git": {"git": "https://registry.example/git.git", "ref": "0123"}, "app": {"editable": true, "path": "."}},
			"develop": {"pytest": {"version": "==7.0.0"}}}`,
			want: []string{"flask 2.2.2", "git"}, gaps: []string{record.UnversionedPackage}},
		{name: "poetry 1", path: "poetry.lock", text: `[[package]]
name = "flask"
version = "2.2.2"
description = "x"
category = "main"
optional = false
python-versions = ">=3.7"
files = [{file = "flask.whl", hash = "sha256:00"}]

[package.dependencies]
click = ">=8.0"

[[package]]
name = "pytest"
version = "7.0.0"
category = "dev"

[[package]]
name = "sibling"
version = "0.1.0"
[package.source]
type = "directory"
url = "../sibling"

[[package]]
name = "git"
version = "3.0.0"
[package.source]
type = "git"
url = "https://registry.example/git.git"
resolved_reference = "0123"

[metadata]
lock-version = "1.1"
`, want: []string{"flask 2.2.2", "git 3.0.0"}},
		{name: "poetry 2", path: "poetry.lock", text: `[[package]]
name = "flask"
version = "2.2.2"
groups = ["main", "dev"]
markers = {main = "x", dev = "y"}

[[package]]
name = "pytest"
version = "7.0.0"
groups = ["dev"]

[[package]]
name = "mkdocs"
version = "1.0.0"
groups = ["docs"]
`, want: []string{"flask 2.2.2", "mkdocs 1.0.0"}},
		{name: "uv", path: "uv.lock", text: `version = 1
requires-python = ">=3.12"

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "flask" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]

[[package]]
name = "dynamic"
source = { editable = "packages/dynamic" }

[[package]]
name = "flask"
version = "2.2.2"
source = { registry = "https://registry.example/simple" }
wheels = [{ url = "https://registry.example/flask.whl", hash = "sha256:00", size = 1, upload-time = 2026-01-01T00:00:00Z }]

[[package]]
name = "git"
version = "3.0.0"
source = { git = "https://registry.example/git.git#0123" }
`, want: []string{"flask 2.2.2", "git 3.0.0"}},
		{name: "pdm", path: "pdm.lock", text: `[metadata]
groups = ["default", "dev"]
lock_version = "4.5.0"

[[package]]
name = "flask"
version = "2.2.2"
groups = ["default"]
marker = "python_version >= '3.8'"

[[package]]
name = "pytest"
version = "7.0.0"
groups = ["dev"]

[[package]]
name = "sibling"
version = "0.1.0"
path = "./sibling"
groups = ["default"]

[[package]]
name = "wheel"
version = "0.2.0"
path = "./wheel-0.2.0.whl"
groups = ["default"]
`, want: []string{"flask 2.2.2", "wheel 0.2.0"}},
		{name: "pylock", path: "pylock.prod.toml", text: `lock-version = "1.0"
created-by = "x"

[[packages]]
name = "flask"
version = "2.2.2"
wheels = [{ name = "flask.whl", hashes = { sha256 = "00" } }]

[[packages]]
name = "pytest"
version = "7.0.0"
marker = "'dev' in dependency_groups"

[[packages]]
name = "sibling"
directory = { path = "../sibling" }

[[packages]]
name = "git"
vcs = { type = "git", url = "https://registry.example/git.git", commit-id = "0123" }
`, want: []string{"flask 2.2.2", "git"}, gaps: []string{record.UnversionedPackage}},
		{name: "of nothing", path: "poetry.lock", text: "package = []\n[metadata]\nlock-version = \"2.0\"\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			contents, err := visit(t, "app/"+test.path, test.text)
			if err != nil {
				t.Fatal(err)
			}
			var got, gaps []string
			for _, p := range contents.Packages {
				got = append(got, strings.TrimSpace(p.Name+" "+p.Version))
			}
			for _, gap := range contents.Gaps {
				gaps = append(gaps, gap.Code)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.gaps, gaps); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestALockThatCannotBeRead(t *testing.T) {
	for name, test := range map[string]struct{ path, text, want string }{
		"TOML cut short":   {"uv.lock", "[[package]]\nname = \"a\n", "toml"},
		"another type":     {"uv.lock", "package = 1\n", "toml"},
		"too deep":         {"uv.lock", "a = " + strings.Repeat("[", 1<<20), "nested more"},
		"too long":         {"uv.lock", strings.Repeat("#\n", maxLock/2+1), "more than is read"},
		"pipenv cut short": {"Pipfile.lock", `{"default": {`, "not JSON"},
	} {
		if _, err := visit(t, test.path, test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, test.want)
		}
	}
}

// FuzzFiles: no file of any kind makes a parser panic; every package has a name that is a word, in
// normal form if it is Python's, and a version that is one or none; there are not more packages
// than bytes; the result does not depend on how the bytes arrive.
func FuzzFiles(f *testing.F) {
	f.Add(uint8(0), []byte("Name: A_b\nVersion: 1\nLicense: MIT\n x\nClassifier: License :: x\n\n"))
	f.Add(uint8(1), []byte(archive(f, map[string]string{"EGG-INFO/PKG-INFO": "Name: a\nVersion: 1\n"})))
	f.Add(uint8(2), []byte(`{"name": "a", "version": "1", "files": ["a-1.dist-info/METADATA"]}`))
	f.Add(uint8(3), []byte(`{"default": {"a": {"version": "==1"}, "b": {"path": "."}}}`))
	f.Add(uint8(4), []byte("[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"dev\"]\nsource = {virtual = \".\"}\n[[packages]]\nname = \"b\"\n"))
	paths := []string{"a.dist-info/METADATA", "a.egg", "conda-meta/a.json", "Pipfile.lock", "uv.lock"}
	f.Fuzz(func(t *testing.T, number uint8, text []byte) {
		path := paths[int(number)%len(paths)]
		read := func(r io.Reader) (record.Contents, error) {
			entry := &rootfs.Entry{Path: path, Kind: rootfs.Regular, Size: int64(len(text))}
			return parse(&rootfs.File{Entry: entry, Reader: r, At: bytes.NewReader(text)})
		}
		contents, err := read(bytes.NewReader(text))
		again, errAgain := read(iotest.HalfReader(bytes.NewReader(text)))
		if diff := cmp.Diff(contents, again); diff != "" || (err == nil) != (errAgain == nil) {
			t.Fatal(err, errAgain, diff)
		}
		if len(contents.Packages) > len(text) {
			t.Fatalf("%d packages in %d bytes", len(contents.Packages), len(text))
		}
		for _, p := range contents.Packages {
			if p.Name == "" && path == "conda-meta/a.json" && len(p.Owns) > 0 {
				continue // all files of the package
			}
			if !record.IsWord([]byte(p.Name)) || p.Version != "" && !record.IsWord([]byte(p.Version)) {
				t.Fatalf("%+v", p)
			}
			if path != "conda-meta/a.json" && (strings.ToLower(p.Name) != p.Name || strings.ContainsAny(p.Name, "_.")) {
				t.Fatalf("%q is not in normal form", p.Name)
			}
		}
	})
}
