// Package printable makes JSON fit to be shown on a terminal and in a build log, whatever names
// strangers chose, without changing what it means.
package printable

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// JSON returns a document in which every character that is not printable is written as \uXXXX,
// and so is the first # of two in a row, which build systems take for a command. Outside strings
// JSON has printable ASCII and white space only, so every replaced character is inside one. Bytes
// that are not UTF-8 become U+FFFD.
func JSON(document []byte) []byte {
	var out []byte // nil as long as nothing was replaced
	kept := 0
	for i := 0; i < len(document); {
		r, size := utf8.DecodeRune(document[i:])
		double := r == '#' && i+1 < len(document) && document[i+1] == '#'
		if !double && r != utf8.RuneError && (r == '\n' || unicode.IsPrint(r)) {
			i += size
			continue
		}
		out = appendEscape(append(out, document[kept:i]...), r)
		i += size
		kept = i
	}
	if out == nil {
		return document
	}
	return append(out, document[kept:]...)
}

// appendEscape writes characters beyond U+FFFF as two surrogates (RFC 8259, section 7).
func appendEscape(out []byte, r rune) []byte {
	if r < 0x10000 {
		return fmt.Appendf(out, `\u%04x`, r)
	}
	r -= 0x10000
	return fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
}
