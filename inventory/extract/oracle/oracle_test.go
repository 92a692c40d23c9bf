// Package oracle holds the parsers of the long tail against those of osv-scalibr, which are
// another's reading of the same formats (decision 40). It is a module of its own: 36 modules that
// nothing else here needs stay out of the product's go.mod. tools/test.sh runs it.
package oracle

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	cpb "github.com/google/osv-scalibr/binary/proto/config_go_proto"
	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/google/osv-scalibr/extractor/filesystem/language/cpp/conanlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/dart/pubspec"
	"github.com/google/osv-scalibr/extractor/filesystem/language/dotnet/depsjson"
	"github.com/google/osv-scalibr/extractor/filesystem/language/dotnet/packageslockjson"
	"github.com/google/osv-scalibr/extractor/filesystem/language/elixir/mixlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/haskell/cabal"
	"github.com/google/osv-scalibr/extractor/filesystem/language/haskell/stacklock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/julia/manifesttoml"
	"github.com/google/osv-scalibr/extractor/filesystem/language/php/composerlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/r/renvlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/ruby/gemfilelock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/ruby/gemspec"
	"github.com/google/osv-scalibr/extractor/filesystem/language/rust/cargolock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/swift/packageresolved"
	"github.com/google/osv-scalibr/extractor/filesystem/language/swift/podfilelock"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// comparison is one file and what each of the two leaves out, as NAME@VERSION.
type comparison struct {
	extractor, path, file string
	scalibr               func(*cpb.PluginConfig) (filesystem.Extractor, error)
	theirsOnly, oursOnly  []string
	why                   string
}

func comparisons() []comparison {
	return []comparison{
		{extractor: "cargo", path: "app/Cargo.lock", file: "cargo/testdata/Cargo.lock", scalibr: cargolock.New,
			theirsOnly: []string{"app@0.1.0"}, why: "the application itself is no crate of crates.io"},
		{extractor: "cocoapods", path: "app/Podfile.lock", file: "cocoapods/testdata/Podfile.lock", scalibr: podfilelock.New},
		{extractor: "composer", path: "app/composer.lock", file: "composer/testdata/composer.lock", scalibr: composerlock.New,
			theirsOnly: []string{"phpunit/phpunit@10.5.0"}, why: "for development only"},
		{extractor: "conan", path: "app/conan.lock", file: "conan/testdata/conan.lock", scalibr: conanlock.New,
			theirsOnly: []string{"cmake@3.28.1"}, why: "needed to build only"},
		{extractor: "cran", path: "app/renv.lock", file: "cran/testdata/renv.lock", scalibr: renvlock.New,
			oursOnly: []string{"mypkg@0.1.0"}, why: "not from CRAN, and there all the same"},
		{extractor: "haskell", path: "app/cabal.project.freeze", file: "haskell/testdata/cabal.project.freeze", scalibr: cabal.New},
		{extractor: "haskell", path: "app/stack.yaml.lock", file: "haskell/testdata/stack.yaml.lock", scalibr: stacklock.New,
			oursOnly: []string{"my-fork@1.2.0.1"}, why: "not from Hackage, and there all the same"},
		{extractor: "hex", path: "app/mix.lock", file: "hex/testdata/mix.lock", scalibr: mixlock.New},
		{extractor: "julia", path: "app/Manifest.toml", file: "julia/testdata/Manifest.toml", scalibr: manifesttoml.New},
		{extractor: "nuget", path: "app/App.deps.json", file: "nuget/testdata/app.deps.json", scalibr: depsjson.New,
			theirsOnly: []string{"App@1.0.0", "System.Memory@4.5.5"}, why: "the application itself; a package that brings no file"},
		{extractor: "nuget", path: "app/packages.lock.json", file: "nuget/testdata/packages.lock.json", scalibr: packageslockjson.New,
			theirsOnly: []string{"library@"}, why: "a part of the application"},
		{extractor: "pub", path: "app/pubspec.lock", file: "pub/testdata/pubspec.lock", scalibr: pubspec.New,
			theirsOnly: []string{"flutter@0.0.0", "test@1.24.9"}, why: "part of the SDK; for development only"},
		{extractor: "rubygems", path: "app/Gemfile.lock", file: "rubygems/testdata/Gemfile.lock", scalibr: gemfilelock.New},
		{extractor: "rubygems", path: "usr/lib/ruby/gems/3.1.0/specifications/rack-3.0.8.gemspec", file: "rubygems/testdata/rack-3.0.8.gemspec", scalibr: gemspec.New},
		{extractor: "swift", path: "app/Package.resolved", file: "swift/testdata/Package.resolved", scalibr: packageresolved.New,
			theirsOnly: []string{"git@github.com:vapor/vapor@4.89.0"}, oursOnly: []string{"github.com/vapor/vapor@4.89.0"}, why: "OSV names packages by host and path"},
	}
}

func TestAgainstTheOracle(t *testing.T) {
	for _, c := range comparisons() {
		t.Run(c.file, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join("..", c.file))
			if err != nil {
				t.Fatal(err)
			}
			ours, theirs := ours(t, c, content), theirs(t, c, content)
			if diff := cmp.Diff(c.theirsOnly, without(theirs, ours)); diff != "" {
				t.Errorf("the oracle alone lists (%s)\n%s", c.why, diff)
			}
			if diff := cmp.Diff(c.oursOnly, without(ours, theirs)); diff != "" {
				t.Errorf("we alone list (%s)\n%s", c.why, diff)
			}
			if len(ours) == 0 {
				t.Error("there is nothing to compare")
			}
		})
	}
}

func ours(t *testing.T, c comparison, content []byte) (packages []string) {
	t.Helper()
	all := extract.All()
	i := slices.IndexFunc(all, func(e extract.Extractor) bool { return e.Name() == c.extractor })
	entry := &rootfs.Entry{Path: c.path, Kind: rootfs.Regular}
	data, err := all[i].Visit(context.Background(), &rootfs.File{Entry: entry, Reader: bytes.NewReader(content), At: bytes.NewReader(content)})
	if err != nil {
		t.Fatal(err)
	}
	contents, err := record.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range contents.Packages {
		packages = append(packages, p.Name+"@"+p.Version)
	}
	return sorted(packages)
}

// file is what the oracle asks before it reads.
type file struct {
	path string
	info fs.FileInfo
}

func (f file) Path() string               { return f.path }
func (f file) Stat() (fs.FileInfo, error) { return f.info, nil }

func theirs(t *testing.T, c comparison, content []byte) (packages []string) {
	t.Helper()
	e, err := c.scalibr(&cpb.PluginConfig{})
	if err != nil {
		t.Fatal(err)
	}
	system := fstest.MapFS{c.path: &fstest.MapFile{Data: content, Mode: 0o755}}
	info, err := system.Stat(c.path)
	if err != nil {
		t.Fatal(err)
	}
	if !e.FileRequired(file{c.path, info}) {
		t.Fatalf("the oracle does not want %s", c.path)
	}
	found, err := e.Extract(context.Background(), &filesystem.ScanInput{FS: system, Path: c.path, Info: info, Reader: bytes.NewReader(content)})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found.Packages {
		packages = append(packages, p.Name+"@"+p.Version)
	}
	return sorted(packages)
}

func sorted(packages []string) []string {
	slices.Sort(packages)
	return slices.Compact(packages)
}

func without(from, what []string) []string {
	var left []string
	for _, p := range from {
		if !slices.Contains(what, p) {
			left = append(left, p)
		}
	}
	return left
}
