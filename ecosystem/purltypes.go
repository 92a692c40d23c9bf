package ecosystem

import "strings"

// The constructors below write purls by the types' definitions (package-url/purl-spec, types/*).
// version, and whatever a definition calls optional, may be empty.

// RPMPURL returns the purl of an rpm package, such as
// pkg:rpm/almalinux/openssl@3.0.7-27.el9?arch=x86_64&distro=almalinux-9.4&epoch=1. version may start
// with an epoch, which becomes a qualifier. module is the modularity label, of which name and stream
// are kept as Red Hat writes them: rpmmod=nodejs:20.
func RPMPURL(distroID, name, version, arch, distroTag, module string) string {
	epoch, rest, hasEpoch := strings.Cut(version, ":")
	if !hasEpoch {
		epoch, rest = "", version
	}
	if epoch == "0" {
		epoch = ""
	}
	if parts := strings.SplitN(module, ":", 3); len(parts) > 2 {
		module = parts[0] + ":" + parts[1]
	}
	return withQualifiers(PURL{Type: "rpm", Namespace: strings.ToLower(distroID), Name: name, Version: rest},
		Qualifier{"arch", arch}, Qualifier{"distro", distroTag}, Qualifier{"epoch", epoch}, Qualifier{"rpmmod", module})
}

// ALPMPURL returns the purl of an Arch Linux package, such as
// pkg:alpm/arch/containers-common@1:0.47.4-4?arch=x86_64.
func ALPMPURL(distroID, name, version, arch, distroTag string) string {
	return distroPackage("alpm", distroID, name, version, arch, distroTag)
}

// NPMPURL returns the purl of an npm package: pkg:npm/%40babel/core@7.24.0. Its case is kept: see
// PURL.
func NPMPURL(name, version string) string { return pathPURL("npm", name, version) }

// PyPIPURL returns the purl of a Python package, under its normal name: pkg:pypi/zope-interface@6.1.
func PyPIPURL(name, version string) string {
	return PURL{Type: "pypi", Name: normalPyPI(name), Version: version}.String()
}

// MavenPURL returns the purl of a Maven artifact: pkg:maven/io.netty/netty-codec@4.1.107.Final.
func MavenPURL(group, artifact, version string) string {
	return PURL{Type: "maven", Namespace: group, Name: artifact, Version: version}.String()
}

// CondaPURL returns the purl of a conda package, such as pkg:conda/numpy@1.20.3?subdir=linux-64.
func CondaPURL(name, version, subdir string) string {
	return withQualifiers(PURL{Type: "conda", Name: name, Version: version}, Qualifier{"subdir", subdir})
}

// GenericPURL returns the purl of software that is no package of any kind: pkg:generic/nginx@1.22.1.
func GenericPURL(name, version string) string {
	return PURL{Type: "generic", Name: name, Version: version}.String()
}

// GemPURL returns the purl of a gem: pkg:gem/nokogiri@1.16.0?platform=java. The platform "ruby" is
// that of gems without one, and left out.
func GemPURL(name, version, platform string) string {
	if platform == "ruby" {
		platform = ""
	}
	return withQualifiers(PURL{Type: "gem", Name: name, Version: version}, Qualifier{"platform", platform})
}

// CargoPURL returns the purl of a crate: pkg:cargo/serde_json@1.0.117.
func CargoPURL(name, version string) string {
	return PURL{Type: "cargo", Name: name, Version: version}.String()
}

// ComposerPURL returns the purl of a PHP package, given as vendor/name: pkg:composer/twig/twig@3.8.0.
func ComposerPURL(name, version string) string {
	return pathPURL("composer", strings.ToLower(name), version)
}

// NuGetPURL returns the purl of a .NET package: pkg:nuget/Newtonsoft.Json@13.0.3.
func NuGetPURL(name, version string) string {
	return PURL{Type: "nuget", Name: name, Version: version}.String()
}

// HexPURL returns the purl of an Erlang or Elixir package; an organization stands before a slash:
// pkg:hex/acme/foo@2.3.0.
func HexPURL(name, version string) string { return pathPURL("hex", strings.ToLower(name), version) }

// PubPURL returns the purl of a Dart package: pkg:pub/dio@5.4.0.
func PubPURL(name, version string) string {
	return PURL{Type: "pub", Name: strings.ToLower(name), Version: version}.String()
}

