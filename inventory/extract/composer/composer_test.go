package composer

import (
	"testing"

	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
)

const (
	installed = "app/vendor/composer/installed.json"
	lock      = "app/composer.lock"
)

func TestPackages(t *testing.T) {
	listingtest.Run(t, New(), []listingtest.Case{
		{Name: "installed by Composer 2", Path: installed, File: "testdata/installed.json",
			Want: []string{"pkg:composer/monolog/monolog@3.5.0 [MIT]", "pkg:composer/psr/log@v3.0.0 [MIT]"}},
		{Name: "installed by Composer 1", Path: installed, Content: ` [{"name": "psr/log", "version": "1.1.4"}]`, Want: []string{"pkg:composer/psr/log@1.1.4"}},
		{Name: "nothing installed", Path: installed, Content: `{"packages": []}`},
		{Name: "locked, without those for development", Path: lock, File: "testdata/composer.lock",
			Want: []string{"pkg:composer/acme/internal@dev-main [proprietary]", "pkg:composer/monolog/monolog@3.5.0 [MIT]"}},
		{Name: "locked inside of a package", Path: "app/vendor/psr/log/composer.lock", Content: `{"packages": [{"name": "a/b", "version": "1"}]}`},
		{Name: "no version", Path: lock, Content: `{"packages": [{"name": "a/b"}]}`, Want: []string{"pkg:composer/a/b"}, Gaps: []string{"unversioned-package a/b"}},
		{Name: "no name", Path: lock, Content: `{"packages": [{"version": "1"}]}`, Gaps: []string{"malformed-entry not a package's name"}},
		{Name: "another type of licence", Path: lock, Content: `{"packages": [{"name": "a/b", "version": "1", "license": {"x": 1}}]}`, Want: []string{"pkg:composer/a/b@1"}},
		{Name: "cut short", Path: installed, Content: `{"packages": [{"name": "a/b"`, Gaps: []string{"unreadable-database cannot be read as JSON"}},
		{Name: "null", Path: installed, Content: " null\n", Gaps: []string{"unreadable-database it is null"}},
		{Name: "a version with a space", Path: lock, Content: `{"packages": [{"name": "a/b", "version": "1 2"}]}`, Gaps: []string{"malformed-entry is not a version"}},
	})
}

func FuzzInstalled(f *testing.F) {
	listingtest.Fuzz(f, New(), installed, "testdata/installed.json", `[{"name": "a/b", "license": ""}]`, `{"packages": null}`)
}
