package record

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// IsWord tells whether text can be a name, a version or an architecture: not empty, of at most
// MaxText bytes, valid UTF-8, without spaces and control characters.
func IsWord(text []byte) bool {
	if len(text) == 0 || len(text) > MaxText {
		return false
	}
	for _, b := range text {
		if b <= ' ' || b == 0x7f {
			return false
		}
		if b >= utf8.RuneSelf {
			return utf8.Valid(text) && !bytes.ContainsFunc(text, func(r rune) bool {
				return unicode.IsSpace(r) || unicode.IsControl(r)
			})
		}
	}
	return true
}
