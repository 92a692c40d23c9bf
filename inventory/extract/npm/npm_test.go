package npm

import (
	"context"
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
	data, err := New().Visit(context.Background(), &rootfs.File{
		Entry: &rootfs.Entry{Path: path, Kind: rootfs.Regular}, Reader: iotest.HalfReader(strings.NewReader(content))})
	if data == nil {
		return record.Contents{}, err
	}
	contents, decodeErr := record.Decode(data)
	if decodeErr != nil {
		t.Fatal(decodeErr)
	}
	return contents, err
}

// listed writes packages as NAME VERSION.
func listed(contents record.Contents) []string {
	var lines []string
	for _, p := range contents.Packages {
		lines = append(lines, strings.TrimSpace(p.Name+" "+p.Version))
	}
	return lines
}

func TestManifest(t *testing.T) {
	for _, test := range []struct {
		name, path, text string
		want             []record.Package
		gap              string // part of the gap's reason
		complete         bool
	}{
		{name: "one", text: `{"name": "a", "version": "1.0.0", "license": "MIT", "dependencies": {"name": "b"}}`,
			want: []record.Package{{Name: "a", Version: "1.0.0", Licenses: []string{"MIT"}}}},
		{name: "hard case 28: scope and case", text: `{"version": "1.0.0-RC", "name": "@Scope/Name"}`,
			want: []record.Package{{Name: "@Scope/Name", Version: "1.0.0-RC"}}},
		{name: "licence as an object", text: `{"name": "a", "version": "1", "license": {"type": "MIT", "url": "x"}}`,
			want: []record.Package{{Name: "a", Version: "1", Licenses: []string{"MIT"}}}},
		{name: "licences as a list", text: `{"name": "a", "version": "1", "licenses": [{"url": "x", "type": "MIT"}, "BSD", 1, [2], {}]}`,
			want: []record.Package{{Name: "a", Version: "1", Licenses: []string{"MIT", "BSD"}}}},
		{name: "licence of no known form", text: `{"name": "a", "version": "1", "license": true}`,
			want: []record.Package{{Name: "a", Version: "1"}}},
		{name: "byte order mark", text: "\xef\xbb\xbf{\"name\": \"a\", \"version\": \"1\"}",
			want: []record.Package{{Name: "a", Version: "1"}}},
		{name: "private", text: `{"name": "a", "version": "1", "private": true}`, want: []record.Package{{Name: "a", Version: "1"}}},
		{name: "only the kind of modules", text: `{"type": "module"}`},
		{name: "no version", text: `{"name": "a"}`},
		{name: "name is no text", text: `{"name": ["a"], "version": "1"}`},
		{name: "no object", text: `["a"]`},

		{name: "not JSON, in a package's place", text: `{"name": "a",`, gap: "not JSON"},
		{name: "not JSON, in a scoped package's place", path: "app/node_modules/@a/b/package.json", gap: "not JSON"},
		{name: "not JSON, in Debian's place", path: "usr/share/nodejs/a/package.json", gap: "not JSON"},
		{name: "not JSON, test data", path: "app/node_modules/resolve/test/malformed/package.json", text: `{`, gap: "not JSON", complete: true},
		{name: "a space in the name", text: `{"name": "a b", "version": "1"}`, gap: `"a b" is no package's name`},
		{name: "too long", text: `{"name": "a", "version": "1", "x": "` + strings.Repeat("x", maxManifest) + `"}`, gap: "longer than"},
		{name: "too deep", path: "a/package.json", text: `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, gap: "in one another"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := test.path
			if path == "" {
				path = "app/node_modules/a/package.json"
			}
			contents, err := visit(t, path, test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, contents.Packages); diff != "" {
				t.Error(diff)
			}
			if test.gap == "" {
				if len(contents.Gaps) > 0 {
					t.Errorf("unexpected gaps: %v", contents.Gaps)
				}
				return
			}
			if len(contents.Gaps) != 1 || contents.Gaps[0].Code != record.MalformedEntry ||
				!strings.Contains(contents.Gaps[0].Why, test.gap) || contents.Gaps[0].Complete != test.complete {
				t.Errorf("gaps %v, want one that says %q", contents.Gaps, test.gap)
			}
		})
	}
}

func TestWants(t *testing.T) {
	for path, want := range map[string]rootfs.Want{
		"package.json":                            rootfs.Stream,
		"app/node_modules/a/package.json":         rootfs.Stream,
		"app/xpackage.json":                       rootfs.Ignore,
		"app/package.json.orig":                   rootfs.Ignore,
		"app/package-lock.json":                   rootfs.Stream,
		"app/npm-shrinkwrap.json":                 rootfs.Stream,
		"app/node_modules/a/npm-shrinkwrap.json":  rootfs.Ignore,
		"usr/share/nodejs/a/yarn.lock":            rootfs.Ignore,
		"usr/lib/python3/dist-packages/yarn.lock": rootfs.Ignore,
		"app/yarn.lock":                           rootfs.Stream,
		"app/pnpm-lock.yaml":                      rootfs.Stream,
		"app/bun.lock":                            rootfs.Stream,
		"app/bun.lockb":                           rootfs.Stream,
		"":                                        rootfs.Ignore,
	} {
		entry := &rootfs.Entry{Path: path, Kind: rootfs.Regular}
		if got := New().Wants(entry, nil); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
		if n := testing.AllocsPerRun(100, func() { New().Wants(entry, nil) }); n > 1 { // the extractor itself
			t.Errorf("%s: %v allocations", path, n)
		}
	}
}

// assembled is what the files of a merged view give: purl and path of each location, and the gaps.
func assembled(t *testing.T, files map[string]string) (packages, gaps []string) {
	t.Helper()
	var list []record.File
	for _, path := range sortedPaths(files) {
		entry := &rootfs.Entry{Path: path, Kind: rootfs.Regular}
		if New().Wants(entry, nil) == rootfs.Ignore {
			continue
		}
		data, err := New().Visit(context.Background(), &rootfs.File{Entry: entry, Reader: strings.NewReader(files[path])})
		file := record.File{Path: path, Read: true, Data: data}
		if err != nil {
			file.Problem = err.Error()
		}
		list = append(list, file)
	}
	found := record.NewFound(nil)
	New().Assemble(list, found)
	for _, p := range found.Packages() {
		for _, l := range p.Locations {
			packages = append(packages, p.PURL+" "+l.Path)
		}
	}
	for _, g := range found.Coverage().Gaps {
		gaps = append(gaps, g.Code+" "+g.Path)
	}
	return packages, gaps
}

func TestLockFilesBesideWhatIsInstalled(t *testing.T) {
	const a, lock = `{"name": "a", "version": "1.0.0"}`, `{"packages": {"node_modules/a": {"version": "1.0.0"}, "node_modules/b": {"version": "2.0.0"}}}`
	for _, test := range []struct {
		name           string
		files          map[string]string
		packages, gaps []string
	}{
		{"the lock alone", map[string]string{"app/package-lock.json": lock},
			[]string{"pkg:npm/a@1.0.0 app/package-lock.json", "pkg:npm/b@2.0.0 app/package-lock.json"}, nil},
		{"installed beside it", map[string]string{"app/package-lock.json": lock, "app/node_modules/a/package.json": a},
			[]string{"pkg:npm/a@1.0.0 app/node_modules/a/package.json"}, nil},
		{"installed beside it, in the root", map[string]string{"package-lock.json": lock, "node_modules/a/package.json": a},
			[]string{"pkg:npm/a@1.0.0 node_modules/a/package.json"}, nil},
		{"pnpm's way of installing", map[string]string{"app/package-lock.json": lock, "app/node_modules/.pnpm/a@1/node_modules/a/package.json": a},
			[]string{"pkg:npm/a@1.0.0 app/node_modules/.pnpm/a@1/node_modules/a/package.json"}, nil},
		{"installed somewhere else", map[string]string{"app/package-lock.json": lock, "srv/node_modules/a/package.json": a},
			[]string{"pkg:npm/a@1.0.0 app/package-lock.json", "pkg:npm/a@1.0.0 srv/node_modules/a/package.json", "pkg:npm/b@2.0.0 app/package-lock.json"}, nil},
		{"a node_modules without packages", map[string]string{"app/package-lock.json": lock, "app/node_modules/a/package.json": `{}`},
			[]string{"pkg:npm/a@1.0.0 app/package-lock.json", "pkg:npm/b@2.0.0 app/package-lock.json"}, nil},
		{"somebody's test data", map[string]string{"app/node_modules/a/package.json": a, "app/node_modules/a/test/package-lock.json": lock},
			[]string{"pkg:npm/a@1.0.0 app/node_modules/a/package.json"}, nil},
		{"a damaged lock beside what is installed", map[string]string{"app/package-lock.json": "{", "app/node_modules/a/package.json": a},
			[]string{"pkg:npm/a@1.0.0 app/node_modules/a/package.json"}, nil},
		{"a damaged lock alone", map[string]string{"app/package-lock.json": `{"packages": {"node_modules/a": {"version": "1.0.0"}, `},
			[]string{"pkg:npm/a@1.0.0 app/package-lock.json"}, []string{"unreadable-database app/package-lock.json"}},
		{"bun's binary lock", map[string]string{"app/bun.lockb": "#!/usr/bin/env bun\n"}, nil, []string{"no-extractor app/bun.lockb"}},
		{"bun's binary lock beside its text", map[string]string{"app/bun.lockb": "", "app/bun.lock": `{"packages": {"a": ["a@1.0.0"]}}`},
			[]string{"pkg:npm/a@1.0.0 app/bun.lock"}, nil},
		{"bun's binary lock beside what is installed", map[string]string{"app/bun.lockb": "", "app/node_modules/a/package.json": a},
			[]string{"pkg:npm/a@1.0.0 app/node_modules/a/package.json"}, nil},
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
