package strictjson

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCheck(t *testing.T) {
	limits := Limits{Depth: 4, Objects: 6}
	for _, test := range []struct{ name, document, says string }{
		{"a string", `"a"`, ""},
		{"the same name in two objects", `[{"a":1},{"a":{"a":2}}]`, ""},
		{"a value like a name", `{"a":"b","b":"a","c":["a","a"]}`, ""},
		{"punctuation in a string", `{"a":"{[,:\"","b":"\\"}`, ""},
		{"a name twice", `{"a":1,"b":2,"a":3}`, `the member "a" is there twice`},
		{"a name twice, escaped", `{"purl":1,"\u0070url":2}`, `the member "purl" is there twice`},
		{"a name twice, in another case", `{"purl":1,"PURL":2}`, `the member "PURL" is there twice`},
		{"a name twice, with a long s", `{"licenses":1,"licen\u017fes":2}`, "is there twice"},
		{"after a nested object", `{"a":{"b":1},"a":1}`, `the member "a"`},
		{"too deep", `[[[[[]]]]]`, "nested more than 4 deep"},
		{"too many objects", `[{},{},{},{},{},{},{}]`, "more than 6 objects"},
		{"cut short", `{"a":`, "unexpected end"},
		{"two documents", `{}{}`, "after top-level value"},
		{"nothing", ``, "unexpected end"},
	} {
		err := Check([]byte(test.document), limits)
		switch {
		case test.says == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)):
			t.Errorf("%s: the error is %v, want it to say %q", test.name, err, test.says)
		}
	}
}

// FuzzCheck: what passes is JSON, and decoding it and writing it again loses no member; what has
// a member twice never passes.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,{"c":"d\"\\"}]},"e":null}`))
	f.Add([]byte(`{"a":1,"\u0061":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if Check(data, Limits{Depth: 16, Objects: 64}) != nil {
			return
		}
		var value any
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber() // 1e700 is JSON, and no float64
		if err := decoder.Decode(&value); err != nil {
			t.Fatalf("passed, and is no JSON: %v", err)
		}
		if members(value) != strings.Count(unquoted(data), ":") {
			t.Errorf("%d members are left of %s", members(value), data)
		}
	})
}

// members counts the members of all objects in a decoded value.
func members(value any) int {
	n := 0
	switch v := value.(type) {
	case map[string]any:
		n = len(v)
		for _, member := range v {
			n += members(member)
		}
	case []any:
		for _, element := range v {
			n += members(element)
		}
	}
	return n
}

// unquoted returns a document without its strings.
func unquoted(data []byte) string {
	var b strings.Builder
	for i := 0; i < len(data); i++ {
		if data[i] == '"' {
			i = endOfString(data, i) - 1
			continue
		}
		b.WriteByte(data[i])
	}
	return b.String()
}

// The short way for ASCII comes to the same as the definition.
func TestFold(t *testing.T) {
	for r := rune(0); r < utf8.RuneSelf; r++ {
		first := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			first = min(first, next)
		}
		if got := fold(string(r)); got != string(first) {
			t.Errorf("%q folds to %q, want %q", r, got, first)
		}
	}
	for _, same := range [][]string{{"k", "K", "\u212a"}, {"s", "S", "\u017f"}, {"ä", "Ä"}} {
		for _, s := range same {
			if fold(s) != fold(same[0]) {
				t.Errorf("%q and %q fold to %q and %q", s, same[0], fold(s), fold(same[0]))
			}
		}
	}
}