// SwiftPURL returns the purl of a Swift package, given its repository's URL:
// pkg:swift/github.com/Alamofire/Alamofire@5.4.3. The definition keeps the case.
func SwiftPURL(url, version string) string { return pathPURL("swift", swiftLocation(url), version) }

// CRANPURL returns the purl of an R package: pkg:cran/ggplot2@3.5.0.
func CRANPURL(name, version string) string {
	return PURL{Type: "cran", Name: name, Version: version}.String()
}

// HackagePURL returns the purl of a Haskell package: pkg:hackage/aeson@2.2.1.0.
func HackagePURL(name, version string) string {
	return PURL{Type: "hackage", Name: name, Version: version}.String()
}

// JuliaPURL returns the purl of a Julia package, whose UUID is required:
// pkg:julia/Dates@1.9.0?uuid=ade2ca70-3891-5945-98fb-dc099432e06a.
func JuliaPURL(name, version, uuid string) string {
	return withQualifiers(PURL{Type: "julia", Name: name, Version: version}, Qualifier{"uuid", uuid})
}

// ConanPURL returns the purl of a Conan package: pkg:conan/openssl@3.0.3?channel=stable&user=bincrafters.
func ConanPURL(name, version, user, channel string) string {
	return withQualifiers(PURL{Type: "conan", Name: name, Version: version}, Qualifier{"channel", channel}, Qualifier{"user", user})
}

// OpamPURL returns the purl of an OCaml package: pkg:opam/cohttp@5.3.1.
func OpamPURL(name, version string) string {
	return PURL{Type: "opam", Name: name, Version: version}.String()
}

// CocoaPodsPURL returns the purl of a pod, such as pkg:cocoapods/ShareKit@2.0#Twitter. What stands
// behind the name's first slash is a part of the pod.
func CocoaPodsPURL(name, version string) string {
	pod, part, _ := strings.Cut(name, "/")
	return PURL{Type: "cocoapods", Name: pod, Version: version, Subpath: part}.String()
}

// LuaRocksPURL returns the purl of a Lua package, such as pkg:luarocks/luasocket@3.1.0-1; the
// version has the revision of the rockspec in it.
func LuaRocksPURL(name, version string) string {
	return PURL{Type: "luarocks", Name: strings.ToLower(name), Version: version}.String()
}

// CPANPURL returns the purl of a Perl distribution, such as pkg:cpan/OALDERS/libwww-perl@6.76. The
// definition asks for the author's id; where it is not known the purl goes without, rather than
// the package go missing.
func CPANPURL(author, name, version string) string {
	return PURL{Type: "cpan", Namespace: strings.ToUpper(author), Name: name, Version: version}.String()
}

// EbuildPURL returns the purl of a Gentoo package, such as pkg:ebuild/app-arch/bzip2@1.0.8-r4,
// given CATEGORY/NAME. The type has no definition yet; the form is the one that other tools
// write.
func EbuildPURL(name, version string) string { return pathPURL("ebuild", name, version) }

// NixPURL returns the purl of a package of Nix's store: pkg:nix/openssl@3.0.13. The type has no
// definition yet; the form is the one that other tools write.
func NixPURL(name, version string) string {
	return PURL{Type: "nix", Name: name, Version: version}.String()
}

// BitnamiPURL returns the purl of a Bitnami component: pkg:bitnami/wordpress@6.2.0-1?arch=arm64&distro=debian-12.
func BitnamiPURL(name, version, arch, distroTag string) string {
	return withQualifiers(PURL{Type: "bitnami", Name: strings.ToLower(name), Version: version},
		Qualifier{"arch", arch}, Qualifier{"distro", distroTag})
}

// pathPURL takes what stands before the last slash of a name for the namespace.
func pathPURL(kind, path, version string) string {
	namespace, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		namespace, name = path[:i], path[i+1:]
	}
	return PURL{Type: kind, Namespace: namespace, Name: name, Version: version}.String()
}

// withQualifiers writes a purl with those qualifiers that have a value. They must come sorted.
func withQualifiers(p PURL, qualifiers ...Qualifier) string {
	for _, q := range qualifiers {
		if q.Value != "" {
			p.Qualifiers = append(p.Qualifiers, q)
		}
	}
	return p.String()
}
