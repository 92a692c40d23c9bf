package opam

import (
	"testing"

	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
)

const (
	state = "home/opam/.opam/5.1.1/.opam-switch/switch-state"
	lock  = "app/app.opam.locked"
)

func TestPackages(t *testing.T) {
	listingtest.Run(t, New(), []listingtest.Case{
		{Name: "installed", Path: state, File: "testdata/switch-state", Want: []string{
			"pkg:opam/base-bigarray@base", "pkg:opam/cohttp@5.3.0", "pkg:opam/conf-gmp@4", "pkg:opam/ocaml-base-compiler@5.1.1"}},
		{Name: "in one line", Path: state, Content: `installed: ["a.1" "b"]`, Want: []string{"pkg:opam/a@1", "pkg:opam/b"}, Gaps: []string{"unversioned-package b states"}},
		{Name: "nothing installed", Path: state, Content: "opam-version: \"2.0\"\ninstalled: []\n"},
		{Name: "locked", Path: lock, File: "testdata/app.opam.locked", Want: []string{"pkg:opam/cohttp@5.3.0", "pkg:opam/ocaml@5.1.1"}},
		{Name: "locked without a version", Path: lock, Content: "depends: [\n  \"a\"\n]\n", Want: []string{"pkg:opam/a"}, Gaps: []string{"unversioned-package a states"}},
	})
}

func FuzzState(f *testing.F) {
	listingtest.Fuzz(f, New(), state, "testdata/switch-state", `installed: ["" "." "a`)
}

func FuzzLock(f *testing.F) {
	listingtest.Fuzz(f, New(), lock, "testdata/app.opam.locked", "depends: [\n\"a\" {= \"")
}
