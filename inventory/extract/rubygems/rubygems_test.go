package rubygems

import (
	"testing"

	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
)

const (
	installed = "usr/local/bundle/specifications/a-1.gemspec"
	lock      = "app/Gemfile.lock"
)

func TestGems(t *testing.T) {
	listingtest.Run(t, New(), []listingtest.Case{
		{Name: "installed", Path: installed, File: "testdata/rack-3.0.8.gemspec", Want: []string{"pkg:gem/rack@3.0.8 [MIT]"}},
		{Name: "brought by Ruby", Path: "usr/lib/ruby/gems/3.1.0/specifications/default/csv-3.2.2.gemspec",
			Content: "# stub: csv 3.2.2 ruby lib\n", Want: []string{"pkg:gem/csv@3.2.2"}},
		{Name: "for a platform", Path: installed, Content: "# stub: nokogiri 1.16.2 x86_64-linux lib\n",
			Want: []string{"pkg:gem/nokogiri@1.16.2?platform=x86_64-linux"}},
		{Name: "no stub", Path: installed, Content: "Gem::Specification.new do |spec|\n  spec.name = 'a'\n  spec.version = Gem::Version.new(\"1.2\")\n  spec.licenses = [\"MIT\".freeze, \"Ruby\".freeze]\nend\n",
			Want: []string{"pkg:gem/a@1.2 [MIT Ruby]"}},
		{Name: "the version is an expression", Path: installed, Content: "s.name = \"a\"\ns.version = A::VERSION\n",
			Want: []string{"pkg:gem/a"}, Gaps: []string{"unversioned-package a states no version"}},
		{Name: "the version is put together", Path: installed, Content: "s.name = \"a\"\ns.version = \"1.#{minor}\"\n",
			Want: []string{"pkg:gem/a"}, Gaps: []string{"unversioned-package a states no version"}},
		{Name: "empty", Path: installed, Gaps: []string{"malformed-entry not a package's name"}},

		{Name: "locked", Path: lock, File: "testdata/Gemfile.lock", Want: []string{
			"pkg:gem/billing@0.1.0", "pkg:gem/nokogiri@1.16.2", "pkg:gem/racc@1.7.3", "pkg:gem/rack@3.0.8", "pkg:gem/slim@5.2.1", "pkg:gem/temple@0.10.3"}},
		{Name: "lines end in CR LF", Path: lock, Content: "GEM\r\n  specs:\r\n    a (1)\r\n", Want: []string{"pkg:gem/a@1"}},
		{Name: "a merge went wrong", Path: lock, Content: "GEM\n  specs:\n<<<<<<< ours\n    a (1)\n", Gaps: []string{"malformed-entry line 3 is not the name of a section"}},
		{Name: "locked without a version", Path: lock, Content: "GEM\n  specs:\n    a\n    b ()\n", Want: []string{"pkg:gem/a"},
			Gaps: []string{"malformed-entry line 4", "unversioned-package a states no version"}},
		{Name: "locked inside of a gem", Path: "usr/local/bundle/gems/a-1/Gemfile.lock", Content: "GEM\n  specs:\n    a (1)\n"},
		{Name: "empty lock", Path: lock},
	})
}

func TestWhichFiles(t *testing.T) {
	for path, want := range map[string]bool{
		"usr/lib/ruby/gems/3.1.0/specifications/a-1.gemspec": true, "specifications/a.gemspec": true,
		"usr/local/bundle/gems/a-1/a.gemspec": false, "specifications/a.gemspec.bak": false, "specifications/x/a.gemspec": false,
	} {
		if got := isSpecification(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func FuzzSpecification(f *testing.F) {
	listingtest.Fuzz(f, New(), installed, "testdata/rack-3.0.8.gemspec", "s.name = 'a'\ns.version = \"1\\\"\"\ns.licenses = [\"", "# stub: a 1")
}

func FuzzLock(f *testing.F) {
	listingtest.Fuzz(f, New(), lock, "testdata/Gemfile.lock", "GEM\n  specs:\n    a (1-x)!\n    (\n", "  specs:\n    \n")
}
