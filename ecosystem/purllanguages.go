package ecosystem

import "strings"

// NPMPURL returns the purl of an npm package: pkg:npm/%40babel/core@7.24.0. Its case is kept, though
// npm-definition.json asks for lower case: it knows of old names with capitals, which are other
// packages than those without.
func NPMPURL(name, version string) string {
	namespace := ""
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		namespace, name = name[:i], name[i+1:]
	}
	return PURL{Type: "npm", Namespace: namespace, Name: name, Version: version}.String()
}

// PyPIPURL returns the purl of a Python package, under its normal name: pkg:pypi/zope-interface@6.1.
func PyPIPURL(name, version string) string {
	return PURL{Type: "pypi", Name: NormalName("PyPI", name), Version: version}.String()
}

// NormalName returns the one spelling of a package's name under which its ecosystem's names are
// compared. PyPI's are in lower case, with one hyphen for each run of hyphens, underscores and dots
// (peps.python.org/pep-0503, "Normalized Names"); others are exact.
func NormalName(ecosystem, name string) string {
	if ecosystem != "PyPI" {
		return name
	}
	var normal strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case strings.IndexByte("-_.", c) < 0:
			normal.WriteByte(c)
		case i == 0 || strings.IndexByte("-_.", name[i-1]) < 0:
			normal.WriteByte('-')
		}
	}
	return strings.ToLower(normal.String())
}
