package policy

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// glob is a pattern in which "*" stands for any characters but "/", and "**" for any
// characters. Everything else stands for itself.
type glob string

// longestPattern bounds patterns; a registry's names end at 255 characters.
const longestPattern = 512

// parseGlob refuses what reads like a wildcard of other languages and is none here: such a
// pattern would never match, and nobody would be told.
func parseGlob(s string) (glob, error) {
	switch {
	case s == "":
		return "", errors.New("a pattern is empty; write ** to match everything")
	case len(s) > longestPattern:
		return "", fmt.Errorf("a pattern is longer than %d characters; write several shorter ones", longestPattern)
	case strings.ContainsAny(s, "?[]{}\\ \t\r\n"):
		return "", fmt.Errorf("pattern %.60q holds a character that no name has; the only wildcards are * (within a path segment) and ** (any path)", s)
	case strings.Contains(s, "***"):
		return "", fmt.Errorf("pattern %.60q holds ***; write * or **", s)
	}
	return glob(s), nil
}

// matches tells whether the whole of name is what the pattern stands for. Most patterns have one
// wildcard: comparing what stands before the first and after the last decides nearly all.
func (g glob) matches(name string) bool {
	first, last := strings.IndexByte(string(g), '*'), strings.LastIndexByte(string(g), '*')
	if first < 0 {
		return string(g) == name
	}
	before, wild, after := string(g[:first]), g[first:last+1], string(g[last+1:])
	if len(name) < len(before)+len(after) || !strings.HasPrefix(name, before) || !strings.HasSuffix(name, after) {
		return false
	}
	name = name[len(before) : len(name)-len(after)]
	switch wild {
	case "**":
		return true
	case "*":
		return !strings.Contains(name, "/")
	default:
		return wild.follow(name)
	}
}

// follow is matches for any pattern. It follows all ways to match at once, one character of name
// at a time, so that no pattern makes it slow.
func (g glob) follow(name string) bool {
	states, next := make([]bool, len(g)+1), make([]bool, len(g)+1)
	states[0] = true
	g.skipWildcards(states)
	for i := range len(name) {
		clear(next)
		for at, alive := range states {
			if alive {
				g.step(next, at, name[i])
			}
		}
		g.skipWildcards(next)
		states, next = next, states
	}
	return states[len(g)]
}

// step marks in next where the pattern can stand after it stood at position at and read c.
func (g glob) step(next []bool, at int, c byte) {
	switch {
	case at == len(g):
	case strings.HasPrefix(string(g[at:]), "**"):
		next[at] = true
	case g[at] == '*':
		next[at] = next[at] || c != '/'
	case g[at] == c:
		next[at+1] = true
	}
}

// skipWildcards marks what can be reached by letting wildcards stand for nothing.
func (g glob) skipWildcards(states []bool) {
	for at := range len(g) {
		switch {
		case !states[at]:
		case strings.HasPrefix(string(g[at:]), "**"):
			states[at+2] = true
		case g[at] == '*':
			states[at+1] = true
		}
	}
}

// parseRepositoryGlob reads a pattern of repository names.
func parseRepositoryGlob(s string) (glob, error) {
	g, err := parseGlob(s)
	if err != nil {
		return "", err
	}
	slash := strings.LastIndexByte(s, '/')
	if strings.Contains(s, "@") || (slash >= 0 && strings.Contains(s[slash:], ":")) {
		return "", fmt.Errorf("pattern %.60q names a tag or a digest; a scope names repositories: leave it out", s)
	}
	return g, nil
}

// packageGlob is a pattern of package URLs: a path (type, namespace and name) and a version,
// empty for every version.
type packageGlob struct {
	path, version glob
	text          string // as it was written
}

// parsePackageGlob reads a pattern such as pkg:deb/debian/openssl, pkg:golang/github.com/foo/**
// or pkg:npm/lodash@4.*. Qualifiers are dropped.
func parsePackageGlob(s string) (packageGlob, error) {
	if _, qualifiers, found := strings.Cut(s, "?"); found && !strings.Contains(qualifiers, "=") {
		return packageGlob{}, fmt.Errorf("pattern %.60q holds a ? that begins no qualifier; the only wildcards are * (within a path segment) and ** (any path)", s)
	}
	path, version, ok := splitPURL(s)
	if !ok {
		return packageGlob{}, fmt.Errorf("pattern %.60q is no package URL; write pkg:TYPE/NAME, such as pkg:deb/debian/openssl or pkg:golang/github.com/foo/**", s)
	}
	p, err := parseGlob(path)
	if err != nil {
		return packageGlob{}, err
	}
	if version == "" {
		return packageGlob{path: p, text: s}, nil
	}
	v, err := parseGlob(version)
	return packageGlob{path: p, version: v, text: s}, err
}

// packageName is what a package is called: its own path and version, and those of the package
// that it was built from, which is itself if it has no source.
type packageName struct{ path, version, sourcePath, sourceVersion string }

// matches tells whether a pattern means the package, or its source.
func (n packageName) matches(g packageGlob) bool {
	return g.means(n.path, n.version) || g.means(n.sourcePath, n.sourceVersion)
}

func (g packageGlob) means(path, version string) bool {
	return g.path.matches(path) && (g.version == "" || g.version.matches(version))
}

// parsePathGlob reads a pattern of paths in the image, which begin at its root.
func parsePathGlob(s string) (glob, error) {
	if !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "**") {
		return "", fmt.Errorf("pattern %.60q does not begin at the root; write /%s", s, s)
	}
	return parseGlob(s)
}

// splitPURL returns a package URL's "pkg:type/namespace/name" and its version, both unescaped,
// without qualifiers and subpath (purl-spec, "How to parse a purl string in its components").
func splitPURL(s string) (path, version string, ok bool) {
	s, _, _ = strings.Cut(s, "#")
	s, _, _ = strings.Cut(s, "?")
	scheme, rest, found := strings.Cut(s, ":")
	if !found || !strings.EqualFold(scheme, "pkg") {
		return "", "", false
	}
	rest = strings.Trim(rest, "/")
	kind, name, found := strings.Cut(rest, "/")
	if !found || kind == "" {
		// "pkg:**" is a pattern of every package.
		return "pkg:" + rest, "", rest == "**"
	}
	// An "@" that begins a segment belongs to the name: pkg:npm/@angular/core.
	if at := strings.LastIndexByte(name, '@'); at > strings.LastIndexByte(name, '/')+1 {
		name, version = name[:at], name[at+1:]
	}
	if name, ok = unescape(name); !ok {
		return "", "", false
	}
	if version, ok = unescape(version); !ok {
		return "", "", false
	}
	return "pkg:" + strings.ToLower(kind) + "/" + name, version, name != ""
}

func unescape(s string) (string, bool) {
	plain, err := url.PathUnescape(s)
	return plain, err == nil
}
