package ecosystem

import "strings"

// appendOpamKey returns the key of an opam version, or why there is none: that of a Debian version
// without an epoch (opam manual, "Version ordering"; ocaml/opam, src/core/opamVersionCompare.ml).
// A colon is a character like others.
func appendOpamKey(dst []byte, version string) (key []byte, reason string) {
	if version == "" {
		return dst, "it is empty"
	}
	if !isPrintableASCII(version) {
		return dst, "it holds a character that is not printable ASCII"
	}
	upstream, revision := version, ""
	if i := strings.LastIndexByte(version, '-'); i >= 0 {
		upstream, revision = version[:i], version[i+1:]
	}
	return appendDebPart(appendDebPart(dst, upstream), revision), ""
}
