package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks one character may carry. Living scripts need two, seldom
// three; piles of them hide text, take no width, and so escape every cut to a width.
const maxMarks = 3

// Clean makes a string that came from an image fit to be printed, by showing as a Go escape
// (\x1b, \u202e; \xff for a byte that is not UTF-8) all that a terminal or a build log would act on instead of showing:
//
//   - control characters (C0, DEL, C1), and with them newlines and ANSI escape sequences;
//   - invisible and reordering characters (bidi overrides and isolates, zero-width characters,
//     tags, line separators, spaces other than U+0020) and all that Unicode does not assign;
//   - bytes that are not UTF-8;
//   - a combining mark with nothing to stand on, or the fourth on one character;
//   - what Line escapes.
//
// A backslash is left alone, so that Clean(Clean(s)) is Clean(s).
func Clean(s string) string {
	if isPlain(s) {
		return Line(s)
	}
	var b strings.Builder
	marks := maxMarks // nothing to stand on yet
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
			marks = 0
		case unicode.In(r, unicode.Mn, unicode.Me) && marks < maxMarks:
			b.WriteRune(r)
			marks++
		case unicode.IsPrint(r) && !unicode.In(r, unicode.Mn, unicode.Me):
			b.WriteRune(r)
			marks = 0
		case unicode.In(r, unicode.Mn, unicode.Me):
			writeEscape(&b, r)
		default:
			writeEscape(&b, r)
			marks = 0
		}
		s = s[size:]
	}
	return Line(b.String())
}

// isPlain tells whether s is printable ASCII, as nearly everything is.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func writeEscape(b *strings.Builder, r rune) {
	switch {
	case r < utf8.RuneSelf:
		fmt.Fprintf(b, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}

// Line makes sure that no CI system takes a line of output for a command to itself. GitHub runs
// lines that begin with "::" after white space, and, as Azure Pipelines and TeamCity do,
// commands that begin with "##" ("##[", "##vso[", "##teamcity["), found anywhere in a line.
//
// Clean has done this for a string by itself; a writer that joins or wraps strings does it once
// more for each finished line.
func Line(line string) string {
	if strings.Contains(line, "##") {
		line = escapeNumberSigns(line)
	}
	text := strings.TrimLeft(line, " ")
	if strings.HasPrefix(text, "::") {
		line = line[:len(line)-len(text)] + `\x3a` + text[1:]
	}
	return line
}

// escapeNumberSigns escapes every # that another # follows.
func escapeNumberSigns(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] == '#' && i+1 < len(s) && s[i+1] == '#' {
			b.WriteString(`\x23`)
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
