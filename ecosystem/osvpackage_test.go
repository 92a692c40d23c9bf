package ecosystem

import "testing"

func TestOSVPackage(t *testing.T) {
	cases := []struct{ purl, ecosystem, name string }{
		{"pkg:npm/%40babel/core@7.24.0", "npm", "@babel/core"},
		{"pkg:npm/vvvebJs", "npm", "vvvebJs"},
		{"pkg:pypi/Zope.Interface@6.1", "PyPI", "zope-interface"},
		{"pkg:maven/io.netty/netty-codec@4.1.107.Final?type=jar", "Maven", "io.netty:netty-codec"},
		{"pkg:gem/nokogiri@1.16.0?platform=java", "RubyGems", "nokogiri"},
		{"pkg:cargo/serde_json@1.0", "crates.io", "serde-json"},
		{"pkg:composer/Symfony/http-kernel@6.4", "Packagist", "symfony/http-kernel"},
		{"pkg:composer/drupal/ctools?repository_url=https://packages.drupal.org/8", "Packagist:https://packages.drupal.org/8", "drupal/ctools"},
		{"pkg:composer/twig/twig?repository_url=https://repo.packagist.org/", "Packagist", "twig/twig"},
		{"pkg:nuget/Newtonsoft.Json@13.0.1", "NuGet", "newtonsoft.json"},
		{"pkg:hex/phoenix@1.7.0", "Hex", "phoenix"},
		{"pkg:hex/acme/foo", "", ""},
		{"pkg:pub/dio@5.0.0", "Pub", "dio"},
		{"pkg:swift/github.com/Apple/swift-nio@2.0.0", "SwiftURL", "github.com/apple/swift-nio"},
		{"pkg:cran/Rcpp@1.0.12", "CRAN", "Rcpp"},
		{"pkg:bioconductor/edgeR@4.0", "Bioconductor", "edgeR"},
		{"pkg:julia/Dates?uuid=ade2ca70-3891-5945-98fb-dc099432e06a", "Julia", "Dates"},
		{"pkg:hackage/aeson@2.2", "Hackage", "aeson"},
		{"pkg:golang/github.com/BurntSushi/toml@v1.3.2", "Go", "github.com/BurntSushi/toml"},
		{"pkg:golang/stdlib@1.22.3", "Go", "stdlib"},
		{"pkg:conan/openssl@3.0.3", "ConanCenter", "openssl"},
		{"pkg:conan/openssl.org/openssl@3.0.3?channel=stable&user=bincrafters", "", ""},
		{"pkg:opam/cohttp@5.3.1", "opam", "cohttp"},
		{"pkg:bitnami/WordPress@6.2.0", "Bitnami", "wordpress"},
		{"pkg:luarocks/luasocket@3.1.0-1", "", ""},
		{"pkg:cpan/Moose@2.2014", "", ""},
		{"pkg:generic/openssl@1.1.1", "", ""},
		{"pkg:deb/debian/bash@5.2-2", "", ""},
		{"pkg:rpm/rhel/bash@5.2-2", "", ""},
	}
	for _, c := range cases {
		t.Run(c.purl, func(t *testing.T) {
			p, err := ParsePURL(c.purl)
			if err != nil {
				t.Fatal(err)
			}
			ecosystem, name, ok := OSVPackage(p)
			if ecosystem != c.ecosystem || name != c.name || ok != (c.ecosystem != "") {
				t.Errorf("OSVPackage = %q, %q, %v; want %q, %q", ecosystem, name, ok, c.ecosystem, c.name)
			}
			if ok && OrderingOf(ecosystem) == Unordered {
				t.Errorf("%s has no ordering", ecosystem)
			}
		})
	}
}
