package leanjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// build reads a whole text with the reader, into what encoding/json makes of it; numbers count as
// nothing.
func build(r *Reader) any {
	switch r.Kind() {
	case '{':
		object := map[string]any{}
		r.Object(func(name []byte) {
			key := string(name)
			object[key] = build(r)
		})
		return object
	case '[':
		list := []any{}
		r.Array(func() { list = append(list, build(r)) })
		return list
	case '"':
		text, _ := r.Text()
		return text
	case 't', 'f':
		return r.Bool()
	}
	r.Skip()
	return nil
}

func withoutNumbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = withoutNumbers(v[key])
		}
	case []any:
		for i := range v {
			v[i] = withoutNumbers(v[i])
		}
	case float64:
		return nil
	}
	return v
}

func read(source io.Reader, limit int64, dialect Dialect) (any, error) {
	var r Reader
	r.Reset(source, limit, dialect)
	v := build(&r)
	return v, r.End()
}

func TestReader(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	long := strings.Repeat("x", MaxText)
	for _, test := range []struct {
		name, text string
		dialect    Dialect
		want       any
		err        string // part of the error
	}{
		{name: "values", text: ` {"a": [true, false, null, -1.5e+3, "b"], "": {}} `,
			want: map[string]any{"a": []any{true, false, nil, nil, "b"}, "": map[string]any{}}},
		{name: "a text alone", text: `"a"`, want: "a"},
		{name: "a number alone", text: `0`},
		{name: "byte order mark", text: "\xef\xbb\xbf\"a\"", want: "a"},
		{name: "escapes", text: `"\"\\\/\b\f\n\r\t\u00e9"`, want: "\"\\/\b\f\n\r\té"},
		{name: "two escapes make one character", text: `"\ud83d\ude00"`, want: "😀"},
		{name: "half a pair", text: `"\ud83d.\ude00\ud83d\n\ud83d\ud83d\ude00\ud83d"`, want: "\uFFFD.\uFFFD\uFFFD\n\uFFFD😀\uFFFD"},
		{name: "a name twice: the second counts", text: `{"a": "b", "a": "c"}`, want: map[string]any{"a": "c"}},
		{name: "as deep as may be", text: deep, want: nil},
		{name: "the longest text", text: `"` + long + `"`, want: long},
		{name: "comments", dialect: JSONC, text: "// one\n[/* two **/ \"a\", // three\n] // four", want: []any{"a"}},
		{name: "trailing commas", dialect: JSONC, text: `{"a": ["b",],}`, want: map[string]any{"a": []any{"b"}}},

		{name: "too long a text is none", text: `["` + long + `x", "` + long + `\u00e9", "a"]`, want: []any{"", "", "a"}},
		{name: "too long a name", text: `{"` + long + `x": 1}`, err: "name is too long"},
		{name: "too deep", text: "[" + deep + "]", err: "in one another"},
		{name: "empty", err: "unexpected EOF"},
		{name: "cut short", text: `{"a": "b`, err: "unexpected EOF"},
		{name: "two texts", text: `{} {}`, err: "something follows after the text, at byte 3"},
		{name: "control character", text: "\"\x01\"", err: "control character"},
		{name: "NUL", text: "[\x00]", err: "a value is missing"},
		{name: "escape", text: `"\x"`, err: "unknown escape"},
		{name: "half an escape", text: `"\u00g0"`, err: "hexadecimal"},
		{name: "trailing comma", text: `[1,]`, err: "comma before the end"},
		{name: "comma alone", dialect: JSONC, text: `[,]`, err: "a value is missing"},
		{name: "no comma", text: `[1 2]`, err: "no comma"},
		{name: "no colon", text: `{"a" 1}`, err: "no colon"},
		{name: "no name", text: `{a: 1}`, err: "without a name"},
		{name: "number", text: `[01]`, err: "no comma"},
		{name: "fraction", text: `1.`, err: "unexpected EOF"},
		{name: "word", text: `truth`, err: "no value"},
		{name: "comment", text: `1 // one`, err: "something follows"},
		{name: "comment without an end", dialect: JSONC, text: `1 /* one *`, err: "unexpected EOF"},
		{name: "slash", dialect: JSONC, text: `[/1]`, err: "a slash"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, pieces := range []func(io.Reader) io.Reader{
				func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.DataErrReader,
			} {
				got, err := read(pieces(strings.NewReader(test.text)), 1<<20, test.dialect)
				if test.err != "" {
					if err == nil || !strings.Contains(err.Error(), test.err) {
						t.Errorf("error %v, want one that says %q", err, test.err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if test.text != deep && !reflect.DeepEqual(test.want, got) {
					t.Errorf("got %q, want %q", got, test.want)
				}
			}
		})
	}
}

func TestWhatIsNotTakenIsPassedOver(t *testing.T) {
	var r Reader
	r.Reset(strings.NewReader(`{"a": {"b": [1, {"c": "d"}]}, "e": "f", "g": 1, "h": true}`), 1<<20, Strict)
	var got []string
	r.Object(func(name []byte) {
		got = append(got, string(name))
		switch string(name) {
		case "e":
			if r.Array(nil) || r.err != nil {
				t.Errorf("a text is no array: %v", r.err)
			}
		case "g":
			if text, ok := r.Text(); ok {
				t.Errorf("a number is the text %q", text)
			}
		}
	})
	if diff := cmp.Diff([]string{"a", "e", "g", "h"}, got); diff != "" || r.End() != nil {
		t.Error(r.End(), diff)
	}
}

func TestLimit(t *testing.T) {
	text := `["` + strings.Repeat("x", 100_000) + `"]`
	if _, err := read(strings.NewReader(text), int64(len(text)), Strict); err != nil {
		t.Errorf("as long as may be: %v", err)
	}
	if _, err := read(strings.NewReader(text), int64(len(text)-1), Strict); !errors.Is(err, ErrTooLong) {
		t.Errorf("error %v, want ErrTooLong", err)
	}
}

func TestTheSourcesErrorIsReturned(t *testing.T) {
	broken := errors.New("layer is cut short")
	_, err := read(io.MultiReader(strings.NewReader(`{"a`), iotest.ErrReader(broken)), 1<<20, Strict)
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want the source's", err)
	}
}

// FuzzReader: the reader takes what encoding/json takes and finds the same in it, however the
// bytes arrive; no text is longer than MaxText.
func FuzzReader(f *testing.F) {
	f.Add([]byte(` {"a": [true, false, null, -1.5e+3, "b\u00e9\ud83d\ude00\ud83d"], "": {}} `))
	f.Add([]byte(`{"a":1}}`))
	f.Add([]byte(`[[1,],"`))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := read(bytes.NewReader(text), 1<<20, Strict)
		again, errAgain := read(iotest.HalfReader(iotest.OneByteReader(bytes.NewReader(text))), 1<<20, Strict)
		if !reflect.DeepEqual(got, again) || (err == nil) != (errAgain == nil) { // go-cmp is slow in what lies deep
			t.Fatal(err, errAgain, got, again)
		}
		if _, jsoncErr := read(bytes.NewReader(text), 1<<20, JSONC); err == nil && jsoncErr != nil {
			t.Fatalf("JSON is not JSONC: %v", jsoncErr)
		}
		if bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) || len(text) > MaxText {
			return
		}
		if err != nil && (errors.Is(err, ErrTooDeep) || !json.Valid(text)) {
			return
		}
		if err != nil || !json.Valid(text) {
			t.Fatalf("error %v, and encoding/json says %v", err, json.Valid(text))
		}
		var want any
		if json.Unmarshal(text, &want) != nil || !utf8.Valid(text) {
			return
		}
		if want = withoutNumbers(want); !reflect.DeepEqual(want, got) {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

func BenchmarkPassingOver(b *testing.B) {
	text := `{"name": "a", "version": "1.0.0", "scripts": {"test": "` + strings.Repeat("mocha && ", 100) + `"}, "files": ["a", "b"]}`
	var r Reader
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r.Reset(strings.NewReader(text), 1<<20, Strict)
		if !r.Object(nil) || r.End() != nil {
			b.Fatal(r.End())
		}
	}
}
