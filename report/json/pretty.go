package json

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// pretty appends a compact JSON document to dst, indented by two spaces, as json.Indent has it,
// and with every unprintable character as \uXXXX, in one pass: a report of a large image is
// several megabytes long, and somebody waits for it. Outside strings the encoder writes ASCII
// only.
func pretty(dst, document []byte) []byte {
	depth := 0
	newline := func() {
		dst = append(dst, '\n')
		for range depth {
			dst = append(dst, "  "...)
		}
	}
	for i := 0; i < len(document); i++ {
		switch c := document[i]; c {
		case '"':
			end := i + stringLength(document[i:])
			dst = appendPrintable(dst, document[i:end])
			i = end - 1
		case '{', '[':
			dst = append(dst, c)
			if i+1 < len(document) && (document[i+1] == '}' || document[i+1] == ']') {
				i++
				dst = append(dst, document[i])
				continue
			}
			depth++
			newline()
		case '}', ']':
			depth--
			newline()
			dst = append(dst, c)
		case ',':
			dst = append(dst, c)
			newline()
		case ':':
			dst = append(dst, ": "...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// stringLength is the length of the string that the document begins with, both quotes included.
func stringLength(document []byte) int {
	for i := 1; i < len(document); i++ {
		switch document[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(document)
}

// appendPrintable appends text with what is not printable, and one # of two in a row, escaped.
// U+FFFD is escaped too: the encoder does so where it stands for a bad byte, and not where it
// was read as a character.
func appendPrintable(dst, text []byte) []byte {
	kept := 0
	for i := 0; i < len(text); {
		if c := text[i]; c >= ' ' && c <= '~' && c != '#' {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		double := r == '#' && i+1 < len(text) && text[i+1] == '#'
		if !double && r != utf8.RuneError && unicode.IsPrint(r) {
			i += size
			continue
		}
		dst = appendEscape(append(dst, text[kept:i]...), r)
		i += size
		kept = i
	}
	return append(dst, text[kept:]...)
}

func appendEscape(dst []byte, r rune) []byte {
	if r < 0x10000 {
		return fmt.Appendf(dst, `\u%04x`, r)
	}
	r -= 0x10000
	return fmt.Appendf(dst, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
}
