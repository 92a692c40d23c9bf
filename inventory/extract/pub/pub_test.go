package pub

import (
	"testing"

	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
)

func TestPackages(t *testing.T) {
	listingtest.Run(t, New(), []listingtest.Case{
		{Name: "without the SDK and those for development", Path: "app/pubspec.lock", File: "testdata/pubspec.lock",
			Want: []string{"pkg:pub/args@2.4.2", "pkg:pub/shelf_fork@1.4.1"}},
		{Name: "no version", Path: "pubspec.lock", Content: "packages:\n  a:\n    source: hosted\n", Want: []string{"pkg:pub/a"}, Gaps: []string{"unversioned-package a states"}},
		{Name: "empty", Path: "pubspec.lock"},
		{Name: "anchors", Path: "pubspec.lock", Content: "packages: &a {x: {version: '1'}}\nb: *a\n", Gaps: []string{"unreadable-database anchors"}},
		{Name: "another form", Path: "pubspec.lock", Content: "packages: [a]\n", Gaps: []string{"unreadable-database cannot be read as YAML"}},
		{Name: "fetched to build", Path: "root/.pub-cache/hosted/a-1/pubspec.lock", Content: "packages:\n  a:\n    version: '1'\n"},
	})
}

func FuzzLock(f *testing.F) {
	listingtest.Fuzz(f, New(), "pubspec.lock", "testdata/pubspec.lock", "packages: {a: {version: 1.0}}", "a: &a [*a]")
}
