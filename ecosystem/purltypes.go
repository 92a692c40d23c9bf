package ecosystem

import "strings"

// The constructors of this file follow the definitions of the purl types one by one
// (github.com/package-url/purl-spec, types/*-definition.json). A version may be empty in each.

// GemPURL returns the purl of a Ruby gem, such as pkg:gem/nokogiri@1.16.2?platform=x86_64-linux.
// The platform "ruby" is the default and is left out.
func GemPURL(name, version, platform string) string {
	return PURL{Type: "gem", Name: name, Version: version, Qualifiers: qualifiers("platform", unless("ruby", platform))}.String()
}

// CargoPURL returns the purl of a Rust crate, such as pkg:cargo/rand@0.7.2.
func CargoPURL(name, version string) string { return plain("cargo", name, version) }

// ComposerPURL returns the purl of a PHP package, such as pkg:composer/laravel/laravel@5.5.0;
// "" if the name has no vendor: the definition gives such packages none.
func ComposerPURL(name, version string) string {
	vendor, rest, found := strings.Cut(strings.ToLower(name), "/")
	if !found {
		return ""
	}
	return PURL{Type: "composer", Namespace: vendor, Name: rest, Version: version}.String()
}

// NuGetPURL returns the purl of a .NET package, such as pkg:nuget/Newtonsoft.Json@13.0.1. The
// name keeps its case; NuGet takes names that differ in case alone for one.
func NuGetPURL(name, version string) string { return plain("nuget", name, version) }

// HexPURL returns the purl of an Erlang or Elixir package, such as pkg:hex/jason@1.1.2. The name
// of a private package is preceded by its organization: acme/foo.
func HexPURL(name, version string) string {
	organization, name := splitLast(strings.ToLower(name))
	return PURL{Type: "hex", Namespace: organization, Name: name, Version: version}.String()
}

// PubPURL returns the purl of a Dart package, such as pkg:pub/characters@1.2.0.
func PubPURL(name, version string) string { return plain("pub", strings.ToLower(name), version) }

// SwiftPURL returns the purl of a Swift package, such as
// pkg:swift/github.com/Alamofire/Alamofire@5.4.3. The name is host, owner and repository; the
// purl is "" if it has no host, as the definition asks for one.
func SwiftPURL(name, version string) string {
	host, repository := splitLast(name)
	if host == "" {
		return ""
	}
	return PURL{Type: "swift", Namespace: host, Name: repository, Version: version}.String()
}

// CocoaPodsPURL returns the purl of a pod, such as pkg:cocoapods/ShareKit@2.0#Twitter. What
// stands behind the name's first slash is a part of the pod.
func CocoaPodsPURL(name, version string) string {
	pod, part, _ := strings.Cut(name, "/")
	return PURL{Type: "cocoapods", Name: pod, Version: version, Subpath: part}.String()
}

// CRANPURL returns the purl of an R package, such as pkg:cran/A3@1.0.0.
func CRANPURL(name, version string) string { return plain("cran", name, version) }

// JuliaPURL returns the purl of a Julia package, such as
// pkg:julia/Dates@1.9.0?uuid=ade2ca70-3891-5945-98fb-dc099432e06a.
func JuliaPURL(name, version, uuid string) string {
	return PURL{Type: "julia", Name: name, Version: version, Qualifiers: qualifiers("uuid", uuid)}.String()
}

// HackagePURL returns the purl of a Haskell package, such as pkg:hackage/AC-HalfInteger@1.2.1.
func HackagePURL(name, version string) string { return plain("hackage", name, version) }

// LuaRocksPURL returns the purl of a Lua package, such as pkg:luarocks/luasocket@3.1.0-1; the
// version has the revision of the rockspec in it.
func LuaRocksPURL(name, version string) string {
	return plain("luarocks", strings.ToLower(name), version)
}

// CPANPURL returns the purl of a Perl distribution, such as pkg:cpan/OALDERS/libwww-perl@6.76.
// The definition asks for the author's id; where it is not known the purl goes without, rather
// than the package go missing.
func CPANPURL(author, name, version string) string {
	return PURL{Type: "cpan", Namespace: strings.ToUpper(author), Name: name, Version: version}.String()
}

// OpamPURL returns the purl of an OCaml package, such as pkg:opam/ocaml-base-compiler@5.2.0.
func OpamPURL(name, version string) string { return plain("opam", name, version) }

// ConanPURL returns the purl of a C or C++ package, such as
// pkg:conan/openssl@3.0.3?channel=stable&user=bincrafters. user and channel may be empty.
func ConanPURL(name, version, user, channel string) string {
	return PURL{Type: "conan", Name: name, Version: version,
		Qualifiers: append(qualifiers("channel", channel), qualifiers("user", user)...)}.String()
}

// ALPMPURL returns the purl of an Arch Linux package, such as
// pkg:alpm/arch/pacman@6.0.1-1?arch=x86_64. distroID is the ID of os-release.
func ALPMPURL(distroID, name, version, arch string) string {
	return distroPackage("alpm", distroID, name, version, arch, "")
}

// EbuildPURL returns the purl of a Gentoo package, such as pkg:ebuild/app-arch/bzip2@1.0.8-r4,
// given CATEGORY/NAME. The type has no definition yet; the form is the one that other tools
// write.
func EbuildPURL(name, version string) string {
	category, name := splitLast(name)
	return PURL{Type: "ebuild", Namespace: category, Name: name, Version: version}.String()
}

func plain(kind, name, version string) string {
	return PURL{Type: kind, Name: name, Version: version}.String()
}

func qualifiers(key, value string) []Qualifier {
	if value == "" {
		return nil
	}
	return []Qualifier{{key, value}}
}

func unless(common, value string) string {
	if value == common {
		return ""
	}
	return value
}

// splitLast cuts a name at its last slash.
func splitLast(name string) (namespace, last string) {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}
