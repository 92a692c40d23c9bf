package ecosystem

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// ParsePURL reads a purl (purl-spec, "How to parse a purl string in its components"). It takes
// what is not canonical, such as pkg://deb/..., an upper-case type or unsorted qualifiers, and
// applies the types' rules of spelling (see PURL.fold); it does not check their other rules.
func ParsePURL(purl string) (PURL, error) {
	p, reason := parsePURL(purl)
	if reason != "" {
		return PURL{}, fmt.Errorf("purl %.120q: %s: want pkg:TYPE/NAMESPACE/NAME@VERSION?KEY=VALUE", purl, reason)
	}
	return p, nil
}

func parsePURL(purl string) (p PURL, reason string) {
	scheme, rest, found := strings.Cut(purl, ":")
	if !found || !strings.EqualFold(scheme, "pkg") {
		return p, "it does not start with pkg:"
	}
	rest, subpath, _ := strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	kind, path, found := strings.Cut(strings.TrimLeft(rest, "/"), "/")
	if !found || !isPURLType(kind) {
		return p, "it has no type"
	}
	p.Type = strings.ToLower(kind)
	var ok bool
	if p.Qualifiers, reason = parseQualifiers(query); reason != "" {
		return p, reason
	}
	if p.Subpath, ok = unescapeSegments(subpath); !ok {
		return p, "its subpath is not well escaped"
	}
	p.Subpath = withoutDots(p.Subpath)
	// An npm scope may stand unescaped: pkg:npm/@babel/core.
	if at := strings.LastIndexByte(path, '@'); at > 0 && !strings.Contains(path[at:], "/") {
		if p.Version, ok = unescape(path[at+1:]); !ok {
			return p, "its version is not well escaped"
		}
		path = path[:at]
	}
	namespace, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		namespace, name = path[:i], path[i+1:]
	}
	if p.Namespace, ok = unescapeSegments(namespace); !ok {
		return p, "its namespace is not well escaped"
	}
	if p.Name, ok = unescape(name); !ok || p.Name == "" {
		return p, "it has no name"
	}
	p.fold()
	return p, ""
}

// fold applies the rules of a type's definition to the spelling of namespace and name.
func (p *PURL) fold() {
	switch p.Type {
	case "alpm", "apk", "composer", "deb", "hex":
		p.Namespace, p.Name = strings.ToLower(p.Namespace), strings.ToLower(p.Name)
	case "bitnami", "pub":
		p.Name = strings.ToLower(p.Name)
	case "pypi":
		p.Name = normalPyPI(p.Name)
	case "rpm":
		p.Namespace = strings.ToLower(p.Namespace)
	}
}

// parseQualifiers reads KEY=VALUE pairs between ampersands; a pair without a value counts as
// absent.
func parseQualifiers(query string) (qualifiers []Qualifier, reason string) {
	for pair := range strings.SplitSeq(query, "&") {
		key, escaped, _ := strings.Cut(pair, "=")
		if escaped == "" {
			continue
		}
		value, ok := unescape(escaped)
		if !ok || !isQualifierKey(key) {
			return nil, "it has a malformed qualifier"
		}
		qualifiers = append(qualifiers, Qualifier{strings.ToLower(key), value})
	}
	slices.SortFunc(qualifiers, func(a, b Qualifier) int { return strings.Compare(a.Key, b.Key) })
	for i := 1; i < len(qualifiers); i++ {
		if qualifiers[i].Key == qualifiers[i-1].Key {
			return nil, "it has a qualifier twice"
		}
	}
	return qualifiers, ""
}

// unescapeSegments decodes what stands between slashes and leaves out empty segments. An escaped
// slash within a segment would be taken for a separator afterwards, so it is refused.
func unescapeSegments(escaped string) (s string, ok bool) {
	var segments []string
	for part := range strings.SplitSeq(escaped, "/") {
		segment, ok := unescape(part)
		if !ok || strings.Contains(segment, "/") {
			return "", false
		}
		if segment != "" {
			segments = append(segments, segment)
		}
	}
	return strings.Join(segments, "/"), true
}

// withoutDots leaves out the segments that the specification forbids in a subpath.
func withoutDots(subpath string) string {
	segments := slices.DeleteFunc(strings.Split(subpath, "/"), func(s string) bool { return s == "." || s == ".." })
	return strings.Join(segments, "/")
}

func unescape(escaped string) (s string, ok bool) {
	s, err := url.PathUnescape(escaped)
	return s, err == nil
}

func isPURLType(s string) bool {
	return s != "" && !isDigit(s[0]) && isWord(s, ".-+")
}

func isQualifierKey(s string) bool {
	return s != "" && !isDigit(s[0]) && isWord(s, ".-_")
}

// isWord tells whether s is made of ASCII letters, digits and the given punctuation.
func isWord(s, punctuation string) bool {
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte(punctuation, c) < 0 {
			return false
		}
	}
	return true
}
