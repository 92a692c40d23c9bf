package advisory

import "strings"

// IsModular tells whether a record's fixes are packages of module streams. These have a release
// such as 2.module+el8.9.0+1234 or 2.module_el8.6.0+1234 (docs.fedoraproject.org, "Modularity").
func IsModular(a Advisory) bool {
	for _, one := range a.Affected {
		for _, r := range one.Ranges {
			for _, e := range r.Events {
				if e.Kind == Fixed && IsModularVersion(e.Version) {
					return true
				}
			}
		}
	}
	return false
}

// IsModularVersion tells whether an rpm version is that of a package built in a module stream.
func IsModularVersion(version string) bool {
	return strings.Contains(version, ".module+") || strings.Contains(version, ".module_")
}
