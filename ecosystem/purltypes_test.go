package ecosystem

import (
	"testing"

	"github.com/package-url/packageurl-go"
)

// The examples are those of package-url/purl-spec, types/*, where it has some; qualifiers are
// sorted and escaped as the canonical form asks.
func TestBuiltPURLsOfEachType(t *testing.T) {
	cases := []struct{ name, got, want string }{
		{"cocoapods", CocoaPodsPURL("AFNetworking", "4.0.1"), "pkg:cocoapods/AFNetworking@4.0.1"},
		{"cocoapods: part of a pod", CocoaPodsPURL("ShareKit/Twitter", "2.0"), "pkg:cocoapods/ShareKit@2.0#Twitter"},
		{"luarocks", LuaRocksPURL("LuaSocket", "3.1.0-1"), "pkg:luarocks/luasocket@3.1.0-1"},
		{"cpan", CPANPURL("oalders", "libwww-perl", "6.76"), "pkg:cpan/OALDERS/libwww-perl@6.76"},
		{"cpan: no author", CPANPURL("", "libwww-perl", "6.76"), "pkg:cpan/libwww-perl@6.76"},
		{"ebuild", EbuildPURL("app-arch/bzip2", "1.0.8-r4"), "pkg:ebuild/app-arch/bzip2@1.0.8-r4"},
		{"cargo: a hostile name adds no parts", CargoPURL("a@1?x=y#z/..", "1"), "pkg:cargo/a%401%3Fx%3Dy%23z%2F..@1"},
		{"rpm", RPMPURL("Fedora", "curl", "7.50.3-1.fc25", "i386", "fedora-25", ""), "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&distro=fedora-25"},
		{"rpm: an epoch is a qualifier", RPMPURL("almalinux", "openssl", "1:3.0.7-27.el9", "x86_64", "almalinux-9.4", ""),
			"pkg:rpm/almalinux/openssl@3.0.7-27.el9?arch=x86_64&distro=almalinux-9.4&epoch=1"},
		{"rpm: epoch 0 is none", RPMPURL("rhel", "bash", "0:5.1.8-9.el9", "", "", ""), "pkg:rpm/rhel/bash@5.1.8-9.el9"},
		{"rpm: the name keeps its case", RPMPURL("rhel", "NetworkManager", "1.46-1.el9", "", "", ""), "pkg:rpm/rhel/NetworkManager@1.46-1.el9"},
		{"rpm: a caret and a tilde", RPMPURL("fedora", "a", "1^git1~x-1", "", "", ""), "pkg:rpm/fedora/a@1%5Egit1~x-1"},
		{"rpm: a module's name and stream", RPMPURL("rhel", "nodejs", "1:20.9.0-1.module+el9", "", "", "nodejs:20:9030020231201:rhel9"),
			"pkg:rpm/rhel/nodejs@20.9.0-1.module%2Bel9?epoch=1&rpmmod=nodejs:20"},
		{"alpm", ALPMPURL("Arch", "containers-common", "1:0.47.4-4", "x86_64", ""), "pkg:alpm/arch/containers-common@1:0.47.4-4?arch=x86_64"},
		{"npm", NPMPURL("foobar", "12.3.1"), "pkg:npm/foobar@12.3.1"},
		{"npm: a scope", NPMPURL("@angular/animation", "12.3.1"), "pkg:npm/%40angular/animation@12.3.1"},
		{"npm keeps its case", NPMPURL("vvvebJs", ""), "pkg:npm/vvvebJs"},
		{"pypi", PyPIPURL("django", "1.11.1"), "pkg:pypi/django@1.11.1"},
		{"pypi: under its normal name", PyPIPURL("Zope.Interface", "6.1"), "pkg:pypi/zope-interface@6.1"},
		{"pypi: an epoch and a local version", PyPIPURL("torch", "1!2.1.0+cu118"), "pkg:pypi/torch@1%212.1.0%2Bcu118"},
		{"maven", MavenPURL("org.apache.xmlgraphics", "batik-anim", "1.9.1"), "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1"},
		{"gem", GemPURL("ruby-advisory-db-check", "0.12.4", "ruby"), "pkg:gem/ruby-advisory-db-check@0.12.4"},
		{"gem: a platform", GemPURL("jruby-launcher", "1.1.2", "java"), "pkg:gem/jruby-launcher@1.1.2?platform=java"},
		{"cargo", CargoPURL("structopt_derive", "0.4.18"), "pkg:cargo/structopt_derive@0.4.18"},
		{"composer", ComposerPURL("Guzzlehttp/promises", "2.0.2"), "pkg:composer/guzzlehttp/promises@2.0.2"},
		{"nuget", NuGetPURL("EnterpriseLibrary.Common", "6.0.1304"), "pkg:nuget/EnterpriseLibrary.Common@6.0.1304"},
		{"hex", HexPURL("jason", "1.1.2"), "pkg:hex/jason@1.1.2"},
		{"hex: an organization", HexPURL("Acme/foo", "2.3.0"), "pkg:hex/acme/foo@2.3.0"},
		{"pub", PubPURL("characters", "1.2.0"), "pkg:pub/characters@1.2.0"},
		{"swift", SwiftPURL("https://github.com/Alamofire/Alamofire.git", "5.4.3"), "pkg:swift/github.com/Alamofire/Alamofire@5.4.3"},
		{"swift: as git writes it", SwiftPURL("git@github.com:RxSwiftCommunity/RxFlow.git", "2.12.4"), "pkg:swift/github.com/RxSwiftCommunity/RxFlow@2.12.4"},
		{"cran", CRANPURL("A3", "1.0.0"), "pkg:cran/A3@1.0.0"},
		{"hackage", HackagePURL("AC-HalfInteger", "1.2.1"), "pkg:hackage/AC-HalfInteger@1.2.1"},
		{"julia", JuliaPURL("Dates", "1.9.0", "ade2ca70-3891-5945-98fb-dc099432e06a"), "pkg:julia/Dates@1.9.0?uuid=ade2ca70-3891-5945-98fb-dc099432e06a"},
		{"conan", ConanPURL("openssl", "3.0.3", "", ""), "pkg:conan/openssl@3.0.3"},
		{"conan: user and channel", ConanPURL("openssl", "3.0.3", "bincrafters", "stable"), "pkg:conan/openssl@3.0.3?channel=stable&user=bincrafters"},
		{"opam", OpamPURL("ocaml-base-compiler", "5.2.0"), "pkg:opam/ocaml-base-compiler@5.2.0"},
		{"bitnami", BitnamiPURL("WordPress", "6.2.0-1", "arm64", "debian-12"), "pkg:bitnami/wordpress@6.2.0-1?arch=arm64&distro=debian-12"},
		{"a hostile name cannot add parts", CargoPURL("a@1?x=y#z/%", "1"), "pkg:cargo/a%401%3Fx%3Dy%23z%2F%25@1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("got  %s\nwant %s", c.got, c.want)
			}
			if p, err := ParsePURL(c.got); err != nil || p.String() != c.got {
				t.Errorf("%s is read as %s, %v", c.got, p, err)
			}
			if _, err := packageurl.FromString(c.got); err != nil {
				t.Errorf("packageurl-go refuses %s: %v", c.got, err)
			}
		})
	}
}
