package printable

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestJSON(t *testing.T) {
	for document, want := range map[string]string{
		`{"a": "b"}` + "\n":    `{"a": "b"}` + "\n",
		"\"\u009b\u202e\x7f\"": `"\u009b\u202e\u007f"`,
		"\"\U000e0041\"":       `"\udb40\udc41"`,
		"\"##[x]###\"":         `"\u0023#[x]\u0023\u0023#"`,
		"\"a\xff\"":            `"a\ufffd"`,
		"\"日本 é\"":             "\"日本 é\"",
	} {
		if got := string(JSON([]byte(document))); got != want {
			t.Errorf("%q: %s, want %s", document, got, want)
		}
	}
}

// FuzzJSON: every string survives, and nothing that is not printable is left.
func FuzzJSON(f *testing.F) {
	f.Add("a\x1b[31m\u009b\u202e\u2066\u200b\u2028\U000e0041##[x]###y\x7f\u00a0z\xff")
	f.Fuzz(func(t *testing.T, value string) {
		document, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		written := JSON(document)
		var back string
		if err := json.Unmarshal(written, &back); err != nil || back != strings.ToValidUTF8(back, "") || !utf8.Valid(written) {
			t.Fatalf("%s: %v", written, err)
		}
		var want string
		if err := json.Unmarshal(document, &want); err != nil || back != want {
			t.Errorf("%q became %q (%v)", want, back, err)
		}
		if strings.ContainsFunc(string(written), func(r rune) bool { return !unicode.IsPrint(r) }) || strings.Contains(string(written), "##") {
			t.Errorf("not fit to print: %q", written)
		}
	})
}
