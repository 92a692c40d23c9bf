package swift

import (
	"testing"

	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
)

const lock = "app/Package.resolved"

func TestPackages(t *testing.T) {
	listingtest.Run(t, New(), []listingtest.Case{
		{Name: "versions 2 and 3", Path: lock, File: "testdata/Package.resolved",
			Want: []string{"pkg:swift/github.com/apple/swift-nio@2.62.0", "pkg:swift/github.com/vapor/vapor@4.89.0"}},
		{Name: "version 1", Path: lock, Content: `{"object": {"pins": [{"package": "NIO", "repositoryURL": "https://GitHub.com/apple/swift-nio", "state": {"branch": null, "version": "2.41.1"}}]}, "version": 1}`,
			Want: []string{"pkg:swift/github.com/apple/swift-nio@2.41.1"}},
		{Name: "follows a branch", Path: lock, Content: `{"pins": [{"location": "https://git.example/a/b.git", "state": {"branch": "main", "revision": "01"}}]}`,
			Want: []string{"pkg:swift/git.example/a/b"}, Gaps: []string{"unversioned-package git.example/a/b"}},
		{Name: "from a folder, and from a registry", Path: lock, Content: `{"pins": [{"location": "/src/a", "state": {"version": "1.0.0"}}, {"identity": "a.b", "location": "", "state": {"version": "1.0.0"}}]}`},
		{Name: "fetched to build", Path: "app/.build/checkouts/a/Package.resolved", Content: `{"pins": [{"location": "https://git.example/a/b", "state": {"version": "1.0.0"}}]}`},
		{Name: "cut short", Path: lock, Content: `{"pins": [`, Gaps: []string{"unreadable-database cannot be read as JSON"}},
	})
}

func TestNames(t *testing.T) {
	for location, want := range map[string]string{
		"https://github.com/apple/swift-nio.git":    "github.com/apple/swift-nio",
		"https://user:secret@git.example:8443/a/b/": "git.example/a/b",
		"ssh://git@git.example/a/b.git":             "git.example/a/b",
		"git@git.example:a/b.git":                   "git.example/a/b",
		"file:///src/a":                             "",
		"/src/a":                                    "",
		"https://git.example":                       "",
		"https://github.com/marmelroy/Zip":          "github.com/marmelroy/Zip",
		"\x7f://":                                   "",
		"":                                          "",
	} {
		if got := nameOf(location); got != want {
			t.Errorf("%q: %q, want %q", location, got, want)
		}
	}
}

func FuzzLock(f *testing.F) {
	listingtest.Fuzz(f, New(), lock, "testdata/Package.resolved", `{"pins": [{"location": "a:b"}, {"location": "x://[::1]:/%"}]}`)
}
