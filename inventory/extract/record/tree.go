package record

import "strings"

// IsInstalledTree tells whether a path lies in a folder that a package manager fills with what it
// installed or fetched. A lock file there says what that package's developers had, not what the
// image has.
func IsInstalledTree(path string) bool {
	for _, folder := range [...]string{
		"/node_modules/", "/usr/share/nodejs/", "/usr/lib/nodejs/", // npm and the like; Debian
		"/site-packages/", "/dist-packages/", // pip; Debian
		"/gems/", "/pkg/mod/", "/.cargo/registry/", // gem, go, cargo
		"/usr/share/doc/",
	} {
		if strings.Contains(path, folder) || strings.HasPrefix(path, folder[1:]) {
			return true
		}
	}
	return false
}

// AddHolders adds each folder, with its slash, in which the path goes through a folder of the given
// name: app/ for app/node_modules/a/package.json. The root is "".
func AddHolders(holders map[string]bool, path, name string) {
	for start := 0; ; {
		i := strings.Index(path[start:], name+"/")
		if i < 0 {
			return
		}
		if start += i; start == 0 || path[start-1] == '/' {
			holders[path[:start]] = true
		}
		start += len(name)
	}
}
