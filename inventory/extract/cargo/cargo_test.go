package cargo

import (
	"testing"

	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
)

func TestLock(t *testing.T) {
	listingtest.Run(t, New().locks, []listingtest.Case{
		{Name: "without the application itself", Path: "app/Cargo.lock", File: "testdata/Cargo.lock", Want: []string{"pkg:cargo/forked@0.2.0", "pkg:cargo/serde@1.0.195"}},
		{Name: "a crate's own", Path: "root/.cargo/registry/src/index/a-1.0.0/Cargo.lock", Content: "[[package]]\nname = 'a'\nversion = '1'\nsource = 's'\n"},
		{Name: "vendored", Path: "app/vendor/a/Cargo.lock", Content: "[[package]]\nname = 'a'\nversion = '1'\nsource = 's'\n"},
		{Name: "no version", Path: "Cargo.lock", Content: "[[package]]\nname = 'a'\nsource = 's'\n", Want: []string{"pkg:cargo/a"}, Gaps: []string{"unversioned-package a states"}},
		{Name: "cut short", Path: "Cargo.lock", Content: "[[package]]\nname = 'a", Gaps: []string{"unreadable-database cannot be read as TOML"}},
		{Name: "empty", Path: "Cargo.lock"},
	})
}

func FuzzLock(f *testing.F) {
	listingtest.Fuzz(f, New().locks, "Cargo.lock", "testdata/Cargo.lock", "package = 1", "[[package]]\nname = ''")
}
