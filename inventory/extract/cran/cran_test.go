package cran

import (
	"testing"

	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
)

const (
	installed = "usr/local/lib/R/site-library/jsonlite/DESCRIPTION"
	lock      = "app/renv.lock"
)

func TestPackages(t *testing.T) {
	listingtest.Run(t, New(), []listingtest.Case{
		{Name: "installed", Path: installed, File: "testdata/DESCRIPTION", Want: []string{"pkg:cran/jsonlite@1.8.8 [MIT + file LICENSE]"}},
		{Name: "installed by renv", Path: "app/renv/library/R-4.3/x86_64-pc-linux-gnu/a/DESCRIPTION", Content: "Package: a\r\nVersion: 1.0-2\r\nBuilt: R 4.3\r\n", Want: []string{"pkg:cran/a@1.0-2"}},
		{Name: "comes with R and has a life of its own", Path: "usr/lib/R/library/MASS/DESCRIPTION", Content: "Package: MASS\nPriority: recommended\nVersion: 7.3-60\nBuilt: R 4.3\n", Want: []string{"pkg:cran/MASS@7.3-60"}},
		{Name: "is R", Path: "usr/lib/R/library/base/DESCRIPTION", Content: "Package: base\nPriority: base\nVersion: 4.3.2\nBuilt: R 4.3.2\n"},
		{Name: "not installed: a source tree", Path: "src/library/a/DESCRIPTION", Content: "Package: a\nVersion: 1\n"},
		{Name: "licence over two lines", Path: installed, Content: "Package: a\nVersion: 1\nLicense: GPL-2 |\n   GPL-3\nBuilt: R\n", Want: []string{"pkg:cran/a@1 [GPL-2 | GPL-3]"}},
		{Name: "no version", Path: installed, Content: "Package: a\nBuilt: R\n", Want: []string{"pkg:cran/a"}, Gaps: []string{"unversioned-package a states"}},
		{Name: "no name", Path: installed, Content: "Version: 1\nBuilt: R\n", Gaps: []string{"malformed-entry name"}},
		{Name: "locked", Path: lock, File: "testdata/renv.lock", Want: []string{"pkg:cran/jsonlite@1.8.8", "pkg:cran/mypkg@0.1.0"}},
		{Name: "locked, cut short", Path: lock, Content: `{"Packages"`, Gaps: []string{"unreadable-database JSON"}},
	})
}

func FuzzDescription(f *testing.F) {
	listingtest.Fuzz(f, New(), installed, "testdata/DESCRIPTION", " \n:\nBuilt: x\nPackage: a", "License:\n b\nBuilt:1\nPackage:a")
}

func FuzzLock(f *testing.F) { listingtest.Fuzz(f, New(), lock, "testdata/renv.lock") }
