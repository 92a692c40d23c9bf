package typedjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// level is a word that reads itself.
type level uint8

func (l *level) UnmarshalText(text []byte) error {
	if string(text) != "low" {
		return fmt.Errorf("unknown level %q", text)
	}
	*l = 1
	return nil
}

type word string

type inner struct {
	Name  string           `json:"name"`
	Next  *inner           `json:"next,omitempty"`
	Words map[word]word    `json:"words,omitempty"`
	Any   map[string]inner `json:"any,omitempty"`
	Texts []string         `json:"texts"`
	Level level            `json:"level"`
	Count int64            `json:"count"`
	Mode  uint8            `json:"mode"`
	Score *float64         `json:"score,omitempty"`
	True  bool             `json:"true"`
	At    time.Time        `json:"at,omitzero"`
	Loose json.RawMessage  `json:"loose,omitempty"`
	List  []inner          `json:"list,omitempty"`
	Plain string           // by its own name
}

func decoder(t testing.TB) *Decoder[inner] {
	t.Helper()
	d, err := For[inner]()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// peer is encoding/json at its strictest.
func peer(text string) (*inner, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	var value inner
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more")
	}
	return &value, nil
}

const everything = ` { "name" : "a\u00e9\n", "next": {"name":"é","texts":null}, "words": {"a":"b"}, "any":{"x":{"list":[{},{"name":"y"}]}},
 "texts": ["", "\\", "\"", "\ud83d\ude00"], "level":"low", "count": -12, "mode": 255, "score": 1.5e-3, "true": true,
 "at":"2026-11-22T10:00:00Z", "loose": {"a":[1,{"b":"]"}]}, "list": [], "Plain": "p" } `

func TestDecode(t *testing.T) {
	for name, text := range map[string]string{
		"everything": everything, "nothing": "{}", "null": "null", "order does not matter": `{"true":true,"name":"x","count":0}`,
		"an escaped name": `{"n\u0061me":"x"}`, "bytes that are no UTF-8": "{\"name\":\"a\xff\"}",
	} {
		want, err := peer(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := decoder(t).Decode(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-encoding/json +ours):\n%s", name, diff)
		}
	}
}

func TestRefused(t *testing.T) {
	for name, test := range map[string]struct{ text, says string }{
		"no document":         {"", "unexpected end"},
		"another kind":        {`[]`, "an object is due"},
		"an unknown member":   {`{"nam":1}`, `unknown field "nam"`},
		"another case":        {`{"Name":"x"}`, `unknown field "Name"`},
		"twice":               {`{"name":"a","name":"b"}`, "twice"},
		"twice in a map":      {`{"words":{"a":"b","a":"c"}}`, "twice"},
		"more":                {`{} {}`, "more after"},
		"half":                {`{"texts":["a"`, "unexpected end"},
		"half of a string":    {`{"name":"a`, "without an end"},
		"no comma":            {`{"name":"a" "mode":1}`, "comma"},
		"a comma too many":    {`{"name":"a",}`, "a string is due"},
		"in a list":           {`{"texts":["a",]}`, "a string is due"},
		"a control character": {"{\"name\":\"a\nb\"}", "control character"},
		"an unknown escape":   {`{"name":"\x"}`, "invalid character"},
		"a number too large":  {`{"mode":256}`, "uint8"},
		"a fraction":          {`{"count":1.0}`, "int64"},
		"an odd number":       {`{"count":01}`, "a number is due"},
		"an infinite number":  {`{"score":1e999}`, "float64"},
		"a word for a number": {`{"score":NaN}`, "a number is due"},
		"no truth":            {`{"true":1}`, "true or false"},
		"an unknown level":    {`{"level":"high"}`, "unknown level"},
		"an odd time":         {`{"at":"yesterday"}`, "2006"},
		"not even JSON":       {`{"loose":{"a":}}`, "a value is due"},
		"a wrong null":        {`{"name":nil}`, "a value is due"},
	} {
		_, err := decoder(t).Decode(test.text)
		if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "at byte") {
			t.Errorf("%s: %v, want something with %q", name, err, test.says)
		}
	}
}

func TestUnknownTypes(t *testing.T) {
	for _, unknown := range []reflect.Type{
		reflect.TypeFor[any](), reflect.TypeFor[[]byte](), reflect.TypeFor[[2]int](), reflect.TypeFor[map[int]string](),
		reflect.TypeFor[struct{ inner }](), reflect.TypeFor[struct {
			A int `json:"a,string"`
		}](), reflect.TypeFor[[]func()](),
	} {
		if _, err := planOf(unknown, map[reflect.Type]*plan{}); err == nil {
			t.Errorf("%s can be read", unknown)
		}
	}
}

// FuzzDecode: what is taken here, encoding/json takes too, with the same result; and what
// encoding/json takes and this does not is refused for a reason that is named above.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{everything, "{}", `{"name":"\ud800"}`, `{"loose":[[[1]]]}`, `{"texts":[null],"next":null}`, `{"any":{"a":null}}`} {
		f.Add(s)
	}
	d := decoder(f)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := d.Decode(text)
		want, peerErr := peer(text)
		if err != nil {
			if peerErr == nil && !strings.Contains(err.Error(), "unknown field") && !strings.Contains(err.Error(), "twice") {
				t.Errorf("refused %q: %v", text, err)
			}
			return
		}
		if peerErr != nil {
			t.Fatalf("taken %q, which encoding/json refuses: %v", text, peerErr)
		}
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got)
		if !bytes.Equal(a, b) {
			t.Errorf("%q\n got %s\nwant %s", text, b, a)
		}
	})
}
