package haskell

import (
	"testing"

	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
)

func TestPackages(t *testing.T) {
	listingtest.Run(t, New(), []listingtest.Case{
		{Name: "Stack", Path: "app/stack.yaml.lock", File: "testdata/stack.yaml.lock", Want: []string{"pkg:hackage/acme-missiles@0.3", "pkg:hackage/my-fork@1.2.0.1"}},
		{Name: "Stack, no version", Path: "stack.yaml.lock", Content: "packages:\n- completed: {name: a}\n", Want: []string{"pkg:hackage/a"}, Gaps: []string{"unversioned-package a states"}},
		{Name: "Stack, no name", Path: "stack.yaml.lock", Content: "packages:\n- completed: {hackage: '0.3@sha256:0'}\n- completed: {hackage: '-@x'}\n", Gaps: []string{"malformed-entry 2 entries"}},
		{Name: "Cabal", Path: "app/cabal.project.freeze", File: "testdata/cabal.project.freeze",
			Want: []string{"pkg:hackage/aeson@2.1.2.1", "pkg:hackage/base@4.17.2.1", "pkg:hackage/text@2.0.2"}},
		{Name: "Cabal, several in a line", Path: "cabal.project.freeze", Content: "constraints: a ==1, any.b ==2, c +flag\r\n", Want: []string{"pkg:hackage/a@1", "pkg:hackage/b@2"}},
		{Name: "Cabal, an empty line between", Path: "cabal.project.freeze", Content: "constraints: a ==1,\n\n  any.b ==2\n", Want: []string{"pkg:hackage/a@1", "pkg:hackage/b@2"}},
		{Name: "Cabal, another field", Path: "cabal.project.freeze", Content: "packages: a ==1\n  , b ==1\n"},
		{Name: "Cabal, a range", Path: "cabal.project.freeze", Content: "constraints: any.a ==1 || ==2\n", Gaps: []string{"malformed-entry not a version"}},
	})
}

func FuzzStack(f *testing.F) {
	listingtest.Fuzz(f, New(), "stack.yaml.lock", "testdata/stack.yaml.lock", "packages: [{completed: {hackage: '@'}}]")
}

func FuzzFreeze(f *testing.F) {
	listingtest.Fuzz(f, New(), "cabal.project.freeze", "testdata/cabal.project.freeze", "constraints:==\n ,any.==1")
}
