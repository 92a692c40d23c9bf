package ecosystem

import (
	"testing"

	"github.com/package-url/packageurl-go"
)

// TestPURLTypes: the examples are those of the types' definitions, where they have one.
func TestPURLTypes(t *testing.T) {
	for name, c := range map[string]struct{ got, want string }{
		"gem":                           {GemPURL("ruby-advisory-db-check", "0.12.4", ""), "pkg:gem/ruby-advisory-db-check@0.12.4"},
		"gem of another platform":       {GemPURL("jruby-launcher", "1.1.2", "java"), "pkg:gem/jruby-launcher@1.1.2?platform=java"},
		"gem of the usual platform":     {GemPURL("rack", "3.0.0", "ruby"), "pkg:gem/rack@3.0.0"},
		"cargo":                         {CargoPURL("rand", "0.7.2"), "pkg:cargo/rand@0.7.2"},
		"composer":                      {ComposerPURL("Laravel/Laravel", "5.5.0"), "pkg:composer/laravel/laravel@5.5.0"},
		"composer without a vendor":     {ComposerPURL("php", "8.2"), ""},
		"nuget":                         {NuGetPURL("EnterpriseLibrary.Common", "6.0.1304"), "pkg:nuget/EnterpriseLibrary.Common@6.0.1304"},
		"hex":                           {HexPURL("Jason", "1.1.2"), "pkg:hex/jason@1.1.2"},
		"hex of an organization":        {HexPURL("acme/foo", "2.3.0"), "pkg:hex/acme/foo@2.3.0"},
		"pub":                           {PubPURL("characters", "1.2.0"), "pkg:pub/characters@1.2.0"},
		"swift":                         {SwiftPURL("github.com/RxSwiftCommunity/RxFlow", "2.12.4"), "pkg:swift/github.com/RxSwiftCommunity/RxFlow@2.12.4"},
		"swift without a host":          {SwiftPURL("RxFlow", "2.12.4"), ""},
		"cocoapods":                     {CocoaPodsPURL("AFNetworking", "4.0.1"), "pkg:cocoapods/AFNetworking@4.0.1"},
		"part of a pod":                 {CocoaPodsPURL("ShareKit/Twitter", "2.0"), "pkg:cocoapods/ShareKit@2.0#Twitter"},
		"cran":                          {CRANPURL("A3", "1.0.0"), "pkg:cran/A3@1.0.0"},
		"julia":                         {JuliaPURL("Dates", "1.9.0", "ade2ca70-3891-5945-98fb-dc099432e06a"), "pkg:julia/Dates@1.9.0?uuid=ade2ca70-3891-5945-98fb-dc099432e06a"},
		"hackage":                       {HackagePURL("AC-HalfInteger", "1.2.1"), "pkg:hackage/AC-HalfInteger@1.2.1"},
		"luarocks":                      {LuaRocksPURL("LuaSocket", "3.1.0-1"), "pkg:luarocks/luasocket@3.1.0-1"},
		"cpan":                          {CPANPURL("oalders", "libwww-perl", "6.76"), "pkg:cpan/OALDERS/libwww-perl@6.76"},
		"cpan without an author":        {CPANPURL("", "libwww-perl", "6.76"), "pkg:cpan/libwww-perl@6.76"},
		"opam":                          {OpamPURL("ocaml-base-compiler", "5.2.0"), "pkg:opam/ocaml-base-compiler@5.2.0"},
		"conan":                         {ConanPURL("openssl", "3.0.3", "", ""), "pkg:conan/openssl@3.0.3"},
		"conan with user and channel":   {ConanPURL("openssl", "3.0.3", "bincrafters", "stable"), "pkg:conan/openssl@3.0.3?channel=stable&user=bincrafters"},
		"alpm":                          {ALPMPURL("arch", "containers-common", "1:0.47.4-4", "x86_64"), "pkg:alpm/arch/containers-common@1:0.47.4-4?arch=x86_64"},
		"ebuild":                        {EbuildPURL("app-arch/bzip2", "1.0.8-r4"), "pkg:ebuild/app-arch/bzip2@1.0.8-r4"},
		"no version":                    {CargoPURL("rand", ""), "pkg:cargo/rand"},
		"a hostile name adds no parts":  {CargoPURL("a@1?x=y#z/..", "1"), "pkg:cargo/a%401%3Fx%3Dy%23z%2F..@1"},
		"a hostile vendor adds no part": {ComposerPURL("a/b/c@1", "2"), "pkg:composer/a/b%2Fc%401@2"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.got != c.want {
				t.Fatalf("got  %s\nwant %s", c.got, c.want)
			}
			if c.want == "" {
				return
			}
			if _, err := packageurl.FromString(c.got); err != nil {
				t.Errorf("the specification's own library refuses %s: %v", c.got, err)
			}
		})
	}
}
