package ecosystem

import "strings"

// OSVPackage returns the OSV ecosystem and the normal name of the package that a purl of a
// language's type speaks of. ok is false for distributions' packages, whose ecosystem their release
// tells (FromDistro), for types that OSV has no ecosystem for (generic, luarocks, cpan), and for
// packages that cannot be public: an organization's on Hex, a vendor's of Conan.
func OSVPackage(p PURL) (ecosystem, name string, ok bool) {
	ecosystem, name = osvPackage(p)
	if ecosystem == "" || name == "" {
		return "", "", false
	}
	return ecosystem, NormalName(ecosystem, name), true
}

func osvPackage(p PURL) (ecosystem, name string) {
	path := p.Name
	if p.Namespace != "" {
		path = p.Namespace + "/" + p.Name
	}
	switch p.Type {
	case "composer":
		return packagistOf(p), path
	case "golang":
		return "Go", path
	case "maven":
		// Records never name a repository, so neither does this; the schema would allow it.
		return "Maven", p.Namespace + ":" + p.Name
	case "npm":
		return "npm", path
	case "swift":
		return "SwiftURL", path
	}
	if p.Namespace != "" {
		return "", ""
	}
	ecosystems := [...][2]string{{"bioconductor", "Bioconductor"}, {"bitnami", "Bitnami"}, {"cargo", "crates.io"}, {"conan", "ConanCenter"},
		{"cran", "CRAN"}, {"gem", "RubyGems"}, {"hackage", "Hackage"}, {"hex", "Hex"}, {"julia", "Julia"}, {"nuget", "NuGet"}, {"opam", "opam"},
		{"pub", "Pub"}, {"pypi", "PyPI"}}
	for _, known := range ecosystems {
		if p.Type == known[0] {
			return known[1], p.Name
		}
	}
	return "", ""
}

// packagistOf returns Packagist, with the repository's URL if it is another: OSV writes Drupal's
// packages as Packagist:https://packages.drupal.org/8.
func packagistOf(p PURL) string {
	switch url := strings.TrimRight(p.Qualifier("repository_url"), "/"); url {
	case "", "https://packagist.org", "https://repo.packagist.org", "packagist.org", "repo.packagist.org":
		return "Packagist"
	default:
		return "Packagist:" + url
	}
}
