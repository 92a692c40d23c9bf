package json

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode"
	"unicode/utf8"
)

// slowPretty is what pretty has to write, made with encoding/json.
func slowPretty(t *testing.T, document []byte) []byte {
	t.Helper()
	var indented bytes.Buffer
	if err := json.Indent(&indented, document, "", "  "); err != nil {
		t.Fatal(err)
	}
	var out []byte
	for rest := indented.Bytes(); len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r == '\n' || r != utf8.RuneError && unicode.IsPrint(r) && (r != '#' || len(rest) == 1 || rest[1] != '#') {
			out = append(out, rest[:size]...)
		} else {
			out = appendEscape(out, r)
		}
		rest = rest[size:]
	}
	return out
}

// FuzzPretty: every JSON document is written as encoding/json would indent it, with only its
// unprintable characters replaced, and means the same.
func FuzzPretty(f *testing.F) {
	for _, document := range []string{
		`{}`, `[]`, `null`, `{"a":[],"b":{},"c":[1,-2.5e3,true,{"d":"e"}]}`, `["a\\\"b","\\","##","###","#","\u0007"]`,
		"[\"\u202e\u00e9\U000e0001\ufffd\"]", `{"":[[[[0]]]]}`,
	} {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		var value any
		if json.Unmarshal(document, &value) != nil {
			return
		}
		var compact bytes.Buffer
		encoder := json.NewEncoder(&compact)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(value); err != nil {
			t.Fatal(err)
		}
		got := pretty(nil, bytes.TrimSuffix(compact.Bytes(), []byte("\n")))
		if want := slowPretty(t, bytes.TrimSuffix(compact.Bytes(), []byte("\n"))); !bytes.Equal(got, want) {
			t.Fatalf("got\n%q\nwant\n%q", got, want)
		}
		var back any
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatal(err)
		}
	})
}
