package ecosystem

import (
	"slices"
	"strings"
)

// PURL is a package URL (github.com/package-url/purl-spec; ECMA-427), taken apart and decoded.
//
// One rule of the specification is not kept. It wants golang namespaces and names in lower
// case, which predates Go modules: there github.com/BurntSushi/toml and github.com/burntsushi/toml
// are two modules, and OSV's names have the module's own case. Plimsoll keeps the case of golang
// purls; tools that fold it do not find these modules by purl.
type PURL struct {
	Type       string
	Namespace  string // segments between slashes; empty if there is none
	Name       string
	Version    string      // empty if there is none
	Qualifiers []Qualifier // sorted by key, without empty values
	Subpath    string
}

// Qualifier is one key with its value.
type Qualifier struct {
	Key, Value string
}

// DebPURL returns the purl of a Debian package, such as
// pkg:deb/debian/dmsetup@2:1.02.185-2?arch=amd64&distro=debian-12. distroID is the ID of
// os-release; arch and distroTag may be empty.
func DebPURL(distroID, name, version, arch, distroTag string) string {
	return distroPackage("deb", distroID, name, version, arch, distroTag)
}

// APKPURL returns the purl of an Alpine package, such as
// pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3. distroID is the ID of
// os-release; arch and distroTag may be empty.
func APKPURL(distroID, name, version, arch, distroTag string) string {
	return distroPackage("apk", distroID, name, version, arch, distroTag)
}

// GolangPURL returns the purl of a Go module, such as pkg:golang/golang.org/x/net@v0.7.0. A major
// version suffix is the last part of a module's path and so becomes the name:
// pkg:golang/github.com/owner/module/v2@v2.1.0 is called v2. version may be empty.
func GolangPURL(module, version string) string {
	namespace, name := "", module
	if i := strings.LastIndexByte(module, '/'); i >= 0 {
		namespace, name = module[:i], module[i+1:]
	}
	return PURL{Type: "golang", Namespace: namespace, Name: name, Version: version}.String()
}

// GenericPURL returns the purl of software that is no package of any kind, such as
// pkg:generic/nginx@1.22.1 (purl-spec, types/generic). version may be empty.
func GenericPURL(name, version string) string {
	return PURL{Type: "generic", Name: name, Version: version}.String()
}

// distroPackage lower-cases namespace and name, which the definitions of deb and apk ask for.
func distroPackage(kind, distroID, name, version, arch, distroTag string) string {
	var qualifiers [2]Qualifier
	set := qualifiers[:0]
	if arch != "" {
		set = append(set, Qualifier{"arch", arch})
	}
	if distroTag != "" {
		set = append(set, Qualifier{"distro", distroTag})
	}
	p := PURL{Type: kind, Namespace: strings.ToLower(distroID), Name: strings.ToLower(name), Version: version, Qualifiers: set}
	return p.String()
}

// Qualifier returns a qualifier's value, empty if there is none.
func (p PURL) Qualifier(key string) string {
	if i := slices.IndexFunc(p.Qualifiers, func(q Qualifier) bool { return q.Key == key }); i >= 0 {
		return p.Qualifiers[i].Value
	}
	return ""
}

// String returns the canonical purl.
func (p PURL) String() string {
	b := make([]byte, 0, len("pkg:")+len(p.Type)+len(p.Namespace)+len(p.Name)+len(p.Version)+64)
	b = append(b, "pkg:"...)
	b = append(b, p.Type...)
	for segment := range strings.SplitSeq(p.Namespace, "/") {
		if segment != "" {
			b = appendEscaped(append(b, '/'), segment)
		}
	}
	b = appendEscaped(append(b, '/'), p.Name)
	if p.Version != "" {
		b = appendEscaped(append(b, '@'), p.Version)
	}
	separator := byte('?')
	for _, q := range p.Qualifiers {
		b = append(append(append(b, separator), q.Key...), '=')
		b = appendEscaped(b, q.Value)
		separator = '&'
	}
	separator = '#'
	for segment := range strings.SplitSeq(p.Subpath, "/") {
		if segment != "" {
			b = appendEscaped(append(b, separator), segment)
			separator = '/'
		}
	}
	return string(b)
}

// appendEscaped percent-encodes all but letters, digits, ".", "-", "_", "~" and the colon
// (ECMA-427, "Character encoding"): a Debian epoch stays as it is, a plus becomes %2B.
func appendEscaped(dst []byte, s string) []byte {
	const hexadecimal = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if isLetter(c) || isDigit(c) || c == '.' || c == '-' || c == '_' || c == '~' || c == ':' {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', hexadecimal[c>>4], hexadecimal[c&15])
		}
	}
	return dst
}
