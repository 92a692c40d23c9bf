package npm

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/internal/leanjson"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

func sortedPaths(files map[string]string) []string { return slices.Sorted(maps.Keys(files)) }

func TestLocks(t *testing.T) {
	for _, test := range []struct {
		name, path, text string
		want             []string
		gaps             []string // codes
	}{
		{name: "package-lock 1", path: "package-lock.json", text: `{"name": "app", "version": "1.0.0", "lockfileVersion": 1, "dependencies": {
			"@babel/code-frame": {"version": "7.0.0", "requires": {"@babel/highlight": "^7.0.0"}},
			"alias": {"version": "npm:minimist@1.2.0"},
			"a": {"version": "1.0.0", "dependencies": {"b": {"version": "2.0.0", "bundled": true}, "d": {"version": "1.0.0", "dev": true}}},
			"ms": {"version": "2.0.0", "dev": true}, "once": {"version": "1.4.0", "optional": true},
			"folder": {"version": "file:../folder"},
			"archive": {"version": "file:archive-1.0.0.tgz"},
			"git": {"version": "git+ssh://git@registry.example/git.git#0123"}}}`,
			want: []string{"@babel/code-frame 7.0.0", "a 1.0.0", "archive", "b 2.0.0", "git", "minimist 1.2.0", "once 1.4.0"},
			gaps: []string{record.UnversionedPackage}},
		{name: "package-lock 2: the list counts", path: "package-lock.json", text: `{"lockfileVersion": 2,
			"dependencies": {"a": {"version": "npm:b@1.0.0"}}, "packages": {"": {"name": "app", "version": "1.0.0"}, "node_modules/a": {"name": "b", "version": "1.0.0"}}}`,
			want: []string{"b 1.0.0"}},
		{name: "package-lock 3", path: "npm-shrinkwrap.json", text: `{"lockfileVersion": 3, "packages": {
			"": {"name": "app", "version": "1.0.0", "dependencies": {"a": "1"}},
			"packages/w": {"name": "w", "version": "1.0.0"}, "node_modules/w": {"resolved": "packages/w", "link": true},
			"packages/w/node_modules/ms": {"version": "2.1.0"},
			"node_modules/@babel/code-frame": {"version": "7.0.0", "license": "MIT"},
			"node_modules/alias": {"name": "minimist", "version": "1.2.0"},
			"node_modules/ms": {"version": "2.0.0", "dev": true},
			"node_modules/once": {"version": "1.4.0", "devOptional": true},
			"node_modules/a": {"version": "1.0.0"}, "node_modules/a/node_modules/b": {"version": "2.0.0", "inBundle": true},
			"node_modules/c/node_modules/b": {"version": "2.0.0"},
			"node_modules/git": {"version": "3.0.0", "resolved": "git+ssh://git@registry.example/git.git#0123"}}}`,
			want: []string{"@babel/code-frame 7.0.0", "a 1.0.0", "b 2.0.0", "git 3.0.0", "minimist 1.2.0", "ms 2.1.0", "once 1.4.0"}},
		{name: "package-lock of nothing", path: "package-lock.json", text: `{"lockfileVersion": 3, "packages": {}}`},
		{name: "package-lock: a name that is none", path: "package-lock.json", text: `{"packages": {"node_modules/a b": {"version": "1"}, "node_modules/c": {"version": "1 2"}}}`,
			gaps: []string{record.MalformedEntry}},
		{name: "yarn classic", path: "yarn.lock", text: `# yarn lockfile v1


"@babel/code-frame@7.0.0", "@babel/code-frame@^7.0.0":
  version "7.0.0"
  resolved "https://registry.example/code-frame-7.0.0.tgz#06e2"
  dependencies:
    "@babel/highlight" "^7.0.0"
    version "^9.0.0"

"alias@npm:minimist@1.2.0":
  version "1.2.0"

"at@npm:@scope/name@^1.0.0":
  version "1.1.0"

ansi-styles@^3.2.1, ansi-styles@^3.2.2:
  version "3.2.1"

"git@git+https://registry.example/git.git":
  version "4.0.0"

"local@link:../one":
  version "0.0.0"

"or@>= 1 || ^2":
  version "2.0.0"
`, want: []string{"@babel/code-frame 7.0.0", "@scope/name 1.1.0", "ansi-styles 3.2.1", "git 4.0.0", "minimist 1.2.0", "or 2.0.0"}},
		{name: "yarn berry", path: "yarn.lock", text: `__metadata:
  version: 8
  cacheKey: 10c0

"@babel/code-frame@npm:7.0.0, @babel/code-frame@npm:^7.0.0":
  version: 7.0.0
  resolution: "@babel/code-frame@npm:7.0.0"
  dependencies:
    "@babel/highlight": "npm:^7.0.0"
    version: "npm:^9.0.0"
  checksum: 10c0/354d
  languageName: node
  linkType: hard

"alias@npm:minimist@1.2.0":
  version: 1.2.0
  resolution: "minimist@npm:1.2.0"
  linkType: hard

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  languageName: unknown
  linkType: soft

"local@portal:../one::locator=app%40workspace%3A.":
  version: 0.0.0-use.local
  resolution: "local@portal:../one::locator=app%40workspace%3A."
  linkType: soft

"patched@patch:patched@npm%3A1.0.0#~builtin<x>":
  version: 1.0.0
  resolution: "patched@patch:patched@npm%3A1.0.0#~builtin<x>::version=1.0.0&hash=1"
  linkType: hard

? "long@npm:^1.0.0, long@npm:^1.0.1"
:
  version: 1.0.1
  resolution: "long@npm:1.0.1"
  linkType: hard
`, want: []string{"@babel/code-frame 7.0.0", "long 1.0.1", "minimist 1.2.0", "patched 1.0.0"}},
		{name: "pnpm 5", path: "pnpm-lock.yaml", text: `lockfileVersion: 5.4

specifiers:
  lodash: 4.17.15

dependencies:
  lodash: 4.17.15

packages:

  /@babel/code-frame/7.0.0:
    resolution: {integrity: sha512-OfC2}
    dependencies:
      version: 9.0.0
    dev: false

  /@babel/core/7.1.0_@babel+code-frame@7.0.0:
    resolution: {integrity: sha512-OfC2}
    dev: false

  /ms/2.0.0:
    resolution: {integrity: sha512-OfC2}
    dev: true

  /odd/1.0.0:
    resolution: {integrity: sha512-OfC2}
    deprecated: |-
      dev: true
      version: 9.0.0
    dev: false

  registry.example/other/1.5.0:
    resolution: {integrity: sha512-OfC2}

  registry.example/owner/git/0123:
    resolution: {tarball: https://registry.example/owner/git/0123}
    name: git
    version: 3.0.0
    dev: false

  file:../folder:
    resolution: {directory: ../folder, type: directory}
    name: folder
    version: 1.0.0
`, want: []string{"@babel/code-frame 7.0.0", "@babel/core 7.1.0", "git 3.0.0", "odd 1.0.0", "other 1.5.0"}},
		{name: "pnpm 6", path: "pnpm-lock.yaml", text: `lockfileVersion: '6.0'

packages:

  /@babel/code-frame@7.0.0(react@17.0.2)(vue@3.0.0):
    resolution: {integrity: sha512-OfC2}
    dev: false

  /minimist@1.2.0:
    resolution: {integrity: sha512-OfC2}
    dev: true

  registry.example/@scope/other@1.5.0:
    resolution: {integrity: sha512-OfC2}
`, want: []string{"@babel/code-frame 7.0.0", "@scope/other 1.5.0"}},
		{name: "pnpm 9", path: "pnpm-lock.yaml", text: `lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      lodash:
        specifier: ^4.0.0
        version: 4.17.15

packages:

  '@babel/code-frame@7.0.0':
    resolution: {integrity: sha512-OfC2}
    engines: {node: '>=6.9.0'}

  git@https://registry.example/git/tar.gz/0123:
    resolution: {tarball: https://registry.example/git/tar.gz/0123}
    version: 3.0.0

  lodash@4.17.15:
    resolution: {integrity: sha512-OfC2}

snapshots:

  '@babel/code-frame@7.0.0(react@17.0.2)':
    dependencies:
      lodash: 4.17.15
`, want: []string{"@babel/code-frame 7.0.0", "git 3.0.0", "lodash 4.17.15"}},
		{name: "bun", path: "bun.lock", text: `{
  "lockfileVersion": 1,
  "workspaces": {"": {"name": "app", "dependencies": {"lodash": "4.17.15"}}},
  "packages": {
    "@babel/code-frame": ["@babel/code-frame@7.0.0", "", {"dependencies": {"@babel/highlight": "^7.0.0"}}, "sha512-OfC2"],
    "alias": ["minimist@1.2.0", "", {}, "sha512-7Wl+"], // comment
    "a/b": ["b@2.0.0", "", {}, "sha512-7Wl+"],
    "w": ["w@workspace:packages/w"],
    "git": ["git@github:owner/git#0123", {}, "owner-git-0123"],
  },
}
`, want: []string{"@babel/code-frame 7.0.0", "b 2.0.0", "git", "minimist 1.2.0"}, gaps: []string{record.UnversionedPackage}},
	} {
		t.Run(test.name, func(t *testing.T) {
			contents, err := visit(t, "app/"+test.path, test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, listed(contents)); diff != "" {
				t.Error(diff)
			}
			var gaps []string
			for _, gap := range contents.Gaps {
				gaps = append(gaps, gap.Code)
			}
			if diff := cmp.Diff(test.gaps, gaps); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestALockThatCannotBeRead(t *testing.T) {
	for name, test := range map[string]struct{ path, text, want string }{
		"package-lock cut short": {"package-lock.json", `{"packages": {"node_modules/a": {"version": "1.0.0"},`, "unexpected EOF"},
		"pnpm of no version":     {"pnpm-lock.yaml", "packages:\n  /a/1.0.0:\n    dev: false\n", "lockfileVersion"},
		"bun is no JSON":         {"bun.lock", `{"packages": {"a": ["a@1.0.0"], -`, "not JSON"},
	} {
		if _, err := visit(t, test.path, test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, test.want)
		}
	}
}

func TestBounds(t *testing.T) {
	if _, err := parseYarnLock(&limited{endless("\n"), 1 << 20}); err == nil || !strings.Contains(err.Error(), "more than is read") {
		t.Errorf("a lock file without an end: %v", err)
	}
}

type endless string

func (e endless) Read(p []byte) (int, error) { return copy(p, strings.Repeat(string(e), len(p))), nil }

// parse reads a text as a kind of file.
func parse(kind kind, r io.Reader) (record.Contents, error) {
	var reader leanjson.Reader
	switch kind {
	case manifest:
		reader.Reset(r, maxManifest, leanjson.Strict)
		return parseManifest(&reader, "package.json"), nil
	case packageLock:
		reader.Reset(r, maxLock, leanjson.Strict)
		return parsePackageLock(&reader)
	case bunLock:
		reader.Reset(r, maxLock, leanjson.JSONC)
		return parseBunLock(&reader)
	case yarnLock:
		return parseYarnLock(r)
	default:
		return parsePNPMLock(r)
	}
}

// FuzzFiles: no file of any kind makes a parser panic; every package has a name that is a word, and
// a version that is one or none; there are not more packages than bytes; the result does not depend
// on how the bytes arrive.
func FuzzFiles(f *testing.F) {
	f.Add(uint8(manifest), []byte(`{"name": "a", "version": "1", "license": [{"type": "MIT"}]}`))
	f.Add(uint8(packageLock), []byte(`{"packages": {"node_modules/a": {"version": "1"}}, "dependencies": {"b": {"version": "npm:c@1", "dependencies": {}}}}`))
	f.Add(uint8(yarnLock), []byte("\"@a/b@1\", c@2:\n  version \"1\"\n? d@1\n:\n  version: 2\n  resolution: \"e@npm:2\"\n"))
	f.Add(uint8(pnpmLock), []byte("lockfileVersion: 5.4\npackages:\n  /a/1_b:\n    dev: true\n  '@a/b@1(c)':\n    version: 2\n"))
	f.Add(uint8(bunLock), []byte(`{"packages": {"a": ["a@1",], "b": ["c@workspace:b"],},}`))
	f.Fuzz(func(t *testing.T, number uint8, text []byte) {
		kind := manifest + kind(number)%bunLock
		contents, err := parse(kind, bytes.NewReader(text))
		again, errAgain := parse(kind, iotest.HalfReader(bytes.NewReader(text)))
		if diff := cmp.Diff(contents, again); diff != "" || (err == nil) != (errAgain == nil) {
			t.Fatal(err, errAgain, diff)
		}
		if len(contents.Packages) > len(text) {
			t.Fatalf("%d packages in %d bytes", len(contents.Packages), len(text))
		}
		for _, p := range contents.Packages {
			if !record.IsWord([]byte(p.Name)) || p.Version != "" && !record.IsWord([]byte(p.Version)) {
				t.Fatalf("%+v", p)
			}
		}
	})
}

// FuzzOutline: what a YAML library writes of a lock file's shape is read as it was, names and
// versions in whatever quotes it puts them.
func FuzzOutline(f *testing.F) {
	f.Add("@babel/core@npm:^7.0.0", "version", "7.0.0")
	f.Add("a'b", "true", "1e3")
	f.Add("a: b", "#", "c #d")
	f.Add("a, b", "#", "c #d")
	f.Fuzz(func(t *testing.T, name, field, value string) {
		for _, text := range []string{name, field, value} {
			if !isPlain(text) {
				return
			}
		}
		written, err := yaml.Marshal(map[string]map[string]map[string]string{"packages": {name: {field: value}}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		err = readOutline(bytes.NewReader(written), func(keys []string, value string) {
			if len(keys) == 3 {
				got = append(slices.Clone(keys), value)
			}
		})
		if diff := cmp.Diff([]string{"packages", name, field, value}, got); err != nil || diff != "" {
			t.Fatalf("%v\n%s\n%s", err, written, diff)
		}
	})
}

// isPlain tells whether a text is of the characters that names, versions and sources are made of.
func isPlain(s string) bool {
	return s != "" && len(s) < 100 && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c > '~' })
}
