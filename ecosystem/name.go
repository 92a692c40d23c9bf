package ecosystem

import "strings"

// NormalName returns the one spelling of a package's name under which its ecosystem's names are
// compared. A database is built with it and asked with it, so that neither a record nor an
// installed package is missed because of its spelling.
//
// Names are folded only where the registry cannot hold two packages that differ in spelling alone.
// Elsewhere they are exact: npm has old names with capitals beside small ones, Go's modules and
// Maven's coordinates are case-sensitive, gems, Hackage and CRAN too.
func NormalName(ecosystem, name string) string {
	base, suffix, _ := strings.Cut(ecosystem, ":")
	if HasManyOrderings(base) {
		return NormalName(suffix, name)
	}
	switch base {
	case "PyPI":
		return normalPyPI(name)
	case "crates.io":
		// crates.io compares names by canon_crate_name (rust-lang/crates.io, migrations): case does not
		// count, nor whether a hyphen or an underscore. Records have both (Deno, deno; ic-cdk, ic_cdk).
		return strings.ReplaceAll(strings.ToLower(name), "_", "-")
	case "GitHub Actions", "NuGet", "Packagist", "VSCode":
		// learn.microsoft.com/nuget/reference/package-versioning: ids are case-insensitive;
		// getcomposer.org/doc/04-schema.md, "name": lower case; GitHub's repositories and VS Code's
		// extensions are case-insensitive. Records spell NuGet's ids both ways.
		return strings.ToLower(name)
	case "SwiftURL":
		return normalSwift(name)
	}
	return name
}

// normalPyPI lower-cases a name and makes one hyphen of each run of hyphens, underscores and dots
// (peps.python.org/pep-0503, "Normalized Names").
func normalPyPI(name string) string {
	name = strings.ToLower(name)
	if !strings.ContainsAny(name, "_.") && !strings.Contains(name, "--") {
		return name
	}
	normal := make([]byte, 0, len(name))
	for i := range len(name) {
		switch c := name[i]; {
		case !isOneOf(c, "-_."):
			normal = append(normal, c)
		case i == 0 || !isOneOf(name[i-1], "-_."):
			normal = append(normal, '-')
		}
	}
	return string(normal)
}

// normalSwift returns a repository's URL as the Swift package manager compares it
// (swiftlang/swift-package-manager, Sources/PackageModel/PackageIdentity.swift,
// CanonicalPackageLocation).
func normalSwift(url string) string { return strings.ToLower(swiftLocation(url)) }

// swiftLocation returns host and path of a repository's URL: without scheme, user, .git and what
// follows the path.
func swiftLocation(url string) string {
	_, rest, hasScheme := strings.Cut(url, "://")
	if !hasScheme {
		rest = url
	}
	host, path, hasPath := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
		if before, owner, isSCP := strings.Cut(host, ":"); isSCP && !hasScheme {
			host, path, hasPath = before, owner+"/"+path, true // git@github.com:owner/name.git
		}
	}
	if !hasPath {
		return host
	}
	if i := strings.IndexAny(path, "#?"); i >= 0 {
		path = path[:i]
	}
	path = strings.TrimRight(path, "/")
	if suffix := ".git"; len(path) > len(suffix) && strings.EqualFold(path[len(path)-len(suffix):], suffix) {
		path = path[:len(path)-len(suffix)]
	}
	return host + "/" + path
}
