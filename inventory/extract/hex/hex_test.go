package hex

import (
	"testing"

	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
)

func TestPackages(t *testing.T) {
	listingtest.Run(t, New(), []listingtest.Case{
		{Name: "mix.lock", Path: "app/mix.lock", File: "testdata/mix.lock", Want: []string{"pkg:hex/cowboy@2.10.0", "pkg:hex/phoenix_html@3.3.3"}},
		{Name: "the package has another name than the application", Path: "mix.lock",
			Content: "%{\"a\": {:hex, :b, \"1\"}\n", Gaps: []string{"malformed-entry line 1 is not an entry"}},
		{Name: "another name", Path: "mix.lock", Content: "%{\n  \"a\": {:hex, :\"B.x\", \"1.0.0\", \"\", [], [], \"hexpm\", \"\"},\n}\n", Want: []string{"pkg:hex/b.x@1.0.0"}},
		{Name: "private", Path: "mix.lock", Content: "  \"a\": {:hex, :a, \"1.0.0\", \"\", [:mix], [], \"hexpm:acme\", \"\"},\n", Want: []string{"pkg:hex/acme/a@1.0.0"}},
		{Name: "from git, and from a folder", Path: "mix.lock",
			Content: "  \"a\": {:git, \"https://git.example/a.git\", \"0123\", [branch: \"main\"]},\n  \"b\": {:path, \"../b\", []},\n",
			Want:    []string{"pkg:hex/a"}, Gaps: []string{"unversioned-package a states"}},
		{Name: "a merge went wrong", Path: "mix.lock", Content: "%{\n<<<<<<< HEAD\n  \"a\": {:hex, :a, \"1.0.0\"},\n", Want: []string{"pkg:hex/a@1.0.0"}, Gaps: []string{"malformed-entry line 2"}},
		{Name: "cut short", Path: "mix.lock", Content: "%{\n  \"a\": {:hex, :a, \"1.0", Gaps: []string{"malformed-entry line 2 states no version"}},
		{Name: "fetched to build", Path: "app/deps/a/mix.lock", Content: "  \"a\": {:hex, :a, \"1.0.0\"},\n"},
		{Name: "rebar.lock", Path: "app/rebar.lock", File: "testdata/rebar.lock", Want: []string{"pkg:hex/cowboy@2.9.0", "pkg:hex/internal"}, Gaps: []string{"unversioned-package internal"}},
		{Name: "empty", Path: "rebar.lock"},
	})
}

func FuzzMix(f *testing.F) {
	listingtest.Fuzz(f, New(), "mix.lock", "testdata/mix.lock", "\"\": {:hex, :, \"\n\"a\": {:git, x\n")
}

func FuzzRebar(f *testing.F) {
	listingtest.Fuzz(f, New(), "rebar.lock", "testdata/rebar.lock", "{<<\"a\">>,{git", "\">>,{pkg,")
}
