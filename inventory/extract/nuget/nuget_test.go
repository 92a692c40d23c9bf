package nuget

import (
	"testing"

	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
)

const (
	dependenciesFile = "app/App.deps.json"
	lock             = "app/packages.lock.json"
)

func TestPackages(t *testing.T) {
	listingtest.Run(t, New(), []listingtest.Case{
		{Name: "a program's", Path: dependenciesFile, File: "testdata/app.deps.json",
			Want: []string{"pkg:nuget/Newtonsoft.Json@13.0.1", "pkg:nuget/SQLitePCLRaw.lib.e_sqlite3@2.1.6"}},
		{Name: "the shared framework's, behind a byte order mark", Path: "usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.1/Microsoft.NETCore.App.deps.json",
			Content: "\xef\xbb\xbf" + `{"runtimeTarget": {"name": "n"}, "targets": {"n": {"Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": {"native": {"libclrgc.so": {}}}}},
				"libraries": {"Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": {"type": "package"}}}`,
			Want: []string{"pkg:nuget/Microsoft.NETCore.App.Runtime.linux-x64@8.0.1"}},
		{Name: "target not described", Path: dependenciesFile, Content: `{"libraries": {"A/1": {"type": "package"}}}`, Want: []string{"pkg:nuget/A@1"}},
		{Name: "package not in the target", Path: dependenciesFile, Content: `{"runtimeTarget": {"name": "n"}, "targets": {"n": {}}, "libraries": {"A/1": {"type": "package"}}}`,
			Want: []string{"pkg:nuget/A@1"}},
		{Name: "no version", Path: dependenciesFile, Content: `{"libraries": {"A": {"type": "package"}}}`, Want: []string{"pkg:nuget/A"}, Gaps: []string{"unversioned-package A states"}},
		{Name: "locked", Path: lock, File: "testdata/packages.lock.json", Want: []string{"pkg:nuget/NLog@5.2.8", "pkg:nuget/Newtonsoft.Json@13.0.1"}},
		{Name: "not JSON", Path: lock, Content: "dependencies", Gaps: []string{"unreadable-database cannot be read as JSON"}},
	})
}

func FuzzDependencies(f *testing.F) {
	listingtest.Fuzz(f, New(), dependenciesFile, "testdata/app.deps.json", `{"libraries": {"/": {"type": "package"}}}`)
}

func FuzzLock(f *testing.F) { listingtest.Fuzz(f, New(), lock, "testdata/packages.lock.json") }
