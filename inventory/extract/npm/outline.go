package npm

import (
	"bytes"
	"io"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// maxOutline is how deep an outline is followed. What counts in lock files lies three deep.
const maxOutline = 8

// outline reads what yarn.lock and pnpm-lock.yaml have in common, as the tools that write them have
// it: keys with values, a line each, one in another by indentation. Of YAML it knows what these
// tools write: quoted and plain texts, "? KEY" and ":" where a key is long; lists and texts of
// several lines are passed over. It streams, as a lock file may be long.
type outline struct {
	visit func(keys []string, value string)
	above []level
	keys  []string
}

type level struct {
	indent int
	key    string
}

// readOutline calls visit for each key, with the keys that it lies in before it. keys are valid
// during the call.
func readOutline(r io.Reader, visit func(keys []string, value string)) error {
	o := outline{visit: visit}
	return record.EachLine(r, func(line []byte, _ bool) { o.take(line) }, func([]byte) {})
}

func (o *outline) take(line []byte) {
	text := bytes.TrimLeft(line, " ")
	indent := len(line) - len(text)
	text = bytes.TrimRight(text, " \r")
	switch {
	case len(text) == 0 || text[0] == '#' || string(text) == "-" || bytes.HasPrefix(text, []byte("- ")):
		return
	case string(text) == ":" || bytes.HasPrefix(text, []byte(": ")): // a long key's value: what follows lies in it
		return
	case bytes.HasPrefix(text, []byte("? ")):
		text = append(bytes.TrimLeft(text[2:], " "), ':')
	}
	for len(o.above) > 0 && o.above[len(o.above)-1].indent >= indent {
		o.above = o.above[:len(o.above)-1]
	}
	if len(o.above) == maxOutline {
		return
	}
	key, value := cutLine(string(text))
	o.above = append(o.above, level{indent, key})
	o.keys = o.keys[:0]
	for _, l := range o.above {
		o.keys = append(o.keys, l.key)
	}
	o.visit(o.keys, value)
}

// cutLine cuts "KEY: VALUE", "KEY:" and, as yarn's first format has it, "KEY VALUE" and a list of
// keys, of which the first counts if it is quoted; a list of plain ones is left whole.
func cutLine(line string) (key, value string) {
	if line[0] == '"' || line[0] == '\'' {
		key, value = cutQuoted(line)
		value = strings.TrimPrefix(value, ":")
		if strings.HasPrefix(value, ",") {
			value = ""
		}
	} else if i := strings.Index(line, ": "); i >= 0 {
		key, value = line[:i], line[i+1:]
	} else if plain, isKey := strings.CutSuffix(line, ":"); isKey {
		key = plain
	} else {
		key, value, _ = strings.Cut(line, " ")
	}
	value = strings.TrimSpace(value)
	if value != "" && (value[0] == '"' || value[0] == '\'') {
		value, _ = cutQuoted(value)
	}
	return key, value
}

// cutQuoted reads a text in quotes and returns it and what follows. Within double quotes a backslash
// stands before a quote or a backslash, within single ones a quote before a quote; other escapes
// have no place in names and versions and stay as they are.
func cutQuoted(s string) (text, rest string) {
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		next := byte(0)
		if i+1 < len(s) {
			next = s[i+1]
		}
		switch {
		case quote == '"' && s[i] == '\\' && (next == '"' || next == '\\'),
			quote == '\'' && s[i] == '\'' && next == '\'':
			i++
			b.WriteByte(next)
		case s[i] == quote:
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}
