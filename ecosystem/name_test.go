package ecosystem

import "testing"

func TestNormalName(t *testing.T) {
	cases := []struct{ name, ecosystem, spelling, want string }{
		{"PyPI: case", "PyPI", "Zope.Interface", "zope-interface"},
		{"PyPI: runs of separators", "PyPI", "a-_.b", "a-b"},
		{"PyPI: PEP 503's friendly-bard", "PyPI", "FrIeNdLy-._.-bArD", "friendly-bard"},
		{"PyPI: already normal", "PyPI", "django-allauth", "django-allauth"},
		{"NuGet: case", "NuGet", "Microsoft.NetCore.App.Runtime.linux-arm", "microsoft.netcore.app.runtime.linux-arm"},
		{"NuGet: separators are kept", "NuGet", "A_B.C", "a_b.c"},
		{"Packagist: case", "Packagist", "Symfony/HTTP-Kernel", "symfony/http-kernel"},
		{"Packagist of Drupal", "Packagist:https://packages.drupal.org/8", "drupal/CTools", "drupal/ctools"},
		{"crates.io: underscores", "crates.io", "serde_json", "serde-json"},
		{"crates.io: case", "crates.io", "mdBook", "mdbook"},
		{"GitHub Actions: case", "GitHub Actions", "TJ-Actions/changed-files", "tj-actions/changed-files"},
		{"VSCode: case", "VSCode", "Publisher/Extension", "publisher/extension"},
		{"SwiftURL: a bare URL", "SwiftURL", "github.com/marmelroy/Zip", "github.com/marmelroy/zip"},
		{"SwiftURL: scheme and .git", "SwiftURL", "https://GitHub.com/apple/swift-nio.git", "github.com/apple/swift-nio"},
		{"SwiftURL: a user", "SwiftURL", "ssh://git@github.com/apple/swift-nio.git/", "github.com/apple/swift-nio"},
		{"SwiftURL: as git writes it", "SwiftURL", "git@github.com:apple/swift-nio.git", "github.com/apple/swift-nio"},
		{"SwiftURL: a port stays", "SwiftURL", "https://git.example:8443/a/b", "git.example:8443/a/b"},
		{"SwiftURL: query and fragment", "SwiftURL", "https://github.com/a/b?x=1#y", "github.com/a/b"},
		{"SwiftURL: a host alone", "SwiftURL", "https://example.com", "example.com"},
		{"npm: old names with capitals are others", "npm", "vvvebJs", "vvvebJs"},
		{"npm: a scope", "npm", "@babel/core", "@babel/core"},
		{"Go: exact", "Go", "github.com/BurntSushi/toml", "github.com/BurntSushi/toml"},
		{"Maven: exact", "Maven", "Org.Apache:Commons_IO", "Org.Apache:Commons_IO"},
		{"RubyGems: exact", "RubyGems", "RedCloth", "RedCloth"},
		{"CRAN: exact", "CRAN", "Rcpp", "Rcpp"},
		{"Hackage: exact", "Hackage", "HTTP", "HTTP"},
		{"Hex: exact", "Hex", "ash_postgres", "ash_postgres"},
		{"Debian: exact", "Debian:12", "libstdc++6", "libstdc++6"},
		{"Red Hat: exact", "Red Hat:enterprise_linux:9::appstream", "NetworkManager", "NetworkManager"},
		{"Root follows its suffix", "Root:PyPI", "Zope.Interface", "zope-interface"},
		{"TuxCare too", "TuxCare:Red Hat", "NetworkManager", "NetworkManager"},
		{"nothing", "PyPI", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := NormalName(c.ecosystem, c.spelling); got != c.want {
				t.Errorf("NormalName(%q, %q) = %q, want %q", c.ecosystem, c.spelling, got, c.want)
			}
		})
	}
}

// FuzzNormalName: a normal name is its own normal name.
func FuzzNormalName(f *testing.F) {
	for _, ecosystem := range schemaEcosystems() {
		f.Add(ecosystem, "https://git@Host.example:1/A-_.b.git.git//#?")
	}
	f.Fuzz(func(t *testing.T, ecosystem, name string) {
		normal := NormalName(ecosystem, name)
		if again := NormalName(ecosystem, normal); again != normal && Base(ecosystem) != "SwiftURL" {
			t.Fatalf("NormalName(%q, %q) = %q, and of that it is %q", ecosystem, name, normal, again)
		}
	})
}
